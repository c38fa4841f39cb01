//! The configuration: what is read, and every fault with its place.

mod access;
mod dialing;
mod faults;
pub(crate) mod manual;
mod secrets;
mod stored;

use std::{
    collections::BTreeMap,
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::ExposeSecret as _;
use tieline::config::{self, Config, Faults, Sources, StoreConfig};
use tieline_engine::{record::Kind, routing::Block, scenario::Treat};

use crate::authority::Authority;

/// A token that is long enough.
const TOKEN: &str = "token-0123456789abcdef0123456789abcdef";

/// A key for projects in the store.
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

/// Environment and files of a test.
pub(crate) struct Given {
    env: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
}

impl Given {
    pub(crate) fn new() -> Self {
        let env = [
            ("RETAILCRM_API_KEY", "key-4711"),
            ("TIELINE_WEBHOOK_SECRET", "Hook-secret_0123456789"),
            ("TIELINE_DATABASE_PASSWORD", "db-2342"),
            ("SMART_PHONE_AUTH_KEY", "phone-1234"),
            ("TIELINE_DIAL_SECRET", "Dial-secret_0123456789"),
            ("TIELINE_PBX_TOKEN", TOKEN),
            ("TIELINE_EXAMPLE_TOKEN", "example-0123456789abcdef0123456789abcdef"),
            ("TIELINE_SECRETS_KEY", KEY),
        ];
        let authority = Authority::new();
        let (cert, key) = authority.signs("localhost");
        let files = [
            ("secrets/pbx_password", "basic-0815\r\n"),
            ("secrets/platform_key", "platform-0816\n"),
            ("secrets/key_before", &format!("{}\n", "0f".repeat(32))),
            ("tls/cert.pem", cert.as_str()),
            ("tls/key.pem", key.as_str()),
            ("tls/clients.pem", authority.pem()),
        ];
        Self {
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            files: files.map(|(path, text)| (PathBuf::from(path), text.to_owned())).into(),
        }
    }

    fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn with_file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.files.insert(PathBuf::from(path), text.into());
        self
    }
}

impl Sources for Given {
    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn file(&self, path: &Path) -> Result<String, Error> {
        self.files.get(path).cloned().ok_or_else(|| Error::from(ErrorKind::NotFound))
    }
}

/// The least there must be, with more keys of the project and more tables behind it.
pub(crate) fn project(keys: &str, tables: &str) -> String {
    format!(
        r#"[[projects]]
id = "shop"
zone = "Europe/Kyiv"
region = "UA"
{keys}
[projects.connection]
crm = "retailcrm"
settings = {{ url = "https://example.retailcrm.pro" }}
secrets = {{ api_key = {{ env = "RETAILCRM_API_KEY" }} }}
{tables}"#
    )
}

fn parse(text: &str) -> Result<Config, Faults> {
    config::parse("tieline.toml", text, &Given::new())
}

fn read(text: &str) -> Config {
    parse(text).unwrap()
}

#[test]
fn what_is_left_out_has_the_defaults_the_manual_shows() {
    let minimal = project("", "").replace("\"shop\"", "\"example\"");
    assert_eq!(format!("{:#?}", read(&minimal)), format!("{:#?}", read(config::DEFAULT_TOML)));
}

#[test]
fn a_filter_of_logs_may_have_blanks_between_its_parts() {
    let text = format!("[telemetry]\nlevel = \"info, tieline=debug\"\n{}", project("", ""));
    assert_eq!(read(&text).telemetry.level, "info,tieline=debug");
}

#[test]
fn the_whole_manual_is_read_into_what_it_says() {
    let config = read(&manual::everything());
    let project = &config.projects[0];
    assert_eq!(config.server.grpc_listen.port(), 7071);
    assert_eq!(config.server.grpc_unix_socket, Some(PathBuf::from("tieline.sock")));
    assert_eq!(config.server.drain, Duration::from_secs(20));
    let StoreConfig::Postgres(database) = &config.store else { panic!("{:?}", config.store) };
    assert_eq!(database.place(), "PostgreSQL database tieline at db.example.com");
    assert!(database.has_password());
    assert_eq!((database.lease, database.connections), (Duration::from_secs(30), 8));
    assert_eq!(config.telemetry.otlp_endpoint.as_deref(), Some("http://127.0.0.1:4317"));
    assert_eq!(project.connection.id, "shop-crm");
    assert_eq!(project.connection.connect.settings["url"], "https://example.retailcrm.pro");
    assert_eq!(project.connection.connect.secrets["api_key"].expose_secret(), "key-4711");
    let (user, password) = project.intake.basic.as_ref().unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("pbx", "basic-0815"), "a file's line end is no part of it");
    assert_eq!(project.intake.names["phone_of_client"], "userfield");
    assert!(project.messenger.bots.contains("telegram"));

    let policy = &project.policy;
    assert_eq!(policy.zone.iana_name(), Some("Europe/Kyiv"));
    assert_eq!(policy.plan.also.len(), 1);
    assert_eq!(policy.agents.senior_user().map(|user| user.as_str()), Some("17"), "the senior manager's user");
    assert_eq!(policy.stop_list.lines[0].sip.as_deref(), Some("shop_reception"));
    assert_eq!(policy.stop_list.entries.len(), 2);
    assert_eq!(policy.stage_rules[0].place.pipeline.as_deref(), Some("Tenders"));
    assert_eq!((policy.mappings[0].entity, policy.mappings[0].param.as_str()), (Kind::Deal, "utm_source"));
    let row = &policy.scenario.rows[0];
    assert_eq!((row.when.answered, row.then.deal), (Some(true), Treat::CreateAndUpdate));
    assert_eq!(row.then.tasks[0].due_minutes, Some(240));
    assert_eq!(policy.routing.blocks, [Block::Responsible]);
}

