//! Telling the platform's Smart Phone of clients, over a real port (X17, G22).

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
use serde_json::Value;
use tieline_engine::ids::ProjectId;
use tieline_proto::v1::{CallState, SyncCallRequest};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};

use crate::house::{API_KEY, House, ended};

type Received = mpsc::Receiver<(HeaderMap, Value)>;

/// A platform that tells what it is sent.
async fn platform() -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/minicrm/contacts/sync", listener.local_addr().unwrap());
    let (tell, received) = mpsc::channel(16);
    let router = Router::new().route("/minicrm/contacts/sync", post(take)).with_state(Arc::new(Mutex::new(tell)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

type Tell = State<Arc<Mutex<mpsc::Sender<(HeaderMap, Value)>>>>;

async fn take(State(tell): Tell, headers: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
    tell.lock().await.send((headers, body)).await.unwrap();
    Json(serde_json::json!({ "success": true }))
}

async fn house(url: &str) -> House {
    let smart_phone = format!(
        "[projects.smart_phone]\nurl = \"{url}\"\nauth_key = {{ env = \"API_KEY\" }}\nproject_id = 11111\norigin = \"Shop\""
    );
    House::with_crm(&smart_phone, "").await
}

async fn written(house: &House, id: &str, client: &str) {
    let request = SyncCallRequest { call: Some(ended(id, client)), wait_ms: Some(30_000) };
    let answer = house.sync().sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Written);
}

#[tokio::test]
async fn x17_g22_a_client_is_told_right_after_creation_and_not_again_while_nothing_changes() {
    let (url, mut received) = platform().await;
    let house = house(&url).await;
    written(&house, "1", "0671234567").await;
    let (headers, body) = received.recv().await.unwrap();
    assert_eq!(headers["auth-key"], API_KEY);
    assert_eq!(
        (headers["x-project-id"].as_bytes(), headers["content-type"].as_bytes()),
        (&b"11111"[..], &b"application/json"[..])
    );
    let contact = &body["contacts"][0];
    assert_eq!((contact["projectId"].as_u64(), contact["origin"].as_str()), (Some(11111), Some("Shop")));
    assert!(contact["externalId"].is_string() && contact["leadId"].is_null());
    assert!(contact["contactLink"].as_str().unwrap().contains("/customers/"));
    assert!(contact["dealLink"].as_str().unwrap().contains("/orders/"));
    assert_eq!((contact["responsible"].as_str(), contact["fullName"].as_str()), (Some("1"), Some("+380671234567")));
    assert_eq!(contact["contactDirections"][0]["value"], "380671234567");
    for name in ["staffId", "googleClientId", "organizations", "leadLink"] {
        assert!(contact.get(name).is_some(), "{name} must be there, if only as null");
    }
    // The next client's push shows that nothing was sent for the first one's second call.
    written(&house, "2", "0671234567").await;
    written(&house, "3", "0677654321").await;
    let (_, body) = received.recv().await.unwrap();
    assert_eq!(body["contacts"][0]["contactDirections"][0]["value"], "380677654321");
    let counted = house.sidecar().driver().cards.phone(&ProjectId::new("shop")).unwrap().counted();
    assert_eq!((counted.unchanged, counted.failed, counted.waiting), (1, 0, 0));
}

#[tokio::test]
async fn a_platform_that_is_away_holds_up_neither_calls_nor_the_stop() {
    let house = house("http://127.0.0.1:9/minicrm/contacts/sync").await;
    written(&house, "1", "0671234567").await;
    written(&house, "2", "0671234567").await;
    house.stop.send_replace(true);
    house.running.join().await.unwrap();
}
