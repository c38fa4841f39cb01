//! CRMs that hear of a call before it ends, and those whose call record is finished by a step of its own.

use jiff::{SignedDuration, Timestamp};

use super::{plan::Known, steps};
use crate::{
    agents::Named,
    call::Direction,
    reason::{Reason, ReasonCode},
    scenario::Then,
    step::{Action, Announcement, CallEntry, Ref, Step, StepKey},
};

/// Telling the CRM of an incoming call while it is under way (SM-13).
pub(super) fn announce(known: &Known<'_>, then: &Then) -> Option<Step> {
    let call = known.call;
    let wanted = known.policy.abilities.announces_ringing && then.call_record && !known.is_over();
    if !wanted || call.seen_as() != Direction::Incoming {
        return None;
    }
    let agent = match known.agent() {
        Named::Agent(agent) => Some(agent),
        Named::Unmapped(_) | Named::Nobody => None,
    };
    let ringing = Announcement {
        call: call.id.clone(),
        direction: call.seen_as(),
        started_at: call.started_at,
        client: known.key.phone().cloned(),
        client_text: known.key.text().cloned(),
        line: call.line.clone(),
        agent: agent.and_then(|agent| agent.crm_user.clone()),
        agent_code: agent.and_then(|agent| agent.extensions.first().or(agent.sips.first()).cloned()),
    };
    let action = Action::Announce(Box::new(ringing));
    Some(steps::step(known, StepKey::announce(), action, Reason::new(ReasonCode::Announced)))
}

/// Finishing the entry, once it tells all that is to be expected.
pub(super) fn complete(known: &Known<'_>, entry: Option<&CallEntry>, planned: &[Step]) -> Option<Step> {
    let entry = entry.filter(|_| known.policy.abilities.completes_call_record)?;
    if awaited_until(known, entry).is_some() {
        return None;
    }
    let key = StepKey::call_record();
    let there = known.facts.made(&key).cloned().map(Ref::Known);
    let record = there.or_else(|| planned.iter().any(|step| step.key == key).then_some(Ref::Made(key)))?;
    let action = Action::CompleteCall { record, entry: Box::new(entry.clone()) };
    Some(steps::step(known, StepKey::complete_call_record(), action, Reason::new(ReasonCode::CallCompleted)))
}

/// Until when the made entry stays unfinished for the recording's sake.
pub(super) fn still_open_until(known: &Known<'_>, entry: Option<&CallEntry>) -> Option<Timestamp> {
    let is_open =
        known.facts.is_done(&StepKey::call_record()) && !known.facts.is_done(&StepKey::complete_call_record());
    let entry = entry.filter(|_| known.policy.abilities.completes_call_record && is_open)?;
    awaited_until(known, entry)
}

/// A talk's recording is waited for; nobody records a call that was not answered.
fn awaited_until(known: &Known<'_>, entry: &CallEntry) -> Option<Timestamp> {
    let is_missing = entry.recording.is_none() && known.call.is_answered();
    let patience = SignedDuration::from_secs(i64::from(known.policy.patience.recording_seconds));
    Some(known.ended_at() + patience).filter(|until| is_missing && known.facts.now < *until)
}
