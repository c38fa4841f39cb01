//! The faults of a run, each with its name, and when they strike.

use std::time::Duration;

use serde_json::{Value, json};
use tieline_engine::{
    call::Call,
    ids::CallId,
    jiff::{SignedDuration, Timestamp},
    phone::Phone,
};
use tieline_sandbox::{CrmKind, FaultSpec};

use super::{
    dice::Dice,
    load,
    people::Deed,
    plan::{Manner, Plan},
};

/// What happens when, from the run's start.
pub(super) type Events = Vec<(SignedDuration, Event)>;

/// What happens at a moment of the run.
#[derive(Debug)]
pub(super) enum Event {
    /// The exchange tells a piece of a call.
    Piece { call: Box<Call>, again: bool, late: bool },
    /// The exchange asks where a call is to ring.
    Ring { call: CallId, phone: Phone },
    /// A fault of the CRM.
    Crm(FaultSpec),
    /// Several requests find the token dead while new ones are slow to get.
    RefreshRace(Vec<FaultSpec>),
    /// A process is killed.
    Crash,
    /// A process dies at the n-th place where it touches the world.
    CrashAt(u64),
    /// A sidecar is asked to stop, and is killed while deliveries end.
    KillInDrain(Duration),
    /// A sidecar is asked to stop and may.
    Restart,
    /// A sidecar is cut off from the others.
    CutOff(Duration),
    /// The disk is full.
    DiskFull(Duration),
    /// The disk takes its time.
    DiskSlow(Duration),
    /// The shared store's answers are lost.
    AnswersLost(Duration),
    /// Requests take seconds to arrive.
    RequestsLate(Duration),
    /// Answers come when nobody waits any more.
    RepliesLate(Duration),
    /// The clock is put forward or back, on every machine.
    Clock(i64),
    /// A person works in the CRM.
    Person(Deed, String),
    /// An administrator looks whether the connection is suspended.
    Activate,
}

/// The events of a run in order of time.
pub(super) fn events(plan: Plan, dice: &mut Dice, start: Timestamp) -> Events {
    let mut events = Vec::new();
    load::calls(plan.manner, dice, start, &mut events);
    match plan.manner {
        Manner::Storm => storm(plan, dice, &mut events),
        Manner::Week => week(dice, &mut events),
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

/// A few calls of one client or two, and nothing that disturbs.
pub(super) fn few_calls(dice: &mut Dice, start: Timestamp) -> Events {
    let mut events = Vec::new();
    load::some_calls(3, 60_000, dice, start, &mut events);
    events.sort_by_key(|(at, _)| *at);
    events
}

fn storm(plan: Plan, dice: &mut Dice, events: &mut Events) {
    let mut at = |event, dice: &mut Dice| {
        events.push((SignedDuration::from_millis(i64::try_from(dice.below(1_400_000)).unwrap()), event));
    };
    for _ in 0..dice.below(5) {
        let fault = Event::Crm(spec(crm_fault(plan.kind, dice)));
        at(fault, dice);
    }
    if plan.kind != CrmKind::RetailCrm && dice.percent(15) {
        let times = dice.between(2, 5);
        let race = [
            json!({"name": "token_expired", "times": times}),
            json!({"name": "slow", "on": "auth", "ms": 8_000, "for_seconds": 60}),
        ];
        at(Event::RefreshRace(race.map(spec).into()), dice);
    }
    for _ in 0..dice.below(4) {
        let event = if dice.percent(40) { Event::Crash } else { Event::CrashAt(dice.below(120)) };
        at(event, dice);
    }
    for _ in 0..dice.below(4) {
        let event = around(plan, dice);
        at(event, dice);
    }
    for _ in 0..dice.below(3) {
        let deed = Event::Person(dice.pick(&Deed::ALL), load::a_number(dice));
        at(deed, dice);
    }
    for _ in 0..dice.below(3) {
        at(Event::Activate, dice);
    }
}

/// A fault of the machine, the disk or the network.
fn around(plan: Plan, dice: &mut Dice) -> Event {
    let time = Duration::from_secs(dice.between(5, 120));
    match dice.below(if plan.sidecars > 1 { 10 } else { 8 }) {
        0 => Event::DiskFull(time),
        1 => Event::DiskSlow(time),
        2 => Event::RequestsLate(time),
        3 => Event::RepliesLate(time),
        4 => Event::KillInDrain(Duration::from_millis(dice.below(5_000))),
        5 => Event::Restart,
        6 | 7 => {
            let millis = i64::try_from(dice.between(500, 600_000)).unwrap();
            Event::Clock(if dice.percent(50) { millis } else { -millis })
        }
        8 => Event::CutOff(Duration::from_secs(dice.below(90))),
        _ => Event::AnswersLost(time),
    }
}

fn week(dice: &mut Dice, events: &mut Events) {
    let away = json!({"name": "outage", "for_seconds": 7 * 24 * 3_600, "mode": dice.pick(&["status", "cut"])});
    events.push((SignedDuration::from_secs(3_600), Event::Crm(spec(away))));
    for _ in 0..dice.below(4) {
        let hour = i64::try_from(dice.below(7 * 24)).unwrap();
        events.push((SignedDuration::from_hours(hour), Event::CrashAt(dice.below(40))));
    }
}

/// Within the lag each dialect's settings assume: SMART CRM 5 s, the others 30 s.
fn lag_ms(kind: CrmKind, dice: &mut Dice) -> u64 {
    if kind == CrmKind::Dataverse { 500 + dice.below(4_000) } else { 1_000 + dice.below(20_000) }
}

fn crm_fault(kind: CrmKind, dice: &mut Dice) -> Value {
    let seconds = 5 + dice.below(300);
    let chance = 0.05 + 0.3 * (dice.below(100) as f64 / 100.0);
    let mut choices = vec![
        json!({"name": "outage", "for_seconds": seconds}),
        json!({"name": "outage", "mode": "cut", "for_seconds": seconds}),
        json!({"name": "rate_limit", "times": 1 + dice.below(20), "ms": 1_000 + dice.below(40_000)}),
        json!({"name": "slow", "ms": 200 + dice.below(20_000), "for_seconds": seconds}),
        json!({"name": "lost_reply", "probability": chance, "for_seconds": seconds}),
        json!({"name": "lost_request", "probability": chance, "for_seconds": seconds}),
        json!({"name": "html_error_page", "probability": chance, "for_seconds": seconds}),
        json!({"name": "internal_error", "probability": chance, "for_seconds": seconds}),
        json!({"name": "token_revoked", "for_seconds": seconds}),
        json!({"name": "search_lag", "ms": lag_ms(kind, dice), "for_seconds": 2_000}),
    ];
    if kind != CrmKind::RetailCrm {
        choices.push(json!({"name": "token_expired", "times": 1 + dice.below(3)}));
    }
    if kind != CrmKind::RemOnline {
        choices.push(json!({"name": "partial_failure", "probability": chance, "for_seconds": seconds}));
    }
    dice.pick(&choices)
}

fn spec(fault: Value) -> FaultSpec {
    serde_json::from_value(fault).unwrap()
}
