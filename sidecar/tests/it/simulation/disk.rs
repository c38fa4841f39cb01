//! The store as a process sees it: on a disk that may be full or slow, or behind a network that loses answers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tieline::store::{
    Accepted, Beat, ConnectionState, Figures, Filter, KeptToken, LedgerDay, OwnOf, Piece, Progress, Renewal, Reply,
    StateIs, Store, StoreError, StoredCall, Turns,
    keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
    projects::{KeptProject, ProjectPut, Put, Removal, Removed},
    resend::{Resending, Selection, Survey},
};
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
    reason::Reason,
};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{
    life::{Life, Place},
    outside::Outside,
};

/// A process's way to the store.
pub(super) struct Disk {
    pub(super) outside: Arc<Outside>,
    pub(super) life: Arc<Life>,
    pub(super) inner: Arc<dyn Store>,
}

/// What becomes of a change.
enum Luck {
    Fine,
    Full,
    AnswerLost,
}

impl Disk {
    /// Changes something: one writer at a time, as there is one file.
    fn write<'a, T: Send + 'a>(&'a self, work: Reply<'a, T>) -> Reply<'a, T> {
        Box::pin(async move {
            self.outside.pass(&self.life, Place::BeforeStoring).await;
            let answer = {
                let _turn = self.outside.writers.lock().await;
                time::sleep(self.outside.fsync()).await;
                if self.life.is_over() { None } else { Some(self.change(work).await) }
            };
            let Some(answer) = answer else { return std::future::pending().await };
            self.outside.pass(&self.life, Place::Stored).await;
            answer
        })
    }

    async fn change<T: Send>(&self, work: Reply<'_, T>) -> Result<T, StoreError> {
        match self.outside.luck() {
            Luck::Fine => work.await,
            Luck::Full => Err(StoreError::Broken("no space left on the device".to_owned())),
            Luck::AnswerLost => {
                drop(work.await);
                Err(StoreError::Away("the connection was cut".to_owned()))
            }
        }
    }

    async fn take_turns(
        &self,
        project: ProjectId,
        now: Timestamp,
        busy: Vec<String>,
        turns: Turns,
    ) -> Result<Vec<StoredCall>, StoreError> {
        let claims = self.outside.shared.is_some();
        let due = self.inner.due(&project, now, &busy, turns);
        let due = if claims { self.write(due).await? } else { due.await? };
        if !due.is_empty() {
            let waiting = Filter { states: vec![StateIs::Waiting], ..Filter::default() };
            let waiting = self.outside.store.list(&project, waiting, 0, 1_000).await?;
            self.outside.watch().takes_turns(&due, &waiting, &busy, now);
        }
        Ok(due)
    }
}

impl Outside {
    /// How long the disk takes; nothing mostly.
    fn fsync(&self) -> Duration {
        let mut weather = self.weather();
        if weather.disk_slow <= Instant::now() {
            return Duration::ZERO;
        }
        let millis = weather.dice.between(200, 4_000);
        drop(weather);
        self.tally().count("slow_fsync");
        Duration::from_millis(millis)
    }

    fn luck(&self) -> Luck {
        let (mut weather, now) = (self.weather(), Instant::now());
        if weather.disk_full > now {
            drop(weather);
            self.tally().count("disk_full");
            return Luck::Full;
        }
        if weather.answers_lost > now && weather.dice.percent(30) {
            drop(weather);
            self.tally().count("lost_store_answer");
            return Luck::AnswerLost;
        }
        Luck::Fine
    }
}

