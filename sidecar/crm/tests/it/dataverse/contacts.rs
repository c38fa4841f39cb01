//! New contacts and changes of them (dataverse.md 4.2, 4.6).

use serde_json::json;
use tieline_engine::{
    ids::UserId,
    phone::Phone,
    record::Kind,
    redact::Private,
    step::{Action, Fields, StepKey, StepResult},
};

use super::{AGENT, CONTACT, asked, body_of, client, create, create_plain, dialect, done, perform, row, step, update};
use crate::scripted::Scripted;

#[test]
fn sm_07_a_new_contact_is_its_number_without_a_name_or_an_owner() {
    let net = Scripted::new([(204, "")]);
    let results = perform(&*dialect(&[]), &net, &[create_plain()]).unwrap();
    let row = row(&StepKey::create(Kind::Contact));
    assert_eq!(asked(&net), [format!("PATCH contacts({row})")]);
    let sent = net.sent().remove(0);
    assert_eq!(sent.body, r#"{"telephone1":"+380671234567"}"#);
    assert!(sent.headers.contains(&("If-None-Match", "*".to_owned())));
    assert!(sent.headers.contains(&("content-type", "application/json".to_owned())));
    assert_eq!(results[&StepKey::create(Kind::Contact)], done(&row));
}

#[test]
fn sm_07_another_owner_is_bound_where_the_project_names_one() {
    let owner = json!(format!("/systemusers({AGENT})"));
    let body = body_of(&*dialect(&[("owner", AGENT)]), &create_plain());
    assert_eq!(body["ownerid@odata.bind"], owner);
    let fields = Fields { phone: Some(client()), owner: Some(UserId::new(AGENT)), ..Fields::default() };
    assert_eq!(body_of(&*dialect(&[("owner", "scenario")]), &create(fields.clone()))["ownerid@odata.bind"], owner);
    assert_eq!(body_of(&*dialect(&[]), &create(fields)), json!({ "telephone1": "+380671234567" }));
}

#[test]
fn the_number_goes_into_the_first_searched_column() {
    let body = body_of(&*dialect(&[("phone_fields", "mobilephone,telephone1")]), &create_plain());
    assert_eq!(body, json!({ "mobilephone": "+380671234567" }));
}

#[test]
fn a_number_without_a_canonical_form_is_written_as_spelt_and_cut_to_the_column() {
    let fields = Fields { phone_text: Some(Phone::new("7".repeat(60))), ..Fields::default() };
    assert_eq!(body_of(&*dialect(&[]), &create(fields)), json!({ "telephone1": "7".repeat(50) }));
}

#[test]
fn a_name_and_mapped_values_are_written_where_there_are_any() {
    let fields = Fields {
        name: Some(Private::new(" Olena ")),
        phone: Some(client()),
        chat: Some("viber:9".to_owned()),
        custom: [("cr_pool".to_owned(), "Kyiv".to_owned())].into(),
        ..Fields::default()
    };
    let wanted = json!({ "cr_chat": "viber:9", "cr_pool": "Kyiv", "lastname": "Olena", "telephone1": "+380671234567" });
    assert_eq!(body_of(&*dialect(&[("chat_field", "cr_chat")]), &create(fields)), wanted);
}

#[test]
fn rows_can_be_made_by_post_with_the_same_id() {
    let net = Scripted::new([(204, "")]);
    let results = perform(&*dialect(&[("create_by", "post")]), &net, &[create_plain()]).unwrap();
    let row = row(&StepKey::create(Kind::Contact));
    assert_eq!(asked(&net), ["POST contacts"]);
    assert_eq!(net.sent()[0].body, format!(r#"{{"contactid":"{row}","telephone1":"+380671234567"}}"#));
    assert_eq!(results[&StepKey::create(Kind::Contact)], done(&row));
}

#[test]
fn sm_14_an_update_sends_mapped_values_only() {
    let fields = Fields {
        name: Some(Private::new("Olena")),
        phone: Some(client()),
        owner: Some(UserId::new(AGENT)),
        marks: [("utm_source".to_owned(), "google".to_owned())].into(),
        custom: [("cr_pool".to_owned(), "Kyiv".to_owned())].into(),
        ..Fields::default()
    };
    let net = Scripted::new([(204, "")]);
    let results = perform(&*dialect(&[]), &net, &[update(fields)]).unwrap();
    assert_eq!(asked(&net), [format!("PATCH contacts({CONTACT})")]);
    let sent = net.sent().remove(0);
    assert_eq!(sent.body, r#"{"cr_pool":"Kyiv"}"#);
    assert!(sent.headers.contains(&("If-Match", "*".to_owned())));
    assert_eq!(results[&StepKey::update(Kind::Contact)], done(CONTACT));
}

#[test]
fn sm_14_an_update_with_nothing_to_say_sends_nothing() {
    let marks = [("utm_source".to_owned(), "google".to_owned())].into();
    let results = perform(&*dialect(&[]), &Scripted::new([]), &[update(Fields { marks, ..Fields::default() })]);
    assert_eq!(results.unwrap()[&StepKey::update(Kind::Contact)], done(CONTACT));
}

#[test]
fn what_smart_crm_does_not_get_is_refused_without_a_request() {
    let deal = Action::Create { kind: Kind::Deal, fields: Fields::default(), contact: None };
    let add = Action::AddPhone { contact: super::known(CONTACT), phone: Some(client()), phone_text: None };
    for (key, action) in [(StepKey::create(Kind::Deal), deal), (StepKey::add_phone(), add)] {
        let results = perform(&*dialect(&[]), &Scripted::new([]), &[step(key.clone(), action)]).unwrap();
        assert!(matches!(&results[&key], StepResult::Refused { code, .. } if code == "not_supported"));
    }
}
