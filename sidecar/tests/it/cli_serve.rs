//! `tieline serve`, `tieline resend` and `tieline plan` as the shell sees them: the real program, its output and its logs.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use tieline_proto::v1::{CallState, SyncCallRequest, sync_service_client::SyncServiceClient};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};
use tonic::transport::{Channel, Endpoint};

use crate::house::{API_KEY, configuration, ended};

/// The client's number, as it is reported and as it may be spelt on the way to the CRM.
const NUMBER: &str = "0671234567";
const SIGNIFICANT: &str = "671234567";
/// A name nothing else has.
const NAME: &str = "Zenobia Quillfeather";

/// The program, killed when a test ends early.
struct Program {
    child: Child,
    grpc: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
    }
}

fn tieline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.env("API_KEY", API_KEY).stdin(Stdio::null());
    command
}

fn write_config(dir: &Path, crm: &RunningSandbox, connection: &str) -> std::path::PathBuf {
    let store = dir.join("calls.db").display().to_string();
    let text = configuration(&crm.crm_url(CrmKind::RetailCrm), &store, "", connection);
    let file = dir.join("tieline.toml");
    std::fs::write(&file, format!("[telemetry]\nlevel = \"trace\"\n{text}")).unwrap();
    file
}

impl Program {
    fn serve(config: &Path) -> Self {
        let mut command = tieline();
        let child = command.arg("serve").arg("--config").arg(config).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut told = BufReader::new(child.stdout.as_mut().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let grpc = line.trim().strip_prefix("grpc ").expect("the address comes first").to_owned();
        Self { child, grpc }
    }

    async fn sync(&self) -> SyncServiceClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.grpc)).unwrap();
        SyncServiceClient::new(endpoint.connect().await.unwrap())
    }

    /// Asks it to stop as a service manager does, and returns what it logged.
    fn stop(mut self) -> String {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        log
    }
}

fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_name_calls_and_never_people() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let program = Program::serve(&write_config(dir.path(), &crm, ""));
    let mut call = ended("call-4711", NUMBER);
    call.params.insert("userfield".to_owned(), NAME.to_owned());
    call.recording_urls = vec!["https://records.example/Quillfeather.mp3".to_owned()];
    let request = SyncCallRequest { call: Some(call), wait_ms: Some(30_000) };
    let answer = program.sync().await.sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Written);
    let log = program.stop();
    assert!(log.contains("call-4711"), "the log tells nothing:\n{log}");
    for private in [SIGNIFICANT, "Quillfeather", API_KEY] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(private)).collect();
        assert!(told.is_empty(), "{private} is told: {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_calls_are_counted_asked_about_and_sent_from_the_command_line() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let config = write_config(dir.path(), &crm, "");
    let program = Program::serve(&config);
    let resend = |more: &[&str]| {
        let (grpc, more) = (program.grpc.clone(), more.iter().map(ToString::to_string).collect::<Vec<_>>());
        tokio::task::spawn_blocking(move || {
            run(tieline().args(["resend", "--address", &grpc, "--project", "shop"]).args(more))
        })
    };
    let (code, text) = resend(&["--dry-run"]).await.unwrap();
    assert_eq!((code, text.as_str()), (Some(0), "0 calls would be sent, 0 are left out\n"));
    let (code, text) = resend(&["--window-days", "400"]).await.unwrap();
    assert_eq!(code, Some(64), "{text}");
    program.stop();
    let (code, text) = run(tieline().args(["resend", "--address", "127.0.0.1:1", "--project", "shop"]));
    assert_eq!((code, text.as_str()), (Some(1), "tieline: no sidecar answers at http://127.0.0.1:1\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_from_a_file_is_planned_without_a_sidecar() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let config = write_config(dir.path(), &crm, "");
    let call = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/payloads/01_in_after_call_live_flat.json");
    let plan = move |json: bool| {
        let config = config.clone();
        tokio::task::spawn_blocking(move || {
            let mut command = tieline();
            command.arg("plan").arg("--config").arg(config).args(["--project", "shop", "--event", "after_call"]);
            command.args(json.then_some("--json")).arg(call);
            run(&mut command)
        })
    };
    let (code, text) = plan(false).await.unwrap();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("look-up:") && text.contains("create.contact") && text.contains("verdict: written"), "{text}");
    let (code, text) = plan(true).await.unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, plan.pointer("/verdict/end")), (Some(0), Some(&serde_json::json!("written"))));
}
