//! What the account consists of.

use futures::executor::block_on;
use serde_json::json;
use tieline_engine::{
    ids::UserId,
    record::{CrmField, CrmUser, Kind},
};

use super::{ATTRIBUTES, dialect, routes, session};
use crate::scripted::Scripted;

fn users(answer: &str) -> Vec<CrmUser> {
    let net = Scripted::new([(200, answer)]);
    let users = block_on(dialect(&[]).users(&session(&net))).unwrap();
    assert_eq!(routes(&net), ["GET /users"]);
    users
}

#[test]
fn users_are_read_as_a_list_or_as_the_one_object_the_vendor_draws() {
    let olena = json!({"id": 17, "firstname": "Olena", "lastname": "Pchilka", "email": "o@example.com", "timezone": 2});
    let expected = CrmUser {
        id: UserId::new("17"),
        name: "Olena Pchilka".into(),
        email: Some("o@example.com".into()),
        phones: Vec::new(),
        active: true,
    };
    for data in [json!([olena, {"firstname": "without id"}]), olena.clone(), json!({"17": olena})] {
        assert_eq!(users(&json!({"data": data}).to_string()), std::slice::from_ref(&expected));
    }
    assert_eq!(users(r#"{"data":[{"id":"18","firstName":"Taras"}]}"#)[0].name.expose(), "Taras");
}

#[test]
fn the_fields_are_those_of_contacts() {
    let net = Scripted::new([(200, ATTRIBUTES)]);
    let fields = block_on(dialect(&[]).fields(&session(&net))).unwrap();
    let source = CrmField {
        entity: Kind::Contact,
        name: "UTM source".to_owned(),
        custom: true,
        text: true,
        length_max: Some(5500),
    };
    assert_eq!((&fields[0], fields.len()), (&source, 6));
    assert!(!fields[4].text, "a choice takes no text");
}

#[test]
fn a_field_of_the_vendors_is_not_custom_and_one_without_a_type_takes_text_unless_it_has_options() {
    let answer = json!({"data": [
        {"id": 1, "name": "Position", "default": true}, {"id": 2, "name": "Free"},
        {"id": 3, "name": "Choice", "options": [1]}, {"id": 4, "name": "Amount", "type": "1"},
    ]});
    let net = Scripted::new([(200, &answer.to_string())]);
    let fields = block_on(dialect(&[]).fields(&session(&net))).unwrap();
    let kinds: Vec<_> = fields.iter().map(|field| (field.custom, field.text)).collect();
    assert_eq!(kinds, [(false, true), (true, true), (true, false), (true, false)]);
}

#[test]
fn learning_costs_one_request() {
    let net = Scripted::new([(200, ATTRIBUTES)]);
    block_on(dialect(&[]).learn(&session(&net))).unwrap();
    assert_eq!(routes(&net), ["GET /contacts/attributes"]);
}
