//! Steps: what the engine asks to be done in the CRM, and what became of it.

mod key;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    call::{Direction, Outcome, Source},
    ids::{CallId, RecordId, UserId},
    note::NotePart,
    phone::{Phone, PhoneKey},
    reason::Reason,
    record::{Kind, Record},
    redact::Private,
    scenario::TaskAbout,
};

pub use key::{Mark, StepKey};

/// A record a step refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ref {
    /// It is in the CRM already.
    Known(RecordId),
    /// An earlier step of the same list makes it.
    Made(StepKey),
}

/// One thing to do in the CRM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub key: StepKey,
    /// What to write into it so that it can be found again.
    pub mark: Mark,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Make a contact, lead or deal.
    Create {
        /// Contact, lead or deal.
        kind: Kind,
        /// Its values.
        fields: Fields,
        /// The contact a lead or deal hangs on.
        contact: Option<Ref>,
    },
    /// Write values into an existing contact, lead or deal. Only mapped fields and marks: never a name,
    /// an owner or anything else an agent may have typed (design.md, promise 5).
    Update {
        /// Contact, lead or deal.
        kind: Kind,
        /// Which.
        record: Ref,
        /// Its new values.
        fields: Fields,
    },
    /// Put the call into the CRM's call list.
    LogCall(Box<CallEntry>),
    /// Change the entry made before.
    AmendCall {
        /// Which entry.
        record: Ref,
        /// The whole entry as it should be now.
        entry: Box<CallEntry>,
    },
    /// Finish the entry: nothing more is expected of the call.
    CompleteCall {
        /// Which entry.
        record: Ref,
        /// The whole entry as it should be at last.
        entry: Box<CallEntry>,
    },
    /// Tell the CRM that a client is calling, before anybody answered (SM-13).
    Announce(Box<Announcement>),
    /// Add the client's number to a contact that was made without.
    AddPhone {
        /// Which contact.
        contact: Ref,
        /// The number in canonical form.
        phone: Option<PhoneKey>,
        /// The number as spelt, when it has no canonical form.
        phone_text: Option<Phone>,
    },
    /// Add a task.
    AddTask(Box<Task>),
    /// Close a task that has become needless.
    CloseTask {
        /// Which task.
        task: RecordId,
    },
    /// Write a note.
    AddNote {
        /// On a record of this kind.
        on: Kind,
        /// Which.
        record: Ref,
        /// What it says, as data.
        parts: Vec<NotePart>,
    },
    /// Give the contact its Google client id (RC-15).
    LinkVisit {
        /// Which contact.
        contact: Ref,
        /// The id.
        google_client_id: String,
    },
}

/// Values of a contact, lead or deal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// A person's name or a deal's title. Only on creation.
    pub name: Option<Private>,
    /// The client's number in canonical form, only on creation.
    pub phone: Option<PhoneKey>,
    /// The number as the source spelt it, when it has no canonical form. Only on creation.
    pub phone_text: Option<Phone>,
    /// Responsible user. Only on creation (RC-16).
    pub owner: Option<UserId>,
    /// Where a new deal is placed.
    pub place: Option<Place>,
    /// What brought the client.
    pub source: Option<String>,
    /// Advertising marks by their usual names.
    pub marks: BTreeMap<String, String>,
    /// Google client id.
    pub google_client_id: Option<String>,
    /// Messenger dialogue as `channel:id`.
    pub chat: Option<String>,
    /// Mapped values: the CRM's field name and its text.
    pub custom: BTreeMap<String, String>,
}

impl Fields {
    /// Call and visit data of both, these winning over `self`'s.
    pub(crate) fn with(&self, newer: &Self) -> Self {
        let joined = |old: &BTreeMap<String, String>, new: &BTreeMap<String, String>| {
            old.clone().into_iter().chain(new.clone()).collect()
        };
        Self {
            marks: joined(&self.marks, &newer.marks),
            google_client_id: newer.google_client_id.clone().or_else(|| self.google_client_id.clone()),
            chat: newer.chat.clone().or_else(|| self.chat.clone()),
            custom: joined(&self.custom, &newer.custom),
            ..Self::default()
        }
    }

    /// The call and visit data that differ from what was written before.
    pub(crate) fn without(self, written: &Self) -> Self {
        let fresh = |mut new: BTreeMap<String, String>, old: &BTreeMap<String, String>| {
            new.retain(|name, value| old.get(name) != Some(value));
            new
        };
        Self {
            marks: fresh(self.marks, &written.marks),
            google_client_id: self.google_client_id.filter(|id| written.google_client_id.as_ref() != Some(id)),
            chat: self.chat.filter(|chat| written.chat.as_ref() != Some(chat)),
            custom: fresh(self.custom, &written.custom),
            ..Self::default()
        }
    }
}

/// A place for a new deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Pipeline, where the CRM has several.
    #[serde(default)]
    pub pipeline: Option<String>,
    /// Stage or status, by the CRM's code.
    pub stage: String,
}

