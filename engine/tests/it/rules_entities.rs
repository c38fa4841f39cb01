//! What is made and what is written on it: RC-14 … RC-16, RO-06, RO-07, RO-11, RO-15, RO-16, SM-08.

use serde_json::json;
use tieline_engine::{
    agents::{Agent, Agents},
    ids::{AgentId, RecordId, UserId},
    jiff::SignedDuration,
    next::End,
    note,
    reason::ReasonCode,
    record::{CrmUser, Kind},
    scenario::Scenario,
    step::{Action, Ref},
};

use super::{
    desk::Desk,
    office::{self, BOHDAN, CLIENT, OLENA, incoming, leg, noon},
};

/// RemOnline: client, lead and order, the call as a note on what is open; nothing for the call list.
fn remonline() -> Desk {
    let row = json!({ "name": "all", "then": { "contact": "create", "lead": "create", "deal": "create",
        "notes": ["contact", "lead", "deal"] } });
    let mut desk = Desk::new(office::policy(office::scenario(json!([row]))));
    desk.policy.abilities.notes_on = [Kind::Lead, Kind::Deal].into();
    desk
}

fn seed(desk: &mut Desk, kind: Kind, contact: &RecordId, open: bool) -> RecordId {
    let id = desk.crm.seed(kind, if kind == Kind::Lead { CLIENT } else { "" }, None);
    desk.crm.edit(&id, |record| (record.contact, record.open) = (Some(contact.clone()), open));
    id
}

fn noted(desk: &Desk) -> Vec<(Kind, RecordId)> {
    let on = |action: &Action| match action {
        Action::AddNote { on, record: Ref::Known(id), .. } => Some((*on, id.clone())),
        _ => None,
    };
    desk.crm.notes().into_iter().filter_map(|paper| on(&paper.action)).collect()
}

#[test]
fn rc_14_a_transferred_call_is_one_record_of_the_first_who_talked() {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    let transferred = incoming("a").answered_by(OLENA).with(|call| {
        let part = |sip: &str, answered, seconds: i64| {
            let mut part = leg(sip, answered);
            part.started_at = Some(noon() + SignedDuration::from_secs(seconds));
            part.recording = answered.then(|| format!("https://records.example/{sip}").into());
            part
        };
        call.legs = vec![part(OLENA, true, 60), part(BOHDAN, true, 30), part("iryna-109", false, 0)];
    });
    desk.deliver(transferred.done());
    let [entry] = desk.crm.entries()[..] else { panic!("one record") };
    assert_eq!(entry.agent, Some(UserId::from("u2")));
    assert_eq!(entry.recording.as_ref().map(|link| link.expose()), Some("https://records.example/bohdan-102"));
    let text = note::render(&entry.parts, &office::kyiv());
    let (first, second) = (text.find("bohdan-102"), text.find("olena-101"));
    assert!(first.is_some() && first < second, "the others are listed behind the main one: {text}");
    assert_eq!(desk.crm.only(Kind::Deal).record.owner, Some(UserId::from("u2")));
}

#[test]
fn rc_15_the_google_client_id_goes_to_the_client_never_to_the_order() {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    desk.policy.abilities.takes_visits = true;
    let call = incoming("a").answered_by(OLENA).with(|call| call.client.google_client_id = Some("111.222".to_owned()));
    desk.deliver(call.done());
    assert_eq!(desk.crm.only(Kind::Contact).fields.google_client_id.as_deref(), Some("111.222"));
    assert_eq!(desk.crm.only(Kind::Deal).fields.google_client_id, None);
    let visits = desk.crm.done.iter().filter(|(_, key)| key.as_str() == "visit").count();
    assert_eq!(visits, 1);
}

#[test]
fn rc_16_the_owner_stands_in_the_very_request_that_creates() {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let owners = desk.ordered.iter().flat_map(|orders| &orders.steps).filter_map(|step| match &step.action {
        Action::Create { fields, .. } => Some(fields.owner.clone()),
        _ => None,
    });
    let owners: Vec<_> = owners.collect();
    assert_eq!(owners, [Some(UserId::from("u1")), Some(UserId::from("u1"))]);
}

#[test]
fn ro_06_ro_11_an_open_lead_takes_the_note_and_no_new_one_is_made() {
    let mut desk = remonline();
    let contact = desk.crm.seed(Kind::Contact, CLIENT, None);
    let closed = seed(&mut desk, Kind::Lead, &contact, false);
    let open = seed(&mut desk, Kind::Lead, &contact, true);
    let order = seed(&mut desk, Kind::Deal, &contact, true);
    assert_eq!(desk.deliver(incoming("a").missed().done()), End::Written);
    assert_eq!((desk.crm.of(Kind::Lead).len(), desk.crm.of(Kind::Deal).len()), (2, 1));
    assert_eq!(noted(&desk), [(Kind::Lead, open), (Kind::Deal, order)]);
    assert!(desk.crm.entries().is_empty(), "the row does not ask for the call list");
    assert!(desk.crm.person(&closed).fields.marks.is_empty());
}

