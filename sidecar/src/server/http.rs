//! The HTTP door: webhooks, probes and metrics.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures::{Stream, StreamExt as _};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tower::Service as _;

use super::{
    House, Parts, ServeError,
    door::{Connection, Door, Listener},
    entrance::{self, Entrance},
    metrics, signals,
};
use crate::{
    access::Identity,
    http::{dial, number, webhook},
    tls::HTTP_1_1,
};

/// Header lines of a request.
const HEADERS_MAX: usize = 64;
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Answers on the port until the sidecar stops: HTTP/1.1, which is what webhooks, probes and browsers speak.
pub(super) fn open(house: &House, listener: TcpListener, parts: &mut Parts) -> Result<(), ServeError> {
    let certificates = house.certificates("http", house.http_tls.clone(), HTTP_1_1, parts)?;
    // A request begins with its head, which has a bound of its own.
    let door = Door { name: "http", certificates, limits: house.limits, begin: 0 };
    let connections = door.connections(Listener::Tcp(listener), house.stopping.clone());
    parts.spawn(answer(connections, router(house), house.stopping.clone(), house.limits.slow));
    Ok(())
}

/// Serves connections until the sidecar stops, and then what is under way.
async fn answer(
    connections: impl Stream<Item = io::Result<Connection>>,
    router: Router,
    stopping: watch::Receiver<bool>,
    slow: Duration,
) -> Result<(), ServeError> {
    let mut served = JoinSet::new();
    {
        let mut connections = pin!(connections);
        let mut stopped = pin!(signals::told(stopping.clone()));
        loop {
            let next = tokio::select! {
                () = &mut stopped => break,
                next = connections.next() => next,
            };
            while served.try_join_next().is_some() {}
            let Some(Ok(connection)) = next else { break };
            served.spawn(serve(connection, router.clone(), stopping.clone(), slow));
        }
    }
    while served.join_next().await.is_some() {}
    Ok(())
}

/// Serves one connection. A client that says nothing, or its head too slowly, is hung up on.
async fn serve(connection: Connection, router: Router, stopping: watch::Receiver<bool>, slow: Duration) {
    let peer = connection.peer();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        router.clone().call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(slow).max_headers(HEADERS_MAX).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = pin!(http.serve_connection(TokioIo::new(connection), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = signals::told(stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn router(house: &House) -> Router {
    let probes = Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(measure))
        .with_state(house.clone());
    let entrance =
        Entrance::new(house.sidecar.clone(), Arc::clone(&house.access), Arc::clone(&house.requests), house.limits.slow);
    probes
        .merge(webhook::router(Arc::new(house.sidecar.clone())))
        .merge(number::router(house.sidecar.clone()))
        .merge(dial::router(house.sidecar.clone()))
        .layer(middleware::from_fn_with_state(entrance, entrance::enter))
}

async fn ready(State(house): State<House>) -> (StatusCode, &'static str) {
    if house.health.is_ready().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: the sidecar is stopping, or its store does not answer\n")
    }
}

async fn measure(State(house): State<House>, Extension(identity): Extension<Identity>) -> Response {
    match metrics::text(&house.sidecar, &house.requests, &identity).await {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "nothing can be measured");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
}
