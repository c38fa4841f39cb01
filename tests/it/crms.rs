//! The simulated CRMs the real program writes to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use reqwest::Method;
use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};

use crate::{accounts, exchange::ZONE};

/// Milliseconds a request takes, so that some are always under way.
const LATENCY_MS: u64 = 15;

/// The file that calls are kept in.
pub(crate) const STORE: &str = "calls.db";

/// Each project has a CRM of its own.
pub(crate) const PROJECTS: [(&str, CrmKind); 5] = [
    ("shop", CrmKind::RetailCrm),
    ("clinic", CrmKind::Zoho),
    ("workshop", CrmKind::RemOnline),
    ("school", CrmKind::SendPulse),
    ("office", CrmKind::Dataverse),
];

/// The CRMs in this process: they outlive the program that is killed.
pub(crate) struct Crms {
    sandbox: RunningSandbox,
    http: reqwest::Client,
}

impl Crms {
    /// Starts them, without faults.
    pub(crate) async fn start(seed: u64) -> Self {
        // Fails only when another test has installed it before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let config = SandboxConfig { seed, latency_ms: LATENCY_MS, ..SandboxConfig::default() };
        let crms = Self { sandbox: Sandbox::start(config).await.unwrap(), http: reqwest::Client::new() };
        // RemOnline's rate as its older documents have it; three a second would make every test wait.
        crms.put(CrmKind::RemOnline, "settings", &json!({"rate": 8})).await;
        crms
    }

    /// Writes a configuration of all projects into a folder; calls are kept beside it.
    pub(crate) fn configure(&self, folder: &Path) -> PathBuf {
        self.configure_with(folder, &folder.join(STORE))
    }

    /// As [`Crms::configure`], with calls kept somewhere else.
    pub(crate) fn configure_with(&self, folder: &Path, store: &Path) -> PathBuf {
        self.configure_store(folder, &format!("path = \"{}\"", store.display()))
    }

    /// As [`Crms::configure`], with the lines of another store.
    pub(crate) fn configure_store(&self, folder: &Path, store: &str) -> PathBuf {
        let mut text = format!(
            "[server]\ngrpc_listen = \"127.0.0.1:0\"\nhttp_listen = \"127.0.0.1:0\"\ndrain_seconds = 2\n\
             [store]\n{store}\n",
        );
        for (project, kind) in PROJECTS {
            text.push_str(&self.project(project, kind));
        }
        let file = folder.join("tieline.toml");
        std::fs::write(&file, text).unwrap();
        file
    }

    fn project(&self, project: &str, kind: CrmKind) -> String {
        let (own, user) = (accounts::tables(kind, &self.sandbox.crm_url(kind)), accounts::user(kind));
        format!(
            r#"
            [[projects]]
            id = "{project}"
            zone = "{ZONE}"
            region = "UA"
            senior = "one"
            [projects.connection]
            crm = "{kind}"
            retry_first_ms = 50
            retry_longest_ms = 1000
            {own}
            [[projects.agents]]
            id = "one"
            sips = ["{project}_one"]
            crm_user = "{user}"
            "#
        )
    }

    /// Replaces the faults of a CRM.
    pub(crate) async fn fail(&self, kind: CrmKind, faults: &Value) {
        self.put(kind, "faults", faults).await;
    }

    /// Adds a fault to those every CRM has.
    pub(crate) async fn add_everywhere(&self, fault: &Value) {
        for (_, kind) in PROJECTS {
            self.send(Method::POST, &format!("{kind}/faults"), &json!([fault])).await;
        }
    }

    /// Takes a fault away from every CRM.
    pub(crate) async fn clear_everywhere(&self, fault: &str) {
        for (_, kind) in PROJECTS {
            self.send(Method::DELETE, &format!("{kind}/faults/{fault}"), &Value::Null).await;
        }
    }

    /// Lets time pass at the CRMs: access tokens age.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.send(Method::POST, "clock", &json!({ "advance_seconds": seconds })).await;
    }

    async fn put(&self, kind: CrmKind, what: &str, body: &Value) {
        self.send(Method::PUT, &format!("{kind}/{what}"), body).await;
    }

    async fn send(&self, method: Method, path: &str, body: &Value) {
        let url = format!("{}/sandbox/{path}", self.sandbox.url());
        let request = self.http.request(method, url).header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Requests that have arrived at any of them.
    pub(crate) async fn requests(&self) -> u64 {
        let mut requests = 0;
        for (_, kind) in PROJECTS {
            requests += self.requests_of(kind).await;
        }
        requests
    }

    /// Requests that have arrived at one of them.
    pub(crate) async fn requests_of(&self, kind: CrmKind) -> u64 {
        self.look(kind, "counts").await["requests"].as_u64().unwrap()
    }

    /// Requests a fault has hit at any of them.
    pub(crate) async fn hits_anywhere(&self, fault: &str) -> u64 {
        self.faults().await.get(fault).copied().unwrap_or(0)
    }

    /// Requests a fault has hit.
    pub(crate) async fn hits(&self, kind: CrmKind, fault: &str) -> u64 {
        self.look(kind, "counts").await["by_fault"][fault].as_u64().unwrap_or(0)
    }

    /// How often each fault has hit, over all of them.
    pub(crate) async fn faults(&self) -> BTreeMap<String, u64> {
        let mut faults = BTreeMap::new();
        for (_, kind) in PROJECTS {
            for (name, hits) in self.look(kind, "counts").await["by_fault"].as_object().unwrap() {
                *faults.entry(name.clone()).or_default() += hits.as_u64().unwrap();
            }
        }
        faults
    }

    /// What a path of a CRM's control shows.
    pub(crate) async fn look(&self, kind: CrmKind, what: &str) -> Value {
        let url = format!("{}/sandbox/{kind}/{what}", self.sandbox.url());
        let answer = self.http.get(url.trim_end_matches('/')).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}
