//! Tokens, and requests signed with one or with the account's key (sendpulse.md 3.1).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::{
    dialect::{Grant, Session},
    transport::{Class, Method, Request, Response, SendError, Transport},
    trouble::Trouble,
};

use super::{
    refusals::identifier,
    settings::{Credentials, Settings},
};

/// The prefix of every CRM path.
const PREFIX: &str = "/crm/v1";
/// The token request's path; it has no such prefix.
const TOKEN_PATH: &str = "/oauth/access_token";
/// How long a token lives when the answer does not say.
const TOKEN_LIVES: u64 = 3600;

/// A reading request.
pub(super) fn get(
    settings: &Settings,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
) -> Result<Request, Trouble> {
    signed(settings, session, Request::new(Method::Get, name, format!("{}{PREFIX}{path}", settings.base)))
}

/// A request with a JSON body; some of them only read (`get-list`).
pub(super) fn send(
    settings: &Settings,
    session: &Session<'_>,
    method: Method,
    name: &'static str,
    path: &str,
    body: &Value,
) -> Result<Request, Trouble> {
    let request = Request::new(method, name, format!("{}{PREFIX}{path}", settings.base));
    signed(settings, session, request.with_body("application/json", body.to_string().into_bytes()))
}

fn signed(settings: &Settings, session: &Session<'_>, request: Request) -> Result<Request, Trouble> {
    let secret = match (&settings.credentials, session.token) {
        (Credentials::Key(key), _) => key,
        (Credentials::App { .. }, Some(grant)) => &grant.token,
        (Credentials::App { .. }, None) => return Err(Trouble::TokenExpired),
    };
    Ok(request.authorized("authorization", "Bearer ", secret))
}

/// Gets a token; a static key needs none.
pub(super) async fn grant(settings: &Settings, net: &dyn Transport) -> Result<Option<Grant>, Trouble> {
    let Credentials::App { id, secret } = &settings.credentials else {
        return Ok(None);
    };
    let body = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret.expose_secret() });
    let request = Request::new(Method::Post, "sendpulse.token", format!("{}{TOKEN_PATH}", settings.base))
        .with_body("application/json", body.to_string().into_bytes())
        .in_class(Class::Token);
    match net.send(request).await {
        Ok(response) => granted(&response).map(Some),
        // A token nobody received harms nobody.
        Err(SendError::NotSent(text) | SendError::NoAnswer(text)) => Err(Trouble::Unavailable(text)),
    }
}

fn granted(response: &Response) -> Result<Grant, Trouble> {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let field = |name: &str| body.as_ref().and_then(|body| body.get(name));
    let token = field("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    if let Some(token) = token.filter(|_| response.status < 300) {
        let lives = field("expires_in").and_then(Value::as_u64).unwrap_or(TOKEN_LIVES);
        let (token, lives) = (SecretString::from(token), Duration::from_secs(lives));
        return Ok(Grant { token, lives, api_base: None });
    }
    let error = field("error").and_then(Value::as_str).and_then(identifier);
    Err(match (error, response.status) {
        (_, 429) => Trouble::RateLimited { retry_after: response.retry_after() },
        (Some(dead @ ("invalid_client" | "invalid_grant" | "unauthorized_client" | "access_denied")), _) => {
            Trouble::CredentialsDead(format!("token request, {dead}: check client_id and client_secret"))
        }
        (_, 401 | 403) => Trouble::CredentialsDead("token request refused: check client_id and client_secret".into()),
        (_, 500..) => Trouble::Unavailable(format!("token request, HTTP {}", response.status)),
        (Some(other), _) => Trouble::Malformed(format!("token request, {other}")),
        (None, status @ (300..=399 | 404 | 405)) => {
            Trouble::Malformed(format!("token request, HTTP {status}: check the setting url"))
        }
        (None, status) => Trouble::Unavailable(format!("unreadable answer to the token request, HTTP {status}")),
    })
}
