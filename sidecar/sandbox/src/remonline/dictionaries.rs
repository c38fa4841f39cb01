//! What seldom changes: employees, branches, types, statuses, campaigns, custom fields
//! (remonline.md 2.5 to 2.8).

use serde_json::{Map, Value, json};

use super::{
    Ctx, RemOnline,
    answers::not_found,
    client_view::named,
    params::Params,
    settings::{Generation, OrderTypeField},
    shelf::number,
    world::{
        BRANCHES, CAMPAIGNS, LEAD_STATUSES, LEAD_TYPES, Named, ORDER_STATUSES, ORDER_TYPES, Owner, Status,
        custom_fields,
    },
};
use crate::wire::SimAnswer;

/// A dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Employees,
    Branches,
    OrderTypes,
    LeadTypes,
    OrderStatuses,
    LeadStatuses,
    Campaigns,
    OrderFields,
    LeadFields,
}

impl RemOnline {
    /// The dictionaries at the root.
    pub(super) fn shared_dictionary(&self, ctx: &Ctx, path: &[&str], params: &Params) -> Result<SimAnswer, SimAnswer> {
        let kind = match path {
            ["employees"] => Kind::Employees,
            ["branches"] => Kind::Branches,
            ["order", "types"] => Kind::OrderTypes,
            ["lead", "types"] => Kind::LeadTypes,
            ["statuses"] | ["statuses", "orders"] => Kind::OrderStatuses,
            ["statuses", "leads"] => Kind::LeadStatuses,
            ["marketing", "campaigns"] => Kind::Campaigns,
            ["order", "custom-fields"] => Kind::OrderFields,
            ["lead", "custom-fields"] => Kind::LeadFields,
            _ => return Err(not_found()),
        };
        self.only(params, &["leadtype_id", "order_type_id"])?;
        Ok(self.listed(ctx, kind))
    }

    /// A whole dictionary: the default world's are shorter than a page.
    pub(super) fn listed(&self, ctx: &Ctx, kind: Kind) -> SimAnswer {
        let plain = |list: &[Named]| list.iter().map(|entry| json!({"id": entry.id, "name": entry.name})).collect();
        let fields = |owner| {
            custom_fields(owner)
                .map(|(id, name, kind)| json!({"id": id, "name": name, "type": kind, "required": false}))
        };
        let rows: Vec<Value> = match kind {
            Kind::Employees => self.employees.iter().cloned().map(Value::Object).collect(),
            Kind::Branches => plain(&BRANCHES),
            Kind::OrderTypes => ORDER_TYPES.iter().map(|entry| self.order_type(Some(entry.id))).collect(),
            Kind::LeadTypes => plain(&LEAD_TYPES),
            Kind::OrderStatuses => ORDER_STATUSES.iter().map(|status| self.order_status_json(ctx, *status)).collect(),
            Kind::LeadStatuses => LEAD_STATUSES.iter().map(|status| self.lead_status_json(*status)).collect(),
            Kind::Campaigns => plain(&CAMPAIGNS),
            Kind::OrderFields => fields(Owner::Order).collect(),
            Kind::LeadFields => fields(Owner::Lead).collect(),
        };
        self.dictionary(ctx, rows)
    }

    /// An order's type, its name under the key the settings say (remonline.md 2.6).
    pub(super) fn order_type(&self, id: Option<u64>) -> Value {
        let key = match self.settings.order_type_field {
            OrderTypeField::Name => "name",
            OrderTypeField::Title => "title",
        };
        named(&ORDER_TYPES, id, key)
    }

    pub(super) fn order_status_json(&self, ctx: &Ctx, status: Status) -> Value {
        let closed = &self.settings.closed_status_name;
        if ctx.generation == Generation::C { status.to_json_v2(closed) } else { status.to_json(closed) }
    }

    pub(super) fn lead_status_json(&self, status: Status) -> Value {
        let mut out = status.to_json(&self.settings.closed_status_name);
        if !self.settings.lead_status_groups
            && let Value::Object(out) = &mut out
        {
            out.remove("group");
        }
        out
    }

    pub(super) fn employee(&self, id: u64) -> Option<&Map<String, Value>> {
        self.employees.iter().find(|employee| employee.get("id").and_then(number) == Some(id))
    }
}

/// The status of an id among those of an entity.
pub(super) fn status(list: &[Status], id: Option<u64>) -> Option<Status> {
    list.iter().find(|status| Some(status.id) == id).copied()
}
