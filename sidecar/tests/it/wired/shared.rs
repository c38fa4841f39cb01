//! The embedded store as if several sidecars shared it, in virtual time: claims with fences and leases as the trait
//! promises them. That PostgreSQL keeps the same promises is shown by `store_postgres/claims.rs`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tieline::store::{
    Accepted, Beat, Claim, ConnectionState, Figures, Filter, KeptToken, LedgerDay, OwnOf, Piece, Progress, Renewal,
    Reply, Store, StoreError, StoredCall, Turns,
    keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
    lease::Lease,
    projects::{KeptProject, ProjectPut, Put, Removal, Removed},
    resend::{Resending, Selection, Survey},
    sqlite::SqliteStore,
};
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{SignedDuration, Timestamp, civil::Date},
    reason::Reason,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

const LEASE: Duration = Duration::from_secs(30);
const BEAT: Duration = Duration::from_secs(1);

/// What the sidecars share.
pub(crate) struct Shared {
    inner: Arc<SqliteStore>,
    names: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<String, Lane>,
    /// When each life's lease ends.
    lives: BTreeMap<usize, Instant>,
    connections: u64,
    projects: u64,
    renewer: Option<usize>,
    /// When turns were last asked for.
    asked_at: Timestamp,
}

#[derive(Clone, Default)]
struct Lane {
    fence: u64,
    holder: Option<usize>,
    served_by: Option<usize>,
}

impl Shared {
    pub(crate) fn new(inner: Arc<SqliteStore>) -> Arc<Self> {
        Arc::new(Self { inner, names: AtomicUsize::new(0), state: Mutex::default() })
    }

    /// A sidecar's view of the store; it is not heard of any more once it is dropped.
    pub(crate) fn join(self: &Arc<Self>) -> Arc<Life> {
        let (beats, _) = watch::channel(Beat { sidecars: 1, connections: 0, projects: 0, due: Vec::new() });
        let now = Mutex::new(Now { name: 0, lease: Lease::until(Instant::now()) });
        let life = Arc::new(Life {
            shared: Arc::clone(self),
            now,
            cut_until: Mutex::new(Instant::now()),
            beats,
            heart: Mutex::default(),
        });
        life.beat();
        let weak = Arc::downgrade(&life);
        let heart = tokio::spawn(async move {
            loop {
                time::sleep(BEAT).await;
                let Some(life) = weak.upgrade() else { return };
                life.beat();
            }
        });
        *life.heart.lock().unwrap() = Some(heart);
        life
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lives(&self, name: usize) -> bool {
        self.lives.get(&name).is_some_and(|until| Instant::now() < *until)
    }

    fn held_by_another(&self, lane: &str, me: usize) -> bool {
        let holder = self.lanes.get(lane).and_then(|lane| lane.holder);
        holder.is_some_and(|holder| holder != me && self.lives(holder))
    }
}

/// A sidecar among others.
pub(crate) struct Life {
    shared: Arc<Shared>,
    now: Mutex<Now>,
    cut_until: Mutex<Instant>,
    beats: watch::Sender<Beat>,
    heart: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Clone)]
struct Now {
    name: usize,
    lease: Lease,
}

impl Life {
    pub(crate) fn cut_off(&self, time: Duration) {
        *self.cut_until.lock().unwrap() = Instant::now() + time;
    }

    fn now(&self) -> Now {
        self.now.lock().unwrap().clone()
    }

    fn beat(&self) {
        if Instant::now() < *self.cut_until.lock().unwrap() {
            return;
        }
        let mut state = self.shared.state();
        let mut now = self.now.lock().unwrap();
        if !state.lives(now.name) {
            now.lease.end();
            let name = self.shared.names.fetch_add(1, Ordering::SeqCst) + 1;
            *now = Now { name, lease: Lease::until(Instant::now()) };
        }
        let end = Instant::now() + LEASE;
        now.lease.extend(end);
        state.lives.insert(now.name, end);
        let sidecars = state.lives.keys().filter(|name| state.lives(**name)).count();
        let (connections, projects) = (state.connections, state.projects);
        let (sidecars, due) = (u32::try_from(sidecars).unwrap(), vec![ProjectId::new("shop")]);
        self.beats.send_replace(Beat { sidecars, connections, projects, due });
    }

