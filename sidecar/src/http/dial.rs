//! Click to call over HTTP, by GET or POST, in two forms:
//!
//! - `/dial/{project}/{key}/click`: a CRM sends its users' clicks there (`userId`, `code`, `phone`, `externalPhone`;
//!   retailcrm.md 1.8). The key is part of the address that `tieline register` gives to the CRM. Two clicks within
//!   some seconds are one.
//! - `/dial/{project}/call?phone=…&agent=…&expires=…&signature=…`: a signed link for any other page
//!   (`dialing/link.rs`). Within its life it rings once, however often it is followed.
//!
//! 200 is answered when the call is under way. Every refusal says in JSON why, for programs and for people, and what
//! to do. A project that does not exist, one without click to call and a wrong signature get the same answer.

mod answers;

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
    routing::any,
};
use tieline_engine::{
    ids::{ProjectId, UserId},
    jiff::{SignedDuration, Timestamp},
    phone::Phone,
};
use tokio::time;

use self::answers::Refused;
use crate::{
    dialing::{
        Dialled,
        link::{self, Link},
    },
    project::ClickToCall,
    sidecar::{DialAsk, DialWho, Sidecar},
};

/// Largest body: some short fields.
const BODY_MAX: usize = 16 * 1024;
/// Longest time for a body to arrive: it is small.
const READ_BOUND: Duration = Duration::from_secs(10);
/// Longest value of a parameter, in bytes: names of agents and numbers are shorter.
const VALUE_MAX: usize = 256;

/// The routes of click to call.
pub fn router(sidecar: Sidecar) -> Router {
    Router::new()
        .route("/dial/{project}/call", any(followed))
        .route("/dial/{project}/{key}/click", any(clicked))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(sidecar)
}

async fn followed(State(sidecar): State<Sidecar>, Path(project): Path<String>, request: Request) -> Response {
    answers::answer(follow(&sidecar, &project, request).await)
}

async fn clicked(
    State(sidecar): State<Sidecar>,
    Path((project, key)): Path<(String, String)>,
    request: Request,
) -> Response {
    answers::answer(click(&sidecar, &project, &key, request).await)
}

async fn follow(sidecar: &Sidecar, project: &str, request: Request) -> Result<Dialled, Refused> {
    // The signature is part of the parameters, so they are read for strangers too; they are short.
    let given = Given::read(request).await?;
    let project = ProjectId::new(project);
    let connection = sidecar.connection(&project).map_err(|_| Refused::Stranger)?;
    let settings = connection.project.click_to_call.as_ref().ok_or(Refused::Stranger)?;
    let now = sidecar.driver().clock.now();
    let link = given.link(&project, settings, now)?;
    let who = if link.agent.is_empty() { DialWho::Anybody } else { DialWho::Agent(link.agent.to_owned()) };
    let (phone, once_until) = (Phone::new(link.phone), Some(link.expires));
    Ok(sidecar.dial(DialAsk { project: project.clone(), who, phone, line: None, once_until }).await?)
}

async fn click(sidecar: &Sidecar, project: &str, key: &str, request: Request) -> Result<Dialled, Refused> {
    let project = ProjectId::new(project);
    let connection = sidecar.connection(&project).map_err(|_| Refused::Stranger)?;
    let settings = connection.project.click_to_call.as_ref().ok_or(Refused::Stranger)?;
    if !link::opens_clicks(project.as_str(), &settings.secret, key) {
        return Err(Refused::Stranger);
    }
    let given = Given::read(request).await?;
    let who = DialWho::CrmUser {
        user: given.get("userId")?.map(UserId::new),
        extension: given.get("code")?.map(str::to_owned),
    };
    if matches!(&who, DialWho::CrmUser { user: None, extension: None }) {
        return Err(Refused::Missing("userId"));
    }
    let phone = Phone::new(given.needed("phone")?);
    let line = given.get("externalPhone")?.map(Phone::new);
    Ok(sidecar.dial(DialAsk { project: project.clone(), who, phone, line, once_until: None }).await?)
}

/// The parameters of a request, from its query and its body.
struct Given(BTreeMap<String, String>);

impl Given {
    async fn read(request: Request) -> Result<Self, Refused> {
        // HEAD and the like are sent by programs that only look, and so is what a browser fetches ahead.
        if !matches!(*request.method(), Method::GET | Method::POST) {
            return Err(Refused::Method);
        }
        if is_fetched_ahead(request.headers()) {
            return Err(Refused::FetchedAhead);
        }
        let (parts, body) = request.into_parts();
        let mut given = BTreeMap::new();
        given.extend(form(parts.uri.query().unwrap_or_default().as_bytes())?);
        if parts.method == Method::POST {
            let read = time::timeout(READ_BOUND, axum::body::to_bytes(body, BODY_MAX)).await;
            let body = read.map_err(|_| Refused::Unreadable)?.map_err(|_| Refused::Unreadable)?;
            given.extend(if is_json(&parts.headers) { object(&body)? } else { form(&body)? });
        }
        Ok(Self(given))
    }

    /// A parameter; an empty one says nothing.
    fn get(&self, name: &'static str) -> Result<Option<&str>, Refused> {
        let value = self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        if value.is_some_and(|value| value.len() > VALUE_MAX) { Err(Refused::TooLong(name)) } else { Ok(value) }
    }

    fn needed(&self, name: &'static str) -> Result<&str, Refused> {
        self.get(name)?.ok_or(Refused::Missing(name))
    }

    /// The link, when it is signed and still lives. Nothing is said of a link that is not signed.
    fn link<'a>(&'a self, project: &'a ProjectId, settings: &ClickToCall, now: Timestamp) -> Result<Link<'a>, Refused> {
        let (phone, signature) = (self.needed("phone")?, self.needed("signature")?);
        let agent = self.get("agent")?.unwrap_or_default();
        let seconds = self.needed("expires")?.parse().ok();
        let expires = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(Refused::Expiry)?;
        let link = Link { project: project.as_str(), phone, agent, expires };
        if !link.is_signed(&settings.secret, signature) {
            return Err(Refused::Stranger);
        }
        if expires <= now {
            return Err(Refused::Expired);
        }
        let life = expires.duration_since(now);
        let longest = SignedDuration::try_from(settings.link_bound).unwrap_or(SignedDuration::MAX);
        if life > longest { Err(Refused::LivesTooLong) } else { Ok(link) }
    }
}

fn is_fetched_ahead(headers: &HeaderMap) -> bool {
    let says = |name| headers.get(name).is_some_and(|value| value.as_bytes().starts_with(b"prefetch"));
    says("sec-purpose") || says("purpose") || says("x-purpose")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Parameters of a query or a form. A plus that was not escaped comes as a blank: before a number it is a plus.
fn form(text: &[u8]) -> Result<Vec<(String, String)>, Refused> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(text).map_err(|_| Refused::Unreadable)?;
    let mended = |value: String| match value.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("+{rest}"),
        _ => value,
    };
    Ok(pairs.into_iter().map(|(name, value)| (name, mended(value))).collect())
}

/// Parameters of a JSON object; numbers are taken as they are written.
fn object(body: &Bytes) -> Result<Vec<(String, String)>, Refused> {
    let fields: BTreeMap<String, serde_json::Value> = serde_json::from_slice(body).map_err(|_| Refused::Unreadable)?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}
