//! Delivery: one loop per connection picks calls whose turn it is, at most one per client at a time, and drives each
//! through the engine.

pub mod connection;
mod deliver;
mod others;
pub mod quota;
mod resending;
pub mod resting;
mod seal;
mod served;
mod tokens;
mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tieline_crm::{dialect::Dialect, transport::Transport};
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time,
};

use self::{connection::Connection, served::Served};
use crate::{
    callers::Callers,
    cards::Cards,
    clock::Clock,
    dialing::Wishes,
    outcomes::Outcomes,
    presence::PresenceBook,
    project::Project,
    store::{Status, Store, StoreError},
    troubles::{self, Remedy},
    watch::Hub,
};

/// Longest time a connection rests after trouble before one request tries again.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// What was learned of a CRM (stages, fields, users) is learned again after this (zoho.md 7: cache hours).
const LEARN_AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// Without any event the loop looks around after this long.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// While clients are being served the loop looks around this often at most without an event.
const BUSY_REST: Duration = Duration::from_millis(500);
/// After the store failed the loop waits this long.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Delivers the calls of every project.
pub struct Driver {
    /// Where calls are kept.
    pub store: Arc<dyn Store>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// What is known of callers.
    pub callers: Callers,
    /// Tells who waits that a call is finished.
    pub outcomes: Outcomes,
    /// What happens, for those who watch.
    pub hub: Arc<Hub>,
    /// Who wants caller cards.
    pub cards: Cards,
    /// What the agents' telephones are doing.
    pub presences: PresenceBook,
    /// Wishes to call that were seen lately.
    pub wishes: Wishes,
    /// Which clients are being served.
    pub(crate) served: Served,
    /// Wakes what takes resendings on.
    pub(crate) resends: Notify,
    connections: BTreeMap<ProjectId, Arc<Connection>>,
}

/// A project with its dialect and its way to the network.
pub struct Wired {
    /// The project.
    pub project: Arc<Project>,
    /// The dialect of its CRM.
    pub dialect: Arc<dyn Dialect>,
    /// The way to its CRM.
    pub transport: Arc<dyn Transport>,
}

