//! Access tokens by the application's own credentials; there is no refresh token (dataverse.md 3).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::settings::Settings;
use crate::{
    dialect::Grant,
    transport::{Class, Method, Request, Response, SendError, Transport},
    trouble::Trouble,
};

/// How long a token lives when the answer does not say: about an hour (dataverse.md 3).
const TOKEN_LIVES: u64 = 3599;
/// Words of the login server that only a person can do something about. Every other one may pass by itself.
const DEAD: &[&str] = &[
    "invalid_grant",
    "invalid_client",
    "unauthorized_client",
    "invalid_request",
    "invalid_scope",
    "invalid_resource",
    "unsupported_grant_type",
    "access_denied",
];

/// Gets an access token.
pub(super) async fn grant(settings: &Settings, net: &dyn Transport) -> Result<Grant, Trouble> {
    match net.send(request(settings)?).await {
        Ok(response) => read(&response),
        // A token nobody received harms nobody.
        Err(SendError::NotSent(text) | SendError::NoAnswer(text)) => Err(Trouble::Unavailable(text)),
    }
}

fn request(settings: &Settings) -> Result<Request, Trouble> {
    let scope = format!("{}/.default", settings.base);
    let form = [
        ("client_id", settings.client_id.as_str()),
        ("client_secret", settings.client_secret.expose_secret()),
        ("grant_type", "client_credentials"),
        ("scope", scope.as_str()),
    ];
    let body = serde_urlencoded::to_string(form).map_err(|_| Trouble::Malformed("token request".to_owned()))?;
    let url = format!("{}/{}/oauth2/v2.0/token", settings.login, settings.tenant);
    let request = Request::new(Method::Post, "dataverse.token", url).in_class(Class::Token);
    Ok(request.with_body("application/x-www-form-urlencoded", body.into_bytes()))
}

fn read(response: &Response) -> Result<Grant, Trouble> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if let Some(token) = body.get("access_token").and_then(Value::as_str).filter(|_| response.status < 300) {
        let lives = body.get("expires_in").and_then(seconds).unwrap_or(TOKEN_LIVES);
        return Ok(Grant {
            token: SecretString::from(token.to_owned()),
            lives: Duration::from_secs(lives),
            api_base: None,
        });
    }
    let error = body.get("error").and_then(Value::as_str).unwrap_or_default();
    let known = DEAD.iter().find(|word| **word == error);
    Err(match (known, response.status) {
        (_, 429) => Trouble::RateLimited { retry_after: response.retry_after() },
        (Some(word), _) => Trouble::CredentialsDead(format!("{word}{}", numbers(&body))),
        (None, 401 | 403) => Trouble::CredentialsDead(format!("token request, HTTP {}", response.status)),
        (None, 404) => Trouble::CredentialsDead("there is no such directory; check the setting tenant".to_owned()),
        (None, status) => Trouble::Unavailable(format!("token request, HTTP {status}")),
    })
}

/// The v1 endpoint gives seconds as text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The login server's own numbers say what is wrong: 700016 is an application the directory does not know.
fn numbers(body: &Value) -> String {
    let codes = body.get("error_codes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    codes.iter().filter_map(Value::as_u64).map(|code| format!(" AADSTS{code}")).collect()
}
