//! The server: both CRMs and the control endpoints over real HTTP on loopback.

use std::time::Duration;

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig, StartError, retailcrm, zoho};

struct Client {
    http: reqwest::Client,
    sandbox: RunningSandbox,
}

impl Client {
    async fn start() -> Self {
        Self::start_with(SandboxConfig::default()).await
    }

    async fn start_with(config: SandboxConfig) -> Self {
        // A second test of the same process finds the provider installed.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, sandbox: Sandbox::start(config).await.unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let reply = self.http.get(self.url(path)).header("X-API-KEY", retailcrm::SANDBOX_API_KEY).send().await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.1).unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, self.url(path)).header("content-type", "application/json");
        let reply = request.body(body.to_string()).send().await.unwrap();
        let status = reply.status().as_u16();
        (status, serde_json::from_str(&reply.text().await.unwrap()).unwrap_or(Value::Null))
    }

    async fn customer(&self) -> Result<u16, reqwest::Error> {
        let form = "customer=%7B%22phones%22%3A%5B%7B%22number%22%3A%22380671234567%22%7D%5D%7D&site=main";
        let request = self
            .http
            .post(self.url("/retailcrm/api/v5/customers/create"))
            .header("X-API-KEY", retailcrm::SANDBOX_API_KEY)
            .header("content-type", "application/x-www-form-urlencoded");
        Ok(request.body(form).send().await?.status().as_u16())
    }
}

#[tokio::test]
async fn zoho_gives_a_token_and_takes_records_under_the_host_it_names() {
    let client = Client::start().await;
    let form = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        zoho::SANDBOX_CLIENT_ID,
        zoho::SANDBOX_CLIENT_SECRET,
        zoho::SANDBOX_REFRESH_TOKEN
    );
    let request = client
        .http
        .post(client.url("/zoho/oauth/v2/token"))
        .header("content-type", "application/x-www-form-urlencoded");
    let token: Value = serde_json::from_str(&request.body(form).send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(token["api_domain"], json!(client.sandbox.crm_url(CrmKind::Zoho)));
    let target = format!("{}/crm/v8/Contacts", token["api_domain"].as_str().unwrap());
    let reply = client
        .http
        .post(target)
        .header("Authorization", format!("Zoho-oauthtoken {}", token["access_token"].as_str().unwrap()))
        .body(json!({"data": [{"Last_Name": "Anna", "Phone": "+380671234567"}]}).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status().as_u16(), 201);
    let (_, text) = client.get("/sandbox/zoho/text").await;
    assert!(text.contains("Contacts (1)") && text.contains("+380671234567"), "{text}");
    client.sandbox.stop().await;
}

#[tokio::test]
async fn records_are_listed_counted_audited_and_reset() {
    let client = Client::start().await;
    assert_eq!((client.customer().await.unwrap(), client.customer().await.unwrap()), (201, 201));
    let listing = client.json("/sandbox/retailcrm").await;
    assert_eq!(listing["customers"][1]["phones"], json!(["380671234567"]));
    let counts = client.json("/sandbox/retailcrm/counts").await;
    assert_eq!(counts["by_route"]["POST /api/v5/customers/create"], json!(2));
    let audit = client.json("/sandbox/retailcrm/audit").await;
    assert_eq!(audit["doubled_clients"][0]["ids"], json!(["1", "2"]));
    assert_eq!(client.send("POST", "/sandbox/retailcrm/reset", &Value::Null).await.0, 204);
    assert_eq!(client.json("/sandbox/retailcrm").await["customers"], json!([]));
}

#[tokio::test]
async fn a_lost_reply_cuts_the_connection_after_the_record_is_made() {
    let client = Client::start().await;
    let faults = json!([{"name": "lost_reply", "times": 1}]);
    assert_eq!(client.send("PUT", "/sandbox/retailcrm/faults", &faults).await.0, 200);
    let error = client.customer().await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(client.json("/sandbox/retailcrm").await["customers"].as_array().unwrap().len(), 1);
    assert_eq!(client.customer().await.unwrap(), 201);
}

