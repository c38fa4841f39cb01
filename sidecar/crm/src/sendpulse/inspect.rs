//! What an administrator should know before the first call (SP-13).

use std::fmt::Display;

use serde_json::{Value, json};
use tieline_engine::jiff::{SignedDuration, Timestamp};

use crate::{
    dialect::{Finding, Session},
    transport::Method,
    trouble::Trouble,
};

use super::{
    Sendpulse, answers,
    answers::{entries, id_of, number_of},
    attributes, auth, reference, values,
};

/// Days in which calls logged by the vendor's own telephony are looked for.
const DAYS: i64 = 7;

/// Looks at everything calls depend on. Credentials that are dead are an error; a right that is missing is a finding.
pub(super) async fn inspect(crm: &Sendpulse, session: &Session<'_>) -> Result<Vec<Finding>, Trouble> {
    let (mut findings, is_open) = people(crm, session).await?;
    // Nothing else can be read of an account that lets nobody in.
    if is_open {
        findings.push(contacts(crm, session).await?);
        findings.extend(contact_fields(crm, session).await?);
        findings.extend(pipeline(crm, session).await?);
        findings.push(boards(crm, session).await?);
        findings.extend(own_telephony(crm, session).await?);
    }
    let closed = "deals that are lost or won count as closed, deleted ones as absent";
    findings.push(finding("closed deals", true, closed));
    findings.extend(links(crm));
    Ok(findings)
}

fn finding(about: &str, holds: bool, text: impl Display) -> Finding {
    Finding::new(about, holds, &text.to_string())
}

/// What was read, or a finding when the plan or the role forbids it.
fn allowed<T>(about: &str, read: Result<T, Trouble>) -> Result<Result<T, Finding>, Trouble> {
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(Trouble::NotAllowed(text)) => Ok(Err(finding(about, false, text))),
        Err(Trouble::Malformed(text)) => Ok(Err(finding(about, false, text))),
        Err(trouble) => Err(trouble),
    }
}

/// Plan and rights, and whether those who take part are there; whether the account can be read at all.
async fn people(crm: &Sendpulse, session: &Session<'_>) -> Result<(Vec<Finding>, bool), Trouble> {
    let users = match allowed("plan and rights", reference::users(crm, session).await)? {
        Ok(users) => users,
        Err(finding) => return Ok((vec![finding], false)),
    };
    let count = users.len();
    let assigned = match count {
        0 => finding("employees", false, "the account has no user who could be assigned: invite them in SendPulse"),
        _ => finding("employees", true, format!("{count} users can be assigned to agents")),
    };
    let fallback = &crm.settings.responsible;
    let is_there = users.iter().any(|user| user.id.as_str() == fallback);
    let text = if is_there {
        format!("user {fallback} stands in where nobody owns something")
    } else {
        format!("user {fallback} is not among the account's users: correct responsible_id")
    };
    let open = finding("plan and rights", true, "the CRM answers: the plan and the credentials let it be read");
    Ok((vec![open, assigned, finding("stand-in", is_there, text)], true))
}

async fn contacts(crm: &Sendpulse, session: &Session<'_>) -> Result<Finding, Trouble> {
    let (about, filter) = ("right to contacts", json!({ "limit": 1 }));
    let (name, path) = ("sendpulse.contacts.get_list", "/contacts/get-list");
    let request = auth::send(&crm.settings, session, Method::Post, name, path, &filter)?;
    let read = allowed(about, answers::read_there(crm, session, request).await)?;
    let text = "contacts can be read; whether they may be written shows with the first one";
    Ok(read.map_or_else(|finding| finding, |_| finding(about, true, text)))
}

/// Each chosen contact field: there and for text, or left out of every contact (SP-12).
async fn contact_fields(crm: &Sendpulse, session: &Session<'_>) -> Result<Vec<Finding>, Trouble> {
    let all = match allowed("contact fields", attributes::read(crm, session).await)? {
        Ok(all) => all,
        Err(finding) => return Ok(vec![finding]),
    };
    let chosen = crm.settings.contact_fields.iter().map(|(data, name)| {
        let about = format!("field for {data}");
        match attributes::by_name(&all, name) {
            None => {
                finding(&about, false, format!("no contact field is named {name}: make it in the contact settings"))
            }
            Some(field) if !field.is_text => {
                finding(&about, false, format!("the contact field {name} is not for text: choose or make one that is"))
            }
            Some(_) => finding(&about, true, format!("goes into the contact field {name}")),
        }
    });
    let chosen: Vec<Finding> = chosen.collect();
    let none = finding("contact fields", true, "none is chosen for data of a visit: they stand in comments only");
    Ok(if chosen.is_empty() { vec![none] } else { chosen })
}

