//! The token server, in both forms (dataverse.md 3).

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::world::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_TENANT};
use crate::{faults::FaultName, rng::Rng, simulator::Strikes, wire::SimAnswer, wire::SimRequest};

/// How long an access token lives, in seconds (dataverse.md 3).
const TOKEN_LIFE: i64 = 3_599;
/// The server keeps no count; this only bounds the memory.
const MOST_KEPT: usize = 1_000;

/// Which form of the endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `/oauth2/token` with `resource`.
    V1,
    /// `/oauth2/v2.0/token` with `scope`.
    V2,
}

/// A request for a token.
pub(super) struct Ask<'a> {
    pub(super) form: Form,
    pub(super) tenant: &'a str,
    pub(super) request: &'a SimRequest,
    pub(super) strikes: &'a Strikes,
    /// The org's URL, when the token's target is to be checked.
    pub(super) org: Option<&'a str>,
}

/// The tokens given out.
#[derive(Debug, Default)]
pub(super) struct Oauth {
    live: VecDeque<(String, Timestamp)>,
}

impl Oauth {
    /// `POST /{tenant}/oauth2/v2.0/token` or the older form.
    pub(super) fn token(&mut self, now: Timestamp, ask: &Ask<'_>, rng: &mut Rng) -> SimAnswer {
        let given: BTreeMap<String, String> = ask.request.form_pairs().into_iter().collect();
        match check(ask, &given) {
            Ok(()) => self.issue(now, ask.form, &given, rng),
            Err(failure) => failure.answer(now, rng),
        }
    }

    fn issue(&mut self, now: Timestamp, form: Form, given: &BTreeMap<String, String>, rng: &mut Rng) -> SimAnswer {
        let token = format!("eyJ0eXAiOiJKV1QifQ.{}.{}", rng.hex32(), rng.hex32());
        self.live.push_back((token.clone(), now));
        if self.live.len() > MOST_KEPT {
            self.live.pop_front();
        }
        let body = match form {
            Form::V2 => json!({
                "token_type": "Bearer", "expires_in": TOKEN_LIFE, "ext_expires_in": TOKEN_LIFE, "access_token": token,
            }),
            // The older form writes its figures as text.
            Form::V1 => json!({
                "token_type": "Bearer", "expires_in": TOKEN_LIFE.to_string(), "ext_expires_in": TOKEN_LIFE.to_string(),
                "expires_on": (now.as_second() + TOKEN_LIFE).to_string(), "not_before": now.as_second().to_string(),
                "resource": given.get("resource"), "access_token": token,
            }),
        };
        SimAnswer::json(200, &body)
    }

    /// Whether an access token is live.
    pub(super) fn accepts(&self, now: Timestamp, token: &str) -> bool {
        let life = SignedDuration::from_secs(TOKEN_LIFE);
        self.live.iter().rev().any(|(live, since)| live == token && now.duration_since(*since) < life)
    }

    /// Kills every access token; the secret stays good.
    pub(super) fn expire_all(&mut self) {
        self.live.clear();
    }
}

struct Failure {
    status: u16,
    error: &'static str,
    number: u32,
    text: String,
}

impl Failure {
    fn new(status: u16, error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self { status, error, number, text: text.into() }
    }

    fn answer(&self, now: Timestamp, rng: &mut Rng) -> SimAnswer {
        let (trace, correlation) = (super::guid(rng), super::guid(rng));
        let time = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let number = self.number;
        let body: Value = json!({
            "error": self.error, "error_codes": [number], "timestamp": time, "trace_id": trace,
            "correlation_id": correlation, "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
            "error_description": format!(
                "AADSTS{number}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}", self.text
            ),
        });
        SimAnswer::json(self.status, &body)
    }
}

fn check(ask: &Ask<'_>, given: &BTreeMap<String, String>) -> Result<(), Failure> {
    let Ask { form, tenant, strikes, org, .. } = *ask;
    let field = |name: &str| given.get(name).map_or("", String::as_str);
    if tenant != SANDBOX_TENANT {
        return Err(Failure::new(400, "invalid_request", 90_002, format!("Tenant '{tenant}' not found.")));
    }
    let target = if form == Form::V2 { "scope" } else { "resource" };
    for name in ["grant_type", "client_id", "client_secret", target] {
        if field(name).is_empty() {
            let text = format!("The request body must contain the following parameter: '{name}'.");
            return Err(Failure::new(400, "invalid_request", 900_144, text));
        }
    }
    if field("grant_type") != "client_credentials" {
        return Err(Failure::new(
            400,
            "unsupported_grant_type",
            70_003,
            "The app requested an unsupported grant type.",
        ));
    }
    if strikes.has(FaultName::UnknownAccount) || field("client_id") != SANDBOX_CLIENT_ID {
        let text = format!("Application with identifier '{}' was not found in the directory.", field("client_id"));
        return Err(Failure::new(400, "unauthorized_client", 700_016, text));
    }
    if strikes.has(FaultName::TokenRevoked) {
        return Err(Failure::new(401, "invalid_client", 7_000_222, "The provided client secret keys are expired."));
    }
    if field("client_secret") != SANDBOX_CLIENT_SECRET {
        return Err(Failure::new(401, "invalid_client", 7_000_215, "Invalid client secret provided."));
    }
    check_target(form, field(target), org)
}

/// A scope for this grant ends in `/.default`; the rest names the org.
fn check_target(form: Form, target: &str, org: Option<&str>) -> Result<(), Failure> {
    let root = match form {
        Form::V2 => target.strip_suffix("/.default").ok_or_else(|| {
            Failure::new(
                400,
                "invalid_scope",
                1_002_012,
                format!("The provided value for scope {target} is not valid."),
            )
        })?,
        Form::V1 => target,
    };
    let root = root.trim_end_matches('/');
    if org.is_some_and(|org| root.is_empty() || !org.starts_with(root)) {
        let text = format!("The resource principal named {root} was not found in the tenant.");
        return Err(Failure::new(400, "invalid_resource", 500_011, text));
    }
    Ok(())
}
