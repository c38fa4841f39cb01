//! What must outlive a crash: accepted calls with their facts, records made, connections. One trait, so that the
//! embedded store and a shared database are interchangeable; one suite runs over both.

pub mod keeping;
pub mod lease;
pub mod postgres;
pub mod resend;
pub mod sqlite;
mod transition;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tieline_crm::transport::BoxFuture;
use tieline_engine::{
    call::Call,
    facts::{Facts, OwnRecord},
    ids::{AgentId, CallId, ProjectId, RecordId},
    jiff::{Timestamp, civil::Date},
    reason::{Reason, ReasonCode},
    record::Kind,
};
use tokio::sync::watch;

use self::{
    keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
    lease::Lease,
    resend::{Resending, Selection, Survey},
};

/// A store's answer, to be awaited.
pub type Reply<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Where everything durable lives. A method that changes something answers when the change is on disk.
pub trait Store: Send + Sync {
    /// Takes a piece of a call in: joins it with what is known of the call, or makes the call known.
    fn accept(&self, piece: Piece) -> Reply<'_, Accepted>;

    /// One call.
    fn call(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Option<StoredCall>>;

    /// Calls whose turn it is, live ones first, backlog by worth, then by order of acceptance: at most one per lane, the
    /// earliest that waits there. A call that waits for a retry keeps later calls of its lane back; one that waits for
    /// further facts of its own does not. Lanes named in `busy` are left out. Where several sidecars share the store,
    /// the lanes are claimed with it: no other sidecar is given them before they are set free or the lease is over.
    fn due(&self, project: &ProjectId, now: Timestamp, busy: &[String], limit: usize) -> Reply<'_, Vec<StoredCall>>;

    /// When the next call will be due, if any waits in a lane that no other sidecar holds.
    fn next_due(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>>;

    /// Stores a call's progress. If the call was amended since it was read, it stays waiting and due. Progress made
    /// under a claim that has passed to another sidecar is refused with [`StoreError::Taken`].
    fn save(&self, progress: Progress) -> Reply<'_, ()>;

    /// Records made for a lane's client, not older than a time; with the agent who last talked with the client.
    fn own(&self, project: &ProjectId, lane: &str, since: Timestamp) -> Reply<'_, OwnOf>;

    /// When something of a project's calls was last written to its CRM, if ever.
    fn last_written(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>>;

    /// A connection's state, if it was ever stored.
    fn connection(&self, project: &ProjectId) -> Reply<'_, Option<ConnectionState>>;

    /// Stores a connection's state.
    fn put_connection(&self, project: &ProjectId, state: ConnectionState) -> Reply<'_, ()>;

    /// The access token kept for a connection, sealed by the caller.
    fn token(&self, project: &ProjectId) -> Reply<'_, Option<KeptToken>>;

    /// Keeps an access token.
    fn put_token(&self, project: &ProjectId, token: KeptToken) -> Reply<'_, ()>;

    /// Calls of a project in a state, by order of acceptance, from after a position.
    fn list(&self, project: &ProjectId, filter: Filter, after: u64, limit: usize) -> Reply<'_, Vec<StoredCall>>;

    /// How many calls a filter finds.
    fn count(&self, project: &ProjectId, filter: Filter) -> Reply<'_, u64>;

    /// Begins a resending: chooses nothing yet, see [`Store::step_resend`]. Calls accepted after `at` are not meant.
    fn begin_resend(&self, project: &ProjectId, selection: Selection, at: Timestamp) -> Reply<'_, u64>;

    /// A resending of a project, by its number or the latest.
    fn resending(&self, project: &ProjectId, id: Option<u64>) -> Reply<'_, Option<Resending>>;

    /// Resendings that have a step to do.
    fn open_resendings(&self) -> Reply<'_, Vec<Resending>>;

    /// Cancels a resending, or lets it go on; see [`Store::step_resend`]. `false`: there is none of that number.
    fn order_resend(&self, project: &ProjectId, id: u64, cancel: bool) -> Reply<'_, bool>;

    /// Does a portion of what a resending has to do: choosing, releasing or holding. Answers whether there is more to
    /// do at once.
    fn step_resend(&self, project: &ProjectId, id: u64, now: Timestamp) -> Reply<'_, bool>;

    /// Counts a portion of what a selection would choose, from before a position; nothing is changed.
    fn survey(
        &self,
        project: &ProjectId,
        selection: Selection,
        accepted_until: Timestamp,
        before: u64,
    ) -> Reply<'_, Survey>;

    /// Puts calls back to waiting as backlog, due now; those that wait already keep their place. Failed steps are
    /// forgiven. Returns how many.
    fn requeue(&self, project: &ProjectId, filter: Filter, now: Timestamp) -> Reply<'_, u64>;

    /// Ends waiting or failed calls as skipped for a reason. Waiting ones of which something is in the CRM already
    /// are spared: they are finished instead. Returns how many.
    fn skip(&self, project: &ProjectId, filter: Filter, reason: Reason, now: Timestamp) -> Reply<'_, u64>;

    /// Marks every waiting call as backlog and judges its worth, so that calls from now on go first.
    fn demote_waiting(&self, project: &ProjectId) -> Reply<'_, u64>;

    /// The ledger by day of acceptance in the project's zone, both days included.
    fn ledger(&self, project: &ProjectId, from: Date, to: Date) -> Reply<'_, Vec<LedgerDay>>;

    /// When a call of a project was last taken in, if it is still stored.
    fn last_received(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>>;

    /// Removes what is older than its time, of every project, at most so many of each kind. Calls that wait are never
    /// touched; removed ones stay counted in the ledger.
    fn purge(&self, expiry: Expiry, limit: usize) -> Reply<'_, Purged>;

    /// Removes what is stored of a person, all or nothing, and tells which records of the CRM are theirs. Removed calls
    /// stay counted in the ledger. Doing it again finds nothing.
    fn forget(&self, person: Person, how: Forgetting) -> Reply<'_, Forgotten>;

    /// What the sidecars that share the store do, told anew every second or so; `None` where there can be one only.
    fn others(&self) -> Option<watch::Receiver<Beat>> {
        None
    }

    /// Asks for the right to renew a connection's access token. `known` is the sealed token that will not do, if any;
    /// another one is given when it lives beyond `until`.
    fn renew_token(&self, _project: &ProjectId, _known: Option<&[u8]>, _until: Timestamp) -> Reply<'_, Renewal> {
        Box::pin(async { Ok(Renewal::Yours) })
    }

    /// Gives the right back, with the new token where one was got. A right that has passed on changes nothing.
    fn renewed(&self, project: &ProjectId, token: Option<KeptToken>) -> Reply<'_, ()> {
        match token {
            Some(token) => self.put_token(project, token),
            None => Box::pin(async { Ok(()) }),
        }
    }

    /// Writes what is queued and ends; later questions are answered with [`StoreError::Closed`].
    fn close(&self) -> Reply<'_, ()>;
}

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

/// What the sidecars that share a store do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Sidecars alive, this one included.
    pub sidecars: u32,
    /// Changes whenever a connection's state does.
    pub connections: u64,
    /// Projects in which a call is due that nobody delivers.
    pub due: Vec<ProjectId>,
}

/// Whether an access token is to be renewed.
#[derive(Clone)]
pub enum Renewal {
    /// Renew it, then call [`Store::renewed`].
    Yours,
    /// Another sidecar has renewed it.
    Newer(KeptToken),
    /// Another sidecar is renewing it; ask again shortly.
    Another,
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

/// A connection's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionState {
    /// Inactive, active or suspended.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// Why it is suspended.
    pub why: Option<KeptTrouble>,
    /// Calls kept while it is off are sent on activation (Z-18, Z-19).
    pub keep_data: bool,
}

/// Inactive, active or suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Switched off by an administrator.
    Inactive,
    /// Working.
    Active,
    /// Stopped by the CRM's refusal of the credentials; everything waits.
    Suspended,
}

