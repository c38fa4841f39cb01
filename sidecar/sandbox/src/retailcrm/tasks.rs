//! Tasks (retailcrm.md 1.6).

use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{failure_with, not_found, page, success},
    customers::object,
    forms::{TASK, blanks},
    orders,
    params::Params,
    shelf::Entity,
};
use crate::wire::SimAnswer;

const FILTERS: [&str; 13] = [
    "orderNumber",
    "customer",
    "status",
    "text",
    "ids",
    "performers",
    "creators",
    "dateFrom",
    "dateTo",
    "createdAtFrom",
    "createdAtTo",
    "completedAtFrom",
    "completedAtTo",
];

impl RetailCrm {
    /// `POST /tasks/create`
    pub(super) fn task_create(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.site(params)?;
        let given = object(params, "task")?;
        let mut wanted = vec!["text", "performerId"];
        wanted.extend(ctx.required("tasks"));
        let fields = self.task_fields(&given, &wanted)?;
        Ok(success(201, json!({"id": self.tasks.add(ctx.now, fields, false)})))
    }

    /// `POST /tasks/{id}/edit`
    pub(super) fn task_edit(&mut self, ctx: &Ctx, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.site(params)?;
        let id = self.task(id)?.id;
        let fields = self.task_fields(&object(params, "task")?, &[])?;
        self.tasks.edit(id, ctx.now, fields);
        Ok(success(200, json!({"id": id})))
    }

    fn task_fields(&self, given: &Map<String, Value>, wanted: &[&str]) -> Result<Map<String, Value>, SimAnswer> {
        let refuse = |errors: &Map<String, Value>| failure_with(400, "Task is not loaded", &json!(errors));
        let lacking = blanks(given, wanted);
        if !lacking.is_empty() {
            return Err(refuse(&lacking));
        }
        let mut fields = self.check(TASK, given).map_err(|errors| refuse(&errors))?;
        let mut errors = Map::new();
        if fields.get("datetime").and_then(Value::as_str).is_some_and(|text| !is_minute(text)) {
            errors.insert("datetime".to_owned(), super::answers::NOT_VALID.into());
        }
        for name in ["order", "customer"] {
            match fields.remove(name).map(|reference| self.task_link(name, &reference)) {
                Some(Ok(Some(link))) => drop(fields.insert(name.to_owned(), link)),
                Some(Err(text)) => drop(errors.insert(name.to_owned(), text.into())),
                _ => {}
            }
        }
        if errors.is_empty() { Ok(fields) } else { Err(refuse(&errors)) }
    }

    /// What the task hangs on; an empty reference counts as none.
    fn task_link(&self, name: &str, reference: &Value) -> Result<Option<Value>, &'static str> {
        if reference.as_object().is_none_or(Map::is_empty) {
            return Ok(None);
        }
        if name == "customer" {
            let customer = self.customers.shelf.named(reference).ok_or("Customer does not exist.")?;
            return Ok(Some(
                json!({"id": customer.id, "externalId": customer.fields.get("externalId"), "site": customer.text("site")}),
            ));
        }
        let asked_number = reference.get("number").and_then(Value::as_str);
        let by_number = || self.orders.all().find(|order| Some(orders::number(order).as_str()) == asked_number);
        let order = self.orders.named(reference).or_else(by_number).ok_or("Order does not exist.")?;
        Ok(Some(json!({"id": order.id, "externalId": order.fields.get("externalId"), "number": orders::number(order)})))
    }

    fn task(&self, id: &str) -> Result<&Entity, SimAnswer> {
        id.parse().ok().and_then(|id| self.tasks.get(id)).ok_or_else(not_found)
    }

    /// `GET /tasks/{id}`
    pub(super) fn task_get(&self, id: &str) -> Result<SimAnswer, SimAnswer> {
        Ok(success(200, json!({"task": self.task_json(self.task(id)?)})))
    }

    /// `GET /tasks/{id}/comments`
    pub(super) fn task_comments(&self, id: &str, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.task(id)?;
        Ok(page("comments", Vec::new(), params.paging()?))
    }

    /// `GET /tasks`
    pub(super) fn task_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        params.only_filters(&FILTERS)?;
        let paging = params.paging()?;
        let fits = |task: &&Entity| task.listed(ctx.now, ctx.lag_ms) && self.task_fits(task, params);
        let found = self.tasks.all().rev().filter(fits).map(|task| self.task_json(task));
        Ok(page("tasks", found.collect(), paging))
    }

    fn task_fits(&self, task: &Entity, params: &Params) -> bool {
        let link = |name: &str, key: &str| task.fields.get(name).and_then(|link| link.get(key)).cloned();
        let number_fits =
            params.filter("orderNumber").is_none_or(|asked| link("order", "number") == Some(asked.into()));
        let text_fits =
            params.filter("text").is_none_or(|asked| task.text("text").to_lowercase().contains(&asked.to_lowercase()));
        let customer_fits = params.filter("customer").is_none_or(|asked| {
            let customer = link("customer", "id").and_then(|id| self.customers.shelf.get(id.as_u64()?));
            customer.is_some_and(|customer| self.has_name_or_phone(customer, asked))
        });
        let done = task.fields.get("complete").is_some_and(|flag| flag == true || flag == 1);
        let status_fits =
            params.filter("status").is_none_or(|asked| asked == if done { "completed" } else { "performing" });
        let among = |name: &str, value: Option<u64>| {
            let asked = params.filter_list(name);
            asked.is_empty() || value.is_some_and(|value| asked.contains(&value.to_string().as_str()))
        };
        let date = |from: &str, to: &str, at: &str| {
            params.filter(from).is_none_or(|from| from <= at) && params.filter(to).is_none_or(|to| at <= to)
        };
        number_fits
            && text_fits
            && customer_fits
            && status_fits
            && among("ids", Some(task.id))
            && among("performers", task.number("performerId"))
            && date("dateFrom", "dateTo", task.text("datetime"))
            && date("createdAtFrom", "createdAtTo", &self.time(task.created))
    }

    /// Written as `performerId`, read as `performer`.
    fn task_json(&self, task: &Entity) -> Value {
        let mut out = task.fields.clone();
        let performer = out.remove("performerId").as_ref().and_then(super::shelf::number);
        let complete = out.get("complete").is_some_and(|flag| flag == true || flag == 1);
        out.insert("performer".to_owned(), performer.into());
        out.insert("performerType".to_owned(), "user".into());
        out.insert("complete".to_owned(), complete.into());
        out.insert("id".to_owned(), task.id.into());
        out.insert("createdAt".to_owned(), self.time(task.created).into());
        out.insert("creator".to_owned(), Value::Null);
        Value::Object(out)
    }
}

/// `Y-m-d H:i`
fn is_minute(text: &str) -> bool {
    jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", text).is_ok()
}
