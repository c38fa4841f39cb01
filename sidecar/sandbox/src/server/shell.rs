//! From HTTP to the machines and back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::{control, cut::Scissors};
use crate::{
    kind::CrmKind,
    sim::Sim,
    wire::{SimAnswer, SimReply, SimRequest},
};

/// The largest body taken: the fullest batch of a CRM is a fraction of it.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// What all requests share.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    sims: BTreeMap<CrmKind, Mutex<Sim>>,
    /// How far the sandbox's clock is ahead of the machine's, in milliseconds.
    ahead_ms: AtomicI64,
}

impl Shared {
    pub(super) fn new(sims: BTreeMap<CrmKind, Sim>) -> Self {
        let sims = sims.into_iter().map(|(kind, sim)| (kind, Mutex::new(sim))).collect();
        Self(Arc::new(Inner { sims, ahead_ms: AtomicI64::new(0) }))
    }

    /// The CRM of that name, if it is simulated here.
    pub(super) fn sim(&self, name: &str) -> Option<MutexGuard<'_, Sim>> {
        let kind = CrmKind::parse(name).ok()?;
        let sim = self.0.sims.get(&kind)?;
        Some(sim.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.0.sims.keys().map(|kind| kind.name()).collect()
    }

    pub(super) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.0.ahead_ms.load(Ordering::Acquire));
        Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn advance(&self, ms: i64) {
        self.0.ahead_ms.fetch_add(ms, Ordering::AcqRel);
    }
}

/// Everything under one roof: the control endpoints, and each CRM under its name.
pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .nest("/sandbox", control::router())
        .route("/sandbox/", get(control::index))
        .route("/{crm}/{*rest}", any(forward))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(shared)
}

async fn forward(
    State(shared): State<Shared>,
    Path((crm, _)): Path<(String, String)>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let Some(request) = read(&crm, request).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let reply = {
        let now = shared.now();
        let Some(mut sim) = shared.sim(&crm) else {
            return (StatusCode::NOT_FOUND, format!("no CRM {crm:?} is simulated here\n")).into_response();
        };
        sim.handle(now, &request)
    };
    if reply.delay_ms() > 0 {
        tokio::time::sleep(Duration::from_millis(reply.delay_ms())).await;
    }
    match reply {
        SimReply::Answer(answer) => write(answer),
        SimReply::Dropped { .. } => {
            scissors.cut();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

async fn read(crm: &str, request: Request) -> Option<SimRequest> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.ok()?;
    let path = parts.uri.path();
    let prefix = format!("/{crm}");
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    Some(SimRequest {
        method: parts.method.as_str().to_owned(),
        path: path.strip_prefix(&prefix).unwrap_or(path).to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    })
}

fn write(answer: SimAnswer) -> Response {
    // 460 has no name in the registry of statuses but is a valid one.
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
