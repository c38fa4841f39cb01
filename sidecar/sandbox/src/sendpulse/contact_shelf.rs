//! Contacts with what a search by number needs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    shelf::{Row, Shelf, seen},
    world::{FIRST_CONTACT, FIRST_DETAIL},
};
use crate::audit::tail;

/// One contact; records that hang on it are held by id.
#[derive(Default)]
pub(super) struct Contact {
    pub(super) responsible: u64,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) external: Option<String>,
    pub(super) phones: Vec<Phone>,
    /// Ids and addresses.
    pub(super) emails: Vec<(u64, String)>,
    /// By the attribute's id.
    pub(super) attributes: BTreeMap<u64, Value>,
    pub(super) tags: Vec<String>,
    pub(super) comments: Vec<u64>,
    pub(super) deals: Vec<u64>,
    pub(super) tasks: Vec<u64>,
    pub(super) calls: Vec<u64>,
}

/// A number as it was sent.
#[derive(Clone)]
pub(super) struct Phone {
    pub(super) id: u64,
    pub(super) number: String,
    /// When it was added; none for one put in by hand.
    added: Option<Timestamp>,
}

impl Row<Contact> {
    /// The numbers a search that is `lag_ms` behind knows of.
    pub(super) fn searchable(&self, now: Timestamp, lag_ms: u64) -> Vec<String> {
        let known = |phone: &&Phone| phone.added.is_none_or(|added| seen(added, now, lag_ms));
        self.data.phones.iter().filter(known).map(|phone| phone.number.clone()).collect()
    }
}

/// Contacts with an index by the ends of their numbers.
pub(super) struct Contacts {
    pub(super) shelf: Shelf<Contact>,
    by_tail: BTreeMap<String, Vec<u64>>,
    next_detail: u64,
}

impl Contacts {
    pub(super) fn new() -> Self {
        Self { shelf: Shelf::from(FIRST_CONTACT), by_tail: BTreeMap::new(), next_detail: FIRST_DETAIL }
    }

    /// Keeps a contact with its numbers and addresses.
    pub(super) fn add(
        &mut self,
        now: Timestamp,
        mut contact: Contact,
        phones: Vec<String>,
        emails: Vec<String>,
        indexed: bool,
    ) -> u64 {
        contact.emails = emails.into_iter().map(|email| (self.detail(), email)).collect();
        let id = self.shelf.add(now, contact, indexed);
        for phone in phones {
            self.add_phone(now, id, phone, indexed);
        }
        id
    }

    /// One more number; the first is the main one.
    pub(super) fn add_phone(&mut self, now: Timestamp, id: u64, number: String, indexed: bool) -> Option<Phone> {
        let phone = Phone { id: self.detail(), number, added: (!indexed).then_some(now) };
        self.shelf.touch(id, now)?.data.phones.push(phone.clone());
        if let Some(end) = tail(&phone.number) {
            let ids = self.by_tail.entry(end).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Some(phone)
    }

    /// Those that may have one of the numbers, oldest first: equal numbers have equal ends
    /// however they are compared.
    pub(super) fn near(&self, numbers: &[String]) -> Vec<&Row<Contact>> {
        let Some(ends) = numbers.iter().map(|number| tail(number)).collect::<Option<Vec<String>>>() else {
            return self.shelf.all().collect();
        };
        let mut ids: Vec<u64> = ends.iter().filter_map(|end| self.by_tail.get(end)).flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.shelf.get(id)).collect()
    }

    fn detail(&mut self) -> u64 {
        self.next_detail += 1;
        self.next_detail - 1
    }
}
