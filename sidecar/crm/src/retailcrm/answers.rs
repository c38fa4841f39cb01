//! What the CRM answered: success, a refusal, or trouble (retailcrm.md 1.9).
//!
//! The official clients tell errors apart by the text of `errorMsg`, whatever the status; so does this. No text of
//! the CRM's is passed on as it is, since it may quote what was sent: codes and names of fields are.

use serde_json::Value;

use super::refusals::{BadData, Refusal, identifier};
use crate::{
    dialect::{Limit, Meter, Session},
    transport::{Request, Response, SendError},
    trouble::Trouble,
};

/// What is said to whoever asks too often.
const RATE_EXCEEDED: &str = "Rate limit exceeded";

/// The answer to a write: the CRM's object, or why it refuses.
pub(super) type Written = Result<Value, Refusal>;

/// Sends a reading request. `None`: there is no such record.
pub(super) async fn read(session: &Session<'_>, request: Request) -> Result<Option<Value>, Trouble> {
    let name = request.name;
    let response = session.net.send(request).await.map_err(|error| match error {
        SendError::NotSent(text) | SendError::NoAnswer(text) => Trouble::Unavailable(text),
    })?;
    match judge(&response, name) {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Refused(Refusal::NotFound)) => Ok(None),
        Err(Failure::Refused(Refusal::Bad(data))) => {
            Err(Trouble::Malformed(format!("{name}: {} ({})", data.code, data.fields())))
        }
        Err(Failure::Unclear(text)) => Err(Trouble::Unavailable(text)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
    }
}

/// Sends a writing request. An answer that cannot be read leaves open whether it was done.
pub(super) async fn write(session: &Session<'_>, request: Request) -> Result<Written, Trouble> {
    let name = request.name;
    let response = session.net.send(request).await?;
    match judge(&response, name) {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(Failure::Unclear(text)) => Err(Trouble::Uncertain(text)),
        Err(Failure::Trouble(trouble)) => Err(trouble),
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

/// The entries of a list, or of a map by code: dictionaries are maps (retailcrm.md 1.5), empty ones lists.
pub(super) fn entries(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(map)) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// An answer that is no success.
enum Failure {
    Refused(Refusal),
    /// Nobody can tell whether it was done.
    Unclear(String),
    Trouble(Trouble),
}

fn judge(response: &Response, name: &'static str) -> Result<Value, Failure> {
    let Some(body) = serde_json::from_slice::<Value>(&response.body).ok().filter(Value::is_object) else {
        return Err(unreadable(response, name));
    };
    let success = body.get("success").and_then(Value::as_bool);
    if (200..300).contains(&response.status) && success != Some(false) {
        let unclear = || Failure::Unclear(format!("{name}: no success flag in the answer"));
        return success.map(|_| body).ok_or_else(unclear);
    }
    let message = body.get("errorMsg").and_then(Value::as_str).unwrap_or_default().trim();
    if let Some(failure) = by_message(message, response, name) {
        return Err(failure);
    }
    Err(by_status(message, &body, response, name))
}

/// Failures whose text decides, whatever the status.
fn by_message(message: &str, response: &Response, name: &'static str) -> Option<Failure> {
    let trouble = match message {
        RATE_EXCEEDED => rate_limited(response),
        "Account does not exist." => no_account(),
        "Wrong \"apiKey\" value." => Trouble::CredentialsDead("the API key is wrong".to_owned()),
        "\"apiKey\" is missing." => Trouble::CredentialsDead("the API key did not arrive".to_owned()),
        "Access denied." => Trouble::NotAllowed(format!("the API key has no right to {name}")),
        "API method not found" => Trouble::Malformed(format!("{name}: the CRM has no such method")),
        "Method Not Allowed" => Trouble::Malformed(format!("{name}: wrong HTTP method")),
        "Not found" => return Some(Failure::Refused(Refusal::NotFound)),
        _ if message.starts_with("Telephony not enabled") => {
            let hint =
                "the account's telephony takes no calls: connect the telephony module there or set call_log to off";
            Trouble::NotAllowed(hint.to_owned())
        }
        _ => return missing_parameter(message, name),
    };
    Some(Failure::Trouble(trouble))
}

/// `Parameter 'site' is missing`: the same for every call, so a fault of the settings.
fn missing_parameter(message: &str, name: &'static str) -> Option<Failure> {
    let parameter = message.strip_prefix("Parameter ")?.strip_suffix(" is missing")?.trim_matches(['\'', '"']);
    let text = format!("{name}: parameter {} is missing", identifier(parameter).unwrap_or("?"));
    Some(Failure::Trouble(Trouble::Malformed(text)))
}

fn by_status(message: &str, body: &Value, response: &Response, name: &'static str) -> Failure {
    match response.status {
        401 => Failure::Trouble(Trouble::CredentialsDead("the API key is not accepted".to_owned())),
        403 => Failure::Trouble(Trouble::NotAllowed(format!("the API key may not do {name}"))),
        404 => Failure::Refused(Refusal::NotFound),
        405 => Failure::Trouble(Trouble::Malformed(format!("{name}: wrong HTTP method"))),
        429 => Failure::Trouble(rate_limited(response)),
        408 | 500.. => Failure::Unclear(format!("{name}: HTTP {}", response.status)),
        300..=399 => redirected(name),
        _ => Failure::Refused(Refusal::Bad(BadData::new(message, body.get("errors")))),
    }
}

/// What an answer tells of the quota: there are no headers, so only that it is a refusal for the rate.
pub(super) fn meter(response: &Response) -> Meter {
    let holds = || String::from_utf8_lossy(&response.body).contains(RATE_EXCEEDED);
    let is_refusal = response.status == 429
        || (holds() && matches!(judge(response, ""), Err(Failure::Trouble(Trouble::RateLimited { .. }))));
    if is_refusal { Meter::refused(Limit::Rate, response) } else { Meter::default() }
}

/// No JSON object: a page of a proxy, of the web server, or of nobody's account.
fn unreadable(response: &Response, name: &'static str) -> Failure {
    let text = String::from_utf8_lossy(&response.body);
    let is_page = text.trim_start().starts_with('<');
    if text.contains("Account does not exist") {
        return Failure::Trouble(no_account());
    }
    match response.status {
        400 | 404 if is_page => Failure::Trouble(no_account()),
        401 => Failure::Trouble(Trouble::CredentialsDead("the API key is not accepted".to_owned())),
        403 => Failure::Trouble(Trouble::NotAllowed(format!("{name}: access refused before the API was reached"))),
        429 => Failure::Trouble(rate_limited(response)),
        503 if text.contains(RATE_EXCEEDED) => Failure::Trouble(rate_limited(response)),
        300..=399 => redirected(name),
        400..=499 if response.status != 408 => {
            Failure::Trouble(Trouble::Malformed(format!("{name}: HTTP {} without a JSON answer", response.status)))
        }
        status => Failure::Unclear(format!("{name}: HTTP {status} without a JSON answer")),
    }
}

fn rate_limited(response: &Response) -> Trouble {
    Trouble::RateLimited { retry_after: response.retry_after() }
}

fn no_account() -> Trouble {
    Trouble::CredentialsDead("there is no account at this address; check the setting url".to_owned())
}

fn redirected(name: &'static str) -> Failure {
    Failure::Trouble(Trouble::Malformed(format!("{name}: the address redirects; check the setting url")))
}