    async fn claim(
        &self,
        project: &ProjectId,
        at: Timestamp,
        busy: &[String],
        turns: Turns,
    ) -> Result<Vec<StoredCall>, StoreError> {
        let now = self.now();
        self.shared.state().asked_at = at;
        let mut left_out = busy.to_vec();
        let others = |state: &State| -> Vec<String> {
            state.lanes.keys().filter(|lane| state.held_by_another(lane, now.name)).cloned().collect()
        };
        left_out.extend(others(&self.shared.state()));
        let mut calls = self.shared.inner.due(project, at, &left_out, turns).await?;
        let mut state = self.shared.state();
        calls.retain(|stored| !state.held_by_another(&stored.lane, now.name));
        for stored in &mut calls {
            let lane = state.lanes.entry(stored.lane.clone()).or_default();
            lane.fence += u64::from(lane.holder != Some(now.name));
            let moved = lane.served_by.is_some_and(|by| by != now.name);
            (lane.holder, lane.served_by) = (Some(now.name), Some(now.name));
            stored.claim =
                Some(Claim { lane: stored.lane.clone(), fence: lane.fence, moved, lease: now.lease.clone() });
        }
        Ok(calls)
    }

    async fn save_claimed(&self, progress: Progress) -> Result<(), StoreError> {
        let (name, claim, rests) = (self.now().name, progress.claim.clone(), progress.rests);
        if let Some(claim) = &claim {
            let lane = self.shared.state().lanes.get(&claim.lane).cloned().unwrap_or_default();
            if lane.fence != claim.fence || lane.holder.is_some_and(|holder| holder != name) {
                return Err(StoreError::Taken);
            }
        }
        self.shared.inner.save(progress).await?;
        if let Some(claim) = claim.filter(|_| rests)
            && let Some(lane) = self.shared.state().lanes.get_mut(&claim.lane)
        {
            lane.holder = None;
        }
        Ok(())
    }
}

impl Life {
    /// The sidecar is not heard of any more, whatever of it is still held by somebody.
    pub(crate) fn end(&self) {
        if let Some(heart) = self.heart.lock().unwrap().take() {
            heart.abort();
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

impl Store for Life {
    fn accept(&self, piece: Piece) -> Reply<'_, Accepted> {
        self.shared.inner.accept(piece)
    }

    fn call(&self, project: &ProjectId, id: &CallId) -> Reply<'_, Option<StoredCall>> {
        self.shared.inner.call(project, id)
    }

    fn due(&self, project: &ProjectId, now: Timestamp, busy: &[String], turns: Turns) -> Reply<'_, Vec<StoredCall>> {
        let (project, busy) = (project.clone(), busy.to_vec());
        Box::pin(async move { self.claim(&project, now, &busy, turns).await })
    }

