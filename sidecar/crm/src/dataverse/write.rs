//! Performing steps: one change set for all of them, and what its answer means for each.
//!
//! A change set is all or nothing, so a refusal is safe to follow up at once: first by what can be repaired (a value
//! too long, an optional column the organisation lacks), then by the first step alone, whose answer is its own.

use std::collections::BTreeMap;

use tieline_engine::{
    record::{Kind, Record},
    step::{Action, Step, StepKey, StepResult},
};

use super::{
    answers::{Refusal, Why},
    batch::OPERATIONS_MAX,
    drafts::{self, Draft, draft, refusal},
    lookup,
    repair::repair,
    values,
    wire::{Wire, Written},
};
use crate::{dialect::Answer, trouble::Trouble};

type Results = BTreeMap<StepKey, StepResult>;

/// A step and what it sends.
type Sending<'s> = (&'s Step, Draft);

/// How many of the leading steps go in one request. A finished call may take three operations (open, change, close).
pub(super) fn bundle(steps: &[Step]) -> usize {
    let operations = |step: &Step| match step.action {
        Action::AmendCall { .. } | Action::CompleteCall { .. } => 3,
        _ => 1,
    };
    let mut room = OPERATIONS_MAX;
    let fits = |step: &&Step| {
        let left = room.checked_sub(operations(step)).filter(|_| drafts::is_bundled(step));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let count = steps.iter().take_while(fits).count();
    count.max(1).min(steps.len())
}

/// Performs the steps of one bundle.
pub(super) async fn perform(wire: &Wire<'_>, steps: &[Step]) -> Result<Answer, Trouble> {
    let mut sending: Vec<Sending<'_>> = Vec::new();
    for step in steps {
        match draft(wire, steps, step).await? {
            Ok(draft) => sending.push((step, draft)),
            // What hangs on a step that is settled otherwise waits for the engine's next decision.
            Err(settled) if sending.is_empty() => return Ok(answer(Results::from([(step.key.clone(), settled)]))),
            Err(_) => break,
        }
    }
    let mut written = send(wire, &sending).await?;
    if let Err(refused) = &written
        && repair(wire.settings, &mut sending, refused)
    {
        written = send(wire, &sending).await?;
    }
    let Err(mut refused) = written else { return Ok(answer(done(&sending))) };
    if sending.len() > 1 {
        if refused.why == Why::Exists
            && let Some(results) = made_before(wire, &sending).await?
        {
            return Ok(answer(results));
        }
        sending.truncate(1);
        match send_first(wire, &mut sending).await? {
            Ok(()) => return Ok(answer(done(&sending))),
            Err(first) => refused = first,
        }
    }
    let mut results = Results::new();
    if let Some((step, draft)) = sending.first() {
        results.insert(step.key.clone(), explain(wire, step, draft, &refused).await?);
    }
    Ok(answer(results))
}

fn answer(results: Results) -> Answer {
    Answer { results }
}

async fn send(wire: &Wire<'_>, sending: &[Sending<'_>]) -> Result<Written, Trouble> {
    let Some((_, first)) = sending.first() else { return Ok(Ok(())) };
    let operations: Vec<_> = sending.iter().flat_map(|(_, draft)| draft.operations.iter().cloned()).collect();
    wire.write(&operations, &first.row).await
}

async fn send_first(wire: &Wire<'_>, first: &mut [Sending<'_>]) -> Result<Written, Trouble> {
    match send(wire, first).await? {
        Err(refused) if repair(wire.settings, first, &refused) => send(wire, first).await,
        written => Ok(written),
    }
}

