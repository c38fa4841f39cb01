//! Projects that are kept in the store: their text, and their secrets sealed by the caller.

use std::fmt;

use tieline_engine::{ids::ProjectId, jiff::Timestamp};

/// A project as kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptProject {
    /// Its id.
    pub id: ProjectId,
    /// Its TOML text.
    pub text: String,
    /// Its secrets, sealed.
    pub sealed: Vec<u8>,
    /// Grows with every change of any project in the store, and is never used twice.
    pub revision: u64,
    /// When it was last put.
    pub updated_at: Timestamp,
}

/// A project to be kept.
#[derive(Clone)]
pub struct ProjectPut {
    /// Its id.
    pub id: ProjectId,
    /// Its TOML text.
    pub text: String,
    /// Its secrets, sealed.
    pub sealed: Vec<u8>,
    /// The revision it takes the place of: 0 where there must be none; `None`: whatever is there.
    pub over: Option<u64>,
    /// Now.
    pub at: Timestamp,
}

/// Whether a project was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is kept, under this revision.
    Done(u64),
    /// Another revision is there, 0 for none; nothing was changed.
    Another(u64),
}

/// A project to be removed, with its connection's state and access token. Its calls stay.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Its id.
    pub id: ProjectId,
    /// The revision that is meant; `None`: whatever is there.
    pub over: Option<u64>,
    /// Ends waiting calls as skipped, with the reason `dropped`.
    pub drop_waiting: bool,
    /// Now.
    pub at: Timestamp,
}

/// Whether a project was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone.
    Done {
        /// Waiting calls that were dropped with it.
        dropped: u64,
    },
    /// There is none.
    NotThere,
    /// Another revision is there; nothing was changed.
    Another(u64),
    /// So many of its calls wait; nothing was changed.
    CallsWait(u64),
}

/// Its text names people.
impl fmt::Debug for KeptProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, revision, .. } = self;
        f.debug_struct("KeptProject").field("id", id).field("revision", revision).finish_non_exhaustive()
    }
}

impl fmt::Debug for ProjectPut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectPut").field("id", &self.id).field("over", &self.over).finish_non_exhaustive()
    }
}
