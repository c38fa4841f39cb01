//! Building single steps.

use jiff::SignedDuration;

use super::{
    PEOPLE,
    fields::{first, new_fields, unmapped, visit_fields},
    missed,
    plan::Known,
};
use crate::{
    agents::Named,
    ids::RecordId,
    note,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::{By, TaskAbout, TaskPlan, Then, Treat, Who},
    step::{Action, CallEntry, Fields, Mark, Ref, Step, StepKey, Task},
};

/// Minutes until a task about an unknown agent is due: the field's usual four hours (telephony/events.md, matrix).
const CHECK_SETTINGS_MINUTES: u32 = 240;

/// Making or updating the contact, lead or deal, as the row treats it.
pub(super) fn person(known: &Known<'_>, then: &Then, kind: Kind, reasons: &mut Vec<Reason>) -> Option<Step> {
    let treat = treat(then, kind);
    if treat == Treat::Nothing || !known.policy.abilities.kinds.contains(&kind) {
        return None;
    }
    let created = StepKey::create(kind);
    if known.facts.steps.contains_key(&created) {
        let made_here = known.facts.made_here(kind).is_some();
        let record = known.facts.made(&created)?;
        if !made_here {
            reasons.push(Reason::new(ReasonCode::AdoptedExisting).with(kind.as_str(), record.as_str()));
        }
        return if made_here || treat.updates() { update(known, kind, record) } else { None };
    }
    if let Some(record) = known.target.record(kind) {
        reasons.push(Reason::new(ReasonCode::ReusedOpen).with(kind.as_str(), record.as_str()));
        return if treat.updates() { update(known, kind, record) } else { None };
    }
    // Nothing is left hanging loose while the CRM refuses the contact it belongs to.
    if !treat.creates() || known.facts.is_refused(&StepKey::create(Kind::Contact)) {
        return None;
    }
    let had_closed =
        (kind == Kind::Deal && known.target.closed_deal.is_some()) || (kind == Kind::Lead && known.target.closed_lead);
    let why = if had_closed { ReasonCode::ClosedNotReused } else { ReasonCode::NewClient };
    let contact = (kind != Kind::Contact).then(|| refer(known, then, Kind::Contact)).flatten();
    if contact.is_none() && known.policy.abilities.needs_contact.contains(&kind) {
        reasons.push(Reason::new(ReasonCode::NeedsContact).with("record", kind.as_str()));
        return None;
    }
    let fields = new_fields(known, then, kind, reasons);
    Some(step(known, created, Action::Create { kind, fields, contact }, Reason::new(why)))
}

/// Adding the number to a contact this call made without it.
pub(super) fn phone(known: &Known<'_>, planned: &[Step]) -> Option<Step> {
    let (phone, phone_text) = (known.key.phone().cloned(), known.key.text().cloned());
    let created = StepKey::create(Kind::Contact);
    let made_here = known.facts.made_here(Kind::Contact).is_some() || planned.iter().any(|step| step.key == created);
    let wanted = known.policy.abilities.makes_contacts_bare && made_here && (phone.is_some() || phone_text.is_some());
    let contact = linked(known, Kind::Contact, planned).filter(|_| wanted)?;
    let action = Action::AddPhone { contact, phone, phone_text };
    Some(step(known, StepKey::add_phone(), action, Reason::new(ReasonCode::PhoneAdded)))
}

/// Writing what is new of the call and visit data into an existing record, once all of it is known.
fn update(known: &Known<'_>, kind: Kind, record: &RecordId) -> Option<Step> {
    let mut fields = visit_fields(known, kind);
    if let Some(written) = known.facts.written.get(&kind) {
        fields = fields.without(written);
    }
    let worth = known.is_over() && fields != Fields::default();
    let action = Action::Update { kind, record: Ref::Known(record.clone()), fields };
    worth.then(|| step(known, StepKey::update(kind), action, Reason::new(ReasonCode::VisitData)))
}

