//! `tieline register` and `tieline dial-link` as the shell sees them, over the simulated CRM.

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};

use super::{CLICK_TO_CALL, CLIENT, get, house, watcher, wish};
use crate::house::{API_KEY, configuration};

const PUBLIC: &str = "https://tieline.example";

fn write_config(dir: &Path, crm: &RunningSandbox, connection: &str) -> std::path::PathBuf {
    let store = dir.join("calls.db").display().to_string();
    let text = configuration(&crm.crm_url(CrmKind::RetailCrm), &store, "", connection);
    let text = text.replace("[server]", &format!("[server]\npublic_url = \"{PUBLIC}\""));
    let text = text.replace("site = \"main\"", "site = \"main\"\nmodule_code = \"tieline\"");
    let file = dir.join("tieline.toml");
    std::fs::write(&file, text.replace("crm_user = \"1\"", "crm_user = \"1\"\nextensions = [\"101\"]")).unwrap();
    file
}

async fn run(arguments: &[&str], config: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.env("API_KEY", API_KEY).args(arguments).arg("--config").arg(config).args(["--project", "shop"]);
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

/// What the CRM knows of the exchange. It answers ten requests a second, those of the program included: who is refused
/// asks again.
async fn module(crm: &RunningSandbox) -> Value {
    let url = format!("{}/api/v5/integration-modules/tieline", crm.crm_url(CrmKind::RetailCrm));
    let mut every = tokio::time::interval(Duration::from_millis(100));
    loop {
        every.tick().await;
        let answer = reqwest::Client::new().get(&url).header("x-api-key", API_KEY).send().await.unwrap();
        if answer.status() != 503 {
            return serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crm_learns_where_its_users_click_and_their_clicks_arrive() {
    let house = house().await;
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let config = write_config(dir.path(), &crm, CLICK_TO_CALL);
    let (code, text) = run(&["register", "--dry-run"], &config).await;
    assert!(code == Some(0) && text.contains("agent one: CRM user 1, extension 101"), "{text}");
    assert_eq!(module(&crm).await["success"], false, "a dry run registers nothing");

    let (code, text) = run(&["register"], &config).await;
    assert!(code == Some(0) && text.contains("the CRM knows the exchange now"), "{text}");
    let module = module(&crm).await;
    let telephony = module.pointer("/integrationModule/integrations/telephony").unwrap();
    assert_eq!(telephony["additionalCodes"][0]["code"], "101");

    let address = telephony["makeCallUrl"].as_str().unwrap();
    assert!(!address.contains(API_KEY), "the secret itself stays here");
    let address = address.replace(PUBLIC, &house.http(""));
    let mut watcher = watcher(&house);
    let (status, _) = get(&format!("{address}?clientId=tieline&code=101&phone={CLIENT}&userId=1")).await;
    assert_eq!((status, wish(&mut watcher).await.unwrap().agent_place.as_str()), (200, "shop_one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_from_the_command_line_calls() {
    let house = house().await;
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let config = write_config(dir.path(), &crm, CLICK_TO_CALL);
    let (code, text) =
        run(&["dial-link", "--phone", "+380671234567", "--agent", "one", "--minutes", "5"], &config).await;
    assert_eq!(code, Some(0), "{text}");
    let mut watcher = watcher(&house);
    let link = text.trim().replace(PUBLIC, &house.http(""));
    assert_eq!(get(&link).await.0, 200, "{link}");
    assert_eq!(wish(&mut watcher).await.unwrap().client.raw(), "+380671234567");
    let (code, text) = run(&["dial-link", "--phone", CLIENT, "--minutes", "9999"], &config).await;
    assert!(code == Some(64) && text.contains("1440 minutes at most"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_for_clicks_is_told() {
    let (dir, crm) = (tempfile::tempdir().unwrap(), Sandbox::start(SandboxConfig::default()).await.unwrap());
    let config = write_config(dir.path(), &crm, "active = true");
    for command in [&["register"][..], &["dial-link", "--phone", CLIENT]] {
        let (code, text) = run(command, &config).await;
        assert!(code == Some(64) && text.contains("[projects.click_to_call]"), "{text}");
    }
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("public_url", "#public_url")).unwrap();
    let (code, text) = run(&["register"], &config).await;
    assert!(code == Some(64) && text.contains("server.public_url"), "{text}");
}
