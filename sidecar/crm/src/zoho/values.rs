//! Steps to what Zoho is told: method, address and field values (zoho.md 6).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tieline_engine::{
    ids::RecordId,
    jiff::{SignedDuration, Timestamp},
    phone::{Phone, PhoneKey},
    record::Kind,
    step::{Action, Fields, Place, Ref, Step, StepResult},
};

use super::{
    schema::{Module, Schema},
    settings::Settings,
};
use crate::{dialect::Session, transport::Method, trouble::Trouble};

/// Longest texts in characters (zoho.md 3, 6; names as Zoho's own field metadata gives them).
const LAST_NAME_MAX: usize = 80;
const DEAL_NAME_MAX: usize = 120;
pub(super) const PHONE_MAX: usize = 30;
const LINE_MAX: usize = 255;

/// The engine's name of the field for messenger dialogues.
pub(super) const CHAT: &str = "chat";

/// One writing request, before references to records still to be made are put in.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) module: Module,
    pub(super) target: Option<Ref>,
    pub(super) data: Map<String, Value>,
    /// Zoho's names of fields that may be left out, and the engine's names of them.
    pub(super) optional: BTreeMap<String, String>,
    /// References inside the data: field and record.
    pub(super) links: Vec<Link>,
}

/// What a step comes to.
#[derive(Debug)]
pub(super) enum Drafted {
    /// Something to send.
    Request(Draft),
    /// Nothing to send: its result is known.
    Settled(StepResult),
}

/// A reference to another record.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) field: &'static str,
    pub(super) kind: Kind,
    pub(super) record: Ref,
}

/// What values are made from.
pub(super) struct Making<'a> {
    pub(super) settings: &'a Settings,
    pub(super) schema: &'a Schema,
    pub(super) session: &'a Session<'a>,
}

impl Making<'_> {
    /// The request of a step, or its result where none is needed.
    pub(super) fn draft(&self, step: &Step) -> Result<Drafted, Trouble> {
        let mut draft = match &step.action {
            Action::Create { kind, fields, contact } => self.create(*kind, fields, contact.as_ref(), step)?,
            Action::Update { kind, record, fields } => self.update(*kind, record, fields)?,
            Action::LogCall(entry) => self.log_call(entry, step),
            Action::AmendCall { record, entry } => self.amend_call(record, entry),
            Action::AddTask(task) => self.task(task, step),
            Action::CloseTask { task } => self.close_task(task),
            Action::AddNote { on, record, parts } => self.note(*on, record, parts, step),
            Action::LinkVisit { contact, google_client_id } => {
                let fields = Fields { google_client_id: Some(google_client_id.clone()), ..Fields::default() };
                self.update(Kind::Contact, contact, &fields)?
            }
            Action::CompleteCall { .. } | Action::Announce(_) | Action::AddPhone { .. } => {
                return Ok(Drafted::Settled(not_supported()));
            }
        };
        draft.cut(self.schema);
        let skipped = matches!(&step.action, Action::LogCall(entry) if self.is_skipped(entry));
        if draft.data.is_empty() || skipped {
            return Ok(Drafted::Settled(StepResult::Done { record: target_id(step) }));
        }
        Ok(Drafted::Request(draft))
    }

    fn create(&self, kind: Kind, fields: &Fields, contact: Option<&Ref>, step: &Step) -> Result<Draft, Trouble> {
        let (module, name) = match kind {
            Kind::Contact => (Module::Contacts, "zoho.contacts.create"),
            Kind::Lead => (Module::Leads, "zoho.leads.create"),
            Kind::Deal => (Module::Deals, "zoho.deals.create"),
            Kind::Task | Kind::CallRecord | Kind::Note => return Err(not_a_person(kind)),
        };
        let mut draft = Draft::new(name, Method::Post, module);
        match kind {
            Kind::Deal => self.deal_values(&mut draft, fields, contact, step),
            _ => self.person_values(&mut draft, fields),
        }
        if let Some(owner) = &fields.owner {
            draft.data.insert("Owner".to_owned(), json!({ "id": owner.as_str() }));
        }
        let sources = self.schema.optional(module, "Lead_Source").map(|field| &field.picks);
        if let Some(source) = fields.source.as_ref().filter(|source| sources.is_some_and(|all| all.contains(source))) {
            draft.put("Lead_Source", source.as_str());
        }
        self.visit_values(&mut draft, fields);
        Ok(draft)
    }

    fn person_values(&self, draft: &mut Draft, fields: &Fields) {
        let phone = number(fields.phone.as_ref(), fields.phone_text.as_ref());
        let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(|name| name.expose().to_owned());
        let name = name.or_else(|| phone.clone()).unwrap_or_else(|| "Unknown".to_owned());
        draft.put("Last_Name", cut(&name, LAST_NAME_MAX));
        if self.schema.field(draft.module, "Company").is_some_and(|company| company.mandatory) {
            draft.put("Company", cut(&name, LAST_NAME_MAX));
        }
        if let Some(phone) = phone {
            draft.put("Phone", cut(&phone, PHONE_MAX));
        }
        let key = self.schema.optional(draft.module, &self.settings.phone_key_field).zip(fields.phone.as_ref());
        if let Some((field, key)) = key {
            draft.put(&field.name, key.digits());
        }
    }

    fn deal_values(&self, draft: &mut Draft, fields: &Fields, contact: Option<&Ref>, step: &Step) {
        let number = || number(fields.phone.as_ref(), fields.phone_text.as_ref());
        let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(|name| name.expose().to_owned());
        let name = name.or_else(number).unwrap_or_else(|| "Call".to_owned());
        let place = fields.place.clone().or_else(|| self.settings.default_place.clone());
        let place = place.map_or_else(|| self.schema.first_place(), |place| self.schema.place(&place));
        let Place { pipeline, stage } = place;
        draft.put("Deal_Name", cut(&name, DEAL_NAME_MAX));
        draft.put("Stage", stage);
        if let Some(pipeline) = pipeline {
            draft.put("Pipeline", pipeline);
        }
        let date = self.schema.field(Module::Deals, "Closing_Date");
        if self.schema.wants_closing_date || date.is_some_and(|date| date.mandatory) {
            let days = SignedDuration::from_hours(24 * i64::from(self.settings.closing_days));
            draft.put("Closing_Date", self.day(self.session.now + days));
        }
        if let Some(contact) = contact {
            draft.link("Contact_Name", Kind::Contact, contact);
        }
        draft.put("Description", format!("[{}]", step.mark.as_str()));
    }

    /// What may be written into a record that is there already: nothing an agent may have typed.
    fn update(&self, kind: Kind, record: &Ref, fields: &Fields) -> Result<Draft, Trouble> {
        let (module, name) = match kind {
            Kind::Contact => (Module::Contacts, "zoho.contacts.update"),
            Kind::Lead => (Module::Leads, "zoho.leads.update"),
            Kind::Deal => (Module::Deals, "zoho.deals.update"),
            Kind::Task | Kind::CallRecord | Kind::Note => return Err(not_a_person(kind)),
        };
        let mut draft = Draft::new(name, Method::Put, module);
        draft.target = Some(record.clone());
        self.visit_values(&mut draft, fields);
        Ok(draft)
    }

    /// Marks, Google client id and dialogue go where the organisation has a field for them (Z-37); mapped values
    /// go where the mapping says.
    fn visit_values(&self, draft: &mut Draft, fields: &Fields) {
        let marks = fields.marks.iter().map(|(mark, value)| (mark.as_str(), value));
        let visit = fields.google_client_id.as_ref().map(|id| ("google_client_id", id));
        for (engine_name, value) in marks.chain(visit) {
            let wanted = format!("{}{engine_name}", self.settings.mark_prefix);
            if let Some(field) = self.schema.optional(draft.module, &wanted) {
                draft.put_optional(&field.name, engine_name, value);
            }
        }
        let chat = self.schema.optional(draft.module, &self.settings.chat_field).zip(fields.chat.as_ref());
        if let Some((field, chat)) = chat {
            draft.put_optional(&field.name, CHAT, chat);
        }
        for (field, value) in &fields.custom {
            draft.put_optional(field, field, value);
        }
    }

    /// A date in the project's zone.
    pub(super) fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.session.zone.clone()).strftime("%Y-%m-%d").to_string()
    }
}

