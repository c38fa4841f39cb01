//! Everything the program prints and exports, read for secrets and people: its output, its logs at the most talkative
//! level, its faults, and its traces.

mod collector;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;
use tempfile::TempDir;
use tieline_proto::v1::{
    ActivateConnectionRequest, CheckConnectionRequest, GetCallRequest, ListConnectionsRequest, PlanCallRequest,
    RouteCallRequest, SyncCallRequest, admin_service_client::AdminServiceClient,
    sync_service_client::SyncServiceClient,
};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig, retailcrm};
use tonic::{Request, transport::Endpoint};

use self::collector::Collector;
use crate::{
    authority::Authority,
    cli_serve::{Program, run},
    house::{configuration, ended},
};

/// Secrets, each recognisable wherever it turns up.
const TOKEN: &str = "tok-Kx81FjqZ0-aaaaaaaaaaaaaaaaaaaaaaaa";
const WRONG: &str = "tok-Wrq77PzLm-bbbbbbbbbbbbbbbbbbbbbbbb";
const HOOK: &str = "HookQ3vTn9Lw_cccc";
const BASIC: &str = "basic-Yd5Rk2Hs";
const CRM_KEY: &str = retailcrm::SANDBOX_API_KEY;
const BAD_CRM_KEY: &str = "badkeyVb6Mf4Xc";
/// People.
const NUMBER: &str = "0675550147";
const SIGNIFICANT: &str = "675550147";
const NAME: &str = "Quillfeather";
const AGENT: &str = "Ravenscroft";
const RECORDING: &str = "rec-Tg8Wn3Jp";

/// Part of each is enough to be told apart; base64 of the pair is what HTTP Basic sends.
const SECRETS: [&str; 9] = [
    "Kx81FjqZ0",
    "Wrq77PzLm",
    "HookQ3vTn9Lw",
    "Yd5Rk2Hs",
    "cGJ4OmJhc2ljLVlkNVJrMkhz",
    CRM_KEY,
    "Vb6Mf4Xc",
    "PRIVATE KEY",
    "4f3b9a77d1e0",
];
const PEOPLE: [&str; 4] = [SIGNIFICANT, NAME, AGENT, RECORDING];

/// A place with a configuration, secrets and a simulated CRM.
struct Place {
    dir: TempDir,
    crm: RunningSandbox,
}

impl Place {
    async fn new() -> Self {
        let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
        let (cert, key) = Authority::new().signs("localhost");
        for (name, text) in [("token", TOKEN), ("hook", HOOK), ("basic", BASIC), ("cert.pem", &cert), ("key.pem", &key)]
        {
            fs::write(dir.path().join(name), text).unwrap();
        }
        Self { dir, crm }
    }

    fn config(&self, otlp: &str, change: impl FnOnce(String) -> String) -> PathBuf {
        let dir = self.dir.path().display().to_string();
        let intake = format!(
            "[projects.intake]\npath_secret = {{ file = \"{dir}/hook\" }}\nbasic_user = \"pbx\"\n\
             basic_password = {{ file = \"{dir}/basic\" }}\n"
        );
        let text = configuration(&self.crm.crm_url(CrmKind::RetailCrm), &format!("{dir}/calls.db"), "", "");
        let text = text.replace("crm_user = \"1\"", &format!("crm_user = \"1\"\nname = \"{AGENT}\"\n{intake}"));
        let front = format!(
            "[telemetry]\nlevel = \"trace\"\n{otlp}\n[[access.tokens]]\nname = \"all\"\nrole = \"admin\"\n\
             secret = {{ file = \"{dir}/token\" }}\n"
        );
        let file = self.dir.path().join("tieline.toml");
        fs::write(&file, change(format!("{front}{text}"))).unwrap();
        file
    }
}

fn tieline(key: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.env("API_KEY", key).env("TIELINE_TOKEN", TOKEN).stdin(Stdio::null());
    command
}

