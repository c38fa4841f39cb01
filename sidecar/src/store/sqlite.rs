//! The embedded store: one SQLite file.
//!
//! Phone numbers, names and links to recordings stand in it in clear, as they are what the store is for; the file
//! is readable by its owner only. Access tokens are sealed by the caller. Whoever may read the disk, or a copy of
//! it, may read the calls: encrypt the volume where that matters.
//!
//! What is answered as stored has been flushed to disk (write-ahead log, `synchronous = FULL`).

mod accept;
mod admin;
mod advice;
mod bulk;
mod check;
mod connections;
mod figures;
mod filter;
mod home;
mod job;
mod keeping;
mod mark;
mod progress;
mod projects;
mod queue;
mod readers;
mod resend;
mod row;
mod schema;
mod worker;
mod worth;
mod writer;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::Connection;
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
    reason::Reason,
};

use self::{
    bulk::Portion,
    home::{Home, Work},
};
use super::{
    Accepted, ConnectionState, Figures, Filter, KeptToken, LedgerDay, OwnOf, Piece, Progress, Receipt, Reply, State,
    StateIs, Store, StoreError, StoredCall, Turns, Written,
    keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
    projects::{KeptProject, ProjectPut, Put, Removal, Removed},
    resend::{Resending, Selection, Survey},
};

/// The embedded store.
pub struct SqliteStore {
    home: Home,
    commits: Arc<AtomicU64>,
}

/// How much the store takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Jobs that may wait to be written, and as many to be read; more are refused with [`StoreError::Full`].
    pub queue: usize,
    /// Longest file in bytes, without its write-ahead log; more is refused with [`StoreError::Broken`]. `None`: as
    /// the disk allows.
    pub file_bytes: Option<u64>,
}

impl Default for Bounds {
    /// 4,096 jobs: less than a second of waiting at the rate at which calls are written when many come at once, and
    /// some megabytes of memory.
    fn default() -> Self {
        Self { queue: 4_096, file_bytes: None }
    }
}

impl SqliteStore {
    /// Opens the store in a file; makes the file when it is not there, in a directory that is.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when the place cannot be written or another sidecar works on it,
    /// [`StoreError::Unreadable`] when the file is damaged, not ours or of a newer version. The file is then left
    /// as it was.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Bounds::default())
    }

    /// Opens the store with bounds of its own.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: &Path, bounds: Bounds) -> Result<Self, StoreError> {
        let commits = Arc::new(AtomicU64::new(0));
        Ok(Self { home: Home::file(path, bounds, Arc::clone(&commits))?, commits })
    }

    /// A store in memory, for tests and dry runs. Its work is done on the caller's thread: its answers are ready
    /// at once, also when time stands still.
    ///
    /// # Errors
    /// When SQLite refuses to make one.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { home: Home::memory()?, commits: Arc::default() })
    }

    /// Transactions committed so far: with many changes at once, far fewer than changes.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The bodies a call came in, in order, for replay.
    pub fn pieces(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Vec<String>> {
        let (project, id) = (project.clone(), id.clone());
        self.read(move |conn| accept::pieces(conn, &project, id.as_str()))
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<'_, T> {
        Box::pin(self.home.run(Work::Read, &self.commits, work))
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<'_, T> {
        Box::pin(self.home.run(Work::Write, &self.commits, work))
    }

    /// Portion by portion, until nothing is left.
    fn write_all(
        &self,
        work: impl Fn(&Connection, Portion) -> Result<Portion, StoreError> + Send + Sync + 'static,
    ) -> Reply<'_, u64> {
        let work = Arc::new(work);
        Box::pin(async move {
            let mut portion = Portion::FIRST;
            while !portion.done {
                let work = Arc::clone(&work);
                portion = self.write(move |conn| work(conn, portion)).await?;
            }
            Ok(portion.changed)
        })
    }
}

impl Store for SqliteStore {
    fn accept(&self, piece: Piece) -> Reply<'_, Accepted> {
        match accept::Ready::new(piece) {
            Ok(ready) => self.write(move |conn| accept::accept(conn, &ready)),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn call(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Option<StoredCall>> {
        let (project, id) = (project.clone(), id.clone());
        self.read(move |conn| admin::call(conn, &project, &id))
    }

    fn due(&self, project: &ProjectId, now: Timestamp, busy: &[String], turns: Turns) -> Reply<'_, Vec<StoredCall>> {
        let (project, busy) = (project.clone(), busy.to_vec());
        Box::pin(async move {
            let of = project.clone();
            let queue::Due { calls, damaged } = self.read(move |conn| queue::due(conn, &of, now, &busy, turns)).await?;
            if !damaged.is_empty() {
                self.write(move |conn| queue::set_aside(conn, &project, &damaged, now)).await?;
            }
            Ok(calls)
        })
    }

    fn next_due(&self, project: &ProjectId, backlog: bool) -> Reply<'_, Option<Timestamp>> {
        let project = project.clone();
        self.read(move |conn| queue::next_due(conn, &project, backlog))
    }

