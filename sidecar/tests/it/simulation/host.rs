//! A machine that keeps a sidecar running: when its process dies, it is started again a little later.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use tieline::{
    clock::Clock,
    driver::Driver,
    sidecar::Sidecar,
    store::{Store, StoreError},
};
use tieline_crm::transport::Transport;
use tieline_engine::jiff::{SignedDuration, Timestamp};
use tieline_sandbox::CrmKind;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time,
};

use super::{disk::Disk, life::Life, outside::Outside, wire::Wire};
use crate::wired::{Extra, shared, shop};

/// How long deliveries under way may take when the sidecar is asked to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// A machine.
pub(super) struct Host {
    outside: Arc<Outside>,
    clock: Arc<WallClock>,
    running: Mutex<Option<Running>>,
    changed: Notify,
    retired: AtomicBool,
    /// Places the first process passes before it dies.
    first_dies_at: Option<u64>,
}

struct Running {
    life: Arc<Life>,
    sidecar: Sidecar,
    stop: watch::Sender<bool>,
    among: Option<Arc<shared::Life>>,
}

/// A machine's clock: the true time, as far as it has not been put forward or back.
struct WallClock {
    outside: Arc<Outside>,
    ahead_ms: AtomicI64,
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        self.outside.now() + SignedDuration::from_millis(self.ahead_ms.load(Ordering::Relaxed))
    }

    fn random(&self) -> u64 {
        self.outside.random()
    }
}

impl Host {
    /// Starts one, and keeps its sidecar running until it is retired.
    pub(super) fn start(outside: &Arc<Outside>, first_dies_at: Option<u64>) -> (Arc<Self>, JoinHandle<()>) {
        let clock = Arc::new(WallClock { outside: Arc::clone(outside), ahead_ms: AtomicI64::new(0) });
        let host = Arc::new(Self {
            outside: Arc::clone(outside),
            clock,
            running: Mutex::default(),
            changed: Notify::new(),
            retired: AtomicBool::new(false),
            first_dies_at,
        });
        let keeper = tokio::spawn(Arc::clone(&host).keep());
        (host, keeper)
    }

    /// The sidecar with its process, while it runs.
    pub(super) fn sidecar(&self) -> Option<(Sidecar, Arc<Life>)> {
        let running = self.running();
        let running = running.as_ref().filter(|running| !running.life.is_over())?;
        Some((running.sidecar.clone(), Arc::clone(&running.life)))
    }

    /// Kills the process; whether one ran.
    pub(super) fn kill(&self) -> bool {
        self.sidecar().map(|(_, life)| life.kill()).is_some()
    }

    /// Asks the sidecar to stop in good order.
    pub(super) fn stop(&self) -> bool {
        self.running().as_ref().map(|running| running.stop.send_replace(true)).is_some()
    }

    /// Cuts the sidecar off from the others for a time: it is not heard of, and goes on.
    pub(super) fn cut_off(&self, time: Duration) -> bool {
        let running = self.running();
        running.as_ref().and_then(|running| running.among.as_ref()).map(|among| among.cut_off(time)).is_some()
    }

    /// Puts the machine's clock forward or back.
    pub(super) fn step_clock(&self, millis: i64) {
        self.clock.ahead_ms.fetch_add(millis, Ordering::Relaxed);
    }

    /// How far its clock is behind the true time.
    pub(super) fn behind(&self) -> Duration {
        let ahead = self.clock.ahead_ms.load(Ordering::Relaxed);
        Duration::from_millis((-ahead).max(0).unsigned_abs())
    }

    /// Ends the process and starts none again.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
        self.kill();
        self.changed.notify_one();
    }

    async fn keep(self: Arc<Self>) {
        let mut dies_at = self.first_dies_at;
        while !self.retired.load(Ordering::SeqCst) {
            let life = Arc::new(Life::new());
            if let Some(place) = dies_at.take() {
                life.die_at(place);
            }
            tokio::select! {
                biased;
                () = life.ended() => {}
                ran = self.run(&life) => if let Err(error) = ran {
                    self.outside.tell(|| format!("the sidecar does not start: {error}"));
                    life.kill();
                },
            }
            let ended = self.running().take();
            // A question that goes on behind a ring's answer outlives its process here, and would keep it heard of.
            if let Some(among) = ended.and_then(|running| running.among) {
                among.end();
            }
            let rest = self.outside.weather().dice.between(200, 15_000);
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = time::sleep(Duration::from_millis(rest)) => {}
            }
        }
    }

    /// One process, from its start until it ends in good order.
    async fn run(&self, life: &Arc<Life>) -> Result<(), StoreError> {
        let (outside, life) = (Arc::clone(&self.outside), Arc::clone(life));
        let wire = Arc::new(Wire { outside: Arc::clone(&outside), life: Arc::clone(&life) }) as Arc<dyn Transport>;
        let wired = shop(outside.plan.kind, &extra(&outside), &wire);
        let among = outside.shared.as_ref().map(shared::Shared::join);
        let inner = match &among {
            Some(among) => Arc::clone(among) as Arc<dyn Store>,
            None => Arc::clone(&outside.store) as Arc<dyn Store>,
        };
        let disk = Arc::new(Disk { outside, life: Arc::clone(&life), inner });
        let driver = Driver::open(disk, Arc::clone(&self.clock) as Arc<dyn Clock>, wired).await?;
        let (stop, stopped) = watch::channel(false);
        let mut work = Work(tokio::spawn(Arc::clone(&driver).run(stopped, DRAIN)));
        *self.running() = Some(Running { life, sidecar: Sidecar::new(driver), stop, among });
        drop((&mut work.0).await);
        Ok(())
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that ends with its process.
struct Work(JoinHandle<()>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// RemOnline's comments cannot be looked up: what is not to be doubled may not be repeated.
fn extra(outside: &Outside) -> Extra {
    let settings = if outside.plan.kind == CrmKind::RemOnline { "repeat_lost_comments = false" } else { "" };
    Extra { settings: settings.to_owned(), retry_longest: outside.plan.retry_longest(), ..Extra::default() }
}
