//! Contacts in one request.

use serde_json::json;
use tieline_engine::{
    phone::Phone,
    record::Kind,
    step::{Action, Fields, StepKey},
};

use super::{
    CHOSEN, body, caller_fields, create, dialect, done, known, learned, mark, perform, route, step, try_step, update,
    utm,
};
use crate::scripted::Scripted;

const MADE: &str = r#"{"data":{"id":5,"responsibleId":17}}"#;

#[test]
fn sp_01_a_contact_is_made_with_its_number_in_one_request() {
    let (result, sent) = perform(&*dialect(&[]), &create(Kind::Contact, caller_fields(), None), 200, MADE);
    assert_eq!((result, route(&sent)), (done(Some("5")), "POST /contacts".to_owned()));
    let expected = json!({"responsibleId": 17, "firstName": "+380671234567", "phones": ["380671234567"]});
    assert_eq!(body(&sent), expected);
    assert_eq!(sent.headers, [("content-type", "application/json".to_owned())]);
}

#[test]
fn what_nobody_owns_goes_to_the_fallback_user() {
    let fields = Fields { owner: None, ..caller_fields() };
    let (_, sent) = perform(&*dialect(&[]), &create(Kind::Contact, fields, None), 200, MADE);
    assert_eq!(body(&sent)["responsibleId"], 9);
}

#[test]
fn a_number_without_a_canonical_form_is_written_as_spelt() {
    let fields = Fields { name: None, phone: None, phone_text: Some(Phone::new("99887")), ..caller_fields() };
    let (_, sent) = perform(&*dialect(&[]), &create(Kind::Contact, fields, None), 200, MADE);
    assert_eq!((&body(&sent)["phones"], &body(&sent)["firstName"]), (&json!(["99887"]), &json!("99887")));
}

#[test]
fn sp_12_data_of_a_visit_go_into_chosen_fields_by_their_ids() {
    let chat = Some("viber:77".to_owned());
    let fields = Fields { chat, google_client_id: Some("1.2".to_owned()), marks: utm().marks, ..caller_fields() };
    let (_, sent) = perform(&*learned(&[CHOSEN]), &create(Kind::Contact, fields, None), 200, MADE);
    let mark = mark(&StepKey::create(Kind::Contact));
    let expected = json!([
        {"attributeId": 73, "value": "viber:77"},
        {"attributeId": 74, "value": mark.as_str()},
        {"attributeId": 71, "value": "google"},
    ]);
    assert_eq!(body(&sent)["attributes"], expected);
}

#[test]
fn sp_03_an_update_sends_fields_and_nothing_else() {
    let fields = Fields { marks: utm().marks, ..caller_fields() };
    let (result, sent) = perform(&*learned(&[CHOSEN]), &update(Kind::Contact, "5", fields), 201, r#"{"data":{}}"#);
    assert_eq!((result, route(&sent)), (done(Some("5")), "POST /contacts/5/attributes/batch".to_owned()));
    assert_eq!(body(&sent), json!({"attributesValues": [{"attributeId": 71, "value": "google"}]}));
}

#[test]
fn an_update_of_nothing_chosen_costs_no_request() {
    let net = Scripted::new([]);
    let result = try_step(&*dialect(&[]), &net, &update(Kind::Contact, "5", utm()));
    assert_eq!((result, net.sent().len()), (Ok(done(Some("5"))), 0));
}

#[test]
fn a_number_is_not_added_where_contacts_are_made_with_it() {
    let action = Action::AddPhone { contact: known("5"), phone: Some(super::key()), phone_text: None };
    let result = try_step(&*dialect(&[]), &Scripted::new([]), &step(StepKey::add_phone(), action));
    assert!(matches!(result, Ok(tieline_engine::step::StepResult::Refused { code, .. }) if code == "not_supported"));
}
