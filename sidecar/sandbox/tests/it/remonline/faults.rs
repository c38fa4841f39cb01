//! Faults in RemOnline's words.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec, SimReply, SimRequest, remonline};

use super::{ask, get, ids, lead, open, order, person, request};

fn spec(json: Value) -> FaultSpec {
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_lagging_search_misses_fresh_records_and_reads_by_id_do_not() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "380671234567");
    let lead = lead(&mut bench, json!({"client_id": client}));
    let order = order(&mut bench, client);
    bench.fault(FaultSpec::new(FaultName::SearchLag).ms(5_000));
    let searches = ["/v2/contacts/people?phones[]=380671234567", "/lead/?client_phones[]=380671234567", "/v2/orders"];
    for target in searches {
        assert!(ids(&get(&mut bench, target)).is_empty(), "{target}");
    }
    assert_eq!(ids(&get(&mut bench, &format!("/lead/?ids[]={lead}"))), [lead]);
    assert_eq!(get(&mut bench, &format!("/clients/{client}"))["data"]["id"], json!(client));
    assert_eq!(get(&mut bench, &format!("/v2/orders/{order}"))["id"], json!(order));
    bench.wait(5_000);
    for target in searches {
        assert_eq!(ids(&get(&mut bench, target)).len(), 1, "{target}");
    }
}

#[test]
fn a_lost_reply_leaves_a_record_that_a_careless_retry_doubles() {
    let mut bench = open();
    bench.fault(FaultSpec::new(FaultName::LostReply).times(1).path("/contacts/people"));
    let body = json!({"first_name": "Anna", "phones": [{"phone": "380671234567"}]});
    let create = request("POST", "/v2/contacts/people", &body);
    assert_eq!(bench.send(&create), SimReply::Dropped { committed: true, delay_ms: 0 });
    assert_eq!(bench.answer(&create).status, 201);
    let doubled = bench.sim.audit().doubled_clients;
    assert_eq!((doubled[0].entity.as_str(), doubled[0].ids.len()), ("clients", 2));
}

#[test]
fn dead_tokens_are_mended_by_a_new_one_and_a_withdrawn_key_is_not() {
    let mut bench = open();
    let new_token = SimRequest::new("POST", "/token/new").json(&json!({"api_key": remonline::SANDBOX_API_KEY}));
    let target = |token: &Value| SimRequest::new("GET", &format!("/clients/?token={}", token.as_str().unwrap()));
    let first = bench.answer(&new_token).body_json()["token"].clone();
    bench.fault(FaultSpec::new(FaultName::TokenExpired).times(1));
    assert_eq!(bench.answer(&target(&first)).body_json()["code"], json!(101));
    assert_eq!(bench.answer(&target(&first)).status, 403);
    let second = bench.answer(&new_token).body_json()["token"].clone();
    assert_eq!(bench.answer(&target(&second)).status, 200);
    for fault in [FaultName::TokenRevoked, FaultName::UnknownAccount] {
        bench.fault(FaultSpec::new(fault));
        assert_eq!(bench.answer(&target(&second)).status, 403);
        assert_eq!(bench.answer(&new_token).body_json()["code"], json!(111));
        assert_eq!(ask(&mut bench, "GET", "/v2/orders", Value::Null).0, 401);
        bench.sim.clear_fault(fault);
        assert_eq!(ask(&mut bench, "GET", "/v2/orders", Value::Null).0, 200);
    }
}

#[test]
fn refusals_and_pages_of_the_front_carry_nothing_out() {
    let mut bench = open();
    let create = request("POST", "/v2/contacts/people", &json!({"first_name": "Anna"}));
    for (fault, status) in [
        (FaultName::RateLimit, 429),
        (FaultName::InternalError, 500),
        (FaultName::PermissionDenied, 403),
        (FaultName::Outage, 503),
        (FaultName::HtmlErrorPage, 502),
    ] {
        bench.fault(FaultSpec::new(fault).times(1));
        assert_eq!(bench.answer(&create).status, status, "{fault:?}");
    }
    assert_eq!(bench.sim.audit().totals["clients"], 0);
    assert_eq!(bench.answer(&create).status, 201);
}

#[test]
fn a_field_made_mandatory_is_missed_and_an_empty_text_passes_for_a_custom_one() {
    let mut bench = open();
    bench.fault(spec(json!({"name": "missing_required_field", "module": "clients", "field": "custom_fields.f7101"})));
    let (status, body) = ask(&mut bench, "POST", "/v2/contacts/people", json!({"first_name": "Anna"}));
    assert_eq!(
        (status, &body["message"]["validation"]["custom_fields.f7101"]),
        (400, &json!("This field is required."))
    );
    let empty = json!({"first_name": "Anna", "custom_fields": {"7101": ""}});
    assert_eq!(ask(&mut bench, "POST", "/v2/contacts/people", empty).0, 201);
    bench.fault(spec(json!({"name": "missing_required_field", "module": "leads", "field": "manager_id"})));
    let bare = json!({"leadtype_id": 31, "contact_phone": "1", "contact_name": "Anna"});
    assert_eq!(ask(&mut bench, "POST", "/lead/", bare).0, 400);
}

#[test]
fn faults_without_meaning_here_are_refused() {
    let mut bench = open();
    for fault in
        [FaultName::TokenThrottled, FaultName::ScopeMissing, FaultName::TelephonyDisabled, FaultName::PartialFailure]
    {
        assert!(bench.sim.set_fault(bench.now, FaultSpec::new(fault)).is_err(), "{fault:?}");
    }
}
