//! The sidecar's core in virtual time, wired to a simulated CRM without sockets.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tieline::{
    clock::Clock,
    config::{self, Sources},
    driver::{Driver, Wired},
    sidecar::Sidecar,
    store::{Status, Store, sqlite::SqliteStore},
};
use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tieline_sandbox::{CrmKind, Sim, SimReply, SimRequest, retailcrm, zoho};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

use super::load::{self, Dice, Event};

/// Virtual time in which everything must be settled once the faults are over (invariant I6 of field.md 3).
const SETTLES_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);

pub(super) struct World {
    pub(super) kind: CrmKind,
    pub(super) project: ProjectId,
    pub(super) store: Arc<SqliteStore>,
    pub(super) sim: Arc<Mutex<Sim>>,
    pub(super) accepted: Vec<tieline_engine::ids::CallId>,
    clock: Arc<VirtualClock>,
    dice: Dice,
    running: Option<Running>,
}

struct Running {
    sidecar: Sidecar,
    task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

impl World {
    pub(super) async fn new(kind: CrmKind, seed: u64) -> Self {
        let sim = Arc::new(Mutex::new(Sim::new(kind, seed)));
        let clock = Arc::new(VirtualClock::new(seed));
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let (project, accepted) = (ProjectId::new("shop"), Vec::new());
        let mut world = Self { kind, project, store, sim, accepted, clock, dice: Dice::new(seed), running: None };
        world.start().await;
        world
    }

    /// Plays the events, then lets the dust settle.
    pub(super) async fn play(&mut self) {
        let (begun, start) = (Instant::now(), self.clock.now());
        for (at, event) in load::events(self.kind, &mut self.dice, start) {
            time::sleep_until(begun + Duration::try_from(at).unwrap()).await;
            match event {
                Event::Piece(call) => {
                    let id = call.id.clone();
                    self.sidecar().accept(*call, None, None).await.unwrap();
                    if !self.accepted.contains(&id) {
                        self.accepted.push(id);
                    }
                }
                Event::Fault(fault) => self.sim.lock().unwrap().set_fault(self.clock.now(), fault).unwrap(),
                Event::Crash => {
                    self.crash().await;
                    self.start().await;
                }
            }
        }
        self.settle().await;
    }

    async fn settle(&mut self) {
        self.sim.lock().unwrap().clear_faults();
        let deadline = Instant::now() + SETTLES_WITHIN;
        while self.waits().await {
            assert!(Instant::now() < deadline, "the backlog did not drain in {SETTLES_WITHIN:?} of virtual time");
            let connection = self.sidecar().connection(&self.project).unwrap();
            if connection.state().status == Status::Suspended {
                connection.activate().await.unwrap();
            }
            time::sleep(Duration::from_secs(5)).await;
        }
        self.crash().await;
    }

    async fn waits(&self) -> bool {
        self.store.next_due(&self.project).await.unwrap().is_some()
    }

    fn sidecar(&self) -> &Sidecar {
        &self.running.as_ref().unwrap().sidecar
    }

    /// Everything in flight is gone; what the CRM has received, it has received.
    async fn crash(&mut self) {
        let running = self.running.take().unwrap();
        running.task.abort();
        drop(running.task.await);
    }

    async fn start(&mut self) {
        let config = config::parse("simulation", &configuration(self.kind), &NoSources).unwrap();
        let transport = Arc::new(SimTransport { sim: Arc::clone(&self.sim), clock: Arc::clone(&self.clock) });
        let wired = config.projects.into_iter().map(|project| {
            let dialect = tieline_crm::connect(project.connection.crm, &project.connection.connect).unwrap();
            let transport = Arc::clone(&transport) as Arc<dyn Transport>;
            Wired { project: Arc::new(project), dialect: Arc::from(dialect), transport }
        });
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let driver = Driver::open(store, Arc::clone(&self.clock) as Arc<dyn Clock>, wired.collect()).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Arc::clone(&driver).run(stopped, Duration::ZERO));
        self.running = Some(Running { sidecar: Sidecar::new(driver), task, _stop: stop });
    }
}

/// The run's clock: starts in the morning of a working day and moves with tokio's paused time.
struct VirtualClock {
    base: Timestamp,
    begun: Instant,
    random: AtomicU64,
}

impl VirtualClock {
    fn new(seed: u64) -> Self {
        let base = "2026-11-16T07:00:00Z".parse().unwrap();
        Self { base, begun: Instant::now(), random: AtomicU64::new(seed) }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.begun.elapsed()).unwrap()
    }

    fn random(&self) -> u64 {
        Dice::new(self.random.fetch_add(1, Ordering::Relaxed)).roll()
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

fn translated(request: Request) -> SimRequest {
    use secrecy::ExposeSecret as _;
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let target = request.url.strip_prefix("http://sim").expect("all requests go to the configured host");
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

struct NoSources;

impl Sources for NoSources {
    fn env(&self, name: &str) -> Option<String> {
        let value = match name {
            "CLIENT_SECRET" => zoho::SANDBOX_CLIENT_SECRET,
            "REFRESH_TOKEN" => zoho::SANDBOX_REFRESH_TOKEN,
            "API_KEY" => retailcrm::SANDBOX_API_KEY,
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn file(&self, _path: &std::path::Path) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn configuration(kind: CrmKind) -> String {
    let (connection, users) = match kind {
        CrmKind::Zoho => (
            format!(
                r#"crm = "zoho"
                [projects.connection.settings]
                client_id = "{}"
                accounts_url = "http://sim"
                api_url = "http://sim"
                edition = "ultimate"
                [projects.connection.secrets]
                client_secret = {{ env = "CLIENT_SECRET" }}
                refresh_token = {{ env = "REFRESH_TOKEN" }}"#,
                zoho::SANDBOX_CLIENT_ID
            ),
            ["5725767000000411001", "5725767000000411002", "5725767000000411003"],
        ),
        CrmKind::RetailCrm => (
            r#"crm = "retailcrm"
                [projects.connection.settings]
                url = "http://sim"
                site = "main"
                [projects.connection.secrets]
                api_key = { env = "API_KEY" }"#
                .to_owned(),
            ["1", "2", "3"],
        ),
    };
    let connection = connection.replacen("[projects.connection.settings]", "active = true\nkeep_data = true\nretry_longest_ms = 60000\n[projects.connection.settings]", 1);
    let agents: String = ["one", "two", "three"]
        .iter()
        .zip(users)
        .map(|(name, user)| format!("[[projects.agents]]\nid = \"{name}\"\nsips = [\"shop_{name}\"]\ncrm_user = \"{user}\"\n"))
        .collect();
    format!(
        "[[projects]]\nid = \"shop\"\nzone = \"Europe/Kyiv\"\nregion = \"UA\"\nsenior = \"three\"\n[projects.connection]\n{connection}\n{agents}"
    )
}
