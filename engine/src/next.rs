//! The one decision: what to do next for a call, given what is known.
//!
//! The caller asks [`next`], does what it says, adds the answer to the facts with the methods of
//! [`Facts`], stores them and asks again, until it is told to wait or that it is done:
//!
//! | answer | what the caller does |
//! |---|---|
//! | [`Next::LookUp`] | asks the CRM, then `facts.learn_found` |
//! | [`Next::Do`] | `facts.begin`, stores, sends, then `facts.learn_results` (or `facts.not_sent`) |
//! | [`Next::Wait`] | comes back at that time, or when the call was amended |
//! | [`Next::Done`] | nothing more, unless the call is amended later |

mod completion;
mod fields;
mod later;
mod missed;
mod plan;
mod steps;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Outcome, Phase, Source},
    client::{self, ClientKey},
    facts::{self, Facts, Found, Target},
    lookup::{LookUp, Sought, SoughtMark},
    matching, phone,
    policy::Policy,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::Situation,
    step::{CallEntry, Step},
};

/// Contact, lead and deal, in the order they are made: what others hang on comes first.
pub const PEOPLE: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Deal];

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Ask the CRM.
    LookUp(LookUp),
    /// Do these steps, as many at once as the CRM can take.
    Do(Box<Orders>),
    /// Nothing before a time or an amendment.
    Wait(Wait),
    /// Nothing more.
    Done(Verdict),
}

/// Steps to do, and what they rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// The records the call works on, fixed from now on.
    pub target: Target,
    /// What was decided about.
    pub situation: Situation,
    /// Every step that is possible now, in an order that keeps references behind what they refer to.
    pub steps: Vec<Step>,
    /// The call list entry as it will be when all is done.
    pub entry: Option<CallEntry>,
    /// How it came to this.
    pub reasons: Vec<Reason>,
}

/// Nothing to do before a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// When to ask again at the latest.
    pub until: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// How a call ended up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Written, skipped or failed.
    pub end: End,
    /// How it came to this.
    pub reasons: Vec<Reason>,
}

/// How a call ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Everything the scenario asks for is in the CRM.
    Written,
    /// Nothing is to be written, for this reason.
    Skipped(ReasonCode),
    /// The CRM refuses a step; a person must act.
    Failed,
}

/// What to do next for a call. A pure function: the same arguments give the same answer.
#[must_use]
pub fn next(call: &Call, policy: &Policy, facts: &Facts) -> Next {
    let key = match client::identify(call, policy) {
        Ok(key) => key,
        Err(reason) => return skipped(reason, facts),
    };
    let settled = match settle(call, policy, facts) {
        Ok(settled) => settled,
        Err(wait) => return Next::Wait(wait),
    };
    let call = settled.as_ref().unwrap_or(call);
    if let Some(first) = prove_uncertain(call, &key, policy, facts) {
        return first;
    }
    let (target, mut reasons) = match &facts.target {
        Some(target) if !facts.is_overtaken() => (target.clone(), Vec::new()),
        None | Some(_) => match facts.found.as_ref().filter(|_| !facts.is_overtaken()) {
            Some(found) if !is_stale(found, policy, facts) => {
                let chat = call.client.chat.as_ref().map(crate::call::Chat::joined);
                matching::target(&key, chat.as_deref(), policy, facts, found)
            }
            None | Some(_) => {
                // Whoever read or wrote something already needs the CRM's own answer, not one kept from before.
                let fresh = facts.found.is_some() || !facts.steps.is_empty();
                let ask = ask(call, &key, policy, Vec::new(), ReasonCode::LookUpNeeded);
                return Next::LookUp(LookUp { fresh, ..ask });
            }
        },
    };
    reasons.extend(key.text().map(|_| Reason::new(ReasonCode::AmbiguousNumber)));
    reasons.extend(settled.as_ref().map(|_| Reason::new(ReasonCode::SettledWithoutEnd)));
    plan::decide(&plan::Known::new(call, &key, policy, facts, target), reasons)
}

/// What was read about a client is not decided upon for ever; that nobody was found, only shortly. Of what was read
/// before a clock was put back nobody can tell how old it is.
fn is_stale(found: &Found, policy: &Policy, facts: &Facts) -> bool {
    let patience = &policy.patience;
    let seconds = if found.records.is_empty() { patience.nobody_seconds } else { patience.found_seconds };
    facts.now < found.at || facts.now > found.at + SignedDuration::from_secs(i64::from(seconds))
}

/// Steps the CRM refused end the call until a person acts.
fn failed(facts: &Facts, mut reasons: Vec<Reason>) -> Option<Next> {
    let refused: Vec<Reason> = facts
        .refused()
        .map(|(key, code, text)| {
            Reason::new(ReasonCode::StepRefused).with("step", key.as_str()).with("code", code).with("text", text)
        })
        .collect();
    if refused.is_empty() {
        return None;
    }
    reasons.extend(refused);
    Some(Next::Done(Verdict { end: End::Failed, reasons }))
}

