//! The sidecar's core in virtual time, wired to a simulated CRM without sockets.

pub(crate) mod configuration;
pub(crate) mod shared;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tieline::{
    clock::Clock,
    config,
    driver::{Driver, Wired},
    sidecar::Sidecar,
    store::{Status, Store, sqlite::SqliteStore},
};
use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tieline_sandbox::{CrmKind, Sim, SimReply, SimRequest};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

pub(crate) use self::configuration::{Extra, users};

/// Where the simulated CRM is reached.
pub(crate) const HOST: &str = "http://sim";

/// Virtual time in which everything must be settled once the faults are over (invariant I6 of field.md 3).
const SETTLES_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);

/// A CRM, a store that outlives the sidecar, and the sidecar while it runs.
pub(crate) struct Core {
    pub(crate) project: ProjectId,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) sim: Arc<Mutex<Sim>>,
    kind: CrmKind,
    extra: Extra,
    clock: Arc<VirtualClock>,
    running: Option<Running>,
}

struct Running {
    sidecar: Sidecar,
    task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

/// Runs a test on one thread, where time passes only when all wait for it.
pub(crate) fn in_virtual_time(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

impl Core {
    /// A fresh CRM with the usual project before it.
    pub(crate) async fn new(kind: CrmKind, seed: u64) -> Self {
        Self::with(kind, seed, "", "").await
    }

    /// The same with settings of the connection and with sections of the project.
    pub(crate) async fn with(kind: CrmKind, seed: u64, settings: &str, sections: &str) -> Self {
        let mut sim = Sim::new(kind, seed);
        sim.set_base_url(HOST);
        let sim = Arc::new(Mutex::new(sim));
        let clock = Arc::new(VirtualClock::new(seed));
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let extra = Extra { settings: settings.to_owned(), sections: sections.to_owned(), ..Extra::default() };
        let project = ProjectId::new("shop");
        let mut core = Self { project, store, sim, kind, extra, clock, running: None };
        core.start().await;
        core
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn sidecar(&self) -> &Sidecar {
        &self.running.as_ref().unwrap().sidecar
    }

    /// Lets the deliveries come to rest, and activates a connection the CRM's faults have suspended.
    pub(crate) async fn settle(&self) {
        let deadline = Instant::now() + SETTLES_WITHIN;
        while self.store.next_due(&self.project, true).await.unwrap().is_some() {
            assert!(Instant::now() < deadline, "the backlog did not drain in {SETTLES_WITHIN:?} of virtual time");
            let connection = self.sidecar().connection(&self.project).unwrap();
            if connection.state().status == Status::Suspended {
                connection.activate().await.unwrap();
            }
            time::sleep(Duration::from_secs(5)).await;
        }
    }

    /// Everything in flight is gone; what the CRM has received, it has received.
    pub(crate) async fn crash(&mut self) {
        let running = self.running.take().unwrap();
        running.task.abort();
        drop(running.task.await);
    }

    pub(crate) async fn start(&mut self) {
        let transport = Arc::new(SimTransport { sim: Arc::clone(&self.sim), clock: Arc::clone(&self.clock) });
        let wired = shop(self.kind, &self.extra, &(transport as Arc<dyn Transport>));
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let driver = Driver::open(store, Arc::clone(&self.clock) as Arc<dyn Clock>, wired).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Arc::clone(&driver).run(stopped, Duration::ZERO));
        self.running = Some(Running { sidecar: Sidecar::new(driver), task, _stop: stop });
    }
}

/// The usual project of a CRM, over a transport.
pub(crate) fn shop(kind: CrmKind, extra: &Extra, transport: &Arc<dyn Transport>) -> Vec<Wired> {
    let config = config::parse("simulation", &configuration::text(kind, extra), &configuration::SandboxKeys).unwrap();
    let wired = config.projects.into_iter().map(|project| {
        let dialect = tieline_crm::connect(project.connection.crm, &project.connection.connect).unwrap();
        Wired { project: Arc::new(project), dialect: Arc::from(dialect), transport: Arc::clone(transport) }
    });
    wired.collect()
}

/// The run's clock: starts in the morning of a working day and moves with tokio's paused time.
pub(crate) struct VirtualClock {
    base: Timestamp,
    begun: Instant,
    random: AtomicU64,
}

impl VirtualClock {
    pub(crate) fn new(seed: u64) -> Self {
        let base = "2026-11-16T07:00:00Z".parse().unwrap();
        Self { base, begun: Instant::now(), random: AtomicU64::new(seed) }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.begun.elapsed()).unwrap()
    }

    /// SplitMix64: small, seeded, the same everywhere.
    fn random(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let state = self.random.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Carries requests into the simulated CRM.
struct SimTransport {
    sim: Arc<Mutex<Sim>>,
    clock: Arc<VirtualClock>,
}

impl Transport for SimTransport {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(async move {
            let request = translated(request);
            let reply = self.sim.lock().unwrap().handle(self.clock.now(), &request);
            time::sleep(Duration::from_millis(reply.delay_ms() + 20)).await;
            match reply {
                SimReply::Answer(answer) => {
                    Ok(Response { status: answer.status, headers: answer.headers, body: answer.body.to_vec() })
                }
                SimReply::Dropped { .. } => Err(SendError::NoAnswer("the connection was cut".to_owned())),
            }
        })
    }
}

pub(crate) fn translated(request: Request) -> SimRequest {
    use secrecy::ExposeSecret as _;
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    let target = request.url.strip_prefix(HOST).expect("all requests go to the configured host");
    let mut translated = SimRequest::new(method, target);
    for (name, value) in &request.headers {
        translated = translated.header(name, value);
    }
    if let Some((name, value)) = &request.authorization {
        translated = translated.header(name, value.expose_secret());
    }
    translated.body = request.body.into();
    translated
}
