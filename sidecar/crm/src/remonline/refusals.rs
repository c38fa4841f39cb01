//! What the CRM finds wrong with a request, and what that means for the step that sent it.

use serde_json::Value;
use tieline_engine::{
    record::Kind,
    step::{Action, Fields, Step, StepResult},
};

use super::{posts::Target, values::bare};

/// Why the CRM refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Something is not there: the path, or what it or the body refers to.
    NotFound(BadData),
    /// The data are bad.
    Bad(BadData),
}

/// Bad data as the CRM describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadData {
    /// `validation`, or the CRM's number, or the HTTP status.
    pub(super) code: String,
    /// Names of fields, those of nested objects with dots between.
    fields: Vec<String>,
    /// The text, for the words in it; never passed on.
    message: String,
}

/// What bad data mean for the step: an optional field to leave out, a client that is gone, or work for a person.
pub(super) fn explain(step: &Step, target: Target, data: &BadData) -> StepResult {
    let fields = match &step.action {
        Action::Create { fields, .. } | Action::Update { fields, .. } => Some(fields),
        _ => None,
    };
    if let Some(field) = fields.and_then(|fields| optional(fields, data)) {
        return StepResult::FieldRefused { field, text: data.code.clone() };
    }
    match target {
        Target::At(kind) | Target::Named(kind) if data.misses(kind) => return StepResult::TargetGone { kind },
        Target::Named(Kind::Contact) if data.names("client_id") => {
            return StepResult::TargetGone { kind: Kind::Contact };
        }
        Target::Named(kind) if data.fields.iter().any(|name| name.starts_with("rel_obj")) => {
            return StepResult::TargetGone { kind };
        }
        _ => {}
    }
    StepResult::Refused { code: data.code.clone(), text: data.advice() }
}

/// The mapped field an error is about. Where only the group of them is named, its members are given up one after
/// the other.
fn optional(fields: &Fields, data: &BadData) -> Option<String> {
    let by_name = || fields.custom.keys().find(|name| data.names_custom(name));
    by_name().or_else(|| fields.custom.keys().next().filter(|_| data.names_all_custom())).cloned()
}

impl BadData {
    /// Reads `message` as text or object, and `validation` inside it or beside it (remonline.md 2.2).
    pub(super) fn new(body: &Value, code: Option<u64>, status: u16) -> Self {
        let mut fields = Vec::new();
        let places = ["/message/validation", "/validation", "/errors"];
        let validation = places.into_iter().find_map(|place| body.pointer(place).filter(|value| value.is_object()));
        if let Some(validation) = validation.or_else(|| body.get("message").filter(|value| value.is_object())) {
            collect(validation, "", &mut fields);
        }
        let code = if fields.is_empty() {
            code.map_or_else(|| format!("http_{status}"), |code| format!("error_{code}"))
        } else {
            "validation".to_owned()
        };
        let message = body.get("message").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        Self { code, fields, message }
    }

    /// Whether an error is about a field of this name.
    fn names(&self, field: &str) -> bool {
        self.fields.iter().any(|name| name == field)
    }

    /// Whether the text says that a record of a kind is not there.
    pub(super) fn misses(&self, kind: Kind) -> bool {
        let word = match kind {
            Kind::Contact => "client",
            Kind::Lead => "lead",
            Kind::Deal => "order",
            Kind::Task | Kind::CallRecord | Kind::Note => return false,
        };
        self.message.contains(word) && (self.message.contains("not found") || self.message.contains("not exist"))
    }

    /// Whether an error is about a custom field, be it called `f12` or `12`.
    fn names_custom(&self, field: &str) -> bool {
        self.fields.iter().any(|name| name.rsplit('.').next().is_some_and(|last| bare(last) == bare(field)))
    }

    /// Whether an error is about the custom fields without saying which.
    fn names_all_custom(&self) -> bool {
        self.names("custom_fields")
    }

    /// The fields named, for the person who has to act.
    pub(super) fn fields(&self) -> String {
        let names: Vec<&str> = self.fields.iter().filter_map(|name| identifier(name)).collect();
        if names.is_empty() { "no field named".to_owned() } else { format!("fields: {}", names.join(", ")) }
    }

    fn advice(&self) -> String {
        let is_custom = |name: &String| {
            let last = name.rsplit('.').next().unwrap_or_default();
            !bare(last).is_empty() && bare(last).bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut named = self.fields.iter().filter(|name| identifier(name).is_some());
        let hint = if named.any(is_custom) { "; required ones go into required_fields" } else { "" };
        format!("{}{hint}", self.fields())
    }
}

/// How deep an object of errors is read: `custom_fields` and its members.
const DEPTH_MAX: usize = 3;

fn collect(value: &Value, path: &str, fields: &mut Vec<String>) {
    let Some(map) = value.as_object() else { return };
    for (key, inner) in map {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if inner.is_object() && name.split('.').count() < DEPTH_MAX {
            collect(inner, &name, fields);
        } else {
            fields.push(name);
        }
    }
}

/// A name of a field: nothing that could be somebody's number or name.
fn identifier(text: &str) -> Option<&str> {
    let shape = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    let is_name = text.len() <= 64 && text.bytes().all(shape) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    // A long run of digits could be a number; ids of custom fields have seven or eight.
    let longest = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    (is_name && longest < 9).then_some(text)
}