/// Fails with the lines that tell one of the words.
fn tells_none(printed: &str, words: &[&str]) {
    for word in words {
        let told: Vec<&str> = printed.lines().filter(|line| line.contains(word)).collect();
        assert!(told.is_empty(), "{word} is told: {told:#?}");
    }
}

fn bearing<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn call(id: &str) -> tieline_proto::v1::Call {
    let mut call = ended(id, NUMBER);
    call.params.insert("userfield".to_owned(), NAME.to_owned());
    call.recording_urls = vec![format!("https://records.example/{RECORDING}.mp3")];
    call
}

/// Asks a running program all there is to ask, rightly and wrongly.
async fn talk(program: &Program) {
    let channel = Endpoint::from_shared(format!("http://{}", program.grpc)).unwrap().connect().await.unwrap();
    let (mut sync, mut admin) = (SyncServiceClient::new(channel.clone()), AdminServiceClient::new(channel));
    let project = || "shop".to_owned();
    let report = |id: &str| SyncCallRequest { call: Some(call(id)), wait_ms: Some(20_000) };
    for token in [TOKEN, WRONG] {
        let ring = RouteCallRequest {
            project: project(),
            call_id: "ring-1".to_owned(),
            client_number: NUMBER.to_owned(),
            project_number: "0443330000".to_owned(),
        };
        let asked = [
            sync.route_call(bearing(token, ring)).await.map(drop),
            sync.sync_call(bearing(token, report("call-4711"))).await.map(drop),
            sync.plan_call(bearing(token, PlanCallRequest { call: Some(call("call-4712")) })).await.map(drop),
            admin.list_connections(bearing(token, ListConnectionsRequest::default())).await.map(drop),
            admin
                .check_connection(bearing(token, CheckConnectionRequest { project: project(), ..Default::default() }))
                .await
                .map(drop),
            admin
                .activate_connection(bearing(
                    token,
                    ActivateConnectionRequest { project: project(), ..Default::default() },
                ))
                .await
                .map(drop),
            sync.get_call(bearing(token, GetCallRequest { project: project(), call_id: "call-4711".to_owned() }))
                .await
                .map(drop),
            sync.get_call(bearing(
                token,
                GetCallRequest { project: format!("{NUMBER}{NAME}"), call_id: NUMBER.to_owned() },
            ))
            .await
            .map(drop),
        ];
        for status in asked.into_iter().filter_map(Result::err) {
            tells_none(&format!("{status:?} {}", String::from_utf8_lossy(status.details())), &SECRETS);
        }
    }
    let mut wrong = call("call-4713");
    wrong.client_number = format!("{NUMBER}{NAME}").repeat(100);
    let status =
        sync.sync_call(bearing(TOKEN, SyncCallRequest { call: Some(wrong), wait_ms: None })).await.unwrap_err();
    tells_none(&format!("{status:?}"), &PEOPLE);
    hook(program).await;
}

