//! The simulated CRMs behind HTTP.

mod control;
mod cut;
mod shell;

use std::{collections::BTreeMap, fmt, io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{kind::CrmKind, sim::Sim};
use cut::CutListener;
use shell::Shared;

/// What a stopping sandbox grants requests still being answered.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// Where to listen and what to simulate.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// The address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The CRMs to simulate, each under `/{name}`.
    pub crms: Vec<CrmKind>,
    /// Where all chance comes from.
    pub seed: u64,
    /// How long each request takes before faults, in milliseconds.
    pub latency_ms: u64,
    /// The URL others reach this server under; `None`: `http://` and the bound address.
    pub public_url: Option<String>,
}

impl Default for SandboxConfig {
    /// Every CRM on a free port of the loopback interface, without latency.
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            crms: CrmKind::all().to_vec(),
            seed: 1,
            latency_ms: 0,
            public_url: None,
        }
    }
}

/// The server of the simulated CRMs.
pub struct Sandbox;

impl Sandbox {
    /// Starts listening and answers from then on, until stopped or dropped.
    ///
    /// # Errors
    /// When the address cannot be listened on, or no CRM is named.
    pub async fn start(config: SandboxConfig) -> Result<RunningSandbox, StartError> {
        if config.crms.is_empty() {
            return Err(StartError::NothingToSimulate);
        }
        let listener = TcpListener::bind(config.bind).await.map_err(StartError::Listen)?;
        let addr = listener.local_addr().map_err(StartError::Listen)?;
        let url = config.public_url.clone().unwrap_or_else(|| format!("http://{addr}"));
        let shared = Shared::new(sims(&config, &url));
        let (stop, stopped) = oneshot::channel::<()>();
        let service = shell::router(shared).into_make_service_with_connect_info::<cut::Scissors>();
        let task = tokio::spawn(async move {
            axum::serve(CutListener::new(listener), service)
                .with_graceful_shutdown(async move {
                    // A dropped sender means the owner is gone: stop as well.
                    drop(stopped.await);
                })
                .await
        });
        Ok(RunningSandbox { addr, url, stop: Some(stop), task })
    }
}

fn sims(config: &SandboxConfig, url: &str) -> BTreeMap<CrmKind, Sim> {
    config
        .crms
        .iter()
        .map(|kind| {
            let mut sim = Sim::new(*kind, config.seed);
            sim.set_latency_ms(config.latency_ms);
            sim.set_base_url(&format!("{}/{kind}", url.trim_end_matches('/')));
            (*kind, sim)
        })
        .collect()
}

/// A sandbox that is answering requests.
#[derive(Debug)]
pub struct RunningSandbox {
    addr: SocketAddr,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl RunningSandbox {
    /// The URL of the server, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL a client of this CRM is given as its base.
    #[must_use]
    pub fn crm_url(&self, kind: CrmKind) -> String {
        format!("{}/{kind}", self.url)
    }

    /// The address listened on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Takes no more requests, lets those under way end, and returns.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if tokio::time::timeout(STOP_GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug)]
pub enum StartError {
    /// The configuration names no CRM.
    NothingToSimulate,
    /// The address cannot be listened on.
    Listen(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToSimulate => f.write_str("no CRM to simulate was named"),
            Self::Listen(error) => write!(f, "cannot listen: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
