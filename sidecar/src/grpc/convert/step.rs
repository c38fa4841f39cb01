//! One write that would be made (sync_call.proto).

use std::collections::BTreeMap;

use tieline_engine::{
    ids::RecordId,
    jiff::{Timestamp, tz::TimeZone},
    note::{self, NotePart},
    phone::{Phone, PhoneKey},
    record::Kind,
    redact::Private,
    step::{Action, CallEntry, Fields, Ref, Step, Task},
};
use tieline_proto::v1;

use super::{report::decision, words};

/// A record's page for a person, where the CRM has one.
pub type RecordLink<'a> = &'a dyn Fn(Kind, &RecordId) -> Option<String>;

/// What a dry run names the records by that it pretends to have made; their step's name follows.
const PRETENDED: &str = "planned:";

/// The writes that would be made, in order.
#[must_use]
pub fn planned_steps(steps: &[Step], zone: &TimeZone, link: RecordLink<'_>) -> Vec<v1::PlannedStep> {
    steps.iter().map(|step| planned(step, zone, link)).collect()
}

/// A record with its page.
pub(super) fn record(kind: Kind, id: &RecordId, link: RecordLink<'_>) -> v1::CrmRecord {
    v1::CrmRecord {
        kind: words::entity_kind(kind).into(),
        id: id.as_str().to_owned(),
        url: link(kind, id).unwrap_or_default(),
    }
}

/// A record whose page was kept with it.
#[must_use]
pub fn kept_record(kind: Kind, id: &RecordId, url: Option<&str>) -> v1::CrmRecord {
    record(kind, id, &|_, _| url.map(ToOwned::to_owned))
}

fn planned(step: &Step, zone: &TimeZone, link: RecordLink<'_>) -> v1::PlannedStep {
    let mut values = Values::default();
    let (kind, changed) = values.action(&step.action, zone);
    let action = if changed.is_some() { v1::StepAction::Update } else { v1::StepAction::Create };
    let target = match &changed {
        Some(Ref::Known(id)) if !id.as_str().starts_with(PRETENDED) => Some(record(kind, id, link)),
        made => {
            values.reference("record", made.as_ref());
            None
        }
    };
    v1::PlannedStep {
        kind: words::entity_kind(kind).into(),
        action: action.into(),
        target,
        fields: values.0,
        reason: Some(decision(&step.reason, None)),
    }
}

/// What would be put in, in reading order; what is empty is left out.
#[derive(Default)]
struct Values(Vec<v1::FieldValue>);

impl Values {
    /// An action's values; returns the kind of record it is about and, when one is changed, which.
    fn action(&mut self, action: &Action, zone: &TimeZone) -> (Kind, Option<Ref>) {
        match action {
            Action::Create { kind, fields, contact } => {
                self.fields(fields);
                self.reference("contact", contact.as_ref());
                (*kind, None)
            }
            Action::Update { kind, record, fields } => {
                self.fields(fields);
                (*kind, Some(record.clone()))
            }
            Action::LogCall(entry) => {
                self.entry(entry, zone);
                (Kind::CallRecord, None)
            }
            Action::AmendCall { record, entry } | Action::CompleteCall { record, entry } => {
                self.entry(entry, zone);
                (Kind::CallRecord, Some(record.clone()))
            }
            Action::Announce(ringing) => {
                self.text("direction", Some(words::direction_word(ringing.direction)));
                self.moment("started_at", ringing.started_at);
                self.client(ringing.client.as_ref(), ringing.client_text.as_ref());
                self.text("agent", ringing.agent.as_ref().map(|agent| agent.as_str()));
                (Kind::CallRecord, None)
            }
            Action::AddPhone { contact, phone, phone_text } => {
                self.client(phone.as_ref(), phone_text.as_ref());
                (Kind::Contact, Some(contact.clone()))
            }
            Action::CloseTask { task } => {
                self.text("done", Some("true"));
                (Kind::Task, Some(Ref::Known(task.clone())))
            }
            Action::AddTask(task) => {
                self.task(task, zone);
                (Kind::Task, None)
            }
            Action::AddNote { on, record, parts } => {
                self.reference(on.as_str(), Some(record));
                self.parts(parts, zone);
                (Kind::Note, None)
            }
            Action::LinkVisit { contact, google_client_id } => {
                self.text("google_client_id", Some(google_client_id));
                (Kind::Contact, Some(contact.clone()))
            }
        }
    }

