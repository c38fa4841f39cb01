//! Later facts: a recording that came after the call was written, a status that changed (G-03, G18).

use super::{plan::Known, steps};
use crate::{
    note::NotePart,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::Then,
    step::{Action, CallEntry, Ref, Step, StepKey},
};

/// The steps that bring what was written up to date: a change of the entry where the CRM can, else a note.
pub(super) fn changes(known: &Known<'_>, then: &Then, entry: Option<&CallEntry>, planned: &[Step]) -> Vec<Step> {
    let (Some(written), Some(wanted)) = (&known.facts.entry, entry) else { return Vec::new() };
    if written.told() == wanted.told() {
        return Vec::new();
    }
    // The finishing step tells the whole entry.
    if known.policy.abilities.completes_call_record && !known.facts.is_done(&StepKey::complete_call_record()) {
        return Vec::new();
    }
    let version = known.facts.changes + 1;
    let record = known.facts.made(&StepKey::call_record()).cloned();
    match record.filter(|_| known.policy.abilities.amends_call_record) {
        Some(record) => {
            let action = Action::AmendCall { record: Ref::Known(record), entry: Box::new(wanted.clone()) };
            let reason = Reason::new(ReasonCode::LaterFacts);
            vec![steps::step(known, StepKey::amend_call_record(version), action, reason)]
        }
        None => {
            let on = if then.notes.is_empty() { vec![Kind::Contact] } else { then.notes.clone() };
            let parts = news(written, wanted);
            if parts.is_empty() {
                return Vec::new();
            }
            steps::note_steps(known, &on, planned, version, &parts, ReasonCode::LaterFacts)
        }
    }
}

/// The parts that were not in what was written, led by the call's time; none when a reader would see nothing new.
fn news(written: &CallEntry, wanted: &CallEntry) -> Vec<NotePart> {
    let head = wanted.started_at.map(NotePart::StartedAt);
    let fresh = wanted.parts.iter().filter(|part| !written.parts.contains(part) && Some(*part) != head.as_ref());
    let fresh: Vec<NotePart> = fresh.cloned().collect();
    if fresh.is_empty() { fresh } else { head.into_iter().chain(fresh).collect() }
}