#[tokio::test]
async fn faults_are_switched_on_added_listed_and_off_over_http() {
    let client = Client::start().await;
    let path = "/sandbox/retailcrm/faults";
    client.send("PUT", path, &json!([{"name": "outage"}])).await;
    let (status, body) = client.get("/retailcrm/api/v5/users").await;
    assert_eq!(status, 503);
    assert!(body.starts_with("<html>"));
    client.send("POST", path, &json!([{"name": "slow", "ms": 1}])).await;
    assert_eq!(client.json(path).await, json!([{"name": "outage"}, {"name": "slow", "ms": 1}]));
    assert_eq!(client.send("DELETE", "/sandbox/retailcrm/faults/outage", &Value::Null).await.0, 204);
    assert_eq!(client.get("/retailcrm/api/v5/users").await.0, 200);
    assert_eq!(client.send("DELETE", path, &Value::Null).await.0, 204);
    assert_eq!(client.json(path).await, json!([]));
    let (status, body) = client.send("PUT", path, &json!([{"name": "token_expired"}])).await;
    assert_eq!((status, &body["error"]), (400, &json!("token_expired: retailcrm has no such fault")));
    assert!(client.json("/sandbox/faults").await.as_array().unwrap().len() > 10);
}

#[tokio::test]
async fn records_and_settings_are_put_in_over_http() {
    let client = Client::start().await;
    let seed = json!({"customers": [{"firstName": "Anna", "phones": [{"number": "098-765-43-21"}]}]});
    let (status, body) = client.send("POST", "/sandbox/retailcrm/seed", &seed).await;
    assert_eq!((status, body), (201, json!({"ids": {"customers": [1]}})));
    let (status, body) = client.send("PUT", "/sandbox/retailcrm/settings", &json!({"phone_match": "suffix"})).await;
    assert_eq!((status, &body["phone_match"]), (200, &json!("suffix")));
    let found = client.json("/retailcrm/api/v5/customers?filter[name]=%2B380987654321").await;
    assert_eq!(found["customers"][0]["firstName"], json!("Anna"));
    assert_eq!(client.send("POST", "/sandbox/retailcrm/seed", &json!({"clients": []})).await.0, 400);
    assert_eq!(client.send("PUT", "/sandbox/retailcrm/settings", &json!({"x": 1})).await.0, 400);
}

#[tokio::test]
async fn the_clock_can_be_put_forward() {
    let client = Client::start().await;
    client.send("PUT", "/sandbox/retailcrm/faults", &json!([{"name": "outage", "for_seconds": 3600}])).await;
    assert_eq!(client.get("/retailcrm/api/v5/users").await.0, 503);
    assert_eq!(client.send("POST", "/sandbox/clock", &json!({"advance_seconds": 3600})).await.0, 200);
    assert_eq!(client.get("/retailcrm/api/v5/users").await.0, 200);
    assert_eq!(client.send("POST", "/sandbox/clock", &json!({"advance_seconds": 4_000_000_000_u32})).await.0, 400);
}

#[tokio::test]
async fn only_the_crms_asked_for_are_there() {
    let config = SandboxConfig { crms: vec![CrmKind::RetailCrm], ..SandboxConfig::default() };
    let client = Client::start_with(config).await;
    assert_eq!(client.json("/sandbox/").await["crms"], json!(["retailcrm"]));
    assert_eq!(client.get("/zoho/crm/v8/users").await.0, 404);
    assert_eq!(client.get("/sandbox/zoho").await.0, 404);
}

#[tokio::test]
async fn a_sandbox_without_a_crm_or_with_a_taken_port_does_not_start() {
    let nothing = SandboxConfig { crms: Vec::new(), ..SandboxConfig::default() };
    assert!(matches!(Sandbox::start(nothing).await, Err(StartError::NothingToSimulate)));
    let client = Client::start().await;
    let taken = SandboxConfig { bind: client.sandbox.addr(), ..SandboxConfig::default() };
    assert!(matches!(Sandbox::start(taken).await, Err(StartError::Listen(_))));
}

#[tokio::test]
async fn a_stopped_sandbox_answers_no_more() {
    let client = Client::start().await;
    let url = client.url("/sandbox/");
    assert!(client.http.get(&url).send().await.is_ok());
    client.sandbox.stop().await;
    assert!(client.http.get(&url).send().await.is_err());
}

#[test]
fn a_crm_is_named_in_any_letter_case() {
    assert_eq!(CrmKind::parse(" RetailCRM "), Ok(CrmKind::RetailCrm));
    let error = CrmKind::parse("siebel").unwrap_err().to_string();
    assert!(error.starts_with("no simulated CRM is called \"siebel\"; there are: zoho, retailcrm"), "{error}");
}
