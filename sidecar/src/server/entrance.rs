//! What every HTTP request passes: its trace, its bounds, and who may ask for its path.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tieline_engine::ids::ProjectId;
use tokio::sync::Semaphore;
use tracing::field;

use super::{
    patience::{AnyError, Timed},
    requests::{Door, Requests},
};
use crate::{
    access::{Access, Identity, Peer, Role, Shown, Stranger, secret::bearer},
    http::secret::TurnedAway,
    sidecar::Sidecar,
    telemetry,
};

/// Requests worked on at once; each holds at most one body.
const AT_ONCE_MAX: usize = 512;

/// Who may ask for a path.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Everybody.
    Open,
    /// Whoever shows the secret of the project in the path, which is checked behind the door; where the project has
    /// none, a token of an exchange. What is refused is refused behind the door too, in the same words.
    Project,
    /// Tokens of these roles, and administrators.
    Roles(&'static [Role]),
}

/// The rule of each path, and its name in figures. A path without a row is for administrators.
const RULES: [(&str, &str, Rule); 9] = [
    ("/healthz", "healthz", Rule::Open),
    ("/readyz", "readyz", Rule::Open),
    ("/metrics", "metrics", Rule::Roles(&[Role::Reader])),
    ("/hooks/{project}/{event}", "webhook", Rule::Project),
    ("/hooks/{project}/{secret}/{event}", "webhook", Rule::Project),
    // A key in the path and a signature say who may; both are checked behind the door.
    ("/dial/{project}/call", "dial_link", Rule::Open),
    ("/dial/{project}/{key}/click", "dial_click", Rule::Open),
    ("/route/{project}/{form}", "webhook_number", Rule::Project),
    ("/route/{project}/{secret}/{form}", "webhook_number", Rule::Project),
];

/// The name and the rule of a path; what leads nowhere is told so to everybody.
fn rule(path: Option<&str>) -> (&'static str, Rule) {
    let Some(path) = path else { return ("unknown", Rule::Open) };
    let row = RULES.iter().find(|(known, _, _)| *known == path);
    row.map_or(("other", Rule::Roles(&[])), |(_, name, rule)| (*name, *rule))
}

/// What is known at the entrance.
#[derive(Clone)]
pub(super) struct Entrance {
    sidecar: Sidecar,
    access: Arc<Access>,
    requests: Arc<Requests>,
    places: Arc<Semaphore>,
    slow: Duration,
}

impl Entrance {
    /// An entrance for those who have access; a body must arrive within `slow`.
    pub(super) fn new(sidecar: Sidecar, access: Arc<Access>, requests: Arc<Requests>, slow: Duration) -> Self {
        Self { sidecar, access, requests, places: Arc::new(Semaphore::new(AT_ONCE_MAX)), slow }
    }

    /// Who asks, when they may.
    fn admit(&self, rule: Rule, request: &mut Request) -> Result<Identity, Denied> {
        match rule {
            Rule::Open => Ok(Identity::everybody()),
            Rule::Roles(roles) => self.with_role(roles, request),
            Rule::Project => {
                let project = request.uri().path().split('/').nth(2).unwrap_or_default().to_owned();
                if !self.has_secret(&project) {
                    let identity = self.with_role(&[Role::Exchange], request);
                    if !identity.is_ok_and(|identity| identity.sees(&project)) {
                        request.extensions_mut().insert(TurnedAway);
                    }
                }
                Ok(Identity::everybody())
            }
        }
    }

    /// Whether a project asks for a secret of its own. The name is as it stands in the path: one written otherwise
    /// than in the configuration is of no project here.
    fn has_secret(&self, project: &str) -> bool {
        let connection = self.sidecar.connection(&ProjectId::new(project));
        connection.is_ok_and(|connection| connection.project.intake.has_secret())
    }

    fn with_role(&self, roles: &[Role], request: &Request) -> Result<Identity, Denied> {
        let header = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let peer = request.extensions().get::<Peer>();
        let cert_names = peer.map_or(&[][..], |peer| &peer.cert_names);
        let identity = self.access.identify(Shown { bearer: header.and_then(bearer), cert_names })?;
        if identity.may(roles) { Ok(identity) } else { Err(Denied::Rights) }
    }

    /// Answers a request that may be answered.
    async fn answer(&self, identity: Identity, mut request: Request, next: Next) -> Response {
        let Ok(_place) = self.places.try_acquire() else {
            let text = "too many requests are under way; repeat this one\n";
            return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
        };
        request.extensions_mut().insert(identity);
        let is_late = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_late);
        let late = move || -> AnyError {
            told.store(true, Ordering::Relaxed);
            "the body did not arrive in time".into()
        };
        let slow = self.slow;
        let response = next.run(request.map(|body| Body::new(Timed::new(body, slow, late)))).await;
        if is_late.load(Ordering::Relaxed) {
            return (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time\n").into_response();
        }
        response
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug)]
enum Denied {
    Missing,
    Unknown,
    Rights,
}

impl From<Stranger> for Denied {
    fn from(stranger: Stranger) -> Self {
        match stranger {
            Stranger::Missing => Self::Missing,
            Stranger::Unknown => Self::Unknown,
        }
    }
}

impl Denied {
    fn answer(self) -> Response {
        let (status, text) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, "a token is missing: authorization: Bearer …\n"),
            Self::Unknown => (StatusCode::UNAUTHORIZED, "the token is not known\n"),
            Self::Rights => (StatusCode::FORBIDDEN, "the token is not for this\n"),
        };
        let mut response = (status, text).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Answers in a span that continues the caller's trace, and counts by the route: paths hold secrets and are as many as
/// callers like.
pub(super) async fn enter(State(entrance): State<Entrance>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (method, rule) = rule(request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    let span = tracing::info_span!("http.request", method, status = field::Empty);
    let parent = request.headers().get("traceparent").and_then(|parent| Some(parent.to_str().ok()?.to_owned()));
    let response = match entrance.admit(rule, &mut request) {
        Ok(identity) => {
            let answer = entrance.answer(identity, request, next);
            telemetry::traced(span.clone(), parent.as_deref(), answer).await
        }
        Err(denied) => {
            tracing::warn!(method, ?denied, "a request was not let in");
            denied.answer()
        }
    };
    span.record("status", response.status().as_u16());
    entrance.requests.count(Door::Http, method, outcome(response.status()), begun.elapsed());
    response
}

fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..300 => "ok",
        401 => "unauthenticated",
        403 => "permission_denied",
        404 => "not_found",
        408 => "deadline_exceeded",
        400..500 => "invalid_argument",
        503 => "unavailable",
        _ => "other",
    }
}
