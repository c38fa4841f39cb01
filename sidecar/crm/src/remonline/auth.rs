//! Requests with the account's key or its token (remonline.md 2.1, 2.2).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::{
    dialect::{Grant, Session},
    transport::{Class, Method, Request, SendError, Transport},
    trouble::Trouble,
};

use super::{
    answers,
    api::{self, Api},
    settings::Settings,
};

const JSON: &str = "application/json";
/// How long a token lives: about ten minutes (remonline.md 2.2). A token that dies earlier answers so.
const TOKEN_LIVES: Duration = Duration::from_secs(600);

/// A reading request.
pub(super) fn get(
    settings: &Settings,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
    query: &[(String, String)],
) -> Result<Request, Trouble> {
    let mut pairs: Vec<(&str, &str)> = query.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    if settings.api == Api::Token {
        // The first generation takes the token of a reading request nowhere else.
        pairs.push(("token", token(session)?.expose_secret()));
    }
    // Pairs of texts always encode, the plus of a number included.
    let query = serde_urlencoded::to_string(&pairs).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    let request = Request::new(Method::Get, name, format!("{}{path}{mark}{query}", settings.base));
    Ok(signed(settings, request))
}

/// A writing request.
pub(super) fn send(
    settings: &Settings,
    session: &Session<'_>,
    method: Method,
    name: &'static str,
    path: &str,
    mut body: Map<String, Value>,
) -> Result<Request, Trouble> {
    if settings.api == Api::Token {
        body.insert("token".to_owned(), Value::from(token(session)?.expose_secret()));
    }
    let request = Request::new(method, name, format!("{}{path}", settings.base));
    Ok(signed(settings, request.with_body(JSON, Value::Object(body).to_string().into_bytes())))
}

/// The key goes with every request of the newer generations.
fn signed(settings: &Settings, request: Request) -> Request {
    match settings.api {
        Api::Token => request,
        Api::Bearer | Api::V2 => request.authorized("Authorization", "Bearer ", &settings.api_key),
    }
}

fn token<'a>(session: &Session<'a>) -> Result<&'a SecretString, Trouble> {
    session.token.map(|grant| &grant.token).ok_or(Trouble::TokenExpired)
}

/// Exchanges the key for a token, in the generation that has tokens.
pub(super) async fn grant(settings: &Settings, net: &dyn Transport) -> Result<Option<Grant>, Trouble> {
    if settings.api != Api::Token {
        return Ok(None);
    }
    let body = serde_json::json!({ "api_key": settings.api_key.expose_secret() }).to_string();
    let url = format!("{}{}", settings.base, api::TOKEN);
    let request = Request::new(Method::Post, "remonline.token", url).with_body(JSON, body.into_bytes());
    let answer = net.send(request.in_class(Class::Token)).await;
    // A token nobody received harms nobody.
    let response = answer
        .map_err(|(SendError::NotSent(text) | SendError::NoAnswer(text))| Trouble::Unavailable(text))?;
    let value = answers::of_token(&response)?;
    let token = value.get("token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Trouble::Unavailable("the answer holds no token".to_owned()))?;
    Ok(Some(Grant { token: SecretString::from(token), lives: TOKEN_LIVES, api_base: None }))
}
