//! The shared store: one PostgreSQL database for several sidecars.
//!
//! What is answered as stored is committed on the server (`synchronous_commit` as the server has it: with synchronous
//! replicas, also there). Numbers, names and links stand in it in clear, as they are what the store is for; access
//! tokens are sealed by the caller. See docs/several-sidecars.md.

mod accept;
mod admin;
mod batch;
mod bulk;
mod config;
mod connections;
mod figures;
mod filter;
mod growth;
mod home;
mod keeping;
mod life;
mod progress;
mod projects;
mod queue;
mod resend;
mod row;
mod schema;
mod tls;
mod trouble;
mod worth;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use deadpool_postgres::Object;
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
    reason::Reason,
};
use tokio::{sync::watch, task::JoinHandle};

pub use self::config::PostgresConfig;
use self::{
    batch::Writer,
    bulk::{Change, Portion},
    home::{Done, Home, Mode},
    life::Life,
};
use super::{
    Accepted, Beat, ConnectionState, Figures, Filter, KeptToken, LedgerDay, OwnOf, Piece, Progress, Renewal, Reply,
    Store, StoreError, StoredCall, Turns,
    keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
    projects::{KeptProject, ProjectPut, Put, Removal, Removed},
    resend::{Resending, Selection, Survey},
};

/// The shared store.
pub struct PostgresStore {
    home: Home,
    life: Arc<Life>,
    writer: Mutex<Option<Writer>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    heart: JoinHandle<()>,
    commits: Arc<AtomicU64>,
}

impl PostgresStore {
    /// Opens the database, brings its schema to this version, and joins the sidecars on it. `name` is one that no other
    /// sidecar has or had.
    ///
    /// # Errors
    /// [`StoreError::Away`] when it does not answer, [`StoreError::Broken`] when it refuses,
    /// [`StoreError::Unreadable`] when its schema is of a newer version that does not serve this one.
    pub async fn open(config: &PostgresConfig, name: String) -> Result<Self, StoreError> {
        let place = config.place();
        Self::join(config, name).await.map_err(|error| match error {
            StoreError::Broken(text) => StoreError::Broken(format!("{place}: {text}")),
            StoreError::Unreadable(text) => StoreError::Unreadable(format!("{place}: {text}")),
            StoreError::Away(text) => StoreError::Away(format!("{place}: {text}")),
            other => other,
        })
    }

    async fn join(config: &PostgresConfig, name: String) -> Result<Self, StoreError> {
        let home = Home::new(config)?;
        home.run(Mode::Transaction, |client| Box::pin(schema::migrate(client))).await?;
        let life = Life::begin(home.clone(), name, config.lease).await?;
        let commits = Arc::new(AtomicU64::new(0));
        let (writer, tasks) = Writer::start(&home, config.queue, &commits);
        let heart = tokio::spawn(Arc::clone(&life).go_on());
        Ok(Self { home, life, writer: Mutex::new(Some(writer)), tasks: Mutex::new(tasks), heart, commits })
    }

    /// Transactions in which pieces were stored so far: with many at once, far fewer than pieces.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The name under which lanes are claimed now.
    #[must_use]
    pub fn name(&self) -> String {
        self.life.me().id
    }

    /// The bodies a call came in, in order, for replay.
    pub fn pieces(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Vec<String>> {
        let (project, id) = (project.clone(), id.clone());
        self.ask(move |client| {
            let (project, id) = (project.clone(), id.clone());
            Box::pin(async move { accept::pieces(client, project.as_str(), id.as_str()).await })
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl for<'c> Fn(&'c Object) -> Done<'c, T> + Send + Sync + 'static,
    ) -> Reply<'_, T> {
        self.home.run(Mode::Plain, work)
    }

    /// Portion by portion, until nothing is left.
    fn change_all(&self, project: &ProjectId, change: Change) -> Reply<'_, u64> {
        let project = project.clone();
        Box::pin(async move {
            let mut portion = Portion::FIRST;
            while !portion.done {
                let (project, change) = (project.clone(), change.clone());
                let next = self.home.run(Mode::Transaction, move |client| {
                    let (project, change) = (project.clone(), change.clone());
                    Box::pin(async move { portion.next(client, &project, &change).await })
                });
                portion = next.await?;
            }
            Ok(portion.changed)
        })
    }

    async fn end(&self) -> Result<(), StoreError> {
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        if tasks.is_empty() {
            return Ok(());
        }
        for task in tasks {
            task.await.map_err(|_| StoreError::Broken("a task of the store failed".to_owned()))?;
        }
        self.heart.abort();
        let ended = self.life.end().await;
        self.home.close();
        ended
    }
}

