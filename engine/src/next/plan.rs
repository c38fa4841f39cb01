//! From the client's records and the scenario's row to the steps that are missing.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{End, Next, Orders, PEOPLE, Verdict, Wait, ask, completion, failed, later, missed, steps};
use crate::{
    agents::Named,
    call::{Call, Direction, Leg, Phase, Source},
    client::ClientKey,
    facts::{Facts, Target},
    policy::Policy,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::{By, Row, Situation, Then, Treat},
    step::{Action, CallEntry, Ref, Step, StepKey},
};

/// Everything a plan is made from.
pub(super) struct Known<'a> {
    pub(super) call: &'a Call,
    pub(super) key: &'a ClientKey,
    pub(super) policy: &'a Policy,
    pub(super) facts: &'a Facts,
    pub(super) target: Target,
    leg: Option<Leg>,
}

/// The decision for a call whose client's records are known.
pub(super) fn decide(known: &Known<'_>, mut reasons: Vec<Reason>) -> Next {
    let situation = Situation::of(known.call, known.target.client, known.by(), known.target.open_deal);
    let Some(row) = known.policy.scenario.row(&situation) else {
        return end(known, reasons, ReasonCode::NoRow);
    };
    reasons.push(Reason::new(ReasonCode::RowFits).with("row", row.name.as_str()));
    if !known.is_over() && !row.then.moment.reached(known.call.phase) {
        return known.wait_for_later(ReasonCode::BeforeMoment);
    }
    if let Some(first) = wait_for_third_party(known, &row.then) {
        return first;
    }
    let (steps, entry) = missing_steps(known, row, &mut reasons);
    if !steps.is_empty() {
        let target = known.target.clone();
        return Next::Do(Box::new(Orders { target, situation, steps, entry, reasons }));
    }
    if let Some(end) = failed(known.facts, reasons.clone()) {
        return end;
    }
    if !known.is_over() {
        return known.wait_for_later(ReasonCode::NotFinal);
    }
    if let Some(until) = completion::still_open_until(known, entry.as_ref()) {
        return Next::Wait(Wait { until, reason: Reason::new(ReasonCode::RecordingAwaited) });
    }
    let nothing = nothing_code(&row.then, &reasons);
    end(known, reasons, nothing)
}

/// Written when anything was, else skipped for a reason.
fn end(known: &Known<'_>, mut reasons: Vec<Reason>, nothing: ReasonCode) -> Next {
    if let Some(end) = failed(known.facts, reasons.clone()) {
        return end;
    }
    if !known.is_over() {
        return known.wait_for_later(ReasonCode::NotFinal);
    }
    if known.facts.steps.keys().any(|key| known.facts.is_done(key)) {
        reasons.push(Reason::new(ReasonCode::Written));
        return Next::Done(Verdict { end: End::Written, reasons });
    }
    reasons.push(Reason::new(nothing));
    Next::Done(Verdict { end: End::Skipped(nothing), reasons })
}

fn nothing_code(then: &Then, reasons: &[Reason]) -> ReasonCode {
    if reasons.iter().any(|reason| reason.code == ReasonCode::NeedsContact) {
        return ReasonCode::NeedsContact;
    }
    let only_updates = [then.contact, then.lead, then.deal].contains(&Treat::Update);
    if only_updates { ReasonCode::NothingToUpdate } else { ReasonCode::RowMakesNothing }
}

/// Every step the row asks for and the facts do not show as done, each name once.
fn missing_steps(known: &Known<'_>, row: &Row, reasons: &mut Vec<Reason>) -> (Vec<Step>, Option<CallEntry>) {
    let mut steps = Vec::new();
    for kind in PEOPLE {
        steps.extend(steps::person(known, &row.then, kind, reasons));
        if kind == Kind::Contact {
            let phone = steps::phone(known, &steps);
            steps = phone_behind_its_contact(steps, phone);
        }
    }
    steps.extend(completion::announce(known, &row.then));
    let mut entry = None;
    if known.is_over() {
        let planned = steps.clone();
        entry = steps::entry(known, &row.then, &planned);
        steps.extend(steps::log_call(known, &row.then, entry.as_ref()));
        steps.extend(completion::complete(known, entry.as_ref(), &steps));
        steps.extend(steps::tasks(known, &row.then, &planned, reasons));
        steps.extend(missed::close(known));
        steps.extend(steps::notes(known, &row.then, &planned));
        steps.extend(steps::visit(known, &row.then, &planned));
        steps.extend(later::changes(known, &row.then, entry.as_ref(), &planned));
    }
    let mut named = BTreeSet::new();
    steps.retain(|step| !known.is_settled(step) && named.insert(step.key.clone()));
    if known.policy.abilities.notes_in_new_records {
        steps = notes_behind_their_records(steps);
    }
    (steps, entry)
}

