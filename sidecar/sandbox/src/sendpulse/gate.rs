//! What stands before the API: the bearer, the rate, the plan, and the faults that answer
//! in their place.

use jiff::Timestamp;

use super::{
    Ctx, SendPulse,
    answers::{Done, Refusal, flat, too_many, unauthorized},
    form,
    settings::Plan,
};
use crate::{
    faults::FaultName,
    simulator::{Class, Handled, Route, Strikes},
    wire::{SimAnswer, SimRequest},
};

impl SendPulse {
    /// Answers at the gate, or lets the request into the API.
    pub(super) fn let_in(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Handled {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let shape = self.settings.validation_body;
        let answer = match path.as_slice() {
            ["oauth", "access_token"] if request.method == "POST" => {
                return self.tokens.give(now, request, strikes, &mut self.rng).into();
            }
            ["oauth", "access_token"] => return Refusal::NoMethod.answer(shape).into(),
            ["crm", "v1", rest @ ..] => self
                .gate(now, request, strikes)
                .and_then(|()| self.reach(now, request, rest, strikes).or_else(|refusal| Ok(refusal.answer(shape)))),
            _ => self.gate(now, request, strikes).and_then(|()| Err(Refusal::NoPath.answer(shape))),
        };
        Handled { answer: answer.unwrap_or_else(|refused| refused), credits: vec![("requests", 1)] }
    }

    fn gate(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Result<(), SimAnswer> {
        if strikes.has(FaultName::TokenExpired) {
            self.tokens.expire_all();
        }
        let gone = strikes.has(FaultName::TokenRevoked) || strikes.has(FaultName::UnknownAccount);
        let bearer = bearer(request).filter(|bearer| !gone && self.tokens.accepts(now, bearer));
        if bearer.is_none() {
            return Err(unauthorized());
        }
        let within = !self.settings.limits || self.rate.take(now);
        if !within || strikes.has(FaultName::RateLimit) {
            return Err(too_many());
        }
        if self.settings.plan == Plan::Free {
            return Err(flat(403, "This feature is not available on your plan", 403));
        }
        if strikes.has(FaultName::PermissionDenied) {
            return Err(flat(403, "Access denied", 403));
        }
        if strikes.has(FaultName::InternalError) {
            return Err(flat(500, "Internal Server Error", 500));
        }
        Ok(())
    }

    fn reach(&mut self, now: Timestamp, request: &SimRequest, path: &[&str], strikes: &Strikes) -> Done {
        let body = form::object(request)?;
        self.route(&Ctx::struck(now, strikes), &request.method, path, &body)
    }
}

/// The token of the `Authorization` header; the scheme in any letter case.
fn bearer(request: &SimRequest) -> Option<&str> {
    let (scheme, token) = request.header_value("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// Where a request belongs. Searches are posted and still read.
pub(super) fn classify(request: &SimRequest) -> Route {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let class = match (request.method.as_str(), path.as_slice()) {
        (_, ["oauth", ..]) => Class::Auth,
        ("GET", _) | (_, [.., "get-list" | "get-calls"] | [.., "tasks", "list"]) => Class::Read,
        _ => Class::Write,
    };
    let shown: Vec<&str> = match path.as_slice() {
        ["crm", "v1", "contacts", "external", _] => vec!["crm", "v1", "contacts", "external", "{externalContactId}"],
        other => other.iter().map(|part| if is_number(part) { "{id}" } else { *part }).collect(),
    };
    Route { pattern: format!("{} /{}", request.method, shown.join("/")), class }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}
