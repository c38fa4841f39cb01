//! Records by module, with the indexes a search needs and a journal for rollback.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The fields searched by equality; anything else is scanned.
const INDEXED: [&str; 8] = ["Phone", "Mobile", "Phone_Key", "Email", "Contact_Name", "Who_Id", "What_Id", "Subject"];

/// Ids look like Zoho's: an organisation's prefix and a growing number.
const FIRST_ID: u64 = 5_725_767_000_000_500_000;

/// One record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) fields: Map<String, Value>,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    /// Put in by hand long ago, so that no index lags behind it.
    pub(super) indexed: bool,
    pub(super) deleted: bool,
}

impl Record {
    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// The id a lookup field holds.
    pub(super) fn lookup(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.get("id")?.as_str()
    }
}

#[derive(Clone, Debug, Default)]
struct Table {
    records: Vec<Record>,
    by_id: BTreeMap<String, usize>,
    by_value: BTreeMap<(String, String), BTreeSet<usize>>,
}

#[derive(Clone, Debug)]
enum Undo {
    Insert(&'static str),
    Update(&'static str, usize, Box<Record>),
}

/// All records.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    tables: BTreeMap<&'static str, Table>,
    made: u64,
    journal: Option<Vec<Undo>>,
}

impl Store {
    pub(super) fn next_id(&mut self) -> String {
        self.made += 1;
        (FIRST_ID + self.made * 7).to_string()
    }

    pub(super) fn insert(&mut self, module: &'static str, record: Record) {
        let table = self.tables.entry(module).or_default();
        let at = table.records.len();
        table.by_id.insert(record.id.clone(), at);
        table.index(at, &record);
        table.records.push(record);
        if let Some(journal) = &mut self.journal {
            journal.push(Undo::Insert(module));
        }
    }

    /// Merges fields into a record; a null empties a field.
    pub(super) fn update(&mut self, module: &'static str, id: &str, changes: Map<String, Value>, now: Timestamp) {
        let Some(table) = self.tables.get_mut(module) else {
            return;
        };
        let Some(at) = table.by_id.get(id).copied() else {
            return;
        };
        let Some(before) = table.records.get(at).cloned() else {
            return;
        };
        let mut after = before.clone();
        after.modified = now;
        after.fields.extend(changes);
        table.replace(at, after);
        if let Some(journal) = &mut self.journal {
            journal.push(Undo::Update(module, at, Box::new(before)));
        }
    }

    pub(super) fn delete(&mut self, module: &str, id: &str) -> bool {
        let Some(table) = self.tables.get_mut(module) else {
            return false;
        };
        let Some(at) = table.by_id.remove(id) else {
            return false;
        };
        if let Some(record) = table.records.get(at).cloned() {
            table.unindex(at, &record);
        }
        if let Some(record) = table.records.get_mut(at) {
            record.deleted = true;
        }
        true
    }

    pub(super) fn get(&self, module: &str, id: &str) -> Option<&Record> {
        let table = self.tables.get(module)?;
        table.records.get(*table.by_id.get(id)?)
    }

    /// The records of a module, oldest first.
    pub(super) fn all(&self, module: &str) -> impl DoubleEndedIterator<Item = &Record> {
        let records = self.tables.get(module).map_or(&[] as &[Record], |table| table.records.as_slice());
        records.iter().filter(|record| !record.deleted)
    }

    pub(super) fn count(&self, module: &str) -> usize {
        self.tables.get(module).map_or(0, |table| table.by_id.len())
    }

    /// Whether [`Store::having`] finds all records by this field.
    pub(super) fn is_indexed(field: &str) -> bool {
        INDEXED.contains(&field)
    }

    /// The records whose indexed field has the value, oldest first.
    pub(super) fn having<'a>(&'a self, module: &str, field: &str, value: &str) -> impl Iterator<Item = &'a Record> {
        let table = self.tables.get(module);
        let places = table.and_then(|table| table.by_value.get(&(field.to_owned(), value.to_lowercase())));
        places.into_iter().flatten().filter_map(move |at| table?.records.get(*at))
    }

    /// Starts to remember how to undo what follows.
    pub(super) fn begin(&mut self) {
        self.journal = Some(Vec::new());
    }

    /// Keeps what was done since [`Store::begin`].
    pub(super) fn commit(&mut self) {
        self.journal = None;
    }

    /// Undoes what was done since [`Store::begin`], newest first.
    pub(super) fn roll_back(&mut self) {
        for step in self.journal.take().unwrap_or_default().into_iter().rev() {
            match step {
                Undo::Insert(module) => self.pop(module),
                Undo::Update(module, at, before) => {
                    if let Some(table) = self.tables.get_mut(module) {
                        table.replace(at, *before);
                    }
                }
            }
        }
    }

    fn pop(&mut self, module: &str) {
        let Some(table) = self.tables.get_mut(module) else {
            return;
        };
        if let Some(record) = table.records.pop() {
            table.by_id.remove(&record.id);
            table.unindex(table.records.len(), &record);
        }
    }
}

impl Table {
    fn replace(&mut self, at: usize, record: Record) {
        if let Some(old) = self.records.get(at).cloned() {
            self.unindex(at, &old);
        }
        self.index(at, &record);
        if let Some(place) = self.records.get_mut(at) {
            *place = record;
        }
    }

    fn index(&mut self, at: usize, record: &Record) {
        for key in keys(record) {
            self.by_value.entry(key).or_default().insert(at);
        }
    }

    fn unindex(&mut self, at: usize, record: &Record) {
        for key in keys(record) {
            if let Some(places) = self.by_value.get_mut(&key) {
                places.remove(&at);
                if places.is_empty() {
                    self.by_value.remove(&key);
                }
            }
        }
    }
}

fn keys(record: &Record) -> impl Iterator<Item = (String, String)> {
    INDEXED.iter().filter_map(|field| {
        let value = comparable(record.fields.get(*field)?)?;
        Some(((*field).to_owned(), value))
    })
}

/// A value as equality sees it: letter case does not count, a lookup is its id.
pub(super) fn comparable(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.to_lowercase()),
        Value::Object(object) => object.get("id").and_then(Value::as_str).map(str::to_owned),
        other => Some(other.to_string()),
    }
}