/// The call list entry as it should be.
pub(super) fn entry(known: &Known<'_>, then: &Then, planned: &[Step]) -> Option<CallEntry> {
    let call = known.call;
    let outcome = call.outcome?;
    if !logs(known, then) && then.notes.is_empty() {
        return None;
    }
    let agent = match known.agent() {
        Named::Agent(agent) => Some(agent),
        Named::Unmapped(_) | Named::Nobody => None,
    };
    let [contact, lead, deal] = PEOPLE.map(|kind| linked(known, kind, planned));
    Some(CallEntry {
        call: call.id.clone(),
        direction: call.seen_as(),
        source: call.source,
        outcome,
        started_at: call.started_at.or(call.ended_at),
        talk_seconds: call.talk_seconds,
        ring_seconds: call.ring_seconds,
        client: known.key.phone().cloned(),
        client_text: known.key.text().cloned(),
        line: call.line.clone(),
        agent: agent.and_then(|agent| agent.crm_user.clone()),
        agent_code: agent.and_then(|agent| agent.extensions.first().or(agent.sips.first()).cloned()),
        recording: call.main_recording(),
        contact,
        lead,
        deal,
        parts: note::parts(call, unmapped(known)),
    })
}

/// Whether the call is put into a call list; otherwise the entry only tells what the notes say.
fn logs(known: &Known<'_>, then: &Then) -> bool {
    then.call_record && known.policy.abilities.kinds.contains(&Kind::CallRecord)
}

/// Putting the call into the CRM's call list.
pub(super) fn log_call(known: &Known<'_>, then: &Then, entry: Option<&CallEntry>) -> Option<Step> {
    let entry = entry.filter(|_| logs(known, then))?;
    let is_linked = entry.contact.is_some() || entry.lead.is_some() || entry.deal.is_some();
    let action = Action::LogCall(Box::new(entry.clone()));
    (is_linked || known.policy.abilities.logs_unlinked_calls)
        .then(|| step(known, StepKey::call_record(), action, Reason::new(ReasonCode::CallLogged)))
}

/// The row's tasks; an unknown agent's talk becomes a task to check the settings (G-08).
pub(super) fn tasks(known: &Known<'_>, then: &Then, planned: &[Step], reasons: &mut Vec<Reason>) -> Vec<Step> {
    if !known.policy.abilities.kinds.contains(&Kind::Task) {
        return Vec::new();
    }
    let mut plans: Vec<TaskPlan> = then.tasks.clone();
    let makes_anything =
        !then.tasks.is_empty() || then.call_record || PEOPLE.iter().any(|kind| treat(then, *kind) != Treat::Nothing);
    if known.by() == By::Unmapped && makes_anything {
        plans.retain(|plan| plan.about != TaskAbout::Talk);
        let to = vec![Who::Senior];
        // Behind the row's own task of this name, which then wins.
        plans.push(TaskPlan { about: TaskAbout::CheckSettings, to, due_minutes: Some(CHECK_SETTINGS_MINUTES) });
    }
    plans.iter().filter_map(|plan| task(known, then, plan, planned, reasons)).collect()
}

fn task(known: &Known<'_>, then: &Then, plan: &TaskPlan, planned: &[Step], reasons: &mut Vec<Reason>) -> Option<Step> {
    let [contact, lead, mut deal] = PEOPLE.map(|kind| linked(known, kind, planned));
    deal = deal.or_else(|| known.target.closed_deal.clone().map(Ref::Known));
    let hangs = match known.policy.abilities.task_needs {
        Some(Kind::Contact) => contact.is_some(),
        Some(Kind::Lead) => lead.is_some(),
        Some(Kind::Deal) => deal.is_some(),
        // A row of tasks alone needs no record (Z-35); one that makes records has none without them (Z-09).
        Some(Kind::Task | Kind::CallRecord | Kind::Note) | None => {
            contact.is_some()
                || lead.is_some()
                || deal.is_some()
                || PEOPLE.iter().all(|kind| treat(then, *kind) == Treat::Nothing)
        }
    };
    if !hangs {
        reasons.push(Reason::new(ReasonCode::NoTaskWithoutRecord).with("task", plan.about.as_str()));
        return None;
    }
    let due_minutes = missed::due_minutes(known, plan.about, plan.due_minutes);
    let due_at = due_minutes.map(|minutes| known.ended_at() + SignedDuration::from_mins(i64::from(minutes)));
    let task = Task {
        about: plan.about,
        name: None,
        board: None,
        owner: first(known, &plan.to),
        due_at,
        done: plan.due_minutes.is_none(),
        client: known.key.phone().cloned(),
        client_text: known.key.text().cloned(),
        unmapped_agent: unmapped(known),
        contact,
        lead,
        deal,
        parts: note::parts(known.call, unmapped(known)),
    };
    let action = Action::AddTask(Box::new(missed::as_wanted(known, task, reasons)?));
    Some(step(known, StepKey::task(plan.about), action, Reason::new(ReasonCode::TaskForCall)))
}

