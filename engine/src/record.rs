//! What a CRM holds, in words every CRM shares.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{RecordId, UserId},
    phone::{MAX_SPELLINGS, Phone},
    redact::Private,
};

/// The kinds of record the engine knows. An order is a deal; a request is a lead (design.md, words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Contact,
    /// A first interest, before it is a deal.
    Lead,
    /// A sale in progress.
    Deal,
    /// Something an agent has to do, or has done.
    Task,
    /// The call in the CRM's own call list.
    CallRecord,
    /// Text on another record.
    Note,
}

impl Kind {
    /// The kind's name in configuration, reasons and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Lead => "lead",
            Self::Deal => "deal",
            Self::Task => "task",
            Self::CallRecord => "call_record",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A contact, lead or deal as a look-up returned it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Contact, lead or deal.
    pub kind: Kind,
    /// The CRM's id.
    pub id: RecordId,
    /// Every phone field of the record, as stored. Deals usually have none and name their contact.
    pub phones: Vec<Phone>,
    /// The name, for the caller card.
    pub name: Option<Private>,
    /// The responsible user.
    pub owner: Option<UserId>,
    /// Whether work on it goes on. Contacts are always open.
    pub open: bool,
    /// The contact a lead or deal hangs on.
    pub contact: Option<RecordId>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub modified_at: Option<Timestamp>,
    /// Messenger dialogues the record carries, as `channel:id` (G13).
    pub chats: Vec<String>,
}

impl Record {
    /// An open record with nothing known but its kind and id.
    #[must_use]
    pub fn new(kind: Kind, id: RecordId) -> Self {
        Self {
            kind,
            id,
            phones: Vec::new(),
            name: None,
            owner: None,
            open: true,
            contact: None,
            created_at: None,
            modified_at: None,
            chats: Vec::new(),
        }
    }
}

/// What one CRM can do; given by its dialect, so that the engine asks for nothing impossible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// Kinds of record that exist there.
    pub kinds: BTreeSet<Kind>,
    /// Kinds a note can be written on.
    pub notes_on: BTreeSet<Kind>,
    /// A call record can be changed after it was written; where not, later facts become a note.
    pub amends_call_record: bool,
    /// A task must hang on a record of this kind (RC-11).
    pub task_needs: Option<Kind>,
    /// Seconds during which a search may not see what was just written (crm/README.md: assume some everywhere).
    pub search_lag_seconds: u32,
    /// Spellings of one number that fit into one look-up.
    pub spellings_max: usize,
    /// Google client ids have a place of their own on the contact (RC-15).
    pub takes_visits: bool,
    /// The call list takes calls of clients it does not know; where not, such calls are left out.
    pub logs_unlinked_calls: bool,
    /// A call record is finished by a step of its own, after which it can hardly be changed: the step waits for the
    /// recording (SM-10).
    pub completes_call_record: bool,
    /// The CRM is told of a ringing call before anything is known of its end (SM-13).
    pub announces_ringing: bool,
    /// A contact nobody has named stays without a name, so that a person's name is the first one (SM-07, SM-14).
    pub leaves_contacts_unnamed: bool,
    /// Making a contact takes its name and owner only: number, marks and mapped values follow as steps of their own.
    pub makes_contacts_bare: bool,
    /// Leads and deals that cannot be without a contact (RO-12).
    pub needs_contact: BTreeSet<Kind>,
    /// A note on a record that is made in the same list travels inside the record's creation (remonline.md 2.9).
    pub notes_in_new_records: bool,
    /// A note whose writing is in doubt is found through its client's records only (sendpulse.md 3.2: comments have no
    /// list of their own).
    pub seeks_notes_by_client: bool,
    /// A task stands on a board of the project's choice, with name, owner and deadline; where one of them is not set
    /// there is no task (SP-10, SP-11).
    pub tasks_need_board: bool,
    /// An open task can be closed.
    pub closes_tasks: bool,
}

impl Abilities {
    /// A CRM that has these kinds of record, whose search sees every write at once and takes every spelling, and
    /// that can do nothing beyond.
    #[must_use]
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self {
            kinds: kinds.into_iter().collect(),
            notes_on: BTreeSet::new(),
            amends_call_record: false,
            task_needs: None,
            search_lag_seconds: 0,
            spellings_max: MAX_SPELLINGS,
            takes_visits: false,
            logs_unlinked_calls: false,
            completes_call_record: false,
            announces_ringing: false,
            leaves_contacts_unnamed: false,
            makes_contacts_bare: false,
            needs_contact: BTreeSet::new(),
            notes_in_new_records: false,
            seeks_notes_by_client: false,
            tasks_need_board: false,
            closes_tasks: false,
        }
    }
}

/// A user of the CRM, for binding agents to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmUser {
    /// The CRM's id.
    pub id: UserId,
    /// Full name.
    pub name: Private,
    /// E-mail.
    pub email: Option<Private>,
    /// Numbers of the user, extensions included.
    pub phones: Vec<Phone>,
    /// May own records.
    pub active: bool,
}

/// A field of a CRM entity, for checking mappings (Z-03, Z-04).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmField {
    /// Contact, lead or deal.
    pub entity: Kind,
    /// The name requests use.
    pub name: String,
    /// Made by the CRM's user, not by its vendor.
    pub custom: bool,
    /// Holds one line of text and may be written.
    pub text: bool,
    /// Longest value in characters, when the CRM says.
    pub length_max: Option<usize>,
}
