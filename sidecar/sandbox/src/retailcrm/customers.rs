//! Customers and their notes (retailcrm.md 1.2).

use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{entity_errors, not_found, page, success},
    customer_shelf::{full_name, phones},
    forms::{CUSTOMER, blanks},
    params::Params,
    refusal::Refusal,
    shelf::{Entity, Shelf},
};
use crate::wire::SimAnswer;

const FILTERS: [&str; 14] = [
    "ids",
    "externalIds",
    "name",
    "email",
    "sites",
    "managers",
    "customFields",
    "sourceName",
    "isContact",
    "mgCustomerId",
    "createdAtFrom",
    "createdAtTo",
    "dateFrom",
    "dateTo",
];

impl RetailCrm {
    /// `GET /customers`
    pub(super) fn customer_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        params.only_filters(&FILTERS)?;
        let paging = params.paging()?;
        let candidates = match params.filter("name") {
            Some(text) => self.customers.near(text),
            None => self.customers.shelf.all().collect(),
        };
        let mut found: Vec<&Entity> = candidates
            .into_iter()
            .filter(|one| one.listed(ctx.now, ctx.lag_ms) && self.customer_fits(one, params))
            .collect();
        found.sort_by_key(|one| std::cmp::Reverse(one.id));
        Ok(page("customers", found.into_iter().map(|one| self.customer_json(one)).collect(), paging))
    }

    fn customer_fits(&self, customer: &Entity, params: &Params) -> bool {
        let among = |name: &str, value: &str| {
            let asked = params.filter_list(name);
            asked.is_empty() || asked.contains(&value)
        };
        let name_fits = params.filter("name").is_none_or(|asked| self.has_name_or_phone(customer, asked));
        let email_fits = params.filter("email").is_none_or(|asked| customer.text("email").eq_ignore_ascii_case(asked));
        let manager = customer.number("managerId").map(|id| id.to_string()).unwrap_or_default();
        let custom_fits = params.filter_map("customFields").into_iter().all(|(code, asked)| {
            let stored = customer.fields.get("customFields").and_then(|fields| fields.get(code));
            stored.is_some_and(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned) == asked)
        });
        name_fits
            && email_fits
            && custom_fits
            && among("ids", &customer.id.to_string())
            && among("externalIds", customer.text("externalId"))
            && among("sites", customer.text("site"))
            && among("managers", &manager)
    }

    /// `filter[name]` means the full name or the phone.
    pub(super) fn has_name_or_phone(&self, customer: &Entity, asked: &str) -> bool {
        let named = full_name(customer).to_lowercase().contains(&asked.trim().to_lowercase());
        named || phones(customer).any(|stored| self.settings.phone_match.same(stored, asked.trim()))
    }

    /// `GET /customers/{id}`
    pub(super) fn customer_get(&self, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let customer = by_either(&self.customers.shelf, id, params)?;
        Ok(success(200, json!({"customer": self.customer_json(customer)})))
    }

    /// `POST /customers/create`
    pub(super) fn customer_create(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let site = self.site(params)?;
        let given = object(params, "customer")?;
        let id = self.new_customer(ctx, &given, &site).map_err(|refusal| refusal.answer("Customer"))?;
        Ok(success(201, json!({"id": id})))
    }

    /// `POST /customers/{id}/edit`
    pub(super) fn customer_edit(&mut self, ctx: &Ctx, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.site(params)?;
        let given = object(params, "customer")?;
        let id = by_either(&self.customers.shelf, id, params)?.id;
        let mut fields = self.check(CUSTOMER, &given).map_err(|errors| entity_errors(&errors))?;
        self.taken(&self.customers.shelf, "Customer", &given, Some(id))
            .map_err(|refusal| refusal.answer("Customer"))?;
        add_tags(&mut fields, self.customers.shelf.get(id));
        self.customers.edit(id, ctx, fields);
        Ok(success(200, json!({"id": id})))
    }

    pub(super) fn new_customer(&mut self, ctx: &Ctx, given: &Map<String, Value>, site: &str) -> Result<u64, Refusal> {
        let mut fields = self.check(CUSTOMER, given).map_err(Refusal::Fields)?;
        let lacking = blanks(given, &ctx.required("customers"));
        if !lacking.is_empty() {
            return Err(Refusal::Fields(lacking));
        }
        self.taken(&self.customers.shelf, "Customer", given, None)?;
        add_tags(&mut fields, None);
        fields.insert("site".to_owned(), site.into());
        Ok(self.customers.add(ctx, fields, false))
    }

    /// A customer as it is read.
    pub(super) fn customer_json(&self, customer: &Entity) -> Value {
        let mut out = json!({
            "type": "customer", "isContact": false, "vip": false, "bad": false, "contragent": {"contragentType": "individual"},
            "phones": [], "tags": [], "marginSumm": 0, "totalSumm": 0, "averageSumm": 0, "personalDiscount": 0,
        });
        let orders = self.orders_of(customer.id).count();
        if let Some(out) = out.as_object_mut() {
            out.extend(
                customer
                    .fields
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            out.insert("id".to_owned(), customer.id.into());
            out.insert("createdAt".to_owned(), self.time(customer.created).into());
            out.insert("ordersCount".to_owned(), orders.into());
            out.insert("customFields".to_owned(), or_empty_list(customer.fields.get("customFields")));
        }
        out
    }
}

/// The JSON object in a form field.
pub(super) fn object(params: &Params, name: &str) -> Result<Map<String, Value>, SimAnswer> {
    match params.json(name)? {
        Value::Object(map) => Ok(map),
        _ => Err(super::answers::input_error(name, "Invalid JSON")),
    }
}

/// The entity a path names, by external id unless `by=id`.
pub(super) fn by_either<'a>(shelf: &'a Shelf, id: &str, params: &Params) -> Result<&'a Entity, SimAnswer> {
    let found = match params.one("by") {
        Some("id") => id.parse().ok().and_then(|id| shelf.get(id)),
        None | Some("externalId") => shelf.by_external(id),
        Some(_) => {
            return Err(super::answers::input_error("by", "The value you selected is not a valid choice."));
        }
    };
    found.ok_or_else(not_found)
}

/// Empty custom fields come as an array, as PHP writes them.
pub(super) fn or_empty_list(fields: Option<&Value>) -> Value {
    let filled = fields.filter(|fields| fields.as_object().is_some_and(|map| !map.is_empty()));
    filled.cloned().unwrap_or_else(|| json!([]))
}

fn add_tags(fields: &mut Map<String, Value>, before: Option<&Entity>) {
    let Some(Value::Array(added)) = fields.remove("addTags") else {
        return;
    };
    let stored = fields.get("tags").or_else(|| before?.fields.get("tags")).and_then(Value::as_array).cloned();
    let mut tags = stored.unwrap_or_default();
    for tag in added {
        let tag = if tag.is_string() { json!({"name": tag}) } else { tag };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    fields.insert("tags".to_owned(), tags.into());
}