fn done(sending: &[Sending<'_>]) -> Results {
    let done = |draft: &Draft| StepResult::Done { record: Some(draft.row.record()) };
    sending.iter().map(|(step, draft)| (step.key.clone(), done(draft))).collect()
}

/// Which rows of a refused change set are there already: an earlier answer was lost. Only we make their ids.
async fn made_before(wire: &Wire<'_>, sending: &[Sending<'_>]) -> Result<Option<Results>, Trouble> {
    let makes = |(step, _): &&Sending<'_>| lookup::set_of(step.key.makes()).is_some();
    let makers: Vec<&Sending<'_>> = sending.iter().filter(makes).collect();
    let path = |(step, draft): &&Sending<'_>| {
        let (set, id) = lookup::set_of(step.key.makes())?;
        Some(lookup::row_path(set, id, &draft.row))
    };
    let paths: Vec<String> = makers.iter().filter_map(path).collect();
    let Some((_, first)) = makers.first() else { return Ok(None) };
    let there = wire.there(&paths, &first.row).await?;
    let found = makers.iter().zip(there).filter(|(_, there)| *there);
    let results: Results = found
        .map(|((step, draft), _)| (step.key.clone(), StepResult::Done { record: Some(draft.row.record()) }))
        .collect();
    Ok((!results.is_empty()).then_some(results))
}

/// What a refusal means for the step it is about.
async fn explain(wire: &Wire<'_>, step: &Step, draft: &Draft, refused: &Refusal) -> Result<StepResult, Trouble> {
    let plain = || Ok(refusal(&refused.code, &columns_named(draft, refused)));
    match refused.why {
        Why::Exists | Why::Duplicate => existing(wire, step, draft, refused).await,
        Why::Gone if refused.speaks_of("systemuser") => {
            Ok(refusal(&refused.code, "the user is not in the CRM; correct the project's list of agents"))
        }
        Why::Gone => match draft.target {
            Some(kind) => Ok(StepResult::TargetGone { kind }),
            None => plain(),
        },
        Why::TooLong | Why::Bad => match mapped(step, refused) {
            Some(field) => Ok(StepResult::FieldRefused { field, text: refused.code.clone() }),
            None => plain(),
        },
    }
}

/// The row is there: it is ours by its id, or another contact with the number.
async fn existing(wire: &Wire<'_>, step: &Step, draft: &Draft, refused: &Refusal) -> Result<StepResult, Trouble> {
    let done = || Ok(StepResult::Done { record: Some(draft.row.record()) });
    let Some((set, id)) = lookup::set_of(step.key.makes()) else {
        return Ok(refusal(&refused.code, "another row has the same key"));
    };
    if refused.is_about_own_id() {
        return done();
    }
    let path = lookup::row_path(set, id, &draft.row);
    if wire.there(&[path], &draft.row).await?.contains(&true) {
        return done();
    }
    match other_contact(wire, step).await? {
        Some(record) => Ok(StepResult::Exists(Box::new(record))),
        None => Ok(refusal(&refused.code, "another row has the same key, and it has not the client's number")),
    }
}

async fn other_contact(wire: &Wire<'_>, step: &Step) -> Result<Option<Record>, Trouble> {
    let Action::Create { kind: Kind::Contact, fields, .. } = &step.action else { return Ok(None) };
    let Some(number) = values::number(fields.phone.as_ref(), fields.phone_text.as_ref()) else { return Ok(None) };
    let spellings = [number.to_owned(), number.trim_start_matches('+').to_owned()];
    Ok(lookup::by_number(wire, &spellings, fields.chat.as_deref()).await?.into_iter().next())
}

/// The mapped column a refusal is about: the call can do without it.
fn mapped(step: &Step, refused: &Refusal) -> Option<String> {
    let (Action::Create { fields, .. } | Action::Update { fields, .. }) = &step.action else { return None };
    fields.custom.keys().find(|column| refused.names(column)).cloned()
}

/// Names of ours only: the rest of the message may quote the client.
fn columns_named(draft: &Draft, refused: &Refusal) -> String {
    let bodies = draft.operations.iter().map(|operation| &operation.body);
    let named: Vec<&str> =
        bodies.flat_map(|body| body.keys()).map(String::as_str).filter(|column| refused.names(column)).collect();
    if named.is_empty() { "the CRM names no column".to_owned() } else { format!("about {}", named.join(", ")) }
}
