//! The faults as this CRM words them.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec, SimReply, sendpulse};

use super::bench::{Account, OWNER};

#[test]
fn a_lost_reply_leaves_a_contact_behind_and_a_retry_makes_a_second() {
    let mut account = Account::new();
    account.strike_once(FaultName::LostReply);
    let body = json!({"responsibleId": OWNER, "phones": ["380671234567"]});
    let request = account.request("POST", "/contacts", &body);
    assert_eq!(account.send(&request), SimReply::Dropped { committed: true, delay_ms: 0 });
    assert!(matches!(account.send(&request), SimReply::Answer(_)));
    assert_eq!(account.sim.audit().doubled_clients[0].ids.len(), 2);
}

#[test]
fn searches_are_posted_and_still_spared_by_a_lost_reply() {
    let mut account = Account::new();
    account.sim.set_fault(account.now, FaultSpec::new(FaultName::LostReply)).unwrap();
    for target in ["/contacts/get-list", "/deals/get-list", "/tasks/list", "/telephony/calls/get-list"] {
        assert_eq!(account.post(target, json!({})).0, 200, "{target}");
    }
}

#[test]
fn a_failure_between_two_steps_leaves_a_contact_without_a_number() {
    let mut account = Account::new();
    account.fault(json!({"name": "outage", "path": "/phones", "times": 1}));
    let body = account.post("/contacts/create", json!({"responsibleId": OWNER})).1;
    let target = format!("/contacts/{}/phones", body["data"]["id"]);
    assert_eq!(account.post(&target, json!({"phone": "380671234567"})).0, 503);
    assert_eq!(account.found(json!({"phone": "380671234567"})), 0);
    assert_eq!(account.sim.audit().totals["contacts"], 1);
}

#[test]
fn expired_tokens_are_replaced_and_the_static_key_is_spared() {
    let mut account = Account::new();
    account.strike_once(FaultName::TokenExpired);
    assert_eq!(account.get("/users").0, 200);
    account.refresh();
    account.strike_once(FaultName::TokenExpired);
    assert_eq!((account.get("/users").0, account.get("/users").0), (401, 401));
    account.refresh();
    assert_eq!(account.get("/users").0, 200);
}

#[test]
fn revoked_credentials_give_no_token_and_open_nothing() {
    let mut account = Account::new();
    for name in [FaultName::TokenRevoked, FaultName::UnknownAccount] {
        account.sim.set_fault(account.now, FaultSpec::new(name)).unwrap();
        let answer = account.token_answer(sendpulse::SANDBOX_CLIENT_SECRET);
        assert_eq!((answer.status, &answer.body_json()["error"]), (401, &json!("invalid_client")));
        assert_eq!(account.get("/users").0, 401);
        account.sim.clear_faults();
    }
    assert_eq!(account.get("/users").0, 200);
}

#[test]
fn refusals_at_the_gate_carry_nothing_out() {
    let mut account = Account::new();
    let cases = [
        (FaultName::RateLimit, 429, json!(2_020_202_020_u64)),
        (FaultName::PermissionDenied, 403, json!(403)),
        (FaultName::InternalError, 500, json!(500)),
        (FaultName::HtmlErrorPage, 502, Value::Null),
    ];
    for (name, status, code) in cases {
        account.strike_once(name);
        let (got, body) = account.post("/contacts", json!({"responsibleId": OWNER}));
        assert_eq!((got, &body["error_code"]), (status, &code));
    }
    assert_eq!(account.sim.audit().totals["contacts"], 0);
}

#[test]
fn half_a_batch_of_attributes_is_stored_when_it_fails_in_part() {
    let mut account = Account::new();
    let id = account.contact("1");
    account.strike_once(FaultName::PartialFailure);
    let values = json!({"attributesValues": [{"attributeId": 71, "value": "a"}, {"attributeId": 72, "value": "b"}]});
    let target = format!("/contacts/{id}/attributes/batch");
    assert_eq!(account.post(&target, values.clone()).0, 422);
    let stored = |account: &mut Account| account.get(&format!("/contacts/{id}")).1["data"]["attributes"].clone();
    assert_eq!(stored(&mut account).as_array().map(Vec::len), Some(1));
    assert_eq!(account.post(&target, values).0, 201);
    assert_eq!(stored(&mut account).as_array().map(Vec::len), Some(2));
}

#[test]
fn a_field_or_an_attribute_made_mandatory_is_missed() {
    let mut account = Account::new();
    account.fault(json!({"name": "missing_required_field", "module": "contacts", "field": "lastName"}));
    let (status, body) = account.post("/contacts", json!({"responsibleId": OWNER}));
    assert_eq!((status, &body["message"]), (422, &json!("The lastName field is required.")));
    account.sim.clear_faults();
    account.fault(json!({"name": "missing_required_field", "module": "contacts", "field": "attributes.rs_utm_source"}));
    assert_eq!(account.post("/contacts", json!({"responsibleId": OWNER})).0, 422);
    let given = json!({"responsibleId": OWNER, "attributes": [{"attributeId": 71, "value": "ads"}]});
    assert_eq!(account.post("/contacts", given).0, 200);
    account.sim.clear_faults();
    account.fault(json!({"name": "missing_required_field", "module": "tasks", "field": "description"}));
    assert_eq!(account.post("/tasks", json!({"name": "x", "boardId": 301, "stepId": 3011})).0, 422);
}
