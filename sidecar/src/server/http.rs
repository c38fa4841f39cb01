//! The HTTP door: webhooks, probes and metrics.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tracing::field;

use super::{
    House, Parts, ServeError, metrics,
    requests::{Door, Requests},
    signals,
};
use crate::{
    http::{dial, number, webhook},
    telemetry,
};

/// Requests worked on at once; each holds at most one body.
const AT_ONCE_MAX: usize = 512;

/// Answers on the port until the sidecar stops.
pub(super) fn open(house: &House, listener: TcpListener, parts: &mut Parts) {
    let stopped = signals::told(house.stopping.clone());
    let router = router(house);
    parts.spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stopped);
        served.await.map_err(ServeError::Http)
    });
}

fn router(house: &House) -> Router {
    let probes = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(measure))
        .with_state(house.clone());
    let entrance = Entrance { requests: Arc::clone(&house.requests), places: Arc::new(Semaphore::new(AT_ONCE_MAX)) };
    probes
        .merge(webhook::router(Arc::new(house.sidecar.clone())))
        .merge(number::router(house.sidecar.clone()))
        .merge(dial::router(house.sidecar.clone()))
        .layer(middleware::from_fn_with_state(entrance, enter))
}

async fn ready(State(house): State<House>) -> (StatusCode, &'static str) {
    if house.health.is_ready().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: the sidecar is stopping, or its store does not answer\n")
    }
}

async fn measure(State(house): State<House>) -> Response {
    match metrics::text(house.sidecar.driver(), &house.requests).await {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "nothing can be measured");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
}

/// What every request passes.
#[derive(Clone)]
struct Entrance {
    requests: Arc<Requests>,
    places: Arc<Semaphore>,
}

/// Answers in a span that continues the caller's trace, and counts by the route: paths hold secrets and are as many as
/// callers like.
async fn enter(State(entrance): State<Entrance>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = route(request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str));
    let span = tracing::info_span!("http.request", method, status = field::Empty);
    let parent = request.headers().get("traceparent").and_then(|parent| Some(parent.to_str().ok()?.to_owned()));
    let response = match entrance.places.try_acquire() {
        Ok(_place) => telemetry::traced(span.clone(), parent.as_deref(), next.run(request)).await,
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many requests are under way; repeat this one\n").into_response()
        }
    };
    span.record("status", response.status().as_u16());
    entrance.requests.count(Door::Http, method, outcome(response.status()), begun.elapsed());
    response
}

fn route(path: &str) -> &'static str {
    match path {
        "/healthz" => "healthz",
        "/readyz" => "readyz",
        "/metrics" => "metrics",
        "" => "unknown",
        "/route/{project}/{form}" | "/route/{project}/{secret}/{form}" => "webhook_number",
        "/dial/{project}/call" => "dial_link",
        "/dial/{project}/{key}/click" => "dial_click",
        _ => "webhook",
    }
}

fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..300 => "ok",
        401 | 403 => "unauthenticated",
        404 => "not_found",
        400..500 => "invalid_argument",
        503 => "unavailable",
        _ => "other",
    }
}
