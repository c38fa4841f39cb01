//! The hooks of a telephony provider.

use serde_json::{Value, json};
use tieline_sandbox::SimRequest;

use super::Org;

fn events(org: &Org) -> Vec<Value> {
    org.bench.sim.listing()["provider_events"].as_array().unwrap().clone()
}

#[test]
fn events_are_taken_from_a_query_a_form_or_json() {
    let mut org = Org::new();
    for request in [
        SimRequest::new("GET", "/provider/before_call?call_id=1&phone=%2B380671234567"),
        SimRequest::new("POST", "/provider/after_call").form(&[("call_id", "1"), ("phone", "+380671234567")]),
        SimRequest::new("POST", "/provider/after_outgoing").json(&json!({"call_id": 1, "phone": "+380671234567"})),
    ] {
        assert_eq!(org.bench.answer(&request).status, 200);
    }
    let events = events(&org);
    assert_eq!(events.len(), 3);
    for (event, name) in events.iter().zip(["before_call", "after_call", "after_outgoing"]) {
        assert_eq!((&event["event"], &event["call"]), (&json!(name), &json!("1")));
        assert_eq!(event["phone"], json!("+380671234567"));
    }
    assert_eq!(org.bench.sim.counts().route("GET /provider/before_call"), 1);
}

#[test]
fn an_event_that_comes_again_is_taken_once_unless_the_crm_does_not_care() {
    let mut org = Org::new();
    let again = SimRequest::new("GET", "/provider/after_call?call_id=1");
    for _ in 0..2 {
        assert_eq!(org.bench.answer(&again).status, 200);
    }
    assert_eq!(events(&org).len(), 1);
    assert!(org.bench.sim.audit().clean());
    org.configure(json!({"provider_dedupes": false}));
    org.bench.answer(&again);
    let doubled = &org.bench.sim.audit().doubled_calls;
    assert_eq!((doubled[0].key.as_str(), doubled[0].ids.len()), ("after_call 1", 2));
}

#[test]
fn an_unknown_event_a_wrong_token_and_broken_json_are_refused() {
    let mut org = Org::new();
    assert_eq!(org.bench.answer(&SimRequest::new("GET", "/provider/ringing?call_id=1")).status, 404);
    org.configure(json!({"provider_token": "t", "provider_call_id": ["uuid"]}));
    assert_eq!(org.bench.answer(&SimRequest::new("GET", "/provider/after_call?uuid=1")).status, 403);
    assert_eq!(org.bench.answer(&SimRequest::new("GET", "/provider/after_call?uuid=1&token=t")).status, 200);
    assert_eq!(events(&org)[0].get("token"), None);
    let mut broken = SimRequest::new("POST", "/provider/after_call?token=t").header("content-type", "application/json");
    broken.body = "{oops".into();
    assert_eq!(org.bench.answer(&broken).status, 400);
}