async fn hook(program: &Program) {
    let client = reqwest::Client::new();
    let right = json!({ "uniqueid": "hook-4711", "phone": NUMBER, "userfield": NAME, "billsec": "3" }).to_string();
    let wrong = json!({ "uniqueid": "hook-4712", "phone": NUMBER, "calldate": NAME }).to_string();
    for (secret, password) in [(HOOK, BASIC), (WRONG, BASIC), (HOOK, WRONG)] {
        for body in [&right, &wrong, &format!("{{{NAME}")] {
            for path in ["hooks/shop", "route/shop", "hooks/none"] {
                let end = if path.starts_with("hooks") { "after_call" } else { "json" };
                let url = format!("http://{}/{path}/{secret}/{end}?phone={NUMBER}&token={TOKEN}", program.http);
                let request = client.post(url).basic_auth("pbx", Some(password)).body(body.clone());
                let answer = request.send().await.unwrap();
                tells_none(&answer.text().await.unwrap(), &SECRETS);
            }
        }
    }
    let metrics = client.get(format!("http://{}/metrics", program.http));
    let text = metrics.bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("tieline_calls_today"));
    tells_none(&text, &SECRETS);
    tells_none(&text, &PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_logs_nor_traces_tell_a_secret_or_a_person_at_any_level() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (place, collector) = (Place::new().await, Collector::open().await);
    for (key, told) in [(CRM_KEY, "call-4711"), (BAD_CRM_KEY, "the connection is suspended")] {
        let config = place.config(&format!("otlp_endpoint = \"{}\"", collector.url()), |text| text);
        let mut command = tieline(key);
        let program = Program::begin(command.arg("serve").arg("--config").arg(config));
        talk(&program).await;
        let log = program.stop();
        assert!(log.contains(told) && log.contains("TRACE"), "the log is not the whole: {log}");
        tells_none(&log, &SECRETS);
        tells_none(&log, &PEOPLE);
    }
    let traces = collector.text();
    assert!(traces.contains("call-4711"), "nothing was exported");
    tells_none(&traces, &SECRETS);
    tells_none(&traces, &PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_are_looked_after_from_the_command_line_and_no_secret_is_told() {
    let place = Place::new().await;
    let dir = place.dir.path().display().to_string();
    fs::write(place.dir.path().join("key"), "4f3b9a77d1e0".repeat(6).split_at(64).0).unwrap();
    let config = place
        .config("", |text| text.replacen("[store]", &format!("[store]\nsecrets_key = {{ file = \"{dir}/key\" }}"), 1));
    let program = Program::begin(tieline(CRM_KEY).arg("serve").arg("--config").arg(&config));
    let file = place.dir.path().join("cafe.toml");
    let text = format!(
        "zone = \"Europe/Kyiv\"\nregion = \"UA\"\n[connection]\ncrm = \"retailcrm\"\n\
         settings = {{ url = \"{}\", site = \"main\" }}\nsecrets = {{ api_key = {{ given = \"crm\" }} }}\n\
         [intake]\npath_secret = {{ given = \"hook\" }}\n[[agents]]\nid = \"one\"\nname = \"{AGENT}\"\n",
        place.crm.crm_url(CrmKind::RetailCrm)
    );
    fs::write(&file, &text).unwrap();
    let projects = |args: &[&str]| {
        let (code, printed) = run(tieline(CRM_KEY).arg("projects").args(args).args(["--address", &program.grpc]));
        tells_none(&printed, &SECRETS);
        (code, printed)
    };
    let cafe = file.display().to_string();
    let hook = format!("hook={dir}/hook");
    let put = ["put", "cafe", "--file", &cafe, "--secret", "crm=env:API_KEY", "--secret-file", &hook];
    let (code, printed) = projects(&[&put[..], &["--check"]].concat());
    assert_eq!((code, printed.as_str()), (Some(0), "the project is in order; nothing was changed\n"));
    let (code, printed) = projects(&put);
    assert_eq!((code, printed.as_str()), (Some(0), "cafe is put: revision 1, active\n"));
    assert_eq!(projects(&put).1, "cafe is exactly so already: revision 1, active\n");
    let (_, listed) = projects(&["list"]);
    assert!(listed.contains("cafe     store         1  active") && listed.contains("shop     file"), "{listed}");
    assert_eq!(projects(&["get", "cafe"]), (Some(0), text.clone()));
    assert!(projects(&["list", "--json"]).1.contains("\"from\": \"store\""));

    fs::write(&file, text.replace("\"UA\"", "\"XX\"").replace("{ given = \"crm\" }", "\"4f3b9a77d1e0\"")).unwrap();
    let (code, printed) = projects(&put);
    assert_eq!(code, Some(64), "{printed}");
    assert!(printed.contains("cafe.toml:2: region: "), "{printed}");
    assert!(printed.contains("cafe.toml:6: connection.secrets.api_key: holds the secret itself"), "{printed}");
    let plain = format!("crm={CRM_KEY}");
    let (code, _) = projects(&["put", "cafe", "--file", &cafe, "--secret", &plain]);
    assert_eq!(code, Some(64), "a secret never stands on the command line");
    assert_eq!(projects(&["reseal"]).1, "0 projects were sealed anew\n");
    let (code, printed) = projects(&["delete", "cafe", "--revision", "7", "--yes"]);
    assert!(code == Some(1) && printed.contains("REVISION_CHANGED"), "{printed}");
    assert_eq!(projects(&["delete", "cafe", "--yes"]).1, "deleted\n");
    let log = program.stop();
    assert!(log.contains("a project was put") && log.contains("TRACE"), "{log}");
    tells_none(&log, &SECRETS);
    tells_none(&log, &PEOPLE);
    for name in ["calls.db", "calls.db-wal"] {
        let bytes = fs::read(place.dir.path().join(name)).unwrap_or_default();
        tells_none(&String::from_utf8_lossy(&bytes), &SECRETS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_configuration_tell_no_secret() {
    let place = Place::new().await;
    let dir = place.dir.path().display().to_string();
    let broken: [(&str, &str); 7] = [
        ("secret = {", "secret = \"4f3b9a77d1e0\" # {"),
        ("path_secret = {", "path_secret = \"4f3b9a77d1e0\" # {"),
        ("api_key = { env", "api_key = { value"),
        ("basic_password = {", "basic_password = { text = \"4f3b9a77d1e0\" } # {"),
        ("region = \"UA\"", "region = \"UA\"\ntoken = \"4f3b9a77d1e0\""),
        ("drain_seconds = 5", "drain_seconds = 5\ntls = { cert = \"<dir>/key.pem\", key = \"<dir>/cert.pem\" }"),
        ("drain_seconds = 5", "drain_seconds = 5\n\"4f3b9a77d1e0\" unquoted"),
    ];
    for (from, to) in broken {
        let config = place.config("", |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, &to.replace("<dir>", &dir), 1)
        });
        for command in ["check", "serve"] {
            let (code, printed) = run(tieline(CRM_KEY).arg(command).arg("--config").arg(&config));
            assert_eq!(code, Some(64), "{to}: {printed}");
            tells_none(&printed, &SECRETS);
            tells_none(&printed, &PEOPLE);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_tell_no_secret_and_only_the_plan_tells_of_a_person() {
    let place = Place::new().await;
    let config = place.config("", |text| text);
    let (code, printed) = run(tieline(CRM_KEY).arg("check").arg("--config").arg(&config));
    assert_eq!(code, Some(0), "{printed}");
    tells_none(&printed, &SECRETS);
    tells_none(&printed, &PEOPLE);
    let file = place.dir.path().join("call.json");
    let call = json!({
        "uniqueid": "1", "call_type": "in", "dst": "380441112233", "E164": "+380675550147", "pool_name": NAME,
        "disposition": "ANSWERED", "billsec": "42",
    });
    fs::write(&file, call.to_string()).unwrap();
    for key in [CRM_KEY, BAD_CRM_KEY] {
        for json in [false, true] {
            let printed = plan(&config, &file, key, json).await;
            tells_none(&printed, &SECRETS);
            assert_eq!(printed.contains(SIGNIFICANT), key == CRM_KEY, "{printed}");
        }
    }
    let resend = ["resend", "--address", "127.0.0.1:1", "--project", "shop", "--dry-run"];
    let (_, printed) = run(tieline(CRM_KEY).args(resend));
    tells_none(&printed, &SECRETS);
}

async fn plan(config: &Path, file: &Path, key: &str, json: bool) -> String {
    let mut command = tieline(key);
    command.args(["plan", "--project", "shop", "--event", "after_call", "--config"]).arg(config);
    command.args(json.then_some("--json")).arg(file);
    tokio::task::spawn_blocking(move || run(&mut command).1).await.unwrap()
}
