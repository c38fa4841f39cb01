//! The fields of entities and what may stand in them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    RemOnline,
    answers::{NOT_VALID, REQUIRED, Wrongs},
    settings::Unknown,
    shelf::number,
    world::{BRANCHES, CAMPAIGNS, LEAD_TYPES, Named, ORDER_TYPES, Owner, custom_fields},
};

/// Characters of an ordinary text field [I].
const LONGEST_TEXT: usize = 255;
/// Characters of notes and comments [I].
const LONGEST_NOTES: usize = 65_535;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Notes,
    Flag,
    /// Numbers as texts: one or a list.
    PlainPhones,
    /// Numbers as objects: `[{"phone": "…"}]`.
    Phones,
    Tags,
    Employee,
    Employees,
    Branch,
    KindOfOrder,
    KindOfLead,
    Campaign,
    Client,
    /// Milliseconds since 1970.
    Millis,
    /// A time in ISO 8601.
    Iso,
    /// An id nothing is known of here.
    Id,
    /// `{"id": …, "type": …}`
    Link,
    CustomFields(Owner),
}

/// A field: as it is written, as it is kept, its type.
pub(super) type Field = (&'static str, &'static str, Type);

impl RemOnline {
    /// The fields of an entity as they are kept.
    ///
    /// # Errors
    /// What is wrong, by field; `required` are those that have to be filled.
    pub(super) fn check(
        &self,
        form: &[Field],
        given: &Map<String, Value>,
        required: &[&str],
    ) -> Result<Map<String, Value>, Wrongs> {
        let mut wrongs: Wrongs = required
            .iter()
            .filter(|name| is_blank(given, name))
            .map(|name| ((*name).to_owned(), REQUIRED.to_owned()))
            .collect();
        let mut fields = Map::new();
        for (name, value) in given {
            let Some((_, kept, kind)) = form.iter().find(|(known, ..)| known == name) else {
                if self.settings.unknown_fields == Unknown::Reject && name != "token" {
                    wrongs.insert(name.clone(), "Unknown field.".to_owned());
                }
                continue;
            };
            match self.value(*kind, value) {
                Ok(value) => drop(fields.insert((*kept).to_owned(), value)),
                Err(text) => drop(wrongs.entry(name.clone()).or_insert(text)),
            }
        }
        if wrongs.is_empty() { Ok(fields) } else { Err(wrongs) }
    }

    fn value(&self, kind: Type, value: &Value) -> Result<Value, String> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        match kind {
            Type::Text => text(value, LONGEST_TEXT),
            Type::Notes => text(value, LONGEST_NOTES),
            Type::Flag => Ok(super::shelf::truthy(value).into()),
            Type::PlainPhones => plain_phones(value).ok_or_else(invalid),
            Type::Phones => valid(value, is_phones(value)),
            Type::Tags => valid(value, value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string))),
            Type::Employees => valid(value, value.as_array().is_some_and(|ids| ids.iter().all(|id| self.employs(id)))),
            Type::Millis => millis(value).map(|at| at.to_string().into()).ok_or_else(invalid),
            Type::Iso => valid(value, value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok())),
            Type::Link => self.link(value),
            Type::CustomFields(owner) => self.custom_values(owner, value),
            _ if value == "" => Ok(Value::Null),
            Type::Employee => id(value, self.employs(value)),
            Type::Branch => id(value, has(&BRANCHES, value)),
            Type::KindOfOrder => id(value, has(&ORDER_TYPES, value)),
            Type::KindOfLead => id(value, has(&LEAD_TYPES, value)),
            Type::Campaign => id(value, has(&CAMPAIGNS, value)),
            Type::Client => id(value, number(value).is_some_and(|id| self.clients.get(id).is_some())),
            Type::Id => id(value, true),
        }
    }

    fn employs(&self, id: &Value) -> bool {
        number(id)
            .and_then(|id| self.employee(id))
            .is_some_and(|employee| employee.get("deleted") != Some(&true.into()))
    }

    /// What a task hangs on: 2 order, 3 lead, 4 client, 6 task, 9 invoice (remonline.md 2.8).
    fn link(&self, value: &Value) -> Result<Value, String> {
        let part = |name: &str| value.get(name).and_then(number).ok_or_else(invalid);
        let (id, kind) = (part("id")?, part("type")?);
        let shelf = match kind {
            2 => &self.orders,
            3 => &self.leads,
            4 => &self.clients,
            6 => &self.tasks,
            _ => return Err(invalid()),
        };
        shelf.get(id).map(|_| json!({"id": id, "type": kind})).ok_or_else(invalid)
    }

    /// Keys are `f<id>` or `<id>` and kept as the first (remonline.md 2.8).
    fn custom_values(&self, owner: Owner, value: &Value) -> Result<Value, String> {
        let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let value = parsed.as_ref().unwrap_or(value);
        if value.as_array().is_some_and(Vec::is_empty) {
            return Ok(json!({}));
        }
        let given = value.as_object().ok_or_else(invalid)?;
        let mut kept = Map::new();
        for (key, value) in given {
            let id: Option<u64> = bare(key).parse().ok();
            match custom_fields(owner).find(|(known, ..)| Some(*known) == id) {
                Some((id, _, kind)) if fits(kind, value) => drop(kept.insert(format!("f{id}"), value.clone())),
                Some(_) => return Err(format!("{key}: {NOT_VALID}")),
                None if self.settings.unknown_fields == Unknown::Reject => {
                    return Err(format!("{key}: Unknown field."));
                }
                None => {}
            }
        }
        Ok(Value::Object(kept))
    }
}

