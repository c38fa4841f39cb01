//! Records put in by hand: no rule of the API is asked, and no list lags behind them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    RemOnline,
    comments::On,
    shelf::number,
    world::{LEAD_STATUSES, ORDER_STATUSES},
};
use crate::simulator::BadInput;

/// Records per request; a demonstration has dozens.
const MOST: usize = 10_000;
const KINDS: [&str; 6] = ["employees", "clients", "leads", "orders", "tasks", "comments"];

impl RemOnline {
    /// Takes `{"clients": [{…}], "orders": [{…}], …}`. A client, lead or order with the `id`
    /// of one that is there changes it.
    pub(super) fn seed_world(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput> {
        let given =
            records.as_object().ok_or_else(|| BadInput("records are an object of arrays by kind".to_owned()))?;
        if let Some(name) = given.keys().find(|name| !KINDS.contains(&name.as_str())) {
            return Err(BadInput(format!("no kind is called {name:?}; there are {}", KINDS.join(", "))));
        }
        let total: usize = given.values().filter_map(Value::as_array).map(Vec::len).sum();
        if total > MOST || given.values().any(|items| !is_objects(items)) {
            return Err(BadInput(format!("each kind is an array of objects, at most {MOST} in all")));
        }
        let comments = given.get("comments").and_then(Value::as_array);
        if comments.into_iter().flatten().any(|comment| on(comment).is_none()) {
            return Err(BadInput("a comment has on (client, lead, order, task), of (an id) and text".to_owned()));
        }
        let mut ids = Map::new();
        for kind in KINDS {
            let items = given.get(kind).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
            let made: Vec<u64> = items.map(|item| self.seed_one(now, kind, item.clone())).collect();
            if !made.is_empty() {
                ids.insert(kind.to_owned(), made.into());
            }
        }
        Ok(json!({"ids": ids}))
    }

    fn seed_one(&mut self, now: Timestamp, kind: &str, mut item: Map<String, Value>) -> u64 {
        if let Some(id) = self.seed_change(now, kind, &mut item) {
            return id;
        }
        let created = item.remove("created_at").as_ref().and_then(instant).unwrap_or(now);
        match kind {
            "employees" => self.seed_employee(item),
            "clients" => {
                plain_phones(&mut item);
                self.clients.add(created, item, true)
            }
            "leads" => {
                item.entry("status_id").or_insert_with(|| LEAD_STATUSES.first().map(|status| status.id).into());
                let status_id = item.get("status_id").and_then(number);
                let id = self.leads.add(created, item, true);
                self.lead_closed(created, id, status_id);
                id
            }
            "orders" => {
                item.entry("status_id").or_insert_with(|| ORDER_STATUSES.first().map(|status| status.id).into());
                let status_id = item.get("status_id").and_then(number);
                let id = self.orders.add(created, item, true);
                self.order_closed(created, id, status_id);
                id
            }
            "tasks" => self.tasks.add(created, item, true),
            _ => self.comments.add(created, item, true),
        }
    }

    fn seed_change(&mut self, now: Timestamp, kind: &str, item: &mut Map<String, Value>) -> Option<u64> {
        let id = item.get("id").and_then(number)?;
        let shelf = match kind {
            "clients" => &mut self.clients,
            "leads" => &mut self.leads,
            "orders" => &mut self.orders,
            _ => return None,
        };
        shelf.get(id)?;
        item.remove("id");
        plain_phones(item);
        let status_id = item.get("status_id").and_then(number);
        shelf.edit(id, now, std::mem::take(item));
        match kind {
            "leads" if status_id.is_some() => self.lead_closed(now, id, status_id),
            "orders" if status_id.is_some() => self.order_closed(now, id, status_id),
            _ => {}
        }
        Some(id)
    }

    fn seed_employee(&mut self, mut item: Map<String, Value>) -> u64 {
        let next = self.employees.iter().filter_map(|employee| employee.get("id").and_then(number)).max();
        let id = item.get("id").and_then(number).unwrap_or(next.unwrap_or_default() + 1);
        item.insert("id".to_owned(), id.into());
        for name in ["first_name", "last_name", "email", "phone"] {
            item.entry(name).or_insert_with(|| "".into());
        }
        item.entry("deleted").or_insert_with(|| false.into());
        self.employees.retain(|employee| employee.get("id").and_then(number) != Some(id));
        self.employees.push(item);
        id
    }
}

/// What a seeded comment hangs on.
fn on(comment: &Value) -> Option<On> {
    comment.get("of").and_then(number)?;
    comment.get("text")?.as_str()?;
    On::parse(comment.get("on")?.as_str()?)
}

/// `phone` as text or list of texts becomes the `phones` records hold.
fn plain_phones(item: &mut Map<String, Value>) {
    if let Some(phone) = item.remove("phone") {
        let texts = if let Value::Array(texts) = phone { texts } else { vec![phone] };
        let phones: Vec<Value> = texts.into_iter().map(|phone| json!({"phone": phone})).collect();
        item.insert("phones".to_owned(), phones.into());
    }
}

/// Milliseconds or ISO 8601.
fn instant(value: &Value) -> Option<Timestamp> {
    match value.as_i64() {
        Some(ms) => Timestamp::from_millisecond(ms).ok(),
        None => value.as_str()?.parse().ok(),
    }
}

fn is_objects(items: &Value) -> bool {
    items.as_array().is_some_and(|items| items.iter().all(Value::is_object))
}
