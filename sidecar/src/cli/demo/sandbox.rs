//! The sandbox's own controls, over HTTP as anybody may use them.

use serde_json::{Value, json};

use super::story::{Project, Weather};
use crate::cli::Failure;

/// The simulated CRMs from behind.
pub(super) struct Control {
    http: reqwest::Client,
    url: String,
}

impl Control {
    /// Of the sandbox at a URL.
    pub(super) fn new(http: reqwest::Client, url: &str) -> Self {
        Self { http, url: format!("{url}/sandbox") }
    }

    /// Where the controls of a project's CRM are.
    pub(super) fn url(&self, project: Project) -> String {
        format!("{}/{}", self.url, project.crm())
    }

    /// Puts records in; answers their ids.
    pub(super) async fn seed(&self, project: Project, records: &Value) -> Result<Value, Failure> {
        self.send(self.http.post(format!("{}/seed", self.url(project))).body(records.to_string())).await
    }

    /// Changes switches of a CRM.
    pub(super) async fn set(&self, project: Project, switches: &Value) -> Result<(), Failure> {
        let request = self.http.put(format!("{}/settings", self.url(project))).body(switches.to_string());
        self.send(request).await.map(drop)
    }

    /// Everything a CRM holds, or what is under a path: `counts`, `audit`.
    pub(super) async fn read(&self, project: Project, path: &str) -> Result<Value, Failure> {
        self.send(self.http.get(format!("{}{path}", self.url(project)))).await
    }

    /// Lets something befall a CRM.
    pub(super) async fn befall(&self, project: Project, weather: &Weather) -> Result<(), Failure> {
        let faults = match weather {
            Weather::SearchLag(ms) => json!([{"name": "search_lag", "ms": ms}]),
            Weather::LostReply(path) => json!([{"name": "lost_reply", "times": 1, "path": path}]),
            Weather::TooMany(times) => json!([{"name": "rate_limit", "times": times, "ms": 1_000}]),
            Weather::Outage => json!([{"name": "outage"}]),
            Weather::TokenRevoked => json!([{"name": "token_revoked"}]),
            Weather::Fair => json!([]),
        };
        let request = self.http.put(format!("{}/faults", self.url(project))).body(faults.to_string());
        self.send(request).await.map(drop)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let answer = request.header("content-type", "application/json").send().await.map_err(Failure::of)?;
        let (status, text) = (answer.status(), answer.text().await.map_err(Failure::of)?);
        if !status.is_success() {
            return Err(Failure::Failed(format!("the sandbox refuses: {text}")));
        }
        serde_json::from_str(&text).map_err(Failure::of)
    }
}
