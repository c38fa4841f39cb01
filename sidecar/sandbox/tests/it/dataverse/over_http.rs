//! The org behind HTTP: its URLs hold under the path it is served at.

use std::time::Duration;

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, Sandbox, SandboxConfig, dataverse};

#[tokio::test]
async fn a_token_a_contact_and_a_hook_work_under_the_base_url() {
    // A second test of the same process finds the provider installed.
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    let config = SandboxConfig { crms: vec![CrmKind::Dataverse], ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.unwrap();
    let base = sandbox.crm_url(CrmKind::Dataverse);
    let form = format!(
        "client_id={}&client_secret={}&grant_type=client_credentials&scope={base}/.default",
        dataverse::SANDBOX_CLIENT_ID,
        dataverse::SANDBOX_CLIENT_SECRET
    );
    let token = http
        .post(format!("{base}/{}/oauth2/v2.0/token", dataverse::SANDBOX_TENANT))
        .header("content-type", "application/x-www-form-urlencoded");
    let token: Value = serde_json::from_str(&token.body(form).send().await.unwrap().text().await.unwrap()).unwrap();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let made = http
        .post(format!("{base}/api/data/v9.2/contacts"))
        .header("authorization", &bearer)
        .header("content-type", "application/json");
    let made = made.body(json!({"telephone1": "+380671234567"}).to_string()).send().await.unwrap();
    let uri = made.headers()["odata-entityid"].to_str().unwrap().to_owned();
    assert!(made.status().as_u16() == 204 && uri.starts_with(&base), "{uri}");
    let read = http.get(&uri).header("authorization", &bearer).send().await.unwrap().text().await.unwrap();
    assert!(read.contains("+380671234567"), "{read}");
    let hook = http.get(format!("{base}/provider/before_call?call_id=7")).send().await.unwrap();
    assert_eq!(hook.status().as_u16(), 200);
    let text =
        http.get(format!("{}/sandbox/dataverse/text", sandbox.url())).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("contacts (1)") && text.contains("provider_events (1)"), "{text}");
    sandbox.stop().await;
}
