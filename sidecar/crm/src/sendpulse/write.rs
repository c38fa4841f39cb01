//! Performing steps: one writing request each, and what its answer means for the step.

use serde_json::Value;
use tieline_engine::{
    ids::RecordId,
    record::Kind,
    step::{Step, StepResult},
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Sendpulse, answers,
    answers::id_of,
    lookup,
    posts::{Gives, Post, Target, post_of},
    refusals::{self, Refusal, refusal},
};

/// Performs one step.
pub(super) async fn perform(crm: &Sendpulse, session: &Session<'_>, step: &Step) -> Result<StepResult, Trouble> {
    let post = match post_of(crm, session, step).await? {
        Ok(post) => post,
        Err(settled) => return Ok(settled),
    };
    match post.send(crm, session).await? {
        Ok(answer) => done(&post, &answer),
        Err(why) => refused(crm, session, &post, why).await,
    }
}

fn done(post: &Post, answer: &Value) -> Result<StepResult, Trouble> {
    let told = answers::record(answer).and_then(id_of).map(RecordId::new);
    let record = match &post.gives {
        Gives::Id if told.is_none() => {
            return Err(Trouble::Uncertain(format!("{}: the answer names no id", post.name)));
        }
        Gives::Id | Gives::IdIfTold => told,
        Gives::Known(record) => Some(record.clone()),
    };
    Ok(StepResult::Done { record })
}

async fn refused(crm: &Sendpulse, session: &Session<'_>, post: &Post, why: Refusal) -> Result<StepResult, Trouble> {
    match (why, &post.target) {
        // Somebody removed the task: nothing is left to close.
        (Refusal::NotFound, Target::Path(Kind::Task)) => Ok(StepResult::Done { record: None }),
        (Refusal::NotFound, Target::Path(kind)) => Ok(StepResult::TargetGone { kind: *kind }),
        (Refusal::NotFound, Target::Nothing) => Err(Trouble::Malformed(format!("{}: not found", post.name))),
        (Refusal::NotFound, Target::Body { contact, deal }) => {
            let gone = gone(crm, session, contact.as_deref(), deal.as_deref()).await?;
            let text = "the pipeline, board, step or user it names is not there: check their ids";
            Ok(gone.unwrap_or_else(|| refusal("not_found", text)))
        }
        (Refusal::Bad(data), Target::Body { contact, deal }) if data.says("contact") || data.says("connection") => {
            let gone = gone(crm, session, contact.as_deref(), deal.as_deref()).await?;
            Ok(gone.unwrap_or_else(|| refusals::explain(&post.filled, post.holds_only_fields(), &data)))
        }
        (Refusal::Bad(data), _) => Ok(refusals::explain(&post.filled, post.holds_only_fields(), &data)),
    }
}

/// Which of the records in a body is gone. The error does not say, and taking a wrong pipeline for a lost contact
/// would make a second contact.
async fn gone(
    crm: &Sendpulse,
    session: &Session<'_>,
    contact: Option<&str>,
    deal: Option<&str>,
) -> Result<Option<StepResult>, Trouble> {
    let Some(contact) = contact else {
        return Ok(None);
    };
    let Some(deals) = lookup::deals_of(crm, session, contact).await? else {
        return Ok(Some(StepResult::TargetGone { kind: Kind::Contact }));
    };
    let is_there = |deal: &str| deals.iter().any(|other| id_of(other).as_deref() == Some(deal));
    let is_gone = deal.is_some_and(|deal| !is_there(deal));
    Ok(is_gone.then_some(StepResult::TargetGone { kind: Kind::Deal }))
}
