//! Performing steps: one request each, and what its answer means for the step.

use serde_json::Value;
use tieline_engine::{
    ids::RecordId,
    record::Kind,
    step::{Action, Step, StepResult},
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Retailcrm, answers, auth, marks,
    posts::{Gives, Post, post_of, refusal},
    refusals::{self, Refusal},
};

/// Performs one step.
pub(super) async fn perform(crm: &Retailcrm, session: &Session<'_>, step: &Step) -> Result<StepResult, Trouble> {
    let post = match post_of(crm, session, step)? {
        Ok(post) => post,
        Err(settled) => return Ok(settled),
    };
    let mut fields = vec![(post.entity, post.json.as_str())];
    fields.extend(post.by_id.then_some(("by", "id")));
    fields.extend(crm.settings.site.as_deref().filter(|_| post.takes_site).map(|site| ("site", site)));
    let request = auth::post(&crm.settings, post.name, &post.path, &fields);
    match answers::write(session, request).await? {
        Ok(answer) => done(&post, &answer),
        Err(why) => refused(crm, session, step, &post, why).await,
    }
}

fn done(post: &Post, answer: &Value) -> Result<StepResult, Trouble> {
    let record = match &post.gives {
        Gives::Id => {
            let id = answers::id_of(answer).or_else(|| answers::id_of(answer.get(post.entity)?));
            let id = id.ok_or_else(|| Trouble::Uncertain(format!("{}: the answer names no id", post.name)))?;
            Some(RecordId::new(id))
        }
        Gives::Known(record) => Some(record.clone()),
        Gives::Nothing => None,
        Gives::CallCounts => return Ok(uploaded(answer)),
    };
    Ok(StepResult::Done { record })
}

/// One call was sent: it was taken, or it was there already, or something is wrong with it.
fn uploaded(answer: &Value) -> StepResult {
    let taken = answer.get("processedCallsCount").and_then(Value::as_u64);
    let is_duplicate = !answers::entries(answer.get("duplicateCalls")).is_empty();
    if taken == Some(0) && !is_duplicate {
        return refusal("not_processed", "the CRM took the upload and left the call out");
    }
    if is_duplicate { StepResult::DoneBefore { record: None } } else { StepResult::Done { record: None } }
}

async fn refused(
    crm: &Retailcrm,
    session: &Session<'_>,
    step: &Step,
    post: &Post,
    why: Refusal,
) -> Result<StepResult, Trouble> {
    let data = match (why, post.target) {
        // Nobody has to do a task that was deleted.
        (Refusal::NotFound, Some(Kind::Task)) => return done(post, &Value::Null),
        (Refusal::NotFound, Some(kind)) => return Ok(StepResult::TargetGone { kind }),
        (Refusal::NotFound, None) => {
            return Err(Trouble::Malformed(format!("{}: not found", post.name)));
        }
        (Refusal::Bad(data), Some(Kind::Task)) if data.misses("task") => return done(post, &Value::Null),
        (Refusal::Bad(data), _) => data,
    };
    if let Action::Create { kind, .. } = &step.action
        && data.names("externalId")
        && let Some(record) = marks::by_mark_now(crm, session, *kind, &step.mark).await?
    {
        return Ok(StepResult::Done { record: Some(record) });
    }
    Ok(refusals::explain(step, post.target, &data))
}
