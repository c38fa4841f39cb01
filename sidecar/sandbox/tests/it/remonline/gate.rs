//! Keys, tokens, generations and the rate.

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, SimRequest, remonline};

use super::{ask, open};
use crate::helpers::Bench;

fn plain(bench: &mut Bench, method: &str, target: &str) -> (u16, Value) {
    let answer = bench.answer(&SimRequest::new(method, target));
    (answer.status, answer.body_json())
}

fn token(bench: &mut Bench) -> String {
    let request = SimRequest::new("POST", "/token/new").form(&[("api_key", remonline::SANDBOX_API_KEY)]);
    let answer = bench.answer(&request);
    assert_eq!((answer.status, &answer.body_json()["success"]), (200, &json!(true)));
    answer.body_json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_of_forty_digits_is_given_for_the_key_and_works_in_query_and_body() {
    let mut bench = open();
    let token = token(&mut bench);
    assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(plain(&mut bench, "GET", &format!("/clients/?token={token}")).0, 200);
    let json = SimRequest::new("POST", "/clients/").json(&json!({"token": token, "first_name": "Anna"}));
    assert_eq!(bench.answer(&json).status, 200);
    let form = SimRequest::new("POST", "/clients/").form(&[("token", &token), ("phone[]", "067"), ("name", "Ivan")]);
    assert_eq!(bench.answer(&form).status, 200);
    assert_eq!(bench.sim.listing()["clients"][1]["phones"], json!(["067"]));
}

#[test]
fn a_token_dies_after_ten_minutes_and_in_either_wording() {
    let mut bench = open();
    let target = format!("/clients/?token={}", token(&mut bench));
    bench.wait(599_999);
    assert_eq!(plain(&mut bench, "GET", &target).0, 200);
    bench.wait(1);
    let (status, body) = plain(&mut bench, "GET", &target);
    assert_eq!((status, &body["code"], &body["success"]), (403, &json!(101), &json!(false)));
    bench.sim.configure(&json!({"bad_token": "unauthorized"})).unwrap();
    let (status, body) = plain(&mut bench, "GET", &target);
    assert_eq!((status, &body["code"]), (401, &json!(401)));
}

#[test]
fn missing_and_wrong_keys_and_tokens_have_the_codes_100_110_and_111() {
    let mut bench = open();
    assert_eq!(plain(&mut bench, "GET", "/clients/").1["code"], json!(100));
    assert_eq!(plain(&mut bench, "POST", "/token/new").1["code"], json!(110));
    let wrong = SimRequest::new("POST", "/token/new").json(&json!({"api_key": "no"}));
    let answer = bench.answer(&wrong);
    let expected = json!({
        "success": false, "code": 111, "message": "Unable to log you in. Check your api_key and try again.",
    });
    assert_eq!((answer.status, answer.body_json()), (401, expected));
}

#[test]
fn the_later_generations_take_the_key_as_bearer_only() {
    let mut bench = open();
    let token = token(&mut bench);
    for path in ["/contacts/people", "/orders", "/v2/orders"] {
        assert_eq!(ask(&mut bench, "GET", path, Value::Null).0, 200, "{path}");
        assert_eq!(plain(&mut bench, "GET", path).0, 401, "{path}");
        assert_eq!(plain(&mut bench, "GET", &format!("{path}?token={token}")).0, 401, "{path}");
        let wrong = SimRequest::new("GET", path).header("Authorization", "Bearer no");
        assert_eq!(bench.answer(&wrong).status, 401, "{path}");
    }
    assert_eq!(ask(&mut bench, "GET", "/clients/", Value::Null).0, 200);
    bench.sim.configure(&json!({"bearer_on_old_paths": false})).unwrap();
    assert_eq!(ask(&mut bench, "GET", "/clients/", Value::Null).1["code"], json!(100));
    assert_eq!(ask(&mut bench, "GET", "/lead/", Value::Null).0, 200);
}

#[test]
fn generations_switched_off_do_not_answer_and_shared_paths_go_on() {
    let mut bench = open();
    let token = token(&mut bench);
    bench.sim.configure(&json!({"generations": ["c"]})).unwrap();
    let paths = [("/clients/", 404), ("/orders", 404), ("/v2/orders", 200), ("/lead/", 200), ("/order/types/", 200)];
    for (path, status) in paths {
        assert_eq!(ask(&mut bench, "GET", path, Value::Null).0, status, "{path}");
    }
    assert_eq!(plain(&mut bench, "POST", "/token/new").0, 404);
    assert_eq!(plain(&mut bench, "GET", &format!("/lead/?token={token}")).0, 401);
    bench.sim.configure(&json!({"generations": ["a"]})).unwrap();
    assert_eq!(ask(&mut bench, "GET", "/v2/orders", Value::Null).0, 404);
    assert_eq!(plain(&mut bench, "GET", &format!("/lead/?token={token}")).0, 200);
    assert_eq!(ask(&mut bench, "GET", "/lead/", Value::Null).1["code"], json!(100));
    assert!(bench.sim.configure(&json!({"generations": []})).is_err());
}

#[test]
fn a_fourth_request_in_a_second_is_429() {
    let mut bench = Bench::new(CrmKind::RemOnline);
    for _ in 0..3 {
        assert_eq!(ask(&mut bench, "GET", "/v2/orders", Value::Null).0, 200);
    }
    let (status, body) = ask(&mut bench, "GET", "/lead/", Value::Null);
    assert_eq!((status, &body["success"]), (429, &json!(false)));
    bench.wait(1_000);
    assert_eq!(ask(&mut bench, "GET", "/lead/", Value::Null).0, 200);
    bench.sim.configure(&json!({"rate": 8})).unwrap();
    let statuses: Vec<u16> = (0..9).map(|_| ask(&mut bench, "GET", "/lead/", Value::Null).0).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 8);
}

#[test]
fn unknown_paths_and_bodies_that_are_no_object_are_refused() {
    let mut bench = open();
    assert_eq!(ask(&mut bench, "GET", "/v2/lead", Value::Null).0, 404);
    assert_eq!(ask(&mut bench, "DELETE", "/v2/orders", Value::Null).0, 404);
    assert_eq!(ask(&mut bench, "GET", "/v2/contacts/people/7", Value::Null).0, 404);
    assert_eq!(ask(&mut bench, "POST", "/v2/contacts/people", json!([1])).0, 400);
    let form = super::request("POST", "/v2/contacts/people", &Value::Null).form(&[("first_name", "Anna")]);
    assert_eq!(bench.answer(&form).status, 400);
}
