//! A call on its way through the store: the pieces it comes in, how it stands, what is made of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tieline_engine::{
    call::Call,
    facts::{Facts, OwnRecord},
    ids::{AgentId, CallId, ProjectId, RecordId},
    jiff::{Timestamp, civil::Date},
    reason::{Reason, ReasonCode},
    record::Kind,
};

use super::lease::Lease;

/// The name of a call's lane, from the call as joined so far.
pub type LaneOf = Arc<dyn Fn(&Call) -> String + Send + Sync>;

/// A piece of a call to be taken in.
#[derive(Clone)]
pub struct Piece {
    /// What it tells.
    pub call: Call,
    /// How to name the lane of the joined call.
    pub lane_of: LaneOf,
    /// When it came.
    pub at: Timestamp,
    /// The day it came, in the project's zone: the ledger's day, unless the call is known already.
    pub day: Date,
    /// The body as received, for replay (telephony/events.md, G1).
    pub raw: Option<String>,
    /// W3C trace context it came with, so that delivery joins the caller's trace.
    pub trace: Option<String>,
}

/// What accepting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// New, amended or repeated.
    pub receipt: Receipt,
    /// Where the call stands after it.
    pub state: State,
}

/// Whether a piece told anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The call was not known.
    Accepted,
    /// The call was known and the piece told more.
    Amended,
    /// The piece told nothing new.
    Repeated,
}

/// How many of the calls whose turn it is are wanted, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// So many at most.
    pub limit: usize,
    /// Those of the backlog too, behind the live ones.
    pub backlog: bool,
}

impl Turns {
    /// Live ones first, then those of the backlog.
    #[must_use]
    pub const fn all(limit: usize) -> Self {
        Self { limit, backlog: true }
    }

    /// Live ones only.
    #[must_use]
    pub const fn live(limit: usize) -> Self {
        Self { limit, backlog: false }
    }
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Accepted, not finished.
    Waiting,
    /// In the CRM.
    Written,
    /// Nothing was to be written.
    Skipped(ReasonCode),
    /// The CRM refuses it; a person must act.
    Failed,
}

/// A call as stored.
#[derive(Clone, Debug)]
pub struct StoredCall {
    /// Order of acceptance, unique in the store.
    pub seq: u64,
    /// The call as joined so far.
    pub call: Call,
    /// Counts the changes of `call`.
    pub version: u64,
    /// The name of its lane.
    pub lane: String,
    /// What is known of its way into the CRM.
    pub facts: Facts,
    /// Where it stands.
    pub state: State,
    /// When it came first.
    pub received_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// When it is its turn, while it waits.
    pub due_at: Timestamp,
    /// It waits for a retry, and later calls of its lane with it.
    pub retrying: bool,
    /// Goes behind live calls.
    pub backlog: bool,
    /// Attempts that met trouble since the last success.
    pub attempts: u32,
    /// The last trouble.
    pub trouble: Option<KeptTrouble>,
    /// The latest decision's reasons.
    pub reasons: Vec<Reason>,
    /// What was written where.
    pub written: Vec<Written>,
    /// W3C trace context it came with.
    pub trace: Option<String>,
    /// Only what stands in columns of its own could be read: what was written for it is not known, and nothing but
    /// dropping may be done with it.
    pub damaged: bool,
    /// The right to deliver it, where several sidecars share the store and this one has it.
    pub claim: Option<Claim>,
}

/// The right to work for one client: a sidecar's alone until it sets the lane free or its lease is over.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The client's lane.
    pub lane: String,
    /// Counts the claims of the lane, so that an earlier one is known as such.
    pub fence: u64,
    /// Another sidecar has worked for the client since this one did: what is kept of the client may be old.
    pub moved: bool,
    /// For how long nobody else can have the right.
    pub lease: Lease,
}

/// Trouble met on the way, as kept with the call: codes and texts without personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTrouble {
    /// One of the contract's error reasons.
    pub reason: String,
    /// What happened.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// One record written for a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Which step.
    pub step: String,
    /// Kind of record.
    pub kind: Kind,
    /// The CRM's id, where it gives one.
    pub id: Option<RecordId>,
    /// Made (or only changed).
    pub made: bool,
    /// A link for a person.
    pub link: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A call's progress.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Whose.
    pub project: ProjectId,
    /// Which.
    pub call: CallId,
    /// The version of the call it was made from.
    pub version: u64,
    /// The facts now.
    pub facts: Facts,
    /// Where the call stands.
    pub state: State,
    /// When it is its turn again, while it waits.
    pub due_at: Timestamp,
    /// It waits for a retry.
    pub retrying: bool,
    /// Attempts that met trouble.
    pub attempts: u32,
    /// The last trouble; `None` keeps what was kept.
    pub trouble: Option<KeptTrouble>,
    /// The latest decision's reasons; `None` keeps what was kept.
    pub reasons: Option<Vec<Reason>>,
    /// Records written since the last progress.
    pub written: Vec<Written>,
    /// Records made or adopted since the last progress, for the client's lane.
    pub own: Vec<OwnRecord>,
    /// The agent who talked with the client, once the call is over.
    pub talked: Option<AgentId>,
    /// The right it was made under.
    pub claim: Option<Claim>,
    /// The delivery ends with it: any sidecar may go on with the client's calls.
    pub rests: bool,
    /// Now.
    pub at: Timestamp,
}

/// What is known of a client from our own work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnOf {
    /// Records made or adopted.
    pub records: Vec<OwnRecord>,
    /// Who last talked with the client (RT-03).
    pub last_talk: Option<AgentId>,
}
