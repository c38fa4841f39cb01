//! Reading answers: HTTP status and body to values, error codes to who must act (zoho.md 5, class table).
//! No text made here holds more of an answer than its codes and field names.

use std::time::Duration;

use serde_json::Value;
use tieline_engine::{
    ids::{RecordId, UserId},
    jiff::Timestamp,
};

use super::settings::CREDITS_BUDGET;
use crate::{
    dialect::{Left, Limit, Meter},
    transport::Response,
    trouble::Trouble,
};

/// How long to wait when the day's credits are gone: they come back little by little over 24 hours (zoho.md 3).
const CREDITS_GONE: Duration = Duration::from_secs(900);

/// Credits left of the day's.
const CREDITS_HEADER: &str = "x-api-credits-remaining";
/// What a refusal for a limit is called (zoho.md 3).
const RATE_CODES: [&str; 2] = ["TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"];

/// What a lost answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// Nothing can have happened.
    Read,
    /// It may have happened.
    Write,
}

impl Intent {
    /// The trouble of an answer that did not come or cannot be read.
    pub(super) fn lost(self, text: String) -> Trouble {
        match self {
            Self::Read => Trouble::Unavailable(text),
            Self::Write => Trouble::Uncertain(text),
        }
    }
}

/// A readable answer; an empty one is null.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// The answer to one request of a composite.
pub(super) struct Sub {
    /// The outer code: only `SUCCESS` means it was executed.
    pub(super) code: String,
    /// Its own answer.
    pub(super) reply: Option<Reply>,
}

/// An error as Zoho words it, at the top or in an item.
pub(super) struct Refusal<'a> {
    pub(super) code: String,
    pub(super) message: &'a str,
    pub(super) details: &'a Value,
}

impl<'a> Refusal<'a> {
    /// An object with a code other than success.
    pub(super) fn of(item: &'a Value) -> Option<Self> {
        let code = item.get("code").and_then(Value::as_str)?;
        if is_success(item) {
            return None;
        }
        let message = item.get("message").and_then(Value::as_str).unwrap_or_default();
        Some(Self { code: name_or_code(code), message, details: item.get("details").unwrap_or(&Value::Null) })
    }

    /// The field it is about, where it names one.
    pub(super) fn field(&self) -> Option<String> {
        let named = ["api_name", "column_name", "clause"].iter().find_map(|name| self.details.get(*name)?.as_str());
        named.map(name_or_code)
    }

    /// The code and the field, for people.
    pub(super) fn text(&self) -> String {
        match self.field() {
            Some(field) => format!("{} on {field}", self.code),
            None => self.code.clone(),
        }
    }

    /// The trouble of codes that mean the same wherever they appear.
    pub(super) fn trouble(&self, intent: Intent, name: &str) -> Option<Trouble> {
        let text = format!("{} at {name}", self.text());
        match self.code.as_str() {
            "INVALID_TOKEN" | "AUTHENTICATION_FAILURE" => Some(Trouble::TokenExpired),
            "OAUTH_SCOPE_MISMATCH" | "NO_PERMISSION" | "AUTHORIZATION_FAILED" | "INVALID_MODULE" => {
                Some(Trouble::NotAllowed(text))
            }
            code if RATE_CODES.contains(&code) => Some(Trouble::RateLimited { retry_after: None }),
            "INVALID_URL_PATTERN" | "INVALID_REQUEST_METHOD" => Some(Trouble::Malformed(text)),
            "INTERNAL_ERROR" | "SERVICE_UNAVAILABLE" | "REQUEST_TIMEOUT" => Some(intent.lost(text)),
            _ => None,
        }
    }
}

/// Reads an answer as far as status and top-level code go. Errors of single items are left to the caller.
pub(super) fn open(intent: Intent, name: &str, response: &Response) -> Result<Reply, Trouble> {
    let status = response.status;
    if status == 429 {
        return Err(rate_limited(response));
    }
    if status == 503 && speaks_of_rate(&response.body) {
        return Err(Trouble::RateLimited { retry_after: response.retry_after() });
    }
    if response.body.iter().all(u8::is_ascii_whitespace) && (status == 204 || (status == 200 && intent == Intent::Read))
    {
        return Ok(Reply { status, body: Value::Null });
    }
    let body: Option<Value> = serde_json::from_slice(&response.body).ok().filter(Value::is_object);
    let refusal = body.as_ref().and_then(Refusal::of);
    let trouble = refusal.as_ref().and_then(|refusal| refusal.trouble(intent, name));
    if let Some(refusal) = refusal.filter(|_| trouble.is_none() && intent == Intent::Write)
        && matches!(status, 401 | 403)
    {
        return Err(Trouble::NotAllowed(format!("{} at {name}", refusal.text())));
    }
    match (body, trouble) {
        (_, Some(trouble)) => Err(trouble),
        (_, None) if status >= 500 => Err(intent.lost(format!("HTTP {status} at {name}"))),
        (Some(body), None) => Ok(Reply { status, body }),
        (None, None) if status == 401 => Err(Trouble::TokenExpired),
        (None, None) => Err(intent.lost(format!("unreadable answer at {name}, HTTP {status}"))),
    }
}

fn rate_limited(response: &Response) -> Trouble {
    let left = response.header(CREDITS_HEADER).and_then(|left| left.trim().parse::<i64>().ok());
    let gone = left.filter(|left| *left <= 0).map(|_| CREDITS_GONE);
    Trouble::RateLimited { retry_after: response.retry_after().or(gone) }
}

