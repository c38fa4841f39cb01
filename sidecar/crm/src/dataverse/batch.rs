//! Several requests in one: what a `$batch` looks like, going and coming (dataverse.md 4.5).

use serde_json::{Map, Value};

use super::guid::Guid;
use crate::transport::{Method, Response};

/// Operations in one batch: their time counts together, and small ones are advised (dataverse.md 5).
pub(super) const OPERATIONS_MAX: usize = 10;

/// One write: part of a change set, or a request of its own.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// For spans and counters, when it travels alone.
    pub(super) name: &'static str,
    pub(super) method: Method,
    /// From the set's name on: `phonecalls(…)`.
    pub(super) path: String,
    /// `None` for making rows by `POST`.
    pub(super) condition: Option<Condition>,
    pub(super) body: Map<String, Value>,
}

/// What must hold of the row, so that nothing is made or changed by mistake (dataverse.md 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It is there.
    There,
    /// It is not there.
    Missing,
}

impl Condition {
    /// The header that says so; its value is `*`.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::There => "If-Match",
            Self::Missing => "If-None-Match",
        }
    }
}

/// The prefix of every path (dataverse.md 3: newer and older versions keep working).
pub(super) const PREFIX: &str = "/api/data/v9.2";

/// The name of the line between parts; `seed` keeps it from turning up in the parts themselves.
pub(super) fn boundary(kind: &str, seed: &Guid) -> String {
    format!("{kind}_{seed}")
}

/// A batch of one change set: all of it happens, or nothing.
pub(super) fn change_set(operations: &[Operation], seed: &Guid) -> Vec<u8> {
    let (batch, set) = (boundary("batch", seed), boundary("changeset", seed));
    let mut text = format!("--{batch}\r\nContent-Type: multipart/mixed; boundary=\"{set}\"\r\n\r\n");
    for (index, operation) in operations.iter().enumerate() {
        text.push_str(&format!(
            "--{set}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {}\r\n\r\n",
            index + 1
        ));
        text.push_str(&format!("{} {PREFIX}/{} HTTP/1.1\r\n", operation.method.as_str(), operation.path));
        text.push_str("Content-Type: application/json\r\n");
        if let Some(condition) = operation.condition {
            text.push_str(&format!("{}: *\r\n", condition.header()));
        }
        text.push_str(&format!("\r\n{}\r\n", Value::Object(operation.body.clone())));
    }
    text.push_str(&format!("--{set}--\r\n--{batch}--\r\n"));
    text.into_bytes()
}

/// A batch of reads; they stand outside of change sets.
pub(super) fn reads(paths: &[String], seed: &Guid) -> Vec<u8> {
    let batch = boundary("batch", seed);
    let mut text = String::new();
    for path in paths {
        text.push_str(&format!(
            "--{batch}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        ));
        text.push_str(&format!("GET {PREFIX}/{path} HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"));
    }
    text.push_str(&format!("--{batch}--\r\n"));
    text.into_bytes()
}

/// The answers inside a batch's answer, in its order; none when there are no parts in it.
pub(super) fn parts(response: &Response) -> Vec<Response> {
    let body = String::from_utf8_lossy(&response.body);
    let mut lines = body.lines();
    let mut parts = Vec::new();
    while let Some(line) = lines.next() {
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let Some(status) = status else { continue };
        let headers = lines.by_ref().take_while(|line| !line.is_empty()).filter_map(header).collect();
        // No line of a JSON text begins with a dash, and boundaries all do.
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("--")).collect();
        parts.push(Response { status, headers, body: body.join("\n").into_bytes() });
    }
    parts
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
