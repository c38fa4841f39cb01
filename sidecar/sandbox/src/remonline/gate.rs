//! What stands before the API: the generation, the credentials, the rate, and the faults
//! that answer in their place.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Ask, Ctx, RemOnline,
    answers::{failure, not_found},
    body,
    params::Params,
    settings::{BadToken, Generation},
    tokens::refuse_key,
    world::SANDBOX_API_KEY,
};
use crate::{
    faults::FaultName,
    simulator::{Class, Handled, Route, Strikes},
    wire::{SimAnswer, SimRequest},
};

/// Whose a path is (remonline.md 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// Generation A alone.
    Old,
    /// Paths at the root that every generation uses: leads, tasks, dictionaries.
    Shared,
    /// Generation B alone.
    Middle,
    /// Below `/v2`.
    New,
}

/// What a request proves itself with.
enum Credential {
    Nothing,
    Token(String),
    Key(String),
}

impl RemOnline {
    /// Answers at the gate, or lets the request into the API.
    pub(super) fn let_in(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Handled {
        let answer = self.gate(now, request, strikes).unwrap_or_else(|refused| refused);
        Handled { answer, credits: vec![("requests", 1)] }
    }

    fn gate(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Result<SimAnswer, SimAnswer> {
        let within = !self.settings.limits || self.window.take(now);
        if !within || strikes.has(FaultName::RateLimit) {
            return Err(failure(429, 429, "Too Many Requests"));
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let given = body::read(request);
        let fields = given.as_ref().ok().cloned().unwrap_or_default();
        if path == ["token", "new"] {
            return self.new_token(now, request, &fields, strikes);
        }
        let family = family(&path);
        self.authenticate(now, family, &credential(request, &fields), strikes)?;
        if strikes.has(FaultName::InternalError) {
            return Err(failure(500, 500, "INTERNAL_SERVER_ERROR"));
        }
        if strikes.has(FaultName::PermissionDenied) {
            return Err(failure(403, 403, "Access denied."));
        }
        let old = matches!(family, Family::Old | Family::Shared);
        if given.is_err() || (body::is_form(request) && !old) {
            return Err(failure(400, 400, "The body is not a JSON object."));
        }
        let ask = Ask { params: Params::of(request), body: fields };
        let path = if family == Family::New { path.get(1..).unwrap_or_default() } else { path.as_slice() };
        self.route(&Ctx::struck(now, generation(family), strikes), &request.method, path, &ask)
    }

    fn new_token(
        &mut self,
        now: Timestamp,
        request: &SimRequest,
        body: &Map<String, Value>,
        strikes: &Strikes,
    ) -> Result<SimAnswer, SimAnswer> {
        if !self.settings.generations.contains(&Generation::A) || request.method != "POST" {
            return Err(not_found());
        }
        let key = body.get("api_key").and_then(Value::as_str).map(str::to_owned);
        let key = key.or_else(|| request.query_value("api_key")).unwrap_or_default();
        if key != SANDBOX_API_KEY || withdrawn(strikes) {
            return Err(refuse_key(key.is_empty()));
        }
        Ok(self.tokens.issue(now))
    }

    fn authenticate(
        &mut self,
        now: Timestamp,
        family: Family,
        credential: &Credential,
        strikes: &Strikes,
    ) -> Result<(), SimAnswer> {
        if strikes.has(FaultName::TokenExpired) {
            self.tokens.expire_all();
        }
        let answers = |generation| self.settings.generations.contains(&generation);
        if family != Family::Shared && !answers(generation(family)) {
            return Err(not_found());
        }
        let revoked = withdrawn(strikes);
        let bearer_only = matches!(family, Family::Middle | Family::New);
        let bearer = match family {
            Family::Old => self.settings.bearer_on_old_paths && self.settings.takes_bearer(),
            Family::Shared => self.settings.takes_bearer(),
            Family::Middle | Family::New => true,
        };
        match credential {
            Credential::Key(key) if bearer && key == SANDBOX_API_KEY && !revoked => Ok(()),
            Credential::Key(_) if bearer => Err(unauthorized()),
            _ if bearer_only => Err(unauthorized()),
            Credential::Token(token) if answers(Generation::A) => {
                if !revoked && self.tokens.accepts(now, token) {
                    return Ok(());
                }
                Err(match self.settings.bad_token {
                    BadToken::Forbidden => failure(403, 101, "Token is invalid."),
                    BadToken::Unauthorized => unauthorized(),
                })
            }
            _ if !answers(Generation::A) => Err(unauthorized()),
            _ => Err(failure(403, 100, "Token is missing.")),
        }
    }
}

/// Whether the key belongs to no account, any more or at all.
fn withdrawn(strikes: &Strikes) -> bool {
    strikes.has(FaultName::TokenRevoked) || strikes.has(FaultName::UnknownAccount)
}

fn unauthorized() -> SimAnswer {
    failure(401, 401, "Unauthorized")
}

fn credential(request: &SimRequest, body: &Map<String, Value>) -> Credential {
    let header = request.header_value("authorization").and_then(|header| header.strip_prefix("Bearer "));
    if let Some(key) = header {
        return Credential::Key(key.trim().to_owned());
    }
    let token = request.query_value("token").or_else(|| body.get("token")?.as_str().map(str::to_owned));
    token.filter(|token| !token.is_empty()).map_or(Credential::Nothing, Credential::Token)
}

fn family(path: &[&str]) -> Family {
    match path {
        ["v2", ..] => Family::New,
        ["contacts" | "orders", ..] => Family::Middle,
        ["order", "types" | "custom-fields"] => Family::Shared,
        ["clients" | "order", ..] => Family::Old,
        _ => Family::Shared,
    }
}

/// In whose words a path is answered.
fn generation(family: Family) -> Generation {
    match family {
        Family::Old | Family::Shared => Generation::A,
        Family::Middle => Generation::B,
        Family::New => Generation::C,
    }
}

/// Where a request belongs; numbers become `{id}`.
pub(super) fn classify(request: &SimRequest) -> Route {
    let segments = request.segments();
    let shown: Vec<&str> = segments
        .iter()
        .map(|part| if part.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { part.as_str() })
        .collect();
    let class = match (request.method.as_str(), shown.as_slice()) {
        (_, ["token", "new"]) => Class::Auth,
        ("GET", _) => Class::Read,
        _ => Class::Write,
    };
    Route { pattern: format!("{} /{}", request.method, shown.join("/")), class }
}
