//! Update-only rows: Z-09 … Z-12.

use serde_json::json;
use tieline_engine::{next::End, reason::ReasonCode, record::Kind, scenario::ClientIs};

use super::{
    desk::Desk,
    office::{self, BOHDAN, CLIENT, OLENA, incoming},
};

const KINDS: [(Kind, &str); 3] = [(Kind::Lead, "lead"), (Kind::Contact, "contact"), (Kind::Deal, "deal")];

/// The row updates one kind and makes nothing; missed calls would have a task.
fn desk(kind: &str) -> Desk {
    let rows = json!([
        { "name": "missed", "when": { "answered": false }, "then": { kind: "update", "call_record": true,
            "tasks": [{ "about": "missed_call", "to": ["owner"], "due_minutes": 60 }] } },
        { "name": "all", "then": { kind: "update", "call_record": true } },
    ]);
    Desk::new(office::policy(office::scenario(rows)))
}

#[test]
fn z_09_z_10_z_11_an_existing_record_gets_call_and_visit_data() {
    for (kind, name) in KINDS {
        let mut desk = desk(name);
        let id = desk.crm.seed(kind, CLIENT, Some("u1"));
        assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).utm("google").done()), End::Written);
        let marks = &desk.crm.person(&id).fields.marks;
        assert_eq!(marks.get("utm_source").map(String::as_str), Some("google"), "{name}");
        assert_eq!((desk.crm.people.len(), desk.crm.entries().len()), (1, 1));
    }
}

#[test]
fn z_09_z_10_z_11_where_there_is_none_nothing_is_made_not_even_a_task() {
    for (_, name) in KINDS {
        for call in [incoming("a").answered_by(OLENA), incoming("a").missed()] {
            let mut desk = desk(name);
            assert_eq!(desk.deliver(call.done()), End::Skipped(ReasonCode::NothingToUpdate), "{name}");
            assert!(desk.crm.done.is_empty());
        }
    }
}

#[test]
fn z_12_what_another_program_makes_during_the_call_is_updated() {
    let mut desk = desk("lead");
    assert_eq!(desk.report(incoming("a").done()).waits_for(), ReasonCode::NotFinal);
    let lead = desk.crm.seed(Kind::Lead, CLIENT, None);
    assert_eq!(desk.deliver(incoming("a").answered_by(BOHDAN).utm("google").done()), End::Written);
    assert!(!desk.crm.person(&lead).fields.marks.is_empty());
}

#[test]
fn z_12_within_a_grace_after_the_call_it_is_still_waited_for() {
    let mut desk = desk("lead");
    let call = incoming("a").answered_by(OLENA).utm("google");
    desk.now = call.0.ended_at.expect("an end");
    assert_eq!(desk.report(call.clone().done()).waits_for(), ReasonCode::ThirdPartyGrace);
    desk.wait(5);
    let lead = desk.crm.seed(Kind::Lead, CLIENT, None);
    assert_eq!(desk.report(call.clone().done()).waits_for(), ReasonCode::ThirdPartyGrace);
    desk.wait(5);
    assert_eq!(desk.report(call.done()).end(), End::Written);
    assert!(!desk.crm.person(&lead).fields.marks.is_empty());
    assert_eq!(desk.ordered[0].situation.client, ClientIs::Known);
    assert!(desk.looked_up.last().is_some_and(|ask| ask.fresh));
}

#[test]
fn z_12_what_it_makes_later_is_reported_not_an_error() {
    let mut desk = desk("lead");
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Skipped(ReasonCode::NothingToUpdate));
    desk.crm.seed(Kind::Lead, CLIENT, None);
    assert!(desk.crm.people[0].fields.marks.is_empty());
}
