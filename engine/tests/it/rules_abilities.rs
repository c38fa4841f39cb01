//! What follows from a CRM's abilities: records that need a contact (RO), call records with a finish of their own and
//! contacts without a name (SM), contacts made in several requests (SendPulse).

use std::collections::BTreeSet;

use serde_json::json;
use tieline_engine::{
    next::End,
    reason::ReasonCode,
    record::{Abilities, Kind},
    step::{Action, Ref, StepKey},
};

use super::{
    crm::Fault,
    desk::Desk,
    office::{self, CLIENT, OLENA, incoming, outgoing},
};

/// Notes instead of a call list; `made` names what a new client's call makes.
fn workshop(made: &[&str]) -> Desk {
    let treat = |kind: &str| if made.contains(&kind) { "create" } else { "nothing" };
    let rows = json!([{ "name": "incoming", "then": {
        "contact": treat("contact"), "lead": treat("lead"), "deal": treat("deal"), "notes": ["contact", "lead", "deal"] } }]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    let kinds = [Kind::Contact, Kind::Lead, Kind::Deal, Kind::Task, Kind::Note];
    desk.policy.abilities = Abilities {
        notes_on: [Kind::Contact, Kind::Lead, Kind::Deal].into(),
        needs_contact: [Kind::Deal].into(),
        notes_in_new_records: true,
        search_lag_seconds: 2,
        ..Abilities::new(kinds)
    };
    desk
}

fn made(desk: &Desk) -> Vec<&str> {
    let keys = desk.crm.done.iter().map(|(_, key)| key.as_str());
    keys.filter(|key| key.starts_with("create.")).collect()
}

#[test]
fn ro_01_exactly_the_configured_set_is_made() {
    let kinds = ["contact", "lead", "deal"];
    for set in 0..8_usize {
        let wanted: Vec<&str> =
            kinds.into_iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, kind)| kind).collect();
        let mut desk = workshop(&wanted);
        desk.deliver(incoming("a").answered_by(OLENA).done());
        let with_contact = wanted.contains(&"contact");
        let expected: Vec<String> = wanted
            .iter()
            .filter(|kind| **kind != "deal" || with_contact)
            .map(|kind| format!("create.{kind}"))
            .collect();
        assert_eq!(made(&desk), expected, "{wanted:?}");
    }
}

#[test]
fn ro_02_and_ro_11_every_open_record_of_the_client_gets_the_call() {
    let mut desk = workshop(&["contact", "lead", "deal"]);
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let closed = desk.crm.only(Kind::Lead).record.id.clone();
    desk.crm.edit(&closed, |lead| lead.open = false);
    desk.wait(60);
    desk.deliver(incoming("b").at(desk.now).answered_by(OLENA).done());
    let on: Vec<_> =
        desk.crm.notes().iter().filter(|note| note.by_call.as_str() == "b").map(|note| note.action.clone()).collect();
    assert_eq!(on.len(), 3, "{on:?}");
    let closed = Ref::Known(closed);
    assert!(on.iter().all(|action| !matches!(action, Action::AddNote { record, .. } if *record == closed)));
}

#[test]
fn ro_06_ro_07_ro_09_ro_10_an_open_record_is_used_again_and_a_closed_one_is_not() {
    for kind in [Kind::Lead, Kind::Deal] {
        let mut desk = workshop(&["contact", "lead", "deal"]);
        desk.deliver(incoming("a").answered_by(OLENA).done());
        desk.wait(60);
        desk.deliver(incoming("b").at(desk.now).answered_by(OLENA).done());
        let first = desk.crm.only(kind).record.clone();
        desk.crm.edit(&first.id, |record| record.open = false);
        desk.wait(60);
        desk.deliver(incoming("c").at(desk.now).answered_by(OLENA).done());
        let all = desk.crm.of(kind);
        assert_eq!(all.len(), 2, "{kind}");
        assert_eq!(all[1].record.contact, first.contact, "the new {kind} hangs on the same client");
        assert_eq!(desk.crm.of(Kind::Contact).len(), 1);
    }
}

