//! Contacts and deals as records of the engine. Decoding is tolerant: what is missing or odd is left out.

use serde_json::Value;
use tieline_engine::{
    ids::{RecordId, UserId},
    jiff::{Timestamp, civil, tz::TimeZone},
    phone::Phone,
    record::{Kind, Record},
    redact::Private,
};

use super::answers::{entries, id_of, number_of, text_of};

/// What a deal's status means (sendpulse.md 3.3).
const DELETED: u64 = 0;
const CLOSED: [u64; 2] = [2, 3];

/// A contact; `chat_field` is the id of the field that holds the messenger dialogue.
pub(super) fn contact(contact: &Value, chat_field: Option<&str>, zone: &TimeZone) -> Option<Record> {
    let mut record = Record::new(Kind::Contact, RecordId::new(id_of(contact)?));
    record.phones = phones(contact).into_iter().map(Phone::new).collect();
    record.name = Some(name(contact)).filter(|name| !name.is_empty()).map(Private::new);
    record.owner = contact.get("responsibleId").and_then(text_of).map(UserId::new);
    record.created_at = created_at(contact, zone);
    record.modified_at = contact.get("updatedAt").and_then(|at| time(at, zone));
    record.chats = chat_field.and_then(|field| field_value(contact, field)).into_iter().collect();
    Some(record)
}

/// A deal of a contact; none for one that was deleted. A status nobody knows counts as open: a second deal beside a
/// running one would be the worse mistake.
pub(super) fn deal(deal: &Value, contact: &RecordId, zone: &TimeZone) -> Option<Record> {
    let status = deal.get("status").and_then(number_of);
    let mut record = Record::new(Kind::Deal, RecordId::new(id_of(deal)?));
    record.open = !status.is_some_and(|status| CLOSED.contains(&status));
    record.contact = Some(contact.clone());
    record.name = deal.get("name").and_then(text_of).map(Private::new);
    record.owner = deal.get("responsibleId").and_then(text_of).map(UserId::new);
    record.created_at = created_at(deal, zone);
    record.modified_at = deal.get("updatedAt").and_then(|at| time(at, zone));
    (status != Some(DELETED)).then_some(record)
}

/// Every number of a contact, as stored.
pub(super) fn phones(contact: &Value) -> Vec<String> {
    let number = |phone: &Value| phone.get("phone").and_then(text_of).or_else(|| text_of(phone));
    let all = contact.get("phones");
    match all {
        Some(Value::Array(list)) => list.iter().filter_map(number).collect(),
        Some(one) => entries(one).into_iter().filter_map(number).collect(),
        None => Vec::new(),
    }
}

/// First and last name.
pub(super) fn name(contact: &Value) -> String {
    let part = |key: &str| contact.get(key).and_then(Value::as_str).map(str::trim).filter(|part| !part.is_empty());
    [part("firstName"), part("lastName")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// When a record was made.
pub(super) fn created_at(record: &Value, zone: &TimeZone) -> Option<Timestamp> {
    time(record.get("createdAt")?, zone)
}

/// The value of a contact field: plain, or inside an object (both are drawn for contacts).
fn field_value(contact: &Value, field: &str) -> Option<String> {
    let all = entries(contact.get("attributes")?);
    let one = all.into_iter().find(|one| id_of(one).as_deref() == Some(field))?;
    let value = one.get("value")?;
    text_of(value).or_else(|| text_of(value.get("value")?))
}

/// A time with its zone, or one without in the given zone.
fn time(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    let local = || text.parse::<civil::DateTime>().ok()?.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    text.parse().ok().or_else(local)
}