    fn text(&mut self, key: &str, value: Option<impl AsRef<str>>) {
        let value = value.as_ref().map(AsRef::as_ref).filter(|value| !value.is_empty());
        self.0.extend(value.map(|value| v1::FieldValue { key: key.to_owned(), value: value.to_owned() }));
    }

    fn reference(&mut self, key: &str, to: Option<&Ref>) {
        let new = |step: &str| {
            let made = step.strip_prefix("create.").or(step.split('.').next()).unwrap_or("record");
            format!("new {}", made.replace('_', " "))
        };
        let value = to.map(|to| match to {
            Ref::Known(id) => id.as_str().strip_prefix(PRETENDED).map_or_else(|| id.as_str().to_owned(), new),
            Ref::Made(step) => new(step.as_str()),
        });
        self.text(key, value);
    }

    fn client(&mut self, key: Option<&PhoneKey>, spelt: Option<&Phone>) {
        self.text("phone", key.map(PhoneKey::as_str).or(spelt.map(Phone::raw)));
    }

    fn moment(&mut self, key: &str, at: Option<Timestamp>) {
        self.text(key, at.map(|at| at.to_string()));
    }

    fn parts(&mut self, parts: &[NotePart], zone: &TimeZone) {
        self.text("text", Some(note::render(parts, zone)));
    }

    fn map(&mut self, values: &BTreeMap<String, String>) {
        for (key, value) in values {
            self.text(key, Some(value));
        }
    }

    fn fields(&mut self, fields: &Fields) {
        self.text("name", fields.name.as_ref().map(Private::expose));
        self.client(fields.phone.as_ref(), fields.phone_text.as_ref());
        self.text("owner", fields.owner.as_ref().map(|owner| owner.as_str()));
        self.text("pipeline", fields.place.as_ref().and_then(|place| place.pipeline.as_ref()));
        self.text("stage", fields.place.as_ref().map(|place| &place.stage));
        self.text("source", fields.source.as_ref());
        self.text("google_client_id", fields.google_client_id.as_ref());
        self.text("chat", fields.chat.as_ref());
        self.map(&fields.marks);
        self.map(&fields.custom);
    }

    fn entry(&mut self, entry: &CallEntry, zone: &TimeZone) {
        self.text("direction", Some(words::direction_word(entry.direction)));
        self.text("outcome", Some(note::status_text(entry.outcome)));
        self.moment("started_at", entry.started_at);
        self.text("talk_seconds", Some(entry.talk_seconds.to_string()));
        self.text("waiting_seconds", Some(entry.ring_seconds.to_string()));
        self.client(entry.client.as_ref(), entry.client_text.as_ref());
        self.text("project_number", entry.line.as_ref().map(Phone::raw));
        self.text("owner", entry.agent.as_ref().map(|agent| agent.as_str()));
        self.text("recording", entry.recording.as_ref().map(Private::expose));
        self.links(entry.contact.as_ref(), entry.lead.as_ref(), entry.deal.as_ref());
        self.parts(&entry.parts, zone);
    }

    fn task(&mut self, task: &Task, zone: &TimeZone) {
        self.text("about", Some(task.about.as_str()));
        self.text("name", task.name.as_ref());
        self.text("pipeline", task.board.as_ref().and_then(|board| board.pipeline.as_ref()));
        self.text("stage", task.board.as_ref().map(|board| &board.stage));
        self.text("owner", task.owner.as_ref().map(|owner| owner.as_str()));
        self.moment("due_at", task.due_at);
        self.text("done", Some(task.done.to_string()));
        self.client(task.client.as_ref(), task.client_text.as_ref());
        self.text("unmapped_agent", task.unmapped_agent.as_ref());
        self.links(task.contact.as_ref(), task.lead.as_ref(), task.deal.as_ref());
        self.parts(&task.parts, zone);
    }

    fn links(&mut self, contact: Option<&Ref>, lead: Option<&Ref>, deal: Option<&Ref>) {
        self.reference("contact", contact);
        self.reference("lead", lead);
        self.reference("deal", deal);
    }
}
