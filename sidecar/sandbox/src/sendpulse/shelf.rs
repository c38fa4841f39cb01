//! Records of one kind, by id.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// One record.
pub(super) struct Row<T> {
    pub(super) id: u64,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// Put in by hand long ago, so that no list lags behind it.
    pub(super) indexed: bool,
    pub(super) data: T,
}

impl<T> Row<T> {
    /// Whether searches show it already.
    pub(super) fn listed(&self, now: Timestamp, lag_ms: u64) -> bool {
        self.indexed || seen(self.created, now, lag_ms)
    }
}

/// Whether what was written at `since` has reached an index that is `lag_ms` behind.
pub(super) fn seen(since: Timestamp, now: Timestamp, lag_ms: u64) -> bool {
    now.duration_since(since) >= SignedDuration::from_millis(i64::try_from(lag_ms).unwrap_or(i64::MAX))
}

/// Records in the order of creation. Each kind counts its ids from its own start, so that
/// an id of one kind is never one of another.
pub(super) struct Shelf<T> {
    rows: BTreeMap<u64, Row<T>>,
    next: u64,
}

impl<T> Shelf<T> {
    pub(super) fn from(first_id: u64) -> Self {
        Self { rows: BTreeMap::new(), next: first_id }
    }

    pub(super) fn add(&mut self, now: Timestamp, data: T, indexed: bool) -> u64 {
        let id = self.next;
        self.next += 1;
        self.rows.insert(id, Row { id, created: now, updated: now, indexed, data });
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<&Row<T>> {
        self.rows.get(&id)
    }

    pub(super) fn has(&self, id: u64) -> bool {
        self.rows.contains_key(&id)
    }

    /// The record, to be changed at `now`.
    pub(super) fn touch(&mut self, id: u64, now: Timestamp) -> Option<&mut Row<T>> {
        let row = self.rows.get_mut(&id)?;
        row.updated = now;
        Some(row)
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Row<T>> {
        self.rows.remove(&id)
    }

    /// Oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Row<T>> {
        self.rows.values()
    }

    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }
}
