//! What the CRM finds wrong with an entity, and what that means for the step that sent it.

use serde_json::Value;
use tieline_engine::{
    record::Kind,
    step::{Action, Fields, Step, StepResult},
};

use super::values::SOURCE_KEYS;

/// Why the CRM refuses one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// What the path or the entity refers to is not there.
    NotFound,
    /// The data are bad.
    Bad(BadData),
}

/// Bad data as the CRM describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadData {
    /// A stable name of the kind of error.
    pub(super) code: &'static str,
    /// Field where one is named, and the text.
    errors: Vec<(Option<String>, String)>,
}

/// What bad data mean for the step: an optional field to leave out, a target that is gone, or work for a person.
pub(super) fn explain(step: &Step, target: Option<Kind>, data: &BadData) -> StepResult {
    let fields = match &step.action {
        Action::Create { fields, .. } | Action::Update { fields, .. } => Some(fields),
        _ => None,
    };
    if let Some(field) = fields.and_then(|fields| optional(fields, data)) {
        return StepResult::FieldRefused { field, text: data.code.to_owned() };
    }
    let gone = match target {
        Some(Kind::Contact) if data.misses("customer") => Some(Kind::Contact),
        Some(Kind::Deal) if data.misses("order") => Some(Kind::Deal),
        _ => None,
    };
    gone.map_or_else(
        || StepResult::Refused { code: data.code.to_owned(), text: data.fields() },
        |kind| StepResult::TargetGone { kind },
    )
}

/// The optional field an error is about, by the name the engine knows it: a mapped field's code, or a mark. Where
/// the CRM names only the group, its members are given up one after the other.
fn optional(fields: &Fields, data: &BadData) -> Option<String> {
    let named = fields.custom.keys().find(|code| data.names_custom(code));
    let custom = named.or_else(|| fields.custom.keys().next().filter(|_| data.names("customFields")));
    if let Some(code) = custom {
        return Some(code.clone());
    }
    let mut marks = SOURCE_KEYS.iter().filter(|(mark, _)| fields.marks.contains_key(*mark));
    let about_source = data.names("source");
    let by_name = marks.clone().find(|(_, key)| about_source && *key != "source" && data.names(key));
    by_name.or_else(|| marks.next().filter(|_| about_source)).map(|(mark, _)| (*mark).to_owned())
}

impl BadData {
    pub(super) fn new(message: &str, errors: Option<&Value>) -> Self {
        let named = |(field, text): (&String, &Value)| (Some(field.clone()), plain(text));
        let errors = match errors {
            Some(Value::Object(map)) => map.iter().map(named).collect(),
            Some(Value::Array(list)) => list.iter().map(|text| (None, plain(text))).collect(),
            Some(Value::String(text)) => vec![(None, text.clone())],
            _ => vec![(None, message.to_owned())],
        };
        Self { code: code(message), errors }
    }

    /// Whether an error is about a field: named as the key, as the end of a path, or in the text.
    pub(super) fn names(&self, field: &str) -> bool {
        self.errors
            .iter()
            .any(|(key, text)| key.as_deref().is_some_and(|key| has_word(key, field)) || has_word(text, field))
    }

    /// Whether an error is about this custom field. A code is any word, so the error has to speak of custom fields.
    pub(super) fn names_custom(&self, code: &str) -> bool {
        self.errors.iter().any(|(key, text)| {
            let key = key.as_deref().unwrap_or_default();
            let all = format!("{key} {text}").to_lowercase();
            let is_about = all.contains("customfield") || all.contains("custom field");
            key == code || (is_about && (has_word(key, code) || has_word(text, code)))
        })
    }

    /// Whether an error is about a record referred to by this field: its key, or a text that says it is not there.
    pub(super) fn misses(&self, field: &str) -> bool {
        self.errors.iter().any(|(key, text)| {
            let is_key = key.as_deref().is_some_and(|key| key == field || key.strip_prefix(field) == Some(".id"));
            is_key || (has_word(text, field) && (has_word(text, "found") || has_word(text, "exist")))
        })
    }

    /// The fields named by key, for the person who has to act.
    pub(super) fn fields(&self) -> String {
        let keys: Vec<&str> = self.errors.iter().filter_map(|(key, _)| identifier(key.as_deref()?)).collect();
        if keys.is_empty() { "no field named".to_owned() } else { format!("fields: {}", keys.join(", ")) }
    }
}

/// A text of an error, or of what it is made of.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.split(|c| !is_part(c)).any(|part| part.eq_ignore_ascii_case(word))
}

/// A name of a field: nothing that could be somebody's number or name.
pub(super) fn identifier(text: &str) -> Option<&str> {
    let shape = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']');
    let is_name = text.len() <= 64 && text.bytes().all(shape) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_name && text.bytes().filter(u8::is_ascii_digit).count() < 5).then_some(text)
}

/// A stable code for the texts the page lists.
fn code(message: &str) -> &'static str {
    match message {
        "Errors in the entity format" => "entity_format",
        "Validation error" => "validation",
        "Errors in the input parameters" => "input_parameters",
        "Task is not loaded" => "task_not_loaded",
        "Order is not loaded" => "order_not_loaded",
        "Customers are loaded with errors" | "Orders are loaded with errors" | "Calls are loaded with errors" => {
            "partial"
        }
        "ClientIds are loaded with errors" => "client_ids",
        _ => "bad_data",
    }
}
