//! Orders (retailcrm.md 1.4).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{entity_errors, success},
    customers::{by_either, object, or_empty_list},
    forms::{ORDER, blanks},
    params::Params,
    reference::SITE,
    refusal::Refusal,
    shelf::Entity,
};
use crate::wire::SimAnswer;

impl Entity {
    /// The customer of an order.
    pub(super) fn customer_id(&self) -> Option<u64> {
        self.fields.get("customer")?.get("id")?.as_u64()
    }
}

impl RetailCrm {
    /// `GET /orders/{id}`
    pub(super) fn order_get(&self, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        Ok(success(200, json!({"order": self.order_json(by_either(&self.orders, id, params)?)})))
    }

    /// `POST /orders/create`
    pub(super) fn order_create(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let site = self.site(params)?;
        let given = object(params, "order")?;
        let id = self.new_order(ctx, &given, &site).map_err(|refusal| refusal.answer("Order"))?;
        let order = self.orders.get(id).map(|order| self.order_json(order));
        Ok(success(201, json!({"id": id, "order": order})))
    }

    /// `POST /orders/{id}/edit`
    pub(super) fn order_edit(&mut self, ctx: &Ctx, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.site(params)?;
        let given = object(params, "order")?;
        let id = by_either(&self.orders, id, params)?.id;
        let mut fields = self.check(ORDER, &given).map_err(|errors| entity_errors(&errors))?;
        self.taken(&self.orders, "Order", &given, Some(id)).map_err(|refusal| refusal.answer("Order"))?;
        self.link_customer(&mut fields).map_err(|refusal| refusal.answer("Order"))?;
        self.orders.edit(id, ctx.now, fields);
        self.index_order(id);
        let order = self.orders.get(id).map(|order| self.order_json(order));
        Ok(success(200, json!({"id": id, "order": order})))
    }

    pub(super) fn new_order(&mut self, ctx: &Ctx, given: &Map<String, Value>, site: &str) -> Result<u64, Refusal> {
        let mut fields = self.check(ORDER, given).map_err(Refusal::Fields)?;
        let lacking = blanks(given, &ctx.required("orders"));
        if !lacking.is_empty() {
            return Err(Refusal::Fields(lacking));
        }
        self.taken(&self.orders, "Order", given, None)?;
        self.link_customer(&mut fields)?;
        if self.settings.order_finds_customer && !fields.contains_key("customer") {
            self.customer_by_phone(&mut fields);
        }
        fields.entry("status").or_insert_with(|| "new".into());
        fields.entry("orderType").or_insert_with(|| "eshop-individual".into());
        fields.entry("orderMethod").or_insert_with(|| "phone".into());
        fields.insert("site".to_owned(), site.into());
        Ok(self.add_order(ctx.now, fields, false))
    }

    /// Keeps an order as it is.
    pub(super) fn add_order(&mut self, now: Timestamp, fields: Map<String, Value>, indexed: bool) -> u64 {
        let id = self.orders.add(now, fields, indexed);
        self.index_order(id);
        id
    }

    fn index_order(&mut self, id: u64) {
        if let Some(customer) = self.orders.get(id).and_then(Entity::customer_id) {
            let orders = self.orders_of.entry(customer).or_default();
            if !orders.contains(&id) {
                orders.push(id);
            }
        }
    }

    /// The orders of a customer, oldest first.
    pub(super) fn orders_of(&self, customer: u64) -> impl DoubleEndedIterator<Item = &Entity> {
        let ids = self.orders_of.get(&customer).map_or(&[] as &[u64], Vec::as_slice);
        let orders = ids.iter().filter_map(|id| self.orders.get(*id));
        orders.filter(move |order| order.customer_id() == Some(customer))
    }

    /// Replaces the reference by the id; an empty one counts as none.
    fn link_customer(&self, fields: &mut Map<String, Value>) -> Result<(), Refusal> {
        let Some(reference) = fields.remove("customer") else {
            return Ok(());
        };
        if reference.get("id").is_none() && reference.get("externalId").is_none() {
            return Ok(());
        }
        let Some(customer) = self.customers.shelf.named(&reference) else {
            let text = "Customer does not exist.";
            return Err(Refusal::Fields(Map::from_iter([("customer".to_owned(), text.into())])));
        };
        fields.insert("customer".to_owned(), json!({"id": customer.id}));
        Ok(())
    }

    fn customer_by_phone(&self, fields: &mut Map<String, Value>) {
        let phone = fields.get("phone").and_then(Value::as_str).unwrap_or_default().to_owned();
        let same = |customer: &&&Entity| {
            super::customer_shelf::phones(customer).any(|stored| self.settings.phone_match.same(stored, &phone))
        };
        let near = self.customers.near(&phone);
        if let Some(customer) = near.iter().find(same).filter(|_| !phone.is_empty()) {
            fields.insert("customer".to_owned(), json!({"id": customer.id}));
        }
    }

    /// An order as it is read.
    pub(super) fn order_json(&self, order: &Entity) -> Value {
        let mut out = json!({
            "site": SITE, "summ": 0, "totalSumm": 0, "currency": "UAH", "countryIso": "UA", "items": [], "payments": [],
            "privilegeType": "none", "slug": order.id, "call": false, "expired": false,
        });
        let customer = order
            .customer_id()
            .and_then(|id| self.customers.shelf.get(id))
            .map(|customer| self.customer_json(customer));
        if let Some(out) = out.as_object_mut() {
            out.extend(
                order
                    .fields
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            out.insert("id".to_owned(), order.id.into());
            out.insert("number".to_owned(), number(order).into());
            out.insert("createdAt".to_owned(), self.time(order.created).into());
            out.insert("statusUpdatedAt".to_owned(), self.time(order.status_changed).into());
            out.insert("customFields".to_owned(), or_empty_list(order.fields.get("customFields")));
            if let Some(customer) = customer {
                out.insert("customer".to_owned(), customer);
            }
        }
        out
    }
}

/// The number people know an order by.
pub(super) fn number(order: &Entity) -> String {
    let own = order.text("number");
    if own.is_empty() { format!("{}A", order.id) } else { own.to_owned() }
}
