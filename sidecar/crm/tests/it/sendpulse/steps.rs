//! Contacts made step by step.

use serde_json::json;
use tieline_engine::{
    record::Kind,
    step::{Action, Step, StepKey, StepResult},
};

use super::{
    body, caller_fields, create, dialect, done, key, known, mark, page, perform, person, route, routes, step, try_step,
    with,
};
use crate::scripted::Scripted;

const STEPS: (&str, &str) = ("contact_path", "steps");

fn add_phone() -> Step {
    step(StepKey::add_phone(), Action::AddPhone { contact: known("5"), phone: Some(key()), phone_text: None })
}

fn the(contact: &serde_json::Value) -> String {
    json!({"data": contact}).to_string()
}

#[test]
fn creation_takes_name_and_owner_only() {
    let step = create(Kind::Contact, caller_fields(), None);
    let (result, sent) = perform(&*dialect(&[STEPS]), &step, 200, r#"{"data":{"id":5}}"#);
    assert_eq!((result, route(&sent)), (done(Some("5")), "POST /contacts/create".to_owned()));
    assert_eq!(body(&sent), json!({"responsibleId": 17, "firstName": "+380671234567"}));
}

#[test]
fn a_number_of_ours_is_sent_only_when_it_is_wanted() {
    let step = create(Kind::Contact, caller_fields(), None);
    let (_, sent) = perform(&*dialect(&[STEPS, ("external_id", "true")]), &step, 200, r#"{"data":{"id":5}}"#);
    let number: u64 = body(&sent)["externalContactId"].as_str().unwrap().parse().unwrap();
    assert!(number > 0 && number < 1 << 53);
}

#[test]
fn the_number_is_added_to_a_contact_that_has_none() {
    let bare = with(person(5), "phones", json!([]));
    let net = Scripted::new([(200, &the(&bare)), (200, r#"{"data":{"id":1,"phone":"380671234567","isMain":true}}"#)]);
    assert_eq!(try_step(&*dialect(&[STEPS]), &net, &add_phone()), Ok(done(Some("5"))));
    assert_eq!(routes(&net), ["GET /contacts/5", "POST /contacts/5/phones"]);
    assert_eq!(body(&net.sent()[1]), json!({"phone": "380671234567"}));
}

#[test]
fn a_number_that_is_there_is_not_added_again() {
    let spelt = with(person(5), "phones", json!([{"id": 1, "phone": "+38 (067) 123-45-67"}]));
    for contact in [person(5), spelt] {
        let net = Scripted::new([(200, &the(&contact))]);
        assert_eq!(try_step(&*dialect(&[STEPS]), &net, &add_phone()), Ok(done(Some("5"))));
    }
}

#[test]
fn a_number_for_a_contact_that_is_gone_tells_so() {
    let gone = r#"{"data":{"code":213,"message":"Contact not found"}}"#;
    let net = Scripted::new([(404, gone)]);
    let expected = StepResult::TargetGone { kind: Kind::Contact };
    assert_eq!(try_step(&*dialect(&[STEPS]), &net, &add_phone()), Ok(expected));
}

/// Where the contact of a lost creation is found.
fn found(settings: &[(&str, &str)], status: u16, answer: &str) -> (Option<String>, Scripted) {
    let sought = super::doubtful(StepKey::create(Kind::Contact));
    let net = Scripted::new([super::NOBODY, (status, answer)]);
    let found = super::look_up(&*dialect(settings), &net, &super::ask(Some(super::caller()), vec![sought.clone()]));
    let found = found.unwrap();
    assert!(found.asked.contains(&sought.mark));
    (found.marks.get(&sought.mark).map(ToString::to_string), net)
}

#[test]
fn a_lost_creation_is_found_by_its_name_without_a_number_and_made_since() {
    let bare = json!({"id": 5, "firstName": "+380671234567", "phones": [], "createdAt": "2026-01-15T09:59:01+00:00"});
    let (id, net) = found(&[STEPS], 200, &page(std::slice::from_ref(&bare)));
    assert_eq!(id.as_deref(), Some("5"));
    let sort = json!({"fieldName": "id", "direction": "desc"});
    let expected = json!({"firstName": "+380671234567", "sortBy": sort, "limit": 100, "offset": 0});
    assert_eq!(body(&net.sent()[1]), expected);
    let strangers = [
        with(bare.clone(), "phones", json!([{"id": 1, "phone": "380671234567"}])),
        with(bare.clone(), "createdAt", json!("2026-01-15T09:00:00+00:00")),
        with(bare.clone(), "createdAt", json!(null)),
        with(bare, "lastName", json!("Franko")),
    ];
    assert_eq!(found(&[STEPS], 200, &page(&strangers)).0, None);
}

#[test]
fn a_lost_creation_with_a_number_of_ours_is_found_by_it() {
    let settings = [STEPS, ("external_id", "true")];
    let (id, net) = found(&settings, 200, r#"{"data":{"data":{"id":5,"externalContactId":"1"}}}"#);
    assert_eq!(id.as_deref(), Some("5"));
    let step = create(Kind::Contact, caller_fields(), None);
    assert_eq!(step.mark, mark(&StepKey::create(Kind::Contact)));
    let (_, sent) = perform(&*dialect(&settings), &step, 200, r#"{"data":{"id":5}}"#);
    let number = body(&sent)["externalContactId"].as_str().unwrap().to_owned();
    assert_eq!(routes(&net)[1], format!("GET /contacts/external/{number}"));
    assert_eq!(found(&settings, 404, "").0, None);
}
