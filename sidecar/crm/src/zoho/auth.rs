//! Access tokens from the refresh token. Zoho tells failures with HTTP 200 (zoho.md 2).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::{answers, settings::Settings};
use crate::{
    dialect::Grant,
    transport::{Class, Method, Request, Response, SendError, Transport},
    trouble::Trouble,
};

/// Ten access tokens in ten minutes: after a refusal, repeated tries prolong it (zoho.md 2).
const TOO_MANY_TOKENS: Duration = Duration::from_secs(600);
/// How long an access token lives when the answer does not say (zoho.md 2).
const TOKEN_LIVES: u64 = 3600;

/// Gets an access token.
pub(super) async fn grant(settings: &Settings, net: &dyn Transport) -> Result<Grant, Trouble> {
    let request = request(settings)?;
    match net.send(request).await {
        Ok(response) => read(settings, &response),
        // A token nobody received harms nobody.
        Err(SendError::NotSent(text) | SendError::NoAnswer(text)) => Err(Trouble::Unavailable(text)),
    }
}

fn request(settings: &Settings) -> Result<Request, Trouble> {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", settings.client_id.as_str()),
        ("client_secret", settings.client_secret.expose_secret()),
        ("refresh_token", settings.refresh_token.expose_secret()),
    ];
    let body = serde_urlencoded::to_string(form).map_err(|_| Trouble::Malformed("token request".to_owned()))?;
    let url = format!("{}/oauth/v2/token", settings.accounts_url);
    let request = Request::new(Method::Post, "zoho.token", url).in_class(Class::Token);
    Ok(request.with_body("application/x-www-form-urlencoded", body.into_bytes()))
}

fn read(settings: &Settings, response: &Response) -> Result<Grant, Trouble> {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let text = |name: &str| body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str);
    if let Some(token) = text("access_token").filter(|_| response.status < 300) {
        let lives = body.as_ref().and_then(|body| body.get("expires_in")).and_then(Value::as_u64);
        return Ok(Grant {
            token: SecretString::from(token.to_owned()),
            lives: Duration::from_secs(lives.unwrap_or(TOKEN_LIVES)),
            api_base: text("api_domain").and_then(|domain| api_base(settings, domain)),
        });
    }
    let error = text("error").map(answers::word);
    Err(match (error.as_deref(), response.status) {
        (Some("Access Denied"), _) | (_, 429) => rate_limited(response),
        (Some(dead @ ("invalid_code" | "invalid_client" | "invalid_client_secret" | "invalid_grant")), _) => {
            Trouble::CredentialsDead(dead.to_owned())
        }
        (_, 500..) => Trouble::Unavailable(format!("token request, HTTP {}", response.status)),
        (Some(other), _) => Trouble::Malformed(format!("token request, {other}")),
        (None, status) => Trouble::Unavailable(format!("unreadable answer to the token request, HTTP {status}")),
    })
}

fn rate_limited(response: &Response) -> Trouble {
    let asked = response.retry_after().unwrap_or(TOO_MANY_TOKENS);
    Trouble::RateLimited { retry_after: Some(asked.max(TOO_MANY_TOKENS)) }
}

/// The API host named with the token, when it is one requests may go to: an answer leads nowhere else.
fn api_base(settings: &Settings, domain: &str) -> Option<String> {
    let domain = domain.trim_end_matches('/');
    settings.hosts().iter().any(|host| host == domain).then(|| domain.to_owned())
}
