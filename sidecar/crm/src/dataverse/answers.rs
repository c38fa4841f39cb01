//! What the CRM answered: success, a refusal, or trouble (dataverse.md 5). The code decides before the status: some
//! errors are documented with two of them. No text of the CRM's is passed on, since it may quote what was sent: codes
//! and names of columns are.

use serde_json::Value;

use super::settings::{EXECUTION, REQUESTS};
use crate::{
    dialect::{Left, Limit, Meter},
    transport::Response,
    trouble::Trouble,
};

/// Service protection: requests, execution time, concurrency. Its longest window is five minutes. Spending execution
/// time is a matter of both how often and how many at once.
const RATE_CODES: &[(&str, Limit)] =
    &[("0x80072322", Limit::Rate), ("0x80072321", Limit::Unknown), ("0x80072326", Limit::Concurrency)];
/// What is left of the five minutes' requests and seconds, told for debugging (dataverse.md 5).
const LEFT_HEADERS: [(&str, &str); 2] = [
    (REQUESTS, "x-ms-ratelimit-burst-remaining-xrm-requests"),
    (EXECUTION, "x-ms-ratelimit-time-remaining-xrm-requests"),
];
/// No application user; a privilege is missing (the last is the check's older code); the user is disabled.
const RIGHT_CODES: &[(&str, &str)] = &[
    ("0x80072560", "the environment has no application user for this application; add one with a security role"),
    ("0x80040220", "the application user's security role lacks a privilege"),
    ("0x80048306", "the application user's security role lacks access to a row"),
    ("0x80040299", "the application user's security role lacks a privilege"),
    ("0x80040225", "the application user is disabled"),
    ("0x8004d24b", "the application user is disabled"),
];
/// A row with the same id or alternate key is there.
const EXISTS_CODES: &[&str] = &["0x80060892", "0x80040237"];
/// A duplicate detection rule of the organisation found another row.
const DUPLICATE_CODE: &str = "0x80040333";
/// A row referred to is not there.
const GONE_CODE: &str = "0x80040217";
/// A value is too long, or not valid in another way.
const TOO_LONG_CODE: &str = "0x80044331";

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

/// An answer that is no success.
pub(super) enum Failure {
    /// About the values; certainly nothing was written.
    Refused(Refusal),
    Trouble(Trouble),
}

/// Why the CRM does not take what was sent.
#[derive(Clone)]
pub(super) struct Refusal {
    pub(super) why: Why,
    /// The CRM's code, or the status where it gives none.
    pub(super) code: String,
    /// In small letters, for looking for names of columns and tables. Never passed on.
    message: String,
}

/// Kinds of refusal the engine is to react to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The row is there already.
    Exists,
    /// Another row is a duplicate by a rule or key of the organisation.
    Duplicate,
    /// A row is not there.
    Gone,
    /// A value is too long.
    TooLong,
    /// Anything else.
    Bad,
}

impl Refusal {
    /// Whether the message names a column that was sent: names stand in quotes.
    pub(super) fn names(&self, column: &str) -> bool {
        let column = column.to_lowercase();
        ['\'', '"'].iter().any(|quote| self.message.contains(&format!("{quote}{column}{quote}")))
    }

    /// Whether it is the id itself that is taken, which nobody but us makes: no alternate key and no rule.
    pub(super) fn is_about_own_id(&self) -> bool {
        self.why == Why::Exists && matches!(self.code.as_str(), "http_412" | "0x80040237")
    }

    /// Whether the message speaks of a table.
    pub(super) fn speaks_of(&self, table: &str) -> bool {
        self.message.contains(table)
    }

    /// The longest value the CRM takes, where it says so: it is the last number of the message.
    pub(super) fn length_max(&self) -> Option<usize> {
        let words = self.message.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter_map(|word| word.parse().ok()).next_back().filter(|max| *max > 0)
    }
}

/// Whether a write worked.
pub(super) fn judge(intent: Intent, name: &str, response: &Response) -> Result<(), Failure> {
    let blank = response.body.iter().all(u8::is_ascii_whitespace);
    let body: Option<Value> = serde_json::from_slice(&response.body).ok().filter(Value::is_object);
    if (200..300).contains(&response.status) {
        let readable = blank || body.is_some();
        let lost = || Failure::Trouble(intent.lost(format!("unreadable answer at {name}, HTTP {}", response.status)));
        return readable.then_some(()).ok_or_else(lost);
    }
    let error = body.as_ref().and_then(|body| body.get("error"));
    let text = |key| error.and_then(|error: &Value| error.get(key)).and_then(Value::as_str).unwrap_or_default();
    let code = Some(text("code").to_ascii_lowercase()).filter(|code| is_code(code)).unwrap_or_default();
    if let Some(trouble) = by_code(&code, name, response) {
        return Err(Failure::Trouble(trouble));
    }
    let is_api = error.is_some();
    by_status(intent, name, response, is_api, &code, text("message"))
}

