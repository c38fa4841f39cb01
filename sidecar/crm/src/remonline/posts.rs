//! The writing request of each step.

use serde_json::{Map, Value};
use tieline_engine::{
    ids::RecordId,
    note::NotePart,
    record::Kind,
    step::{Action, Fields, Mark, Ref, Step, StepResult, Task},
};

use crate::{dialect::Session, transport::Method, trouble::Trouble};

use super::{
    Remonline,
    api::{self, Api},
    values::{self, put},
};

/// One writing request, and how to read what comes back.
pub(super) struct Post {
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Map<String, Value>,
    pub(super) gives: Gives,
    /// The record it cannot do without.
    pub(super) target: Option<Kind>,
}

/// What a success brings.
pub(super) enum Gives {
    /// The new record's id, without which nobody could go on.
    Id,
    /// The new record's id where the answer has one: some have no body (remonline.md 2.2).
    IdOrNothing,
    /// The id was known before.
    Known(RecordId),
    /// As before; a refusal means that a person was quicker.
    Closed(RecordId),
}

/// The request of a step, or its result when no request is needed to know it.
pub(super) type Planned = Result<Post, StepResult>;

impl Post {
    fn new(name: &'static str, path: impl Into<String>, body: Map<String, Value>) -> Self {
        Self { name, method: Method::Post, path: path.into(), body, gives: Gives::Id, target: None }
    }

    fn on(mut self, kind: Option<Kind>) -> Self {
        self.target = kind;
        self
    }

    fn giving(mut self, gives: Gives) -> Self {
        self.gives = gives;
        self
    }

    fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
    }
}

/// The request of a step and of the notes that go along with it.
pub(super) fn post_of(
    crm: &Remonline,
    session: &Session<'_>,
    step: &Step,
    notes: &[Step],
) -> Result<Planned, Trouble> {
    match &step.action {
        Action::Create { kind, fields, contact } => {
            let contact = contact.as_ref().map(id_of).transpose()?;
            Ok(create(crm, *kind, fields, contact, text(session, step, fields, notes)))
        }
        Action::Update { kind, record, fields } => Ok(update(crm, *kind, id_of(record)?, fields)),
        Action::AddTask(task) => add_task(crm, session, task, &step.mark),
        Action::CloseTask { task } => Ok(close_task(task)),
        Action::AddNote { on, record, parts } => Ok(add_note(crm, session, *on, id_of(record)?, parts)),
        Action::LogCall(_)
        | Action::AmendCall { .. }
        | Action::CompleteCall { .. }
        | Action::Announce(_)
        | Action::AddPhone { .. }
        | Action::LinkVisit { .. } => Ok(Err(unable())),
    }
}

fn text(session: &Session<'_>, step: &Step, fields: &Fields, notes: &[Step]) -> String {
    let parts = |note: &'_ Step| match &note.action {
        Action::AddNote { parts, .. } => Some(parts.clone()),
        _ => None,
    };
    let told: Vec<Vec<NotePart>> = notes.iter().filter_map(parts).collect();
    let told: Vec<&[NotePart]> = told.iter().map(Vec::as_slice).collect();
    let marks: Vec<&Mark> = std::iter::once(&step.mark).chain(notes.iter().map(|note| &note.mark)).collect();
    values::told(fields, &told, &marks, session.zone)
}

fn create(crm: &Remonline, kind: Kind, fields: &Fields, contact: Option<&str>, text: String) -> Planned {
    let settings = &crm.settings;
    let target = contact.map(|_| Kind::Contact);
    match kind {
        Kind::Contact => {
            let person = values::person(settings, fields, text);
            Ok(Post::new("remonline.people.create", settings.api.people(), person))
        }
        Kind::Lead => {
            let lead_type = settings.lead_type.ok_or_else(|| refusal("no_lead_type", "set lead_type"))?;
            let lead = values::lead(settings, lead_type, fields, contact, text);
            Ok(Post::new("remonline.leads.create", api::LEADS, lead).on(target))
        }
        Kind::Deal => {
            let client = contact.ok_or_else(|| refusal("no_client", "an order is made for a client only"))?;
            let order = values::order(settings, place(crm, fields)?, fields, client, text);
            Ok(Post::new("remonline.orders.create", settings.api.orders(), order).on(target))
        }
        Kind::Task | Kind::CallRecord | Kind::Note => Err(unable()),
    }
}

