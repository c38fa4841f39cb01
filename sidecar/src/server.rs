//! The running sidecar: built from its configuration, listening, and stopped in good order.
//!
//! | what | file |
//! | --- | --- |
//! | gRPC: bounds, health, reflection | `grpc.rs` |
//! | HTTP: webhooks, probes, metrics | `http.rs`, `entrance.rs` |
//! | addresses and the socket file | `listen.rs` |
//! | connections: how many, TLS, slow ones | `door.rs`, `certificates.rs`, `patient.rs`, `patience.rs` |
//! | readiness | `health.rs` |
//! | figures | `metrics.rs`, `requests.rs` |
//! | SIGTERM and SIGINT | `signals.rs` |

mod certificates;
mod door;
mod entrance;
mod grpc;
pub mod health;
mod http;
mod listen;
pub mod metrics;
pub mod patience;
mod patient;
pub mod requests;
pub mod signals;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use thiserror::Error;
use tieline_crm::{Dialect, transport::Transport};
use tieline_engine::phone;
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle, JoinSet},
    time,
};

use self::{certificates::Certificates, health::Health, listen::Listeners, requests::Requests};
use crate::{
    access::Access,
    clock::{Clock, SystemClock},
    config::{Config, Limits, StoreConfig},
    driver::{Driver, Wired},
    net::{Fenced, HttpTransport},
    project::Project,
    projects::{Projects, Reader},
    retention::Retention,
    sidecar::Sidecar,
    store::{Store, StoreError, postgres::PostgresStore, sqlite::SqliteStore},
    tls::{TlsFault, TlsFiles},
};

/// What is left to close after the drain, at most.
const CLOSE_BOUND: Duration = Duration::from_secs(5);

/// A sidecar that answers.
pub struct Running {
    /// Where gRPC is answered.
    pub grpc_addr: SocketAddr,
    /// Where HTTP is answered.
    pub http_addr: SocketAddr,
    /// What is behind the doors.
    pub sidecar: Sidecar,
    work: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Returns when the sidecar has stopped: it was told to, or a part of it failed.
    ///
    /// # Errors
    /// A part failed.
    pub async fn join(self) -> Result<(), ServeError> {
        self.work.await?
    }
}

/// Why the sidecar does not run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address or the socket file cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(String, io::Error),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A project's CRM settings are wrong; a checked configuration has none such.
    #[error("the connection of project {project}: {faults}")]
    Connection {
        /// The project.
        project: String,
        /// What is wrong.
        faults: String,
    },
    /// A certificate cannot be used; a checked configuration has none such.
    #[error("no TLS is spoken: {0}")]
    Tls(#[from] TlsFault),
    /// The HTTP client could not be made.
    #[error("no requests can be sent: {0}")]
    Transport(#[from] reqwest::Error),
    /// The reflection service could not be made.
    #[error("the contract's description is unreadable: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// gRPC ended.
    #[error("gRPC is no longer answered: {0}")]
    Grpc(#[from] tonic::transport::Error),
    /// A part ended by a panic.
    #[error("a part of the sidecar ended abnormally: {0}")]
    Abnormal(#[from] JoinError),
}

/// Starts the sidecar. It stops when `stop` becomes `true` or its sender is dropped.
///
/// # Errors
/// A port or the store cannot be opened.
pub async fn serve(config: Config, stop: watch::Receiver<bool>) -> Result<Running, ServeError> {
    let transport = Arc::new(HttpTransport::new()?);
    serve_over(config, transport, Arc::new(SystemClock), stop).await
}

/// As [`serve`], with another way to the CRMs and another clock: for tests.
///
/// # Errors
/// As [`serve`].
pub async fn serve_over(
    config: Config,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    stop: watch::Receiver<bool>,
) -> Result<Running, ServeError> {
    let listeners = Listeners::bind(&config.server).await?;
    let (grpc_addr, http_addr) = (listeners.grpc_addr, listeners.http_addr);
    let store = open(config.store, &*clock).await?;
    let access = Arc::new(config.access);
    let file = config.projects.iter().map(|project| project.id.clone()).collect();
    let wired = wire_all(config.projects, &transport)?;
    let reader = Reader { transport, access: Arc::clone(&access), keys: config.keys.map(Arc::new), file };
    let sidecar = populate(wired, reader, Arc::clone(&store), clock).await?;
    let (told, stopping) = watch::channel(false);
    let health = Health::new(Arc::clone(&store), stopping.clone());
    let house = House {
        sidecar: sidecar.clone(),
        requests: Arc::default(),
        access,
        limits: config.server.limits,
        tls: config.server.tls,
        http_tls: config.server.http_tls,
        health,
        stopping,
    };
    let parts = house.open(listeners, config.server.drain, config.retention).await?;
    tracing::info!(%grpc_addr, %http_addr, "the sidecar answers");
    let work = tokio::spawn(async move {
        let ended = oversee(parts, told, stop, config.server.drain).await;
        if time::timeout(CLOSE_BOUND, store.close()).await.is_err() {
            tracing::warn!("the store took too long to close; what was answered is on disk");
        }
        ended
    });
    Ok(Running { grpc_addr, http_addr, sidecar, work })
}

/// The store where the configuration says.
async fn open(config: StoreConfig, clock: &dyn Clock) -> Result<Arc<dyn Store>, ServeError> {
    Ok(match config {
        StoreConfig::Sqlite { path } => Arc::new(tokio::task::spawn_blocking(move || SqliteStore::open(&path)).await??),
        StoreConfig::Postgres(config) => {
            // The process id is for people who look into the table; chance keeps two machines apart.
            let name = format!("{}-{:016x}", std::process::id(), clock.random());
            Arc::new(PostgresStore::open(&config, name).await?)
        }
    })
}

/// A sidecar over a store and a way to the CRMs, without doors. Number matchers are compiled here, so that the first
/// ringing phone need not wait for them.
///
/// # Errors
/// The store cannot be read, or a connection's settings are wrong.
pub async fn assemble(
    projects: Vec<Project>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
) -> Result<Sidecar, ServeError> {
    let driver = Driver::open(store, clock, wire_all(projects, &transport)?).await?;
    Ok(Sidecar::new(driver))
}

/// A sidecar with the projects of its file, and those the store keeps.
async fn populate(
    mut wired: Vec<Wired>,
    reader: Reader,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
) -> Result<Sidecar, ServeError> {
    let (stored, standings) = reader.load(store.as_ref()).await?;
    wired.extend(stored);
    let driver = Driver::open(store, clock, wired).await?;
    let projects = Projects::new(Arc::clone(&driver), reader, standings);
    Ok(Sidecar::new(driver).with_projects(projects))
}

fn wire_all(projects: Vec<Project>, transport: &Arc<dyn Transport>) -> Result<Vec<Wired>, ServeError> {
    projects.into_iter().map(|project| wire(project, transport)).collect()
}

/// A project with its dialect and its own way to the network, as [`Driver::put`] takes it.
///
/// # Errors
/// The connection's settings are wrong.
pub fn wire(project: Project, transport: &Arc<dyn Transport>) -> Result<Wired, ServeError> {
    phone::warm(&project.policy.plan);
    phone::warm(&project.policy.crm_plan);
    let dialect = connect(&project)?;
    let transport = Arc::new(Fenced::new(Arc::clone(transport), &addresses(&project, dialect.as_ref())));
    Ok(Wired { project: Arc::new(project), dialect: Arc::from(dialect), transport })
}

/// The addresses a project may reach, and so those its secrets go to.
pub(crate) fn reaches(project: &Project) -> Result<Vec<String>, ServeError> {
    Ok(addresses(project, connect(project)?.as_ref()))
}

fn connect(project: &Project) -> Result<Box<dyn Dialect>, ServeError> {
    tieline_crm::connect(project.connection.crm, &project.connection.connect).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.key, fault.text)).collect();
        ServeError::Connection { project: project.id.as_str().to_owned(), faults: faults.join("; ") }
    })
}