/// An access token as kept.
#[derive(Clone)]
pub struct KeptToken {
    /// The token, sealed by the caller.
    pub sealed: Vec<u8>,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// Which calls. Empty parts fit all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// By state.
    pub states: Vec<StateIs>,
    /// By the reason code of skipped calls.
    pub skipped_for: Vec<ReasonCode>,
    /// By the error reason of the last trouble.
    pub trouble: Option<String>,
    /// Happened at or after (the call's start, else its acceptance).
    pub since: Option<Timestamp>,
    /// Happened before.
    pub until: Option<Timestamp>,
    /// Accepted at or before.
    pub accepted_until: Option<Timestamp>,
    /// By id.
    pub ids: Option<Vec<CallId>>,
}

/// A state without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateIs {
    /// Accepted, not finished.
    Waiting,
    /// In the CRM.
    Written,
    /// Nothing was to be written.
    Skipped,
    /// The CRM refuses it.
    Failed,
}

/// A day's balance: received = written + skipped + waiting + failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerDay {
    /// The day of acceptance.
    pub day: Date,
    /// Calls accepted.
    pub received: u64,
    /// Calls in the CRM.
    pub written: u64,
    /// Calls skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Calls waiting.
    pub waiting: u64,
    /// Calls failed.
    pub failed: u64,
}

impl LedgerDay {
    /// Whether nothing is missing.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.received == self.written + self.skipped.values().sum::<u64>() + self.waiting + self.failed
    }
}

/// Why the store could not do it. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Too much waits to be written already; try again shortly.
    #[error("the store's queue is full")]
    Full,
    /// Another sidecar has taken over the client: nothing was stored, and nothing is to be done.
    #[error("another sidecar has taken over this client")]
    Taken,
    /// The database does not answer; try again shortly.
    #[error("the database does not answer: {0}")]
    Away(String),
    /// Disk full, read-only, broken: an administrator must act.
    #[error("the store cannot write: {0}")]
    Broken(String),
    /// What is stored cannot be read by this version.
    #[error("the store holds something unreadable: {0}")]
    Unreadable(String),
    /// The program is shutting down.
    #[error("the store is closed")]
    Closed,
}
