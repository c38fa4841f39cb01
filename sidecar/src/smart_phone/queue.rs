//! What waits to be sent, and what the platform knows already.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use tieline_engine::jiff::{SignedDuration, Timestamp};

use super::Contact;

/// Contacts that wait at most; beyond, the oldest is left out.
const WAITING_MAX: usize = 1_000;
/// Contacts remembered as sent.
const SENT_MAX: usize = 20_000;
/// What has not changed is sent again after this long, in case it was removed there.
const SENT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What became of contacts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The platform took them.
    pub sent: u64,
    /// The platform knew them just so; nothing was sent.
    pub unchanged: u64,
    /// Given up: the platform refuses them, or was away for too long.
    pub failed: u64,
    /// Left out because too many waited.
    pub left_out: u64,
    /// How many wait now.
    pub waiting: u64,
}

/// Contacts in the order they came, one per client.
#[derive(Default)]
pub(super) struct Queue {
    order: VecDeque<String>,
    waiting: BTreeMap<String, Contact>,
    sent: BTreeMap<String, (u64, Timestamp)>,
    sent_order: VecDeque<String>,
    counted: Counted,
}

impl Queue {
    /// Takes a contact in, in the place of an older one of the same client. Whether there is something to send.
    pub(super) fn offer(&mut self, contact: Contact, now: Timestamp) -> bool {
        let known = self.sent.get(&contact.key);
        if known.is_some_and(|(digest, at)| *digest == digest_of(&contact) && now < *at + SENT_FOR) {
            self.counted.unchanged += 1;
            // What waits says something older, and the platform knows better.
            if self.waiting.remove(&contact.key).is_some() {
                self.order.retain(|key| *key != contact.key);
            }
            return false;
        }
        if !self.waiting.contains_key(&contact.key) {
            self.order.push_back(contact.key.clone());
        }
        self.waiting.insert(contact.key.clone(), contact);
        if self.order.len() > WAITING_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
            self.counted.left_out += 1;
        }
        true
    }

    /// The contact that has waited longest.
    pub(super) fn next(&mut self) -> Option<Contact> {
        let key = self.order.pop_front()?;
        self.waiting.remove(&key)
    }

    /// The platform has taken a contact.
    pub(super) fn sent(&mut self, contact: &Contact, now: Timestamp) {
        self.counted.sent += 1;
        if self.sent.insert(contact.key.clone(), (digest_of(contact), now)).is_none() {
            self.sent_order.push_back(contact.key.clone());
        }
        if self.sent_order.len() > SENT_MAX
            && let Some(oldest) = self.sent_order.pop_front()
        {
            self.sent.remove(&oldest);
        }
    }

    /// Knows nothing of a client any more.
    pub(super) fn forget(&mut self, key: &str) {
        self.waiting.remove(key);
        self.order.retain(|waiting| waiting != key);
        self.sent.remove(key);
        self.sent_order.retain(|sent| sent != key);
    }

    /// A contact was given up.
    pub(super) fn failed(&mut self) {
        self.counted.failed += 1;
    }

    /// What became of contacts.
    pub(super) fn counted(&self) -> Counted {
        Counted { waiting: self.order.len() as u64, ..self.counted }
    }
}

fn digest_of(contact: &Contact) -> u64 {
    let mut hasher = DefaultHasher::new();
    contact.body.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(key: usize, body: &str) -> Contact {
        Contact { key: key.to_string(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_client_waits_once_with_what_is_known_last() {
        let (mut queue, now) = (Queue::default(), Timestamp::UNIX_EPOCH);
        assert!(queue.offer(contact(1, "old"), now));
        assert!(queue.offer(contact(1, "new"), now));
        let sent = queue.next().unwrap();
        assert_eq!(sent.body, b"new");
        assert!(queue.next().is_none());
        queue.sent(&sent, now);
        assert!(!queue.offer(contact(1, "new"), now));
        assert!(queue.offer(contact(1, "newer"), now));
        assert!(queue.offer(contact(1, "new"), now + SENT_FOR));
        assert_eq!(queue.counted(), Counted { sent: 1, unchanged: 1, waiting: 1, ..Counted::default() });
    }

    #[test]
    fn what_waits_is_bounded_and_the_oldest_is_left_out() {
        let mut queue = Queue::default();
        for key in 0..=WAITING_MAX {
            queue.offer(contact(key, ""), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(queue.next().unwrap().key, "1");
        assert_eq!(queue.counted().left_out, 1);
    }
}
