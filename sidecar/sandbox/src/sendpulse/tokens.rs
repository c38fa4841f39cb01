//! The token server (sendpulse.md 3.1).

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    answers::flat,
    world::{SANDBOX_API_KEY, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET},
};
use crate::{
    faults::FaultName,
    rng::Rng,
    simulator::Strikes,
    wire::{SimAnswer, SimRequest},
};

/// How long an access token lives (sendpulse.md 3.1).
const TOKEN_LIFE: SignedDuration = SignedDuration::from_secs(3_600);
/// Tokens remembered at once, a bound only: the vendor names none.
const MOST_LIVE: usize = 1_000;

/// The access tokens given out, oldest first.
#[derive(Default)]
pub(super) struct Tokens(VecDeque<(String, Timestamp)>);

impl Tokens {
    /// `POST /oauth/access_token`, JSON or form.
    pub(super) fn give(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, rng: &mut Rng) -> SimAnswer {
        if strikes.has(FaultName::InternalError) {
            return flat(500, "Internal Server Error", 500);
        }
        let given = parameters(request);
        let is = |name: &str, wanted: &str| given.get(name).is_some_and(|value| value == wanted);
        if !is("grant_type", "client_credentials") {
            let text = "The authorization grant type is not supported by the authorization server.";
            return error(400, "unsupported_grant_type", text);
        }
        let struck = strikes.has(FaultName::TokenRevoked) || strikes.has(FaultName::UnknownAccount);
        if struck || !is("client_id", SANDBOX_CLIENT_ID) || !is("client_secret", SANDBOX_CLIENT_SECRET) {
            return error(401, "invalid_client", "Client authentication failed");
        }
        let token = format!("{}{}", rng.hex32(), rng.hex32());
        self.0.retain(|(_, since)| now.duration_since(*since) < TOKEN_LIFE);
        self.0.push_back((token.clone(), now));
        if self.0.len() > MOST_LIVE {
            self.0.pop_front();
        }
        SimAnswer::json(
            200,
            &json!({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE.as_secs()}),
        )
    }

    /// Whether a bearer is the static key or a live token.
    pub(super) fn accepts(&self, now: Timestamp, bearer: &str) -> bool {
        let live = |(token, since): &(String, Timestamp)| token == bearer && now.duration_since(*since) < TOKEN_LIFE;
        bearer == SANDBOX_API_KEY || self.0.iter().any(live)
    }

    /// Kills every access token; the static key stays.
    pub(super) fn expire_all(&mut self) {
        self.0.clear();
    }
}

fn parameters(request: &SimRequest) -> BTreeMap<String, String> {
    let form = request.form_pairs();
    if !form.is_empty() {
        return form.into_iter().collect();
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let members = body.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn error(status: u16, code: &str, text: &str) -> SimAnswer {
    SimAnswer::json(status, &json!({"error": code, "error_description": text, "message": text}))
}
