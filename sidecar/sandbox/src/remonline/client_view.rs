//! How clients are read, and the parts all records share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Ctx, RemOnline,
    clients::full_name,
    settings::Generation,
    shelf::Entity,
    world::{CAMPAIGNS, Named},
};
use crate::wire::SimAnswer;

impl RemOnline {
    /// One record read by its id: inside `data` in A, as it is in B and C [I].
    pub(super) fn shown(&self, ctx: &Ctx, record: Value) -> SimAnswer {
        if ctx.generation == Generation::A {
            return SimAnswer::json(200, &json!({"data": record, "success": true}));
        }
        SimAnswer::json(200, &record)
    }

    /// A client as it is read.
    pub(super) fn client_json(&self, generation: Generation, client: &Entity) -> Value {
        let mut out = json!({
            "id": client.id, "name": full_name(client), "first_name": client.text("first_name"),
            "last_name": client.text("last_name"), "email": client.text("email"), "notes": client.text("notes"),
            "address": client.text("address"), "supplier": client.flag("supplier"),
            "juridical": client.flag("juridical"), "conflicted": false,
            "ad_campaign": named(&CAMPAIGNS, client.number("ad_campaign_id"), "name"),
            "custom_fields": custom_values(client),
            "created_at": time(generation, Some(client.created)),
            "modified_at": time(generation, Some(client.modified)),
        });
        let more = if generation == Generation::A {
            json!({
                "phone": client.phones().collect::<Vec<&str>>(), "discount_code": "", "discount_goods": 0,
                "discount_services": 0, "discount_materials": 0,
            })
        } else {
            json!({
                "phones": or_empty(client.field("phones")), "manager_id": client.number("manager_id"),
                "tags": or_empty(client.field("tags")),
            })
        };
        if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
            out.extend(more);
        }
        out
    }
}

/// Milliseconds since 1970 in A, ISO without fractions in B and C (remonline.md 2.3).
pub(super) fn time(generation: Generation, at: Option<Timestamp>) -> Value {
    match (at, generation) {
        (None, _) => Value::Null,
        (Some(at), Generation::A) => at.as_millisecond().into(),
        (Some(at), _) => iso(at).into(),
    }
}

/// A time in ISO 8601 without fractions.
pub(super) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The custom fields of a record; an object also when there are none.
pub(super) fn custom_values(entity: &Entity) -> Value {
    let values = entity.field("custom_fields");
    if values.is_object() { values } else { json!({}) }
}

/// A line of a dictionary as `{id, name}`, with the name under the given key.
pub(super) fn named(list: &[Named], id: Option<u64>, key: &str) -> Value {
    let found = list.iter().find(|entry| Some(entry.id) == id);
    found.map_or(Value::Null, |entry| json!({"id": entry.id, key: entry.name}))
}

fn or_empty(list: Value) -> Value {
    if list.is_array() { list } else { json!([]) }
}