/// The call as a note on records of the row's kinds.
pub(super) fn notes(known: &Known<'_>, then: &Then, planned: &[Step]) -> Vec<Step> {
    note_steps(known, &then.notes, planned, 0, &note::parts(known.call, unmapped(known)), ReasonCode::NoteOnRecord)
}

/// Notes with given parts on records of given kinds, where the CRM takes them.
pub(super) fn note_steps(
    known: &Known<'_>,
    on: &[Kind],
    planned: &[Step],
    version: u32,
    parts: &[note::NotePart],
    why: ReasonCode,
) -> Vec<Step> {
    let able = on.iter().copied().filter(|kind| known.policy.abilities.notes_on.contains(kind));
    able.filter_map(|kind| {
        let record = linked(known, kind, planned)?;
        let action = Action::AddNote { on: kind, record, parts: parts.to_vec() };
        Some(step(known, StepKey::note(kind, version), action, Reason::new(why)))
    })
    .collect()
}

/// Giving the contact its Google client id, where that has a place of its own (RC-15).
pub(super) fn visit(known: &Known<'_>, then: &Then, planned: &[Step]) -> Option<Step> {
    let id = known.call.client.google_client_id.clone().filter(|id| !id.trim().is_empty())?;
    let fresh = known.target.contact.is_none() || then.contact.updates();
    let contact = linked(known, Kind::Contact, planned).filter(|_| known.policy.abilities.takes_visits && fresh)?;
    let action = Action::LinkVisit { contact, google_client_id: id };
    Some(step(known, StepKey::visit(), action, Reason::new(ReasonCode::VisitLinked)))
}

/// A step with its mark.
pub(super) fn step(known: &Known<'_>, key: StepKey, action: Action, reason: Reason) -> Step {
    let mark = Mark::of(known.call.project.as_str(), &known.call.id, &key);
    Step { key, mark, action, reason }
}

/// The record of a kind this call works on: known before, made already, or made by a step of this list.
pub(super) fn linked(known: &Known<'_>, kind: Kind, planned: &[Step]) -> Option<Ref> {
    let key = StepKey::create(kind);
    let made = known.facts.made(&key).cloned();
    let there = made.or_else(|| known.target.record(kind).cloned()).map(Ref::Known);
    there.or_else(|| planned.iter().any(|step| step.key == key).then_some(Ref::Made(key)))
}

/// As [`linked`], for a contact that the row makes in the same list.
fn refer(known: &Known<'_>, then: &Then, kind: Kind) -> Option<Ref> {
    let key = StepKey::create(kind);
    let there = known.facts.made(&key).or_else(|| known.target.record(kind)).cloned().map(Ref::Known);
    let coming = treat(then, kind).creates() && known.policy.abilities.kinds.contains(&kind);
    there.or_else(|| (coming && !known.facts.steps.contains_key(&key)).then_some(Ref::Made(key)))
}

fn treat(then: &Then, kind: Kind) -> Treat {
    match kind {
        Kind::Contact => then.contact,
        Kind::Lead => then.lead,
        Kind::Deal => then.deal,
        Kind::Task | Kind::CallRecord | Kind::Note => Treat::Nothing,
    }
}
