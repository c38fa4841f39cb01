//! How orders are read (remonline.md 2.6).

use serde_json::{Value, json};

use super::{
    Ctx, RemOnline,
    client_view::{custom_values, named, time},
    dictionaries::status,
    orders::label,
    settings::Generation,
    shelf::Entity,
    world::{CAMPAIGNS, ORDER_STATUSES},
};

impl RemOnline {
    /// An order as it is read: times, the status's group and some names differ by generation.
    pub(super) fn order_json(&self, ctx: &Ctx, order: &Entity) -> Value {
        let generation = ctx.generation;
        let client = order.number("client_id").and_then(|id| self.clients.get(id));
        let mut out = json!({
            "id": order.id, "id_label": label(order),
            "status": status(&ORDER_STATUSES, order.number("status_id")).map(|status| self.order_status_json(ctx, status)),
            "client": client.map(|client| self.client_json(generation, client)),
            "manager_id": order.number("manager_id"), "branch_id": order.number("branch_id"),
            "order_type": self.order_type(order.number("order_type_id")),
            "manager_notes": order.text("manager_notes"), "engineer_notes": order.text("engineer_notes"),
            "malfunction": order.text("malfunction"), "custom_fields": custom_values(order),
            "ad_campaign": named(&CAMPAIGNS, order.number("ad_campaign_id"), "name"),
            "created_at": time(generation, Some(order.created)),
            "modified_at": time(generation, Some(order.modified)),
            "closed_at": time(generation, order.closed),
        });
        let engineer = order.number("engineer_id");
        let more = if generation == Generation::A {
            json!({"engineer_id": engineer})
        } else {
            json!({
                "number": label(order), "assignee_id": engineer, "asset_id": order.number("asset_id"),
                "due_date": order.field("due_date"), "scheduled_for": order.field("scheduled_for"),
                "scheduled_to": order.field("scheduled_to"), "urgent": order.flag("urgent"),
            })
        };
        if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
            out.extend(more);
        }
        out
    }
}
