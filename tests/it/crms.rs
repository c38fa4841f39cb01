//! The simulated CRMs the real program writes to, and what they hold in the end.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tieline_engine::jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig, zoho};

use crate::exchange::{Call, Way, ZONE};

/// Milliseconds a request takes, so that some are always under way.
const LATENCY_MS: u64 = 15;

/// The file that calls are kept in.
pub(crate) const STORE: &str = "calls.db";

/// Each project has a CRM of its own.
pub(crate) const PROJECTS: [(&str, CrmKind); 2] = [("shop", CrmKind::RetailCrm), ("clinic", CrmKind::Zoho)];

/// Both CRMs in this process: they outlive the program that is killed.
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
        Self { sandbox: Sandbox::start(config).await.unwrap(), http: reqwest::Client::new() }
    }

    /// Writes a configuration of both projects into a folder; calls are kept beside it.
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
        let url = self.sandbox.crm_url(kind);
        let (user, own) = match kind {
            CrmKind::RetailCrm => (
                "1",
                format!(
                    r#"settings = {{ url = "{url}", site = "main", search_lag_seconds = 2, quota_share = 100 }}
                    secrets = {{ api_key = {{ env = "API_KEY" }} }}"#
                ),
            ),
            CrmKind::Zoho => (
                "5725767000000411001",
                format!(
                    r#"settings = {{ client_id = "{}", accounts_url = "{url}", api_url = "{url}", edition = "ultimate", per_second = 50 }}
                    secrets = {{ client_secret = {{ env = "CLIENT_SECRET" }}, refresh_token = {{ env = "REFRESH_TOKEN" }} }}"#,
                    zoho::SANDBOX_CLIENT_ID
                ),
            ),
            other => panic!("{other} has no project here"),
        };
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
        let url = format!("{}/sandbox/{kind}/faults", self.sandbox.url());
        let request = self.http.put(url).header("content-type", "application/json").body(faults.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Requests that have arrived at either.
    pub(crate) async fn requests(&self) -> u64 {
        let mut requests = 0;
        for (_, kind) in PROJECTS {
            requests += self.look(kind, "counts").await["requests"].as_u64().unwrap();
        }
        requests
    }

    /// Requests a fault has hit.
    pub(crate) async fn hits(&self, kind: CrmKind, fault: &str) -> u64 {
        self.look(kind, "counts").await["by_fault"][fault].as_u64().unwrap_or(0)
    }

    /// Every one of the calls is held exactly once, and nothing else is; no client and no task is there twice.
    pub(crate) async fn hold_exactly(&self, calls: &[Call]) {
        for (project, kind) in PROJECTS {
            let audit = self.look(kind, "audit").await;
            for doubled in ["doubled_clients", "doubled_calls", "doubled_tasks"] {
                assert_eq!(audit[doubled], serde_json::json!([]), "{kind}: {doubled}");
            }
            let calls: Vec<&Call> = calls.iter().filter(|call| call.project == project).collect();
            let mut expected: Vec<Timestamp> = calls.iter().map(|call| call.started_at).collect();
            expected.sort();
            assert_eq!(self.starts(kind).await, expected, "{kind}: the calls held, by their starts");
            the_rest_follows_from_the_calls(kind, &calls, &audit["totals"]);
        }
    }

    /// When the calls held began. No two calls of a test begin at once.
    async fn starts(&self, kind: CrmKind) -> Vec<Timestamp> {
        let listing = self.look(kind, "").await;
        let (name, start) = match kind {
            CrmKind::RetailCrm => ("calls", "date"),
            CrmKind::Zoho => ("Calls", "Call_Start_Time"),
            other => panic!("{other} has no project here"),
        };
        let calls = listing[name].as_array().unwrap();
        let mut starts: Vec<Timestamp> = calls.iter().map(|call| moment(call[start].as_str().unwrap())).collect();
        starts.sort();
        starts
    }

    async fn look(&self, kind: CrmKind, what: &str) -> Value {
        let url = format!("{}/sandbox/{kind}/{what}", self.sandbox.url());
        let answer = self.http.get(url.trim_end_matches('/')).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

/// The CRMs' usual scenarios: whoever calls in gets an order, in Zoho whoever talks or calls gets a lead; who missed a
/// call in RetailCRM gets a task.
fn the_rest_follows_from_the_calls(kind: CrmKind, calls: &[&Call], totals: &Value) {
    let clients = |counts: fn(&Call) -> bool| {
        let clients: BTreeSet<_> = calls.iter().filter(|call| counts(call)).map(|call| call.client).collect();
        clients.len()
    };
    let expected = match kind {
        CrmKind::RetailCrm => {
            let incoming = clients(|call| call.way != Way::Dialled);
            let missed = calls.iter().filter(|call| call.way == Way::Missed).count();
            vec![("customers", incoming), ("orders", incoming), ("tasks", missed)]
        }
        CrmKind::Zoho => vec![("Leads", clients(|_| true)), ("Contacts", 0), ("Deals", 0)],
        other => panic!("{other} has no project here"),
    };
    for (name, count) in expected {
        assert_eq!(totals[name].as_u64(), Some(count as u64), "{kind}: {name} of {totals}");
    }
}

/// A moment as a CRM shows it: with its offset, or in the account's zone.
fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| {
        let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).unwrap();
        civil.to_zoned(TimeZone::get(ZONE).unwrap()).unwrap().timestamp()
    })
}
