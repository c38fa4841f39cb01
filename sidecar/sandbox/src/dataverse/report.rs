//! What the org holds, for people and for checks.

use serde_json::{Map, Value, json};

use super::{Dataverse, schema::Set, store::Row};
use crate::audit::{Audit, Groups, marker, tail};

const PHONES: [&str; 6] = ["telephone1", "telephone2", "telephone3", "mobilephone", "home2", "business2"];

/// Columns that tell a person nothing.
const DULL: [&str; 5] = ["modifiedon", "_createdby_value", "_modifiedby_value", "_owninguser_value", "leftvoicemail"];

impl Dataverse {
    /// The tables with their rows, oldest first; a call with whom it is from and to.
    pub(super) fn list(&self) -> Value {
        let rows = |set: Set| self.store.all(set).map(|row| self.list_row(set, row)).collect::<Vec<Value>>();
        let calls: Vec<Value> = self.store.all(Set::PhoneCalls).map(|row| self.list_call(row)).collect();
        json!({
            "contacts": rows(Set::Contacts), "phonecalls": calls, "annotations": rows(Set::Notes),
            "provider_events": self.provider.list(), "systemusers": rows(Set::Users),
        })
    }

    fn list_row(&self, set: Set, row: &Row) -> Value {
        let kept = row.fields.iter().filter(|(name, _)| name.as_str() != set.key() && !DULL.contains(&name.as_str()));
        let mut out: Map<String, Value> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        out.insert("id".to_owned(), row.id.clone().into());
        Value::Object(out)
    }

    fn list_call(&self, row: &Row) -> Value {
        let mut out = self.list_row(Set::PhoneCalls, row);
        for (mask, side) in [(1, "from"), (2, "to")] {
            let parties = self.store.holding(Set::Parties, "_activityid_value", &row.id);
            let side_parties: Vec<&Row> =
                parties.filter(|party| party.number("participationtypemask") == Some(mask)).collect();
            let ids: Vec<Value> =
                side_parties.iter().filter_map(|party| party.fields.get("_partyid_value").cloned()).collect();
            let names: Vec<Value> = side_parties.iter().map(|party| self.party_name(party).into()).collect();
            if let Some(out) = out.as_object_mut() {
                out.insert(side.to_owned(), ids.into());
                out.insert(format!("{side}_names"), names.into());
            }
        }
        out
    }

    fn party_name(&self, party: &Row) -> String {
        let id = party.text("_partyid_value");
        let known = self.store.get(Set::Contacts, id).or_else(|| self.store.get(Set::Users, id));
        let names: [&str; 3] = match known {
            Some(row) => [row.text("fullname"), row.text("telephone1"), row.text("mobilephone")],
            None => [party.text("unresolvedpartyname"), party.text("addressused"), id],
        };
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned()
    }

    pub(super) fn audit_world(&self) -> Audit {
        let mut clients = Groups::default();
        for contact in self.store.all(Set::Contacts) {
            for end in PHONES.iter().filter_map(|name| tail(contact.text(name))) {
                clients.put(end, &contact.id);
            }
        }
        let mut calls = Groups::default();
        for call in self.store.all(Set::PhoneCalls) {
            if let Some(key) = call_key(call) {
                calls.put(key, &call.id);
            }
        }
        self.provider.group(&mut calls);
        let mut notes = Groups::default();
        for note in self.store.all(Set::Notes) {
            notes.put(note_key(note), &note.id);
        }
        let total = |set: Set| (set.name().to_owned(), self.store.len(set) as u64);
        let mut totals: std::collections::BTreeMap<String, u64> =
            [Set::Contacts, Set::PhoneCalls, Set::Notes].map(total).into();
        totals.insert("provider_events".to_owned(), self.provider.len() as u64);
        Audit {
            totals,
            doubled_clients: clients.doubled_clients(Set::Contacts.name()),
            doubled_calls: calls.doubled_records(),
            doubled_tasks: notes.doubled_records(),
        }
    }
}

/// What makes two rows the same call: a marker in any of its texts, in brackets or on a line of its own, else its start,
/// direction, number and contact. The number alone may be the line's, which two clients
/// can dial in the same second.
fn call_key(call: &Row) -> Option<String> {
    let mut texts = call.fields.values().filter_map(Value::as_str);
    if let Some(found) = texts.find_map(|text| marker(text).or_else(|| bare_marker(text))) {
        return Some(found);
    }
    let start = Some(call.text("actualstart")).filter(|start| !start.is_empty())?;
    let outgoing = call.fields.get("directioncode") == Some(&Value::Bool(true));
    let direction = if outgoing { "out" } else { "in" };
    Some(
        [start, direction, call.text("phonenumber"), call.text("_regardingobjectid_value")].join(" ").trim().to_owned(),
    )
}

/// A line that is nothing but a marker, such as `tl-5zinq2q3j3vx5igz`: letters, a dash, eight or more letters and digits.
fn bare_marker(text: &str) -> Option<String> {
    let is_marker = |line: &&str| {
        line.split_once('-').is_some_and(|(prefix, value)| {
            let letters = !prefix.is_empty() && prefix.chars().all(|c| c.is_ascii_lowercase());
            letters && value.len() >= 8 && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
    };
    text.lines().map(str::trim).find(is_marker).map(str::to_owned)
}

/// Notes are the nearest thing to tasks: the same text on the same row is there twice.
fn note_key(note: &Row) -> String {
    let texts = [note.text("subject"), note.text("notetext")];
    texts
        .iter()
        .find_map(|text| marker(text))
        .unwrap_or_else(|| format!("note on {}: {}", note.text("_objectid_value"), texts.join(" ")))
}
