//! What stands before the API: the key, the rate, and the faults that answer in their place.

use jiff::Timestamp;
use serde_json::json;

use super::{
    Ctx, RetailCrm,
    answers::{failure, success},
    params::Params,
    world::SANDBOX_API_KEY,
};
use crate::{
    faults::FaultName,
    simulator::{Class, Handled, Route, Strikes},
    wire::{SimAnswer, SimRequest},
};

impl RetailCrm {
    /// Answers at the gate, or lets the request into the API.
    pub(super) fn let_in(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes) -> Handled {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let telephony = path.get(2) == Some(&"telephony");
        let credits = vec![(if telephony { "telephony" } else { "general" }, 1)];
        let answer = self.gate(now, request, &path, telephony, strikes).unwrap_or_else(|refused| refused);
        Handled { answer, credits }
    }

    fn gate(
        &mut self,
        now: Timestamp,
        request: &SimRequest,
        path: &[&str],
        telephony: bool,
        strikes: &Strikes,
    ) -> Result<SimAnswer, SimAnswer> {
        if strikes.has(FaultName::UnknownAccount) {
            return Err(SimAnswer::html(404, "Account does not exist."));
        }
        let params = Params::of(request);
        let window = if telephony { &mut self.telephony } else { &mut self.general };
        let within = !self.settings.limits || window.take(now);
        if !within || strikes.has(FaultName::RateLimit) {
            return Err(failure(503, "Rate limit exceeded"));
        }
        authenticate(request, &params, strikes)?;
        if strikes.has(FaultName::InternalError) {
            return Err(failure(500, "Internal Server Error"));
        }
        if telephony && strikes.has(FaultName::TelephonyDisabled) {
            return Err(failure(self.settings.telephony_disabled_status, telephony_is_off(path)));
        }
        self.reach(now, request, path, &params, strikes)
    }

    fn reach(
        &mut self,
        now: Timestamp,
        request: &SimRequest,
        path: &[&str],
        params: &Params,
        strikes: &Strikes,
    ) -> Result<SimAnswer, SimAnswer> {
        match path {
            ["api", "api-versions"] => Ok(success(200, json!({"versions": ["5.0"]}))),
            ["api", "system-info"] => Ok(success(200, json!({"systemVersion": "sandbox", "publicUrl": self.base_url}))),
            ["api", "credentials"] => Ok(self.credentials()),
            ["api", "v5", rest @ ..] => {
                allowed_method(&request.method, rest)?;
                self.route(&Ctx::struck(now, strikes), &request.method, rest, params)
            }
            _ => Err(unknown_method()),
        }
    }
}

fn telephony_is_off(path: &[&str]) -> &'static str {
    match path {
        [_, _, _, "calls", ..] => "Telephony not enabled or not supports calls upload",
        _ => "Telephony not enabled",
    }
}

fn authenticate(request: &SimRequest, params: &Params, strikes: &Strikes) -> Result<(), SimAnswer> {
    let key = request.header_value("x-api-key").or_else(|| params.one("apiKey")).unwrap_or_default();
    if key.is_empty() {
        return Err(failure(403, "\"apiKey\" is missing."));
    }
    if strikes.has(FaultName::TokenRevoked) || key != SANDBOX_API_KEY {
        return Err(failure(403, "Wrong \"apiKey\" value."));
    }
    if strikes.has(FaultName::PermissionDenied) {
        return Err(failure(403, "Access denied."));
    }
    Ok(())
}

/// 405 for a known path under the wrong method: what ends in a verb is posted, the rest is read.
fn allowed_method(method: &str, path: &[&str]) -> Result<(), SimAnswer> {
    let posted = matches!(path, [_, .., "create" | "edit" | "upload" | "event"] | ["users", _, "status"]);
    if method == if posted { "POST" } else { "GET" } {
        return Ok(());
    }
    Err(failure(405, "Method Not Allowed"))
}

/// 404 for a path the API does not have.
pub(super) fn unknown_method() -> SimAnswer {
    failure(404, "API method not found")
}

/// Where a request belongs; what stands in the place of an id becomes `{id}`.
pub(super) fn classify(request: &SimRequest) -> Route {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let shown = match path.as_slice() {
        ["api", "v5", entity @ ("customers" | "orders" | "tasks" | "users" | "integration-modules"), id, rest @ ..]
            if !matches!(*id, "create" | "upload" | "notes" | "statuses") =>
        {
            let mut shown = vec!["api", "v5", *entity, "{id}"];
            shown.extend(rest);
            shown
        }
        other => other.to_vec(),
    };
    let class = if request.method == "GET" { Class::Read } else { Class::Write };
    Route { pattern: format!("{} /{}", request.method, shown.join("/")), class }
}
