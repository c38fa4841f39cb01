//! The sidecar under test: the whole of it, over TCP, with its store on disk and a simulated CRM.

use std::{net::SocketAddr, path::Path, sync::Arc, time::SystemTime};

use serde_json::json;
use tempfile::TempDir;
use tieline::{
    clock::SystemClock,
    config::{self, Sources},
    net::HttpTransport,
    server::{self, Running},
};
use tieline_proto::v1::{
    AgentRef, Call, CallDirection, CallOutcome, CallPhase, CallState, RouteBasis, RouteCallRequest, RouteCallResponse,
    SyncCallRequest, UtmMarks,
};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig, zoho};
use tokio::sync::watch;
use tonic::transport::Channel;

use super::duel::Client;

/// Callers that ring again and again.
const CALLERS: u64 = 64;
/// Numbers of one mobile network: as many clients as calls are taken in from.
const NUMBERS: u64 = 10_000_000;
/// What an accepted call of a connection that is off is said to be.
pub(crate) const TAKEN_AS: CallState = CallState::Held;

/// The sidecar and its client.
pub(crate) struct House {
    pub(crate) client: Client,
    /// What a known caller's ring is answered.
    pub(crate) routed: RouteCallResponse,
    _running: Running,
    _stop: watch::Sender<bool>,
    _sandbox: RunningSandbox,
    _dir: TempDir,
}

impl House {
    /// Opens it with the line of its store, a file of its own when there is none, and lets every caller ring once.
    pub(crate) async fn open(store: Option<String>) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
        seed(&sandbox).await;
        let dir = directory();
        let store = store.unwrap_or_else(|| format!("path = \"{}\"", dir.path().join("calls.db").display()));
        let text = configuration(&sandbox.crm_url(CrmKind::Zoho), &store);
        let config = config::parse("bench", &text, &Keys).expect("a configuration");
        let transport = Arc::new(HttpTransport::new().expect("a way to the CRM"));
        let (stop, stopped) = watch::channel(false);
        let running = server::serve_over(config, transport, Arc::new(SystemClock), stopped).await.expect("a sidecar");
        let mut client = connect(running.grpc_addr).await;
        let routed = warm(&mut client).await;
        Self { client, routed, _running: running, _stop: stop, _sandbox: sandbox, _dir: dir }
    }
}

/// A directory of the build's own: on a disk, where a flush costs what it costs.
pub(crate) fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

pub(crate) async fn connect(address: SocketAddr) -> Client {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address").tcp_nodelay(true);
    Client::new(endpoint.connect().await.expect("a connection"))
}

/// A phone that rings for one of the callers.
pub(crate) fn ringing(nr: u64) -> RouteCallRequest {
    RouteCallRequest {
        project: "shop".to_owned(),
        call_id: format!("1763276400.{nr}"),
        client_number: number(nr % CALLERS),
        project_number: "0443330000".to_owned(),
    }
}

/// An answered call that just ended, as an exchange tells of it: about four hundred bytes.
pub(crate) fn ended(nr: u64) -> SyncCallRequest {
    let ago = |seconds| SystemTime::now().checked_sub(std::time::Duration::from_secs(seconds)).map(Into::into);
    let call = Call {
        project: "inbox".to_owned(),
        call_id: format!("1763276400.{nr}"),
        phase: CallPhase::Ended.into(),
        direction: CallDirection::Incoming.into(),
        client_number: number(nr % NUMBERS),
        project_number: "0443330000".to_owned(),
        started_at: ago(60),
        answered_at: ago(50),
        ended_at: ago(1),
        talk_seconds: Some(49),
        waiting_seconds: Some(10),
        outcome: CallOutcome::Answered.into(),
        recording_urls: vec![format!("https://records.example.org/2026/11/16/1763276400.{nr}.mp3")],
        agent: Some(AgentRef { sip_login: "shop_one".to_owned(), ..AgentRef::default() }),
        pool: "site".to_owned(),
        marks: Some(UtmMarks { source: "google".to_owned(), medium: "cpc".to_owned(), ..UtmMarks::default() }),
        google_client_id: "1182736451.1763270000".to_owned(),
        ..Call::default()
    };
    SyncCallRequest { call: Some(call), wait_ms: None }
}

fn number(nr: u64) -> String {
    format!("38067{nr:07}")
}

/// Looks every caller up, until all of them are answered from what is kept.
async fn warm(client: &mut Client) -> RouteCallResponse {
    let mut last = RouteCallResponse::default();
    let mut asked = 0;
    let mut warm = 0;
    while warm < CALLERS {
        last = client.route_call(ringing(asked)).await.expect("a route").into_inner();
        warm = if last.basis() == RouteBasis::Cached { warm + 1 } else { 0 };
        asked += 1;
        assert!(asked < CALLERS * 100, "callers stay unknown: {last:?}");
    }
    assert!(last.client.as_ref().is_some_and(|client| client.known), "the caller is known: {last:?}");
    last
}

async fn seed(sandbox: &RunningSandbox) {
    let contacts: Vec<_> = (0..CALLERS)
        .map(|nr| json!({"Last_Name": format!("Client {nr}"), "Phone": number(nr), "Owner": {"id": zoho_user()}}))
        .collect();
    let url = format!("{}/sandbox/zoho/seed", sandbox.url());
    let request = reqwest::Client::new().post(url).header("content-type", "application/json");
    let answer = request.body(json!({"Contacts": contacts}).to_string()).send().await.expect("an answer");
    assert!(answer.status().is_success(), "the sandbox takes the contacts");
}

fn zoho_user() -> &'static str {
    "5725767000000411001"
}

struct Keys;

impl Sources for Keys {
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "CLIENT_SECRET" => Some(zoho::SANDBOX_CLIENT_SECRET.to_owned()),
            "REFRESH_TOKEN" => Some(zoho::SANDBOX_REFRESH_TOKEN.to_owned()),
            _ => None,
        }
    }

    fn file(&self, _path: &Path) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// One project whose callers ring, and one whose calls are taken in and held: its connection is off, so that nothing
/// but the intake is measured.
fn configuration(crm: &str, store: &str) -> String {
    let projects: String = [("shop", true), ("inbox", false)].map(|(id, active)| project(crm, id, active)).concat();
    format!(
        r#"[server]
        grpc_listen = "127.0.0.1:0"
        http_listen = "127.0.0.1:0"
        [store]
        {store}
        {projects}"#
    )
}

fn project(crm: &str, id: &str, active: bool) -> String {
    format!(
        r#"
        [[projects]]
        id = "{id}"
        zone = "Europe/Kyiv"
        region = "UA"
        [projects.routing]
        keep_found_seconds = 86400
        [projects.connection]
        crm = "zoho"
        active = {active}
        [projects.connection.settings]
        client_id = "{client}"
        accounts_url = "{crm}"
        api_url = "{crm}"
        edition = "ultimate"
        per_second = 100
        [projects.connection.secrets]
        client_secret = {{ env = "CLIENT_SECRET" }}
        refresh_token = {{ env = "REFRESH_TOKEN" }}
        [[projects.agents]]
        id = "one"
        sips = ["shop_one"]
        crm_user = "{user}"
        "#,
        client = zoho::SANDBOX_CLIENT_ID,
        user = zoho_user()
    )
}
