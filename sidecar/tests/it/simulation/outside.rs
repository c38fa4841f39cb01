//! What the sidecars of a run share: the CRM, the store's content, the true time; and what is noted of the run.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use serde_json::Value;
use tieline::store::sqlite::SqliteStore;
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tieline_sandbox::{Class, Sim, SimReply, SimRequest};
use tokio::time::Instant;

use super::{
    dice::Dice,
    life::{Life, Place},
    plan::Plan,
    tally::Tally,
    watch::Watch,
};
use crate::wired::{HOST, shared::Shared};

/// What is outside the sidecars.
pub(super) struct Outside {
    pub(super) plan: Plan,
    pub(super) project: ProjectId,
    pub(super) store: Arc<SqliteStore>,
    /// The same among several sidecars.
    pub(super) shared: Option<Arc<Shared>>,
    /// State of the disk and of the network.
    pub(super) weather: Mutex<Weather>,
    /// Writers of the store take turns.
    pub(super) writers: tokio::sync::Mutex<()>,
    sim: Mutex<Sim>,
    watch: Mutex<Watch>,
    tally: Mutex<Tally>,
    trace: Mutex<Vec<String>>,
    base: Timestamp,
    begun: Instant,
    random: AtomicU64,
    places: AtomicU64,
}

/// What disk and network are like until when.
pub(super) struct Weather {
    pub(super) dice: Dice,
    pub(super) disk_full: Instant,
    pub(super) disk_slow: Instant,
    pub(super) answers_lost: Instant,
    pub(super) requests_late: Instant,
    pub(super) replies_late: Instant,
}

impl Weather {
    fn fine(dice: Dice, now: Instant) -> Self {
        Self { dice, disk_full: now, disk_slow: now, answers_lost: now, requests_late: now, replies_late: now }
    }
}

impl Outside {
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        let mut sim = Sim::new(plan.kind, plan.seed);
        sim.set_base_url(HOST);
        sim.watch();
        let (store, begun) = (Arc::new(SqliteStore::in_memory().unwrap()), Instant::now());
        Arc::new(Self {
            plan,
            project: ProjectId::new("shop"),
            shared: (plan.sidecars > 1).then(|| Shared::new(Arc::clone(&store))),
            store,
            weather: Mutex::new(Weather::fine(Dice::new(plan.seed ^ 0x3e7), begun)),
            writers: tokio::sync::Mutex::new(()),
            sim: Mutex::new(sim),
            watch: Mutex::new(Watch::new(plan.kind)),
            tally: Mutex::default(),
            trace: Mutex::default(),
            base: "2026-11-16T07:00:00Z".parse().unwrap(),
            begun,
            random: AtomicU64::new(plan.seed),
            places: AtomicU64::new(0),
        })
    }

    /// The true time, by which the CRM lives.
    pub(super) fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.begun.elapsed()).unwrap()
    }

    /// SplitMix64: small, seeded, the same everywhere.
    pub(super) fn random(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let state = self.random.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn sim(&self) -> MutexGuard<'_, Sim> {
        lock(&self.sim)
    }

    pub(super) fn watch(&self) -> MutexGuard<'_, Watch> {
        lock(&self.watch)
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    pub(super) fn weather(&self) -> MutexGuard<'_, Weather> {
        lock(&self.weather)
    }

    /// Puts everything that disturbs off.
    pub(super) fn calm(&self) {
        let dice = self.weather().dice.clone();
        *self.weather() = Weather::fine(dice, Instant::now());
        self.sim().clear_faults();
    }

    /// Notes a line of the run's story.
    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        let at = self.begun.elapsed();
        lock(&self.trace).push(format!("{:>10.3} {}", at.as_secs_f64(), line()));
    }

    /// The run's story so far.
    pub(super) fn story(&self) -> Vec<String> {
        lock(&self.trace).clone()
    }

    /// The CRM carries a request out.
    pub(super) fn carry_out(&self, request: &SimRequest) -> SimReply {
        let mut sim = self.sim();
        let writes = sim.class_of(request) == Class::Write;
        let reply = sim.handle(self.now(), request);
        let changes = sim.changes();
        let audit = (!changes.is_empty()).then(|| sim.audit());
        drop(sim);
        let about = self.watch().about(&request.body);
        self.tell(|| format!("{} {} {}{about}", request.method, request.path, shown(&reply)));
        if let Some(audit) = audit {
            self.watch().changed(&changes, &audit);
        }
        debug_assert!(writes || changes.is_empty(), "only writes change something");
        reply
    }

    /// A person changes something in the CRM; whether they could.
    pub(super) fn by_hand(&self, change: impl FnOnce(&mut Sim, Timestamp) -> Option<Value>) -> bool {
        let mut sim = self.sim();
        let done = change(&mut sim, self.now());
        let (changes, audit) = (sim.changes(), sim.audit());
        drop(sim);
        self.watch().changed(&changes, &audit);
        if let Some(done) = &done {
            self.tell(|| format!("a person: {done}"));
        }
        done.is_some()
    }

    /// Whether a process dies at a place.
    pub(super) fn dies(&self, life: &Life, place: Place) -> bool {
        if life.is_over() {
            return false;
        }
        self.places.fetch_add(1, Ordering::Relaxed);
        let dies = life.dies_here();
        if dies {
            self.tell(|| format!("a process dies {}", place.as_str()));
            self.tally().crash(place.as_str());
        }
        dies
    }

    /// Passes a place, unless the process dies there or is dead: then this never returns.
    pub(super) async fn pass(&self, life: &Life, place: Place) {
        if self.dies(life, place) || life.is_over() {
            std::future::pending::<()>().await;
        }
    }

    /// Places passed so far by all processes.
    pub(super) fn places(&self) -> u64 {
        self.places.load(Ordering::Relaxed)
    }
}

fn shown(reply: &SimReply) -> String {
    match reply {
        SimReply::Answer(answer) => answer.status.to_string(),
        SimReply::Dropped { committed: true, .. } => "done, cut".to_owned(),
        SimReply::Dropped { committed: false, .. } => "cut".to_owned(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
