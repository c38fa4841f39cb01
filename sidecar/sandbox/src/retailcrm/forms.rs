//! The fields of entities and what may stand in them.

use serde_json::{Map, Value, json};

use super::{
    RetailCrm,
    answers::{BLANK, NOT_VALID},
    settings::UnknownFields,
};

/// Characters of an ordinary text field [I].
const LONGEST_TEXT: usize = 255;
/// Characters of a comment [I].
const LONGEST_COMMENT: usize = 65_535;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Comment,
    Flag,
    Object,
    List,
    /// `[{"number": "…"}]`
    Phones,
    /// A user's id.
    Manager,
    /// The code of a status.
    Status,
    /// The code of an order method.
    Method,
    /// The code of an order type.
    Sort,
    /// The values of custom fields by code.
    CustomFields,
}

/// Fields a client may write, by entity (retailcrm.md 1.2, 1.4, 1.6).
pub(super) const CUSTOMER: &[(&str, Type)] = &[
    ("externalId", Type::Text),
    ("type", Type::Text),
    ("firstName", Type::Text),
    ("lastName", Type::Text),
    ("patronymic", Type::Text),
    ("phones", Type::Phones),
    ("email", Type::Text),
    ("managerId", Type::Manager),
    ("source", Type::Object),
    ("customFields", Type::CustomFields),
    ("firstClientId", Type::Text),
    ("lastClientId", Type::Text),
    ("browserId", Type::Text),
    ("tags", Type::List),
    ("addTags", Type::List),
    ("removeTags", Type::List),
    ("vip", Type::Flag),
    ("bad", Type::Flag),
    ("contragent", Type::Object),
    ("createdAt", Type::Text),
    ("address", Type::Object),
    ("sex", Type::Text),
    ("birthday", Type::Text),
    ("isContact", Type::Flag),
    ("subscribed", Type::Flag),
];
pub(super) const ORDER: &[(&str, Type)] = &[
    ("externalId", Type::Text),
    ("number", Type::Text),
    ("status", Type::Status),
    ("statusComment", Type::Comment),
    ("orderType", Type::Sort),
    ("orderMethod", Type::Method),
    ("managerId", Type::Manager),
    ("customer", Type::Object),
    ("contact", Type::Object),
    ("firstName", Type::Text),
    ("lastName", Type::Text),
    ("patronymic", Type::Text),
    ("phone", Type::Text),
    ("additionalPhone", Type::Text),
    ("email", Type::Text),
    ("source", Type::Object),
    ("managerComment", Type::Comment),
    ("customerComment", Type::Comment),
    ("customFields", Type::CustomFields),
    ("call", Type::Flag),
    ("clientId", Type::Text),
    ("createdAt", Type::Text),
    ("items", Type::List),
    ("countryIso", Type::Text),
    ("delivery", Type::Object),
];
pub(super) const TASK: &[(&str, Type)] = &[
    ("text", Type::Comment),
    ("performerId", Type::Manager),
    ("datetime", Type::Text),
    ("commentary", Type::Comment),
    ("order", Type::Object),
    ("customer", Type::Object),
    ("phone", Type::Text),
    ("phoneSite", Type::Text),
    ("complete", Type::Flag),
];

impl RetailCrm {
    /// The fields to store, or what is wrong with them by field.
    pub(super) fn check(
        &self,
        form: &[(&str, Type)],
        given: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Map<String, Value>> {
        let mut fields = Map::new();
        let mut errors = Map::new();
        for (name, value) in given {
            let Some((_, kind)) = form.iter().find(|(known, _)| known == name) else {
                if self.settings.unknown_fields == UnknownFields::Reject {
                    errors.insert(name.clone(), "This form should not contain extra fields.".into());
                }
                continue;
            };
            if value.is_null() {
                fields.insert(name.clone(), Value::Null);
                continue;
            }
            match self.value(*kind, value) {
                Ok(value) => drop(fields.insert(name.clone(), value)),
                Err(text) => drop(errors.insert(name.clone(), text.into())),
            }
        }
        if errors.is_empty() { Ok(fields) } else { Err(errors) }
    }

    fn value(&self, kind: Type, value: &Value) -> Result<Value, String> {
        let valid = match kind {
            Type::Text => return text(value, LONGEST_TEXT),
            Type::Comment => return text(value, LONGEST_COMMENT),
            Type::Flag => value.is_boolean() || value == 0 || value == 1,
            Type::Object => value.is_object() || is_empty_list(value),
            Type::List => value.is_array(),
            Type::Phones => value.as_array().is_some_and(|phones| phones.iter().all(is_phone)),
            Type::Manager => super::shelf::number(value).is_some_and(|id| self.user(id).is_some()),
            Type::Status => value.as_str().is_some_and(|code| self.reference.status(code).is_some()),
            Type::Method => value.as_str().is_some_and(|code| self.reference.has_order_method(code)),
            Type::Sort => value.as_str().is_some_and(|code| self.reference.has_order_type(code)),
            Type::CustomFields => return self.custom_fields(value),
        };
        if valid { Ok(value.clone()) } else { Err(NOT_VALID.to_owned()) }
    }

    fn custom_fields(&self, value: &Value) -> Result<Value, String> {
        if is_empty_list(value) {
            return Ok(json!({}));
        }
        let given = value.as_object().ok_or_else(|| NOT_VALID.to_owned())?;
        let mut kept = Map::new();
        for (code, value) in given {
            match self.reference.custom_field_type(code) {
                Some("integer") if !(value.is_i64() || value.is_null()) => {
                    return Err(NOT_VALID.to_owned());
                }
                Some("boolean") if !(value.is_boolean() || value.is_null()) => {
                    return Err(NOT_VALID.to_owned());
                }
                Some("string") if !(value.is_string() || value.is_null()) => {
                    return Err(NOT_VALID.to_owned());
                }
                Some(_) => drop(kept.insert(code.clone(), value.clone())),
                None if self.settings.unknown_fields == UnknownFields::Reject => {
                    return Err(format!("Custom field with code \"{code}\" does not exist."));
                }
                None => {}
            }
        }
        Ok(Value::Object(kept))
    }
}

fn text(value: &Value, longest: usize) -> Result<Value, String> {
    // A number is taken as the text it would be in a form.
    let text = value.as_str().map(str::to_owned).or_else(|| value.is_number().then(|| value.to_string()));
    let text = text.ok_or_else(|| NOT_VALID.to_owned())?;
    if text.chars().count() > longest {
        return Err(format!("This value is too long. It should have {longest} characters or less."));
    }
    Ok(Value::String(text))
}

fn is_phone(phone: &Value) -> bool {
    phone.get("number").and_then(Value::as_str).is_some_and(|number| !number.is_empty())
}

/// PHP writes an empty object as an empty array.
fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// Whether a field, possibly `customFields.code`, is empty in what was sent.
pub(super) fn is_blank(given: &Map<String, Value>, field: &str) -> bool {
    let pointer = format!("/{}", field.replace('.', "/"));
    Value::Object(given.clone()).pointer(&pointer).is_none_or(|value| value.is_null() || value == "")
}

/// The errors of fields that have to be filled and are not.
pub(super) fn blanks(given: &Map<String, Value>, fields: &[&str]) -> Map<String, Value> {
    fields.iter().filter(|field| is_blank(given, field)).map(|field| ((*field).to_owned(), BLANK.into())).collect()
}
