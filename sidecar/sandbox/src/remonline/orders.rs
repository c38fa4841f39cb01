//! Orders (remonline.md 2.6).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Ask, Ctx, RemOnline,
    answers::{NOT_VALID, REQUIRED, not_found, wrong},
    comments::On,
    dictionaries::status,
    forms::{Field, Type},
    params::{NotATime, Params, Span},
    settings::Generation,
    shelf::{Entity, number},
    world::{CLOSED, ORDER_STATUSES, Owner},
};
use crate::wire::SimAnswer;

const OLD_FILTERS: [&str; 13] = [
    "client_phones",
    "clients_ids",
    "statuses",
    "branches",
    "types",
    "ids",
    "id_labels",
    "managers",
    "engineers",
    "created_at",
    "modified_at",
    "closed_at",
    "sort_dir",
];
const FILTERS: [&str; 8] =
    ["clients_ids", "client_phones", "statuses", "ids", "numbers", "created_at", "modified_at", "sort"];

const OLD_FORM: [Field; 11] = [
    ("branch_id", "branch_id", Type::Branch),
    ("order_type", "order_type_id", Type::KindOfOrder),
    ("client_id", "client_id", Type::Client),
    ("manager", "manager_id", Type::Employee),
    ("engineer", "engineer_id", Type::Employee),
    ("malfunction", "malfunction", Type::Notes),
    ("manager_notes", "manager_notes", Type::Notes),
    ("engineer_notes", "engineer_notes", Type::Notes),
    ("estimated_done_at", "due_date", Type::Millis),
    ("custom_fields", "custom_fields", Type::CustomFields(Owner::Order)),
    ("ad_campaign_id", "ad_campaign_id", Type::Campaign),
];
const FORM: [Field; 15] = [
    ("branch_id", "branch_id", Type::Branch),
    ("order_type_id", "order_type_id", Type::KindOfOrder),
    ("client_id", "client_id", Type::Client),
    ("manager_id", "manager_id", Type::Employee),
    ("assignee_id", "engineer_id", Type::Employee),
    ("asset_id", "asset_id", Type::Id),
    ("malfunction", "malfunction", Type::Notes),
    ("manager_notes", "manager_notes", Type::Notes),
    ("engineer_notes", "engineer_notes", Type::Notes),
    ("due_date", "due_date", Type::Iso),
    ("scheduled_for", "scheduled_for", Type::Iso),
    ("scheduled_to", "scheduled_to", Type::Iso),
    ("urgent", "urgent", Type::Flag),
    ("custom_fields", "custom_fields", Type::CustomFields(Owner::Order)),
    ("ad_campaign_id", "ad_campaign_id", Type::Campaign),
];

