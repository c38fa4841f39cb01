//! What must outlive a crash: accepted calls with their facts, records made, connections. One trait, so that the
//! embedded store and a shared database are interchangeable; one suite runs over both.

mod call;
mod connection;
mod damage;
mod filter;
pub mod keeping;
pub mod lease;
mod ledger;
pub mod postgres;
pub mod projects;
pub mod resend;
pub mod sqlite;
mod transition;
mod values;

use std::collections::BTreeMap;

use thiserror::Error;
use tieline_crm::transport::BoxFuture;
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
    reason::Reason,
};
use tokio::sync::watch;

pub use self::{
    call::{Accepted, Claim, KeptTrouble, LaneOf, OwnOf, Piece, Progress, Receipt, State, StoredCall, Turns, Written},
    connection::{Beat, ConnectionState, KeptToken, Renewal, Status},
    filter::{Filter, StateIs},
    ledger::{Figures, LedgerDay},
};
use self::{
    keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
    projects::{KeptProject, ProjectPut, Put, Removal, Removed},
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
    /// the lanes are claimed with it, and with no call that is not answered: no other sidecar is given them before they
    /// are set free or the lease is over.
    fn due(&self, project: &ProjectId, now: Timestamp, busy: &[String], turns: Turns) -> Reply<'_, Vec<StoredCall>>;

    /// When the next call will be due, if any waits in a lane that no other sidecar holds; of live ones only, unless
    /// those of the `backlog` count too.
    fn next_due(&self, project: &ProjectId, backlog: bool) -> Reply<'_, Option<Timestamp>>;

    /// Stores a call's progress. If the call was amended since it was read, it stays waiting and due. Progress made
    /// under a claim that has passed to another sidecar is refused with [`StoreError::Taken`].
    fn save(&self, progress: Progress) -> Reply<'_, ()>;

    /// Records made for a lane's client, not older than a time; with the agent who last talked with the client.
    fn own(&self, project: &ProjectId, lane: &str, since: Timestamp) -> Reply<'_, OwnOf>;

    /// When something of a project's calls was last written to its CRM, if ever.
    fn last_written(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>>;

    /// A connection's state, if it was ever stored.
    fn connection(&self, project: &ProjectId) -> Reply<'_, Option<ConnectionState>>;

    /// The state of every connection that was ever stored.
    fn connections(&self) -> Reply<'_, BTreeMap<ProjectId, ConnectionState>>;

    /// Stores the states of connections that have none yet, all in one; others stay as they are.
    fn add_connections(&self, states: BTreeMap<ProjectId, ConnectionState>) -> Reply<'_, ()>;

    /// Projects in which a call waits whose turn will come, due or not.
    fn queued(&self) -> Reply<'_, Vec<ProjectId>>;

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

    /// What there is to count of projects, for each the ledger of one day: one question for many of them.
    fn figures(&self, of: Vec<(ProjectId, Date)>) -> Reply<'_, BTreeMap<ProjectId, Figures>>;

    /// When a call of a project was last taken in, if it is still stored.
    fn last_received(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>>;

    /// Removes what is older than its time, of every project, at most so many of each kind. Calls that wait are never
    /// touched; removed ones stay counted in the ledger.
    fn purge(&self, expiry: Expiry, limit: usize) -> Reply<'_, Purged>;

    /// Removes what is stored of a person, all or nothing, and tells which records of the CRM are theirs. Removed calls
    /// stay counted in the ledger. Doing it again finds nothing.
    fn forget(&self, person: Person, how: Forgetting) -> Reply<'_, Forgotten>;

    /// A project that is kept here.
    fn project(&self, id: &ProjectId) -> Reply<'_, Option<KeptProject>>;

    /// Projects that are kept here, by id, from after one.
    fn projects(&self, after: &str, limit: usize) -> Reply<'_, Vec<KeptProject>>;

    /// The revision of every project that is kept here.
    fn project_revisions(&self) -> Reply<'_, BTreeMap<ProjectId, u64>>;

    /// Keeps a project, if the revision that is there is the expected one.
    fn put_project(&self, put: ProjectPut) -> Reply<'_, Put>;

    /// Removes a project with its connection's state and access token, all or nothing, unless calls of it wait. Its
    /// calls stay; what sends them again ends.
    fn remove_project(&self, removal: Removal) -> Reply<'_, Removed>;

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