/// Nothing hangs on a contact before it has its number: until then what hangs on it is found by nobody who looks the
/// number up, and would be made twice after a lost answer.
fn phone_behind_its_contact(mut steps: Vec<Step>, phone: Option<Step>) -> Vec<Step> {
    let is_made = |step: &Step| step.key == StepKey::create(Kind::Contact);
    let place = steps.iter().position(is_made).map_or(0, |made| made + 1);
    if let Some(phone) = phone {
        steps.insert(place, phone);
    }
    steps
}

/// Puts a note on a record of this list right behind what makes the record, so that both fit into one request.
fn notes_behind_their_records(steps: Vec<Step>) -> Vec<Step> {
    let made = |step: &Step| match &step.action {
        Action::AddNote { record: Ref::Made(key), .. } => Some(key.clone()),
        _ => None,
    };
    let (notes, mut ordered): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| made(step).is_some());
    for note in notes {
        let place = ordered.iter().position(|step| made(&note).is_some_and(|key| key == step.key));
        ordered.insert(place.map_or(ordered.len(), |place| place + 1), note);
    }
    ordered
}

/// In update-only mode, a record that is not there yet may be made by another program at this very moment: look
/// again after a grace (G11, Z-12).
fn wait_for_third_party(known: &Known<'_>, then: &Then) -> Option<Next> {
    let treats = [(Kind::Contact, then.contact), (Kind::Lead, then.lead), (Kind::Deal, then.deal)];
    let only = |(_, treat): &(Kind, Treat)| *treat == Treat::Update;
    let missing = treats.iter().any(|entry| only(entry) && known.target.record(entry.0).is_none());
    if !missing || known.facts.target.is_some() || !known.is_over() {
        return None;
    }
    let found_at = known.facts.found.as_ref().map(|found| found.at)?;
    let until = known.ended_at() + SignedDuration::from_secs(i64::from(known.policy.patience.third_party_seconds));
    if found_at >= until {
        None
    } else if known.facts.now < until {
        Some(Next::Wait(Wait { until, reason: Reason::new(ReasonCode::ThirdPartyGrace) }))
    } else {
        Some(Next::LookUp(ask(known.call, known.key, known.policy, Vec::new(), ReasonCode::ThirdPartyGrace)))
    }
}

impl<'a> Known<'a> {
    pub(super) fn new(
        call: &'a Call,
        key: &'a ClientKey,
        policy: &'a Policy,
        facts: &'a Facts,
        target: Target,
    ) -> Self {
        Self { call, key, policy, facts, target, leg: deciding_leg(call) }
    }

    /// The leg that tells whose call it is.
    pub(super) fn leg(&self) -> Option<&Leg> {
        self.leg.as_ref()
    }

    /// Whom that leg names.
    pub(super) fn agent(&self) -> Named<'_> {
        self.leg().map_or(Named::Nobody, |leg| self.policy.agents.find(&leg.agent, &self.policy.plan))
    }

    /// Nothing more will happen in the call itself.
    pub(super) fn is_over(&self) -> bool {
        self.call.phase == Phase::Ended || self.call.source == Source::Messenger
    }

    /// Who talked, in relation to the client's owner. A client without an owner is nobody else's.
    pub(super) fn by(&self) -> By {
        if !(self.call.is_answered() || self.call.phase == Phase::PickedUp) {
            return By::Nobody;
        }
        match self.agent() {
            Named::Nobody => By::Nobody,
            Named::Unmapped(_) => By::Unmapped,
            Named::Agent(agent) => match (&agent.crm_user, &self.target.owner) {
                (None, _) => By::Unmapped,
                (Some(_), None) => By::Owner,
                (Some(user), Some(owner)) if user == owner => By::Owner,
                (Some(_), Some(_)) => By::Colleague,
            },
        }
    }

    /// When the call ended, as far as is known.
    pub(super) fn ended_at(&self) -> Timestamp {
        self.call.ended_at.or(self.call.started_at).unwrap_or(self.facts.accepted_at).max(self.facts.accepted_at)
    }

    /// Done or refused: not to be ordered again. An update is planned only when it has something new to write.
    fn is_settled(&self, step: &Step) -> bool {
        self.facts.is_refused(&step.key) || (self.facts.is_done(&step.key) && !step.key.is_update())
    }

    /// Waiting for a later piece of the call, at most until it is settled without one.
    fn wait_for_later(&self, why: ReasonCode) -> Next {
        let begun = self.call.started_at.unwrap_or(self.facts.accepted_at).max(self.facts.accepted_at);
        let until = begun + SignedDuration::from_secs(i64::from(self.policy.patience.not_final_seconds));
        Next::Wait(Wait { until, reason: Reason::new(why) })
    }
}

/// The leg that tells whose call it is: who talked; also who tried to call out, took a dialogue, or is the only one
/// rung when the PBX says that somebody picked up.
fn deciding_leg(call: &Call) -> Option<Leg> {
    let is_agents = call.seen_as() == Direction::Outgoing || call.source == Source::Messenger;
    let is_only = call.phase == Phase::PickedUp && call.talks().len() == 1;
    call.main_leg().filter(|leg| leg.answered || is_agents || is_only)
}
