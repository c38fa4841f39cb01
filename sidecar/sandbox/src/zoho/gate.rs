//! What stands before the API: tokens, quotas, and the faults that answer in their place.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Call, Ctx, Zoho,
    reply::{self, Refusal, Reply},
};
use crate::{
    faults::FaultName,
    simulator::{Class, Handled, Route, Strikes},
    wire::SimRequest,
};

/// What a composite occupies of the concurrency (zoho.md 3).
const COMPOSITE_UNITS: u32 = 5;
/// Writes of more records than this are heavy (zoho.md 3).
const HEAVY_RECORDS: usize = 10;

impl Zoho {
    /// Answers at the gate, or lets the request into the API.
    pub(super) fn let_in(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, busy_ms: u64) -> Handled {
        match (request.method.as_str(), request.path.trim_end_matches('/')) {
            ("POST", "/oauth/v2/token") => {
                let domain = self.api_domain.clone();
                let reply = self.oauth.token(now, request, strikes, &mut self.rng, &domain);
                return reply.into_answer().into();
            }
            ("POST", "/oauth/v2/token/revoke") => {
                return self.oauth.revoke(request).into_answer().into();
            }
            _ => {}
        }
        if let Err(refused) = self.authenticate(now, request, strikes) {
            return refused.reply(401).into_answer().into();
        }
        if let Some(reply) = struck(request, strikes) {
            return reply.into_answer().into();
        }
        let call = match read(request) {
            Ok(call) => call,
            Err(reply) => return reply.into_answer().into(),
        };
        self.within_quota(now, &call, strikes, busy_ms)
    }

    fn authenticate(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Result<(), Refusal> {
        if strikes.has(FaultName::TokenExpired) {
            self.oauth.expire_all();
        }
        let header = request.header_value("authorization").unwrap_or_default();
        let token = header.strip_prefix("Zoho-oauthtoken ").ok_or_else(reply::unauthenticated)?;
        if strikes.has(FaultName::TokenRevoked) || !self.oauth.accepts(now, token.trim()) {
            return Err(reply::invalid_token());
        }
        if strikes.has(FaultName::ScopeMissing) {
            return Err(reply::scope_mismatch());
        }
        Ok(())
    }

    fn within_quota(&mut self, now: Timestamp, call: &Call, strikes: &Strikes, busy_ms: u64) -> Handled {
        let edition = self.settings.edition();
        let quota = self.credits();
        let gone = self.limits.spent(now) >= quota;
        let free = !gone && self.limits.enter(now, busy_ms, edition, units(call), heavy(call));
        if self.settings.limits && !free {
            let mut answer = reply::too_many().reply(429).into_answer();
            if gone {
                answer.headers.push(credits_left(0));
            }
            return answer.into();
        }
        let reply = self.api(&ctx(now, strikes), call);
        let credits = reply.credits;
        self.limits.spend(now, credits);
        let mut answer = reply.into_answer();
        let spent = self.limits.spent(now);
        if spent * 2 >= quota {
            answer.headers.push(credits_left(quota.saturating_sub(spent)));
        }
        Handled { answer, credits: vec![("api_credits", credits)] }
    }
}

impl Zoho {
    /// Others take places and spend a credit a request; those of long ago hold no place any more.
    pub(super) fn count_others(&mut self, at: Timestamp, requests: u64, busy_ms: u64) {
        let left = self.credits().saturating_sub(self.limits.spent(at));
        let edition = self.settings.edition();
        if requests > 1 || self.limits.enter(at, busy_ms, edition, 1, false) {
            self.limits.spend(at, requests.min(left));
        }
    }

    /// Credits of 24 hours.
    fn credits(&self) -> u64 {
        let users = self.users.len() as u64;
        self.settings.daily_credits.unwrap_or_else(|| self.settings.edition().credits(users))
    }
}

/// The header that comes once half of the quota is used (zoho.md 2).
fn credits_left(credits: u64) -> (String, String) {
    ("x-api-credits-remaining".to_owned(), credits.to_string())
}

fn units(call: &Call) -> u32 {
    if is(call, "__composite_requests") { COMPOSITE_UNITS } else { 1 }
}

fn ctx(now: Timestamp, strikes: &Strikes) -> Ctx {
    let required = strikes.get(FaultName::MissingRequiredField);
    Ctx {
        now,
        lag_ms: strikes.ms(FaultName::SearchLag),
        required: required.and_then(|spec| spec.module.clone().zip(spec.field.clone())),
        partial: strikes.has(FaultName::PartialFailure),
        fail_item: false,
        composite: false,
    }
}

/// The faults that answer whatever was asked.
fn struck(request: &SimRequest, strikes: &Strikes) -> Option<Reply> {
    if strikes.has(FaultName::RateLimit) {
        return Some(reply::too_many().reply(429));
    }
    if strikes.has(FaultName::InternalError) {
        return Some(reply::internal_error().reply(500));
    }
    if strikes.has(FaultName::PermissionDenied) {
        let module = request.segments().get(2).cloned().unwrap_or_default();
        return Some(reply::no_permission(&module).reply(403));
    }
    None
}

fn read(request: &SimRequest) -> Result<Call, Reply> {
    let body = if request.body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(&request.body).ok() };
    let Some(body) = body else {
        let details = serde_json::json!({"expected_data_type": "jsonobject"});
        return Err(Refusal::new("INVALID_DATA", "body is not valid JSON", details).reply(400));
    };
    let uri = format!("{}?{}", request.path, request.query);
    let mut call = Call::parse(&request.method, &uri, body).ok_or_else(|| reply::unknown_url().reply(404))?;
    call.unmodified_since = request.header_value("if-unmodified-since").and_then(|text| text.parse().ok());
    Ok(call)
}

fn is(call: &Call, first: &str) -> bool {
    call.segments.first().is_some_and(|segment| segment == first)
}

fn heavy(call: &Call) -> bool {
    let records = call.body.get("data").and_then(Value::as_array).map_or(0, Vec::len);
    is(call, "coql") || records > HEAVY_RECORDS
}

/// Where a request belongs; ids and other numbers become `{id}`.
pub(super) fn classify(request: &SimRequest) -> Route {
    let segments = request.segments();
    let path: Vec<&str> = segments
        .iter()
        .map(|part| if part.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { part.as_str() })
        .collect();
    let pattern = format!("{} /{}", request.method, path.join("/"));
    let class = match path.as_slice() {
        ["oauth", ..] => Class::Auth,
        [_, _, "coql"] => Class::Read,
        [_, _, "__composite_requests"] if only_reads(request) => Class::Read,
        _ if request.method == "GET" => Class::Read,
        _ => Class::Write,
    };
    Route { pattern, class }
}

fn only_reads(request: &SimRequest) -> bool {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let subs = body.get("__composite_requests").and_then(Value::as_array);
    let reads = |sub: &Value| {
        let text = |name: &str| sub.get(name).and_then(Value::as_str).unwrap_or_default();
        text("method").eq_ignore_ascii_case("GET") || text("uri").ends_with("/coql")
    };
    subs.is_some_and(|subs| subs.iter().all(reads))
}
