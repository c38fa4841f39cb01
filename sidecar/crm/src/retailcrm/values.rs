//! Customers and orders as the CRM's JSON (retailcrm.md 1.2, 1.4).

use serde_json::{Map, Value, json};
use tieline_engine::{
    phone::{Phone, PhoneKey},
    redact::Private,
    step::{Fields, Mark},
};

use super::settings::{PhoneForm, Settings};

/// A new customer.
pub(super) fn customer(settings: &Settings, fields: &Fields, mark: &Mark) -> Value {
    let number = number(settings, fields.phone.as_ref(), fields.phone_text.as_ref());
    let mut customer = about_visit(settings, fields, Entity::Customer);
    put_source_text(&mut customer, fields);
    let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(Private::expose);
    put(&mut customer, "firstName", name.map(str::to_owned).or_else(|| number.clone()));
    put(&mut customer, "phones", number.map(|number| json!([{ "number": number }])));
    put(&mut customer, "managerId", fields.owner.as_ref().map(|owner| id(owner.as_str())));
    put(&mut customer, "externalId", Some(mark.as_str()));
    Value::Object(customer)
}

/// A new order. `customer` is its customer's id; without one the CRM gets the deal's title as a name.
pub(super) fn order(settings: &Settings, fields: &Fields, mark: &Mark, customer: Option<&str>) -> Value {
    let mut order = about_visit(settings, fields, Entity::Order);
    put_source_text(&mut order, fields);
    let status = fields.place.as_ref().map(|place| place.stage.as_str()).or(settings.default_status.as_deref());
    let method = if fields.chat.is_some() { &settings.order_method_messenger } else { &settings.order_method };
    let title = fields.name.as_ref().filter(|_| customer.is_none()).map(Private::expose);
    put(&mut order, "status", status);
    put(&mut order, "orderMethod", method.as_deref());
    put(&mut order, "customer", customer.map(|customer| json!({ "id": id(customer) })));
    put(&mut order, "firstName", title);
    put(&mut order, "phone", number(settings, fields.phone.as_ref(), fields.phone_text.as_ref()));
    put(&mut order, "managerId", fields.owner.as_ref().map(|owner| id(owner.as_str())));
    put(&mut order, "externalId", Some(mark.as_str()));
    Value::Object(order)
}

/// What may be changed in a customer: mapped fields and marks, never what an agent may have typed (SP-03, SM-14).
pub(super) fn customer_changes(settings: &Settings, fields: &Fields) -> Value {
    Value::Object(about_visit(settings, fields, Entity::Customer))
}

/// What may be changed in an order.
pub(super) fn order_changes(settings: &Settings, fields: &Fields) -> Value {
    Value::Object(about_visit(settings, fields, Entity::Order))
}

/// Whose custom fields are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entity {
    Customer,
    Order,
}

/// Marks and mapped fields. The Google client id is not among them: it has a request of its own, for the customer
/// only (RC-15).
fn about_visit(settings: &Settings, fields: &Fields, entity: Entity) -> Map<String, Value> {
    let mut all = Map::new();
    let mut source = Map::new();
    for (mark, key) in SOURCE_KEYS {
        put(&mut source, key, fields.marks.get(*mark).map(String::as_str));
    }
    put(&mut all, "source", Some(source).filter(|source| !source.is_empty()));
    let mut custom: Map<String, Value> =
        fields.custom.iter().map(|(code, text)| (code.clone(), Value::from(text.as_str()))).collect();
    if let (Some(code), Some(chat), Entity::Customer) = (&settings.chat_field, &fields.chat, entity) {
        custom.entry(code.clone()).or_insert_with(|| Value::from(chat.as_str()));
    }
    put(&mut all, "customFields", Some(custom).filter(|custom| !custom.is_empty()));
    all
}

/// Advertising marks by their usual names, and where the CRM's `source` holds them (retailcrm.md 1.2).
pub(super) const SOURCE_KEYS: &[(&str, &str)] = &[
    ("utm_source", "source"),
    ("utm_medium", "medium"),
    ("utm_campaign", "campaign"),
    ("utm_term", "keyword"),
    ("utm_content", "content"),
];

/// A new record without any mark still tells what brought the client.
fn put_source_text(entity: &mut Map<String, Value>, fields: &Fields) {
    if !entity.contains_key("source") {
        let text = fields.source.as_deref().filter(|text| !text.trim().is_empty());
        put(entity, "source", text.map(|text| json!({ "source": text })));
    }
}

/// A client's number as this connection writes them.
pub(super) fn number(settings: &Settings, key: Option<&PhoneKey>, text: Option<&Phone>) -> Option<String> {
    let written = key.map(|key| match settings.phone_form {
        PhoneForm::Digits => key.digits(),
        PhoneForm::Plus => key.as_str(),
    });
    written.or_else(|| text.map(Phone::raw)).map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned)
}

/// Ids are numbers on the wire; one that is none is passed as the text it is.
pub(super) fn id(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

pub(super) fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
