//! A sidecar with many projects, each with a simulated CRM of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tieline::{
    clock::Clock,
    config,
    driver::{Driver, Wired, connection::Connection},
    project::{ConnectionConfig, IntakeConfig, Project},
    sidecar::{Refused, RouteAsk, Routed, Sidecar},
    store::{Filter, State, StateIs, Store, sqlite::SqliteStore},
};
use tieline_crm::{
    Connect, Dialect,
    transport::{BoxFuture, Class, Request, Response, SendError, Transport},
};
use tieline_engine::{
    call::{Call, Direction, Outcome, Phase},
    ids::{CallId, ProjectId},
    jiff::SignedDuration,
    phone::Phone,
};
use tieline_sandbox::{CrmKind, Sim, SimReply};
use tokio::{
    runtime::Handle,
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

use crate::wired::{
    VirtualClock,
    configuration::{self, Extra, SandboxKeys},
    translated,
};

/// Longest time a call may take.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// The name of a project.
pub(super) fn name(nr: usize) -> ProjectId {
    ProjectId::new(format!("shop-{nr:05}"))
}

/// One request as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) project: ProjectId,
    /// Which of the project's configurations asked.
    pub(super) by: u32,
    /// Where the request goes and what it says.
    pub(super) text: String,
    is_for_token: bool,
}

/// The sidecar, its store and its CRMs.
pub(super) struct Crowd {
    kind: CrmKind,
    count: usize,
    store: Arc<SqliteStore>,
    clock: Arc<VirtualClock>,
    crms: Arc<Crms>,
    running: Option<Running>,
    configurations: AtomicU32,
}

struct Running {
    sidecar: Sidecar,
    task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

/// What all the ways to the CRMs lead to.
struct Crms {
    kind: CrmKind,
    clock: Arc<VirtualClock>,
    sims: Mutex<BTreeMap<ProjectId, Sim>>,
    asked: Mutex<Vec<Asked>>,
    hangs: AtomicBool,
    slow: AtomicBool,
}

/// The way of one configuration of a project to its CRM.
struct Way {
    project: ProjectId,
    by: u32,
    crms: Arc<Crms>,
}

impl Transport for Way {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(async move {
            let Self { project, by, crms } = self;
            let is_for_token = request.class == Class::Token;
            let text = format!("{} {}", request.url, String::from_utf8_lossy(&request.body));
            crms.asked.lock().unwrap().push(Asked { project: project.clone(), by: *by, text, is_for_token });
            if crms.hangs.load(Ordering::Relaxed) {
                return std::future::pending().await;
            }
            let millis = if crms.slow.load(Ordering::Relaxed) { crms.clock.random() % 3_000 } else { 20 };
            time::sleep(Duration::from_millis(millis)).await;
            let reply = {
                let mut sims = crms.sims.lock().unwrap();
                let sim = sims.entry(project.clone()).or_insert_with(|| {
                    let mut sim = Sim::new(crms.kind, 1);
                    sim.set_base_url("http://sim");
                    sim
                });
                sim.handle(crms.clock.now(), &translated(request))
            };
            match reply {
                SimReply::Answer(answer) => {
                    Ok(Response { status: answer.status, headers: answer.headers, body: answer.body.to_vec() })
                }
                SimReply::Dropped { .. } => Err(SendError::NoAnswer("the connection was cut".to_owned())),
            }
        })
    }
}

impl Crowd {
    pub(super) async fn new(kind: CrmKind, count: usize) -> Self {
        let clock = Arc::new(VirtualClock::new(1));
        let crms = Arc::new(Crms {
            kind,
            clock: Arc::clone(&clock),
            sims: Mutex::default(),
            asked: Mutex::default(),
            hangs: AtomicBool::new(false),
            slow: AtomicBool::new(false),
        });
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let configurations = AtomicU32::new(0);
        let mut crowd = Self { kind, count, store, clock, crms, running: None, configurations };
        crowd.start().await;
        crowd
    }