#[test]
fn ro_12_a_deal_waits_for_its_client_and_hangs_on_it() {
    let mut desk = workshop(&["contact", "deal"]);
    desk.bundle = 1;
    desk.crm.faults.push_back(Fault::LostRequest);
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    let contact = desk.crm.only(Kind::Contact).record.id.clone();
    assert_eq!(desk.crm.only(Kind::Deal).record.contact, Some(contact));
}

#[test]
fn ro_13_a_deal_alone_for_an_unknown_client_is_skipped_and_says_so() {
    let mut desk = workshop(&["deal"]);
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Skipped(ReasonCode::NeedsContact));
    assert!(desk.crm.done.is_empty());
}

#[test]
fn ro_14_a_deal_alone_for_a_known_client_hangs_on_it() {
    let mut desk = workshop(&["deal"]);
    let client = desk.crm.seed(Kind::Contact, CLIENT, None);
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    assert_eq!(desk.crm.only(Kind::Deal).record.contact, Some(client));
}

#[test]
fn a_note_on_a_new_record_is_ordered_right_behind_it() {
    let mut desk = workshop(&["contact", "lead", "deal"]);
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let keys: Vec<&str> = desk.ordered[0].steps.iter().map(|step| step.key.as_str()).collect();
    let expected = ["create.contact", "note.contact.0", "create.lead", "note.lead.0", "create.deal", "note.deal.0"];
    assert_eq!(keys, expected);
}

