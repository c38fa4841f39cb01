//! The platform's callback API, as a server of the test.

use std::{
    collections::VecDeque,
    future::ready,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri},
};
use serde_json::{Value, json};
use tieline::net::HttpTransport;
use tieline_crm::transport::{BoxFuture, Request, Response, SendError, Transport};
use tieline_proto::v1::PresenceState;

use super::{CLIENT, allow_tls, because, get, link, over, refused, report, watcher, wish};
use crate::house::{API_KEY, House};

/// What was asked (path, key, body), and what is answered, in turn.
#[derive(Clone, Default)]
struct Platform {
    asked: Arc<Mutex<Vec<(String, String, String)>>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
}

impl Platform {
    async fn serve(answers: &[(u16, Value)]) -> (Self, String) {
        let platform = Self::default();
        platform.answers.lock().unwrap().extend(answers.iter().map(|(status, body)| (*status, body.to_string())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let own = platform.clone();
        let answer = move |uri: Uri, headers: HeaderMap, body: String| ready(own.answer(&uri, &headers, body));
        let router = Router::new().fallback(answer);
        tokio::spawn(async { axum::serve(listener, router).await });
        (platform, url)
    }

    fn answer(&self, uri: &Uri, headers: &HeaderMap, body: String) -> (StatusCode, String) {
        let key = headers["auth-key"].to_str().unwrap().to_owned();
        self.asked.lock().unwrap().push((uri.path().to_owned(), key, body));
        let (status, body) = self.answers.lock().unwrap().pop_front().expect("an answer for every request");
        (StatusCode::from_u16(status).unwrap(), body)
    }

    fn asked(&self) -> Vec<(String, String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

async fn house(url: &str, form: &str) -> House {
    let callback =
        format!("[projects.click_to_call.callback]\nurl = \"{url}\"\nauth_key = {{ env = \"API_KEY\" }}\n{form}\n");
    allow_tls();
    let house = over(Arc::new(HttpTransport::new().unwrap()), &callback).await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    house
}

const EXTENDED: &str = "mode = \"extended\"\nproject_id = \"11111\"";

fn done() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": true })
}

#[tokio::test]
async fn the_platform_is_asked_once_and_watchers_are_told_that_it_was() {
    let (platform, url) = Platform::serve(&[(200, done())]).await;
    let house = house(&url, EXTENDED).await;
    let mut watcher = watcher(&house);
    let link = link(&house, CLIENT, "", 5);
    assert_eq!((get(&link).await.0, get(&link).await.1["repeated"].clone()), (200, true.into()));
    let asked = platform.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].0.as_str(), asked[0].1.as_str()), ("/a/v2", API_KEY));
    let body: Value = serde_json::from_str(&asked[0].2).unwrap();
    assert_eq!(body["method"], "Api\\V2\\Callback.external");
    let expected = json!({
        "caller": CLIENT, "caller_type": "default", "callee": "shop_one", "callee_type": "default",
        "manager_dst": 1, "direction": "out", "projectId": "11111",
    });
    assert_eq!(body["params"], expected);
    assert!(wish(&mut watcher).await.unwrap().carried_out, "an exchange that watches must not ring too");
}

#[tokio::test]
async fn an_error_inside_http_200_is_told_to_the_clicker_and_the_next_click_asks_again() {
    let error = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32602, "message": "Invalid params" } });
    let (platform, url) = Platform::serve(&[(200, error), (200, done())]).await;
    let house = house(&url, EXTENDED).await;
    let mut watcher = watcher(&house);
    let link = link(&house, CLIENT, "", 5);
    let (status, body) = get(&link).await;
    assert_eq!((status, &body["reason"]), (502, &"platform_refused".into()));
    assert!(body["error"].as_str().unwrap().contains("Invalid params"), "{body}");
    assert!(wish(&mut watcher).await.is_none());
    assert_eq!(get(&link).await.1["repeated"], false);
    assert_eq!(platform.asked().len(), 2);
}

#[tokio::test]
async fn the_simple_form_needs_no_watcher() {
    let (platform, url) = Platform::serve(&[(200, Value::Null)]).await;
    let house = house(&url, "mode = \"simple\"\nextension = \"380440000000\"").await;
    assert_eq!(get(&link(&house, CLIENT, "", 5)).await.0, 200);
    let (path, _, body) = platform.asked().remove(0);
    assert_eq!(
        (path.as_str(), body.as_str()),
        ("/callback/outward_call", "extension=380440000000&destination=380671234567")
    );
}

#[tokio::test]
async fn sp_09_the_platform_is_not_asked_when_nobody_is_online() {
    let (platform, url) = Platform::serve(&[]).await;
    let house = house(&url, EXTENDED).await;
    report(&house, true, &[]).await;
    assert_eq!(refused(&link(&house, CLIENT, "", 5)).await, because(503, "nobody_online"));
    assert!(platform.asked().is_empty());
}

#[tokio::test]
async fn trouble_inside_the_platform_is_never_repeated_blindly() {
    let (platform, url) = Platform::serve(&[(500, Value::Null)]).await;
    let house = house(&url, EXTENDED).await;
    let link = link(&house, CLIENT, "", 5);
    for _ in 0..3 {
        assert_eq!(refused(&link).await, because(504, "platform_silent"));
    }
    assert_eq!(platform.asked().len(), 1);
}

#[tokio::test]
async fn a_platform_that_cannot_be_reached_rang_nobody_and_is_asked_again() {
    let house = house("http://127.0.0.1:9", EXTENDED).await;
    let link = link(&house, CLIENT, "", 5);
    for _ in 0..2 {
        assert_eq!(refused(&link).await, because(503, "platform_unreachable"));
    }
}

/// Takes the request and never answers; tells that it was there.
struct Silent(tokio::sync::mpsc::UnboundedSender<()>);

impl Transport for Silent {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        if request.name == "platform.callback" {
            self.0.send(()).unwrap();
        }
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn who_goes_away_while_the_platform_is_asked_leaves_no_second_ringing_behind() {
    let (told, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let callback = format!(
        "[projects.click_to_call.callback]\nurl = \"http://platform\"\nauth_key = {{ env = \"API_KEY\" }}\n{EXTENDED}\n"
    );
    let house = over(Arc::new(Silent(told)), &callback).await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    let link = link(&house, CLIENT, "", 5);
    let first = tokio::spawn({
        let link = link.clone();
        async move { get(&link).await }
    });
    asked.recv().await.unwrap();
    first.abort();
    assert_eq!(refused(&link).await, because(504, "platform_silent"));
    assert!(asked.try_recv().is_err(), "the platform was asked once");
}
