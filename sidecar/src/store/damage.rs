//! Calls that cannot be read. One of them holds up no other: the queue sets it aside as failed, and people are shown
//! what is left of it, so that it can be found and dropped.

use tieline_engine::{
    call::{Call, Direction},
    facts::Facts,
    ids::{CallId, ProjectId},
    jiff::Timestamp,
};

use super::{KeptTrouble, StoredCall, transition::Standing};

/// The error reason of a call that cannot be read (error_reason.proto).
pub(super) const DAMAGED: &str = "INTERNAL";

/// A call of the queue that cannot be read.
pub(super) struct Damaged {
    pub(super) seq: i64,
    pub(super) lane: String,
    /// What was found instead of the call.
    pub(super) found: String,
}

/// What is kept with a call that cannot be read.
pub(super) fn damage(found: &str, at: Timestamp) -> KeptTrouble {
    let text = format!("what is stored of the call is damaged ({found}); look for it in the CRM, then drop it here");
    KeptTrouble { reason: DAMAGED.to_owned(), text, at }
}

/// What stands of a damaged call in columns of its own.
pub(super) struct Remains {
    pub(super) seq: u64,
    pub(super) project: String,
    pub(super) id: String,
    pub(super) version: u64,
    pub(super) lane: String,
    pub(super) received_at: Timestamp,
    pub(super) changed_at: Timestamp,
    pub(super) standing: Standing,
}

impl Remains {
    /// The call as people are shown it.
    pub(super) fn shown(self, found: &str) -> StoredCall {
        let Standing { state, due_at, retrying, backlog, attempts } = self.standing;
        StoredCall {
            seq: self.seq,
            call: Call::new(ProjectId::new(self.project), CallId::new(self.id), Direction::Incoming),
            version: self.version,
            lane: self.lane,
            facts: Facts::new(self.received_at),
            state,
            received_at: self.received_at,
            changed_at: self.changed_at,
            due_at,
            retrying,
            backlog,
            attempts,
            trouble: Some(damage(found, self.changed_at)),
            reasons: Vec::new(),
            written: Vec::new(),
            trace: None,
            damaged: true,
            claim: None,
        }
    }
}
