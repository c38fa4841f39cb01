//! What must hold for every call and every sequence of calls.

use std::{collections::BTreeSet, time::Duration};

use proptest::{collection::vec, option, prelude::*, sample::select};
use tieline_engine::{
    call::{AgentRef, Call, Chat, Direction, Leg, Outcome, Phase, Source},
    ids::{CallId, ProjectId},
    jiff::{SignedDuration, Timestamp},
    next::End,
    phone::Phone,
    record::Kind,
    retry::RetryPolicy,
    scenario::Scenario,
    step::{Mark, StepKey},
};

use super::{
    crm::Fault,
    desk::{Desk, Rest},
    office::{self, BOHDAN, OLENA, STRANGER, TestCall, incoming, outgoing},
};

fn text() -> impl Strategy<Value = Option<String>> {
    option::of(
        select(vec!["", "(none)", "(not set)", "a", "b", "google", "0671234567", "unavailable"])
            .prop_map(str::to_owned),
    )
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    option::of((0..9_i64).prop_map(|minute| office::noon() + SignedDuration::from_mins(minute)))
}

fn agent() -> impl Strategy<Value = AgentRef> {
    let id = || option::of(select(vec!["1", "2"]).prop_map(str::to_owned));
    (id(), id(), id(), id()).prop_map(|(employee_id, sip, extension, name)| AgentRef {
        employee_id,
        sip,
        extension,
        name: name.map(Into::into),
        ..AgentRef::default()
    })
}

fn leg() -> impl Strategy<Value = Leg> {
    (agent(), time(), time(), any::<bool>(), 0..3_u32, text()).prop_map(
        |(agent, started_at, ended_at, answered, talk_seconds, link)| {
            let recording = link.map(Into::into);
            Leg { agent, started_at, answered_at: None, ended_at, talk_seconds, answered, recording }
        },
    )
}

fn outcome() -> impl Strategy<Value = Option<Outcome>> {
    option::of(select(vec![Outcome::NoAnswer, Outcome::Busy, Outcome::Voicemail, Outcome::Answered]))
}

prop_compose! {
    /// A piece of the call `a`.
    fn piece()(
        phase in select(vec![Phase::Ringing, Phase::PickedUp, Phase::Ended]),
        source in select(vec![Source::Call, Source::Callback]),
        outcome in outcome(),
        texts in vec(text(), 8),
        times in vec(time(), 3),
        seconds in (0..9_u32, 0..9_u32),
        legs in vec(leg(), 0..4),
        chat in option::of(select(vec!["7", "8"])),
    ) -> Call {
        let mut call = Call::new(ProjectId::from("p"), CallId::from("a"), Direction::Incoming);
        let [status, pool, mark, link, line, number, name, param] = <[_; 8]>::try_from(texts).expect("eight");
        (call.phase, call.source, call.outcome, call.status, call.pool) = (phase, source, outcome, status, pool);
        (call.started_at, call.answered_at, call.ended_at) = (times[0], times[1], times[2]);
        (call.talk_seconds, call.ring_seconds) = seconds;
        (call.utm.source, call.recording, call.line) = (mark, link.map(Into::into), line.map(Phone::new));
        (call.client.phone, call.client.name) = (number.map(Phone::new), name.map(Into::into));
        call.client.chat = chat.map(|id| Chat { channel: "viber".to_owned(), id: id.to_owned() });
        call.params.extend(param.map(|value| ("tag".to_owned(), value)));
        call.legs = legs;
        call
    }
}

fn joined<'a>(pieces: impl IntoIterator<Item = &'a Call>) -> Call {
    let mut call = Call::new(ProjectId::from("p"), CallId::from("a"), Direction::Incoming);
    pieces.into_iter().for_each(|piece| call.amend(piece.clone()));
    call
}

/// One of a few clients, in one of the ways their number is written.
fn number() -> impl Strategy<Value = (usize, &'static str)> {
    let spelt = [
        vec!["380671234567", "+380671234567", "067 123-45-67", "+38 (067) 1234567", "80671234567"],
        vec!["380501234567", "0501234567", "+38-050-123-45-67"],
        vec!["+48512345678", "0048512345678"],
    ];
    let all: Vec<_> = spelt
        .into_iter()
        .enumerate()
        .flat_map(|(client, list)| list.into_iter().map(move |raw| (client, raw)))
        .collect();
    select(all)
}

