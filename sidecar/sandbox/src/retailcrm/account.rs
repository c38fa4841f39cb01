//! Credentials, settings, modules and web analytics (retailcrm.md 1.1, 1.3, 1.8).

use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{failure_with, input_error, not_found, success},
    customers::object,
    forms::blanks,
    params::Params,
    reference::SITE,
    world::TIME_ZONE,
};
use crate::wire::SimAnswer;

const SCOPES: [&str; 17] = [
    "customer_read",
    "customer_write",
    "order_read",
    "order_write",
    "task_read",
    "task_write",
    "telephony_read",
    "telephony_write",
    "user_read",
    "user_write",
    "reference_read",
    "custom_fields_read",
    "integration_read",
    "integration_write",
    "analytics_write",
    "notes_read",
    "notes_write",
];

impl RetailCrm {
    /// `GET /api/credentials`, also below `/api/v5`.
    pub(super) fn credentials(&self) -> SimAnswer {
        success(
            200,
            json!({
                "scopes": SCOPES, "siteAccess": self.settings.site_access, "sitesAvailable": [SITE],
                "credentials": ["/api/customers", "/api/orders", "/api/tasks", "/api/telephony", "/api/users", "/api/reference"],
            }),
        )
    }

    /// `GET /settings`
    pub(super) fn account_settings(&self) -> SimAnswer {
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        let times: Vec<Value> = days
            .iter()
            .map(|day| json!({"day_type": day, "start_time": "09:00", "end_time": "18:00", "lunch_start_time": "13:00", "lunch_end_time": "14:00"}))
            .collect();
        let value = |value: &str| json!({"value": value, "updated_at": "2025-01-15 10:00:00"});
        success(
            200,
            json!({"settings": {
                "default_currency": value("UAH"), "system_language": value("uk"), "timezone": value(TIME_ZONE),
                "mg_neutral": false, "work_times": times, "non_working_days": [],
            }}),
        )
    }

    /// `GET /integration-modules/{code}`
    pub(super) fn module_get(&self, code: &str) -> Result<SimAnswer, SimAnswer> {
        let module = self.modules.get(code).ok_or_else(not_found)?;
        Ok(success(200, json!({"integrationModule": module})))
    }

    /// `POST /integration-modules/{code}/edit`: replaces the module, its extensions too.
    pub(super) fn module_edit(&mut self, code: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let mut module = object(params, "integrationModule")?;
        let errors = blanks(&module, &["integrationCode", "baseUrl"]);
        if !errors.is_empty() {
            return Err(failure_with(400, "Errors in the entity format", &json!(errors)));
        }
        if module.get("code").and_then(Value::as_str).is_some_and(|own| own != code) {
            return Err(input_error("code", super::answers::NOT_VALID));
        }
        module.insert("code".to_owned(), code.into());
        let known = self.modules.insert(code.to_owned(), Value::Object(module)).is_some();
        Ok(success(if known { 200 } else { 201 }, json!({"info": []})))
    }

    /// `POST /web-analytics/client-ids/upload`
    pub(super) fn client_ids(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let items = super::uploads::list(params, "clientIds")?;
        let errors: Vec<Value> = items.iter().filter_map(|item| self.client_id_error(item)).map(Value::from).collect();
        if !errors.is_empty() {
            return Err(failure_with(400, "ClientIds are loaded with errors", &errors.into()));
        }
        for item in items {
            let customer =
                item.get("customer").and_then(|customer| self.customers.shelf.named(customer)).map(|found| found.id);
            let value = item.get("value").cloned().unwrap_or_default();
            if let Some((id, customer)) = customer.and_then(|id| Some((id, self.customers.shelf.get(id)?))) {
                let first = customer.text("firstClientId").is_empty();
                let mut changes = Map::from_iter([("lastClientId".to_owned(), value.clone())]);
                if first {
                    changes.insert("firstClientId".to_owned(), value);
                }
                self.customers.shelf.edit(id, ctx.now, changes);
            }
            if let Value::Object(fields) = item {
                self.client_id_log.add(ctx.now, fields, false);
            }
        }
        Ok(success(201, json!({})))
    }

    /// An empty `order` or `customer` counts as none: client libraries send them.
    fn client_id_error(&self, item: &Value) -> Option<String> {
        let nonempty = |name: &str| item.get(name).filter(|value| value.as_object().is_some_and(|map| !map.is_empty()));
        if item.get("value").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Some("value: This value should not be blank.".to_owned());
        }
        let (customer, order) = (nonempty("customer"), nonempty("order"));
        let named = |reference: &Value| reference.get("id").is_some() || reference.get("externalId").is_some();
        if !customer.or(order).is_some_and(named) {
            return Some("Set one of the following fields: id, externalId".to_owned());
        }
        let found = customer.is_none_or(|reference| self.customers.shelf.named(reference).is_some())
            && order.is_none_or(|reference| self.orders.named(reference).is_some());
        (!found).then(|| "Not found".to_owned())
    }
}