/// Nothing is to be written. What was written before a later piece told so stays written.
fn skipped(reason: Reason, facts: &Facts) -> Next {
    let wrote = facts.steps.keys().any(|key| facts.is_done(key));
    let end = if wrote { End::Written } else { End::Skipped(reason.code) };
    Next::Done(Verdict { end, reasons: vec![reason] })
}

/// The call as it is to be judged: itself, or settled from what is known when no final status came in time
/// (G-04). While it may still change and no row acts this early, the answer is to wait.
fn settle(call: &Call, policy: &Policy, facts: &Facts) -> Result<Option<Call>, Wait> {
    let is_final = call.source == Source::Messenger || (call.phase == Phase::Ended && call.outcome.is_some());
    if is_final {
        return Ok(None);
    }
    let begun = call.started_at.unwrap_or(facts.accepted_at).max(facts.accepted_at);
    let until = begun + SignedDuration::from_secs(i64::from(policy.patience.not_final_seconds));
    if facts.now < until {
        let early = call.phase != Phase::Ended && policy.scenario.acts_before_end(call.phase);
        let wait = Wait { until, reason: Reason::new(ReasonCode::NotFinal) };
        return if early { Ok(None) } else { Err(wait) };
    }
    let talked =
        call.phase == Phase::PickedUp || call.answered_at.is_some() || call.legs.iter().any(|leg| leg.answered);
    let mut settled = call.clone();
    settled.phase = Phase::Ended;
    settled.outcome = settled.outcome.or(Some(if talked { Outcome::Answered } else { Outcome::NoAnswer }));
    Ok(Some(settled))
}

/// Before anything is done again, steps that may have happened are looked for. Steps whose repetition has one
/// effect need no proof.
fn prove_uncertain(call: &Call, key: &ClientKey, policy: &Policy, facts: &Facts) -> Option<Next> {
    let lag = facts::proof_lag(policy);
    let open: Vec<_> = facts.uncertain().filter(|(key, _, _)| !key.is_repeatable()).collect();
    let latest = open.iter().map(|(_, since, _)| *since).max()?;
    let asked_since = facts.found.as_ref().is_some_and(|found| found.at >= latest && found.at < latest + lag);
    if asked_since && facts.now < latest + lag {
        let reason =
            Reason::new(ReasonCode::LagNotOver).with("step", open.first().map_or("", |(key, _, _)| key.as_str()));
        return Some(Next::Wait(Wait { until: latest + lag, reason }));
    }
    let marks = open.iter().filter_map(|(key, since, mark)| {
        Some(SoughtMark { key: (*key).clone(), kind: key.makes()?, mark: (*mark).clone(), since: *since })
    });
    Some(Next::LookUp(ask(call, key, policy, marks.collect(), ReasonCode::UncertainStep)))
}

/// A look-up of the client and of marks. The client is left out when only records that can be found without it are in
/// doubt.
fn ask(call: &Call, key: &ClientKey, policy: &Policy, marks: Vec<SoughtMark>, why: ReasonCode) -> LookUp {
    let by_client = |mark: &SoughtMark| {
        PEOPLE.contains(&mark.kind) || (mark.kind == Kind::Note && policy.abilities.seeks_notes_by_client)
    };
    let wants_client = marks.is_empty() || marks.iter().any(by_client);
    let kinds: BTreeSet<Kind> = PEOPLE.into_iter().filter(|kind| policy.abilities.kinds.contains(kind)).collect();
    let mut spellings = match key {
        ClientKey::Phone(phone) => phone::spellings(phone, &policy.crm_plan),
        ClientKey::Text(digits) => vec![digits.raw().to_owned()],
        ClientKey::Chat(_) | ClientKey::Visit(_) => Vec::new(),
    };
    spellings.truncate(policy.abilities.spellings_max);
    let chat = call.client.chat.as_ref().map(crate::call::Chat::joined);
    let name = call.client.name.clone().filter(|name| !name.is_blank());
    let client = wants_client.then(|| Sought { key: key.clone(), spellings, chat, name, kinds });
    LookUp { client, marks, fresh: why != ReasonCode::LookUpNeeded, reason: Reason::new(why) }
}

/// The look-up for a caller before anything is written: what routing and caller cards need.
#[must_use]
pub fn caller_look_up(call: &Call, policy: &Policy) -> Option<LookUp> {
    let key = client::identify(call, policy).ok()?;
    Some(ask(call, &key, policy, Vec::new(), ReasonCode::LookUpNeeded))
}
