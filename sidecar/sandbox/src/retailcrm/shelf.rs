//! Entities of one kind, by id and external id.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// One entity.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) id: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) created: Timestamp,
    pub(super) status_changed: Timestamp,
    /// Put in by hand long ago, so that no list lags behind it.
    pub(super) indexed: bool,
    /// Deleted by a person.
    gone: bool,
}

impl Entity {
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.fields.get(name).and_then(number)
    }

    /// Whether filtered lists show it already.
    pub(super) fn listed(&self, now: Timestamp, lag_ms: u64) -> bool {
        let lag = SignedDuration::from_millis(i64::try_from(lag_ms).unwrap_or(i64::MAX));
        self.indexed || now.duration_since(self.created) >= lag
    }
}

/// A number, also when it is written as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Entities in the order of creation; ids count from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    items: Vec<Entity>,
    by_external: BTreeMap<String, u64>,
}

impl Shelf {
    pub(super) fn add(&mut self, now: Timestamp, fields: Map<String, Value>, indexed: bool) -> u64 {
        let id = self.items.len() as u64 + 1;
        if let Some(external) = external_id(&fields) {
            self.by_external.insert(external, id);
        }
        self.items.push(Entity { id, fields, created: now, status_changed: now, indexed, gone: false });
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<&Entity> {
        self.items.get(usize::try_from(id).ok()?.checked_sub(1)?).filter(|entity| !entity.gone)
    }

    pub(super) fn by_external(&self, external: &str) -> Option<&Entity> {
        self.get(*self.by_external.get(external)?)
    }

    /// Merges fields into an entity.
    pub(super) fn edit(&mut self, id: u64, now: Timestamp, changes: Map<String, Value>) {
        let at = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let Some(entity) = at.and_then(|at| self.items.get_mut(at)).filter(|entity| !entity.gone) else {
            return;
        };
        if changes.get("status").is_some_and(|status| entity.fields.get("status") != Some(status)) {
            entity.status_changed = now;
        }
        if let Some(external) = external_id(&changes) {
            self.by_external.insert(external, id);
        }
        for (name, value) in changes {
            // Custom fields are merged one by one, everything else is replaced.
            match (entity.fields.get_mut(&name), value) {
                (Some(Value::Object(old)), Value::Object(new)) if name == "customFields" => old.extend(new),
                (_, value) => drop(entity.fields.insert(name, value)),
            }
        }
    }

    /// Takes an entity out, and says whether it was there.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let at = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let entity = at.and_then(|at| self.items.get_mut(at)).filter(|entity| !entity.gone);
        entity.map(|entity| entity.gone = true).is_some()
    }

    /// Oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Entity> {
        self.items.iter().filter(|entity| !entity.gone)
    }

    pub(super) fn len(&self) -> usize {
        self.all().count()
    }

    /// The entity an object names by `id` or `externalId`.
    pub(super) fn named(&self, reference: &Value) -> Option<&Entity> {
        match reference.get("id").and_then(number) {
            Some(id) => self.get(id),
            None => self.by_external(reference.get("externalId")?.as_str()?),
        }
    }
}

fn external_id(fields: &Map<String, Value>) -> Option<String> {
    let text = fields.get("externalId").and_then(Value::as_str)?;
    (!text.is_empty()).then(|| text.to_owned())
}
