//! The writing request of each step.

use serde_json::{Value, json};
use tieline_engine::{
    ids::RecordId,
    note::NotePart,
    record::Kind,
    step::{Action, Fields, Mark, Ref, Step, StepResult, Task},
};

use crate::{dialect::Session, transport::Method, trouble::Trouble};

use super::{
    Sendpulse, answers,
    attributes::{self, Filled},
    auth, in_path, lookup,
    refusals::{not_supported, refusal},
    settings::ContactPath,
    values::{self, Stand, Zones},
};

/// One writing request, and how to read what comes back.
pub(super) struct Post {
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) gives: Gives,
    /// The contact fields it fills.
    pub(super) filled: Vec<Filled>,
    pub(super) target: Target,
}

/// What a success brings.
pub(super) enum Gives {
    /// The new record's id, which later steps need.
    Id,
    /// The new record's id, where the answer tells it.
    IdIfTold,
    /// The id was known before.
    Known(RecordId),
}

/// What the request cannot do without.
pub(super) enum Target {
    /// Nothing of the client's.
    Nothing,
    /// The record in its path: not found means that this one is gone.
    Path(Kind),
    /// Records among others in its body: which one is gone has to be looked at.
    Body { contact: Option<String>, deal: Option<String> },
}

/// A step's request, or its result when no request is needed to know it.
type Planned = Result<Post, StepResult>;

impl Post {
    fn new(name: &'static str, path: impl Into<String>, body: Value) -> Self {
        let (method, path, filled) = (Method::Post, path.into(), Vec::new());
        Self { name, method, path, body, gives: Gives::Id, filled, target: Target::Nothing }
    }

    /// Whether it fills fields of an existing contact and does nothing else.
    pub(super) fn holds_only_fields(&self) -> bool {
        !self.filled.is_empty() && matches!(self.target, Target::Path(Kind::Contact))
    }