#[test]
fn a_policy_is_complete_with_what_the_crm_is_able_to_do() {
    let config = read(&project("", ""));
    let policy = &config.projects[0].policy;
    assert!(policy.abilities.kinds.contains(&Kind::Deal));
    assert!(!policy.scenario.rows.is_empty(), "the CRM's scenario holds where none is configured");
    assert_eq!(policy.crm_plan.region, policy.plan.region);
}

#[test]
fn a_share_of_the_account_is_taken_and_the_dialect_knows_it() {
    let courtesy = |text: &str| {
        let config = read(text);
        let connection = &config.projects[0].connection;
        assert_eq!(connection.courtesy.share, connection.connect.share);
        (connection.courtesy.share.of(100), connection.courtesy.backlog_until.of(100))
    };
    let text = project("", "");
    assert_eq!(courtesy(&text), (80, 80));
    let set = text.replace("crm =", "quota = { share = 50, backlog_until = 70 }\ncrm =");
    assert_eq!(courtesy(&set), (50, 70));
}

#[test]
fn a_zoho_project_is_read_too() {
    let text = r#"[[projects]]
id = "zoho-shop"
zone = "Europe/Warsaw"
region = "PL"
crm_region = "UA"
crm_number_form = "national"
[projects.connection]
crm = "zoho"
active = false
settings = { client_id = "1000.X", data_center = "eu", closing_days = 14, workflows = "skip" }
secrets = { client_secret = { env = "SECRET" }, refresh_token = { file = "token" } }
[projects.routing]
blocks = ["responsible", { places = ["shop_1", "380440000000"] }, "voicemail"]
responsible = "by_calls"
bound_ms = 800"#;
    let given = Given::new().with_env("SECRET", "s").with_file("token", "t\n");
    let config = config::parse("tieline.toml", text, &given).unwrap();
    let project = &config.projects[0];
    assert!(!project.connection.starts_active);
    assert_eq!(project.connection.connect.settings["closing_days"], "14", "numbers may be written as numbers");
    assert_eq!(project.policy.routing.blocks.len(), 3);
    assert_eq!(project.route.bound, Duration::from_millis(800));
    assert_eq!(project.policy.crm_plan.region.as_str(), "UA");
}

#[test]
fn the_store_is_chosen_by_one_line() {
    let with = |line: &str| {
        let given = Given::new().with_env("DATABASE_URL", "postgres://tieline:s3cret@db1,db2/calls");
        config::parse("tieline.toml", &format!("[store]\n{line}\n{}", project("", "")), &given).unwrap().store
    };
    assert!(matches!(with("path = \"calls.db\""), StoreConfig::Sqlite { .. }));
    assert!(matches!(with("url = \"postgres://tieline@db/calls\""), StoreConfig::Postgres(_)));
    let StoreConfig::Postgres(secret) = with("url = { env = \"DATABASE_URL\" }") else { panic!("no database") };
    assert_eq!(secret.place(), "PostgreSQL database calls at db1, db2");
    assert!(!format!("{secret:?}").contains("s3cret"));
}

#[test]
fn a_configuration_is_loaded_from_its_file() {
    let given = Given::new().with_file("etc/tieline.toml", project("", ""));
    assert_eq!(config::load(Path::new("etc/tieline.toml"), &given).unwrap().projects.len(), 1);
    let faults = config::load(Path::new("etc/missing.toml"), &given).unwrap_err();
    assert_eq!(faults.to_string(), "etc/missing.toml: does not exist; create it or correct the path");
}

#[test]
fn the_systems_own_sources_read_files_and_bound_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tieline.toml");
    std::fs::write(&path, "text").unwrap();
    assert_eq!(config::System.file(&path).unwrap(), "text");
    std::fs::write(&path, "x".repeat(8 * 1024 * 1024 + 1)).unwrap();
    assert_eq!(config::System.file(&path).unwrap_err().kind(), ErrorKind::FileTooLarge);
    assert_eq!(config::System.env("TIELINE_TEST_THAT_NOBODY_SETS"), None);
}
