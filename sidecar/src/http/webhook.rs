//! Webhooks of the telephone platform: `/hooks/{project}/{event}` or `/hooks/{project}/{secret}/{event}`, by GET, POST
//! or PUT.
//!
//! 200 is answered when everything the webhook told is on disk, and never before: then the platform forgets it. Every
//! refusal says in JSON what is wrong, with which parameter, and what to do.
//!
//! A project that does not exist and a secret that is wrong get the same answer, 401: whoever tries names learns
//! nothing.

mod answers;
mod sink;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
    routing::any,
};
use tieline_crm::transport::BoxFuture;
use tieline_engine::call::Call;
use tokio::time;

use self::answers::Refused;
use super::secret::{Presented, TurnedAway};
use crate::{
    intake::{self, BODY_MAX, Delivery, Event},
    project::Project,
    store::StoreError,
};

/// Longest time for a body to arrive: it is small and the sender is a server.
const READ_BOUND: Duration = Duration::from_secs(10);
/// Longest time for the calls to be on disk; then the sender is asked to repeat, which is harmless.
const STORE_BOUND: Duration = Duration::from_secs(10);
/// A W3C traceparent of version 00.
const TRACEPARENT_LEN: usize = 55;

/// Where webhooks lead.
pub trait WebhookSink: Send + Sync {
    /// A project by the name in the path.
    fn project(&self, id: &str) -> Option<Arc<Project>>;

    /// Whether there is a project of this name that cannot be read now, nor its secrets.
    fn is_unreadable(&self, _id: &str) -> bool {
        false
    }

    /// Takes in what one webhook told; answers when all of it is on disk. `raw` is the query behind a question mark,
    /// a line break and the body, each where there is one. A failure may leave some of the calls stored: the sender
    /// repeats the whole.
    fn accept<'a>(
        &'a self,
        project: &'a Project,
        calls: Vec<Call>,
        raw: String,
        trace: Option<String>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// The routes of webhooks, with the bounds of a webhook's body.
pub fn router(sink: Arc<dyn WebhookSink>) -> Router {
    Router::new()
        .route("/hooks/{project}/{event}", any(without_secret))
        .route("/hooks/{project}/{secret}/{event}", any(with_secret))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(sink)
}

type Sink = State<Arc<dyn WebhookSink>>;

async fn without_secret(
    State(sink): Sink,
    Path((project, event)): Path<(String, String)>,
    request: Request,
) -> Response {
    answered(receive(sink.as_ref(), &project, None, &event, request).await)
}

async fn with_secret(
    State(sink): Sink,
    Path((project, secret, event)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    answered(receive(sink.as_ref(), &project, Some(&secret), &event, request).await)
}

fn answered(received: Result<usize, Refused>) -> Response {
    received.map_or_else(|refused| refused.answer(), answers::accepted)
}

/// The order matters: nothing of the body is read for a stranger.
async fn receive(
    sink: &dyn WebhookSink,
    project: &str,
    secret: Option<&str>,
    event: &str,
    request: Request,
) -> Result<usize, Refused> {
    if !matches!(*request.method(), Method::GET | Method::POST | Method::PUT) {
        return Err(Refused::Method);
    }
    let turned_away = request.extensions().get::<TurnedAway>().is_some();
    let presented = Presented { secret, headers: request.headers(), turned_away };
    let known = sink.project(project).filter(|project| presented.opens(&project.intake));
    let Some(project) = known else {
        // Who is a stranger cannot be told then; but what is not repeated would be lost.
        return Err(if sink.is_unreadable(project) { Refused::Unreadable } else { Refused::Stranger });
    };
    let taken = take(sink, &project, event, request).await;
    if let Err(refused) = &taken {
        tracing::warn!(project.id = %project.id, event, refused = %refused, "a webhook was not taken");
    }
    taken
}

async fn take(sink: &dyn WebhookSink, project: &Project, event: &str, request: Request) -> Result<usize, Refused> {
    let event = Event::parse(event).ok_or(Refused::Event)?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let headers = request.headers();
    let content_type = text(headers, header::CONTENT_TYPE.as_str());
    let trace = text(headers, "traceparent").filter(|trace| trace.len() == TRACEPARENT_LEN);
    let read = time::timeout(READ_BOUND, Bytes::from_request(request, &())).await;
    let body = read.map_err(|_| Refused::Slow)?.map_err(|rejection| Refused::Body(rejection.status()))?;
    let delivery = Delivery {
        event,
        content_type: content_type.as_deref(),
        query: (!query.is_empty()).then_some(query.as_str()),
        body: &body,
    };
    let calls = intake::read(&delivery, project)?;
    let count = calls.len();
    let stored = time::timeout(STORE_BOUND, sink.accept(project, calls, raw(&query, &body), trace)).await;
    stored.map_err(|_| Refused::StoreSlow)??;
    Ok(count)
}

fn raw(query: &str, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    if query.is_empty() { body.into_owned() } else { format!("?{query}\n{body}") }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
