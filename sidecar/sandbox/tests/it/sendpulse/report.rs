//! The listing, the audit and the counts.

use serde_json::json;

use super::bench::{Account, OWNER};

#[test]
fn the_listing_shows_numbers_attributes_and_comments() {
    let mut account = Account::new();
    let body = json!({"responsibleId": OWNER, "phones": ["380671234567"], "attributes": [{"attributeId": 71, "value": "ads"}]});
    let id = account.post("/contacts", body).1["data"]["id"].clone();
    account.post(&format!("/contacts/{id}/comments"), json!({"message": "Incoming call [tl:a]"}));
    let listing = account.sim.listing();
    assert_eq!(listing["contacts"][0]["attributes"], json!(["rs_utm_source=ads"]));
    assert_eq!(listing["comments"][0]["contactId"], id);
    let text = account.sim.listing_text();
    assert!(text.contains("contacts (1)") && text.contains("380671234567"), "{text}");
    assert!(text.contains("Incoming call [tl:a]") && text.contains("Olha Boyko"), "{text}");
}

#[test]
fn the_audit_finds_doubled_clients_call_notes_and_tasks() {
    let mut account = Account::new();
    let first = account.contact("380671234567");
    assert!(account.sim.audit().clean());
    account.contact("+38 (067) 123-45-67");
    let task = json!({"name": "Call back", "description": "[tl:t1]", "boardId": 301, "stepId": 3011});
    for _ in 0..2 {
        account.post(&format!("/contacts/{first}/comments"), json!({"message": "Call [tl:c1]"}));
        account.post("/tasks", task.clone());
    }
    let audit = account.sim.audit();
    assert_eq!((audit.doubled_clients[0].phone.as_str(), audit.doubled_clients[0].ids.len()), ("671234567", 2));
    assert_eq!(audit.doubled_calls[0].key, "[tl:c1]");
    assert_eq!(audit.doubled_tasks[0].ids.len(), 2);
    assert_eq!((audit.totals["contacts"], audit.totals["comments"], audit.totals["tasks"]), (2, 2, 2));
}

#[test]
fn one_note_on_the_contact_and_one_on_the_deal_are_no_double() {
    let mut account = Account::new();
    let contact = account.contact("1");
    let deal = json!({"pipelineId": 201, "stepId": 2011, "contact": [contact]});
    let deal = account.post("/deals", deal).1["data"]["id"].clone();
    for owner in [format!("/contacts/{contact}"), format!("/deals/{deal}")] {
        account.post(&format!("{owner}/comments"), json!({"message": "Call [tl:c1]"}));
    }
    assert!(account.sim.audit().clean());
}

#[test]
fn requests_are_counted_by_route_with_ids_replaced() {
    let mut account = Account::new();
    let id = account.contact("1");
    account.post(&format!("/contacts/{id}/attributes/batch"), json!({}));
    account.get("/contacts/external/5");
    account.refresh();
    let counts = account.sim.counts();
    assert_eq!(counts.route("POST /crm/v1/contacts/{id}/attributes/batch"), 1);
    assert_eq!(counts.route("GET /crm/v1/contacts/external/{externalContactId}"), 1);
    assert_eq!(counts.route("POST /oauth/access_token"), 1);
    assert_eq!(counts.by_credit["requests"], 3);
}
