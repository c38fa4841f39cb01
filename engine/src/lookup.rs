//! Asking the CRM what it knows of a client.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    client::ClientKey,
    reason::Reason,
    record::Kind,
    redact::Private,
    step::{Mark, StepKey},
};

/// One look-up, answered by [`crate::facts::Found`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUp {
    /// Who is looked for; `None` when only marks are sought.
    pub client: Option<Sought>,
    /// Steps that may have happened, to be found by their marks.
    pub marks: Vec<SoughtMark>,
    /// The CRM itself must be asked: an answer kept from before will not do.
    pub fresh: bool,
    /// Why.
    pub reason: Reason,
}

/// Whom to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// The client's key.
    pub key: ClientKey,
    /// Spellings of the number worth asking for, best first; empty for a client without a number.
    pub spellings: Vec<String>,
    /// Messenger dialogue as `channel:id`, when known.
    pub chat: Option<String>,
    /// The name the call tells: what a contact that was made without its number can be found by. Never matched alone.
    pub name: Option<Private>,
    /// Contact, lead, deal: those the scenario can use.
    pub kinds: BTreeSet<Kind>,
}

/// A step that may have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoughtMark {
    /// The step.
    pub key: StepKey,
    /// The kind of record it makes.
    pub kind: Kind,
    /// The text the record carries.
    pub mark: Mark,
    /// When it was sent; nothing older can be it.
    pub since: Timestamp,
}