    pub(super) async fn start(&mut self) {
        let by = self.configurations.fetch_add(1, Ordering::Relaxed);
        let wired = self.wired((0..self.count).map(name), by, "");
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let driver = Driver::open(store, Arc::clone(&self.clock) as Arc<dyn Clock>, wired).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Arc::clone(&driver).run(stopped, Duration::ZERO));
        self.running = Some(Running { sidecar: Sidecar::new(driver), task, _stop: stop });
    }

    /// The sidecar is gone with all it had begun.
    pub(super) async fn crash(&mut self) {
        let running = self.running.take().unwrap();
        running.task.abort();
        drop(running.task.await);
    }

    /// Projects with more sections, all configured alike: read once, as reading ten thousand takes a while.
    fn wired(&self, ids: impl Iterator<Item = ProjectId>, by: u32, sections: &str) -> Vec<Wired> {
        let extra = Extra { sections: sections.to_owned(), ..Extra::default() };
        let text = configuration::text(self.kind, &extra);
        let one = config::parse("crowd", &text, &SandboxKeys).unwrap().projects.remove(0);
        let dialect = tieline_crm::connect(one.connection.crm, &one.connection.connect).unwrap();
        let dialect: Arc<dyn Dialect> = Arc::from(dialect);
        let wired = ids.map(|id| Wired {
            project: Arc::new(copy(&one, &id)),
            dialect: Arc::clone(&dialect),
            transport: Arc::new(Way { project: id, by, crms: Arc::clone(&self.crms) }),
        });
        wired.collect()
    }

    /// Gives a project another configuration. Answers its number.
    pub(super) async fn put(&self, project: &ProjectId, sections: &str) -> u32 {
        let by = self.configurations.fetch_add(1, Ordering::Relaxed);
        let wired = self.wired(std::iter::once(project.clone()), by, sections).remove(0);
        self.sidecar().driver().put(wired).await.unwrap();
        by
    }

    pub(super) fn sidecar(&self) -> &Sidecar {
        &self.running.as_ref().unwrap().sidecar
    }

    pub(super) fn connection(&self, project: &ProjectId) -> Arc<Connection> {
        self.sidecar().connection(project).unwrap()
    }

    /// The CRMs take requests and answer none.
    pub(super) fn hang(&self, hangs: bool) {
        self.crms.hangs.store(hangs, Ordering::Relaxed);
    }

    /// The CRMs take up to three seconds for an answer.
    pub(super) fn be_slow(&self) {
        self.crms.slow.store(true, Ordering::Relaxed);
    }

    /// Chance, seeded.
    pub(super) fn chance(&self, below: u64) -> u64 {
        self.clock.random() % below
    }

    pub(super) fn tasks(&self) -> usize {
        Handle::current().metrics().num_alive_tasks()
    }

    /// Every request so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.crms.asked.lock().unwrap().clone()
    }

    /// Projects that asked for a token.
    pub(super) fn with_token(&self, asked: &[Asked]) -> BTreeSet<ProjectId> {
        asked.iter().filter(|asked| asked.is_for_token).map(|asked| asked.project.clone()).collect()
    }

    /// An answered call that has just ended is taken in.
    pub(super) async fn accept(&self, project: &ProjectId, id: &str, client: &str) {
        self.sidecar().accept(self.ended(project, id, client), None, None).await.unwrap();
    }

    /// A call is in the store, whether the sidecar runs or not.
    pub(super) async fn keep(&self, project: &ProjectId, id: &str, client: &str) {
        if self.running.is_some() {
            return self.accept(project, id, client).await;
        }
        let (call, at) = (self.ended(project, id, client), self.clock.now());
        let (lane_of, day) = (Arc::new(|_: &Call| "client".to_owned()), "2026-11-16".parse().unwrap());
        let piece = tieline::store::Piece { call, lane_of, at, day, raw: None, trace: None };
        self.store.accept(piece).await.unwrap();
    }

    /// A call is taken in and delivered.
    pub(super) async fn deliver(&self, project: &ProjectId, id: &str, client: &str) {
        self.accept(project, id, client).await;
        self.finished(project, id).await;
    }

    /// Waits until a call is in the CRM.
    pub(super) async fn finished(&self, project: &ProjectId, id: &str) {
        let given_up = Instant::now() + PATIENCE;
        loop {
            let state = self.store.call(project, &CallId::new(id)).await.unwrap().unwrap().state;
            if state != State::Waiting {
                return assert_eq!(state, State::Written);
            }
            assert!(Instant::now() < given_up, "{project} {id} waits");
            time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) async fn waiting(&self, project: &ProjectId) -> u64 {
        let filter = Filter { states: vec![StateIs::Waiting], ..Filter::default() };
        self.store.count(project, filter).await.unwrap()
    }

    pub(super) async fn ring(&self, project: &ProjectId, client: &str) -> Result<Routed, Refused> {
        let (project, call) = (project.clone(), CallId::new("ring"));
        self.sidecar().route(&RouteAsk { project, call, client: Phone::new(client), line: None }, None).await
    }

    fn ended(&self, project: &ProjectId, id: &str, client: &str) -> Call {
        let mut call = Call::new(project.clone(), CallId::new(id), Direction::Incoming);
        (call.phase, call.outcome) = (Phase::Ended, Some(Outcome::NoAnswer));
        call.client.phone = Some(Phone::new(client));
        call.line = Some(Phone::new("380442000000"));
        call.started_at = Some(self.clock.now() - SignedDuration::from_secs(40));
        call.ring_seconds = 20;
        call
    }
}

/// The same project under another id.
fn copy(of: &Project, id: &ProjectId) -> Project {
    let own = &of.connection;
    let Connect { settings, secrets, share } = &own.connect;
    let connect = Connect { settings: settings.clone(), secrets: secrets.clone(), share: *share };
    let connection = ConnectionConfig {
        id: own.id.clone(),
        crm: own.crm,
        connect,
        starts_active: own.starts_active,
        keep_data: own.keep_data,
        retry: own.retry,
        courtesy: own.courtesy,
    };
    Project {
        id: id.clone(),
        policy: Arc::clone(&of.policy),
        connection,
        intake: IntakeConfig::default(),
        messenger: of.messenger.clone(),
        route: of.route,
        smart_phone: None,
        click_to_call: None,
        tokens: Vec::new(),
    }
}
