//! Customers and orders as records of the engine. Decoding is tolerant: what is missing or odd is left out
//! (retailcrm.md 1.2: an empty `customFields` comes as a list).

use serde_json::Value;
use tieline_engine::{
    ids::{RecordId, UserId},
    jiff::{Timestamp, civil, tz::TimeZone},
    phone::Phone,
    record::{Kind, Record},
    redact::Private,
};

use super::{
    answers::{entries, id_of, text_of},
    settings::Settings,
};

/// A customer as a contact.
pub(super) fn contact(settings: &Settings, customer: &Value, zone: &TimeZone) -> Option<Record> {
    let mut record = Record::new(Kind::Contact, RecordId::new(id_of(customer)?));
    record.phones = phones(customer).into_iter().map(Phone::new).collect();
    let part = |key: &str| customer.get(key).and_then(Value::as_str).map(str::trim).filter(|part| !part.is_empty());
    let name =
        [part("firstName"), part("patronymic"), part("lastName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    record.name = Some(name).filter(|name| !name.is_empty()).map(Private::new);
    record.owner = customer.get("managerId").and_then(text_of).map(UserId::new);
    record.created_at = customer.get("createdAt").and_then(|at| time(at, zone));
    let custom = |field: &String| customer.get("customFields").and_then(|fields| text_of(fields.get(field)?));
    record.chats = settings.chat_field.as_ref().and_then(custom).into_iter().collect();
    Some(record)
}

/// An order as a deal of a customer; `open` where its status tells.
pub(super) fn deal(order: &Value, customer: &RecordId, open: Option<bool>, zone: &TimeZone) -> Option<Record> {
    let mut record = Record::new(Kind::Deal, RecordId::new(id_of(order)?));
    // A status nobody can place counts as open: a second order for a running one is the worse mistake.
    record.open = open.unwrap_or(true);
    record.contact = order.get("customer").and_then(id_of).map(RecordId::new).or_else(|| Some(customer.clone()));
    let numbers = ["phone", "additionalPhone"].into_iter().filter_map(|key| text_of(order.get(key)?));
    record.phones = numbers.map(Phone::new).collect();
    record.name = order.get("number").and_then(text_of).map(Private::new);
    record.owner = order.get("managerId").and_then(text_of).map(UserId::new);
    record.created_at = order.get("createdAt").and_then(|at| time(at, zone));
    record.modified_at = order.get("statusUpdatedAt").and_then(|at| time(at, zone)).or(record.created_at);
    Some(record)
}

/// Every number of a customer, as stored.
pub(super) fn phones(customer: &Value) -> Vec<String> {
    entries(customer.get("phones")).into_iter().filter_map(|phone| text_of(phone.get("number")?)).collect()
}

/// `Y-m-d H:i:s` in the account's zone (retailcrm.md 1.1).
fn time(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    let text = value.as_str()?;
    let local = civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    local.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}