#[test]
fn ro_07_only_closed_leads_and_orders_lead_to_new_ones_of_the_same_client() {
    let mut desk = remonline();
    let contact = desk.crm.seed(Kind::Contact, CLIENT, None);
    let closed = [seed(&mut desk, Kind::Lead, &contact, false), seed(&mut desk, Kind::Deal, &contact, false)];
    desk.deliver(incoming("a").missed().done());
    for (kind, old) in [(Kind::Lead, &closed[0]), (Kind::Deal, &closed[1])] {
        let new: Vec<_> = desk.crm.of(kind).into_iter().filter(|person| person.record.id != *old).collect();
        assert_eq!(new.len(), 1);
        assert_eq!(new[0].record.contact, Some(contact.clone()));
    }
    desk.crm.only(Kind::Contact);
    let why: Vec<_> = desk.ordered[0].steps.iter().map(|step| step.reason.code).collect();
    assert_eq!(why.iter().filter(|code| **code == ReasonCode::ClosedNotReused).count(), 2);
    assert_eq!(desk.crm.notes().len(), 2, "the notes go to the new ones");
}

#[test]
fn ro_15_a_note_has_time_type_status_recording_and_marks_and_leaves_out_what_is_empty() {
    let full = incoming("a").answered_by(OLENA).recorded("https://records.example/1").utm("google");
    let text = |call| note::render(&note::parts(&call, None), &office::kyiv());
    assert_eq!(
        text(full.done()),
        "2026-03-10 12:00:00\nType: incoming call\nStatus: answered\nTalk: 1:00\n\
        Recording: https://records.example/1\nutm_source: google"
    );
    let bare = text(incoming("a").missed().recorded(" ").utm("").done());
    assert_eq!(bare, "2026-03-10 12:00:00\nType: incoming call\nStatus: no answer");
}

#[test]
fn ro_16_the_same_name_binds_an_agent_and_nobody_else_does() {
    let user = |id: &str, name: &str| CrmUser {
        id: UserId::from(id),
        name: name.into(),
        email: None,
        phones: Vec::new(),
        active: true,
    };
    let bound = |name: &str, users: &[CrmUser]| {
        let agent = Agent { id: "a".to_owned(), name: name.into(), sips: vec![OLENA.to_owned()], ..Agent::default() };
        let mut agents = Agents::new(vec![agent], None, Some(UserId::from("u9")));
        agents.bind(users, &office::ukraine());
        agents.list()[0].crm_user.clone()
    };
    let users = [user("u1", "Петренко Олена"), user("u2", "Bohdan Ivanovych Kravets"), user("u3", "Ivan Ivan")];
    assert_eq!(bound("Олена Петренко", &users), Some(UserId::from("u1")));
    assert_eq!(bound("Bohdan Kravets", &users), Some(UserId::from("u2")), "G17: a patronymic does not matter");
    assert_eq!(bound("Олена", &users), None);
    assert_eq!(bound("Ivan Petrov", &users), None);
    assert_eq!(bound("Олена Петренко", &[user("u1", "Олена Петренко"), user("u4", "Петренко Олена")]), None);

    let mut desk = remonline();
    let nameless = Agent { id: "x".to_owned(), sips: vec![OLENA.to_owned()], ..Agent::default() };
    desk.policy.agents = Agents::new(vec![nameless], Some(AgentId::from("x")), Some(UserId::from("u9")));
    desk.deliver(incoming("a").answered_by(OLENA).done());
    assert_eq!(desk.crm.only(Kind::Lead).record.owner, Some(UserId::from("u9")), "the senior manager stands in");
}

#[test]
fn sm_08_a_row_may_make_the_contact_at_the_first_ring_and_the_rest_after_the_call() {
    let row =
        json!({ "name": "all", "then": { "contact": "create_and_update", "call_record": true, "moment": "ringing" } });
    let mut desk = Desk::new(office::policy(office::scenario(json!([row]))));
    let rest = desk.report(incoming("a").done());
    assert_eq!(rest.waits_for(), ReasonCode::NotFinal);
    let contact = desk.crm.only(Kind::Contact).record.id.clone();
    assert!(desk.crm.entries().is_empty());
    desk.report(incoming("a").picked_up_by(OLENA).done());
    assert_eq!(desk.crm.done.len(), 1);
    desk.wait(400);
    assert_eq!(desk.report(incoming("a").answered_by(OLENA).utm("google").done()).end(), End::Written);
    let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
    assert_eq!(entry.contact, Some(Ref::Known(contact)));
    let marks = &desk.crm.only(Kind::Contact).fields.marks;
    assert_eq!(marks.get("utm_source").map(String::as_str), Some("google"), "told only at the end");
}

#[test]
fn a_known_client_is_not_written_to_before_the_end() {
    let row =
        json!({ "name": "all", "then": { "contact": "create_and_update", "call_record": true, "moment": "ringing" } });
    let mut desk = Desk::new(office::policy(office::scenario(json!([row]))));
    desk.crm.seed(Kind::Contact, CLIENT, Some("u1"));
    desk.report(incoming("a").utm("google").done());
    assert!(desk.crm.done.is_empty());
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let updates = desk.crm.done.iter().filter(|(_, key)| key.is_update()).count();
    assert_eq!(updates, 1);
}
