//! Customers with what a search by number needs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Ctx,
    shelf::{Entity, Shelf},
};
use crate::audit::{digits, tail};

/// Customers with an index by the ends of their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Customers {
    pub(super) shelf: Shelf,
    by_tail: BTreeMap<String, Vec<u64>>,
}

impl Customers {
    pub(super) fn add(&mut self, ctx: &Ctx, fields: Map<String, Value>, indexed: bool) -> u64 {
        let id = self.shelf.add(ctx.now, fields, indexed);
        self.index(id);
        id
    }

    /// Merges fields into a customer.
    pub(super) fn edit(&mut self, id: u64, ctx: &Ctx, changes: Map<String, Value>) {
        self.shelf.edit(id, ctx.now, changes);
        self.index(id);
    }

    /// Old ends stay in the index: what it offers is checked again.
    fn index(&mut self, id: u64) {
        let Some(customer) = self.shelf.get(id) else {
            return;
        };
        let ends: Vec<String> = phones(customer).chain([full_name(customer).as_str()]).filter_map(tail).collect();
        for end in ends {
            let ids = self.by_tail.entry(end).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }

    /// Those that may have the number: all of them when it is too short for the index.
    pub(super) fn near(&self, number: &str) -> Vec<&Entity> {
        if digits(number).len() < 9 || number.chars().any(char::is_alphabetic) {
            return self.shelf.all().collect();
        }
        let ids = tail(number).and_then(|end| self.by_tail.get(&end));
        ids.into_iter().flatten().filter_map(|id| self.shelf.get(*id)).collect()
    }
}

/// The numbers of a customer as stored.
pub(super) fn phones(customer: &Entity) -> impl Iterator<Item = &str> {
    let phones = customer.fields.get("phones").and_then(Value::as_array);
    phones.into_iter().flatten().filter_map(|phone| phone.get("number")?.as_str())
}

/// First, middle and last name as one text.
pub(super) fn full_name(customer: &Entity) -> String {
    let parts = ["lastName", "firstName", "patronymic"].map(|name| customer.text(name));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
