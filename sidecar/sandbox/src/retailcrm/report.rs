//! What the account holds, for people and for checks; and records put in by hand.

use jiff::{Timestamp, civil::DateTime};
use serde_json::{Map, Value, json};

use super::{
    Ctx, RetailCrm,
    customer_shelf::phones,
    reference::SITE,
    shelf::{Entity, Shelf, number},
    users::User,
};
use crate::{
    audit::{Audit, Groups, marker, tail},
    simulator::BadInput,
};

/// Records per request; a demonstration has dozens.
const MOST: usize = 10_000;
const KINDS: [&str; 6] = ["users", "customers", "orders", "tasks", "notes", "calls"];

impl RetailCrm {
    /// The entities by kind, oldest first.
    pub(super) fn list(&self) -> Value {
        let rows = |shelf: &Shelf| shelf.all().map(|entity| self.list_row(entity)).collect::<Vec<Value>>();
        let users: Vec<Value> = self
            .users
            .iter()
            .map(|user| json!({"id": user.id, "name": format!("{} {}", user.first_name, user.last_name), "email": user.email, "status": user.status, "code": self.code_of(user.id)}))
            .collect();
        json!({
            "customers": rows(&self.customers.shelf), "orders": rows(&self.orders), "tasks": rows(&self.tasks),
            "notes": rows(&self.notes), "calls": rows(&self.calls), "call_events": rows(&self.events),
            "client_ids": rows(&self.client_id_log), "users": users,
        })
    }

    fn list_row(&self, entity: &Entity) -> Value {
        let mut row: Map<String, Value> = entity
            .fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), flat(value)))
            .collect();
        row.insert("id".to_owned(), entity.id.into());
        row.insert("createdAt".to_owned(), self.time(entity.created).into());
        Value::Object(row)
    }

    pub(super) fn audit_world(&self) -> Audit {
        let mut clients = Groups::default();
        for customer in self.customers.shelf.all() {
            for end in phones(customer).filter_map(tail) {
                clients.put(end, &customer.id.to_string());
            }
        }
        let mut calls = Groups::default();
        for call in self.calls.all() {
            let external = call.text("externalId");
            let same = [call.text("date"), call.text("type"), call.text("phone")].join(" ");
            calls.put(if external.is_empty() { same } else { external.to_owned() }, &call.id.to_string());
        }
        let mut tasks = Groups::default();
        for task in self.tasks.all() {
            if let Some(key) = marker(task.text("text")).or_else(|| marker(task.text("commentary"))) {
                tasks.put(key, &task.id.to_string());
            }
        }
        let total = |name: &str, shelf: &Shelf| (name.to_owned(), shelf.len() as u64);
        Audit {
            totals: [
                total("customers", &self.customers.shelf),
                total("orders", &self.orders),
                total("tasks", &self.tasks),
                total("notes", &self.notes),
                total("calls", &self.calls),
            ]
            .into(),
            doubled_clients: clients.doubled_clients("customers"),
            doubled_calls: calls.doubled_records(),
            doubled_tasks: tasks.doubled_records(),
        }
    }

    /// Takes `{"customers": [{…}], "orders": [{…}], …}` as a person would have put them in:
    /// no rule of the API is asked, and no list lags behind them. A customer or order with
    /// the `id` of one that is there changes it.
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
        if kind == "users" {
            return self.seed_user(&item);
        }
        if let Some(id) = self.seed_change(now, kind, &mut item) {
            return id;
        }
        let created = item.remove("createdAt").and_then(|value| self.instant(value.as_str()?)).unwrap_or(now);
        if kind != "calls" {
            item.entry("site").or_insert_with(|| SITE.into());
        }
        match kind {
            "customers" => self.customers.add(&Ctx::plain(created), item, true),
            "orders" => {
                item.entry("status").or_insert_with(|| "new".into());
                self.add_order(created, item, true)
            }
            "tasks" => self.tasks.add(created, item, true),
            "notes" => self.notes.add(created, item, true),
            _ => self.calls.add(created, item, true),
        }
    }

    fn seed_change(&mut self, now: Timestamp, kind: &str, item: &mut Map<String, Value>) -> Option<u64> {
        let id = item.get("id").and_then(number)?;
        match kind {
            "customers" => {
                self.customers.shelf.get(id)?;
                item.remove("id");
                self.customers.edit(id, &Ctx::plain(now), std::mem::take(item));
            }
            "orders" => {
                self.orders.get(id)?;
                item.remove("id");
                self.orders.edit(id, now, std::mem::take(item));
            }
            _ => return None,
        }
        Some(id)
    }

    fn seed_user(&mut self, item: &Map<String, Value>) -> u64 {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = item.get("id").and_then(Value::as_u64).unwrap_or(self.users.len() as u64 + 1);
        self.users.retain(|user| user.id != id);
        self.users.push(User {
            id,
            first_name: text("firstName").unwrap_or_default(),
            last_name: text("lastName").unwrap_or_default(),
            email: text("email").unwrap_or_default(),
            phone: text("phone"),
            status: text("status").unwrap_or_else(|| "free".to_owned()),
            active: item.get("active").and_then(Value::as_bool).unwrap_or(true),
            admin: false,
        });
        id
    }

    fn instant(&self, text: &str) -> Option<Timestamp> {
        let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
        Some(civil.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

fn is_objects(items: &Value) -> bool {
    items.as_array().is_some_and(|items| items.iter().all(Value::is_object))
}

/// A value on one line: a reference as its id, phones as their numbers.
fn flat(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.get("id").or_else(|| map.get("number")).cloned().unwrap_or_else(|| value.clone()),
        Value::Array(items) => items.iter().map(flat).collect(),
        other => other.clone(),
    }
}