#[derive(Clone, Debug)]
struct Event {
    client: usize,
    number: &'static str,
    kind: u8,
    gap_ms: i64,
    faults: Vec<Fault>,
    repeat: bool,
}

fn event() -> impl Strategy<Value = Event> {
    let fault = select(vec![Fault::LostAnswer, Fault::LostRequest, Fault::OnlyFirst]);
    let gap = select(vec![0, 90, 1_500, 120_000, 14 * 3_600_000]);
    (number(), 0..6_u8, gap, vec(fault, 0..3), any::<bool>()).prop_map(
        |((client, number), kind, gap_ms, faults, repeat)| Event { client, number, kind, gap_ms, faults, repeat },
    )
}

fn call(id: &str, event: &Event) -> TestCall {
    let call = match event.kind {
        0 => incoming(id).answered_by(OLENA),
        1 => incoming(id).answered_by(STRANGER),
        2 => incoming(id).answered_by(BOHDAN).utm("google").recorded("https://records.example/1"),
        3 => outgoing(id).answered_by(OLENA),
        4 => office::messenger(id, "telegram", &format!("chat-{}", event.client), OLENA),
        _ => incoming(id).missed(),
    };
    call.from(event.number)
}

fn early() -> Scenario {
    let mut scenario = Scenario::standard();
    for row in &mut scenario.rows {
        row.then.moment = tieline_engine::scenario::Moment::Ringing;
    }
    scenario
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn amending_is_commutative_associative_and_idempotent(pieces in vec(piece(), 3)) {
        let [a, b, c] = <&[Call; 3]>::try_from(pieces.as_slice()).expect("three");
        let one = joined([a, b, c]);
        for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            prop_assert_eq!(&one, &joined(order));
        }
        let mut left = joined([a]);
        left.amend(joined([b, c]));
        prop_assert_eq!(&one, &left);
        for again in [a, b, c, &one] {
            let mut twice = one.clone();
            twice.amend(again.clone());
            prop_assert_eq!(&one, &twice);
        }
        let mut with_itself = a.clone();
        with_itself.amend(a.clone());
        prop_assert_eq!(with_itself, a.clone().settled());
        prop_assert_eq!(one.main_leg(), left.main_leg());
    }

    #[test]
    fn every_leg_is_told_once_whatever_names_it_has(pieces in vec(piece(), 1..4)) {
        let call = joined(&pieces);
        let talks = call.talks();
        let names: BTreeSet<_> = talks.iter().map(|leg| &leg.agent).collect();
        prop_assert_eq!(names.len(), talks.len());
        prop_assert_eq!(talks.iter().any(|leg| leg.answered), call.legs.iter().any(|leg| leg.answered));
        prop_assert!(call.legs.iter().all(|leg| leg.recording.is_none() || talks.iter().any(|talk| talk.recording.is_some())));
    }

    #[test]
    fn repeating_any_piece_after_the_end_changes_nothing(pieces in vec(piece(), 1..4)) {
        let mut desk = Desk::new(office::policy(Scenario::standard()));
        let whole = pieces.iter().cloned().map(|mut piece| {
            piece.client.phone = Some(Phone::new(office::CLIENT));
            piece
        });
        let whole: Vec<Call> = whole.collect();
        let end = whole.iter().map(|piece| desk.deliver(piece.clone())).last();
        let (done, orders) = (desk.crm.done.clone(), desk.ordered.len());
        for piece in whole.iter().chain(&whole) {
            prop_assert_eq!(Some(desk.deliver(piece.clone())), end);
        }
        prop_assert_eq!((&desk.crm.done, desk.ordered.len()), (&done, orders));
    }

    #[test]
    fn one_client_has_one_contact_and_every_write_its_call(
        events in vec(event(), 1..8),
        lag in select(vec![0_u32, 2, 45]),
        bundle in select(vec![1_usize, 2, 99]),
        early_moment in any::<bool>(),
        dies_with_requests in any::<bool>(),
    ) {
        let mut policy = office::policy(if early_moment { early() } else { Scenario::standard() });
        policy.abilities.search_lag_seconds = lag;
        let mut desk = Desk::new(policy);
        (desk.bundle, desk.dies_with_requests) = (bundle, dies_with_requests);
        let mut reported = BTreeSet::new();
        for (index, event) in events.iter().enumerate() {
            desk.now += SignedDuration::from_millis(event.gap_ms);
            desk.crm.faults = event.faults.clone().into();
            let call = call(&format!("call-{index}"), event).at(desk.now).done();
            reported.insert(call.id.clone());
            if early_moment {
                let ringing = Call { phase: Phase::Ringing, outcome: None, ended_at: None, ..call.clone() };
                desk.report(ringing);
            }
            let end = desk.deliver(call.clone());
            prop_assert!(end != End::Failed);
            let before = desk.crm.done.len();
            if event.repeat {
                desk.report(call);
            }
            prop_assert_eq!(desk.crm.done.len(), before);
        }
        let plan = office::ukraine();
        let mut keys = BTreeSet::new();
        for contact in desk.crm.of(Kind::Contact) {
            let number = contact.record.phones.first().map(Phone::raw).unwrap_or_default();
            let key = tieline_engine::phone::read(number, &plan).key().cloned();
            prop_assert!(key.is_some() && keys.insert(key), "a second contact of {number}: {:#?}", desk.crm.people);
            prop_assert_eq!(contact.by_call.as_ref().map(|call| reported.contains(call)), Some(true));
        }
        let marks: BTreeSet<&Mark> = desk.crm.papers.iter().map(|paper| &paper.mark).collect();
        prop_assert_eq!(marks.len(), desk.crm.papers.len());
        prop_assert!(desk.crm.papers.iter().all(|paper| reported.contains(&paper.by_call)));
        prop_assert!(desk.crm.of(Kind::Deal).len() <= desk.crm.of(Kind::Contact).len());
    }

    #[test]
    fn waiting_for_a_call_to_end_never_waits_for_ever(pieces in vec(piece(), 1..4)) {
        let mut desk = Desk::new(office::policy(early()));
        let limit = desk.now + SignedDuration::from_hours(3);
        for piece in pieces {
            if let Rest::Wait(wait) = desk.report(piece) {
                prop_assert!(wait.until > desk.now && wait.until < limit);
            }
        }
    }

    #[test]
    fn a_retry_waits_within_its_bounds_and_never_shorter_than_it_was_asked_to(
        first_ms in 0..100_000_u64,
        longest_ms in 0..1_000_000_u64,
        attempts in any::<u32>(),
        asked in option::of(any::<u64>()),
        random in any::<u64>(),
    ) {
        let policy = RetryPolicy { first_ms, longest_ms };
        let wait = policy.wait(attempts, None, random);
        let longest = Duration::from_millis(longest_ms.max(1));
        prop_assert!(wait <= longest && wait > Duration::ZERO);
        prop_assert!(attempts < 64 || first_ms == 0 || wait >= longest / 2);
        let asked = asked.map(Duration::from_millis);
        let told = policy.wait(attempts, asked, random);
        if let Some(asked) = asked {
            prop_assert!(told >= asked && told <= asked.saturating_add(longest));
        }
    }

    #[test]
    fn marks_are_one_per_step_and_fit_into_a_subject(call in "[a-z0-9.-]{1,30}", other in "[a-z0-9.-]{1,30}") {
        let keys = [StepKey::call_record(), StepKey::create(Kind::Contact), StepKey::note(Kind::Deal, 0), StepKey::note(Kind::Deal, 1)];
        let mut marks = BTreeSet::new();
        let calls: BTreeSet<&String> = [&call, &other].into();
        for (id, key) in calls.iter().flat_map(|id| keys.iter().map(move |key| (id, key))) {
            let mark = Mark::of("p", &CallId::new(id.as_str()), key);
            prop_assert!(mark.as_str().len() == 19 && mark.as_str().starts_with("tl-"));
            marks.insert(mark);
        }
        prop_assert_eq!(marks.len(), calls.len() * keys.len());
    }
}
