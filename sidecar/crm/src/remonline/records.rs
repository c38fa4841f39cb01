//! People, leads and orders as records of the engine. Decoding is tolerant: of leads no answer was found, and the
//! generations differ in names (remonline.md 2.4 … 2.7).

use std::collections::BTreeSet;

use serde_json::Value;
use tieline_engine::{
    ids::{RecordId, UserId},
    jiff::Timestamp,
    phone::Phone,
    record::{Kind, Record},
    redact::Private,
};

use super::{
    answers::{id_of, text_of},
    reference::Learned,
    settings::Settings,
};

/// One row of a list, and what it is.
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) value: Value,
}

impl Row {
    /// A row with an id.
    pub(super) fn new(kind: Kind, value: Value) -> Option<Self> {
        id_of(&value).map(|_| Self { kind, value })
    }

    pub(super) fn id(&self) -> Option<RecordId> {
        id_of(&self.value).map(RecordId::new)
    }

    /// The id of the client it hangs on.
    pub(super) fn client(&self) -> Option<RecordId> {
        let embedded = self.value.get("client").and_then(|client| id_of(client).or_else(|| text_of(client)));
        embedded.or_else(|| self.value.get("client_id").and_then(text_of)).map(RecordId::new)
    }

    /// Every number, the client's own included where it is shown inside.
    pub(super) fn phones(&self) -> Vec<String> {
        let of = |value: &Value| {
            let keys = ["phone", "phones", "contact_phone", "client_phone"];
            keys.into_iter().filter_map(|key| value.get(key)).flat_map(numbers).collect::<Vec<_>>()
        };
        let mut all = of(&self.value);
        all.extend(self.value.get("client").map(of).unwrap_or_default());
        let mut seen = BTreeSet::new();
        all.retain(|number| seen.insert(number.clone()));
        all
    }

    /// Whether any of its texts holds a word of ours: a mark or a dialogue.
    pub(super) fn carries(&self, word: &str) -> bool {
        let texts = self.value.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_str);
        let between = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | '<' | '>');
        texts.into_iter().any(|text| text.split(between).any(|part| part == word))
    }

    /// The record; a dialogue it carries is the one that was asked for.
    pub(super) fn record(&self, settings: &Settings, learned: &Learned, chat: Option<&str>) -> Option<Record> {
        let value = &self.value;
        let mut record = Record::new(self.kind, self.id()?);
        record.phones = self.phones().into_iter().map(Phone::new).collect();
        record.name = name(value, self.kind).map(Private::new);
        record.owner = ["manager_id", "manager"].into_iter().find_map(|key| owner(value.get(key)?));
        record.created_at = value.get("created_at").and_then(time);
        record.modified_at = value.get("modified_at").and_then(time);
        record.chats = chat.filter(|chat| self.carries(chat)).map(str::to_owned).into_iter().collect();
        if self.kind != Kind::Contact {
            record.contact = self.client();
            record.open = is_open(value, self.kind, settings, learned);
        }
        Some(record)
    }
}

/// A text, a list of texts, or a list of objects with the number inside (remonline.md 2.4).
fn numbers(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Object(map) => map.get("phone").or_else(|| map.get("number")).and_then(text_of).into_iter().collect(),
        other => text_of(other).into_iter().collect(),
    }
}

/// A client's whole name; an order's shown number.
fn name(value: &Value, kind: Kind) -> Option<String> {
    let text = |key: &str| value.get(key).and_then(text_of);
    let parts = [text("first_name"), text("last_name")];
    let person = || Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty());
    match kind {
        Kind::Contact => person().or_else(|| text("name")),
        Kind::Lead => text("contact_name").or_else(|| text("name")).or_else(|| text("id_label")),
        Kind::Deal | Kind::Task | Kind::CallRecord | Kind::Note => text("id_label").or_else(|| text("number")),
    }
}

fn owner(value: &Value) -> Option<UserId> {
    text_of(value).or_else(|| id_of(value)).filter(|id| id != "0").map(UserId::new)
}

/// Closed: a closing time, a status of the settings' list, or a status of a closed group (remonline.md 2.7). The
/// name never counts. What nobody can place is open: a second order beside a running one is the worse mistake.
fn is_open(value: &Value, kind: Kind, settings: &Settings, learned: &Learned) -> bool {
    if value.get("closed_at").and_then(time).is_some() {
        return false;
    }
    let status = value.get("status").unwrap_or(&Value::Null);
    let id = id_of(status).or_else(|| text_of(status)).or_else(|| text_of(value.get("status_id")?));
    let listed = if kind == Kind::Lead { &settings.closed.leads } else { &settings.closed.orders };
    if id.as_ref().is_some_and(|id| listed.contains(id)) {
        return false;
    }
    let group = group_of(status).or_else(|| learned.group(kind, &id?));
    group.is_none_or(|group| !settings.closed.groups.contains(&group))
}

/// The group of a status: a number, or an object whose type is one.
pub(super) fn group_of(status: &Value) -> Option<String> {
    let group = status.get("group")?;
    text_of(group).or_else(|| ["type", "id"].into_iter().find_map(|key| text_of(group.get(key)?)))
}

/// Milliseconds in the first generation, ISO text in the last (remonline.md 2.3); nothing, zero and blanks are none.
fn time(value: &Value) -> Option<Timestamp> {
    let of_millis = |millis: i64| Timestamp::from_millisecond(millis).ok().filter(|_| millis > 0);
    match value {
        Value::Number(number) => number.as_i64().and_then(of_millis),
        Value::String(text) => text.parse().ok().or_else(|| of_millis(text.parse().ok()?)),
        _ => None,
    }
}
