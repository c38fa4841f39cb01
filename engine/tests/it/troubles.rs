//! What goes wrong between us and the CRM, one thing at a time.

use std::collections::VecDeque;

use serde_json::json;
use tieline_engine::{
    ids::{RecordId, UserId},
    jiff::SignedDuration,
    next::End,
    phone::Phone,
    reason::ReasonCode,
    record::{Kind, Record},
    scenario::{ClientIs, Scenario},
    step::{Ref, StepKey, StepResult},
};

use super::{
    crm::Fault,
    desk::Desk,
    office::{self, BOHDAN, CLIENT, OLENA, STRANGER, TestCall, incoming},
};

fn desk() -> Desk {
    Desk::new(office::policy(Scenario::standard()))
}

fn create(kind: Kind) -> StepKey {
    StepKey::create(kind)
}

/// What a call leaves behind: how many of each.
fn counts(desk: &Desk) -> [usize; 6] {
    let crm = &desk.crm;
    let people = [Kind::Contact, Kind::Lead, Kind::Deal].map(|kind| crm.of(kind).len());
    [people[0], people[1], people[2], crm.entries().len(), crm.tasks().len(), crm.notes().len()]
}

/// Calls whose ways through the standard scenario differ.
fn calls() -> Vec<TestCall> {
    let with_data = |call: TestCall| call.utm("google").recorded("https://records.example/1");
    vec![
        with_data(incoming("a").answered_by(OLENA)),
        with_data(incoming("a").answered_by(STRANGER)),
        incoming("a").missed(),
        office::messenger("a", "telegram", "77", OLENA),
        incoming("a").from("9999999").missed(),
    ]
}

#[test]
fn a_lost_answer_or_request_at_any_place_doubles_nothing_and_loses_nothing() {
    for call in calls() {
        let mut calm = desk();
        calm.deliver(call.clone().done());
        for (fault, bundle, at) in
            [Fault::LostAnswer, Fault::LostRequest, Fault::OnlyFirst].into_iter().flat_map(|fault| {
                [1, 2, usize::MAX].into_iter().flat_map(move |bundle| (0..6).map(move |at| (fault, bundle, at)))
            })
        {
            let mut desk = desk();
            desk.bundle = bundle;
            // One quiet request after another, then the trouble, twice.
            desk.crm.faults = vec![Fault::OnlyFirst; at].into_iter().chain([fault, fault]).collect();
            assert_eq!(desk.deliver(call.clone().done()), End::Written, "{fault:?} at {at} by {bundle}");
            assert_eq!(counts(&desk), counts(&calm), "{fault:?} at {at} by {bundle}");
            let situations: Vec<_> = desk.ordered.iter().map(|orders| orders.situation).collect();
            assert!(situations.iter().all(|situation| *situation == calm.ordered[0].situation), "{situations:#?}");
        }
    }
}

#[test]
fn after_a_lost_answer_the_mark_is_looked_for_before_anything_is_repeated() {
    let mut desk = desk();
    desk.bundle = 1;
    desk.crm.faults = VecDeque::from([Fault::LostAnswer]);
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let asked = desk.looked_up.iter().find(|ask| !ask.marks.is_empty()).expect("a look-up of marks");
    assert_eq!((asked.marks[0].kind, asked.fresh), (Kind::Contact, true));
    assert_eq!(asked.reason.code, ReasonCode::UncertainStep);
}

#[test]
fn a_task_in_doubt_is_looked_for_without_asking_for_the_client_again() {
    let mut desk = desk();
    desk.bundle = 1;
    desk.crm.faults = VecDeque::from([Fault::OnlyFirst, Fault::OnlyFirst, Fault::OnlyFirst, Fault::LostAnswer]);
    desk.deliver(incoming("a").missed().done());
    let asked = desk.looked_up.iter().find(|ask| !ask.marks.is_empty()).expect("a look-up of marks");
    assert_eq!((asked.marks[0].kind, &asked.client), (Kind::Task, &None));
}

#[test]
fn a_record_that_carries_no_mark_is_found_by_its_number() {
    let mut desk = desk();
    desk.bundle = 1;
    desk.crm.forgets_marks = true;
    desk.crm.faults = VecDeque::from([Fault::LostAnswer, Fault::LostAnswer]);
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    desk.crm.only(Kind::Contact);
    desk.crm.only(Kind::Deal);
    let clients: Vec<_> = desk.ordered.iter().map(|orders| orders.situation.client).collect();
    assert!(clients.iter().all(|client| *client == ClientIs::New), "what we made ourselves does not make them known");
    assert_eq!(desk.crm.entries().len(), 1);
}

