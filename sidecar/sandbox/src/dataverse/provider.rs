//! The telephony provider's webhooks: events taken as they come (dataverse.md 7).
//!
//! What SMART CRM's own hooks look like was not found, so nothing is asked of the
//! parameters but, where there is one, the call's id.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{columns::stamp, settings::Settings};
use crate::{
    audit::Groups,
    faults::FaultName,
    simulator::Strikes,
    wire::{SimAnswer, SimRequest},
};

/// The events a provider is told (dataverse.md 7).
const EVENTS: [&str; 3] = ["before_call", "after_call", "after_outgoing"];

/// The events taken, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Provider {
    taken: Vec<Taken>,
    seen: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug)]
struct Taken {
    at: Timestamp,
    event: String,
    call: Option<String>,
    method: String,
    fields: Map<String, Value>,
}

impl Provider {
    /// `GET` or `POST /provider/{event}`
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        event: &str,
        request: &SimRequest,
        strikes: &Strikes,
        settings: &Settings,
    ) -> SimAnswer {
        let fields = match refused(event, request, strikes, settings).map_or_else(|| fields(request), Err) {
            Ok(fields) => fields,
            Err(refused) => return refused,
        };
        let call =
            settings.provider_call_id.iter().find_map(|name| fields.get(name)).map(plain).filter(|id| !id.is_empty());
        let first = call.as_ref().is_none_or(|call| self.seen.insert((event.to_owned(), call.clone())));
        if first || !settings.provider_dedupes {
            let (event, method) = (event.to_owned(), request.method.clone());
            self.taken.push(Taken { at: now, event, call, method, fields });
        }
        SimAnswer::json(200, &json!({"status": "ok"}))
    }

    /// The events for a listing; an id is the place in the order of arrival.
    pub(super) fn list(&self) -> Vec<Value> {
        let rows = self.taken.iter().zip(1_u64..);
        rows.map(|(taken, id)| {
            let mut row = taken.fields.clone();
            row.remove("token");
            let own = json!({
                "id": id, "event": taken.event, "call": taken.call, "method": taken.method, "receivedAt": stamp(taken.at),
            });
            row.extend(own.as_object().cloned().unwrap_or_default());
            Value::Object(row)
        })
        .collect()
    }

    /// Puts each event with a call id under `event call`.
    pub(super) fn group(&self, groups: &mut Groups) {
        for (taken, id) in self.taken.iter().zip(1_u64..) {
            if let Some(call) = &taken.call {
                groups.put(format!("{} {call}", taken.event), &id.to_string());
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }
}

fn refused(event: &str, request: &SimRequest, strikes: &Strikes, settings: &Settings) -> Option<SimAnswer> {
    if strikes.has(FaultName::InternalError) {
        return Some(SimAnswer::html(500, "500 Internal Server Error"));
    }
    if strikes.has(FaultName::RateLimit) {
        return Some(SimAnswer::empty(429));
    }
    if strikes.has(FaultName::UnknownAccount) || !EVENTS.contains(&event) {
        return Some(SimAnswer::empty(404));
    }
    let token = settings.provider_token.as_str();
    let wrong = !token.is_empty() && request.query_value("token").as_deref() != Some(token);
    if wrong || strikes.has(FaultName::TokenRevoked) || strikes.has(FaultName::PermissionDenied) {
        return Some(SimAnswer::empty(403));
    }
    (!matches!(request.method.as_str(), "GET" | "POST")).then(|| SimAnswer::empty(405))
}

/// Parameters of the query and of a form or JSON body, which goes first.
fn fields(request: &SimRequest) -> Result<Map<String, Value>, SimAnswer> {
    let pairs = request.query_pairs().into_iter().chain(request.form_pairs());
    let mut fields: Map<String, Value> = pairs.map(|(name, value)| (name, value.into())).collect();
    let json = request.header_value("content-type").is_some_and(|kind| kind.contains("json"));
    if json && !request.body.is_empty() {
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(body)) => fields.extend(body),
            _ => {
                return Err(SimAnswer::json(400, &json!({"status": "error", "message": "the body is no JSON object"})));
            }
        }
    }
    Ok(fields)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