/// Whether a field, possibly `custom_fields.f7101`, is empty in what was sent. An empty
/// text passes for a custom field (remonline.md 2.4).
fn is_blank(given: &Map<String, Value>, name: &str) -> bool {
    let empty = |value: &Value| value == "" || value.as_array().is_some_and(Vec::is_empty);
    match name.strip_prefix("custom_fields.") {
        None => given.get(name).is_none_or(|value| value.is_null() || empty(value)),
        Some(key) => {
            let values = given.get("custom_fields").and_then(Value::as_object);
            let value = values.and_then(|values| values.iter().find(|(known, _)| bare(known) == bare(key)));
            value.is_none_or(|(_, value)| value.is_null())
        }
    }
}

/// Types: 0 flag, 1 to 3 text, 4 and 5 date, 6 number (remonline.md 2.8).
fn fits(kind: u64, value: &Value) -> bool {
    let text = value.as_str();
    if value.is_null() || text == Some("") {
        return true;
    }
    match kind {
        0 => value.is_boolean() || value == 0 || value == 1 || matches!(text, Some("true" | "false" | "0" | "1")),
        4 | 5 => millis(value).is_some() || text.is_some_and(|text| text.parse::<Timestamp>().is_ok()),
        6 => value.is_number() || text.is_some_and(|text| text.parse::<f64>().is_ok()),
        _ => text.is_some_and(|text| text.chars().count() <= LONGEST_NOTES) || value.is_number(),
    }
}

fn bare(key: &str) -> &str {
    key.strip_prefix('f').unwrap_or(key)
}

fn has(list: &[Named], value: &Value) -> bool {
    number(value).is_some_and(|id| list.iter().any(|entry| entry.id == id))
}

fn id(value: &Value, known: bool) -> Result<Value, String> {
    number(value).filter(|_| known).map(Value::from).ok_or_else(invalid)
}

fn valid(value: &Value, valid: bool) -> Result<Value, String> {
    if valid { Ok(value.clone()) } else { Err(invalid()) }
}

fn invalid() -> String {
    NOT_VALID.to_owned()
}

/// A number is taken as the text it would be in a form.
fn text(value: &Value, longest: usize) -> Result<Value, String> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.is_number().then(|| value.to_string()));
    let text = text.ok_or_else(invalid)?;
    if text.chars().count() > longest {
        return Err(format!("At most {longest} characters."));
    }
    Ok(text.into())
}

fn millis(value: &Value) -> Option<Timestamp> {
    let ms = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    Timestamp::from_millisecond(ms).ok()
}

fn plain_phones(value: &Value) -> Option<Value> {
    let one = std::slice::from_ref(value);
    let texts = value.as_array().map_or(one, Vec::as_slice);
    texts.iter().map(|phone| phone.as_str().map(|phone| json!({"phone": phone}))).collect()
}

fn is_phones(value: &Value) -> bool {
    let phone = |item: &Value| item.get("phone").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    value.as_array().is_some_and(|items| items.iter().all(phone))
}
