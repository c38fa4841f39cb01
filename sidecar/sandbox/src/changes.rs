//! What changed in a simulated CRM, record by record and field by field, and by whose hand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// By whose hand.
    pub by: Hand,
    /// Of which entity, as the listing names it: `Contacts`, `orders`.
    pub entity: String,
    /// The record's id.
    pub id: String,
    /// What happened to it.
    pub what: What,
}

/// Who changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hand {
    /// A program, over the CRM's interface.
    Program,
    /// A person: records put in, changed or removed by [`crate::Sim::seed`] and [`crate::Sim::remove`].
    Person,
}

/// What happened to a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was made, with these fields.
    Made(Map<String, Value>),
    /// One field changed; a field that is not there is null.
    Changed {
        /// Its name in the listing.
        field: String,
        /// The value it had.
        before: Value,
        /// The value it has.
        after: Value,
    },
    /// It is gone; these were its fields.
    Removed(Map<String, Value>),
}

type Records = BTreeMap<(String, String), Map<String, Value>>;

/// Compares listings.
#[derive(Default)]
pub(crate) struct Journal {
    records: Records,
    changes: Vec<Change>,
}

impl Journal {
    /// One that begins with a listing.
    pub(crate) fn new(listing: Value) -> Self {
        Self { records: records(listing), changes: Vec::new() }
    }

    /// Notes what is different in a newer listing.
    pub(crate) fn note(&mut self, at: Timestamp, by: Hand, listing: Value) {
        let after = records(listing);
        let mut note = |(entity, id): &(String, String), what| {
            self.changes.push(Change { at, by, entity: entity.clone(), id: id.clone(), what });
        };
        for (key, fields) in &after {
            match self.records.get(key) {
                None => note(key, What::Made(fields.clone())),
                Some(before) => differences(before, fields).into_iter().for_each(|what| note(key, what)),
            }
        }
        for (key, fields) in self.records.iter().filter(|(key, _)| !after.contains_key(key)) {
            note(key, What::Removed(fields.clone()));
        }
        self.records = after;
    }

    /// What was noted since this was last asked.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }
}

fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<What> {
    let value = |fields: &Map<String, Value>, name: &String| fields.get(name).cloned().unwrap_or_default();
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = names.into_iter().filter_map(|field| {
        let (before, after) = (value(before, field), value(after, field));
        (before != after).then(|| What::Changed { field: field.clone(), before, after })
    });
    changed.collect()
}

/// The records of a listing; one without an id is known by its place.
fn records(listing: Value) -> Records {
    let Value::Object(entities) = listing else { return Records::new() };
    let mut records = Records::new();
    for (entity, rows) in entities {
        let Value::Array(rows) = rows else { continue };
        for (place, row) in rows.into_iter().enumerate() {
            let Value::Object(fields) = row else { continue };
            let id = match fields.get("id") {
                Some(Value::String(id)) => id.clone(),
                Some(Value::Number(id)) => id.to_string(),
                _ => format!("#{place}"),
            };
            records.insert((entity.clone(), id), fields);
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_journal_tells_what_was_made_changed_and_removed_by_whom() {
        let mut journal = Journal::new(json!({"clients": [{"id": 1, "name": "Anna"}, {"id": 2, "name": "Ivan"}]}));
        let after = json!({"clients": [{"id": 1, "name": "Hanna", "owner": 7}], "deals": [{"id": "a"}]});
        journal.note(Timestamp::UNIX_EPOCH, Hand::Person, after);
        let told: Vec<String> = journal
            .take()
            .into_iter()
            .map(|change| {
                let what = match change.what {
                    What::Made(_) => "made".to_owned(),
                    What::Changed { field, before, after } => format!("{field}: {before} -> {after}"),
                    What::Removed(_) => "removed".to_owned(),
                };
                format!("{} {} {what}", change.entity, change.id)
            })
            .collect();
        let expected = [
            "clients 1 name: \"Anna\" -> \"Hanna\"",
            "clients 1 owner: null -> 7",
            "deals a made",
            "clients 2 removed",
        ];
        assert_eq!(told, expected);
        assert!(journal.take().is_empty(), "each change is told once");
    }
}