/// Codes are 32 bits in hexadecimal. Anything else may be what was sent, and is not passed on.
fn is_code(text: &str) -> bool {
    let hex = text.strip_prefix("0x").unwrap_or_default();
    (1..=8).contains(&hex.len()) && hex.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// One row or a list. `None`: there is no such row.
pub(super) fn row(name: &str, response: &Response) -> Result<Option<Value>, Trouble> {
    match judge(Intent::Read, name, response) {
        Ok(()) => {}
        Err(Failure::Refused(refusal)) if refusal.why == Why::Gone => return Ok(None),
        Err(Failure::Refused(refusal)) => return Err(Trouble::Malformed(format!("{} at {name}", refusal.code))),
        Err(Failure::Trouble(trouble)) => return Err(trouble),
    }
    let unreadable = || Trouble::Unavailable(format!("unreadable answer at {name}, HTTP {}", response.status));
    serde_json::from_slice(&response.body).ok().filter(Value::is_object).map(Some).ok_or_else(unreadable)
}

/// Codes that mean the same wherever they appear.
fn by_code(code: &str, name: &str, response: &Response) -> Option<Trouble> {
    if RATE_CODES.iter().any(|(own, _)| *own == code) {
        return Some(rate_limited(response));
    }
    let (code, hint) = RIGHT_CODES.iter().find(|(own, _)| *own == code)?;
    Some(Trouble::NotAllowed(format!("{code} at {name}: {hint}")))
}

fn by_status(
    intent: Intent,
    name: &str,
    response: &Response,
    is_api: bool,
    code: &str,
    message: &str,
) -> Result<(), Failure> {
    let status = response.status;
    let message = message.to_lowercase();
    let why = match (status, code) {
        _ if EXISTS_CODES.contains(&code) => Why::Exists,
        (_, DUPLICATE_CODE) => Why::Duplicate,
        (_, GONE_CODE) => Why::Gone,
        (_, TOO_LONG_CODE) => Why::TooLong,
        (412, _) if !message.contains("rowversion") => Why::Exists,
        (404, _) if is_api => Why::Gone,
        (413 | 501, _) => Why::Bad,
        (400..=499, _) if is_api && !matches!(status, 401 | 403 | 408 | 412 | 429) => Why::Bad,
        _ => return Err(Failure::Trouble(trouble(intent, name, response))),
    };
    let code = if code.is_empty() { format!("http_{status}") } else { code.to_owned() };
    Err(Failure::Refused(Refusal { why, code, message }))
}

fn trouble(intent: Intent, name: &str, response: &Response) -> Trouble {
    match response.status {
        401 => Trouble::TokenExpired,
        403 => Trouble::NotAllowed(format!("HTTP 403 at {name}: the application user may not do this")),
        // The row changed between reading and writing: reading again helps.
        412 => Trouble::Unavailable(format!("the row changed meanwhile at {name}")),
        429 => rate_limited(response),
        503 if response.retry_after().is_some() => Trouble::RateLimited { retry_after: response.retry_after() },
        // Turned away at the door: rows with an id of ours are safe to send again.
        503 => Trouble::Unavailable(format!("HTTP 503 at {name}")),
        300..=399 => Trouble::CredentialsDead("the address redirects; check the setting url".to_owned()),
        400..=499 if response.status != 408 => {
            Trouble::CredentialsDead("there is no Dataverse at this address; check the setting url".to_owned())
        }
        status => intent.lost(format!("HTTP {status} at {name}")),
    }
}

/// What an answer tells of the quota.
pub(super) fn meter(response: &Response) -> Meter {
    let mut meter = match response.status {
        200..=399 => Meter::default(),
        status => {
            let body: Option<Value> = serde_json::from_slice(&response.body).ok();
            let code = body.as_ref().and_then(|body| body.get("error")?.get("code")?.as_str()).unwrap_or_default();
            let limit = RATE_CODES.iter().find(|(own, _)| own.eq_ignore_ascii_case(code)).map(|(_, limit)| *limit);
            let by_status = || {
                let is_refusal = status == 429 || (status == 503 && response.retry_after().is_some());
                is_refusal.then_some(Limit::Unknown)
            };
            let limit = limit.or_else(by_status);
            limit.map_or_else(Meter::default, |limit| Meter::refused(limit, response))
        }
    };
    let left = |(budget, header)| Some(Left::of(budget, Meter::number(response, header)?));
    meter.left.extend(LEFT_HEADERS.into_iter().filter_map(left));
    meter
}

fn rate_limited(response: &Response) -> Trouble {
    Trouble::RateLimited { retry_after: response.retry_after() }
}
