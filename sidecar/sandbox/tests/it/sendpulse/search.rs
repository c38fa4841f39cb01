//! `POST /contacts/get-list`.

use serde_json::{Value, json};

use super::bench::{Account, OWNER};

fn phones(expression: &str, value: Value) -> Value {
    json!({"fieldValueConditions": [{"field": "phones", "expression": expression, "value": value}]})
}

#[test]
fn a_number_is_compared_as_stored_until_it_is_set_otherwise() {
    let mut account = Account::new();
    account.contact("380671234567");
    assert_eq!(account.found(json!({"phone": "380671234567"})), 1);
    assert_eq!(account.found(json!({"phone": "+380671234567"})), 0);
    account.set(json!({"phone_match": "digits"}));
    assert_eq!(account.found(json!({"phone": "+38 067 123 45 67"})), 1);
    assert_eq!(account.found(json!({"phone": "0671234567"})), 0);
    account.set(json!({"phone_match": "suffix"}));
    assert_eq!(account.found(json!({"phone": "0671234567"})), 1);
}

#[test]
fn all_forms_of_a_number_are_asked_in_one_condition() {
    let mut account = Account::new();
    account.contact("+380671234567");
    account.contact("0671234567");
    account.contact("380501112233");
    let forms = json!(["380671234567", "+380671234567", "0671234567"]);
    assert_eq!(account.found(phones("in", forms.clone())), 2);
    assert_eq!(account.found(phones("in", json!(["380671234567"]))), 0);
    assert_eq!(account.found(phones("eq", json!("0671234567"))), 1);
    assert_eq!(account.found(phones("like", json!("%67123%"))), 2);
    assert_eq!(account.found(phones("neq", json!("0671234567"))), 2);
    account.set(json!({"phones_in": "nothing"}));
    assert_eq!(account.found(phones("in", forms.clone())), 0);
    account.set(json!({"phones_in": "reject"}));
    assert_eq!(account.post("/contacts/get-list", phones("in", forms)).0, 422);
}

#[test]
fn every_filter_narrows() {
    let mut account = Account::new();
    account.seed(json!({"contacts": [
        {"firstName": "Anna", "lastName": "Koval", "phones": ["380671234567"], "emails": ["anna@b.example"], "tags": ["vip"]},
        {"firstName": "Anna", "lastName": "Bondar", "phones": ["380671234567"], "responsibleId": OWNER + 1},
    ]}));
    assert_eq!(account.found(json!({"phone": "380671234567"})), 2);
    assert_eq!(account.found(json!({"phone": "380671234567", "lastName": "koval"})), 1);
    assert_eq!(account.found(json!({"firstName": "Anna", "responsibleIds": [OWNER + 1]})), 1);
    assert_eq!(account.found(json!({"email": "ANNA@b.example", "responsibleIds": [OWNER + 1]})), 0);
    let number = json!({"field": "phones", "expression": "in", "value": ["380671234567"]});
    let tag = json!({"field": "tags", "expression": "eq", "value": "vip"});
    assert_eq!(account.found(json!({"fieldValueConditions": [number, tag]})), 1);
    assert_eq!(account.found(json!({"phone": "380671234567", "tagIds": [1]})), 0);
    assert_eq!(account.found(json!({"phone": "", "email": null})), 2);
}

#[test]
fn attributes_and_times_narrow_too() {
    let mut account = Account::new();
    account.seed(json!({"contacts": [
        {"attributes": [{"name": "visits_count", "value": 12}], "createdAt": "2026-01-10 10:00:00"},
        {"attributes": [{"attributeId": 77, "value": 9}], "createdAt": "2026-02-10 10:00:00"},
    ]}));
    assert_eq!(account.found(json!({"attributes": [{"id": 77, "expression": "gt", "value": 9}]})), 1);
    assert_eq!(account.found(json!({"attributes": [{"id": 77, "expression": "in", "value": [9, 12]}]})), 2);
    assert_eq!(account.found(json!({"from": "2026-02-01"})), 1);
    assert_eq!(account.found(json!({"from": "2026-01-01", "to": "2026-01-31 23:59:59"})), 1);
    assert_eq!(account.found(json!({"updateTo": "2026-01-31T00:00:00Z"})), 1);
}

#[test]
fn a_page_holds_up_to_a_hundred_and_tells_the_whole() {
    let mut account = Account::new();
    let contacts: Vec<Value> = (0..15).map(|n| json!({"firstName": format!("c{n:02}")})).collect();
    account.seed(json!({"contacts": contacts}));
    let list = |body: &Value| body["data"]["list"].as_array().unwrap().clone();
    let (_, body) = account.post("/contacts/get-list", json!({"offset": 10}));
    assert_eq!((list(&body).len(), &body["data"]["total"]), (5, &json!(15)));
    let sorted = json!({"limit": 100, "sortBy": {"fieldName": "firstName", "direction": "ASC"}});
    let (_, body) = account.post("/contacts/get-list", sorted);
    assert_eq!(list(&body)[0]["firstName"], json!("c00"));
    assert_eq!(account.post("/contacts/get-list", json!({"limit": 101})).0, 422);
    assert_eq!(account.post("/contacts/get-list", json!({"limit": 0})).0, 422);
}

#[test]
fn conditions_that_make_no_sense_are_refused() {
    let mut account = Account::new();
    let conditions = [
        json!([{"field": "phone", "expression": "eq", "value": "1"}]),
        json!([{"field": "phones", "expression": "is", "value": "1"}]),
        json!([{"field": "phones", "expression": "in", "value": "1"}]),
        json!([{"field": "phones", "expression": "eq"}]),
        json!({"field": "phones"}),
    ];
    for condition in conditions {
        let (status, body) = account.post("/contacts/get-list", json!({"fieldValueConditions": condition}));
        assert_eq!(status, 422, "{body}");
    }
}

#[test]
fn a_late_index_hides_fresh_contacts_and_fresh_numbers_but_not_reads_by_id() {
    let mut account = Account::new();
    account.fault(json!({"name": "search_lag", "ms": 4_000}));
    let id = account.contact("380671234567");
    assert_eq!(account.found(json!({"phone": "380671234567"})), 0);
    assert_eq!(account.get(&format!("/contacts/{id}")).0, 200);
    account.wait(4_000);
    assert_eq!(account.found(json!({"phone": "380671234567"})), 1);
    account.post(&format!("/contacts/{id}/phones"), json!({"phone": "380500000000"}));
    assert_eq!(account.found(phones("in", json!(["380500000000"]))), 0);
    account.wait(4_000);
    assert_eq!(account.found(phones("in", json!(["380500000000"]))), 1);
    account.seed(json!({"contacts": [{"phones": ["1"]}]}));
    assert_eq!(account.found(json!({"phone": "1"})), 1);
}
