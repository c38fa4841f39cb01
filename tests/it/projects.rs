//! Projects kept in a PostgreSQL database that several of the real program share: put at one, they are served by all.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use tieline_proto::v1::{
    Call, CallDirection, CallOutcome, CallPhase, CallState, DeactivateConnectionRequest, DeleteProjectRequest,
    ListProjectsRequest, Project, PutProjectRequest, SyncCallRequest, admin_service_client::AdminServiceClient,
    sync_service_client::SyncServiceClient,
};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig, retailcrm};
use tokio::time::{self, Instant};
use tonic::{Request, Status, transport::Channel};
use tonic_types::StatusExt as _;

use crate::{database::Database, exchange::LOOK_EVERY, program::Program};

/// Longest time for anything that takes a moment: as long as a report may be waited for.
const BOUND: Duration = Duration::from_secs(30);
/// A beat is a second, and a busy machine takes its time.
const NOTICED: Duration = Duration::from_secs(10);
const ADMIN: &str = "admin-0123456789abcdef0123456789abcdef";
const PBX: &str = "pbx-of-cafe-0123456789abcdef0123456789abcdef";

struct Place {
    sandbox: RunningSandbox,
    database: Database,
    config: PathBuf,
    _dir: TempDir,
}

impl Place {
    async fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (dir, database) = (tempfile::tempdir().unwrap(), Database::fresh().await);
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let (folder, config) = (dir.path().display(), dir.path().join("tieline.toml"));
        for (name, secret) in [("key", "0123456789abcdef".repeat(4).as_str()), ("admin", ADMIN)] {
            std::fs::write(dir.path().join(name), secret).unwrap();
        }
        let text = format!(
            r#"
            [server]
            grpc_listen = "127.0.0.1:0"
            http_listen = "127.0.0.1:0"
            drain_seconds = 2
            [[access.tokens]]
            name = "admin"
            role = "admin"
            secret = {{ file = "{folder}/admin" }}
            [store]
            url = "{}"
            lease_seconds = 5
            connections = 4
            secrets_key = {{ file = "{folder}/key" }}
            "#,
            database.url
        );
        std::fs::write(&config, text).unwrap();
        Self { sandbox, database, config, _dir: dir }
    }

    fn start(&self) -> Sidecar {
        let program = Program::start(&self.config);
        let channel = Channel::from_shared(format!("http://{}", program.grpc)).unwrap().connect_lazy();
        Sidecar { program, channel }
    }

    fn cafe(&self) -> PutProjectRequest {
        let text = format!(
            r#"
            zone = "Europe/Kyiv"
            region = "UA"
            senior = "one"
            [[agents]]
            id = "one"
            sips = ["cafe_one"]
            crm_user = "1"
            [connection]
            crm = "retailcrm"
            settings = {{ url = "{}", site = "main" }}
            secrets = {{ api_key = {{ given = "crm" }} }}
            [[tokens]]
            name = "pbx"
            role = "exchange"
            secret = {{ given = "pbx" }}
            "#,
            self.sandbox.crm_url(CrmKind::RetailCrm)
        );
        let secrets = [("crm", retailcrm::SANDBOX_API_KEY), ("pbx", PBX)];
        let secrets = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned())).into();
        PutProjectRequest { project: "cafe".to_owned(), text, secrets, ..PutProjectRequest::default() }
    }
}

struct Sidecar {
    program: Program,
    channel: Channel,
}

impl Sidecar {
    fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    /// Reports a call with the project's own token, and waits until it is in the CRM.
    async fn call(&self, id: &str, wait: Duration) -> Result<CallState, Status> {
        let now = SystemTime::now();
        let call = Call {
            project: "cafe".to_owned(),
            call_id: id.to_owned(),
            phase: CallPhase::Ended.into(),
            direction: CallDirection::Incoming.into(),
            client_number: format!("06712345{:02}", id.len()),
            project_number: "0443330000".to_owned(),
            started_at: Some(now.into()),
            ended_at: Some(now.into()),
            outcome: CallOutcome::NoAnswer.into(),
            recording_expected: Some(false),
            ..Call::default()
        };
        let wait_ms = Some(u32::try_from(wait.as_millis()).unwrap());
        let report = by(PBX, SyncCallRequest { call: Some(call), wait_ms });
        let answer = SyncServiceClient::new(self.channel.clone()).sync_call(report).await?;
        Ok(answer.into_inner().state())
    }

