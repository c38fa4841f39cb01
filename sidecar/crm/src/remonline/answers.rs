//! What the CRM answered: success, a refusal, or trouble (remonline.md 2.2).
//!
//! Texts of the CRM's are read for what they name and never passed on: they may quote what was sent.

use serde_json::Value;

use super::{
    api::Api,
    refusals::{BadData, Refusal},
};
use crate::{
    dialect::{Limit, Meter, Session},
    transport::{Request, Response, SendError},
    trouble::Trouble,
};

/// The answer to a write: the CRM's JSON (`null` for an empty body, 2.2), or why it refuses.
pub(super) type Written = Result<Value, Refusal>;

/// Sends a reading request. `None`: there is no such record.
pub(super) async fn read(api: Api, session: &Session<'_>, request: Request) -> Result<Option<Value>, Trouble> {
    let name = request.name;
    let response = session.net.send(request).await;
    let response =
        response.map_err(|(SendError::NotSent(text) | SendError::NoAnswer(text))| Trouble::Unavailable(text))?;
    match judge(&response, api, name) {
        Ok(Value::Null) => Err(Trouble::Unavailable(format!("{name}: an empty answer"))),
        Ok(value) => Ok(Some(value)),
        Err(Failure::Refused(Refusal::NotFound(_))) => Ok(None),
        Err(Failure::Refused(Refusal::Bad(data))) => {
            Err(Trouble::Malformed(format!("{name}: {} ({})", data.code, data.fields())))
        }
        Err(Failure::Unclear(text)) => Err(Trouble::Unavailable(text)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
    }
}

/// Sends a writing request. An answer that cannot be read leaves open whether it was done.
pub(super) async fn write(api: Api, session: &Session<'_>, request: Request) -> Result<Written, Trouble> {
    let name = request.name;
    let response = session.net.send(request).await?;
    match judge(&response, api, name) {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Unclear(text)) => Err(Trouble::Uncertain(text)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
    }
}

/// The answer to the request for a token. Whatever is wrong with it, no call was harmed.
pub(super) fn of_token(response: &Response) -> Result<Value, Trouble> {
    const NAME: &str = "remonline.token";
    match judge(response, Api::Token, NAME) {
        Ok(value) => Ok(value),
        Err(Failure::Trouble(Trouble::TokenExpired)) | Err(Failure::Refused(Refusal::Bad(_))) => Err(key_dead()),
        Err(Failure::Trouble(trouble)) => Err(trouble),
        Err(Failure::Refused(Refusal::NotFound(_))) => {
            Err(Trouble::Malformed(format!("{NAME}: not found; check the settings url and api")))
        }
        Err(Failure::Unclear(text)) => Err(Trouble::Unavailable(text)),
    }
}

/// The id an answer names: an object in `data`, the first of a list there, the object itself, or a bare number
/// (remonline.md 2.4).
pub(super) fn made_id(answer: &Value) -> Option<String> {
    let data = answer.get("data").unwrap_or(answer);
    let one = data.as_array().map_or(Some(data), |list| list.first())?;
    id_of(one).or_else(|| text_of(one)).or_else(|| id_of(answer))
}

/// A record's id, be it a number or a text.
pub(super) fn id_of(value: &Value) -> Option<String> {
    text_of(value.get("id")?)
}

/// A number or a text that is not empty.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An answer that is no success.
enum Failure {
    Refused(Refusal),
    /// Nobody can tell whether it was done.
    Unclear(String),
    Trouble(Trouble),
}

fn judge(response: &Response, api: Api, name: &'static str) -> Result<Value, Failure> {
    let is_empty = response.body.trim_ascii().is_empty();
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let says_no = body.as_ref().and_then(|body| body.get("success")).and_then(Value::as_bool) == Some(false);
    if (200..300).contains(&response.status) && !says_no {
        return match body {
            _ if is_empty => Ok(Value::Null),
            Some(body) => Ok(body),
            None => Err(Failure::Unclear(format!("{name}: HTTP {} without JSON", response.status))),
        };
    }
    let code = body.as_ref().and_then(|body| body.get("code")).and_then(Value::as_u64);
    if let Some(trouble) = by_code(code, api) {
        return Err(Failure::Trouble(trouble));
    }
    let is_page = body.is_none() && !is_empty;
    Err(by_status(response, &body.unwrap_or_default(), code, is_page, api, name))
}

/// The vendor's own codes: 100 and 101 are about the token, 110 and 111 about the key (remonline.md 2.2).
fn by_code(code: Option<u64>, api: Api) -> Option<Trouble> {
    match code? {
        100 | 101 => Some(lost_access(api)),
        110 | 111 => Some(key_dead()),
        _ => None,
    }
}

fn by_status(
    response: &Response,
    body: &Value,
    code: Option<u64>,
    is_page: bool,
    api: Api,
    name: &'static str,
) -> Failure {
    let trouble = match response.status {
        401 => lost_access(api),
        402 => Trouble::NotAllowed(format!("{name}: the account has to be paid for")),
        403 => Trouble::NotAllowed(format!("{name}: the key's employee has no right to it; give full access")),
        404 if is_page => Trouble::Malformed(format!("{name}: no such path; check the settings url and api")),
        404 => return Failure::Refused(Refusal::NotFound(BadData::new(body, code, 404))),
        405 => Trouble::Malformed(format!("{name}: wrong HTTP method; check the setting api")),
        429 => rate_limited(response),
        503 if speaks_of_rate(response) => rate_limited(response),
        408 | 500.. => return Failure::Unclear(format!("{name}: HTTP {}", response.status)),
        300..=399 => Trouble::Malformed(format!("{name}: the address redirects; check the setting url")),
        _ => return Failure::Refused(Refusal::Bad(BadData::new(body, code, response.status))),
    };
    Failure::Trouble(trouble)
}

/// A token can be got again, a key cannot.
fn lost_access(api: Api) -> Trouble {
    if api == Api::Token { Trouble::TokenExpired } else { key_dead() }
}

fn key_dead() -> Trouble {
    Trouble::CredentialsDead("the API key is not accepted".to_owned())
}

fn rate_limited(response: &Response) -> Trouble {
    Trouble::RateLimited { retry_after: response.retry_after() }
}

/// What an answer tells of the quota: no headers are documented, so only that it is a refusal for the rate.
pub(super) fn meter(response: &Response) -> Meter {
    let is_refusal = response.status == 429 || (response.status == 503 && speaks_of_rate(response));
    if is_refusal { Meter::refused(Limit::Rate, response) } else { Meter::default() }
}

fn speaks_of_rate(response: &Response) -> bool {
    let text = String::from_utf8_lossy(&response.body).to_ascii_lowercase();
    text.contains("rate limit") || text.contains("too many requests")
}
