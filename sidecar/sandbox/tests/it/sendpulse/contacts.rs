//! Making contacts, in one request and step by step.

use serde_json::{Value, json};

use super::bench::{Account, OWNER};

#[test]
fn one_request_makes_a_contact_with_its_number_and_attributes() {
    let mut account = Account::new();
    let (status, body) = account.post(
        "/contacts",
        json!({
            "responsibleId": OWNER, "firstName": "380671234567", "phones": ["380671234567"], "emails": ["a@b.example"],
            "tags": ["call"], "attributes": [{"attributeId": 71, "value": "google"}, {"name": "visits_count", "value": 3}],
        }),
    );
    let contact = &body["data"];
    assert_eq!(status, 200);
    assert_eq!(
        (&contact["phones"][0]["phone"], &contact["phones"][0]["isMain"]),
        (&json!("380671234567"), &json!(true))
    );
    assert_eq!(contact["attributes"][0], json!({"id": 71, "name": "rs_utm_source", "type": 0, "value": "google"}));
    assert_eq!(contact["attributes"][1]["value"], json!(3));
    assert_eq!((&contact["responsibleId"], &contact["tags"]), (&json!(OWNER), &json!(["call"])));
}

#[test]
fn the_step_by_step_path_ignores_the_phones_of_its_first_step() {
    let mut account = Account::new();
    let bare = json!({"responsibleId": OWNER, "firstName": "Anna", "phones": ["380671234567"]});
    let (status, body) = account.post("/contacts/create", bare);
    assert_eq!((status, &body["data"]["phones"]), (200, &json!([])));
    assert_eq!(account.found(json!({"phone": "380671234567"})), 0);
    let id = body["data"]["id"].as_u64().unwrap();
    let (status, body) = account.post(&format!("/contacts/{id}/phones"), json!({"phone": "380671234567"}));
    assert_eq!((status, &body["data"]["phone"], &body["data"]["isMain"]), (200, &json!("380671234567"), &json!(true)));
    assert!(body["data"]["id"].is_u64());
    assert_eq!(account.found(json!({"phone": "380671234567"})), 1);
    let second = account.post(&format!("/contacts/{id}/phones"), json!({"phone": "1"})).1;
    assert_eq!(second["data"]["isMain"], json!(false));
}

#[test]
fn a_number_longer_than_fifty_characters_or_none_is_refused() {
    let mut account = Account::new();
    let id = account.contact("1");
    for phone in [json!("1".repeat(51)), json!(""), json!(380), Value::Null] {
        assert_eq!(account.post(&format!("/contacts/{id}/phones"), json!({"phone": phone})).0, 422);
    }
    assert_eq!(account.post("/contacts", json!({"responsibleId": OWNER, "phones": [{"phone": "1"}]})).0, 422);
}

#[test]
fn a_contact_needs_a_responsible_user_unless_the_account_is_lenient() {
    let mut account = Account::new();
    assert_eq!(account.post("/contacts", json!({"firstName": "x"})).0, 422);
    assert_eq!(account.post("/contacts", json!({"responsibleId": 1})).0, 422);
    account.set(json!({"responsible_required": false}));
    let (status, body) = account.post("/contacts", json!({"firstName": "x"}));
    assert_eq!((status, &body["data"]["responsibleId"]), (200, &json!(OWNER)));
}

#[test]
fn a_batch_of_attributes_is_created_as_a_whole_or_not_at_all() {
    let mut account = Account::new();
    let id = account.contact("1");
    let target = format!("/contacts/{id}/attributes/batch");
    let values = |second: u64| json!({"attributesValues": [{"attributeId": 71, "value": "a"}, {"attributeId": second, "value": "b"}]});
    assert_eq!(account.post(&target, values(999)).0, 422);
    assert_eq!(account.get(&format!("/contacts/{id}")).1["data"]["attributes"], json!([]));
    assert_eq!(account.post(&target, values(72)).0, 201);
    let stored = account.get(&format!("/contacts/{id}")).1["data"]["attributes"].clone();
    assert_eq!(stored.as_array().map(Vec::len), Some(2));
    let other = account.contact("2");
    account.set(json!({"batch_atomic": false}));
    assert_eq!(account.post(&format!("/contacts/{other}/attributes/batch"), values(999)).0, 422);
    assert_eq!(account.get(&format!("/contacts/{other}")).1["data"]["attributes"][0]["value"], json!("a"));
}

