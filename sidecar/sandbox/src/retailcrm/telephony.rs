//! Call events, the call log and smart routing (retailcrm.md 1.7).

use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{BLANK, NOT_VALID, entity_errors, missing, success},
    customer_shelf::phones,
    customers::object,
    params::{Params, truthy},
    shelf::{Entity, number},
    uploads::list,
};
use crate::wire::SimAnswer;

/// How a call may have ended, in the call log and in events: the spellings differ.
const RESULTS: [&str; 6] = ["answered", "busy", "failed", "no answer", "not allowed", "unknown"];
const HANGUPS: [&str; 5] = ["answered", "busy", "cancel", "failed", "no answered"];

impl RetailCrm {
    /// `POST /telephony/call/event`: unknown codes and users are named and do not fail it.
    pub(super) fn call_event(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let event = object(params, "event")?;
        refuse(&event_errors(&event))?;
        let unknown = |name: &str, known: &dyn Fn(&Value) -> bool| -> Vec<Value> {
            let items = event.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter(|item| !known(item)).cloned().collect()
        };
        let codes = unknown("codes", &|code| self.user_by_code(code).is_some());
        let users = unknown("userIds", &|id| number(id).and_then(|id| self.user(id)).is_some());
        self.events.add(ctx.now, event, false);
        let mut out = Map::new();
        for (name, unknown) in [("notExistCodes", codes), ("notExistUsers", users)] {
            if !unknown.is_empty() {
                out.insert(name.to_owned(), unknown.into());
            }
        }
        Ok(success(200, Value::Object(out)))
    }

    /// `POST /telephony/calls/upload`: a repeated external id is a duplicate, not an error.
    pub(super) fn calls_upload(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let calls = list(params, "calls")?;
        let mut errors = Map::new();
        for (index, call) in calls.iter().enumerate() {
            for (name, text) in call_errors(call) {
                errors.insert(format!("{index}.{name}"), text.into());
            }
        }
        refuse(&errors)?;
        let (mut processed, mut duplicates) = (0_u32, Vec::new());
        for call in calls {
            match self.log_call(ctx, call) {
                Some(external) => duplicates.push(Value::from(external)),
                None => processed += 1,
            }
        }
        let mut out = Map::from_iter([("processedCallsCount".to_owned(), processed.into())]);
        if !duplicates.is_empty() {
            out.insert("duplicateCalls".to_owned(), duplicates.into());
        }
        Ok(success(200, Value::Object(out)))
    }

    /// Keeps a call, or gives its external id when it is kept already.
    fn log_call(&mut self, ctx: &Ctx, call: Value) -> Option<String> {
        let Value::Object(mut fields) = call else {
            return None;
        };
        let external = fields.get("externalId").and_then(Value::as_str).unwrap_or_default();
        if self.calls.by_external(external).is_some() {
            return Some(external.to_owned());
        }
        let user = fields.get("code").and_then(|code| self.user_by_code(code));
        if let Some(user) = user {
            fields.insert("userId".to_owned(), user.into());
        }
        self.calls.add(ctx.now, fields, false);
        None
    }

    /// `GET /telephony/manager`
    pub(super) fn routing(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let phone = params.one("phone").filter(|phone| !phone.is_empty()).ok_or_else(|| missing("phone"))?;
        let same = |customer: &&&Entity| phones(customer).any(|stored| self.settings.phone_match.same(stored, phone));
        let near = self.customers.near(phone);
        let customer = near.iter().find(same).filter(|customer| customer.listed(ctx.now, ctx.lag_ms)).copied();
        let mut out = Map::new();
        let manager = customer.and_then(|customer| customer.number("managerId"));
        let manager = manager.and_then(|id| self.user(id));
        if let Some(user) = manager.filter(|user| truthy(params.one("ignoreStatus")) || user.is_free()) {
            out.insert(
                "manager".to_owned(),
                json!({
                    "id": user.id, "firstName": user.first_name, "lastName": user.last_name, "email": user.email,
                    "code": self.code_of(user.id),
                }),
            );
        }
        if let Some(customer) = customer.filter(|_| truthy(params.one("details"))) {
            out.insert("customer".to_owned(), self.customer_json(customer));
        }
        out.insert("links".to_owned(), self.links(customer, phone));
        Ok(success(200, Value::Object(out)))
    }

    fn links(&self, customer: Option<&Entity>, phone: &str) -> Value {
        let base = &self.base_url;
        let Some(customer) = customer else {
            return json!({"newCustomerLink": format!("{base}/customers/new?phone={phone}"), "newOrderLink": format!("{base}/orders/new?phone={phone}")});
        };
        let last = self.orders_of(customer.id).next_back();
        let mut links = json!({
            "customerLink": format!("{base}/customers/{}", customer.id),
            "newOrderLink": format!("{base}/orders/new?customerId={}", customer.id),
        });
        if let (Some(links), Some(order)) = (links.as_object_mut(), last) {
            links.insert("lastOrderLink".to_owned(), format!("{base}/orders/{}/edit", order.id).into());
        }
        links
    }
}

fn refuse(errors: &Map<String, Value>) -> Result<(), SimAnswer> {
    if errors.is_empty() { Ok(()) } else { Err(entity_errors(errors)) }
}

fn event_errors(event: &Map<String, Value>) -> Map<String, Value> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let mut errors = Map::new();
    if text("phone").is_none_or(str::is_empty) {
        errors.insert("phone".to_owned(), BLANK.into());
    }
    if !matches!(text("type"), Some("in" | "out" | "hangup")) {
        errors.insert("type".to_owned(), NOT_VALID.into());
    }
    if text("hangupStatus").is_some_and(|status| !HANGUPS.contains(&status)) {
        errors.insert("hangupStatus".to_owned(), NOT_VALID.into());
    }
    errors
}

fn call_errors(call: &Value) -> Vec<(&'static str, &'static str)> {
    let text = |name: &str| call.get(name).and_then(Value::as_str);
    let mut errors = Vec::new();
    match text("date") {
        None | Some("") => errors.push(("date", BLANK)),
        Some(date) if jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", date).is_err() => {
            errors.push(("date", NOT_VALID))
        }
        Some(_) => {}
    }
    if !matches!(text("type"), Some("in" | "out")) {
        errors.push(("type", NOT_VALID));
    }
    if text("phone").is_none_or(str::is_empty) {
        errors.push(("phone", BLANK));
    }
    if text("result").is_none_or(|result| !RESULTS.contains(&result)) {
        errors.push(("result", NOT_VALID));
    }
    for name in ["duration", "durationWaiting"] {
        if call.get(name).is_some_and(|value| !value.is_null() && number(value).is_none()) {
            errors.push((name, NOT_VALID));
        }
    }
    errors
}