/// The call as the CRM's call list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEntry {
    /// The PBX's id.
    pub call: CallId,
    /// Seen from the project; never internal.
    pub direction: Direction,
    /// What brought the client.
    pub source: Source,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// Seconds of talk.
    pub talk_seconds: u32,
    /// Seconds of ringing.
    pub ring_seconds: u32,
    /// The client's canonical number.
    pub client: Option<PhoneKey>,
    /// The client's number as spelt, when it has no canonical form.
    pub client_text: Option<Phone>,
    /// The project's line.
    pub line: Option<Phone>,
    /// The CRM user of the agent.
    pub agent: Option<UserId>,
    /// The agent's extension or SIP login, for CRMs that know agents by it.
    pub agent_code: Option<String>,
    /// Recording of the main leg.
    pub recording: Option<Private>,
    /// Links of the record to the client's records.
    pub contact: Option<Ref>,
    /// The lead, when there is one and no deal.
    pub lead: Option<Ref>,
    /// The deal.
    pub deal: Option<Ref>,
    /// The call in words, as data: legs, other recordings, marks.
    pub parts: Vec<NotePart>,
}

impl CallEntry {
    /// What the entry tells, apart from the records it is linked to.
    pub(crate) fn told(&self) -> Self {
        Self { contact: None, lead: None, deal: None, ..self.clone() }
    }
}

/// A ringing call as the CRM is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The PBX's id.
    pub call: CallId,
    /// Seen from the project; never internal.
    pub direction: Direction,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// The client's canonical number.
    pub client: Option<PhoneKey>,
    /// The client's number as spelt, when it has no canonical form.
    pub client_text: Option<Phone>,
    /// The project's line.
    pub line: Option<Phone>,
    /// The CRM user of the agent who is rung or calls, when known.
    pub agent: Option<UserId>,
    /// The agent's extension or SIP login.
    pub agent_code: Option<String>,
}

/// A task as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What it is about.
    pub about: TaskAbout,
    /// Its name, where the project chose one; else the dialect words it.
    pub name: Option<String>,
    /// Board (as pipeline) and step, where the CRM has such and the project chose them.
    pub board: Option<Place>,
    /// For whom.
    pub owner: Option<UserId>,
    /// When it is due; `None` with `done`.
    pub due_at: Option<Timestamp>,
    /// Finished already: it documents a talk.
    pub done: bool,
    /// The client's number for the subject.
    pub client: Option<PhoneKey>,
    /// The number as spelt, when it has no canonical form.
    pub client_text: Option<Phone>,
    /// The SIP login or number of an agent nobody knows (G-08).
    pub unmapped_agent: Option<String>,
    /// The records it hangs on.
    pub contact: Option<Ref>,
    /// The lead.
    pub lead: Option<Ref>,
    /// The deal.
    pub deal: Option<Ref>,
    /// The call in words, as data.
    pub parts: Vec<NotePart>,
}

/// What became of a step, read from the CRM's answer. A step not mentioned was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// Done; the CRM's id where it gives one.
    Done {
        /// Id of what was made or changed.
        record: Option<RecordId>,
    },
    /// An earlier attempt had done it, whose answer was lost, and the CRM keeps what that one told.
    DoneBefore {
        /// Id of what was made.
        record: Option<RecordId>,
    },
    /// The CRM refused to make a second one and named the first.
    Exists(Box<Record>),
    /// The CRM refuses one optional field; without it the step may pass.
    FieldRefused {
        /// The CRM's name of the field.
        field: String,
        /// What the CRM said, without personal data.
        text: String,
    },
    /// The record referred to is gone.
    TargetGone {
        /// Its kind.
        kind: Kind,
    },
    /// The CRM refuses it as it is; a person must act.
    Refused {
        /// The CRM's code.
        code: String,
        /// What the CRM said, without personal data.
        text: String,
    },
}

impl Action {
    /// The kind of record the step makes or changes.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Create { kind, .. } | Self::Update { kind, .. } => *kind,
            Self::LogCall(_) | Self::AmendCall { .. } | Self::CompleteCall { .. } | Self::Announce(_) => {
                Kind::CallRecord
            }
            Self::AddTask(_) | Self::CloseTask { .. } => Kind::Task,
            Self::AddNote { .. } => Kind::Note,
            Self::LinkVisit { .. } | Self::AddPhone { .. } => Kind::Contact,
        }
    }

    /// The owner the step gives, when it gives one.
    #[must_use]
    pub fn owner(&self) -> Option<&UserId> {
        match self {
            Self::Create { fields, .. } => fields.owner.as_ref(),
            Self::AddTask(task) => task.owner.as_ref(),
            Self::LogCall(entry) | Self::AmendCall { entry, .. } | Self::CompleteCall { entry, .. } => {
                entry.agent.as_ref()
            }
            Self::Announce(ringing) => ringing.agent.as_ref(),
            Self::Update { .. }
            | Self::AddNote { .. }
            | Self::LinkVisit { .. }
            | Self::AddPhone { .. }
            | Self::CloseTask { .. } => None,
        }
    }
}
