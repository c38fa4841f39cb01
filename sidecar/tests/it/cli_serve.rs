//! `tieline serve`, `tieline resend` and `tieline plan` as the shell sees them: the real program, its output and its logs.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::{self, JoinHandle},
};

use tieline::dialing::link::click_address;
use tieline_proto::v1::{
    ActivateConnectionRequest, CallState, SyncCallRequest, admin_service_client::AdminServiceClient,
    sync_service_client::SyncServiceClient,
};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};
use tonic::transport::{Channel, Endpoint};

use crate::{
    access::tls,
    authority::Authority,
    dial::CLICK_TO_CALL,
    house::{API_KEY, configuration, ended, report, token},
};

/// The client's number, as it is reported and as it may be spelt on the way to the CRM.
const NUMBER: &str = "0671234567";
const SIGNIFICANT: &str = "671234567";
/// A name nothing else has.
const NAME: &str = "Zenobia Quillfeather";

/// The program, killed when a test ends early.
pub(crate) struct Program {
    child: Child,
    pub(crate) grpc: String,
    pub(crate) http: String,
    log: Option<JoinHandle<String>>,
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
        Self::begin(tieline().arg("serve").arg("--config").arg(config))
    }

    /// Runs a command that serves.
    pub(crate) fn begin(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.as_mut().unwrap());
        let mut address = |door: &str| {
            let mut line = String::new();
            told.read_line(&mut line).unwrap();
            line.trim().strip_prefix(door).expect("the addresses come first").to_owned()
        };
        let (grpc, http) = (address("grpc "), address("http "));
        let mut stderr = child.stderr.take().unwrap();
        // Read all along: a full pipe would stop the program.
        let log = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        Self { child, grpc, http, log: Some(log) }
    }

    async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    async fn sync(&self) -> SyncServiceClient<Channel> {
        SyncServiceClient::new(self.channel().await)
    }

    /// Asks it to stop as a service manager does, and returns what it logged.
    pub(crate) fn stop(mut self) -> String {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        let log = self.log.take().unwrap().join().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        log
    }
}

