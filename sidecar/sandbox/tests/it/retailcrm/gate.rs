//! Keys, rates, methods and bodies.

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, SimRequest, retailcrm};

use crate::helpers::{Bench, retail};

fn text(bench: &mut Bench, request: &SimRequest) -> (u16, String) {
    let answer = bench.answer(request);
    (answer.status, answer.body_json()["errorMsg"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_key_is_taken_from_the_header_or_the_query_and_refused_otherwise() {
    let mut bench = Bench::retailcrm();
    let plain = |target: &str| SimRequest::new("GET", target);
    assert_eq!(text(&mut bench, &plain("/api/v5/users")), (403, "\"apiKey\" is missing.".to_owned()));
    assert_eq!(text(&mut bench, &plain("/api/v5/users?apiKey=no")), (403, "Wrong \"apiKey\" value.".to_owned()));
    let target = format!("/api/v5/users?apiKey={}", retailcrm::SANDBOX_API_KEY);
    assert_eq!(bench.answer(&plain(&target)).status, 200);
}

#[test]
fn an_eleventh_request_in_a_second_is_refused_and_telephony_has_its_own_forty() {
    let mut bench = Bench::new(CrmKind::RetailCrm);
    for _ in 0..10 {
        assert_eq!(bench.get("/users").0, 200);
    }
    let (status, body) = bench.get("/users");
    assert_eq!((status, body), (503, json!({"success": false, "errorMsg": "Rate limit exceeded"})));
    for _ in 0..40 {
        assert_eq!(bench.get("/telephony/manager?phone=1").0, 200);
    }
    assert_eq!(bench.get("/telephony/manager?phone=1").0, 503);
    bench.wait(1_000);
    assert_eq!(bench.get("/users").0, 200);
    assert_eq!(bench.sim.counts().by_credit["telephony"], 41);
}

#[test]
fn wrong_paths_and_methods_are_told_apart() {
    let mut bench = Bench::retailcrm();
    assert_eq!(text(&mut bench, &retail("GET", "/no-such")), (404, "API method not found".to_owned()));
    assert_eq!(text(&mut bench, &retail("GET", "/customers/create")), (405, "Method Not Allowed".to_owned()));
    assert_eq!(text(&mut bench, &retail("GET", "/customers/77?by=id")), (404, "Not found".to_owned()));
}

#[test]
fn a_json_body_is_no_form_and_broken_json_in_a_field_is_refused() {
    let mut bench = Bench::retailcrm();
    let body = json!({"customer": {"firstName": "Anna"}});
    let sent = retail("POST", "/customers/create").json(&body);
    assert_eq!(text(&mut bench, &sent), (400, "Parameter 'customer' is missing".to_owned()));
    let broken = retail("POST", "/customers/create").form(&[("customer", "{oops")]);
    assert_eq!(text(&mut bench, &broken), (400, "Errors in the input parameters".to_owned()));
}

#[test]
fn a_page_has_one_of_the_sizes_and_counts_what_there_is() {
    let mut bench = Bench::retailcrm();
    let customers: Vec<Value> = (0..25).map(|n| json!({"firstName": format!("c{n}")})).collect();
    bench.sim.seed(bench.now, &json!({"customers": customers})).unwrap();
    let (_, body) = bench.get("/customers?page=2");
    assert_eq!(body["pagination"], json!({"limit": 20, "totalCount": 25, "currentPage": 2, "totalPageCount": 2}));
    assert_eq!(body["customers"].as_array().unwrap().len(), 5);
    assert_eq!(bench.get("/customers?limit=30").0, 400);
}

#[test]
fn a_misspelt_filter_is_refused_and_an_unknown_site_too() {
    let mut bench = Bench::retailcrm();
    let (status, body) = bench.get("/customers?filter[phone]=1");
    assert_eq!((status, &body["errorMsg"]), (400, &json!("Errors in the input parameters")));
    let elsewhere = retail("POST", "/customers/create").form(&[("customer", "{}"), ("site", "elsewhere")]);
    assert_eq!(bench.answer(&elsewhere).status, 400);
    bench.sim.configure(&json!({"site_access": "access_selective"})).unwrap();
    let siteless = retail("POST", "/customers/create").form(&[("customer", "{}")]);
    assert_eq!(text(&mut bench, &siteless), (400, "Parameter 'site' is missing".to_owned()));
}
