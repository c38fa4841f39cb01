//! Deals and the calls that hang on them.

use serde_json::{Value, json};
use tieline_sandbox::sendpulse::SANDBOX_PIPELINE_ID;

use super::bench::{Account, OWNER};

fn deal(contact: u64) -> Value {
    json!({
        "pipelineId": SANDBOX_PIPELINE_ID, "stepId": 2011, "responsibleId": OWNER, "name": "Call", "contact": [contact],
    })
}

fn found(account: &mut Account, filter: Value) -> (Value, u64) {
    let (status, body) = account.post("/deals/get-list", filter);
    assert_eq!(status, 200, "{body}");
    (body["data"].clone(), body["meta"]["total"].as_u64().unwrap())
}

#[test]
fn a_deal_is_made_active_and_hangs_on_its_contact() {
    let mut account = Account::new();
    let contact = account.contact("380671234567");
    let (status, body) = account.post("/deals", deal(contact));
    assert_eq!((status, &body["data"]["status"]), (200, &json!(1)));
    assert_eq!(body["data"]["contact"][0]["id"], json!(contact));
    assert_eq!(account.get(&format!("/contacts/{contact}")).1["data"]["dealsQty"], json!(1));
    let (status, deals) = account.get(&format!("/contacts/{contact}/deals"));
    assert_eq!((status, &deals["data"][0]["id"]), (200, &body["data"]["id"]));
}

#[test]
fn a_deal_needs_a_pipeline_and_a_step_of_it_and_contacts_that_exist() {
    let mut account = Account::new();
    let contact = account.contact("1");
    let changed = |name: &str, value: Value| {
        let mut body = deal(contact);
        body[name] = value;
        body
    };
    let wrong = [
        ("stepId", Value::Null),
        ("stepId", json!(3011)),
        ("pipelineId", json!(5)),
        ("contact", json!([1])),
        ("contact", json!(contact)),
        ("name", json!("x".repeat(256))),
        ("responsibleId", json!(5)),
        ("price", json!("much")),
    ];
    for (name, value) in wrong {
        assert_eq!(account.post("/deals", changed(name, value)).0, 422, "{name}");
    }
    assert_eq!(account.sim.audit().totals["deals"], 0);
}

#[test]
fn contacts_in_the_plural_are_not_the_field_of_a_deal() {
    let mut account = Account::new();
    let contact = account.contact("1");
    let body = json!({"pipelineId": SANDBOX_PIPELINE_ID, "stepId": 2011, "contacts": [contact]});
    assert_eq!(account.post("/deals", body).1["data"]["contact"], json!([]));
}

#[test]
fn the_list_of_deals_has_an_envelope_of_its_own_and_ten_rows() {
    let mut account = Account::new();
    let contact = account.contact("380671234567");
    account.contact("2");
    for _ in 0..12 {
        account.post("/deals", deal(contact));
    }
    let (rows, total) = found(&mut account, json!({"phone": "380671234567"}));
    assert_eq!((rows.as_array().unwrap().len(), total), (10, 12));
    let (rows, _) = found(&mut account, json!({"unlimited": true}));
    assert_eq!(rows.as_array().unwrap().len(), 12);
    assert_eq!(found(&mut account, json!({"phone": "2"})).1, 0);
    assert_eq!(found(&mut account, json!({"pipelineIds": [9]})).1, 0);
}

#[test]
fn closed_deals_are_told_by_status_and_deleted_ones_are_left_out() {
    let mut account = Account::new();
    let contact = account.contact("1");
    let of = |status: u64| json!({"contact": [contact], "status": status});
    account.seed(json!({"deals": [of(0), of(1), of(2), of(3)]}));
    let status = |value: u64| json!({"filter": [{"name": "status", "expression": "eq", "value": value}]});
    assert_eq!(found(&mut account, json!({})).1, 3);
    let (rows, total) = found(&mut account, status(1));
    assert_eq!((total, &rows[0]["status"]), (1, &json!(1)));
    assert_eq!(found(&mut account, status(0)).1, 1);
    account.set(json!({"deleted_deals_listed": true}));
    assert_eq!(found(&mut account, json!({})).1, 4);
    assert_eq!(
        account.post("/deals/get-list", json!({"filter": [{"name": "stage", "expression": "eq", "value": 1}]})).0,
        422
    );
}