pub(crate) fn run(command: &mut Command) -> (Option<i32>, String) {
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
    drop(rustls::crypto::ring::default_provider().install_default());
    let posted =
        format!(r#"{{"uniqueid": "call-4712", "phone": "{NUMBER}", "calldate": "no day", "userfield": "{NAME}"}}"#);
    let hook = format!("http://{}/hooks/shop/after_call?phone={NUMBER}", program.http);
    let refused = reqwest::Client::new().post(hook).body(posted).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 400);
    let log = program.stop();
    for told in ["call-4711", "a webhook was not taken"] {
        assert!(log.contains(told), "{told} is not in:\n{log}");
    }
    for private in [SIGNIFICANT, "Quillfeather", API_KEY] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(private)).collect();
        assert!(told.is_empty(), "{private} is told: {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_to_call_is_logged_without_numbers_and_keys() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let program = Program::serve(&write_config(dir.path(), &crm, CLICK_TO_CALL));
    drop(rustls::crypto::ring::default_provider().install_default());
    let address = click_address(&format!("http://{}", program.http), "shop", &API_KEY.to_owned().into());
    let refused = reqwest::get(format!("{address}?userId=1&phone={NUMBER}")).await.unwrap();
    assert_eq!(refused.status().as_u16(), 503);
    let log = program.stop();
    assert!(log.contains("a wish to call was not carried out") && log.contains("no_exchange"), "{log}");
    let key = address.split('/').nth(5).unwrap();
    for private in [SIGNIFICANT, key, API_KEY] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(private)).collect();
        assert!(told.is_empty(), "{private} is told: {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_calls_are_counted_asked_about_and_sent_from_the_command_line() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let program = Program::serve(&write_config(dir.path(), &crm, "active = false"));
    for id in ["1", "2"] {
        program.sync().await.sync_call(report(ended(id, NUMBER))).await.unwrap();
    }
    let on = ActivateConnectionRequest { project: "shop".to_owned(), keep_data: Some(false), ..Default::default() };
    AdminServiceClient::new(program.channel().await).activate_connection(on).await.unwrap();
    let resend = |more: &'static [&str]| {
        let grpc = program.grpc.clone();
        let command = move || run(tieline().args(["resend", "--address", &grpc, "--project", "shop"]).args(more));
        async { tokio::task::spawn_blocking(command).await.unwrap() }
    };
    let counted = "2 calls would be sent, 0 are left out\n  2 answered calls of new clients\n";
    assert_eq!(resend(&["--dry-run"]).await, (Some(0), counted.to_owned()));
    let nobody = "tieline: nothing was sent: nobody said yes; --yes says it beforehand\n";
    assert_eq!(resend(&[]).await, (Some(64), format!("{counted}{nobody}")));
    assert_eq!(resend(&["--yes"]).await, (Some(0), format!("{counted}2 sent, 0 skipped, 0 failed\n")));
    assert_eq!(resend(&["--dry-run"]).await, (Some(0), "0 calls would be sent, 0 are left out\n".to_owned()));
    program.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_and_a_person_to_forget_are_seen_to_from_the_command_line() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let program = Program::serve(&write_config(dir.path(), &crm, ""));
    let request = SyncCallRequest { wait_ms: Some(30_000), ..report(ended("1", NUMBER)) };
    let answer = program.sync().await.sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Written);
    let tieline = |command: &'static str, more: &'static [&str]| {
        let grpc = program.grpc.clone();
        let command = move || run(tieline().args([command, "--address", &grpc, "--project", "shop"]).args(more));
        async { tokio::task::spawn_blocking(command).await.unwrap() }
    };
    let (code, table) = tieline("ledger", &[]).await;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((code, lines.len()), (Some(0), 3), "{table}");
    assert_eq!(lines[1][2..], ["1", "1", "0", "0", "0"], "{table}");
    let other_day = tieline("ledger", &["--from", "2020-01-01", "--to", "2020-01-31"]).await;
    assert_eq!(other_day, (Some(0), "nothing was received\n".to_owned()));
    assert_eq!(tieline("ledger", &["--from", "yesterday"]).await.0, Some(64));

    let (code, shown) = tieline("forget", &["--phone", "+38 067 123 45 67"]).await;
    assert_eq!(code, Some(64), "nobody said yes: {shown}");
    assert!(shown.starts_with("1 calls are stored, 0 of them wait\nrecords in the CRM"), "{shown}");
    assert!(shown.contains("CONTACT") && shown.contains("http://") && !shown.contains(SIGNIFICANT), "{shown}");
    let (code, told) = tieline("forget", &["--phone", NUMBER, "--yes"]).await;
    assert!(code == Some(0) && told.contains("1 calls were removed"), "{told}");
    let (code, told) = tieline("forget", &["--phone", NUMBER, "--dry-run"]).await;
    assert_eq!((code, told.as_str()), (Some(0), "0 calls are stored, 0 of them wait\n"));
    assert_eq!(tieline("forget", &["--chat", "pigeons"]).await.0, Some(64));
    let (code, json) = tieline("ledger", &["--json"]).await;
    let days: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, days.pointer("/0/written"), days.pointer("/0/balanced")),
        (Some(0), Some(&1.into()), Some(&true.into()))
    );
    program.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_are_on_a_socket_file_too_even_where_a_killed_sidecar_left_one() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let config = write_config(dir.path(), &crm, "active = false");
    let socket = dir.path().join("tieline.sock").display().to_string();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("[server]", &format!("[server]\ngrpc_unix_socket = \"{socket}\""))).unwrap();
    let program = Program::serve(&config);
    let channel = Endpoint::from_shared(format!("unix:{socket}")).unwrap().connect().await.unwrap();
    let answer = SyncServiceClient::new(channel).sync_call(report(ended("1", NUMBER))).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Held);
    program.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let (old, new) = (Authority::new(), Authority::new());
    tls::write(dir.path(), &old, &old);
    let config = write_config(dir.path(), &crm, "active = false");
    let folder = dir.path().display();
    let table = format!("[server]\ntls = {{ cert = \"{folder}/cert.pem\", key = \"{folder}/key.pem\" }}");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("[server]", &table, 1)).unwrap();
    let program = Program::serve(&config);
    let hang_up = || {
        let told = Command::new("kill").arg("-HUP").arg(program.child.id().to_string()).status().unwrap();
        assert!(told.success());
    };
    let before = tls::connect(&program.grpc, &old, None).await.unwrap();
    tls::write(dir.path(), &new, &new);
    hang_up();
    let renewed = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        loop {
            if let Ok(channel) = tls::connect(&program.grpc, &new, None).await {
                break channel;
            }
        }
    });
    let renewed = renewed.await.expect("the new certificate is not used");
    std::fs::write(dir.path().join("cert.pem"), "nothing").unwrap();
    hang_up();
    for (id, channel) in [("1", before), ("2", renewed), ("3", tls::connect(&program.grpc, &new, None).await.unwrap())]
    {
        SyncServiceClient::new(channel).sync_call(report(ended(id, NUMBER))).await.unwrap();
    }
    assert!(program.stop().contains("the certificate was read again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_comes_in_with_a_token_over_tls() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let authority = Authority::new();
    tls::write(dir.path(), &authority, &authority);
    let config = write_config(dir.path(), &crm, "");
    let folder = dir.path().display().to_string();
    std::fs::write(dir.path().join("token"), format!("{}\n", token("desk"))).unwrap();
    let table = format!(
        "[[access.tokens]]\nname = \"desk\"\nrole = \"exchange\"\nprojects = [\"shop\"]\n\
         secret = {{ file = \"{folder}/token\" }}\n[server]\n\
         tls = {{ cert = \"{folder}/cert.pem\", key = \"{folder}/key.pem\" }}"
    );
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("[server]", &table, 1)).unwrap();
    let program = Program::serve(&config);
    let resend = |more: Vec<String>| {
        let address = format!("https://{}", program.grpc);
        let command = move || {
            let fixed = ["resend", "--project", "shop", "--dry-run", "--server-name", "localhost", "--address"];
            run(tieline().args(fixed).arg(address).args(more))
        };
        async { tokio::task::spawn_blocking(command).await.unwrap() }
    };
    let ca = || vec!["--ca".to_owned(), format!("{folder}/clients.pem")];
    let (code, told) = resend(ca()).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("TOKEN_MISSING"), "{told}");
    let (code, told) = resend([ca(), vec!["--token-file".to_owned(), format!("{folder}/token")]].concat()).await;
    assert_eq!((code, told.as_str()), (Some(0), "0 calls would be sent, 0 are left out\n"));
    assert_eq!(resend(Vec::new()).await.0, Some(64), "whose certificate is believed must be said");
    program.stop();
}

#[test]
fn a_sidecar_that_is_not_there_is_told_and_wrong_usage_is_told_apart() {
    let resend =
        |more: &[&str]| run(tieline().args(["resend", "--address", "127.0.0.1:1", "--project", "shop"]).args(more));
    assert_eq!(resend(&[]), (Some(1), "tieline: no sidecar answers at http://127.0.0.1:1\n".to_owned()));
    assert_eq!(resend(&["--window-days", "400"]).0, Some(64));
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
    assert!(
        text.contains("look-up:") && text.contains("create.contact") && text.contains("verdict: written"),
        "{text}"
    );
    let (code, text) = plan(true).await.unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, plan.pointer("/verdict/end")), (Some(0), Some(&serde_json::json!("written"))));
}