/// What an answer tells of the quota. The header with the credits left comes once half of them are used (zoho.md 2),
/// so whatever it says, there are twice as many at least. The refusal does not say whether credits or requests at once
/// are meant.
pub(super) fn meter(response: &Response) -> Meter {
    let left = Meter::number(response, CREDITS_HEADER);
    let mut meter = match is_rate_refusal(response) {
        true if left.is_some_and(|left| left <= 0.0) => {
            let told = Meter::refused(Limit::Budget, response);
            Meter { wait: told.wait.or(Some(CREDITS_GONE)), ..told }
        }
        true => Meter::refused(Limit::Concurrency, response),
        false => Meter::default(),
    };
    let of_at_least = |left: f64| Some(left * 2.0);
    meter.left.extend(left.map(|left| Left { of_at_least: of_at_least(left), ..Left::of(CREDITS_BUDGET, left) }));
    meter
}

fn is_rate_refusal(response: &Response) -> bool {
    let named = || {
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        let code = body.as_ref().and_then(Refusal::of).map(|refusal| refusal.code);
        code.is_some_and(|code| RATE_CODES.contains(&code.as_str()))
    };
    match response.status {
        429 => true,
        503 if speaks_of_rate(&response.body) => true,
        400.. => named(),
        _ => false,
    }
}

fn speaks_of_rate(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    text.contains("rate limit") || text.contains("rate_limit") || text.contains("too many requests")
}

/// The items under a name of a reading answer; none when it is empty.
pub(super) fn items(name: &str, reply: Reply, list: &str) -> Result<Vec<Value>, ReadError> {
    if reply.body.is_null() && reply.status < 300 {
        return Ok(Vec::new());
    }
    let mut body = reply.body;
    let first = body.get("data").and_then(|data| data.get(0));
    if let Some(refusal) = Refusal::of(&body).or_else(|| first.filter(|item| is_error(item)).and_then(Refusal::of)) {
        let trouble = refusal.trouble(Intent::Read, name);
        let trouble = trouble.unwrap_or_else(|| Trouble::Malformed(format!("{} at {name}", refusal.text())));
        return Err(ReadError { code: Some(refusal.code), trouble });
    }
    match body.get_mut(list).map(Value::take) {
        Some(Value::Array(items)) if reply.status < 300 => Ok(items),
        _ => Err(ReadError::from(Trouble::Unavailable(format!("unreadable answer at {name}, HTTP {}", reply.status)))),
    }
}

/// Why a reading request brought nothing.
pub(super) struct ReadError {
    /// Zoho's code, where it gave one.
    pub(super) code: Option<String>,
    pub(super) trouble: Trouble,
}

impl From<Trouble> for ReadError {
    fn from(trouble: Trouble) -> Self {
        Self { code: None, trouble }
    }
}

/// The answers to the requests of a composite, by position. After a rollback the status is 400 and the answers
/// are there all the same.
pub(super) fn subs(intent: Intent, name: &str, reply: Reply, count: usize) -> Result<Vec<Sub>, Trouble> {
    let Some(list) = reply.body.get("__composite_requests").and_then(Value::as_array) else {
        let code = Refusal::of(&reply.body).map(|refusal| refusal.text());
        return Err(match code {
            Some(code) => Trouble::Malformed(format!("{code} at {name}")),
            None => intent.lost(format!("unreadable answer at {name}, HTTP {}", reply.status)),
        });
    };
    if list.len() < count && (reply.status < 300 || intent == Intent::Read) {
        return Err(intent.lost(format!("too few answers at {name}, HTTP {}", reply.status)));
    }
    Ok(list.iter().take(count).map(sub).collect())
}

fn sub(item: &Value) -> Sub {
    let response = item.get("details").and_then(|details| details.get("response"));
    let status = response.and_then(|response| response.get("status_code")).and_then(Value::as_u64);
    let reply = status.and_then(|status| u16::try_from(status).ok()).map(|status| {
        let body = response.and_then(|response| response.get("body")).cloned().unwrap_or_default();
        Reply { status, body: if body.is_object() { body } else { Value::Null } }
    });
    Sub { code: item.get("code").and_then(Value::as_str).map(name_or_code).unwrap_or_default(), reply }
}

/// Whether an item says it worked.
pub(super) fn is_success(item: &Value) -> bool {
    let says = |name: &str| item.get(name).and_then(Value::as_str);
    says("code") == Some("SUCCESS") || (says("code").is_none() && says("status") == Some("success"))
}

fn is_error(item: &Value) -> bool {
    item.get("status").and_then(Value::as_str) == Some("error")
}

/// The name of an edition or the id of a layout, with nothing in it that would mean something in an address.
pub(super) fn word(text: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | ' ' | '-');
    text.chars().filter(fits).take(64).collect()
}

/// A code or field name, without anything that could be personal data: what has other letters, or digits enough for a
/// telephone number, is neither.
fn name_or_code(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '-');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_word = text.len() <= 64 && digits < 9 && text.chars().all(fits);
    if is_word { text.to_owned() } else { "unreadable".to_owned() }
}

/// An id, as text or number.
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => object.get("id").filter(|id| !id.is_object()).and_then(id),
        _ => None,
    }
}

/// A record's id at a name.
pub(super) fn record_id(row: &Value, name: &str) -> Option<RecordId> {
    row.get(name).and_then(id).map(RecordId::new)
}

/// The user a record belongs to.
pub(super) fn owner(row: &Value) -> Option<UserId> {
    row.get("Owner").and_then(id).map(UserId::new)
}

/// A text at a name, unless it is blank.
pub(super) fn text(row: &Value, name: &str) -> Option<String> {
    match row.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A time at a name.
pub(super) fn time(row: &Value, name: &str) -> Option<Timestamp> {
    row.get(name).and_then(Value::as_str)?.parse().ok()
}