    async fn cafe(&self) -> Option<Project> {
        let listed = self.admin().list_projects(by(ADMIN, ListProjectsRequest::default())).await.unwrap();
        listed.into_inner().projects.into_iter().find(|project| project.project == "cafe")
    }

    /// Waits until the project is as it should be here, and says how long that took.
    async fn notices(&self, is_so: impl Fn(Option<&Project>) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            let cafe = self.cafe().await;
            if is_so(cafe.as_ref()) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < BOUND, "{cafe:?}");
            time::sleep(LOOK_EVERY).await;
        }
    }
}

fn by<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_put_at_one_program_is_served_by_every_other_within_moments_and_after_kills() {
    let place = Place::new().await;
    let (one, two) = (place.start(), place.start());
    assert_eq!(reason(&two.call("a", Duration::ZERO).await.unwrap_err()), "TOKEN_UNKNOWN");
    let put = one.admin().put_project(by(ADMIN, place.cafe())).await.unwrap().into_inner().project.unwrap();
    let took = two.notices(|cafe| cafe.is_some_and(|cafe| cafe.revision == put.revision)).await;
    assert!(took < NOTICED, "{took:?}");
    // Its own token works there as well, and so does its CRM.
    assert_eq!(two.call("ab", BOUND).await.unwrap(), CallState::Written);
    assert_eq!(one.call("abc", BOUND).await.unwrap(), CallState::Written);

    let mut changed = place.cafe();
    changed.text += "[texts]\nsource = \"Cafe\"\n";
    changed.secrets.clear();
    changed.expected_revision = Some(put.revision);
    let put = two.admin().put_project(by(ADMIN, changed.clone())).await.unwrap().into_inner().project.unwrap();
    let took = one.notices(|cafe| cafe.is_some_and(|cafe| cafe.revision == put.revision)).await;
    assert!(took < NOTICED, "{took:?}");
    let stale = one.admin().put_project(by(ADMIN, PutProjectRequest { text: place.cafe().text, ..changed })).await;
    assert_eq!(reason(&stale.unwrap_err()), "REVISION_CHANGED", "nobody's change is lost");

    one.program.kill();
    two.program.kill();
    let (one, two) = (place.start(), place.start());
    assert_eq!(one.cafe().await.unwrap().revision, put.revision);
    assert_eq!(one.call("abcd", BOUND).await.unwrap(), CallState::Written);
    let delete = DeleteProjectRequest { project: "cafe".to_owned(), ..DeleteProjectRequest::default() };
    assert!(two.admin().delete_project(by(ADMIN, delete)).await.unwrap().into_inner().deleted);
    let took = one.notices(|cafe| cafe.is_none()).await;
    assert!(took < NOTICED, "{took:?}");
    assert_eq!(reason(&one.call("abcde", Duration::ZERO).await.unwrap_err()), "TOKEN_UNKNOWN");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_puts_a_project_at_two_programs_at_once_has_one_of_both_everywhere() {
    let place = Place::new().await;
    let (one, two) = (place.start(), place.start());
    let put = async |sidecar: &Sidecar, nr: u32| {
        let mut cafe = place.cafe();
        cafe.text += &format!("[texts]\nsource = \"Cafe {nr}\"\n");
        cafe.expected_revision = Some(0);
        sidecar.admin().put_project(by(ADMIN, cafe)).await
    };
    let (first, second) = tokio::join!(put(&one, 1), put(&two, 2));
    let done: Vec<_> = [&first, &second].into_iter().flatten().collect();
    assert_eq!(done.len(), 1, "{first:?} {second:?}");
    let revision = done[0].get_ref().project.as_ref().unwrap().revision;
    for sidecar in [&one, &two] {
        sidecar.notices(|cafe| cafe.is_some_and(|cafe| cafe.revision == revision)).await;
    }
    // Switched off at one, it is off at the other, as a project of the file is.
    let off = DeactivateConnectionRequest { project: "cafe".to_owned(), ..DeactivateConnectionRequest::default() };
    one.admin().deactivate_connection(by(ADMIN, off)).await.unwrap();
    two.notices(|cafe| cafe.is_some_and(|cafe| cafe.connection_state().as_str_name().ends_with("INACTIVE"))).await;
    let client = place.database.client().await;
    let row = client.query_one("SELECT text, sealed FROM projects", &[]).await.unwrap();
    let (text, sealed): (String, Vec<u8>) = (row.get(0), row.get(1));
    for secret in [PBX, retailcrm::SANDBOX_API_KEY] {
        assert!(!text.contains(secret) && !sealed.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
}
