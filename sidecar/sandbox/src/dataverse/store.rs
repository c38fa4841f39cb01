//! Rows by table, with the undoing of a change set.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::schema::Set;

/// Texts longer than this are never looked up as a whole.
const LONGEST_INDEXED: usize = 100;

/// One row; columns without a value are not held.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) fields: Map<String, Value>,
    /// Grows with every write: what an etag tells.
    pub(super) version: u64,
    pub(super) created: Timestamp,
    /// Put in by hand long ago, so that no search lags behind it.
    pub(super) indexed: bool,
}

impl Row {
    pub(super) fn text(&self, column: &str) -> &str {
        self.fields.get(column).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(&self, column: &str) -> Option<i64> {
        self.fields.get(column).and_then(Value::as_i64)
    }

    pub(super) fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// Whether searches show it already.
    pub(super) fn listed(&self, now: Timestamp, lag_ms: u64) -> bool {
        let lag = SignedDuration::from_millis(i64::try_from(lag_ms).unwrap_or(i64::MAX));
        self.indexed || now.duration_since(self.created) >= lag
    }
}

#[derive(Clone, Debug, Default)]
struct Table {
    rows: BTreeMap<u64, Row>,
    by_id: BTreeMap<String, u64>,
    by_value: BTreeMap<String, BTreeSet<u64>>,
}

/// What a row was before a change set touched it.
#[derive(Clone, Debug)]
struct Undo {
    set: Set,
    place: u64,
    before: Option<Row>,
}

/// All tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    tables: BTreeMap<Set, Table>,
    next_place: u64,
    version: u64,
    journal: Option<Vec<Undo>>,
}

impl Store {
    pub(super) fn get(&self, set: Set, id: &str) -> Option<&Row> {
        let table = self.tables.get(&set)?;
        table.rows.get(table.by_id.get(id)?)
    }

    /// Oldest first.
    pub(super) fn all(&self, set: Set) -> impl Iterator<Item = &Row> {
        self.tables.get(&set).into_iter().flat_map(|table| table.rows.values())
    }

    pub(super) fn len(&self, set: Set) -> usize {
        self.tables.get(&set).map_or(0, |table| table.rows.len())
    }

    /// The rows whose column holds a text, in any letter case, oldest first.
    pub(super) fn holding(&self, set: Set, column: &str, text: &str) -> impl Iterator<Item = &Row> {
        let table = self.tables.get(&set);
        let places = table.and_then(|table| table.by_value.get(&index_key(column, text)));
        places.into_iter().flatten().filter_map(move |place| table?.rows.get(place))
    }

    /// Whether [`Store::holding`] knows texts of that length.
    pub(super) fn indexes(text: &str) -> bool {
        text.len() <= LONGEST_INDEXED
    }

    /// Adds a row, or puts it in the place of the one with its id. Gives it a new version.
    pub(super) fn put(&mut self, set: Set, mut row: Row) {
        self.version += 1;
        row.version = FIRST_VERSION + self.version;
        let place = match self.place(set, &row.id) {
            Some(place) => place,
            None => {
                self.next_place += 1;
                self.next_place
            }
        };
        self.swap(set, place, Some(row));
    }

    pub(super) fn remove(&mut self, set: Set, id: &str) {
        if let Some(place) = self.place(set, id) {
            self.swap(set, place, None);
        }
    }

    /// From here on everything can be undone.
    pub(super) fn begin(&mut self) {
        self.journal = Some(Vec::new());
    }

    pub(super) fn commit(&mut self) {
        self.journal = None;
    }

    pub(super) fn roll_back(&mut self) {
        for undo in self.journal.take().into_iter().flatten().rev() {
            self.swap(undo.set, undo.place, undo.before);
        }
    }

    /// Where a row stands in the order of creation.
    pub(super) fn place(&self, set: Set, id: &str) -> Option<u64> {
        self.tables.get(&set)?.by_id.get(id).copied()
    }

    fn swap(&mut self, set: Set, place: u64, row: Option<Row>) {
        let table = self.tables.entry(set).or_default();
        let before = table.rows.remove(&place);
        if let Some(old) = &before {
            table.by_id.remove(&old.id);
            for key in index_keys(old) {
                if let Some(places) = table.by_value.get_mut(&key) {
                    places.remove(&place);
                }
            }
        }
        if let Some(row) = row {
            table.by_id.insert(row.id.clone(), place);
            for key in index_keys(&row) {
                table.by_value.entry(key).or_default().insert(place);
            }
            table.rows.insert(place, row);
        }
        if let Some(journal) = &mut self.journal {
            journal.push(Undo { set, place, before });
        }
    }
}

/// Row versions of a used org are not small.
const FIRST_VERSION: u64 = 501_096;

fn index_keys(row: &Row) -> impl Iterator<Item = String> {
    let texts = row.fields.iter().filter_map(|(column, value)| Some((column, value.as_str()?)));
    texts.filter(|(_, text)| Store::indexes(text)).map(|(column, text)| index_key(column, text))
}

fn index_key(column: &str, text: &str) -> String {
    format!("{column} {}", text.to_lowercase())
}