impl Driver {
    /// Opens every project's connection.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        projects: Vec<Wired>,
    ) -> Result<Arc<Self>, StoreError> {
        let mut connections = BTreeMap::new();
        let hub = Arc::new(Hub::new(format!("{:x}", clock.random())));
        let mut cards = Cards::new(Arc::clone(&hub));
        for wired in projects {
            cards.connect(&wired.project, &wired.transport, &clock);
            let id = wired.project.id.clone();
            let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
            let connection = Connection::open(wired.project, wired.dialect, wired.transport, store, clock).await?;
            connections.insert(id, Arc::new(connection));
        }
        let (callers, outcomes) = (Callers::new(), Outcomes::new());
        let (presences, wishes) = (PresenceBook::default(), Wishes::default());
        let (served, resends) = (Served::default(), Notify::new());
        Ok(Arc::new(Self {
            store,
            clock,
            callers,
            outcomes,
            hub,
            cards,
            presences,
            wishes,
            served,
            resends,
            connections,
        }))
    }

    /// The connection of a project.
    #[must_use]
    pub fn connection(&self, project: &ProjectId) -> Option<&Arc<Connection>> {
        self.connections.get(project)
    }

    /// Every connection, by project.
    pub fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.values()
    }

    /// Delivers until told to stop, then lets what is under way finish within a time.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>, drain: Duration) {
        let mut loops = JoinSet::new();
        loops.spawn(Arc::clone(&self).follow(stop.clone()));
        loops.spawn(Arc::clone(&self).take_resendings_on(stop.clone()));
        for connection in self.connections.values() {
            loops.spawn(Arc::clone(&self).serve(Arc::clone(connection), stop.clone(), drain));
        }
        for phone in self.cards.phones() {
            loops.spawn(Arc::clone(phone).run(stop.clone()));
        }
        while loops.join_next().await.is_some() {}
    }

    async fn serve(self: Arc<Self>, connection: Arc<Connection>, mut stop: watch::Receiver<bool>, drain: Duration) {
        let mut lanes = Lanes::default();
        while !*stop.borrow() {
            let rest = self.round(&connection, &mut lanes).await;
            tokio::select! {
                // In this order, so that a simulated run is the same each time.
                biased;
                () = connection.wake.notified() => {}
                Some(lane) = lanes.next_done() => lanes.done(&lane),
                () = time::sleep(rest) => {}
                // Nobody can tell any more: that is the end, too.
                told = stop.changed() => if told.is_err() { break },
            }
        }
        if time::timeout(drain, lanes.all_done()).await.is_err() {
            tracing::warn!(project.id = %connection.project.id, "deliveries were cut short by the shutdown; they are taken up at the next start");
        }
    }

    /// Starts what can be started and says how long to rest without an event.
    async fn round(self: &Arc<Self>, connection: &Arc<Connection>, lanes: &mut Lanes) -> Duration {
        if connection.state().status != Status::Active {
            return IDLE_MAX;
        }
        let closed = connection.gate.closed_for();
        if !closed.is_zero() {
            return closed;
        }
        let learned_at = connection.learned_at();
        if learned_at.is_none_or(|at| at + LEARN_AGAIN < self.clock.now()) && !self.learn(connection).await {
            return connection.gate.closed_for().max(Duration::from_millis(1));
        }
        match self.start_due(connection, lanes).await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::error!(project.id = %connection.project.id, %error, "the store cannot be read");
                STORE_PAUSE
            }
        }
    }

    async fn start_due(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        lanes: &mut Lanes,
    ) -> Result<Duration, StoreError> {
        let project = &connection.project.id;
        let room = lanes_max(connection).saturating_sub(lanes.busy.len());
        if room == 0 {
            return Ok(IDLE_MAX);
        }
        let now = self.clock.now();
        let busy: Vec<String> = lanes.busy.iter().cloned().chain(self.served.resting(project)).collect();
        let due = self.store.due(project, now, &busy, room).await?;
        let full = due.len() == room;
        for stored in due {
            lanes.start(Arc::clone(self), Arc::clone(connection), stored);
        }
        if full {
            return Ok(IDLE_MAX);
        }
        // A call of a busy lane may be due already and hide the time of the next one.
        let rest = until(now, self.store.next_due(project).await?);
        Ok(if lanes.busy.is_empty() { rest } else { rest.max(BUSY_REST) })
    }

    /// Learns the CRM; on trouble the gate closes or the connection is suspended.
    async fn learn(&self, connection: &Connection) -> bool {
        let Err(trouble) = connection.learn().await else { return true };
        tracing::warn!(project.id = %connection.project.id, %trouble, "the CRM could not be read");
        if troubles::remedy(&trouble) == Remedy::Suspend
            && let Err(error) = connection.suspend(&trouble).await
        {
            tracing::error!(project.id = %connection.project.id, %error, "the suspension could not be stored");
        }
        let wait = connection.project.connection.retry.wait(3, None, self.clock.random());
        connection.gate.close_for(wait.min(PAUSE_MAX));
        // Once learned, an older picture is better than none.
        connection.learned_at().is_some() && troubles::remedy(&trouble) != Remedy::Suspend
    }
}

/// Twice the CRM's concurrency keeps the gate fed while answers are stored.
fn lanes_max(connection: &Connection) -> usize {
    let concurrency = connection.dialect().quota().concurrency as usize;
    (concurrency * 2).clamp(2, 64)
}

fn until(now: Timestamp, due: Option<Timestamp>) -> Duration {
    let wait = due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO));
    wait.map_or(IDLE_MAX, |wait| wait.clamp(Duration::from_millis(1), IDLE_MAX))
}

/// The clients being served.
#[derive(Default)]
struct Lanes {
    busy: BTreeSet<String>,
    tasks: JoinSet<()>,
    names: BTreeMap<tokio::task::Id, String>,
}

impl Lanes {
    fn start(&mut self, driver: Arc<Driver>, connection: Arc<Connection>, stored: crate::store::StoredCall) {
        let lane = stored.lane.clone();
        let Some(serving) = driver.served.begin(&stored.call.project, &lane) else { return };
        self.busy.insert(lane.clone());
        let task = self.tasks.spawn(async move {
            let _serving = serving;
            deliver::deliver(&driver, &connection, stored).await;
        });
        self.names.insert(task.id(), lane);
    }

    /// The lane whose delivery ended, even by a panic; pending for ever while none is busy.
    async fn next_done(&mut self) -> Option<String> {
        let ended = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                tracing::error!(%error, "a delivery ended abnormally; its call is taken up again");
                error.id()
            }
            None => return std::future::pending().await,
        };
        self.names.remove(&ended)
    }

    fn done(&mut self, lane: &str) {
        self.busy.remove(lane);
    }

    async fn all_done(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
