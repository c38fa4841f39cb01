//! An account in virtual time, asked in few words.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, FaultName, FaultSpec, Sim, SimAnswer, SimReply, SimRequest, sendpulse};

pub(super) struct Account {
    pub(super) sim: Sim,
    pub(super) now: Timestamp,
    pub(super) bearer: String,
}

impl Account {
    /// Asked with the static key and without a rate.
    pub(super) fn new() -> Self {
        let mut account = Self::limited();
        account.set(json!({"limits": false}));
        account
    }

    pub(super) fn limited() -> Self {
        Self {
            sim: Sim::new(CrmKind::SendPulse, 7),
            now: "2026-03-02T09:00:00Z".parse().unwrap(),
            bearer: sendpulse::SANDBOX_API_KEY.to_owned(),
        }
    }

    pub(super) fn set(&mut self, settings: Value) {
        self.sim.configure(&settings).unwrap();
    }

    pub(super) fn wait(&mut self, ms: i64) {
        self.now = self.now.checked_add(SignedDuration::from_millis(ms)).unwrap();
    }

    pub(super) fn fault(&mut self, fault: Value) {
        let fault: FaultSpec = serde_json::from_value(fault).unwrap();
        self.sim.set_fault(self.now, fault).unwrap();
    }

    pub(super) fn strike_once(&mut self, name: FaultName) {
        self.sim.set_fault(self.now, FaultSpec::new(name).times(1)).unwrap();
    }

    pub(super) fn request(&self, method: &str, target: &str, body: &Value) -> SimRequest {
        let request = SimRequest::new(method, &format!("/crm/v1{target}"))
            .header("Authorization", &format!("Bearer {}", self.bearer));
        if body.is_null() { request } else { request.json(body) }
    }

    pub(super) fn send(&mut self, request: &SimRequest) -> SimReply {
        self.sim.handle(self.now, request)
    }

    pub(super) fn answer(&mut self, request: &SimRequest) -> SimAnswer {
        self.send(request).answer().expect("the connection was cut")
    }

    pub(super) fn call(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, target, &body);
        let answer = self.answer(&request);
        (answer.status, answer.body_json())
    }

    pub(super) fn get(&mut self, target: &str) -> (u16, Value) {
        self.call("GET", target, Value::Null)
    }

    pub(super) fn post(&mut self, target: &str, body: Value) -> (u16, Value) {
        self.call("POST", target, body)
    }

    pub(super) fn seed(&mut self, records: Value) -> Value {
        self.sim.seed(self.now, &records).unwrap()["ids"].clone()
    }

    /// Creates a contact with one number in one request and gives its id.
    pub(super) fn contact(&mut self, phone: &str) -> u64 {
        let (status, body) = self.post("/contacts", json!({"responsibleId": OWNER, "phones": [phone]}));
        assert_eq!(status, 200, "{body}");
        body["data"]["id"].as_u64().unwrap()
    }

    /// How many contacts a search finds.
    pub(super) fn found(&mut self, filter: Value) -> u64 {
        let (status, body) = self.post("/contacts/get-list", filter);
        assert_eq!(status, 200, "{body}");
        assert!(body["data"]["list"].is_array());
        body["data"]["total"].as_u64().unwrap()
    }

    /// Asks the token server.
    pub(super) fn token_answer(&mut self, secret: &str) -> SimAnswer {
        let body = json!({
            "grant_type": "client_credentials", "client_id": sendpulse::SANDBOX_CLIENT_ID, "client_secret": secret,
        });
        self.answer(&SimRequest::new("POST", "/oauth/access_token").json(&body))
    }

    /// Changes over to a fresh access token.
    pub(super) fn refresh(&mut self) {
        let body = self.token_answer(sendpulse::SANDBOX_CLIENT_SECRET).body_json();
        self.bearer = body["access_token"].as_str().unwrap().to_owned();
    }
}

pub(super) const OWNER: u64 = sendpulse::SANDBOX_OWNER_ID;
