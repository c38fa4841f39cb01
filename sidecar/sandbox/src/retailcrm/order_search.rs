//! Which orders are meant: filtered lists and the question for statuses (retailcrm.md 1.4).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{input_error, page, success},
    orders::number,
    params::Params,
    shelf::Entity,
};
use crate::wire::SimAnswer;

const FILTERS: [&str; 16] = [
    "customer",
    "customerId",
    "customerExternalId",
    "extendedStatus",
    "sites",
    "managers",
    "numbers",
    "ids",
    "externalIds",
    "orderMethods",
    "orderTypes",
    "createdAtFrom",
    "createdAtTo",
    "statusUpdatedAtFrom",
    "statusUpdatedAtTo",
    "customFields",
];
/// Ids per question for statuses (retailcrm.md 1.1).
const MOST_STATUSES: usize = 500;

impl RetailCrm {
    /// `GET /orders`
    pub(super) fn order_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        params.only_filters(&FILTERS)?;
        let paging = params.paging()?;
        let fits = |order: &&Entity| order.listed(ctx.now, ctx.lag_ms) && self.order_fits(order, params);
        let asked = params.filter("customerId").and_then(|id| id.parse().ok());
        let candidates: Vec<&Entity> = match asked {
            Some(customer) => self.orders_of(customer).collect(),
            None => self.orders.all().collect(),
        };
        let found = candidates.into_iter().rev().filter(fits).map(|order| self.order_json(order));
        Ok(page("orders", found.collect(), paging))
    }

    fn order_fits(&self, order: &Entity, params: &Params) -> bool {
        let among = |name: &str, values: &[&str]| {
            let asked = params.filter_list(name);
            asked.is_empty() || values.iter().any(|value| asked.contains(value))
        };
        let status = order.text("status");
        let group = self.reference.status(status).unwrap_or_default();
        let customer = order.customer_id();
        let manager = order.number("managerId").map(|id| id.to_string()).unwrap_or_default();
        let asked_id =
            params.filter("customerId").is_none_or(|asked| customer.map(|id| id.to_string()).as_deref() == Some(asked));
        let asked_external = params.filter("customerExternalId").is_none_or(|asked| {
            self.customers.shelf.by_external(asked).is_some_and(|found| Some(found.id) == customer)
        });
        let asked_text = params.filter("customer").is_none_or(|asked| self.order_is_of(order, asked));
        asked_id
            && asked_external
            && asked_text
            && among("extendedStatus", &[status, group])
            && among("sites", &[order.text("site")])
            && among("managers", &[&manager])
            && among("numbers", &[&number(order)])
            && among("ids", &[&order.id.to_string()])
            && among("externalIds", &[order.text("externalId")])
            && among("orderMethods", &[order.text("orderMethod")])
            && among("orderTypes", &[order.text("orderType")])
            && self.in_times(order, params)
    }

    fn in_times(&self, order: &Entity, params: &Params) -> bool {
        let within = |from: &str, to: &str, at: Timestamp| {
            let at = self.time(at);
            params.filter(from).is_none_or(|from| from <= at.as_str())
                && params.filter(to).is_none_or(|to| at.as_str() <= to)
        };
        within("createdAtFrom", "createdAtTo", order.created)
            && within("statusUpdatedAtFrom", "statusUpdatedAtTo", order.status_changed)
    }

    /// `filter[customer]` is a name or a phone, of the order or its customer [I].
    fn order_is_of(&self, order: &Entity, asked: &str) -> bool {
        let own = self.settings.phone_match.same(order.text("phone"), asked);
        let customer = order.customer_id().and_then(|id| self.customers.shelf.get(id));
        own || customer.is_some_and(|customer| self.has_name_or_phone(customer, asked))
    }

    /// `GET /orders/statuses`: no filtered list, so nothing lags.
    pub(super) fn order_statuses(&self, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let (ids, externals) = (params.list("ids"), params.list("externalIds"));
        if ids.len() + externals.len() > MOST_STATUSES {
            return Err(input_error("ids", "This collection should contain 500 elements or less."));
        }
        let by_id = ids.iter().filter_map(|id| self.orders.get(id.parse().ok()?));
        let found = by_id.chain(externals.iter().filter_map(|external| self.orders.by_external(external)));
        let orders: Vec<Value> = found
            .map(|order| {
                let status = order.text("status");
                json!({
                    "id": order.id, "externalId": order.fields.get("externalId"), "status": status,
                    "group": self.reference.status(status),
                })
            })
            .collect();
        Ok(success(200, json!({"orders": orders})))
    }
}
