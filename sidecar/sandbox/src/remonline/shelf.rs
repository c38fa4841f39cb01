//! Entities of one kind, and where to look for a number among them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::audit::{digits, tail};

/// One entity.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) id: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    /// When its status became a closed one.
    pub(super) closed: Option<Timestamp>,
    /// Put in by hand long ago, so that no list lags behind it.
    indexed: bool,
    /// Merged into another.
    gone: bool,
}

impl Entity {
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.fields.get(name).and_then(number)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(truthy)
    }

    /// A field as it is read: `null` when it was never filled.
    pub(super) fn field(&self, name: &str) -> Value {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// The numbers as stored.
    pub(super) fn phones(&self) -> impl Iterator<Item = &str> {
        let phones = self.fields.get("phones").and_then(Value::as_array);
        let own = phones.into_iter().flatten().filter_map(|phone| phone.get("phone")?.as_str());
        own.chain(self.fields.get("contact_phone").and_then(Value::as_str))
    }

    /// Whether searches show it already.
    pub(super) fn listed(&self, now: Timestamp, lag_ms: u64) -> bool {
        let lag = SignedDuration::from_millis(i64::try_from(lag_ms).unwrap_or(i64::MAX));
        self.indexed || now.duration_since(self.created) >= lag
    }
}

/// A number, also when it is written as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// What clients write for a true flag, in JSON or in a form.
pub(super) fn truthy(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value == 1 || value == "1" || value == "true"
}

/// Entities in the order of creation.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    first: u64,
    items: Vec<Entity>,
    by_phone: BTreeMap<String, Vec<u64>>,
    by_client: BTreeMap<u64, Vec<u64>>,
}

impl Shelf {
    /// An empty one whose ids count from `first`.
    pub(super) fn new(first: u64) -> Self {
        Self { first, items: Vec::new(), by_phone: BTreeMap::new(), by_client: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, now: Timestamp, fields: Map<String, Value>, indexed: bool) -> u64 {
        let id = self.first + self.items.len() as u64;
        self.items.push(Entity { id, fields, created: now, modified: now, closed: None, indexed, gone: false });
        self.index(id);
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<&Entity> {
        let at = usize::try_from(id.checked_sub(self.first)?).ok()?;
        self.items.get(at).filter(|entity| !entity.gone)
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Entity> {
        let at = usize::try_from(id.checked_sub(self.first)?).ok()?;
        self.items.get_mut(at).filter(|entity| !entity.gone)
    }

    /// Merges fields into an entity; custom fields one by one.
    pub(super) fn edit(&mut self, id: u64, now: Timestamp, changes: Map<String, Value>) {
        let Some(entity) = self.get_mut(id) else {
            return;
        };
        entity.modified = now;
        for (name, value) in changes {
            match (entity.fields.get_mut(&name), value) {
                (Some(Value::Object(old)), Value::Object(new)) if name == "custom_fields" => old.extend(new),
                (_, value) => drop(entity.fields.insert(name, value)),
            }
        }
        self.index(id);
    }

    /// Notes when an entity was closed, or that it is open again.
    pub(super) fn close(&mut self, id: u64, at: Option<Timestamp>) {
        if let Some(entity) = self.get_mut(id) {
            entity.closed = at;
        }
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(entity) = self.get_mut(id) {
            entity.gone = true;
        }
    }

    /// Oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Entity> {
        self.items.iter().filter(|entity| !entity.gone)
    }

    /// Those that may have the number: all of them when it is too short for the index.
    pub(super) fn near(&self, asked: &str) -> Vec<&Entity> {
        if digits(asked).len() < 9 {
            return self.all().collect();
        }
        let ids = tail(asked).and_then(|end| self.by_phone.get(&end));
        ids.into_iter().flatten().filter_map(|id| self.get(*id)).collect()
    }

    /// Those linked to a client, oldest first.
    pub(super) fn of_client(&self, client: u64) -> impl Iterator<Item = &Entity> {
        let ids = self.by_client.get(&client).map_or(&[] as &[u64], Vec::as_slice);
        let linked = ids.iter().filter_map(|id| self.get(*id));
        linked.filter(move |entity| entity.number("client_id") == Some(client))
    }

    /// Old entries stay in the indexes: what they offer is checked again.
    fn index(&mut self, id: u64) {
        let Some(entity) = self.get(id) else {
            return;
        };
        let ends: Vec<String> = entity.phones().filter_map(tail).collect();
        let client = entity.number("client_id");
        for end in ends {
            put(self.by_phone.entry(end).or_default(), id);
        }
        if let Some(client) = client {
            put(self.by_client.entry(client).or_default(), id);
        }
    }
}

fn put(ids: &mut Vec<u64>, id: u64) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}
