//! Steps as operations, before they are sent.

use serde_json::{Map, Value};
use tieline_engine::{
    ids::{RecordId, UserId},
    record::Kind,
    step::{Action, CallEntry, Fields, Ref, Step, StepResult},
};

use super::{
    batch::{Condition, Operation},
    guid::Guid,
    settings::{Create, Missed, Owner, Settings},
    text,
    values::{self, Links, Status, put},
    wire::Wire,
};
use crate::{transport::Method, trouble::Trouble};

/// What one step sends.
#[derive(Clone)]
pub(super) struct Draft {
    /// In their order; none when there is nothing to say.
    pub(super) operations: Vec<Operation>,
    /// The row the step makes or changes.
    pub(super) row: Guid,
    /// What is missing when the CRM says that something is, unless it speaks of a user.
    pub(super) target: Option<Kind>,
}

/// A step ready to be sent, or settled without sending.
pub(super) type Drafted = Result<Draft, StepResult>;

/// Whether a step can go into one change set with others.
pub(super) fn is_bundled(step: &Step) -> bool {
    match &step.action {
        Action::Create { kind, .. } | Action::Update { kind, .. } => *kind == Kind::Contact,
        Action::LogCall(_) | Action::AmendCall { .. } | Action::CompleteCall { .. } => true,
        _ => false,
    }
}

/// Prepares a step; `steps` are those it travels with.
pub(super) async fn draft(wire: &Wire<'_>, steps: &[Step], step: &Step) -> Result<Drafted, Trouble> {
    match &step.action {
        Action::Create { kind: Kind::Contact, fields, .. } => Ok(create_contact(wire.settings, step, fields)),
        Action::Update { kind: Kind::Contact, record, fields } => update_contact(wire.settings, steps, record, fields),
        Action::LogCall(entry) => log_call(wire, steps, step, entry),
        Action::CompleteCall { record: Ref::Made(key), entry } => {
            let row = resolve(steps, &Ref::Made(key.clone()))?;
            Ok(row.map(|row| complete_new(wire.settings, row, entry)))
        }
        Action::CompleteCall { record, entry } => bring_up_to_date(wire, steps, record, entry, true).await,
        Action::AmendCall { record, entry } => bring_up_to_date(wire, steps, record, entry, false).await,
        _ => Ok(Err(refusal("not_supported", "SMART CRM is given contacts and calls only"))),
    }
}

pub(super) fn refusal(code: &str, text: &str) -> StepResult {
    StepResult::Refused { code: code.to_owned(), text: text.to_owned() }
}

fn create_contact(settings: &Settings, step: &Step, fields: &Fields) -> Drafted {
    let row = Guid::of(&step.mark);
    let owner = match &settings.owner {
        Owner::Application => None,
        Owner::Scenario => fields.owner.as_ref().map(user).transpose()?,
        Owner::User(id) => Some(id.clone()),
    };
    let body = values::contact(settings, fields, owner.as_ref());
    let operation = creation(settings, "dataverse.contacts.create", ("contacts", "contactid"), &row, body);
    Ok(Draft { operations: vec![operation], row, target: None })
}

fn update_contact(settings: &Settings, steps: &[Step], record: &Ref, fields: &Fields) -> Result<Drafted, Trouble> {
    let body = values::contact_changes(settings, fields);
    let draft = |row: Guid| {
        let change = (!body.is_empty()).then(|| change("dataverse.contacts.update", "contacts", &row, body));
        Draft { operations: change.into_iter().collect(), row, target: Some(Kind::Contact) }
    };
    Ok(resolve(steps, record)?.map(draft))
}

fn log_call(wire: &Wire<'_>, steps: &[Step], step: &Step, entry: &CallEntry) -> Result<Drafted, Trouble> {
    let contact = match entry.contact.as_ref().map(|contact| resolve(steps, contact)).transpose()?.transpose() {
        Ok(contact) => contact,
        Err(settled) => return Ok(Err(settled)),
    };
    let agent = match entry.agent.as_ref().map(user).transpose() {
        Ok(agent) => agent,
        Err(settled) => return Ok(Err(settled)),
    };
    let (row, links) = (Guid::of(&step.mark), Links { contact: contact.as_ref(), agent: agent.as_ref() });
    let body = values::call(wire.settings, entry, &step.mark, links, wire.session.zone);
    let name = "dataverse.phonecalls.create";
    let operation = creation(wire.settings, name, ("phonecalls", "activityid"), &row, body);
    let target = contact.is_some().then_some(Kind::Contact);
    Ok(Ok(Draft { operations: vec![operation], row, target }))
}

/// The call is made in the same change set: nobody can have changed it.
fn complete_new(settings: &Settings, row: Guid, entry: &CallEntry) -> Draft {
    let finish = Status::finished(settings, entry).map(|status| set_status(&row, status));
    Draft { operations: finish.into_iter().collect(), row, target: Some(Kind::CallRecord) }
}