/// Contact and call record, the record finished by a step of its own.
fn activities() -> Desk {
    let rows = json!([
        { "name": "incoming", "when": { "direction": "incoming" },
          "then": { "contact": "create", "call_record": true, "moment": "ringing" } },
        { "name": "outgoing", "then": { "contact": "create", "call_record": true } },
    ]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    desk.policy.abilities = Abilities {
        amends_call_record: true,
        completes_call_record: true,
        leaves_contacts_unnamed: true,
        search_lag_seconds: 2,
        ..Abilities::new([Kind::Contact, Kind::CallRecord])
    };
    desk
}

fn finishing(desk: &Desk) -> BTreeSet<&str> {
    desk.crm.done.iter().map(|(_, key)| key.as_str()).filter(|key| key.starts_with("call_record.")).collect()
}

#[test]
fn sm_07_a_new_clients_contact_has_its_number_and_no_name() {
    for call in [incoming("a").missed(), outgoing("a").answered_by(OLENA)] {
        let mut desk = activities();
        desk.deliver(call.done());
        let contact = desk.crm.only(Kind::Contact);
        assert_eq!(contact.record.name, None);
        assert_eq!(contact.record.phones.len(), 1);
    }
}

#[test]
fn sm_08_an_incoming_calls_contact_is_made_at_the_ring_and_its_record_after_the_end() {
    let mut desk = activities();
    desk.report(incoming("a").done());
    assert_eq!(made(&desk), ["create.contact"]);
    assert!(desk.crm.entries().is_empty());
    desk.deliver(incoming("a").missed().done());
    assert_eq!(desk.crm.entries().len(), 1);
    assert_eq!(desk.crm.of(Kind::Contact).len(), 1);
}

#[test]
fn sm_10_a_talks_record_is_finished_when_its_recording_is_there() {
    let mut desk = activities();
    let rest = desk.report(incoming("a").answered_by(OLENA).done());
    assert_eq!(rest.waits_for(), ReasonCode::RecordingAwaited);
    assert!(desk.crm.finished.is_empty());
    let rest = desk.report(incoming("a").answered_by(OLENA).recorded("https://rec.example/a.mp3").done());
    assert_eq!(rest.end(), End::Written);
    assert_eq!(desk.crm.finished.len(), 1);
    assert!(desk.crm.entries()[0].recording.is_some(), "the finished record tells the recording");
    assert_eq!(finishing(&desk), ["call_record.complete"].into(), "one step finishes and tells");
}

#[test]
fn a_recording_in_time_and_a_missed_call_are_finished_in_the_first_order() {
    for call in [incoming("a").missed(), incoming("a").answered_by(OLENA).recorded("https://rec.example/a.mp3")] {
        let mut desk = activities();
        assert_eq!(desk.report(call.done()).end(), End::Written);
        let keys: Vec<&str> = desk.ordered[0].steps.iter().map(|step| step.key.as_str()).collect();
        assert_eq!(keys, ["create.contact", "call_record", "call_record.complete"]);
    }
}

#[test]
fn a_talk_without_recording_is_finished_when_its_time_is_over_and_changed_when_one_comes_after_all() {
    let mut desk = activities();
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    assert_eq!(desk.crm.finished.len(), 1);
    desk.wait(3_600);
    desk.deliver(incoming("a").answered_by(OLENA).recorded("https://rec.example/late.mp3").done());
    assert_eq!(finishing(&desk), ["call_record.amend.1", "call_record.complete"].into());
    assert_eq!(desk.crm.finished.len(), 1, "finished once");
}

#[test]
fn sm_13_a_ringing_call_is_announced_once_and_only_where_the_crm_wants_it() {
    let mut desk = activities();
    desk.policy.abilities.announces_ringing = true;
    desk.report(incoming("a").done());
    desk.report(incoming("a").picked_up_by(OLENA).done());
    desk.deliver(incoming("a").answered_by(OLENA).done());
    desk.deliver(outgoing("b").at(desk.now).answered_by(OLENA).done());
    let announced: Vec<&str> =
        desk.crm.done.iter().filter(|(_, key)| *key == StepKey::announce()).map(|(call, _)| call.as_str()).collect();
    assert_eq!(announced, ["a"]);
}

/// A CRM whose contacts are made of several requests.
fn in_steps() -> Desk {
    let rows = json!([{ "name": "any", "then": { "contact": "create_and_update", "notes": ["contact"] } }]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    desk.policy.abilities = Abilities {
        notes_on: [Kind::Contact].into(),
        makes_contacts_bare: true,
        search_lag_seconds: 2,
        ..Abilities::new([Kind::Contact, Kind::Note])
    };
    desk.bundle = 1;
    desk
}

#[test]
fn a_half_made_contact_is_gone_on_with_and_never_made_again() {
    for (at, fault) in (0..4).flat_map(|at| [Fault::LostAnswer, Fault::LostRequest].map(|fault| (at, fault))) {
        let mut desk = in_steps();
        // One step a request: to do the first only is to do it all.
        desk.crm.faults = vec![Fault::OnlyFirst; at].into_iter().chain([fault]).collect();
        let call = incoming("a").utm("google").answered_by(OLENA).done();
        assert_eq!(desk.deliver(call), End::Written);
        let contact = desk.crm.only(Kind::Contact);
        assert_eq!(contact.record.phones.len(), 1);
        assert_eq!(contact.fields.marks.get("utm_source").map(String::as_str), Some("google"));
    }
}

#[test]
fn a_contact_has_its_number_before_anything_hangs_on_it() {
    let rows = json!([{ "name": "any", "then": { "contact": "create_and_update", "deal": "create" } }]);
    let mut desk = in_steps();
    desk.policy.scenario = office::scenario(rows);
    desk.policy.abilities.kinds = [Kind::Contact, Kind::Deal].into();
    assert_eq!(desk.deliver(incoming("a").utm("google").answered_by(OLENA).done()), End::Written);
    let done: Vec<StepKey> = desk.crm.done.iter().map(|(_, key)| key.clone()).collect();
    let (contact, deal) = (StepKey::create(Kind::Contact), StepKey::create(Kind::Deal));
    assert_eq!(done, [contact, StepKey::add_phone(), StepKey::update(Kind::Contact), deal]);
}