impl Draft {
    pub(super) fn new(name: &'static str, method: Method, module: Module) -> Self {
        let (data, optional) = (Map::new(), BTreeMap::new());
        Self { name, method, module, target: None, data, optional, links: Vec::new() }
    }

    pub(super) fn put(&mut self, field: &str, value: impl Into<String>) {
        self.data.insert(field.to_owned(), Value::String(value.into()));
    }

    fn put_optional(&mut self, field: &str, engine_name: &str, value: &str) {
        self.put(field, value);
        self.optional.insert(field.to_owned(), engine_name.to_owned());
    }

    pub(super) fn link(&mut self, field: &'static str, kind: Kind, record: &Ref) {
        self.links.push(Link { field, kind, record: record.clone() });
    }

    /// A contact is `Who_Id`; anything else is `What_Id`, named by its module (zoho.md 6, linking).
    pub(super) fn hang_on(&mut self, contact: Option<&Ref>, lead: Option<&Ref>, deal: Option<&Ref>) {
        if let Some(contact) = contact {
            self.link("Who_Id", Kind::Contact, contact);
        }
        let what = deal.map(|deal| (Kind::Deal, deal)).or_else(|| lead.map(|lead| (Kind::Lead, lead)));
        if let Some((kind, record)) = what {
            self.link("What_Id", kind, record);
            self.put("$se_module", Module::of(kind).api());
        }
    }

    /// Cuts optional values to what the CRM says their fields hold: one too long fails the whole record.
    fn cut(&mut self, schema: &Schema) {
        for name in self.optional.keys() {
            let length = schema.field(self.module, name).and_then(|field| field.length).unwrap_or(LINE_MAX);
            if let Some(Value::String(text)) = self.data.get_mut(name) {
                *text = cut(text, length);
            }
        }
    }
}

/// The record a step writes to, when it is there already.
fn target_id(step: &Step) -> Option<RecordId> {
    match &step.action {
        Action::Update { record: Ref::Known(id), .. } | Action::LinkVisit { contact: Ref::Known(id), .. } => {
            Some(id.clone())
        }
        _ => None,
    }
}

/// The answer to what the abilities exclude.
fn not_supported() -> StepResult {
    let text = "Zoho has no such step".to_owned();
    StepResult::Refused { code: "not_supported".to_owned(), text }
}

fn not_a_person(kind: Kind) -> Trouble {
    Trouble::Malformed(format!("a {kind} is not made or updated as a client's record"))
}

/// A number as people read it, with its plus.
pub(super) fn number(key: Option<&PhoneKey>, text: Option<&Phone>) -> Option<String> {
    let key = key.map(|key| key.as_str().to_owned());
    key.or_else(|| text.map(|text| text.raw().to_owned())).filter(|number| !number.is_empty())
}

/// The first characters of a text.
pub(super) fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
