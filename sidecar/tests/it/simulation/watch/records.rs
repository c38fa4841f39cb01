//! Whose records and fields are whose: what people typed stays, what we write can be traced to a call.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tieline_engine::ids::CallId;
use tieline_sandbox::{Change, CrmKind, Hand, What};

use super::{marks_in, tail};
use crate::simulation::{load, people};

type Key = (String, String);

/// The records of a CRM as far as they were made or touched in this run.
pub(super) struct Records {
    kind: CrmKind,
    ours: BTreeSet<Key>,
    /// Fields a person was the last to fill.
    typed: BTreeSet<(Key, String)>,
    /// Earlier values of fields that only we wrote.
    past: BTreeMap<(Key, String), Vec<Value>>,
}

impl Records {
    pub(super) fn new(kind: CrmKind) -> Self {
        Self { kind, ours: BTreeSet::new(), typed: BTreeSet::new(), past: BTreeMap::new() }
    }

    /// Notes a change; what is wrong with it, if anything.
    pub(super) fn note(
        &mut self,
        change: &Change,
        marks: &BTreeMap<String, CallId>,
        calls: &BTreeMap<CallId, String>,
    ) -> Option<String> {
        let key = (change.entity.clone(), change.id.clone());
        match (&change.what, change.by) {
            (What::Made(fields), Hand::Program) => {
                self.ours.insert(key);
                let row = Value::Object(fields.clone());
                (!is_traced(&row, marks, calls)).then(|| format!("a record traces to no call: {} {row}", change.entity))
            }
            (What::Made(fields), Hand::Person) => {
                let filled = fields.iter().filter(|(_, value)| !is_empty(value)).map(|(name, _)| name.clone());
                self.typed.extend(filled.map(|name| (key.clone(), name)));
                None
            }
            (What::Changed { field, after, .. }, Hand::Person) => {
                let place = (key, field.clone());
                self.past.remove(&place);
                if is_empty(after) {
                    self.typed.remove(&place)
                } else {
                    self.typed.insert(place)
                };
                None
            }
            (What::Changed { field, before, after }, Hand::Program) => self.we_changed(key, field, before, after),
            (What::Removed(_), Hand::Program) => Some(format!("{} {} was deleted by us", change.entity, change.id)),
            (What::Removed(_), Hand::Person) => {
                self.ours.remove(&key);
                None
            }
        }
    }

    fn we_changed(&mut self, key: Key, field: &str, before: &Value, after: &Value) -> Option<String> {
        let place = (key, field.to_owned());
        let ((entity, id), _) = &place;
        if self.typed.contains(&place) && !is_kept(before, after) {
            return Some(format!(
                "{field} of {entity} {id}, which a person typed, was overwritten: {before} -> {after}"
            ));
        }
        let past = self.past.entry(place.clone()).or_default();
        if past.contains(after) && !is_empty(after) {
            return Some(format!("{field} of {entity} {id} went back to what it was: {before} -> {after}"));
        }
        past.push(before.clone());
        None
    }

    /// How many of an entity's records are ours.
    pub(super) fn ours(&self, entity: &str, ids: &[String]) -> u64 {
        ids.iter().filter(|id| self.ours.contains(&(entity.to_owned(), (*id).clone()))).count() as u64
    }

    /// Whether a client was made by us.
    pub(super) fn any_client(&self) -> bool {
        self.ours.iter().any(|(entity, _)| entity == people::clients(self.kind))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether all of the earlier value is still there: a list that grew, a text something was added to.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => before.iter().all(|item| after.contains(item)),
        (Value::String(before), Value::String(after)) => after.contains(before.as_str()),
        (Value::Object(before), Value::Object(after)) => {
            before.iter().all(|(name, value)| after.get(name) == Some(value))
        }
        _ => false,
    }
}

/// Whether a record carries the mark of a call that was told, or the number or the words of one.
fn is_traced(row: &Value, marks: &BTreeMap<String, CallId>, calls: &BTreeMap<CallId, String>) -> bool {
    let text = row.to_string();
    let mut found = marks_in(&text).peekable();
    if found.peek().is_some() {
        return found.all(|mark| marks.contains_key(mark));
    }
    let mut texts = Vec::new();
    gather(row, &mut texts);
    texts.iter().any(|text| calls.values().any(|client| *client == tail(text)) || names_a_call(text, calls))
}

/// Whether a text holds what the exchange said of one call only.
fn names_a_call(text: &str, calls: &BTreeMap<CallId, String>) -> bool {
    load::WORDS.iter().any(|word| {
        let mut after = text.split(word).skip(1);
        after.any(|rest| {
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            calls.contains_key(&CallId::new(format!("{}{number}", load::CALL)))
        })
    })
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Object(fields) => fields.values().for_each(|value| gather(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
