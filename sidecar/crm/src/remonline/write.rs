//! Performing steps: a creation takes the notes on it along, everything else is a request of its own.

use serde_json::Value;
use tieline_engine::{
    ids::RecordId,
    record::Kind,
    step::{Action, Ref, Step, StepResult},
};

use crate::{
    dialect::{Answer, Session},
    trouble::Trouble,
};

use super::{
    Remonline,
    answers::{self, id_of, text_of},
    api, auth,
    lists::{self, Query},
    posts::{Gives, Post, post_of},
    refusals::{self, Refusal},
    settings::ListStyle,
};

/// A creation and the notes right behind it that are on what it makes (remonline.md 2.9).
pub(super) fn bundle(steps: &[Step]) -> usize {
    let Some((first, rest)) = steps.split_first() else { return 0 };
    let Action::Create { kind, .. } = &first.action else { return 1 };
    let goes_along = |step: &&Step| match &step.action {
        Action::AddNote { on, record: Ref::Made(key), .. } => on == kind && *key == first.key,
        _ => false,
    };
    1 + rest.iter().take_while(goes_along).count()
}

/// Performs one bundle. The notes are done when, and only when, what carries them is.
pub(super) async fn perform(crm: &Remonline, session: &Session<'_>, steps: &[Step]) -> Result<Answer, Trouble> {
    let count = bundle(steps);
    let (first, notes) = match steps.split_at_checked(count).and_then(|(bundle, _)| bundle.split_first()) {
        Some(bundle) => bundle,
        None => return Ok(Answer::default()),
    };
    let result = perform_one(crm, session, first, notes).await?;
    let mut answer = Answer::default();
    if matches!(result, StepResult::Done { .. }) {
        let done = |note: &Step| (note.key.clone(), StepResult::Done { record: None });
        answer.results.extend(notes.iter().map(done));
    }
    answer.results.insert(first.key.clone(), result);
    Ok(answer)
}

async fn perform_one(
    crm: &Remonline,
    session: &Session<'_>,
    step: &Step,
    notes: &[Step],
) -> Result<StepResult, Trouble> {
    let mut post = match post_of(crm, session, step, notes)? {
        Ok(post) => post,
        Err(settled) => return Ok(settled),
    };
    if let (Some(Kind::Lead), Gives::Known(lead)) = (post.target, &post.gives) {
        let Some(status) = lead_status(crm, session, lead).await? else {
            return Ok(StepResult::TargetGone { kind: Kind::Lead });
        };
        post.body.insert("status_id".to_owned(), status);
    }
    let (method, name) = (post.method, post.name);
    let request = auth::send(&crm.settings, session, method, name, &post.path, std::mem::take(&mut post.body))?;
    match answers::write(crm.settings.api, session, request).await? {
        Ok(answer) => done(&post, &answer),
        Err(why) => refused(step, &post, &why),
    }
}

/// A change of a lead has to name its status, which must stay what it is (remonline.md 2.5).
async fn lead_status(crm: &Remonline, session: &Session<'_>, lead: &RecordId) -> Result<Option<Value>, Trouble> {
    let mut query = Query::new();
    lists::put(&mut query, ListStyle::Brackets, "ids", &[lead.as_str().to_owned()]);
    let leads = lists::rows(&crm.settings, session, "remonline.leads.get", api::LEADS, &query, 1).await?;
    let Some(own) = leads.iter().find(|row| id_of(row).as_deref() == Some(lead.as_str())) else {
        return Ok(None);
    };
    let status = own.pointer("/status/id").or_else(|| own.get("status_id")).or_else(|| own.get("status"));
    let status = status.filter(|status| text_of(status).is_some());
    status.cloned().map(Some).ok_or_else(|| Trouble::Malformed("remonline.leads.get: no status shown".to_owned()))
}

fn done(post: &Post, answer: &Value) -> Result<StepResult, Trouble> {
    let given = || answers::made_id(answer).map(RecordId::new);
    let record = match &post.gives {
        // It was made; which id it has is found by its mark.
        Gives::Id => {
            Some(given().ok_or_else(|| Trouble::Uncertain(format!("{}: the answer names no id", post.name)))?)
        }
        Gives::IdOrNothing => given(),
        Gives::Known(record) | Gives::Closed(record) => Some(record.clone()),
    };
    Ok(StepResult::Done { record })
}

fn refused(step: &Step, post: &Post, why: &Refusal) -> Result<StepResult, Trouble> {
    match (why, &post.gives, post.target) {
        // Somebody has closed or removed it already.
        (_, Gives::Closed(task), _) => Ok(StepResult::Done { record: Some(task.clone()) }),
        (Refusal::NotFound, _, Some(kind)) => Ok(StepResult::TargetGone { kind }),
        (Refusal::NotFound, _, None) => {
            Err(Trouble::Malformed(format!("{}: not found; check the settings url and api", post.name)))
        }
        (Refusal::Bad(data), _, target) => Ok(refusals::explain(step, target, data)),
    }
}