#[test]
fn one_attribute_is_set_with_200_and_a_number_attribute_takes_numbers() {
    let mut account = Account::new();
    let id = account.contact("1");
    let target = format!("/contacts/{id}/attributes");
    assert_eq!(account.post(&target, json!({"attributeId": 77, "value": "three"})).0, 422);
    assert_eq!(account.post(&target, json!({"attributeId": 77, "value": "3"})).0, 200);
    assert_eq!(account.post(&target, json!({"attributeId": 71, "value": "x".repeat(5_501)})).0, 422);
}

#[test]
fn an_attribute_of_an_unknown_name_is_made_ignored_or_refused() {
    let mut account = Account::new();
    let body = json!({"responsibleId": OWNER, "attributes": [{"name": "campaign", "value": "spring", "type": 0}]});
    account.set(json!({"unknown_attribute_name": "reject"}));
    assert_eq!(account.post("/contacts", body.clone()).0, 422);
    account.set(json!({"unknown_attribute_name": "ignore"}));
    assert_eq!(account.post("/contacts", body.clone()).1["data"]["attributes"], json!([]));
    account.set(json!({"unknown_attribute_name": "create"}));
    let made = account.post("/contacts", body).1["data"]["attributes"][0].clone();
    assert_eq!((&made["name"], &made["value"]), (&json!("campaign"), &json!("spring")));
    let known = account.get("/contacts/attributes").1["data"].clone();
    assert!(known.as_array().unwrap().iter().any(|one| one["name"] == "campaign"));
}

#[test]
fn a_comment_is_sent_as_message_and_comes_back_as_text() {
    let mut account = Account::new();
    let id = account.contact("1");
    let (status, body) = account.post(&format!("/contacts/{id}/comments"), json!({"message": "Call [tl:a]"}));
    assert_eq!((status, &body["data"]["text"], &body["data"]["userId"]), (200, &json!("Call [tl:a]"), &json!(OWNER)));
    assert!(body["data"].get("message").is_none());
    assert_eq!(account.post(&format!("/contacts/{id}/comments"), json!({"text": "x"})).0, 422);
    assert_eq!(account.get(&format!("/contacts/{id}/comments")).0, 405);
    let target = format!("/contacts/{id}");
    assert_eq!(account.get(&target).1["data"]["comments"][0]["text"], json!("Call [tl:a]"));
    account.set(json!({"comments_shown": "single"}));
    let listed = account.post("/contacts/get-list", json!({"ids": [id]})).1;
    assert_eq!(listed["data"]["list"][0]["comments"], json!([]));
    assert_eq!(account.get(&target).1["data"]["comments"].as_array().map(Vec::len), Some(1));
    account.set(json!({"comments_shown": "never"}));
    assert_eq!(account.get(&target).1["data"]["comments"], json!([]));
}

#[test]
fn a_change_needs_the_responsible_user_and_leaves_other_fields() {
    let mut account = Account::new();
    let body = json!({"responsibleId": OWNER, "firstName": "Anna", "lastName": "Koval", "phones": ["1"]});
    let id = account.post("/contacts", body).1["data"]["id"].as_u64().unwrap();
    let target = format!("/contacts/{id}");
    assert_eq!(account.call("PUT", &target, json!({"lastName": "Bondar"})).0, 422);
    let changed = account.call("PUT", &target, json!({"responsibleId": OWNER + 1, "lastName": "Bondar"})).1;
    let contact = &changed["data"];
    assert_eq!((&contact["firstName"], &contact["lastName"]), (&json!("Anna"), &json!("Bondar")));
    assert_eq!((&contact["responsibleId"], &contact["phones"][0]["phone"]), (&json!(OWNER + 1), &json!("1")));
}

#[test]
fn an_external_id_is_text_in_the_body_a_number_in_the_path_and_wrapped_twice() {
    let mut account = Account::new();
    let body = json!({"responsibleId": OWNER, "externalContactId": "77"});
    let id = account.post("/contacts/create", body).1["data"]["id"].clone();
    let (status, body) = account.get("/contacts/external/77");
    assert_eq!((status, &body["data"]["data"]["id"]), (200, &id));
    assert_eq!(account.get("/contacts/external/78").0, 404);
    assert_eq!(account.get("/contacts/external/abc").0, 422);
    assert_eq!(account.post("/contacts/create", json!({"responsibleId": OWNER, "externalContactId": 77})).0, 422);
}

#[test]
fn extra_fields_are_ignored_unless_they_are_to_be_refused() {
    let mut account = Account::new();
    let body = json!({"responsibleId": OWNER, "phone": "380671234567"});
    assert_eq!(account.post("/contacts", body.clone()).1["data"]["phones"], json!([]));
    account.set(json!({"unknown_fields": "reject"}));
    assert_eq!(account.post("/contacts", body).0, 422);
}
