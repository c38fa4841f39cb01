//! From bytes to rows of named texts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{BODY_MAX, Delivery, IntakeError, names};

/// Most rows in one request: the body's bound divided by a short row.
const ROWS_MAX: usize = 1000;
/// Most parameters of one row, nested ones and the query's included: the platform has some sixty.
const PARAMS_MAX: usize = 200;
/// Most bytes the query may add to a list of rows, each of which gets its parameters.
const SHARED_MAX: usize = 4 * 1024 * 1024;
/// Blocks that hold further parameters of the same call, in lower case: the platform's (payload 05), a relay's
/// (payload 26).
const NESTED: &[&str] = &["additional_call_data", "extrafields"];

/// One call's parameters as sent.
#[derive(Default)]
pub(super) struct Row {
    /// In the order of precedence; a name may occur several times.
    pub(super) values: Vec<Given>,
}

/// One parameter as sent.
pub(super) struct Given {
    /// How deep it stood: 0 root, 1 nested block, 2 query.
    pub(super) depth: u8,
    /// Its name.
    pub(super) name: String,
    /// Its value as text.
    pub(super) value: String,
}

/// The rows of a delivery; the query's parameters belong to each of them.
pub(super) fn rows(delivery: &Delivery<'_>, own: &BTreeMap<String, String>) -> Result<Vec<Row>, IntakeError> {
    let query = delivery.query.unwrap_or_default();
    if delivery.body.len() > BODY_MAX || query.len() > BODY_MAX {
        return Err(IntakeError::TooLarge);
    }
    let mut rows = match json_of(delivery)? {
        Some(json) => rows_of_json(json, own)?,
        None => vec![form_row(delivery.body)?],
    };
    if rows.len() > 1 && rows.len().saturating_mul(query.len()) > SHARED_MAX {
        return Err(IntakeError::TooLarge);
    }
    let query = pairs(query)?;
    for row in &mut rows {
        row.values.extend(query.iter().map(|(name, value)| given(2, name, value.clone())));
    }
    if let [row] = rows.as_slice()
        && row.values.is_empty()
    {
        return Err(IntakeError::Empty);
    }
    let several = rows.len() > 1;
    match rows.iter().position(|row| row.values.len() > PARAMS_MAX) {
        Some(row) => Err(IntakeError::TooManyParams { row: several.then_some(row), max: PARAMS_MAX }),
        None => Ok(rows),
    }
}

/// The body as JSON, when it is. Many senders leave the type out or let a form's stand there, so the first
/// character decides, and only a type that says JSON makes it an error.
fn json_of(delivery: &Delivery<'_>) -> Result<Option<Value>, IntakeError> {
    let declared = delivery.content_type.unwrap_or_default();
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let says_json = declared.ends_with("/json") || declared.ends_with("+json");
    let says_form = declared == "application/x-www-form-urlencoded";
    let body = delivery.body.trim_ascii();
    if body.is_empty() {
        return Ok(None);
    }
    if !says_json && !says_form && !matches!(declared.as_str(), "" | "text/plain" | "application/octet-stream") {
        return Err(IntakeError::UnsupportedType(declared.chars().take(64).collect()));
    }
    if !says_json && !matches!(body.first(), Some(b'{' | b'[')) {
        return Ok(None);
    }
    match serde_json::from_slice(body) {
        Ok(json) => Ok(Some(json)),
        Err(_) if says_form => Ok(None),
        Err(error) => {
            let problem = format!("line {}, column {}", error.line(), error.column());
            Err(IntakeError::Malformed { kind: "JSON", problem })
        }
    }
}

fn form_row(body: &[u8]) -> Result<Row, IntakeError> {
    let malformed = || IntakeError::Malformed { kind: "form", problem: "it is not UTF-8".to_owned() };
    let text = str::from_utf8(body).map_err(|_| malformed())?;
    let values = pairs(text.trim())?.into_iter().map(|(name, value)| given(0, &name, value));
    Ok(Row { values: values.collect() })
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, IntakeError> {
    serde_urlencoded::from_str(text)
        .map_err(|error| IntakeError::Malformed { kind: "form", problem: error.to_string() })
}

/// One object is one row, a list has one row for each object in it. An object that says nothing of a call itself
/// wraps rows: `{"data": {…}}`, `{"calls": [{…}]}` (payload 23); what stands beside them is the wrapper's own.
fn rows_of_json(json: Value, own: &BTreeMap<String, String>) -> Result<Vec<Row>, IntakeError> {
    let items = match json {
        Value::Array(items) => items,
        Value::Object(object) if wraps_rows(&object, own) => object.into_values().flat_map(wrapped).collect(),
        object @ Value::Object(_) => vec![object],
        _ => return Err(IntakeError::NotARow { row: 0 }),
    };
    if items.len() > ROWS_MAX {
        return Err(IntakeError::TooManyRows { max: ROWS_MAX });
    }
    let row = |(row, item)| match item {
        Value::Object(object) => Ok(json_row(object)),
        _ => Err(IntakeError::NotARow { row }),
    };
    items.into_iter().enumerate().map(row).collect()
}

fn wraps_rows(object: &Map<String, Value>, own: &BTreeMap<String, String>) -> bool {
    let is_inner = |name: &str, value: &Value| is_nested(name) || !(value.is_object() || value.is_array());
    let wraps = |value: &Value| match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    };
    let names_call =
        object.iter().any(|(name, value)| is_inner(name, value) && (is_nested(name) || names::names_call(name, own)));
    !names_call && object.values().any(wraps)
}

fn wrapped(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        object @ Value::Object(_) => vec![object],
        _ => Vec::new(),
    }
}

fn json_row(object: Map<String, Value>) -> Row {
    let mut values = Vec::new();
    let mut blocks = Vec::new();
    for (name, value) in object {
        match value {
            Value::Object(block) if is_nested(&name) => blocks.push(block),
            value => values.extend(text_of(value).map(|value| given(0, &name, value))),
        }
    }
    for (name, value) in blocks.into_iter().flatten() {
        values.extend(text_of(value).map(|value| given(1, &name, value)));
    }
    Row { values }
}

/// A value as text; numbers and texts are the same to the platform. Structures nobody knows keep their JSON.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn is_nested(name: &str) -> bool {
    NESTED.iter().any(|nested| nested.eq_ignore_ascii_case(name.trim()))
}

fn given(depth: u8, name: &str, value: String) -> Given {
    Given { depth, name: bare(name).to_owned(), value }
}

/// A name the platform could not fill in stays in its braces: `{{name}}` (telephony/events.md 2.1).
fn bare(name: &str) -> &str {
    let name = name.trim();
    name.strip_prefix("{{").and_then(|name| name.strip_suffix("}}")).map_or(name, str::trim)
}
