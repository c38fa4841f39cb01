//! The webhooks' door: who may enter, what is answered, and that 200 means "on disk".

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode, header},
};
use futures::{FutureExt as _, future};
use serde_json::Value;
use tieline::{
    http::webhook::{self, WebhookSink},
    intake::BODY_MAX,
    project::Project,
    store::StoreError,
};
use tieline_crm::transport::BoxFuture;
use tieline_engine::call::{Call, Phase};
use tokio::sync::Notify;
use tower::Service as _;

const SECRET: &str = "q7FhT2xZ0sKw9bNc";
const BODY: &str = r#"{"uniqueid": "u1", "caller": "380671112233", "calldate": "2026-01-02 10:00:00", "billsec": "3"}"#;

/// What a sink does with calls.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Store,
    Wait,
    Fail,
}

/// Calls, raw text and trace of one webhook.
type Taken = (Vec<Call>, String, Option<String>);

struct Sink {
    project: Arc<Project>,
    does: Does,
    stored: Notify,
    taken: Mutex<Vec<Taken>>,
}

impl WebhookSink for Sink {
    fn project(&self, id: &str) -> Option<Arc<Project>> {
        (id == self.project.id.as_str()).then(|| Arc::clone(&self.project))
    }

    fn accept<'a>(
        &'a self,
        _project: &'a Project,
        calls: Vec<Call>,
        raw: String,
        trace: Option<String>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.taken.lock().expect("not poisoned").push((calls, raw, trace));
        match self.does {
            Does::Store => Box::pin(future::ready(Ok(()))),
            Does::Wait => Box::pin(self.stored.notified().map(Ok)),
            Does::Fail => Box::pin(future::ready(Err(StoreError::Broken("/var/lib/tieline: disk full".to_owned())))),
        }
    }
}

fn door(does: Does, change: impl FnOnce(&mut Project)) -> (Arc<Sink>, Router) {
    let mut project = crate::sample::project();
    project.intake.path_secret = Some(SECRET.into());
    change(&mut project);
    let (stored, taken) = (Notify::new(), Mutex::default());
    let sink = Arc::new(Sink { project: Arc::new(project), does, stored, taken });
    (Arc::clone(&sink), webhook::router(sink))
}

async fn send(router: &Router, request: Request<Body>) -> (Response<()>, Value) {
    let response = router.clone().call(request).await.expect("infallible");
    let (head, body) = response.into_parts();
    let body = to_bytes(body, 64 * 1024).await.expect("a body");
    (Response::from_parts(head, ()), serde_json::from_slice(&body).unwrap_or_default())
}

fn post(path: &str, body: &str) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_owned())).expect("a request")
}

fn secret_path(event: &str) -> String {
    format!("/hooks/acme/{SECRET}/{event}")
}

#[tokio::test]
async fn a_webhook_is_answered_200_only_when_its_calls_are_on_disk() {
    let (sink, router) = door(Does::Wait, |_| {});
    let answer = send(&router, post(&secret_path("after_call"), BODY));
    let mut answer = Box::pin(answer);
    assert!(answer.as_mut().now_or_never().is_none(), "nothing is stored yet");
    assert_eq!(sink.taken.lock().expect("not poisoned").len(), 1);
    sink.stored.notify_one();
    let (head, body) = answer.await;
    assert_eq!((head.status(), body), (StatusCode::OK, serde_json::json!({ "accepted": 1 })));
}

#[tokio::test]
async fn event_query_body_and_trace_reach_the_sink() {
    let (sink, router) = door(Does::Store, |_| {});
    let mut request = post(&format!("{}?tag=1", secret_path("pick-up")), BODY);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.headers_mut().insert("traceparent", trace.parse().expect("a value"));
    assert_eq!(send(&router, request).await.0.status(), StatusCode::OK);
    let taken = sink.taken.lock().expect("not poisoned");
    let (calls, raw, traced) = &taken[0];
    assert_eq!((calls[0].phase, calls[0].param("tag").as_deref()), (Phase::PickedUp, Some("1")));
    assert_eq!((raw.as_str(), traced.as_deref()), (format!("?tag=1\n{BODY}").as_str(), Some(trace)));
}