    fn on(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    fn giving(mut self, gives: Gives) -> Self {
        self.gives = gives;
        self
    }

    fn filling(mut self, filled: Vec<Filled>) -> Self {
        self.filled = filled;
        self
    }
}

/// The request of a step.
pub(super) async fn post_of(crm: &Sendpulse, session: &Session<'_>, step: &Step) -> Result<Planned, Trouble> {
    let mark = &step.mark;
    Ok(match &step.action {
        Action::Create { kind: Kind::Contact, fields, .. } => create_contact(crm, session, fields, mark).await?,
        Action::Create { kind: Kind::Deal, fields, contact } => create_deal(crm, fields, contact.as_ref())?,
        Action::Update { kind: Kind::Contact, record, fields } => {
            update_contact(crm, session, id_of(record)?, fields).await?
        }
        Action::Update { kind: Kind::Deal, record, fields } => update_deal(id_of(record)?, fields),
        Action::AddPhone { contact, phone, phone_text } if crm.abilities.makes_contacts_bare => {
            let number = values::number(phone.as_ref(), phone_text.as_ref());
            add_phone(crm, session, id_of(contact)?, number).await?
        }
        Action::AddTask(task) => add_task(crm, session, task, mark)?,
        Action::CloseTask { task } => close_task(crm, task),
        Action::AddNote { on, record, parts } => add_note(session, *on, id_of(record)?, parts, mark),
        Action::Create { .. }
        | Action::Update { .. }
        | Action::AddPhone { .. }
        | Action::LogCall(_)
        | Action::AmendCall { .. }
        | Action::CompleteCall { .. }
        | Action::Announce(_)
        | Action::LinkVisit { .. } => Err(not_supported()),
    })
}

async fn create_contact(
    crm: &Sendpulse,
    session: &Session<'_>,
    fields: &Fields,
    mark: &Mark,
) -> Result<Planned, Trouble> {
    if crm.settings.contact_path == ContactPath::Steps {
        let contact = values::bare_contact(&crm.settings, fields, mark);
        return Ok(Ok(Post::new("sendpulse.contacts.create", "/contacts/create", contact)));
    }
    let filled = match attributes::fill(crm, session, fields, Some(mark)).await? {
        Ok(filled) => filled,
        Err(refused) => return Ok(Err(refused)),
    };
    let contact = values::contact(&crm.settings, fields, &filled);
    Ok(Ok(Post::new("sendpulse.contacts.add", "/contacts", contact).filling(filled)))
}

/// Fields of deals are a pipeline's own and not described here, so mapped values have no place (README.md).
fn create_deal(crm: &Sendpulse, fields: &Fields, contact: Option<&Ref>) -> Result<Planned, Trouble> {
    if let Some(field) = fields.custom.keys().next() {
        return Ok(Err(no_deal_fields(field)));
    }
    let Some(contact) = contact else {
        return Ok(Err(refusal("no_contact", "a deal hangs on a contact and there is none")));
    };
    let place = fields.place.as_ref();
    let pipeline = place.and_then(|place| place.pipeline.as_deref());
    let default = values::place(crm.settings.place.as_ref());
    let place = match (place, pipeline.or(default.map(|(pipeline, _)| pipeline))) {
        (Some(place), Some(pipeline)) => Some((pipeline, place.stage.as_str())),
        (Some(_), None) => None,
        (None, _) => default,
    };
    let Some(place) = place else {
        return Ok(Err(refusal("no_place", "a deal needs a pipeline and a step: set pipeline_id and step_id")));
    };
    let contact = id_of(contact)?;
    let deal = values::deal(&crm.settings, fields, place, contact);
    let target = Target::Body { contact: Some(contact.to_owned()), deal: None };
    Ok(Ok(Post::new("sendpulse.deals.create", "/deals", deal).on(target)))
}

/// Fields only: never a name, an owner or a number, which people may have changed (SP-03).
async fn update_contact(crm: &Sendpulse, session: &Session<'_>, id: &str, fields: &Fields) -> Result<Planned, Trouble> {
    let filled = match attributes::fill(crm, session, fields, None).await? {
        Ok(filled) => filled,
        Err(refused) => return Ok(Err(refused)),
    };
    let record = RecordId::new(id);
    if filled.is_empty() {
        return Ok(Err(StepResult::Done { record: Some(record) }));
    }
    let body = json!({ "attributesValues": values::attributes(&filled) });
    let path = format!("/contacts/{}/attributes/batch", in_path(id));
    let post = Post::new("sendpulse.contacts.attributes.batch", path, body).filling(filled);
    Ok(Ok(post.on(Target::Path(Kind::Contact)).giving(Gives::Known(record))))
}

/// A deal has no place for visit data here, so nothing is left to write.
fn update_deal(id: &str, fields: &Fields) -> Planned {
    Err(match fields.custom.keys().next() {
        Some(field) => no_deal_fields(field),
        None => StepResult::Done { record: Some(RecordId::new(id)) },
    })
}

fn no_deal_fields(field: &str) -> StepResult {
    StepResult::FieldRefused { field: field.to_owned(), text: "only contacts take mapped fields".to_owned() }
}

/// The contact is looked at first, so that a repeat adds nothing.
async fn add_phone(
    crm: &Sendpulse,
    session: &Session<'_>,
    id: &str,
    number: Option<String>,
) -> Result<Planned, Trouble> {
    let Some(number) = number else {
        return Ok(Err(StepResult::Done { record: Some(RecordId::new(id)) }));
    };
    let Some(contact) = lookup::contact_now(crm, session, id).await? else {
        return Ok(Err(StepResult::TargetGone { kind: Kind::Contact }));
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let has_it = super::records::phones(&contact).iter().any(|phone| digits(phone) == digits(&number));
    if has_it {
        return Ok(Err(StepResult::Done { record: Some(RecordId::new(id)) }));
    }
    let path = format!("/contacts/{}/phones", in_path(id));
    let post = Post::new("sendpulse.contacts.phones", path, json!({ "phone": number }));
    Ok(Ok(post.on(Target::Path(Kind::Contact)).giving(Gives::Known(RecordId::new(id)))))
}

fn add_task(crm: &Sendpulse, session: &Session<'_>, task: &Task, mark: &Mark) -> Result<Planned, Trouble> {
    let Some((board, step)) = values::place(task.board.as_ref()) else {
        return Ok(Err(refusal("no_board", "a task stands on a board: name its board and step in the project")));
    };
    let contact = task.contact.as_ref().map(id_of).transpose()?;
    let deal = task.deal.as_ref().map(id_of).transpose()?;
    let step = crm.settings.task_done_step.as_deref().filter(|_| task.done).unwrap_or(step);
    let zones = Zones { account: crm.zone(session), texts: session.zone };
    let body = values::task(&crm.settings, task, mark, &Stand { board, step, contact, deal }, zones);
    let target = Target::Body { contact: contact.map(str::to_owned), deal: deal.map(str::to_owned) };
    Ok(Ok(Post::new("sendpulse.tasks.create", "/tasks", body).on(target)))
}

fn close_task(crm: &Sendpulse, task: &RecordId) -> Planned {
    let step = crm.settings.task_done_step.as_deref().ok_or_else(not_supported)?;
    let path = format!("/tasks/{}", in_path(task.as_str()));
    let post = Post::new("sendpulse.tasks.update", path, json!({ "stepId": values::id(step) }));
    let post = Post { method: Method::Put, ..post };
    Ok(post.on(Target::Path(Kind::Task)).giving(Gives::Known(task.clone())))
}

fn add_note(session: &Session<'_>, on: Kind, id: &str, parts: &[NotePart], mark: &Mark) -> Planned {
    let (name, path) = match on {
        Kind::Contact => ("sendpulse.contacts.comments", format!("/contacts/{}/comments", in_path(id))),
        Kind::Deal => ("sendpulse.deals.comments", format!("/deals/{}/comments", in_path(id))),
        Kind::Lead | Kind::Task | Kind::CallRecord | Kind::Note => return Err(not_supported()),
    };
    let post = Post::new(name, path, values::comment(parts, mark, session.zone));
    Ok(post.on(Target::Path(on)).giving(Gives::IdIfTold))
}

/// The id a step refers to; a bundle is one step here, so everything else was made before.
fn id_of(record: &Ref) -> Result<&str, Trouble> {
    match record {
        Ref::Known(id) => Ok(id.as_str()),
        Ref::Made(key) => Err(Trouble::Malformed(format!("the step refers to {key}, which has no id yet"))),
    }
}

impl Post {
    /// Sends it.
    pub(super) async fn send(&self, crm: &Sendpulse, session: &Session<'_>) -> Result<answers::Written, Trouble> {
        let request = auth::send(&crm.settings, session, self.method, self.name, &self.path, &self.body)?;
        answers::write(crm, session, request).await
    }
}
