//! Call events, the call log, smart routing and the telephony module.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec};

use crate::helpers::Bench;

fn call(external: &str) -> Value {
    json!({
        "date": "2026-03-02 11:00:00", "type": "in", "phone": "+380671234567", "code": "102",
        "result": "answered", "duration": 65, "externalId": external,
    })
}

#[test]
fn a_repeat_of_an_upload_is_reported_as_duplicate() {
    let mut bench = Bench::retailcrm();
    let (status, body) = bench.post("/telephony/calls/upload", "calls", &json!([call("a"), call("b")]));
    assert_eq!((status, body), (200, json!({"success": true, "processedCallsCount": 2})));
    let (_, body) = bench.post("/telephony/calls/upload", "calls", &json!([call("b"), call("c")]));
    assert_eq!(body, json!({"success": true, "processedCallsCount": 1, "duplicateCalls": ["b"]}));
    assert_eq!(bench.sim.listing()["calls"][0]["userId"], json!(2));
    assert!(bench.sim.audit().clean());
}

#[test]
fn calls_without_an_external_id_are_doubled_and_the_audit_says_so() {
    let mut bench = Bench::retailcrm();
    bench.post("/telephony/calls/upload", "calls", &json!([call("")]));
    bench.post("/telephony/calls/upload", "calls", &json!([call("")]));
    assert_eq!(bench.sim.audit().doubled_calls[0].ids, ["1", "2"]);
}

#[test]
fn the_call_log_knows_its_words_and_takes_fifty() {
    let mut bench = Bench::retailcrm();
    let mut wrong = call("a");
    wrong["result"] = json!("no answered");
    wrong["date"] = json!("02.03.2026");
    let (status, body) = bench.post("/telephony/calls/upload", "calls", &json!([wrong]));
    assert_eq!(status, 400);
    assert!(body["errors"]["0.result"].is_string() && body["errors"]["0.date"].is_string(), "{body}");
    let many: Vec<Value> = (0..51).map(|n| call(&n.to_string())).collect();
    assert_eq!(bench.post("/telephony/calls/upload", "calls", &json!(many)).0, 400);
}

#[test]
fn an_event_with_unknown_extensions_is_taken_and_names_them() {
    let mut bench = Bench::retailcrm();
    let event = json!({"phone": "+380671234567", "type": "hangup", "codes": ["101", "999"], "userIds": [1, 9], "hangupStatus": "no answered"});
    let (status, body) = bench.post("/telephony/call/event", "event", &event);
    assert_eq!((status, body), (200, json!({"success": true, "notExistCodes": ["999"], "notExistUsers": [9]})));
    let (status, _) = bench.post(
        "/telephony/call/event",
        "event",
        &json!({"phone": "1", "type": "hangup", "hangupStatus": "no answer"}),
    );
    assert_eq!(status, 400);
    assert_eq!(bench.post("/telephony/call/event", "event", &json!({"type": "in"})).0, 400);
}

#[test]
fn a_known_caller_has_a_manager_with_an_extension_and_links() {
    let mut bench = Bench::retailcrm();
    let id = bench.customer(json!({"managerId": 3, "phones": [{"number": "+380671234567"}]}));
    bench.post("/orders/create", "order", &json!({"customer": {"id": id}}));
    let (_, body) = bench.get("/telephony/manager?phone=380671234567&details=1");
    assert_eq!((&body["manager"]["id"], &body["manager"]["code"]), (&json!(3), &json!("103")));
    assert_eq!(body["customer"]["id"], json!(id));
    assert!(body["links"]["lastOrderLink"].is_string() && body["links"]["customerLink"].is_string());
    let (_, body) = bench.get("/telephony/manager?phone=380500000000&details=1");
    assert!(body.get("customer").is_none() && body["links"]["newCustomerLink"].is_string());
    assert_eq!(bench.get("/telephony/manager").1["errorMsg"], json!("Parameter 'phone' is missing"));
}

#[test]
fn a_busy_manager_is_named_only_when_the_status_is_ignored() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"managerId": 3, "phones": [{"number": "380671234567"}]}));
    let busy = crate::helpers::retail("POST", "/users/3/status").form(&[("status", "busy")]);
    assert_eq!(bench.answer(&busy).status, 200);
    assert!(bench.get("/telephony/manager?phone=380671234567").1.get("manager").is_none());
    assert!(bench.get("/telephony/manager?phone=380671234567&ignoreStatus=1").1.get("manager").is_some());
}

#[test]
fn registering_a_module_again_without_extensions_wipes_the_map() {
    let mut bench = Bench::retailcrm();
    let module = json!({"integrationCode": "sandbox-telephony", "baseUrl": "https://pbx.example", "integrations": {"telephony": {"additionalCodes": []}}});
    assert_eq!(bench.post("/integration-modules/sandbox-telephony/edit", "integrationModule", &module).0, 200);
    let event = json!({"phone": "1", "type": "in", "codes": ["101"]});
    let (_, body) = bench.post("/telephony/call/event", "event", &event);
    assert_eq!(body["notExistCodes"], json!(["101"]));
    let textual = json!({"integrationCode": "other", "baseUrl": "https://pbx.example", "integrations": {"telephony": {"additionalCodes": [{"userId": "1", "code": "101"}]}}});
    let (status, body) = bench.post("/integration-modules/other/edit", "integrationModule", &textual);
    assert_eq!((status, &body["info"]), (201, &json!([])));
    assert!(bench.post("/telephony/call/event", "event", &event).1.get("notExistCodes").is_none());
    assert_eq!(bench.get("/integration-modules/other").1["integrationModule"]["code"], json!("other"));
    assert_eq!(bench.post("/integration-modules/x/edit", "integrationModule", &json!({})).0, 400);
}

#[test]
fn telephony_that_is_off_says_so_without_failing() {
    let mut bench = Bench::retailcrm();
    bench.fault(FaultSpec::new(FaultName::TelephonyDisabled));
    let (status, body) = bench.get("/telephony/manager?phone=1");
    assert_eq!((status, body), (200, json!({"success": false, "errorMsg": "Telephony not enabled"})));
    let (_, body) = bench.post("/telephony/calls/upload", "calls", &json!([call("a")]));
    assert_eq!(body["errorMsg"], json!("Telephony not enabled or not supports calls upload"));
    assert_eq!(bench.get("/users").0, 200);
}
