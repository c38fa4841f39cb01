//! A whole sidecar on free ports, in this process, over a CRM of the test's choice.

use std::{sync::Arc, time::SystemTime};

use tempfile::TempDir;
use tieline::{
    clock::SystemClock,
    config::{self, Sources},
    net::HttpTransport,
    server::{self, Running},
    sidecar::Sidecar,
};
use tieline_crm::transport::{BoxFuture, Request, Response, SendError, Transport};
use tieline_proto::v1::{
    AgentRef, Call, CallDirection, CallOutcome, CallPhase, SyncCallRequest, admin_service_client::AdminServiceClient,
    sync_service_client::SyncServiceClient,
};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};
use tokio::sync::watch;
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

/// The key the simulated RetailCRM takes.
pub(crate) const API_KEY: &str = "sandbox-retailcrm-key";

/// A CRM that accepts the connection and never answers.
pub(crate) struct Hangs;

impl Transport for Hangs {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(std::future::pending())
    }
}

/// A CRM nobody can connect to.
pub(crate) struct Away;

impl Transport for Away {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(async { Err(SendError::NotSent("no connection".to_owned())) })
    }
}

/// The secrets of tests.
pub(crate) struct Key;

impl Sources for Key {
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "API_KEY" => Some(API_KEY.to_owned()),
            "SECRETS_KEY" => Some("0f".repeat(32)),
            "OTHER_KEY" => Some("a5".repeat(32)),
            name => name.strip_prefix("TOKEN_").map(token),
        }
    }

    fn file(&self, path: &std::path::Path) -> std::io::Result<String> {
        config::System.file(path)
    }
}

/// The token somebody is given: `{ env = "TOKEN_name" }`.
pub(crate) fn token(name: &str) -> String {
    format!("{name}-0123456789abcdef0123456789abcdef")
}

/// A running sidecar.
pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) stop: watch::Sender<bool>,
    channel: Channel,
    _sandbox: Option<RunningSandbox>,
    _dir: TempDir,
}

impl House {
    /// Over a CRM that does not work; `keys` are those of the project, `connection` those of its connection.
    pub(crate) async fn over(crm: Arc<dyn Transport>, keys: &str, connection: &str) -> Self {
        Self::start(crm, "http://127.0.0.1:9", keys, connection, None).await
    }

    /// Over a simulated RetailCRM.
    pub(crate) async fn with_crm(keys: &str, connection: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let url = sandbox.crm_url(CrmKind::RetailCrm);
        Self::start(Arc::new(HttpTransport::new().unwrap()), &url, keys, connection, Some(sandbox)).await
    }

    /// Over a CRM nobody can connect to, with more keys of the server and more tables in front.
    pub(crate) async fn guarded(server: &str, tables: &str, projects: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("calls.db").display().to_string();
        let text = configuration("http://127.0.0.1:9", &store, "", "active = false");
        let text = text.replacen("[server]", &format!("{tables}\n[server]\n{server}"), 1);
        Self::of(Arc::new(Away), &format!("{text}\n{projects}"), dir, None).await
    }

    /// Over CRMs of the test's, with the test's configuration: for what outlives a sidecar.
    pub(crate) async fn configured(text: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        Self::of(Arc::new(HttpTransport::new().unwrap()), text, tempfile::tempdir().unwrap(), None).await
    }

    /// Stops the sidecar in good order.
    pub(crate) async fn stopped(self) {
        self.stop.send_replace(true);
        self.running.join().await.unwrap();
    }

    async fn start(
        crm: Arc<dyn Transport>,
        url: &str,
        keys: &str,
        connection: &str,
        sandbox: Option<RunningSandbox>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = configuration(url, &dir.path().join("calls.db").display().to_string(), keys, connection);
        Self::of(crm, &text, dir, sandbox).await
    }

    async fn of(crm: Arc<dyn Transport>, text: &str, dir: TempDir, sandbox: Option<RunningSandbox>) -> Self {
        let config = config::parse("test", text, &Key).unwrap();
        let (stop, stopped) = watch::channel(false);
        let running = server::serve_over(config, crm, Arc::new(SystemClock), stopped).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", running.grpc_addr)).unwrap().connect_lazy();
        Self { running, stop, channel, _sandbox: sandbox, _dir: dir }
    }

    pub(crate) fn sync(&self) -> SyncServiceClient<Channel> {
        SyncServiceClient::new(self.channel.clone())
    }

    pub(crate) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) fn sidecar(&self) -> &Sidecar {
        &self.running.sidecar
    }

    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.http_addr)
    }
}

/// A project "shop" whose CRM is a RetailCRM.
pub(crate) fn configuration(url: &str, store: &str, keys: &str, connection: &str) -> String {
    format!(
        r#"
        [server]
        grpc_listen = "127.0.0.1:0"
        http_listen = "127.0.0.1:0"
        drain_seconds = 5
        [store]
        path = "{store}"
        [[projects]]
        id = "shop"
        zone = "Europe/Kyiv"
        region = "UA"
        {keys}
        [projects.connection]
        crm = "retailcrm"
        id = "shop-crm"
        {connection}
        [projects.connection.settings]
        url = "{url}"
        site = "main"
        [projects.connection.secrets]
        api_key = {{ env = "API_KEY" }}
        [[projects.agents]]
        id = "one"
        sips = ["shop_one"]
        crm_user = "1"
        "#
    )
}

/// An answered incoming call that has just ended.
pub(crate) fn ended(id: &str, client: &str) -> Call {
    let now = SystemTime::now();
    let ago = |seconds| now.checked_sub(std::time::Duration::from_secs(seconds)).map(prost_types::Timestamp::from);
    Call {
        project: "shop".to_owned(),
        call_id: id.to_owned(),
        phase: CallPhase::Ended.into(),
        direction: CallDirection::Incoming.into(),
        client_number: client.to_owned(),
        project_number: "0443330000".to_owned(),
        started_at: ago(60),
        answered_at: ago(50),
        ended_at: ago(1),
        talk_seconds: Some(49),
        outcome: CallOutcome::Answered.into(),
        agent: Some(AgentRef { sip_login: "shop_one".to_owned(), ..AgentRef::default() }),
        recording_expected: Some(false),
        ..Call::default()
    }
}

/// A report of a call.
pub(crate) fn report(call: Call) -> SyncCallRequest {
    SyncCallRequest { call: Some(call), wait_ms: None }
}

/// The stable reason of a refusal.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

/// The fields a refusal names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().unwrap().field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}
