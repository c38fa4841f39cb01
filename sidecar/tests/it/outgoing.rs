//! Where requests to CRMs may go, whatever a CRM answers.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header},
    response::IntoResponse as _,
};
use tieline::{
    clock::SystemClock,
    config,
    net::{Fenced, HttpTransport},
    server,
    store::sqlite::SqliteStore,
};
use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};
use tokio::net::TcpListener;

use crate::house::Key;

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_never_followed() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let asked = Arc::new(AtomicU32::new(0));
    let elsewhere = async |State(asked): State<Arc<AtomicU32>>| asked.fetch_add(1, Ordering::Relaxed).to_string();
    let target = listen(Router::new().fallback(elsewhere).with_state(Arc::clone(&asked))).await;
    let crm = async move |_: Uri| (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response();
    let url = listen(Router::new().fallback(crm)).await;
    let fence = Fenced::new(Arc::new(HttpTransport::new().unwrap()), std::slice::from_ref(&url));
    let answer = fence.send(Request::new(Method::Post, "test", format!("{url}/a"))).await.unwrap();
    assert_eq!(answer.status, 307);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

/// Answers every request with a token, and an API host that is the attacker's choice.
struct Zoho(Mutex<Vec<String>>);

impl Transport for Zoho {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        self.0.lock().unwrap().push(request.url);
        let body = br#"{"access_token":"1000.a","api_domain":"https://169.254.169.254","expires_in":3600}"#.to_vec();
        Box::pin(async { Ok(Response { status: 200, headers: Vec::new(), body }) })
    }
}

#[tokio::test]
async fn an_api_host_that_a_crm_names_with_its_token_must_be_one_of_its_own() {
    let text = r#"
        [[projects]]
        id = "shop"
        zone = "Europe/Kyiv"
        region = "UA"
        [projects.connection]
        crm = "zoho"
        settings = { client_id = "1000.X", data_center = "eu" }
        secrets = { client_secret = { env = "API_KEY" }, refresh_token = { env = "API_KEY" } }
    "#;
    let crm = Arc::new(Zoho(Mutex::default()));
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    let projects = config::parse("test", text, &Key).unwrap().projects;
    let sidecar =
        server::assemble(projects, store, Arc::new(SystemClock), Arc::clone(&crm) as Arc<dyn Transport>).await.unwrap();
    for connection in &sidecar.driver().connections() {
        connection.learn().await.unwrap_err();
    }
    let asked = crm.0.lock().unwrap().clone();
    assert!(asked.len() > 1, "the token was used: {asked:?}");
    for url in asked {
        assert!(url.starts_with("https://accounts.zoho.eu/") || url.starts_with("https://www.zohoapis.eu/"), "{url}");
    }
}
