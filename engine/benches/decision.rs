//! What one decision costs: `next` for a new and for a known caller, and a whole call from the first question to the
//! last. `cargo bench -p tieline-engine --bench decision`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

use tieline_engine::{
    agents::{Agent, Agents},
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    facts::{Facts, Found},
    ids::RecordId,
    jiff::{Timestamp, tz::TimeZone},
    next::{Next, next},
    phone::{NumberPlan, Phone, Region, warm},
    policy::Policy,
    record::{Abilities, Kind, Record},
    scenario::Scenario,
    step::StepResult,
};

/// Long enough for stable figures, short enough to be run often.
const ROUND: Duration = Duration::from_millis(500);

fn main() {
    let policy = policy();
    warm(&policy.plan);
    let call = answered_call();
    let asked = facts(&[]);
    let known = facts(&client());
    let crowded = facts(&crowd());
    let fresh = Facts::new(noon());
    measure("first question (look-up with spellings)", || next(&call, &policy, &fresh));
    measure("steps for a new client", || next(&call, &policy, &asked));
    measure("steps for a known client", || next(&call, &policy, &known));
    measure("steps for a known client among 50 candidates", || next(&call, &policy, &crowded));
    measure("a whole call of a new client", || drive(&call, &policy, &[]));
    measure("a whole call of a known client", || drive(&call, &policy, &client()));
}

fn measure<T>(what: &str, mut work: impl FnMut() -> T) {
    for _ in 0..100 {
        black_box(work());
    }
    let mut rounds = Vec::new();
    for _ in 0..5 {
        let (begun, mut count) = (Instant::now(), 0_u32);
        while begun.elapsed() < ROUND / 5 {
            for _ in 0..50 {
                black_box(work());
            }
            count += 50;
        }
        rounds.push(begun.elapsed().as_nanos() / u128::from(count));
    }
    rounds.sort_unstable();
    println!("{:>9} ns  {what}", rounds[rounds.len() / 2]);
}

/// From the first question to the last, every step succeeding.
fn drive(call: &Call, policy: &Policy, records: &[Record]) -> Facts {
    let mut facts = Facts::new(noon());
    loop {
        match next(call, policy, &facts) {
            Next::LookUp(_) => facts.learn_found(found(records), policy),
            Next::Do(orders) => {
                facts.begin(&orders, &orders.steps, noon());
                let done = |at: usize| StepResult::Done { record: Some(RecordId::new(format!("made-{at}"))) };
                let results: BTreeMap<_, _> =
                    orders.steps.iter().enumerate().map(|(at, step)| (step.key.clone(), done(at))).collect();
                facts.learn_results(&orders, &orders.steps, &results, noon());
            }
            Next::Wait(wait) => facts.now = wait.until,
            Next::Done(_) => return facts,
        }
    }
}

fn policy() -> Policy {
    let plan = NumberPlan::new(Region::parse("UA").expect("a region"));
    let kinds = [Kind::Contact, Kind::Lead, Kind::Deal, Kind::Task, Kind::CallRecord, Kind::Note];
    let mut policy = Policy::new(plan, TimeZone::UTC, Abilities::new(kinds), Scenario::standard());
    let agents = (0..50).map(|index| Agent {
        id: format!("agent-{index}"),
        sips: vec![format!("sip-{index}")],
        numbers: vec![Phone::new(format!("38050111{index:04}"))],
        crm_user: Some(format!("u{index}").as_str().into()),
        ..Agent::default()
    });
    policy.agents = Agents::new(agents.collect(), None, Some("u0".into()));
    policy
}

fn answered_call() -> Call {
    let mut call = Call::new("p".into(), "call-1".into(), Direction::Incoming);
    call.client.phone = Some(Phone::new("380671234567"));
    call.line = Some(Phone::new("380443334455"));
    (call.phase, call.outcome, call.started_at) = (Phase::Ended, Some(Outcome::Answered), Some(noon()));
    let agent = AgentRef { sip: Some("sip-40".to_owned()), ..AgentRef::default() };
    call.legs = vec![Leg { agent, answered: true, talk_seconds: 60, ..Leg::default() }];
    call
}

fn client() -> Vec<Record> {
    let mut contact = Record::new(Kind::Contact, "7".into());
    contact.phones = vec![Phone::new("067 123-45-67")];
    contact.owner = Some("u40".into());
    let mut deal = Record::new(Kind::Deal, "8".into());
    (deal.contact, deal.owner) = (Some("7".into()), Some("u40".into()));
    vec![contact, deal]
}

/// The client among others whose numbers end alike.
fn crowd() -> Vec<Record> {
    let others = (10..58).map(|index| {
        let mut record = Record::new(Kind::Contact, RecordId::new(index.to_string()));
        record.phones = vec![Phone::new(format!("+3805{index}234567"))];
        record
    });
    client().into_iter().chain(others).collect()
}

fn facts(records: &[Record]) -> Facts {
    Facts { found: Some(found(records)), ..Facts::new(noon()) }
}

fn found(records: &[Record]) -> Found {
    Found { at: noon(), records: records.to_vec(), ..Found::default() }
}

fn noon() -> Timestamp {
    "2026-03-10T10:00:00Z".parse().expect("a time")
}
