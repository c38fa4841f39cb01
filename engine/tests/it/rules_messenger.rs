//! Messenger requests: Z-28, Z-31, Z-33 … Z-35.

use serde_json::{Value, json};
use tieline_engine::{next::End, record::Kind, redact::Private, scenario::TaskAbout};

use super::{
    desk::Desk,
    office::{self, CLIENT, OLENA, TestCall},
};

/// One row for messenger requests with these ticks.
fn desk(then: Value) -> Desk {
    let rows = json!([{ "name": "messenger", "when": { "source": "messenger" }, "then": then }]);
    Desk::new(office::policy(office::scenario(rows)))
}

fn request() -> TestCall {
    office::messenger("a", "telegram", "77", OLENA).utm("facebook").with(|call| {
        call.client.google_client_id = Some("111.222".to_owned());
        call.client.name = Some("Halyna from Telegram".into());
    })
}

fn made(desk: &Desk) -> Vec<&str> {
    desk.crm.done.iter().map(|(_, key)| key.as_str()).collect()
}

#[test]
fn z_28_only_what_is_ticked_is_made() {
    for (then, expected) in [
        (json!({ "lead": "create" }), vec!["create.lead"]),
        (json!({ "contact": "create" }), vec!["create.contact"]),
        (json!({ "contact": "create", "deal": "create" }), vec!["create.contact", "create.deal"]),
        (json!({}), vec![]),
    ] {
        let mut desk = desk(then);
        desk.deliver(request().done());
        assert_eq!(made(&desk), expected);
    }
}

#[test]
fn z_31_the_phone_goes_in_when_it_was_asked_for() {
    let mut asked = desk(json!({ "lead": "create" }));
    asked.deliver(request().from("067 123 45 67").done());
    assert_eq!(asked.crm.only(Kind::Lead).fields.phone.as_ref().map(|key| key.digits()), Some(CLIENT));

    let mut not_asked = desk(json!({ "lead": "create" }));
    assert_eq!(not_asked.deliver(request().done()), End::Written);
    let fields = &not_asked.crm.only(Kind::Lead).fields;
    assert_eq!((&fields.phone, &fields.phone_text), (&None, &None));
    assert_eq!(fields.chat.as_deref(), Some("telegram:77"));
}

#[test]
fn z_33_contact_and_deal_carry_client_id_marks_and_phone() {
    let mut desk = desk(json!({ "contact": "create", "deal": "create" }));
    desk.deliver(request().from(CLIENT).done());
    let contact = desk.crm.only(Kind::Contact);
    assert_eq!(contact.fields.google_client_id.as_deref(), Some("111.222"));
    assert_eq!(contact.fields.marks.get("utm_source").map(String::as_str), Some("facebook"));
    assert_eq!(contact.fields.phone.as_ref().map(|key| key.digits()), Some(CLIENT));
    assert_eq!(contact.fields.name.as_ref().map(Private::expose), Some("Halyna from Telegram"));
    assert_eq!(desk.crm.only(Kind::Deal).record.contact.as_ref(), Some(&contact.record.id));
}

#[test]
fn z_34_a_lead_carries_client_id_marks_and_phone() {
    let mut desk = desk(json!({ "lead": "create" }));
    desk.deliver(request().from(CLIENT).done());
    let fields = &desk.crm.only(Kind::Lead).fields;
    assert_eq!(fields.google_client_id.as_deref(), Some("111.222"));
    assert_eq!(fields.marks.get("utm_source").map(String::as_str), Some("facebook"));
    assert_eq!(fields.phone.as_ref().map(|key| key.digits()), Some(CLIENT));
}

#[test]
fn z_35_a_task_goes_to_the_owner_else_to_who_pressed_the_button() {
    let task = json!({ "tasks": [{ "about": "messenger", "to": ["owner", "agent"], "due_minutes": 240 }] });
    let mut new = desk(task.clone());
    assert_eq!(new.deliver(request().done()), End::Written);
    let [task_made] = new.crm.tasks()[..] else { panic!("one task") };
    assert_eq!(
        (task_made.about, task_made.owner.as_ref().map(|user| user.as_str())),
        (TaskAbout::Messenger, Some("u1"))
    );

    let mut known = desk(task);
    known.crm.seed(Kind::Contact, CLIENT, Some("u2"));
    known.deliver(request().from(CLIENT).done());
    let [task_made] = known.crm.tasks()[..] else { panic!("one task") };
    assert_eq!(task_made.owner.as_ref().map(|user| user.as_str()), Some("u2"));
    assert!(task_made.contact.is_some());
}

#[test]
fn a_number_given_later_in_the_dialogue_finds_the_client_of_the_dialogue() {
    let mut desk = desk(json!({ "contact": "create_and_update", "deal": "create" }));
    desk.deliver(request().done());
    desk.wait(3_600);
    desk.deliver(office::messenger("b", "telegram", "77", OLENA).from(CLIENT).done());
    desk.crm.only(Kind::Contact);
    desk.crm.only(Kind::Deal);
}