/// A call that was written before: people may have written into it or finished it, so it is looked at first.
/// A finished one is read-only and must be opened for the change (dataverse.md 2).
async fn bring_up_to_date(
    wire: &Wire<'_>,
    steps: &[Step],
    record: &Ref,
    entry: &CallEntry,
    completes: bool,
) -> Result<Drafted, Trouble> {
    let row = match resolve(steps, record)? {
        Ok(row) => row,
        Err(settled) => return Ok(Err(settled)),
    };
    let mut columns = "description,statecode,statuscode,actualdurationminutes".to_owned();
    if let Some(column) = &wire.settings.recording_field {
        columns.push_str(&format!(",{column}"));
    }
    let path = format!("phonecalls({row})?$select={columns}");
    let Some(current) = wire.get("dataverse.phonecalls.get", &path).await? else {
        return Ok(Err(StepResult::TargetGone { kind: Kind::CallRecord }));
    };
    let news = news(wire, entry, &current);
    let operations = transition(wire.settings, &row, entry, &current, news, completes);
    Ok(Ok(Draft { operations, row, target: Some(Kind::CallRecord) }))
}

/// The values that are to change. Minutes only grow: a person may have corrected them.
fn news(wire: &Wire<'_>, entry: &CallEntry, current: &Value) -> Map<String, Value> {
    let mut news = Map::new();
    let text_of = |column: &str| current.get(column).and_then(Value::as_str).unwrap_or_default();
    let lines = text::lines(entry, wire.session.zone);
    put(&mut news, "description", text::with_news(text_of("description"), &lines));
    let minutes = values::minutes(entry);
    if current.get("actualdurationminutes").and_then(Value::as_u64).unwrap_or(0) < minutes {
        put(&mut news, "actualdurationminutes", Some(minutes));
        put(&mut news, "actualend", values::ended_at(entry).map(values::seconds));
    }
    if let (Some(column), Some(link)) = (&wire.settings.recording_field, values::recording(entry))
        && text_of(column) != link
    {
        put(&mut news, column, Some(link));
    }
    news
}

/// From the row's state to the one it is to have.
fn transition(
    settings: &Settings,
    row: &Guid,
    entry: &CallEntry,
    current: &Value,
    news: Map<String, Value>,
    completes: bool,
) -> Vec<Operation> {
    let number = |column: &str| current.get(column).and_then(Value::as_u64);
    let is = Status { state: number("statecode").unwrap_or(0), status: number("statuscode").unwrap_or(1) };
    let wanted = Status::finished(settings, entry);
    let is_open = is.state == Status::OPEN.state;
    let end = if is_open {
        // An open row after its completion is a missed call's, or somebody opened it: only the first is ours.
        let left_open = settings.missed == Missed::Open && entry.outcome.is_answered();
        wanted.filter(|_| completes || left_open)
    } else if is == Status::CANCELED && settings.missed == Missed::Canceled {
        // Thought missed at first, answered after all.
        wanted.or(Some(is))
    } else {
        Some(is)
    };
    if !is_open && news.is_empty() && end == Some(is) {
        return Vec::new();
    }
    let open = (!is_open).then(|| set_status(row, Status::OPEN));
    let edit = (!news.is_empty()).then(|| change("dataverse.phonecalls.update", "phonecalls", row, news));
    open.into_iter().chain(edit).chain(end.map(|end| set_status(row, end))).collect()
}

fn set_status(row: &Guid, status: Status) -> Operation {
    change("dataverse.phonecalls.status", "phonecalls", row, status.body())
}

fn change(name: &'static str, set: &str, row: &Guid, body: Map<String, Value>) -> Operation {
    Operation { name, method: Method::Patch, path: format!("{set}({row})"), condition: Some(Condition::There), body }
}

/// Making a row with an id of ours, which works once (dataverse.md 4.6).
fn creation(
    settings: &Settings,
    name: &'static str,
    (set, id): (&str, &str),
    row: &Guid,
    mut body: Map<String, Value>,
) -> Operation {
    match settings.create {
        Create::Patch => {
            let condition = Some(Condition::Missing);
            Operation { name, method: Method::Patch, path: format!("{set}({row})"), condition, body }
        }
        Create::Post => {
            put(&mut body, id, Some(row.as_str()));
            Operation { name, method: Method::Post, path: set.to_owned(), condition: None, body }
        }
    }
}

/// The id of a row a step refers to, be it there or made by a step it travels with.
fn resolve(steps: &[Step], record: &Ref) -> Result<Result<Guid, StepResult>, Trouble> {
    match record {
        Ref::Known(id) => Ok(known(id)),
        Ref::Made(key) => match steps.iter().find(|step| step.key == *key) {
            Some(step) => Ok(Ok(Guid::of(&step.mark))),
            None => Err(Trouble::Malformed(format!("the step refers to {key}, which is not in the same request"))),
        },
    }
}

fn known(id: &RecordId) -> Result<Guid, StepResult> {
    Guid::parse(id.as_str()).ok_or_else(|| refusal("bad_id", "a record's id is not one of this CRM"))
}

fn user(id: &UserId) -> Result<Guid, StepResult> {
    let text = "an agent's CRM user is not the id of a systemuser; correct it in the project's list of agents";
    Guid::parse(id.as_str()).ok_or_else(|| refusal("bad_user", text))
}
