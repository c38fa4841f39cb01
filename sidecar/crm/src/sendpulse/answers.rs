//! What the CRM answered: success, a refusal, or trouble (sendpulse.md 3.1).
//!
//! The vendor documents hardly any error, so the HTTP status decides; two codes in the body are known beside it. No
//! text of the CRM's is passed on, since it may quote what was sent: codes and names of fields are.

use serde_json::Value;

use super::{
    Sendpulse,
    refusals::{BadData, Refusal},
    settings::Credentials,
};
use crate::{
    dialect::{Limit, Meter, Session},
    transport::{Request, Response, SendError},
    trouble::Trouble,
};

/// The gateway's code for too many requests.
const TOO_MANY: u64 = 2_020_202_020;
/// The CRM's code for a record that is not there.
const NOT_FOUND: u64 = 213;

/// The answer to a write: the CRM's object, or why it refuses.
pub(super) type Written = Result<Value, Refusal>;

/// Sends a reading request. `None`: there is no such record.
pub(super) async fn read(crm: &Sendpulse, session: &Session<'_>, request: Request) -> Result<Option<Value>, Trouble> {
    let name = request.name;
    let response = session.net.send(request).await.map_err(|error| match error {
        SendError::NotSent(text) | SendError::NoAnswer(text) => Trouble::Unavailable(text),
    })?;
    match judge(crm, &response, name) {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Refused(Refusal::NotFound)) => Ok(None),
        Err(Failure::Refused(Refusal::Bad(data))) => {
            Err(Trouble::Malformed(format!("{name}: {} ({})", data.code, data.fields())))
        }
        Err(Failure::Unclear(text)) => Err(Trouble::Unavailable(text)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
    }
}

/// Sends a reading request for something every account has.
pub(super) async fn read_there(crm: &Sendpulse, session: &Session<'_>, request: Request) -> Result<Value, Trouble> {
    let name = request.name;
    let answer = read(crm, session, request).await?;
    answer.ok_or_else(|| Trouble::Malformed(format!("{name}: not found; check the setting url")))
}

/// Sends a writing request. An answer that cannot be read leaves open whether it was done.
pub(super) async fn write(crm: &Sendpulse, session: &Session<'_>, request: Request) -> Result<Written, Trouble> {
    let name = request.name;
    let response = session.net.send(request).await?;
    match judge(crm, &response, name) {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Unclear(text)) => Err(Trouble::Uncertain(text)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
    }
}

/// The one record of an answer: `{data:{…}}`, by external id `{data:{data:{…}}}` (sendpulse.md 3.2).
pub(super) fn record(answer: &Value) -> Option<&Value> {
    let data = answer.get("data")?;
    data.get("data").filter(|inner| inner.is_object()).or(Some(data)).filter(|data| data.is_object())
}

/// The records of an answer: contacts come as `{data:{list}}`, deals as `{data}` (sendpulse.md 3.3), and the
/// vendor's own description draws some lists as one object or as a map.
pub(super) fn list(answer: &Value) -> Vec<&Value> {
    let data = answer.get("data").unwrap_or(answer);
    let inner = ["list", "data"].into_iter().find_map(|key| data.get(key).filter(|list| !list.is_null()));
    entries(inner.unwrap_or(data))
}

/// The entries of a list, of a map by id, or the one object that stands for a list of one.
pub(super) fn entries(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) if map.contains_key("id") => vec![value],
        Value::Object(map) => map.values().filter(|entry| entry.is_object()).collect(),
        _ => Vec::new(),
    }
}

/// The id an answer names, be it a number or a text.
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

/// A whole number, also one written as text.
pub(super) fn number_of(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An answer that is no success.
enum Failure {
    Refused(Refusal),
    /// Nobody can tell whether it was done.
    Unclear(String),
    Trouble(Trouble),
}

fn judge(crm: &Sendpulse, response: &Response, name: &'static str) -> Result<Value, Failure> {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok().filter(Value::is_object);
    let code = body.as_ref().and_then(code_of);
    if code == Some(TOO_MANY) {
        return Err(rate_limited(response));
    }
    if code == Some(NOT_FOUND) {
        return Err(Failure::Refused(Refusal::NotFound));
    }
    let is_success = (200..300).contains(&response.status);
    match body {
        Some(body) if is_success && code.is_none() => Ok(body),
        None if response.status == 204 && response.body.is_empty() => Ok(Value::Null),
        None if is_success => Err(Failure::Unclear(format!("{name}: HTTP {} without a JSON answer", response.status))),
        body => {
            let status = if is_success { code.and_then(status_told).unwrap_or(422) } else { response.status };
            Err(failed(crm, response, status, body.as_ref(), name))
        }
    }
}

/// The status that the code of an error told with a success stands for: the gateway's codes are statuses, the CRM's
/// own are not.
fn status_told(code: u64) -> Option<u16> {
    u16::try_from(code).ok().filter(|code| matches!(code, 401..=404 | 429 | 500..=504))
}

fn failed(crm: &Sendpulse, response: &Response, status: u16, body: Option<&Value>, name: &'static str) -> Failure {
    match status {
        401 => Failure::Trouble(unauthorized(crm)),
        402 | 403 => Failure::Trouble(Trouble::NotAllowed(format!(
            "{name}: the plan must be CRM Basic or higher, and the role of the key's user must allow it"
        ))),
        404 if body.is_some() || response.body.is_empty() => Failure::Refused(Refusal::NotFound),
        404 | 405 => Failure::Trouble(Trouble::Malformed(format!("{name}: no such address; check the setting url"))),
        429 => rate_limited(response),
        503 if speaks_of_rate(response) => rate_limited(response),
        408 | 500.. => Failure::Unclear(format!("{name}: HTTP {status}")),
        300..=399 => {
            Failure::Trouble(Trouble::Malformed(format!("{name}: the address redirects; check the setting url")))
        }
        _ => Failure::Refused(Refusal::Bad(BadData::new(status, body))),
    }
}

/// A token of an hour has run out; a key without expiry is dead.
fn unauthorized(crm: &Sendpulse) -> Trouble {
    match crm.settings.credentials {
        Credentials::App { .. } => Trouble::TokenExpired,
        Credentials::Key(_) => Trouble::CredentialsDead("the API key is not accepted".to_owned()),
    }
}

/// What an answer tells of the quota: there are no headers (sendpulse.md 3.1), so only that it is a refusal for the
/// rate.
pub(super) fn meter(response: &Response) -> Meter {
    // The code may come with any status; few bodies hold its digits.
    let digits = TOO_MANY.to_string();
    let holds = || response.body.windows(digits.len()).any(|part| part == digits.as_bytes());
    let coded =
        || holds() && serde_json::from_slice(&response.body).ok().and_then(|body| code_of(&body)) == Some(TOO_MANY);
    let is_refusal = response.status == 429 || (response.status == 503 && speaks_of_rate(response)) || coded();
    if is_refusal { Meter::refused(Limit::Rate, response) } else { Meter::default() }
}

fn speaks_of_rate(response: &Response) -> bool {
    String::from_utf8_lossy(&response.body).to_lowercase().contains("rate limit")
}

fn rate_limited(response: &Response) -> Failure {
    Failure::Trouble(Trouble::RateLimited { retry_after: response.retry_after() })
}

/// The code of an error: the gateway's `error_code`, or the CRM's own inside `data`, where no record has one.
fn code_of(body: &Value) -> Option<u64> {
    let own = || body.get("data").filter(|data| data.get("id").is_none()).and_then(|data| data.get("code"));
    body.get("error_code").or_else(own).and_then(number_of).filter(|code| *code != 0)
}
