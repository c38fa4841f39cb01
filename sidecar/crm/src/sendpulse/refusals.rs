//! What the CRM finds wrong with a record, and what that means for the step that sent it.
//!
//! The body of a 422 is not known (sendpulse.md 3.1), so three usual shapes are read: a text, fields with texts, and
//! a list of errors that name their field.

use serde_json::Value;
use tieline_engine::step::StepResult;

use super::{answers::text_of, attributes::Filled};

/// Why the CRM refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// What the path or the record refers to is not there.
    NotFound,
    /// The data are bad.
    Bad(BadData),
}

/// Bad data as the CRM describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadData {
    /// The CRM's code, else the HTTP status.
    pub(super) code: String,
    /// Where an error is, when it is told, and its text.
    errors: Vec<(Option<String>, String)>,
}

/// What bad data mean for the step: a contact field to leave out, or work for a person. A request that holds nothing
/// but fields can have nothing else wrong; where nobody says which, the last goes first.
pub(super) fn explain(filled: &[Filled], only_fields: bool, data: &BadData) -> StepResult {
    match data.about(filled).or_else(|| filled.last().filter(|_| only_fields)) {
        Some(field) => StepResult::FieldRefused { field: field.name.clone(), text: data.code.clone() },
        None => refusal(&data.code, &data.fields()),
    }
}

/// A refusal a person must act upon.
pub(super) fn refusal(code: &str, text: &str) -> StepResult {
    StepResult::Refused { code: code.to_owned(), text: text.to_owned() }
}

/// What the CRM cannot do at all.
pub(super) fn not_supported() -> StepResult {
    refusal("not_supported", "the CRM has no such thing")
}

impl BadData {
    pub(super) fn new(status: u16, body: Option<&Value>) -> Self {
        let inner = body.and_then(|body| body.get("data"));
        let field = |name: &str| [body, inner].into_iter().flatten().find_map(|body| body.get(name));
        let code = field("error_code").or_else(|| field("code")).and_then(text_of);
        let code = code.filter(|code| code.len() <= 24 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let mut errors: Vec<(Option<String>, String)> = match field("errors").or_else(|| field("error")) {
            Some(Value::Object(map)) => map.iter().map(|(key, text)| (Some(key.clone()), text.to_string())).collect(),
            Some(Value::Array(list)) => list.iter().map(|error| (place_of(error), error.to_string())).collect(),
            Some(text) => vec![(None, text.to_string())],
            None => Vec::new(),
        };
        errors.extend(field("message").map(|text| (None, text.to_string())));
        Self { code: code.unwrap_or_else(|| status.to_string()), errors }
    }

    /// The contact field an error is about: by its position among those sent, by its name, or the first one
    /// where the CRM says only that a field is wrong.
    fn about<'f>(&self, filled: &'f [Filled]) -> Option<&'f Filled> {
        let by_position = self.errors.iter().filter_map(|(key, _)| key.as_deref()).find_map(position);
        let by_name =
            || filled.iter().find(|field| self.errors.iter().any(|(_, text)| text.contains(field.attribute.as_str())));
        let is_about_fields = || self.says("attribute");
        by_position
            .and_then(|index| filled.get(index))
            .or_else(by_name)
            .or_else(|| filled.first().filter(|_| is_about_fields()))
    }

    /// Whether an error speaks of something.
    pub(super) fn says(&self, word: &str) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(word);
        self.errors.iter().any(|(key, text)| key.as_deref().is_some_and(holds) || holds(text))
    }

    /// The fields named by key, for the person who has to act.
    pub(super) fn fields(&self) -> String {
        let keys: Vec<&str> = self.errors.iter().filter_map(|(key, _)| identifier(key.as_deref()?)).collect();
        if keys.is_empty() { "no field named".to_owned() } else { format!("fields: {}", keys.join(", ")) }
    }
}

/// `attributes.1.value`, `attributesValues[1]`: the second field sent.
fn position(key: &str) -> Option<usize> {
    let rest = key.strip_prefix("attributesValues").or_else(|| key.strip_prefix("attributes"))?;
    let digits: String = rest.trim_start_matches(['.', '[']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The field an error of a list names.
fn place_of(error: &Value) -> Option<String> {
    ["field", "property", "name", "path"].into_iter().find_map(|key| text_of(error.get(key)?))
}

/// A name of a field: nothing that could be somebody's number or name.
pub(super) fn identifier(text: &str) -> Option<&str> {
    let shape = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']');
    let is_name = text.len() <= 64 && text.bytes().all(shape) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_name && text.bytes().filter(u8::is_ascii_digit).count() < 5).then_some(text)
}