#[test]
fn the_deals_of_a_contact_come_in_the_envelope_that_is_set() {
    let mut account = Account::new();
    let contact = account.contact("1");
    account.post("/deals", deal(contact));
    let target = format!("/contacts/{contact}/deals");
    account.set(json!({"contact_deals_envelope": "meta"}));
    assert_eq!(account.get(&target).1["meta"]["total"], json!(1));
    account.set(json!({"contact_deals_envelope": "list"}));
    assert_eq!(account.get(&target).1["data"]["total"], json!(1));
}

#[test]
fn a_deal_takes_comments_and_another_contact() {
    let mut account = Account::new();
    let (first, second) = (account.contact("1"), account.contact("2"));
    let id = account.post("/deals", deal(first)).1["data"]["id"].as_u64().unwrap();
    let (status, body) = account.post(&format!("/deals/{id}/comments"), json!({"message": "Call"}));
    assert_eq!((status, &body["data"]["text"]), (200, &json!("Call")));
    let (status, body) = account.post(&format!("/deals/{id}/contacts/{second}"), Value::Null);
    assert_eq!((status, body["data"]["contact"].as_array().map(Vec::len)), (201, Some(2)));
    assert_eq!(account.post(&format!("/deals/{id}/contacts/9"), Value::Null).0, 404);
    assert_eq!(account.get(&format!("/deals/{id}")).0, 200);
}

#[test]
fn calls_of_the_accounts_own_app_are_read_and_attached_only() {
    let mut account = Account::new();
    let contact = account.contact("380671234567");
    let deal = account.post("/deals", deal(contact)).1["data"]["id"].as_u64().unwrap();
    let call = json!({"phone": "380671234567", "contactId": contact, "callDuration": 63, "callType": 0, "state": 2});
    let ids = account.seed(json!({"calls": [call, {"phone": "2", "callType": 1, "state": 3}]}));
    let (status, body) = account.post("/telephony/calls/get-list", json!({"contactPhone": "380671234567"}));
    let row = &body["data"]["list"][0];
    assert_eq!((status, &body["data"]["total"], &row["callDuration"]), (200, &json!(1), &json!(63)));
    assert_eq!(row["contact"]["id"], json!(contact));
    assert_eq!(
        account.post("/telephony/calls/get-list", json!({"callType": 1, "state": 3})).1["data"]["total"],
        json!(1)
    );
    let attach = format!("/deals/{deal}/attach-call");
    assert_eq!(account.post(&attach, json!({"callId": ids["calls"][0]})).0, 200);
    assert_eq!(account.post(&attach, json!({"callId": 5})).0, 404);
    for owner in [format!("/deals/{deal}/get-calls"), format!("/contacts/{contact}/get-calls")] {
        assert_eq!(account.post(&owner, Value::Null).1["data"]["total"], json!(1), "{owner}");
    }
}

#[test]
fn a_deal_carries_its_comments_where_contacts_carry_theirs() {
    let mut account = Account::new();
    let contact = account.contact("380671234567");
    let id = account.post("/deals", deal(contact)).1["data"]["id"].clone();
    account.post(&format!("/deals/{id}/comments"), json!({"message": "Call [tl:a]"}));
    let mut read = |shown: &str| {
        account.set(json!({ "comments_shown": shown }));
        let single = account.get(&format!("/deals/{id}")).1["data"]["comments"][0]["text"].clone();
        let listed = account.get(&format!("/contacts/{contact}/deals")).1["data"][0]["comments"][0]["text"].clone();
        (single, listed)
    };
    let text = json!("Call [tl:a]");
    assert_eq!(read("everywhere"), (text.clone(), text.clone()));
    assert_eq!(read("single"), (text, Value::Null));
    assert_eq!(read("never"), (Value::Null, Value::Null));
}