    /// Lanes of others are not passed over here; they are looked at again a little later.
    fn next_due(&self, project: &ProjectId, backlog: bool) -> Reply<'_, Option<Timestamp>> {
        let project = project.clone();
        Box::pin(async move {
            let next = self.shared.inner.next_due(&project, backlog).await?;
            let state = self.shared.state();
            let held = state.lanes.values().any(|lane| lane.holder.is_some());
            let later = state.asked_at + SignedDuration::from_millis(500);
            Ok(next.map(|next| if held { next.max(later) } else { next }))
        })
    }

    fn save(&self, progress: Progress) -> Reply<'_, ()> {
        Box::pin(self.save_claimed(progress))
    }

    fn own(&self, project: &ProjectId, lane: &str, since: Timestamp) -> Reply<'_, OwnOf> {
        self.shared.inner.own(project, lane, since)
    }

    fn last_written(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        self.shared.inner.last_written(project)
    }

    fn figures(&self, of: Vec<(ProjectId, Date)>) -> Reply<'_, BTreeMap<ProjectId, Figures>> {
        self.shared.inner.figures(of)
    }

    fn last_received(&self, project: &ProjectId) -> Reply<'_, Option<Timestamp>> {
        self.shared.inner.last_received(project)
    }

    fn purge(&self, expiry: Expiry, limit: usize) -> Reply<'_, Purged> {
        self.shared.inner.purge(expiry, limit)
    }

    fn forget(&self, person: Person, forgetting: Forgetting) -> Reply<'_, Forgotten> {
        self.shared.inner.forget(person, forgetting)
    }

    fn connection(&self, project: &ProjectId) -> Reply<'_, Option<ConnectionState>> {
        self.shared.inner.connection(project)
    }

    fn connections(&self) -> Reply<'_, BTreeMap<ProjectId, ConnectionState>> {
        self.shared.inner.connections()
    }

    fn add_connections(&self, states: BTreeMap<ProjectId, ConnectionState>) -> Reply<'_, ()> {
        self.shared.state().connections += 1;
        self.shared.inner.add_connections(states)
    }

    fn queued(&self) -> Reply<'_, Vec<ProjectId>> {
        self.shared.inner.queued()
    }

    fn put_connection(&self, project: &ProjectId, state: ConnectionState) -> Reply<'_, ()> {
        self.shared.state().connections += 1;
        self.shared.inner.put_connection(project, state)
    }

    fn token(&self, project: &ProjectId) -> Reply<'_, Option<KeptToken>> {
        self.shared.inner.token(project)
    }

    fn put_token(&self, project: &ProjectId, token: KeptToken) -> Reply<'_, ()> {
        self.shared.inner.put_token(project, token)
    }

    fn list(&self, project: &ProjectId, filter: Filter, after: u64, limit: usize) -> Reply<'_, Vec<StoredCall>> {
        self.shared.inner.list(project, filter, after, limit)
    }

    fn count(&self, project: &ProjectId, filter: Filter) -> Reply<'_, u64> {
        self.shared.inner.count(project, filter)
    }

    fn begin_resend(&self, project: &ProjectId, selection: Selection, at: Timestamp) -> Reply<'_, u64> {
        self.shared.inner.begin_resend(project, selection, at)
    }

    fn resending(&self, project: &ProjectId, id: Option<u64>) -> Reply<'_, Option<Resending>> {
        self.shared.inner.resending(project, id)
    }

    fn open_resendings(&self) -> Reply<'_, Vec<Resending>> {
        self.shared.inner.open_resendings()
    }

    fn order_resend(&self, project: &ProjectId, id: u64, cancel: bool) -> Reply<'_, bool> {
        self.shared.inner.order_resend(project, id, cancel)
    }

    fn step_resend(&self, project: &ProjectId, id: u64, now: Timestamp) -> Reply<'_, bool> {
        self.shared.inner.step_resend(project, id, now)
    }

    fn survey(&self, project: &ProjectId, of: Selection, until: Timestamp, before: u64) -> Reply<'_, Survey> {
        self.shared.inner.survey(project, of, until, before)
    }

    fn requeue(&self, project: &ProjectId, filter: Filter, now: Timestamp) -> Reply<'_, u64> {
        self.shared.inner.requeue(project, filter, now)
    }

    fn skip(&self, project: &ProjectId, filter: Filter, reason: Reason, now: Timestamp) -> Reply<'_, u64> {
        self.shared.inner.skip(project, filter, reason, now)
    }

    fn demote_waiting(&self, project: &ProjectId) -> Reply<'_, u64> {
        self.shared.inner.demote_waiting(project)
    }

    fn ledger(&self, project: &ProjectId, from: Date, to: Date) -> Reply<'_, Vec<LedgerDay>> {
        self.shared.inner.ledger(project, from, to)
    }

    fn project(&self, id: &ProjectId) -> Reply<'_, Option<KeptProject>> {
        self.shared.inner.project(id)
    }

    fn projects(&self, after: &str, limit: usize) -> Reply<'_, Vec<KeptProject>> {
        self.shared.inner.projects(after, limit)
    }

    fn project_revisions(&self) -> Reply<'_, BTreeMap<ProjectId, u64>> {
        self.shared.inner.project_revisions()
    }

    fn put_project(&self, put: ProjectPut) -> Reply<'_, Put> {
        self.shared.state().projects += 1;
        self.shared.inner.put_project(put)
    }

    fn remove_project(&self, removal: Removal) -> Reply<'_, Removed> {
        self.shared.state().projects += 1;
        self.shared.inner.remove_project(removal)
    }

    fn others(&self) -> Option<watch::Receiver<Beat>> {
        Some(self.beats.subscribe())
    }

    fn renew_token(&self, project: &ProjectId, known: Option<&[u8]>, until: Timestamp) -> Reply<'_, Renewal> {
        let (project, known, name) = (project.clone(), known.map(<[u8]>::to_vec), self.now().name);
        Box::pin(async move {
            let kept = self.shared.inner.token(&project).await?;
            if let Some(kept) = kept.filter(|kept| Some(&kept.sealed) != known.as_ref() && kept.expires_at > until) {
                return Ok(Renewal::Newer(kept));
            }
            let mut state = self.shared.state();
            if state.renewer.is_some_and(|renewer| renewer != name && state.lives(renewer)) {
                return Ok(Renewal::Another);
            }
            state.renewer = Some(name);
            Ok(Renewal::Yours)
        })
    }

    fn renewed(&self, project: &ProjectId, token: Option<KeptToken>) -> Reply<'_, ()> {
        let (project, name) = (project.clone(), self.now().name);
        Box::pin(async move {
            if self.shared.state().renewer != Some(name) {
                return Ok(());
            }
            if let Some(token) = token {
                self.shared.inner.put_token(&project, token).await?;
            }
            self.shared.state().renewer = None;
            Ok(())
        })
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
