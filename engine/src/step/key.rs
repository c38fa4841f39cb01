//! Names: of a step within its call, and of what it writes within the CRM.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CallId, RecordId},
    next::PEOPLE,
    record::Kind,
    scenario::TaskAbout,
};

/// The name of a step within its call; one name is done at most once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepKey(String);

impl StepKey {
    /// Making a contact, lead or deal.
    #[must_use]
    pub fn create(kind: Kind) -> Self {
        Self(format!("create.{kind}"))
    }

    /// Writing call and visit data into an existing record.
    #[must_use]
    pub fn update(kind: Kind) -> Self {
        Self(format!("update.{kind}"))
    }

    /// Putting the call into the CRM's call list.
    #[must_use]
    pub fn call_record() -> Self {
        Self("call_record".to_owned())
    }

    /// Changing that entry; `version` tells one change from the next.
    #[must_use]
    pub fn amend_call_record(version: u32) -> Self {
        Self(format!("call_record.amend.{version}"))
    }

    /// Finishing that entry.
    #[must_use]
    pub fn complete_call_record() -> Self {
        Self("call_record.complete".to_owned())
    }

    /// Telling the CRM of a ringing call.
    #[must_use]
    pub fn announce() -> Self {
        Self("call_record.announce".to_owned())
    }

    /// Adding the client's number to a contact made without.
    #[must_use]
    pub fn add_phone() -> Self {
        Self("phone".to_owned())
    }

    /// Closing a task made for an earlier call.
    #[must_use]
    pub fn close_task(task: &RecordId) -> Self {
        Self(format!("close_task.{task}"))
    }

    /// Adding a task.
    #[must_use]
    pub fn task(about: TaskAbout) -> Self {
        Self(format!("task.{}", about.as_str()))
    }

    /// Writing the call as a note on a record of a kind; `version` counts later additions, 0 is the first.
    #[must_use]
    pub fn note(on: Kind, version: u32) -> Self {
        Self(format!("note.{on}.{version}"))
    }

    /// Giving the contact its Google client id.
    #[must_use]
    pub fn visit() -> Self {
        Self("visit".to_owned())
    }

    /// Whether the step writes or changes the call list entry.
    #[must_use]
    pub fn writes_entry(&self) -> bool {
        self.0.starts_with("call_record") && *self != Self::announce()
    }

    /// Whether the step writes a note.
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.0.starts_with("note.")
    }

    /// Whether the step adds a note to what was told already.
    #[must_use]
    pub fn is_later_note(&self) -> bool {
        self.is_note() && !self.0.ends_with(".0")
    }

    /// Whether the step writes into an existing contact, lead or deal: it may be done again with newer values.
    #[must_use]
    pub fn is_update(&self) -> bool {
        self.0.starts_with("update.")
    }

    /// Whether doing the step twice has one effect, so that a lost answer needs no look-up.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        // Whatever changes the entry says how it should be as a whole; the other end knows a ringing call by its id.
        let changes_entry = self.0.starts_with("call_record.");
        let is_looked_at_first = *self == Self::add_phone() || *self == Self::visit();
        self.is_update() || changes_entry || is_looked_at_first || self.0.starts_with("close_task.")
    }

    /// The kind of record the step makes, for finding it again.
    #[must_use]
    pub fn makes(&self) -> Option<Kind> {
        PEOPLE.into_iter().find(|kind| *self == Self::create(*kind)).or_else(|| match self.0.split('.').next() {
            Some("call_record") if *self == Self::call_record() => Some(Kind::CallRecord),
            Some("task") => Some(Kind::Task),
            Some("note") => Some(Kind::Note),
            _ => None,
        })
    }

    /// The kind of record the step makes or changes.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let amended = self.0.starts_with("call_record").then_some(Kind::CallRecord);
        let closed = self.0.starts_with("close_task.").then_some(Kind::Task);
        let updated = PEOPLE.into_iter().find(|kind| *self == Self::update(*kind));
        // What is left is the number and the Google client id, which are the contact's.
        self.makes().or(amended).or(closed).or(updated).unwrap_or(Kind::Contact)
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A short text carried by what we write, so that it can be found again when an answer was lost.
/// `tl-` and 16 letters and digits: it fits into subjects and external ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(String);

impl Mark {
    /// The mark of a step of a call: stable over restarts and machines.
    /// 80 bits of FNV-1a (128 bits wide) over project, call and step: among ten million marks two meet with a
    /// chance of one in ten thousand million.
    #[must_use]
    pub fn of(project: &str, call: &CallId, key: &StepKey) -> Self {
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        let separated = [project, "\u{1f}", call.as_str(), "\u{1f}", key.as_str()];
        for byte in separated.iter().flat_map(|part| part.bytes()) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        let folded = hash ^ (hash >> 64);
        let letter =
            |index: u32| char::from(b"abcdefghijkmnpqrstuvwxyz23456789"[(folded >> (5 * index)) as usize & 31]);
        Self(format!("tl-{}", (0..16).map(letter).collect::<String>()))
    }

    /// The mark's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