/// Everything a project's connection may reach: its CRM, and what the telephone platform is asked at.
fn addresses(project: &Project, dialect: &dyn Dialect) -> Vec<String> {
    let phone = project.smart_phone.as_ref().map(|phone| phone.url.clone());
    let callback = project.click_to_call.as_ref().and_then(|click| Some(click.callback.as_ref()?.url.clone()));
    dialect.hosts().into_iter().chain(phone).chain(callback).collect()
}

/// What the doors share.
#[derive(Clone)]
struct House {
    sidecar: Sidecar,
    requests: Arc<Requests>,
    access: Arc<Access>,
    limits: Limits,
    tls: Option<TlsFiles>,
    http_tls: Option<TlsFiles>,
    health: Health,
    stopping: watch::Receiver<bool>,
}

type Parts = JoinSet<Result<(), ServeError>>;

impl House {
    /// Opens the doors and begins to deliver.
    async fn open(self, listeners: Listeners, drain: Duration, retention: Retention) -> Result<Parts, ServeError> {
        let mut parts = JoinSet::new();
        grpc::open(&self, listeners.grpc, listeners.unix, &mut parts).await?;
        http::open(&self, listeners.http, &mut parts)?;
        let driver = Arc::clone(self.sidecar.driver());
        let (store, clock) = (Arc::clone(&driver.store), Arc::clone(&driver.clock));
        let stopping = self.stopping.clone();
        if let Some(projects) = self.sidecar.projects().cloned() {
            let stopping = stopping.clone();
            parts.spawn(async move {
                projects.follow(signals::told(stopping)).await;
                Ok(())
            });
        }
        parts.spawn(async move {
            retention.run(store, clock, stopping).await;
            Ok(())
        });
        parts.spawn(async move {
            driver.run(self.stopping, drain).await;
            Ok(())
        });
        Ok(parts)
    }

    /// A door's certificate, kept fresh until the sidecar stops.
    fn certificates(
        &self,
        door: &'static str,
        files: Option<TlsFiles>,
        protocol: &'static [u8],
        parts: &mut Parts,
    ) -> Result<Option<Certificates>, ServeError> {
        let Some(files) = files else { return Ok(None) };
        let certificates = Certificates::open(door, files, protocol)?;
        parts.spawn(certificates.clone().keep_fresh(self.stopping.clone()));
        Ok(Some(certificates))
    }
}

/// Waits until told to stop or a part fails, then lets the parts end what is under way, within a time.
async fn oversee(
    mut parts: Parts,
    told: watch::Sender<bool>,
    stop: watch::Receiver<bool>,
    drain: Duration,
) -> Result<(), ServeError> {
    let failed = tokio::select! {
        () = signals::told(stop) => None,
        ended = parts.join_next() => ended,
    };
    told.send_replace(true);
    let mut ended = failed.map_or(Ok(()), flat);
    tracing::info!("the sidecar stops");
    let rest = async {
        while let Some(part) = parts.join_next().await {
            let part = flat(part);
            if ended.is_ok() {
                ended = part;
            }
        }
    };
    if time::timeout(drain + CLOSE_BOUND, rest).await.is_err() {
        tracing::warn!("requests under way were cut short by the shutdown");
        parts.shutdown().await;
    }
    ended
}

fn flat(part: Result<Result<(), ServeError>, JoinError>) -> Result<(), ServeError> {
    part?
}