#[tokio::test]
async fn get_and_put_bring_webhooks_and_nothing_else_does() {
    let (sink, router) = door(Does::Store, |_| {});
    let path = format!("{}?uniqueid=u1&caller=380671112233", secret_path("unknown"));
    for (method, status) in [("GET", 200), ("PUT", 200), ("HEAD", 405), ("DELETE", 405), ("OPTIONS", 405)] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).expect("a request");
        assert_eq!(send(&router, request).await.0.status().as_u16(), status, "{method}");
    }
    assert_eq!(sink.taken.lock().expect("not poisoned").len(), 2);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_project_cannot_be_told_apart() {
    let (sink, router) = door(Does::Store, |_| {});
    let mut answers = Vec::new();
    for path in [
        "/hooks/acme/wrong/after_call".to_owned(),
        format!("/hooks/acme/{SECRET}x/after_call"),
        format!("/hooks/acme/{}/after_call", SECRET.trim_end_matches('c')),
        "/hooks/acme/after_call".to_owned(),
        format!("/hooks/nobody/{SECRET}/after_call"),
        "/hooks/nobody/after_call".to_owned(),
        "/hooks/acme/wrong/no_such_event".to_owned(),
    ] {
        let (head, body) = send(&router, post(&path, BODY)).await;
        assert_eq!(head.status(), StatusCode::UNAUTHORIZED, "{path}");
        answers.push((head.headers().clone(), body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert!(sink.taken.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn the_secret_may_come_in_the_auth_key_header() {
    let (_, router) = door(Does::Store, |_| {});
    let mut request = post("/hooks/acme/after_call", BODY);
    request.headers_mut().insert("Auth-Key", SECRET.parse().expect("a value"));
    assert_eq!(send(&router, request).await.0.status(), StatusCode::OK);
}

#[tokio::test]
async fn everything_the_project_asks_for_must_be_right() {
    let (_, router) = door(Does::Store, |project| project.intake.basic = Some(("pbx".to_owned(), "pass:word".into())));
    // pbx:pass:word, pbx:wrong
    for (path, basic, status) in [
        (secret_path("after_call"), Some("Basic cGJ4OnBhc3M6d29yZA=="), 200),
        (secret_path("after_call"), Some("Basic cGJ4Ondyb25n"), 401),
        (secret_path("after_call"), Some("Bearer cGJ4OnBhc3M6d29yZA=="), 401),
        (secret_path("after_call"), None, 401),
        ("/hooks/acme/after_call".to_owned(), Some("Basic cGJ4OnBhc3M6d29yZA=="), 401),
    ] {
        let mut request = post(&path, BODY);
        let value = basic.map(|basic| basic.parse().expect("a value"));
        request.headers_mut().extend(value.map(|value| (header::AUTHORIZATION, value)));
        assert_eq!(send(&router, request).await.0.status().as_u16(), status, "{basic:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_parameter_and_what_to_do() {
    let (sink, router) = door(Does::Store, |_| {});
    let (head, body) =
        send(&router, post(&secret_path("after_call"), &BODY.replace("2026-01-02 10:00:00", "soon"))).await;
    assert_eq!((head.status(), &body["field"]), (StatusCode::BAD_REQUEST, &Value::from("calldate")));
    assert!(body["hint"].as_str().is_some_and(|hint| hint.contains("YYYY-MM-DD")));
    let (head, body) = send(&router, post(&secret_path("aftercal"), BODY)).await;
    assert_eq!(head.status(), StatusCode::NOT_FOUND);
    assert!(body["hint"].as_str().is_some_and(|hint| hint.contains("after_call")));
    let (head, _) = send(&router, post(&secret_path("after_call"), &"x".repeat(BODY_MAX + 1))).await;
    assert_eq!(head.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(sink.taken.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn a_store_that_fails_asks_for_a_repeat_and_keeps_its_files_to_itself() {
    let (_, router) = door(Does::Fail, |_| {});
    let (head, body) = send(&router, post(&secret_path("after_call"), BODY)).await;
    assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(head.headers().contains_key(header::RETRY_AFTER));
    assert!(!body.to_string().contains("/var"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_asks_for_a_repeat_in_time() {
    let (_, router) = door(Does::Wait, |_| {});
    let begun = tokio::time::Instant::now();
    let (head, _) = send(&router, post(&secret_path("after_call"), BODY)).await;
    assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() <= Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_arrives_is_given_up() {
    let (sink, router) = door(Does::Store, |_| {});
    let endless = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request = Request::post(secret_path("after_call")).body(Body::from_stream(endless)).expect("a request");
    assert_eq!(send(&router, request).await.0.status(), StatusCode::REQUEST_TIMEOUT);
    assert!(sink.taken.lock().expect("not poisoned").is_empty());
}
