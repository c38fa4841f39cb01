//! Everything that runs: sandbox, sidecar, and the clients that talk to them.

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use tempfile::TempDir;
use tieline_proto::v1::{admin_service_client::AdminServiceClient, sync_service_client::SyncServiceClient};
use tieline_sandbox::{RunningSandbox, Sandbox, SandboxConfig};
use tokio::sync::watch;
use tonic::transport::{Channel, Endpoint};
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::{config, sandbox::Control};
use crate::{
    cli::{Failure, load},
    server::{self, Running},
};

/// Longest time for any request of the demonstration.
const REQUEST_BOUND: Duration = Duration::from_secs(20);
/// Time each CRM takes for an answer, in milliseconds: near ones are as quick.
const CRM_LATENCY_MS: u64 = 15;
/// The log's name in the data directory.
pub(super) const LOG: &str = "tieline.log";

/// All that runs.
pub(super) struct House {
    /// Data, configuration, secrets and log.
    pub(super) dir: TempDir,
    pub(super) sync: SyncServiceClient<Channel>,
    pub(super) admin: AdminServiceClient<Channel>,
    pub(super) http: reqwest::Client,
    pub(super) crms: Control,
    pub(super) sidecar: Running,
    sandbox: RunningSandbox,
    stop: watch::Sender<bool>,
}

impl House {
    /// Starts all of it on free ports of the loopback interface.
    pub(super) async fn open(seed: u64) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("tieline-demo-").tempdir().map_err(Failure::of)?;
        log_into(&dir.path().join(LOG))?;
        let settings = SandboxConfig { seed, latency_ms: CRM_LATENCY_MS, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(settings).await.map_err(Failure::of)?;
        config::write(dir.path(), &sandbox).map_err(Failure::of)?;
        let config = load(&dir.path().join(config::FILE))?;
        let (stop, stopped) = watch::channel(false);
        let sidecar = server::serve(config, stopped).await.map_err(Failure::of)?;
        let endpoint = Endpoint::from_shared(format!("http://{}", sidecar.grpc_addr)).map_err(Failure::of)?;
        let channel = endpoint.timeout(REQUEST_BOUND).connect().await.map_err(Failure::of)?;
        // Everything is on this machine: a proxy of the environment is not asked.
        let http = reqwest::Client::builder().no_proxy().timeout(REQUEST_BOUND).build().map_err(Failure::of)?;
        let crms = Control::new(http.clone(), sandbox.url());
        let (sync, admin) = (SyncServiceClient::new(channel.clone()), AdminServiceClient::new(channel));
        Ok(Self { dir, sync, admin, http, crms, sidecar, sandbox, stop })
    }

    /// Where the sandbox is.
    pub(super) fn sandbox_url(&self) -> &str {
        self.sandbox.url()
    }

    /// Stops all of it. With `keep_data` the directory stays.
    pub(super) async fn close(self, keep_data: bool) -> Result<(), Failure> {
        drop((self.sync, self.admin, self.http, self.crms));
        self.stop.send_replace(true);
        let ended = self.sidecar.join().await;
        self.sandbox.stop().await;
        if keep_data {
            drop(self.dir.keep());
        }
        ended.map_err(Failure::of)
    }
}

/// What the sidecar tells goes into a file, so that the screen stays readable.
fn log_into(path: &Path) -> Result<(), Failure> {
    let file = Arc::new(File::create(path).map_err(Failure::of)?);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(file);
    let started = tracing_subscriber::registry().with(LevelFilter::INFO).with(lines).try_init();
    started.map_err(Failure::of)
}
