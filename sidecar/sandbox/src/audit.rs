//! Whether a world holds anything twice.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a demonstration or a test asks after the event: how much is there, what twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Records by entity.
    pub totals: BTreeMap<String, u64>,
    /// Clients that have more than one record of one entity.
    pub doubled_clients: Vec<DoubledClient>,
    /// Call records written more than once.
    pub doubled_calls: Vec<DoubledRecord>,
    /// Tasks written more than once.
    pub doubled_tasks: Vec<DoubledRecord>,
}

impl Audit {
    /// Whether nothing is held twice.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.doubled_clients.is_empty() && self.doubled_calls.is_empty() && self.doubled_tasks.is_empty()
    }
}

/// One client number under several records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoubledClient {
    /// Which entity is doubled: `Contacts`, `Leads`, `customers`.
    pub entity: String,
    /// The last nine digits of the number.
    pub phone: String,
    /// The records that hold it, oldest first.
    pub ids: Vec<String>,
}

/// One thing written several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoubledRecord {
    /// What makes them the same: an external id or a marker in the text.
    pub key: String,
    /// The records, oldest first.
    pub ids: Vec<String>,
}

/// Ids gathered under keys in the order they came.
#[derive(Default)]
pub(crate) struct Groups(BTreeMap<String, Vec<String>>);

impl Groups {
    pub(crate) fn put(&mut self, key: String, id: &str) {
        let ids = self.0.entry(key).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    pub(crate) fn doubled_records(self) -> Vec<DoubledRecord> {
        self.doubled().map(|(key, ids)| DoubledRecord { key, ids }).collect()
    }

    pub(crate) fn doubled_clients(self, entity: &str) -> Vec<DoubledClient> {
        self.doubled().map(|(phone, ids)| DoubledClient { entity: entity.to_owned(), phone, ids }).collect()
    }

    fn doubled(self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.0.into_iter().filter(|(_, ids)| ids.len() > 1)
    }
}

/// The ASCII digits of a text.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The last nine digits: what stays of a number however its prefix is written. Shorter
/// numbers stay whole; a text without digits has no tail.
pub(crate) fn tail(text: &str) -> Option<String> {
    let all = digits(text);
    let skip = all.len().saturating_sub(9);
    let tail: String = all.chars().skip(skip).collect();
    (!tail.is_empty()).then_some(tail)
}

/// A marker of the form `[tl:abc]` or `[tl-abc]`: letters, a colon or hyphen, anything but brackets.
pub(crate) fn marker(text: &str) -> Option<String> {
    text.split('[').skip(1).find_map(|rest| {
        let (inside, _) = rest.split_once(']')?;
        let (prefix, value) = inside.split_once([':', '-'])?;
        let letters = !prefix.is_empty() && prefix.chars().all(|c| c.is_ascii_lowercase());
        (letters && !value.is_empty()).then(|| format!("[{inside}]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_among_other_brackets() {
        assert_eq!(marker("Call [new] +380 [tl:a1-b2] end"), Some("[tl:a1-b2]".to_owned()));
        assert_eq!(marker("Call back [tl-a1b2]"), Some("[tl-a1b2]".to_owned()));
        assert_eq!(marker("Call [new] at [12:30]"), None);
    }

    #[test]
    fn spellings_of_one_number_share_their_tail() {
        assert_eq!(tail("+38-067-123-4567"), tail("067 123 45 67"));
        assert_eq!(tail("none"), None);
    }
}
