//! The token server (zoho.md 2).

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    reply::Reply,
    world::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_GRANT_CODE, SANDBOX_REFRESH_TOKEN},
};
use crate::{faults::FaultName, rate::Window, rng::Rng, simulator::Strikes, wire::SimRequest};

/// How long an access token lives (zoho.md 2).
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Live access tokens per refresh token; one more kills the oldest (zoho.md 2).
const MOST_LIVE: usize = 15;
/// Access tokens given out per refresh token and ten minutes (zoho.md 2).
const MOST_REFRESHES: usize = 10;
const REFRESH_SPAN: SignedDuration = SignedDuration::from_mins(10);

/// The tokens given out.
#[derive(Debug)]
pub(super) struct Oauth {
    refresh_tokens: BTreeMap<String, Grant>,
    code_used: bool,
}

#[derive(Debug)]
struct Grant {
    live: VecDeque<(String, Timestamp)>,
    refreshes: Window,
}

impl Grant {
    fn new() -> Self {
        Self { live: VecDeque::new(), refreshes: Window::new(MOST_REFRESHES, REFRESH_SPAN) }
    }
}

impl Oauth {
    pub(super) fn new() -> Self {
        Self { refresh_tokens: BTreeMap::from([(SANDBOX_REFRESH_TOKEN.to_owned(), Grant::new())]), code_used: false }
    }

    /// `POST /oauth/v2/token`, with parameters in the form body or the query.
    pub(super) fn token(
        &mut self,
        now: Timestamp,
        request: &SimRequest,
        strikes: &Strikes,
        rng: &mut Rng,
        api_domain: &str,
    ) -> Reply {
        let pairs: BTreeMap<String, String> = request.query_pairs().into_iter().chain(request.form_pairs()).collect();
        let given = |name: &str| pairs.get(name).map_or("", String::as_str);
        if strikes.has(FaultName::TokenThrottled) {
            return throttled();
        }
        let client_known = given("client_id") == SANDBOX_CLIENT_ID && given("client_secret") == SANDBOX_CLIENT_SECRET;
        if strikes.has(FaultName::UnknownAccount) || !client_known {
            return error("invalid_client");
        }
        if strikes.has(FaultName::TokenRevoked) {
            return error("invalid_code");
        }
        match given("grant_type") {
            "refresh_token" => self.refresh(now, given("refresh_token"), rng, api_domain),
            "authorization_code" => self.exchange(now, given("code"), rng, api_domain),
            _ => error("unsupported_grant_type"),
        }
    }

    fn refresh(&mut self, now: Timestamp, refresh_token: &str, rng: &mut Rng, api_domain: &str) -> Reply {
        let Some(grant) = self.refresh_tokens.get_mut(refresh_token) else {
            return error("invalid_code");
        };
        if !grant.refreshes.take_or_prolong(now) {
            return throttled();
        }
        let token = format!("1000.{}.{}", rng.hex32(), rng.hex32());
        grant.live.push_back((token.clone(), now));
        if grant.live.len() > MOST_LIVE {
            grant.live.pop_front();
        }
        Reply::new(
            200,
            json!({
                "access_token": token, "api_domain": api_domain, "token_type": "Bearer",
                "scope": "ZohoCRM.modules.ALL ZohoCRM.coql.READ ZohoCRM.composite_requests.CUSTOM ZohoCRM.users.READ ZohoCRM.settings.ALL ZohoSearch.securesearch.READ",
                "expires_in": TOKEN_LIFE.as_secs(),
            }),
        )
    }

    fn exchange(&mut self, now: Timestamp, code: &str, rng: &mut Rng, api_domain: &str) -> Reply {
        if code != SANDBOX_GRANT_CODE || self.code_used {
            return error("invalid_code");
        }
        self.code_used = true;
        let refresh_token = format!("1000.{}.{}", rng.hex32(), rng.hex32());
        self.refresh_tokens.insert(refresh_token.clone(), Grant::new());
        let mut reply = self.refresh(now, &refresh_token, rng, api_domain);
        if let Some(Value::Object(body)) = &mut reply.body {
            body.insert("refresh_token".to_owned(), refresh_token.into());
        }
        reply
    }

    /// `POST /oauth/v2/token/revoke?token=…`
    pub(super) fn revoke(&mut self, request: &SimRequest) -> Reply {
        let token = request
            .query_value("token")
            .or_else(|| request.form_pairs().into_iter().find(|(name, _)| name == "token").map(|(_, value)| value));
        match token.and_then(|token| self.refresh_tokens.remove(&token)) {
            Some(_) => Reply::new(200, json!({"status": "success"})),
            None => error("invalid_code"),
        }
    }

    /// Whether an access token is live.
    pub(super) fn accepts(&self, now: Timestamp, token: &str) -> bool {
        self.refresh_tokens
            .values()
            .flat_map(|grant| &grant.live)
            .any(|(live, since)| live == token && now.duration_since(*since) < TOKEN_LIFE)
    }

    /// Kills every access token; refresh tokens stay.
    pub(super) fn expire_all(&mut self) {
        for grant in self.refresh_tokens.values_mut() {
            grant.live.clear();
        }
    }
}

/// Errors of the token server come with status 200 (zoho.md 2).
fn error(code: &str) -> Reply {
    Reply::new(200, json!({"error": code}))
}

fn throttled() -> Reply {
    Reply::new(
        400,
        json!({
            "error_description": "You have made too many requests continuously. Please try again after some time.",
            "error": "Access Denied",
        }),
    )
}
