//! `tieline sandbox` as the shell sees it, and what it prints as a developer takes it.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
};

use reqwest::{Client, StatusCode};
use tieline_sandbox::CrmKind;

/// A running sandbox with one CRM, killed when a test ends early.
struct Running {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
    }
}

impl Running {
    fn start(crm: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
        command.args(["sandbox", "--crm", crm, "--listen", "127.0.0.1:0"]).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        Self { child, told }
    }

    /// The address, and the credentials by name.
    fn read(&mut self, crm: &str) -> (String, BTreeMap<String, String>) {
        let mut lines = self.told.by_ref().lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        let url = first.strip_prefix(&format!("{crm} at ")).expect("the address comes first").to_owned();
        let indented = lines.take_while(|line| line.starts_with("  "));
        let pairs =
            indented.map(|line| line.trim().split_once(' ').map(|(name, value)| (name.into(), value.trim().into())));
        (url, pairs.map(Option::unwrap).collect())
    }

    fn stop(mut self) {
        assert!(Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// What a client sends first, as the vendor's reference has it.
fn signed_in(http: &Client, crm: CrmKind, url: &str, given: &BTreeMap<String, String>) -> reqwest::RequestBuilder {
    let form = |path: String, more: &[(&str, &str)]| {
        let given = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<(&str, &str)> = given.chain(more.iter().copied()).collect();
        let body = serde_urlencoded::to_string(pairs).unwrap();
        http.post(format!("{url}{path}")).header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    match crm {
        CrmKind::Zoho => form("/oauth/v2/token".to_owned(), &[("grant_type", "refresh_token")]),
        CrmKind::RetailCrm => http.get(format!("{url}/api/v5/users")).header("X-API-KEY", &given["api_key"]),
        CrmKind::RemOnline => http.get(format!("{url}/employees")).bearer_auth(&given["api_key"]),
        CrmKind::SendPulse => http.get(format!("{url}/crm/v1/users")).bearer_auth(&given["api_key"]),
        CrmKind::Dataverse => {
            let scope = format!("{url}/.default");
            let more = [("grant_type", "client_credentials"), ("scope", scope.as_str())];
            form(format!("/{}/oauth2/v2.0/token", given["tenant"]), &more)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_crm_tells_its_address_and_credentials_that_work_and_stops_when_told() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = Client::builder().no_proxy().build().unwrap();
    for crm in CrmKind::all() {
        let mut sandbox = Running::start(crm.name());
        let (url, given) = sandbox.read(crm.name());
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        let answer = signed_in(&http, *crm, &url, &given).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status == StatusCode::OK && !text.contains("\"error\""), "{crm}: {status} {text}");
        sandbox.stop();
    }
}

#[test]
fn a_crm_that_cannot_be_simulated_is_wrong_usage_and_the_known_ones_are_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_tieline")).args(["sandbox", "--crm", "ledgerbook"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(CrmKind::all().iter().all(|crm| told.contains(crm.name())), "{told}");
}
