//! The HTTP door: webhooks, probes and metrics.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::{House, Parts, ServeError, metrics, requests::Door};

/// Answers on the port until the sidecar stops.
pub(super) fn open(house: &House, listener: TcpListener, parts: &mut Parts) {
    let stopped = House::stopped(house.stopping.clone());
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
    probes
        .layer(DefaultBodyLimit::max(house.body_bytes_max))
        .layer(middleware::from_fn_with_state(Arc::clone(&house.requests), count))
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

/// Counts a request by the route it matched: paths hold secrets and are as many as callers like.
async fn count(State(requests): State<Arc<super::Requests>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let method = route(path);
    let response = next.run(request).await;
    requests.count(Door::Http, method, outcome(response.status()), begun.elapsed());
    response
}

fn route(path: &str) -> &'static str {
    match path {
        "/healthz" => "healthz",
        "/readyz" => "readyz",
        "/metrics" => "metrics",
        "" => "unknown",
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