impl RemOnline {
    /// `GET /order/`, `GET …/orders`
    pub(super) fn order_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let old = ctx.generation == Generation::A;
        self.only(params, if old { &OLD_FILTERS } else { &FILTERS })?;
        let span = |name| params.span(name, ctx.generation).map_err(|NotATime| self.not_a_time(name));
        let (created, modified, closed) = (span("created_at")?, span("modified_at")?, span("closed_at")?);
        let labels = params.list(if old { "id_labels" } else { "numbers" });
        let found = self.order_candidates(params).into_iter().filter(|order| {
            order.listed(ctx.now, ctx.lag(params))
                && params.among("ids", Some(order.id))
                && params.among("clients_ids", order.number("client_id"))
                && params.among("statuses", order.number("status_id"))
                && params.among("branches", order.number("branch_id"))
                && params.among("types", order.number("order_type_id"))
                && params.among("managers", order.number("manager_id"))
                && params.among("engineers", order.number("engineer_id"))
                && labels.as_ref().is_none_or(|asked| asked.contains(&label(order).as_str()))
                && Span::holds(created, Some(order.created))
                && Span::holds(modified, Some(order.modified))
                && Span::holds(closed, order.closed)
        });
        self.page(ctx, params, found.collect(), |order| self.order_json(ctx, order))
    }

    /// Those to be looked at: of the clients asked for when any are, by id or by number.
    fn order_candidates(&self, params: &Params) -> Vec<&Entity> {
        let clients = match (params.list("client_phones"), params.ids("clients_ids")) {
            (Some(asked), _) => self.clients_with(&asked).into_iter().map(|client| client.id).collect(),
            (None, Some(mut ids)) => {
                ids.sort_unstable();
                ids.dedup();
                ids
            }
            (None, None) => return self.orders.all().collect(),
        };
        clients.into_iter().flat_map(|client| self.orders.of_client(client)).collect()
    }

    /// `GET …/orders/{id}`
    pub(super) fn order_get(&self, ctx: &Ctx, id: &str) -> Result<SimAnswer, SimAnswer> {
        let order = id.parse().ok().and_then(|id| self.orders.get(id)).ok_or_else(not_found)?;
        Ok(self.shown(ctx, self.order_json(ctx, order)))
    }

    /// `POST /order/`, `POST …/orders`: never without a client.
    pub(super) fn order_create(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let kind = if ctx.generation == Generation::A { "order_type" } else { "order_type_id" };
        let required = ctx.required("orders", &["branch_id", kind, "client_id"]);
        let mut fields = self.order_fields(ctx, &ask.body, &required)?;
        fields.insert("status_id".to_owned(), ORDER_STATUSES.first().map(|status| status.id).into());
        let id = self.orders.add(ctx.now, fields, false);
        let record = self.orders.get(id).map(|order| self.order_json(ctx, order));
        Ok(self.created(ctx, id, record.unwrap_or_default()))
    }

    /// `PATCH …/orders/{id}`
    pub(super) fn order_edit(&mut self, ctx: &Ctx, id: &str, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let id = id.parse().ok().and_then(|id| self.orders.get(id)).ok_or_else(not_found)?.id;
        let fields = self.order_fields(ctx, &ask.body, &[])?;
        self.orders.edit(id, ctx.now, fields);
        Ok(self.order_changed(ctx, id))
    }

    /// `POST /order/status/ {order_id, status_id}`, `POST …/orders/{id}/status {status_id, comment}`
    pub(super) fn order_status(&mut self, ctx: &Ctx, id: Option<&str>, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let given = id.map_or_else(|| ask.body.get("order_id").and_then(number), |id| id.parse().ok());
        let id = match (given, id) {
            (Some(id), _) => self.orders.get(id).ok_or_else(not_found)?.id,
            (None, Some(_)) => return Err(not_found()),
            (None, None) => return Err(self.settings.refuse(&wrong("order_id", REQUIRED))),
        };
        let asked = ask.body.get("status_id").filter(|value| !value.is_null());
        let asked = asked.ok_or_else(|| self.settings.refuse(&wrong("status_id", REQUIRED)))?;
        let found = status(&ORDER_STATUSES, number(asked));
        let found = found.ok_or_else(|| self.settings.refuse(&wrong("status_id", NOT_VALID)))?;
        self.orders.edit(id, ctx.now, Map::from_iter([("status_id".to_owned(), found.id.into())]));
        self.order_closed(ctx.now, id, Some(found.id));
        if let Some(text) = ask.body.get("comment").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            self.keep_comment(ctx.now, On::Order, id, text, false);
        }
        Ok(self.order_changed(ctx, id))
    }

    fn order_changed(&self, ctx: &Ctx, id: u64) -> SimAnswer {
        let record = self.orders.get(id).map(|order| self.order_json(ctx, order));
        self.changed(ctx, id, record.unwrap_or_default())
    }

    fn order_fields(
        &self,
        ctx: &Ctx,
        given: &Map<String, Value>,
        required: &[&str],
    ) -> Result<Map<String, Value>, SimAnswer> {
        let form: &[Field] = if ctx.generation == Generation::A { &OLD_FORM } else { &FORM };
        self.check(form, given, required).map_err(|wrongs| self.settings.refuse(&wrongs))
    }

    /// Notes that an order is closed or open, as its status says.
    pub(super) fn order_closed(&mut self, now: Timestamp, id: u64, status_id: Option<u64>) {
        let closed = status(&ORDER_STATUSES, status_id).is_some_and(|status| status.group == CLOSED);
        self.orders.close(id, closed.then_some(now));
    }
}

/// What people know an order by.
pub(super) fn label(order: &Entity) -> String {
    format!("A{}", order.id)
}
