//! A CRM in virtual time, asked in few words.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, FaultSpec, Sim, SimAnswer, SimReply, SimRequest, retailcrm, zoho};

pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) now: Timestamp,
    token: String,
}

impl Bench {
    pub(crate) fn zoho() -> Self {
        let mut bench = Self::new(CrmKind::Zoho);
        bench.refresh();
        bench
    }

    pub(crate) fn retailcrm() -> Self {
        let mut bench = Self::new(CrmKind::RetailCrm);
        bench.sim.configure(&json!({"limits": false})).unwrap();
        bench
    }

    pub(crate) fn new(kind: CrmKind) -> Self {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        Self { sim: Sim::new(kind, 7), now, token: String::new() }
    }

    pub(crate) fn wait(&mut self, ms: i64) {
        self.now = self.now.checked_add(SignedDuration::from_millis(ms)).unwrap();
    }

    pub(crate) fn fault(&mut self, fault: FaultSpec) {
        self.sim.set_fault(self.now, fault).unwrap();
    }

    pub(crate) fn send(&mut self, request: &SimRequest) -> SimReply {
        self.sim.handle(self.now, request)
    }

    pub(crate) fn answer(&mut self, request: &SimRequest) -> SimAnswer {
        self.send(request).answer().expect("the connection was cut")
    }

    /// The token server's answer to a refresh.
    pub(crate) fn token_answer(&mut self) -> SimAnswer {
        self.answer(&token_request(zoho::SANDBOX_REFRESH_TOKEN))
    }

    pub(crate) fn refresh(&mut self) {
        let answer = self.token_answer().body_json();
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) fn zoho_request(&self, method: &str, target: &str, body: &Value) -> SimRequest {
        let request = SimRequest::new(method, &format!("/crm/v8{target}"))
            .header("Authorization", &format!("Zoho-oauthtoken {}", self.token));
        if body.is_null() { request } else { request.json(body) }
    }

    pub(crate) fn call(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let answer = self.answer(&self.zoho_request(method, target, &body));
        (answer.status, answer.body_json())
    }

    pub(crate) fn insert(&mut self, module: &str, record: Value) -> (u16, Value) {
        let (status, body) = self.call("POST", &format!("/{module}"), json!({"data": [record]}));
        (status, body["data"][0].clone())
    }

    /// Inserts a record that is accepted and gives its id.
    pub(crate) fn made(&mut self, module: &str, record: Value) -> String {
        let (status, item) = self.insert(module, record);
        assert_eq!(status, 201, "{item}");
        item["details"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn coql(&mut self, query: &str) -> (u16, Value) {
        self.call("POST", "/coql", json!({"select_query": query}))
    }

    pub(crate) fn get(&mut self, target: &str) -> (u16, Value) {
        let answer = self.answer(&retail("GET", target));
        (answer.status, answer.body_json())
    }

    pub(crate) fn post(&mut self, target: &str, field: &str, value: &Value) -> (u16, Value) {
        let text = value.to_string();
        let answer = self.answer(&retail("POST", target).form(&[(field, &text), ("site", "main")]));
        (answer.status, answer.body_json())
    }

    /// Creates a customer and gives its id.
    pub(crate) fn customer(&mut self, customer: Value) -> u64 {
        let (status, body) = self.post("/customers/create", "customer", &customer);
        assert_eq!(status, 201, "{body}");
        body["id"].as_u64().unwrap()
    }
}

pub(crate) fn retail(method: &str, target: &str) -> SimRequest {
    SimRequest::new(method, &format!("/api/v5{target}")).header("X-API-KEY", retailcrm::SANDBOX_API_KEY)
}

pub(crate) fn token_request(refresh_token: &str) -> SimRequest {
    SimRequest::new("POST", "/oauth/v2/token").form(&[
        ("grant_type", "refresh_token"),
        ("client_id", zoho::SANDBOX_CLIENT_ID),
        ("client_secret", zoho::SANDBOX_CLIENT_SECRET),
        ("refresh_token", refresh_token),
    ])
}

pub(crate) fn contact(phone: &str, key: &str) -> Value {
    json!({"Last_Name": phone, "Phone": phone, "Phone_Key": key})
}

pub(crate) fn deal(contact: &str) -> Value {
    json!({
        "Deal_Name": "Call", "Stage": "Qualification", "Pipeline": "Standard (Standard)",
        "Contact_Name": {"id": contact},
    })
}

pub(crate) fn phone_call(marker: &str) -> Value {
    json!({
        "Subject": format!("Inbound call {marker}"), "Call_Type": "Inbound",
        "Call_Start_Time": "2026-03-02T11:00:00+02:00", "Call_Duration": "02:05",
    })
}

/// How many rows a list answer holds, whatever its status.
pub(crate) fn rows(body: &Value, name: &str) -> usize {
    body[name].as_array().map_or(0, Vec::len)
}