#[test]
fn a_recording_that_comes_after_a_lost_answer_still_amends_the_entry() {
    for fault in [Fault::LostAnswer, Fault::LostRequest] {
        let mut desk = desk();
        desk.crm.faults = VecDeque::from([fault]);
        desk.deliver(incoming("a").answered_by(OLENA).done());
        desk.wait(60);
        desk.report(incoming("a").recorded("https://records.example/1").done());
        let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
        assert!(entry.recording.is_some(), "{fault:?}");
    }
}

#[test]
fn a_contact_the_crm_has_already_is_adopted_with_its_open_deal() {
    let mut desk = desk();
    let contact = desk.crm.seed(Kind::Contact, "", Some("u2"));
    let deal = desk.crm.seed(Kind::Deal, "", Some("u2"));
    desk.crm.edit(&deal, |record| record.contact = Some(contact.clone()));
    let mut existing = Record::new(Kind::Contact, contact.clone());
    existing.owner = Some(UserId::from("u2"));
    desk.crm.scripted = vec![(create(Kind::Contact), StepResult::Exists(Box::new(existing)))];
    // The search does not show its number, only the CRM's own check knew it; from then on it does.
    desk.bundle = 1;
    desk.crm.edit(&contact, |record| record.phones = vec![Phone::new("not 671234567 yet")]);
    assert_eq!(desk.deliver(incoming("a").answered_by(BOHDAN).done()), End::Written);
    desk.crm.only(Kind::Contact);
    assert_eq!(desk.crm.only(Kind::Deal).record.id, deal);
    let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
    assert_eq!((&entry.contact, &entry.deal), (&Some(Ref::Known(contact)), &Some(Ref::Known(deal))));
    assert_eq!(desk.ordered.last().map(|orders| orders.situation.client), Some(ClientIs::Known));
}

#[test]
fn an_adopted_contact_the_search_does_not_show_still_gets_its_deal() {
    for bundle in [1, usize::MAX] {
        let mut desk = desk();
        desk.bundle = bundle;
        let contact = desk.crm.seed(Kind::Contact, "", Some("u2"));
        let existing = Record::new(Kind::Contact, contact.clone());
        desk.crm.scripted = vec![(create(Kind::Contact), StepResult::Exists(Box::new(existing)))];
        assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
        desk.crm.only(Kind::Contact);
        assert_eq!(desk.crm.only(Kind::Deal).record.contact, Some(contact));
        assert_eq!(desk.ordered.last().map(|orders| orders.situation.client), Some(ClientIs::Known));
    }
}

#[test]
fn a_duplicate_of_another_kind_is_not_taken_for_the_record() {
    let mut desk = desk();
    let existing = Record::new(Kind::Lead, RecordId::from("7"));
    desk.crm.scripted = vec![(create(Kind::Contact), StepResult::Exists(Box::new(existing)))];
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Failed);
}

#[test]
fn a_call_the_crm_has_in_its_list_already_can_be_amended_later() {
    let mut desk = desk();
    desk.policy.abilities.amends_call_record = false;
    let existing = Record::new(Kind::CallRecord, RecordId::from("9"));
    desk.crm.scripted = vec![(StepKey::call_record(), StepResult::Exists(Box::new(existing)))];
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    let look_ups = desk.looked_up.len();
    assert_eq!(look_ups, 1, "that the entry exists says nothing new about the client");
    desk.report(incoming("a").recorded("https://records.example/1").done());
    assert_eq!(desk.crm.notes().len(), 1);
}

#[test]
fn a_contact_deleted_between_look_up_and_write_is_made_anew() {
    let mut desk = desk();
    let contact = desk.crm.seed(Kind::Contact, CLIENT, Some("u1"));
    desk.crm.scripted = vec![(create(Kind::Deal), StepResult::TargetGone { kind: Kind::Contact })];
    // Its search still shows the deleted one: it is not believed.
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    assert_eq!(desk.crm.of(Kind::Contact).len(), 2);
    assert_ne!(desk.crm.only(Kind::Deal).record.contact, Some(contact));
}

#[test]
fn a_late_recording_does_not_bring_back_what_somebody_deleted() {
    for amends in [true, false] {
        let mut desk = desk();
        desk.policy.abilities.amends_call_record = amends;
        desk.deliver(incoming("a").answered_by(OLENA).utm("google").done());
        let contact = desk.crm.only(Kind::Contact).record.id.clone();
        desk.crm.delete(&contact);
        desk.wait(3_600);
        if amends {
            let gone = StepResult::TargetGone { kind: Kind::CallRecord };
            desk.crm.scripted = vec![(StepKey::amend_call_record(1), gone)];
        }
        let late = incoming("a").recorded("https://records.example/1").utm("google-ads");
        assert_eq!(desk.deliver(late.done()), End::Written);
        assert!(desk.crm.of(Kind::Contact).is_empty(), "amends: {amends}");
    }
}