/// Branch and type of an order. A rule's pipeline names another type; its stage is not sent, as the creation takes
/// no status (remonline.md 2.6).
fn place(crm: &Remonline, fields: &Fields) -> Result<(u64, u64), StepResult> {
    let settings = &crm.settings;
    let ruled = fields.place.as_ref().and_then(|place| place.pipeline.as_deref());
    let order_type = match ruled {
        Some(id) => {
            Some(id.trim().parse().map_err(|_| refusal("no_order_type", "a rule's pipeline is an order type's id"))?)
        }
        None => settings.order_type,
    };
    let branch = settings.branch_id.ok_or_else(|| refusal("no_branch", "set branch_id"))?;
    Ok((branch, order_type.ok_or_else(|| refusal("no_order_type", "set order_type"))?))
}

/// Only mapped fields are changed: everything else may be an agent's.
fn update(crm: &Remonline, kind: Kind, id: &str, fields: &Fields) -> Planned {
    let record = RecordId::new(id);
    let Some(custom) = values::custom(&crm.settings, kind, fields, false) else {
        return Err(StepResult::Done { record: Some(record) });
    };
    let path = crm.settings.api.record(kind, id).ok_or_else(unable)?;
    let mut body = Map::new();
    put(&mut body, "custom_fields", Some(custom));
    let post = match (kind, crm.settings.api) {
        (Kind::Contact, Api::Token) => {
            put(&mut body, "id", Some(values::id(id)));
            Post::new("remonline.people.change", crm.settings.api.people(), body).by(Method::Put)
        }
        (Kind::Contact, _) => Post::new("remonline.people.change", path, body).by(Method::Patch),
        (Kind::Deal, Api::Bearer | Api::V2) => Post::new("remonline.orders.change", path, body).by(Method::Patch),
        (Kind::Lead, _) if crm.settings.change_leads => {
            put(&mut body, "lead_id", Some(values::id(id)));
            Post::new("remonline.leads.change", api::LEADS, body).by(Method::Put)
        }
        _ => return Err(unchangeable(fields)),
    };
    Ok(post.on(Some(kind)).giving(Gives::Known(record)))
}

/// The API has no request that changes these fields and nothing else, so they are left out one after the other.
fn unchangeable(fields: &Fields) -> StepResult {
    let field = fields.custom.keys().next().cloned().unwrap_or_default();
    StepResult::FieldRefused { field, text: "fields of existing records of this kind are not changed".to_owned() }
}

fn add_note(crm: &Remonline, session: &Session<'_>, on: Kind, id: &str, parts: &[NotePart]) -> Planned {
    let name = match on {
        Kind::Contact => "remonline.people.comment",
        Kind::Lead => "remonline.leads.comment",
        Kind::Deal => "remonline.orders.comment",
        Kind::Task | Kind::CallRecord | Kind::Note => return Err(unable()),
    };
    let path = crm.settings.api.record(on, id).ok_or_else(unable)?;
    let comment = values::comment(&crm.settings, on, parts, session.zone);
    Ok(Post::new(name, format!("{path}/comments"), comment).on(Some(on)).giving(Gives::IdOrNothing))
}

/// A task hangs on the order, else the lead, else the client.
fn add_task(crm: &Remonline, session: &Session<'_>, task: &Task, mark: &Mark) -> Result<Planned, Trouble> {
    let Some(assignee) = &task.owner else {
        let text = "a task needs an assignee: bind the agent to an employee or name a senior manager";
        return Ok(Err(refusal("no_assignee", text)));
    };
    let candidates = [(Kind::Deal, &task.deal), (Kind::Lead, &task.lead), (Kind::Contact, &task.contact)];
    let on = candidates.into_iter().find_map(|(kind, record)| Some((kind, record.as_ref()?)));
    let on = on.map(|(kind, record)| Ok::<_, Trouble>((kind, id_of(record)?))).transpose()?;
    let people = (assignee.as_str(), on);
    let body = values::task(&crm.settings, task, mark, people, (session.now, session.zone));
    let post = Post::new("remonline.tasks.create", api::TASKS, body).giving(Gives::IdOrNothing);
    Ok(Ok(post.on(on.map(|(kind, _)| kind))))
}

fn close_task(task: &RecordId) -> Planned {
    let path = format!("{}/{}/close", api::TASKS, api::in_path(task.as_str()));
    Ok(Post::new("remonline.tasks.close", path, Map::new()).giving(Gives::Closed(task.clone())))
}

/// The id a step refers to; only notes refer to what their own bundle makes, and those go along with it.
fn id_of(record: &Ref) -> Result<&str, Trouble> {
    match record {
        Ref::Known(id) => Ok(id.as_str()),
        Ref::Made(key) => Err(Trouble::Malformed(format!("the step refers to {key}, which has no id yet"))),
    }
}

/// What the abilities exclude.
fn unable() -> StepResult {
    refusal("not_supported", "the CRM has no such thing")
}

/// A refusal a person must act upon.
pub(super) fn refusal(code: &str, text: &str) -> StepResult {
    StepResult::Refused { code: code.to_owned(), text: text.to_owned() }
}
