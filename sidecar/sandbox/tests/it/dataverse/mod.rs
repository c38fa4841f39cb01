//! SMART CRM (Dataverse): each claim about the simulated org.

mod access;
mod batches;
mod calls;
mod contacts;
mod faults;
mod over_http;
mod provider;
mod queries;

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, SimAnswer, SimRequest, dataverse};

use crate::helpers::Bench;

pub(crate) const ANNA: &str = "22222222-0000-4000-8000-000000000001";
pub(crate) const CALL: &str = "6a0f2a52-6d0b-5e2d-9a42-1f9a7c5f7d11";

/// An org in virtual time with a live token.
pub(crate) struct Org {
    pub(crate) bench: Bench,
    token: String,
}

impl Org {
    pub(crate) fn new() -> Self {
        let mut org = Self { bench: Bench::new(CrmKind::Dataverse), token: String::new() };
        org.sign_in();
        org
    }

    pub(crate) fn sign_in(&mut self) {
        let answer = self.bench.answer(&token_request(dataverse::SANDBOX_CLIENT_SECRET)).body_json();
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> SimRequest {
        SimRequest::new(method, &format!("/api/data/v9.2/{target}"))
            .header("Authorization", &format!("Bearer {}", self.token))
    }

    pub(crate) fn get(&mut self, target: &str) -> (u16, Value) {
        let answer = self.bench.answer(&self.request("GET", target));
        (answer.status, answer.body_json())
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let answer = self.bench.answer(&self.request(method, target).json(body));
        (answer.status, answer.body_json())
    }

    pub(crate) fn send_with(&mut self, method: &str, target: &str, header: (&str, &str), body: &Value) -> SimAnswer {
        let request = self.request(method, target).header(header.0, header.1).json(body);
        self.bench.answer(&request)
    }

    /// The code of a refusal and its status.
    pub(crate) fn refused(&mut self, method: &str, target: &str, body: &Value) -> (u16, String) {
        let (status, body) = self.send(method, target, body);
        (status, body["error"]["code"].as_str().expect("a refusal").to_owned())
    }

    pub(crate) fn seed(&mut self, records: Value) {
        self.bench.sim.seed(self.bench.now, &records).unwrap();
    }

    pub(crate) fn configure(&mut self, settings: Value) {
        self.bench.sim.configure(&settings).unwrap();
    }

    pub(crate) fn anna(&mut self) {
        self.seed(json!({"contacts": [{"contactid": ANNA, "firstname": "Anna", "telephone1": "+380671234567"}]}));
    }

    /// The ids a filter finds.
    pub(crate) fn found(&mut self, filter: &str) -> Vec<String> {
        let (status, body) = self.get(&format!("contacts?$select=contactid&$filter={filter}"));
        assert_eq!(status, 200, "{body}");
        body["value"].as_array().unwrap().iter().map(|row| row["contactid"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn batch(&mut self, body: &str) -> (u16, String) {
        let mut request = self.request("POST", "$batch").header("content-type", "multipart/mixed; boundary=\"b\"");
        request.body = body.to_owned().into();
        let answer = self.bench.answer(&request);
        (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
    }
}

pub(crate) fn token_request(secret: &str) -> SimRequest {
    SimRequest::new("POST", &format!("/{}/oauth2/v2.0/token", dataverse::SANDBOX_TENANT)).form(&[
        ("client_id", dataverse::SANDBOX_CLIENT_ID),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
        ("scope", "https://sandbox.crm4.dynamics.com/.default"),
    ])
}

/// The call card of the reference: inbound, from Anna to Ivan.
pub(crate) fn card() -> Value {
    let ivan = format!("/systemusers({})", dataverse::SANDBOX_USERS[1]);
    let anna = format!("/contacts({ANNA})");
    json!({
        "activityid": CALL, "subject": "Inbound call +380671234567", "phonenumber": "+380671234567",
        "directioncode": false, "actualstart": "2026-03-02T08:00:00Z", "actualend": "2026-03-02T08:01:13Z",
        "actualdurationminutes": 2, "description": "73 s, answered. [tl:c1]",
        "regardingobjectid_contact_phonecall@odata.bind": anna, "ownerid@odata.bind": ivan,
        "phonecall_activity_parties": [
            {"participationtypemask": 1, "partyid_contact@odata.bind": anna},
            {"participationtypemask": 2, "partyid_systemuser@odata.bind": ivan},
        ],
    })
}