#[test]
fn a_closed_deal_that_is_gone_does_not_turn_the_wheel_for_ever() {
    let rows = json!([{ "name": "r", "then": { "call_record": true,
        "tasks": [{ "about": "missed_call", "to": ["owner"], "due_minutes": 60 }] } }]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    let contact = desk.crm.seed(Kind::Contact, CLIENT, None);
    let deal = desk.crm.seed(Kind::Deal, "", None);
    desk.crm.edit(&deal, |record| (record.contact, record.open) = (Some(contact), false));
    let key = StepKey::task(tieline_engine::scenario::TaskAbout::MissedCall);
    let gone = || (key.clone(), StepResult::TargetGone { kind: Kind::Deal });
    desk.crm.scripted = vec![gone()];
    assert_eq!(desk.deliver(incoming("a").missed().done()), End::Written);
    assert_eq!(desk.crm.tasks()[0].deal, None);

    desk.wait(600);
    desk.crm.scripted = vec![gone(), gone(), gone()];
    assert_eq!(desk.deliver(incoming("b").at(desk.now).missed().done()), End::Failed, "nothing is left to try");
}

#[test]
fn a_refused_step_fails_the_call_after_everything_else_is_done_and_is_forgiven() {
    let mut desk = desk();
    let refused = StepResult::Refused { code: "INVALID".to_owned(), text: "no such stage".to_owned() };
    desk.crm.scripted = vec![(create(Kind::Deal), refused)];
    assert_eq!(desk.deliver(incoming("a").missed().done()), End::Failed);
    assert_eq!(counts(&desk), [1, 0, 0, 1, 1, 0]);
    assert_eq!(desk.forgive("a").end(), End::Written);
    assert_eq!(counts(&desk), [1, 0, 1, 1, 1, 0]);
}

#[test]
fn what_was_read_long_ago_is_read_again_by_the_crm_itself() {
    let mut desk = desk();
    let early = json!([{ "name": "all", "then": { "contact": "create", "call_record": true, "moment": "picked_up" } }]);
    desk.policy.scenario = office::scenario(early);
    desk.report(incoming("a").picked_up_by("nobody").with(|call| call.legs.clear()).done());
    assert_eq!(desk.looked_up.len(), 1);
    let mut other = Desk::new(office::policy(office::scenario(json!([
        { "name": "all", "when": { "answered": false }, "then": { "contact": "create", "moment": "ended" } },
        { "name": "early", "when": { "answered": true, "client": "known" }, "then": { "moment": "picked_up" } },
    ]))));
    other.report(incoming("a").with(|call| call.phase = tieline_engine::call::Phase::PickedUp).done());
    assert!(!other.looked_up[0].fresh, "a kept answer will do at first");
    other.crm.seed(Kind::Contact, CLIENT, None);
    other.now += SignedDuration::from_secs(90);
    other.report(incoming("a").missed().done());
    assert_eq!(other.looked_up.len(), 2, "that nobody was found is not believed for long");
    assert!(other.looked_up[1].fresh);
    other.crm.only(Kind::Contact);
}

#[test]
fn a_piece_that_shows_the_call_to_be_internal_does_not_unwrite_it() {
    let mut desk = desk();
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let internal = incoming("a").with(|call| call.direction = tieline_engine::call::Direction::Internal);
    assert_eq!(desk.report(internal.done()).end(), End::Written);
}

#[test]
fn a_call_that_an_earlier_one_has_overtaken_makes_no_second_deal() {
    let mut desk = desk();
    desk.bundle = 1;
    desk.report(incoming("a").done());
    desk.writes_left = 1;
    desk.report(incoming("b").answered_by(OLENA).done());
    assert_eq!(counts(&desk)[..3], [1, 0, 0], "the CRM has taken the contact and asks to wait");
    desk.wait(1);
    desk.writes_left = usize::MAX;
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    desk.wait(1);
    assert_eq!(desk.deliver(incoming("b").answered_by(OLENA).done()), End::Written);
    let [contacts, leads, deals, entries, ..] = counts(&desk);
    assert_eq!((contacts, leads + deals, entries), (1, 1, 2));
}

#[test]
fn what_came_while_an_entry_was_in_doubt_is_told_beside_the_entry_of_the_first_attempt() {
    let mut desk = desk();
    desk.policy.abilities.amends_call_record = false;
    desk.crm.faults.push_back(Fault::LostRequest);
    desk.crm.scripted.push((StepKey::call_record(), StepResult::DoneBefore { record: None }));
    desk.report(incoming("a").answered_by(OLENA).done());
    desk.wait(60);
    let recorded = incoming("a").answered_by(OLENA).recorded("https://records.example/1").done();
    assert_eq!(desk.deliver(recorded), End::Written);
    let notes = desk.crm.notes();
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert!(format!("{:?}", notes[0].action).contains("Recording"));
}