impl Store for Disk {
    fn accept(&self, piece: Piece) -> Reply<'_, Accepted> {
        self.write(self.inner.accept(piece))
    }

    fn call(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Option<StoredCall>> {
        self.inner.call(project, id)
    }

    fn due(&self, project: &ProjectId, now: Timestamp, busy: &[String], turns: Turns) -> Reply<'_, Vec<StoredCall>> {
        Box::pin(self.take_turns(project.clone(), now, busy.to_vec(), turns))
    }

    fn next_due(&self, project: &ProjectId, backlog: bool) -> Reply<'_, Option<Timestamp>> {
        self.inner.next_due(project, backlog)
    }

    fn save(&self, progress: Progress) -> Reply<'_, ()> {
        self.write(self.inner.save(progress))
    }

    fn own(&self, project: &ProjectId, lane: &str, since: Timestamp) -> Reply<'_, OwnOf> {
        self.inner.own(project, lane, since)
    }

    fn last_written(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        self.inner.last_written(project)
    }

    fn connection(&self, project: &ProjectId) -> Reply<'_, Option<ConnectionState>> {
        self.inner.connection(project)
    }

    fn put_connection(&self, project: &ProjectId, state: ConnectionState) -> Reply<'_, ()> {
        self.write(self.inner.put_connection(project, state))
    }

    fn token(&self, project: &ProjectId) -> Reply<'_, Option<KeptToken>> {
        self.inner.token(project)
    }

    fn put_token(&self, project: &ProjectId, token: KeptToken) -> Reply<'_, ()> {
        self.write(self.inner.put_token(project, token))
    }

    fn list(&self, project: &ProjectId, filter: Filter, after: u64, limit: usize) -> Reply<'_, Vec<StoredCall>> {
        self.inner.list(project, filter, after, limit)
    }

    fn count(&self, project: &ProjectId, filter: Filter) -> Reply<'_, u64> {
        self.inner.count(project, filter)
    }

    fn requeue(&self, project: &ProjectId, filter: Filter, now: Timestamp) -> Reply<'_, u64> {
        self.write(self.inner.requeue(project, filter, now))
    }

    fn skip(&self, project: &ProjectId, filter: Filter, reason: Reason, now: Timestamp) -> Reply<'_, u64> {
        self.write(self.inner.skip(project, filter, reason, now))
    }

    fn demote_waiting(&self, project: &ProjectId) -> Reply<'_, u64> {
        self.write(self.inner.demote_waiting(project))
    }

    fn ledger(&self, project: &ProjectId, from: Date, to: Date) -> Reply<'_, Vec<LedgerDay>> {
        self.inner.ledger(project, from, to)
    }

    fn last_received(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        self.inner.last_received(project)
    }

    fn purge(&self, expiry: Expiry, limit: usize) -> Reply<'_, Purged> {
        self.write(self.inner.purge(expiry, limit))
    }

    fn forget(&self, person: Person, how: Forgetting) -> Reply<'_, Forgotten> {
        self.write(self.inner.forget(person, how))
    }

    fn others(&self) -> Option<watch::Receiver<Beat>> {
        self.inner.others()
    }

    fn renew_token(&self, project: &ProjectId, known: Option<&[u8]>, until: Timestamp) -> Reply<'_, Renewal> {
        self.write(self.inner.renew_token(project, known, until))
    }

    fn renewed(&self, project: &ProjectId, token: Option<KeptToken>) -> Reply<'_, ()> {
        self.write(self.inner.renewed(project, token))
    }

    fn connections(&self) -> Reply<'_, BTreeMap<ProjectId, ConnectionState>> {
        self.inner.connections()
    }

    fn add_connections(&self, states: BTreeMap<ProjectId, ConnectionState>) -> Reply<'_, ()> {
        self.write(self.inner.add_connections(states))
    }

    fn queued(&self) -> Reply<'_, Vec<ProjectId>> {
        self.inner.queued()
    }

    fn begin_resend(&self, project: &ProjectId, selection: Selection, at: Timestamp) -> Reply<'_, u64> {
        self.write(self.inner.begin_resend(project, selection, at))
    }

    fn resending(&self, project: &ProjectId, id: Option<u64>) -> Reply<'_, Option<Resending>> {
        self.inner.resending(project, id)
    }

    fn open_resendings(&self) -> Reply<'_, Vec<Resending>> {
        self.inner.open_resendings()
    }

    fn order_resend(&self, project: &ProjectId, id: u64, cancel: bool) -> Reply<'_, bool> {
        self.write(self.inner.order_resend(project, id, cancel))
    }

    fn step_resend(&self, project: &ProjectId, id: u64, now: Timestamp) -> Reply<'_, bool> {
        self.write(self.inner.step_resend(project, id, now))
    }

    fn survey(&self, project: &ProjectId, of: Selection, until: Timestamp, before: u64) -> Reply<'_, Survey> {
        self.inner.survey(project, of, until, before)
    }

    fn figures(&self, of: Vec<(ProjectId, Date)>) -> Reply<'_, BTreeMap<ProjectId, Figures>> {
        self.inner.figures(of)
    }

    fn project(&self, id: &ProjectId) -> Reply<'_, Option<KeptProject>> {
        self.inner.project(id)
    }

    fn projects(&self, after: &str, limit: usize) -> Reply<'_, Vec<KeptProject>> {
        self.inner.projects(after, limit)
    }

    fn project_revisions(&self) -> Reply<'_, BTreeMap<ProjectId, u64>> {
        self.inner.project_revisions()
    }

    fn put_project(&self, put: ProjectPut) -> Reply<'_, Put> {
        self.write(self.inner.put_project(put))
    }

    fn remove_project(&self, removal: Removal) -> Reply<'_, Removed> {
        self.write(self.inner.remove_project(removal))
    }

    fn close(&self) -> Reply<'_, ()> {
        self.inner.close()
    }
}