    fn save(&self, progress: Progress) -> Reply<'_, ()> {
        self.write(move |conn| progress::save(conn, &progress))
    }

    fn own(&self, project: &ProjectId, lane: &str, since: Timestamp) -> Reply<'_, OwnOf> {
        let (project, lane) = (project.clone(), lane.to_owned());
        self.read(move |conn| progress::own(conn, &project, &lane, since))
    }

    fn last_written(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        let project = project.clone();
        self.read(move |conn| progress::last_written(conn, &project))
    }

    fn connection(&self, project: &ProjectId) -> Reply<'_, Option<ConnectionState>> {
        let project = project.clone();
        self.read(move |conn| connections::connection(conn, &project))
    }

    fn connections(&self) -> Reply<'_, BTreeMap<ProjectId, ConnectionState>> {
        self.read(connections::connections)
    }

    fn add_connections(&self, states: BTreeMap<ProjectId, ConnectionState>) -> Reply<'_, ()> {
        self.write(move |conn| connections::add_connections(conn, &states))
    }

    fn queued(&self) -> Reply<'_, Vec<ProjectId>> {
        self.read(queue::queued)
    }

    fn put_connection(&self, project: &ProjectId, state: ConnectionState) -> Reply<'_, ()> {
        let project = project.clone();
        self.write(move |conn| connections::put_connection(conn, &project, &state))
    }

    fn token(&self, project: &ProjectId) -> Reply<'_, Option<KeptToken>> {
        let project = project.clone();
        self.read(move |conn| connections::token(conn, &project))
    }

    fn put_token(&self, project: &ProjectId, token: KeptToken) -> Reply<'_, ()> {
        let project = project.clone();
        self.write(move |conn| connections::put_token(conn, &project, &token))
    }

    fn list(&self, project: &ProjectId, filter: Filter, after: u64, limit: usize) -> Reply<'_, Vec<StoredCall>> {
        let project = project.clone();
        self.read(move |conn| admin::list(conn, &project, &filter, after, limit))
    }

    fn count(&self, project: &ProjectId, filter: Filter) -> Reply<'_, u64> {
        let project = project.clone();
        self.read(move |conn| admin::count(conn, &project, &filter))
    }

    fn begin_resend(&self, project: &ProjectId, selection: Selection, at: Timestamp) -> Reply<'_, u64> {
        let project = project.clone();
        self.write(move |conn| resend::begin(conn, &project, &selection, at))
    }

    fn resending(&self, project: &ProjectId, id: Option<u64>) -> Reply<'_, Option<Resending>> {
        let project = project.clone();
        self.read(move |conn| resend::resending(conn, &project, id))
    }

    fn open_resendings(&self) -> Reply<'_, Vec<Resending>> {
        self.read(resend::open)
    }

    fn order_resend(&self, project: &ProjectId, id: u64, cancel: bool) -> Reply<'_, bool> {
        let project = project.clone();
        self.write(move |conn| resend::order(conn, &project, id, cancel))
    }

    fn step_resend(&self, project: &ProjectId, id: u64, now: Timestamp) -> Reply<'_, bool> {
        let project = project.clone();
        self.write(move |conn| resend::step(conn, &project, id, now))
    }

    fn survey(
        &self,
        project: &ProjectId,
        selection: Selection,
        accepted_until: Timestamp,
        before: u64,
    ) -> Reply<'_, Survey> {
        let project = project.clone();
        self.read(move |conn| resend::survey(conn, &project, &selection, accepted_until, before))
    }

    fn requeue(&self, project: &ProjectId, filter: Filter, now: Timestamp) -> Reply<'_, u64> {
        let project = project.clone();
        self.write_all(move |conn, portion| bulk::requeue(conn, &project, &filter, now, portion))
    }

    fn skip(&self, project: &ProjectId, filter: Filter, reason: Reason, now: Timestamp) -> Reply<'_, u64> {
        let project = project.clone();
        self.write_all(move |conn, portion| bulk::skip(conn, &project, &filter, &reason, now, portion))
    }

    fn demote_waiting(&self, project: &ProjectId) -> Reply<'_, u64> {
        let project = project.clone();
        self.write_all(move |conn, portion| bulk::demote(conn, &project, portion))
    }

    fn ledger(&self, project: &ProjectId, from: Date, to: Date) -> Reply<'_, Vec<LedgerDay>> {
        let project = project.clone();
        self.read(move |conn| admin::ledger(conn, &project, from, to))
    }

    fn figures(&self, of: Vec<(ProjectId, Date)>) -> Reply<'_, BTreeMap<ProjectId, Figures>> {
        self.read(move |conn| figures::figures(conn, &of))
    }

    fn last_received(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        let project = project.clone();
        self.read(move |conn| admin::last_received(conn, &project))
    }

    fn purge(&self, expiry: Expiry, limit: usize) -> Reply<'_, Purged> {
        self.write(move |conn| keeping::purge(conn, &expiry, limit))
    }

    fn forget(&self, person: Person, how: Forgetting) -> Reply<'_, Forgotten> {
        let work = move |conn: &Connection| keeping::forget(conn, &person, how);
        if how == Forgetting::Look { self.read(work) } else { self.write(work) }
    }

    fn project(&self, id: &ProjectId) -> Reply<'_, Option<KeptProject>> {
        let id = id.clone();
        self.read(move |conn| projects::project(conn, &id))
    }

    fn projects(&self, after: &str, limit: usize) -> Reply<'_, Vec<KeptProject>> {
        let after = after.to_owned();
        self.read(move |conn| projects::projects(conn, &after, limit))
    }

    fn project_revisions(&self) -> Reply<'_, BTreeMap<ProjectId, u64>> {
        self.read(projects::revisions)
    }

    fn put_project(&self, put: ProjectPut) -> Reply<'_, Put> {
        self.write(move |conn| projects::put(conn, &put))
    }

    fn remove_project(&self, removal: Removal) -> Reply<'_, Removed> {
        self.write(move |conn| projects::remove(conn, &removal))
    }

    /// Closes the file. A store that is only dropped does the same without anybody waiting for it.
    fn close(&self) -> Reply<'_, ()> {
        Box::pin(self.home.close())
    }
}
