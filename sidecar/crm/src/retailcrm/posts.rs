//! The writing request of each step.

use serde_json::{Value, json};
use tieline_engine::{
    ids::RecordId,
    record::Kind,
    step::{Action, CallEntry, Fields, Mark, Ref, Step, StepResult, Task},
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Retailcrm,
    activities::{self, On},
    lookup,
    settings::Settings,
    values,
};

/// One writing request, and how to read what comes back.
pub(super) struct Post {
    pub(super) name: &'static str,
    pub(super) path: String,
    /// The form field that holds the entity.
    pub(super) entity: &'static str,
    pub(super) json: String,
    pub(super) by_id: bool,
    pub(super) takes_site: bool,
    pub(super) gives: Gives,
    /// The record it cannot do without.
    pub(super) target: Option<Kind>,
}

/// What a success brings.
pub(super) enum Gives {
    /// The new record's id.
    Id,
    /// The id was known before.
    Known(RecordId),
    /// No id.
    Nothing,
    /// The counts of uploaded and duplicate calls.
    CallCounts,
}

impl Post {
    fn new(name: &'static str, path: impl Into<String>, entity: &'static str, json: &Value) -> Self {
        let (path, json) = (path.into(), json.to_string());
        Self { name, path, entity, json, by_id: false, takes_site: true, gives: Gives::Id, target: None }
    }

    fn on(mut self, kind: Option<Kind>) -> Self {
        self.target = kind;
        self
    }

    fn giving(mut self, gives: Gives) -> Self {
        self.gives = gives;
        self
    }

    fn without_site(mut self) -> Self {
        self.takes_site = false;
        self
    }
}

/// The request of a step, or its result when no request is needed to know it.
pub(super) fn post_of(
    crm: &Retailcrm,
    session: &Session<'_>,
    step: &Step,
) -> Result<Result<Post, StepResult>, Trouble> {
    let (settings, mark) = (&crm.settings, &step.mark);
    Ok(match &step.action {
        Action::Create { kind, fields, contact } => create(settings, *kind, fields, contact.as_ref(), mark)?,
        Action::Update { kind, record, fields } => update(settings, *kind, id_of(record)?, fields),
        Action::LogCall(entry) => call(crm, session, entry, mark),
        Action::AmendCall { .. } => Err(unable("call_records_do_not_change")),
        Action::AddTask(task) => add_task(crm, session, task, mark)?,
        Action::CloseTask { task } => Ok(close_task(task)),
        Action::CompleteCall { .. } | Action::Announce(_) | Action::AddPhone { .. } => Err(unable("not_supported")),
        Action::AddNote { on: Kind::Contact, record, parts } => {
            let note = activities::note(parts, mark, id_of(record)?, crm.clock(session));
            let post = Post::new("retailcrm.customers.notes.create", "/customers/notes/create", "note", &note);
            Ok(post.on(Some(Kind::Contact)))
        }
        Action::AddNote { .. } => Err(unable("notes_are_for_customers")),
        Action::LinkVisit { contact, google_client_id } => {
            let visit = activities::visit(settings, google_client_id, id_of(contact)?);
            let path = "/web-analytics/client-ids/upload";
            let post = Post::new("retailcrm.client_ids.upload", path, "clientIds", &visit).without_site();
            Ok(post.on(Some(Kind::Contact)).giving(Gives::Nothing))
        }
    })
}

fn create(
    settings: &Settings,
    kind: Kind,
    fields: &Fields,
    contact: Option<&Ref>,
    mark: &Mark,
) -> Result<Result<Post, StepResult>, Trouble> {
    Ok(match kind {
        Kind::Contact => {
            let customer = values::customer(settings, fields, mark);
            Ok(Post::new("retailcrm.customers.create", "/customers/create", "customer", &customer))
        }
        Kind::Deal => {
            let customer = contact.map(id_of).transpose()?;
            let order = values::order(settings, fields, mark, customer);
            let target = customer.map(|_| Kind::Contact);
            Ok(Post::new("retailcrm.orders.create", "/orders/create", "order", &order).on(target))
        }
        Kind::Lead | Kind::Task | Kind::CallRecord | Kind::Note => Err(unable("kind")),
    })
}

fn update(settings: &Settings, kind: Kind, id: &str, fields: &Fields) -> Result<Post, StepResult> {
    let (name, path, entity, changes) = match kind {
        Kind::Contact => {
            ("retailcrm.customers.edit", "customers", "customer", values::customer_changes(settings, fields))
        }
        Kind::Deal => ("retailcrm.orders.edit", "orders", "order", values::order_changes(settings, fields)),
        Kind::Lead | Kind::Task | Kind::CallRecord | Kind::Note => return Err(unable("kind")),
    };
    let record = RecordId::new(id);
    if changes.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(StepResult::Done { record: Some(record) });
    }
    let post = Post::new(name, format!("/{path}/{}/edit", lookup::in_path(id)), entity, &changes);
    Ok(Post { by_id: true, ..post.on(Some(kind)).giving(Gives::Known(record)) })
}

fn call(crm: &Retailcrm, session: &Session<'_>, entry: &CallEntry, mark: &Mark) -> Result<Post, StepResult> {
    let Some(call) = activities::call(&crm.settings, entry, mark, crm.clock(session)) else {
        return Err(refusal("no_number", "the CRM's call list takes no call without the client's number"));
    };
    let calls = Value::Array(vec![call]);
    let post = Post::new("retailcrm.telephony.calls.upload", "/telephony/calls/upload", "calls", &calls);
    Ok(post.without_site().giving(Gives::CallCounts))
}

fn add_task(
    crm: &Retailcrm,
    session: &Session<'_>,
    task: &Task,
    mark: &Mark,
) -> Result<Result<Post, StepResult>, Trouble> {
    let deal = task.deal.as_ref().map(id_of).transpose()?;
    let contact = task.contact.as_ref().filter(|_| crm.settings.task_on_customer).map(id_of).transpose()?;
    let Some((kind, on)) =
        deal.map(|id| (Kind::Deal, On::Order(id))).or(contact.map(|id| (Kind::Contact, On::Customer(id))))
    else {
        return Ok(Err(refusal("no_order", "a task hangs on an order and there is none")));
    };
    let Some(performer) = &task.owner else {
        let text = "a task needs a performer: bind the agent to a CRM user or name a senior manager";
        return Ok(Err(refusal("no_performer", text)));
    };
    let task = activities::task(&crm.settings, task, mark, performer.as_str(), on, crm.clock(session));
    Ok(Ok(Post::new("retailcrm.tasks.create", "/tasks/create", "task", &task).on(Some(kind))))
}

/// Completing a task that is complete changes nothing (retailcrm.md 1.6; the field is the official client's).
fn close_task(task: &RecordId) -> Post {
    let path = format!("/tasks/{}/edit", lookup::in_path(task.as_str()));
    let post = Post::new("retailcrm.tasks.edit", path, "task", &json!({ "complete": true }));
    post.on(Some(Kind::Task)).giving(Gives::Known(task.clone()))
}

/// The id a step refers to; a bundle is one step here, so everything else was made before.
fn id_of(record: &Ref) -> Result<&str, Trouble> {
    match record {
        Ref::Known(id) => Ok(id.as_str()),
        Ref::Made(key) => Err(Trouble::Malformed(format!("the step refers to {key}, which has no id yet"))),
    }
}

fn unable(code: &str) -> StepResult {
    refusal(code, "the CRM has no such thing")
}

/// A refusal a person must act upon.
pub(super) fn refusal(code: &str, text: &str) -> StepResult {
    StepResult::Refused { code: code.to_owned(), text: text.to_owned() }
}