/// Where new deals go.
async fn pipeline(crm: &Sendpulse, session: &Session<'_>) -> Result<Option<Finding>, Trouble> {
    let about = "place of new deals";
    let Some((pipeline, step)) = values::place(crm.settings.place.as_ref()) else {
        return Ok(None);
    };
    let path = format!("/pipelines/{}/steps", super::in_path(pipeline));
    let request = auth::get(&crm.settings, session, "sendpulse.pipelines.steps", &path)?;
    let answer = match allowed(about, answers::read(crm, session, request).await)? {
        Ok(answer) => answer,
        Err(finding) => return Ok(Some(finding)),
    };
    let is_there =
        |answer: &Value| answers::list(answer).into_iter().any(|entry| id_of(entry).as_deref() == Some(step));
    Ok(Some(match answer {
        None => finding(about, false, format!("there is no pipeline {pipeline}: correct pipeline_id")),
        Some(answer) if is_there(&answer) => finding(about, true, format!("pipeline {pipeline}, step {step}")),
        Some(_) => finding(about, false, format!("pipeline {pipeline} has no step {step}: correct step_id")),
    }))
}

/// Boards for tasks, and the step on which they are done.
async fn boards(crm: &Sendpulse, session: &Session<'_>) -> Result<Finding, Trouble> {
    let about = "task boards";
    let request = auth::get(&crm.settings, session, "sendpulse.boards", "/boards")?;
    let answer = match allowed(about, answers::read_there(crm, session, request).await)? {
        Ok(answer) => answer,
        Err(finding) => return Ok(finding),
    };
    let boards = answers::list(&answer);
    let ids: Vec<String> = boards.iter().filter_map(|board| id_of(board)).collect();
    let has_step = |step: &str| {
        let steps = boards.iter().filter_map(|board| board.get("steps")).flat_map(entries);
        steps.into_iter().any(|entry| id_of(entry).as_deref() == Some(step))
    };
    Ok(match &crm.settings.task_done_step {
        _ if ids.is_empty() => finding(about, false, "there is none: make a board, or missed calls make no tasks"),
        Some(step) if !has_step(step) => {
            finding(about, false, format!("no board has a step {step}: correct task_done_step"))
        }
        Some(step) => finding(about, true, format!("boards {}; tasks are done on step {step}", ids.join(", "))),
        None => finding(about, true, format!("boards {}; tasks are not closed: no task_done_step", ids.join(", "))),
    })
}

/// The vendor's own telephony writes calls too (sendpulse.md 3.5). It may not be there or not be readable: then there
/// is nothing to tell.
async fn own_telephony(crm: &Sendpulse, session: &Session<'_>) -> Result<Option<Finding>, Trouble> {
    let day = |at: Timestamp| at.to_zoned(crm.zone(session).clone()).date().to_string();
    let from = session.now.checked_sub(SignedDuration::from_hours(24 * DAYS));
    let filter = json!({ "from": day(from.unwrap_or(session.now)), "to": day(session.now) });
    let (name, path) = ("sendpulse.telephony.calls", "/telephony/calls/get-list");
    let request = auth::send(&crm.settings, session, Method::Post, name, path, &filter)?;
    let answer = match answers::read(crm, session, request).await {
        Err(Trouble::NotAllowed(_) | Trouble::Malformed(_) | Trouble::Unavailable(_)) => None,
        other => other?,
    };
    let calls = answer.as_ref().and_then(|answer| answer.pointer("/data/total").and_then(number_of));
    let text = "SendPulse's own telephony logs calls as well: switch one of the two off, or calls stand twice";
    Ok(calls.filter(|calls| *calls > 0).map(|_| finding("own telephony", false, text)))
}

/// Links for the caller card (SP-01, SP-02).
fn links(crm: &Sendpulse) -> Option<Finding> {
    let links = &crm.settings.links;
    let missing: Vec<&str> = [("contact_link", &links.contact), ("new_deal_link", &links.new_deal)]
        .into_iter()
        .filter_map(|(key, link)| link.is_none().then_some(key))
        .collect();
    let text = format!("caller cards lack a link: set {}", missing.join(" and "));
    (!missing.is_empty()).then(|| finding("links", false, text))
}