impl Drop for PostgresStore {
    /// A store that is only dropped leaves its claims to its lease, as a sidecar that is killed does.
    fn drop(&mut self) {
        self.heart.abort();
    }
}

/// Work that owns what it is asked with, each time it is done.
macro_rules! work {
    ([$($given:ident),*] |$client:ident| $asked:expr) => {
        move |$client| {
            $(let $given = $given.clone();)*
            Box::pin(async move { $asked.await })
        }
    };
}

impl Store for PostgresStore {
    fn accept(&self, piece: Piece) -> Reply<'_, Accepted> {
        let queued = match &*self.writer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(writer) => writer.accept(piece),
            None => Err(StoreError::Closed),
        };
        Box::pin(async { queued?.await.unwrap_or(Err(StoreError::Closed)) })
    }

    fn call(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Option<StoredCall>> {
        let (project, id) = (project.clone(), id.clone());
        self.ask(work!([project, id] | client | admin::call(client, &project, &id)))
    }

    fn due(&self, project: &ProjectId, now: Timestamp, busy: &[String], turns: Turns) -> Reply<'_, Vec<StoredCall>> {
        let (project, busy, life) = (project.clone(), busy.to_vec(), Arc::clone(&self.life));
        self.home.run(
            Mode::Transaction,
            work!(
                [project, busy, life]
                    | client
                    | async { queue::due(client, &project, now, &busy, turns, &life.me()).await }
            ),
        )
    }

    fn next_due(&self, project: &ProjectId, backlog: bool) -> Reply<'_, Option<Timestamp>> {
        let (project, life) = (project.clone(), Arc::clone(&self.life));
        self.ask(work!(
            [project, life] | client | async { queue::next_due(client, &project, backlog, &life.me()).await }
        ))
    }

    fn save(&self, progress: Progress) -> Reply<'_, ()> {
        let (progress, life) = (Arc::new(progress), Arc::clone(&self.life));
        self.home.run(
            Mode::Commits,
            work!([progress, life] | client | async { progress::save(client, &progress, &life.me()).await }),
        )
    }

    fn own(&self, project: &ProjectId, lane: &str, since: Timestamp) -> Reply<'_, OwnOf> {
        let (project, lane) = (project.clone(), lane.to_owned());
        self.ask(work!([project, lane] | client | progress::own(client, &project, &lane, since)))
    }

    fn last_written(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        let project = project.clone();
        self.ask(work!([project] | client | progress::last_written(client, &project)))
    }

    fn connection(&self, project: &ProjectId) -> Reply<'_, Option<ConnectionState>> {
        let project = project.clone();
        self.ask(work!([project] | client | connections::connection(client, &project)))
    }

    fn connections(&self) -> Reply<'_, BTreeMap<ProjectId, ConnectionState>> {
        self.ask(work!([] | client | connections::connections(client)))
    }

    fn add_connections(&self, states: BTreeMap<ProjectId, ConnectionState>) -> Reply<'_, ()> {
        self.home.run(Mode::Transaction, work!([states] | client | connections::add_connections(client, &states)))
    }

    fn queued(&self) -> Reply<'_, Vec<ProjectId>> {
        self.ask(work!([] | client | queue::queued(client)))
    }

    fn put_connection(&self, project: &ProjectId, state: ConnectionState) -> Reply<'_, ()> {
        let project = project.clone();
        self.home.run(
            Mode::Transaction,
            work!([project, state] | client | connections::put_connection(client, &project, &state)),
        )
    }

    fn token(&self, project: &ProjectId) -> Reply<'_, Option<KeptToken>> {
        let project = project.clone();
        self.ask(work!([project] | client | connections::token(client, &project)))
    }

    fn put_token(&self, project: &ProjectId, token: KeptToken) -> Reply<'_, ()> {
        let project = project.clone();
        self.ask(work!([project, token] | client | connections::put_token(client, &project, &token)))
    }

    fn list(&self, project: &ProjectId, filter: Filter, after: u64, limit: usize) -> Reply<'_, Vec<StoredCall>> {
        let project = project.clone();
        self.ask(work!([project, filter] | client | admin::list(client, &project, &filter, after, limit)))
    }

    fn count(&self, project: &ProjectId, filter: Filter) -> Reply<'_, u64> {
        let project = project.clone();
        self.ask(work!([project, filter] | client | admin::count(client, &project, &filter)))
    }

    fn begin_resend(&self, project: &ProjectId, selection: Selection, at: Timestamp) -> Reply<'_, u64> {
        let project = project.clone();
        self.home.run(
            Mode::Transaction,
            work!([project, selection] | client | resend::begin(client, &project, &selection, at)),
        )
    }

    fn resending(&self, project: &ProjectId, id: Option<u64>) -> Reply<'_, Option<Resending>> {
        let project = project.clone();
        self.ask(work!([project] | client | resend::resending(client, &project, id)))
    }

    fn open_resendings(&self) -> Reply<'_, Vec<Resending>> {
        self.ask(work!([] | client | resend::open(client)))
    }

    fn order_resend(&self, project: &ProjectId, id: u64, cancel: bool) -> Reply<'_, bool> {
        let project = project.clone();
        self.ask(work!([project] | client | resend::order(client, &project, id, cancel)))
    }

    fn step_resend(&self, project: &ProjectId, id: u64, now: Timestamp) -> Reply<'_, bool> {
        let project = project.clone();
        self.home.run(Mode::Transaction, work!([project] | client | resend::step(client, &project, id, now)))
    }

    fn survey(
        &self,
        project: &ProjectId,
        selection: Selection,
        accepted_until: Timestamp,
        before: u64,
    ) -> Reply<'_, Survey> {
        let project = project.clone();
        self.ask(work!(
            [project, selection] | client | resend::survey(client, &project, &selection, accepted_until, before)
        ))
    }

    fn requeue(&self, project: &ProjectId, filter: Filter, now: Timestamp) -> Reply<'_, u64> {
        self.change_all(project, Change::Requeue(filter, now))
    }

    fn skip(&self, project: &ProjectId, filter: Filter, reason: Reason, now: Timestamp) -> Reply<'_, u64> {
        self.change_all(project, Change::Skip(filter, reason, now))
    }

    fn demote_waiting(&self, project: &ProjectId) -> Reply<'_, u64> {
        self.change_all(project, Change::Demote)
    }

    fn ledger(&self, project: &ProjectId, from: Date, to: Date) -> Reply<'_, Vec<LedgerDay>> {
        let project = project.clone();
        self.ask(work!([project] | client | admin::ledger(client, &project, from, to)))
    }

    fn figures(&self, of: Vec<(ProjectId, Date)>) -> Reply<'_, BTreeMap<ProjectId, Figures>> {
        self.ask(work!([of] | client | figures::figures(client, &of)))
    }

    fn last_received(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        let project = project.clone();
        self.ask(work!([project] | client | admin::last_received(client, &project)))
    }

    fn purge(&self, expiry: Expiry, limit: usize) -> Reply<'_, Purged> {
        self.home.run(Mode::Transaction, work!([expiry] | client | keeping::purge(client, &expiry, limit)))
    }

    fn forget(&self, person: Person, how: Forgetting) -> Reply<'_, Forgotten> {
        let me = self.life.me().id;
        self.home.run(Mode::Transaction, work!([person, me] | client | keeping::forget(client, &person, how, &me)))
    }

    fn project(&self, id: &ProjectId) -> Reply<'_, Option<KeptProject>> {
        let id = id.clone();
        self.ask(work!([id] | client | projects::project(client, &id)))
    }

    fn projects(&self, after: &str, limit: usize) -> Reply<'_, Vec<KeptProject>> {
        let after = after.to_owned();
        self.ask(work!([after] | client | projects::projects(client, &after, limit)))
    }

    fn project_revisions(&self) -> Reply<'_, BTreeMap<ProjectId, u64>> {
        self.ask(work!([] | client | projects::revisions(client)))
    }

    fn put_project(&self, put: ProjectPut) -> Reply<'_, Put> {
        self.home.run(Mode::Transaction, work!([put] | client | projects::put(client, &put)))
    }

    fn remove_project(&self, removal: Removal) -> Reply<'_, Removed> {
        self.home.run(Mode::Transaction, work!([removal] | client | projects::remove(client, &removal)))
    }

    fn others(&self) -> Option<watch::Receiver<Beat>> {
        Some(self.life.beats())
    }

    fn renew_token(&self, project: &ProjectId, known: Option<&[u8]>, until: Timestamp) -> Reply<'_, Renewal> {
        let (project, known, me) = (project.clone(), known.map(<[u8]>::to_vec), self.life.me().id);
        self.ask(work!(
            [project, known, me] | client | {
                connections::renew_token(client, &project, known.as_deref(), until, &me)
            }
        ))
    }

    fn renewed(&self, project: &ProjectId, token: Option<KeptToken>) -> Reply<'_, ()> {
        let (project, me) = (project.clone(), self.life.me().id);
        self.ask(work!([project, token, me] | client | connections::renewed(client, &project, token.as_ref(), &me)))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(self.end())
    }
}
