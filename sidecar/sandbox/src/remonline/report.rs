//! What the account holds, for people and for checks.

use serde_json::{Map, Value, json};

use super::{
    RemOnline,
    client_view::iso,
    clients::full_name,
    dictionaries::status,
    shelf::{Entity, Shelf},
    world::{LEAD_STATUSES, ORDER_STATUSES, Status},
};
use crate::audit::{Audit, Groups, marker, tail};

impl RemOnline {
    /// The entities by kind, oldest first.
    pub(super) fn list(&self) -> Value {
        let rows = |shelf: &Shelf| shelf.all().map(row).collect::<Vec<Value>>();
        let with_status = |shelf: &Shelf, statuses: &[Status]| {
            shelf.all().map(|entity| self.row_with_status(entity, statuses)).collect::<Vec<Value>>()
        };
        let clients: Vec<Value> =
            self.clients.all().map(|client| with(row(client), "name", full_name(client).into())).collect();
        let employees: Vec<Value> = self.employees.iter().cloned().map(Value::Object).collect();
        json!({
            "clients": clients, "leads": with_status(&self.leads, &LEAD_STATUSES),
            "orders": with_status(&self.orders, &ORDER_STATUSES), "tasks": rows(&self.tasks),
            "comments": rows(&self.comments), "employees": employees,
        })
    }

    fn row_with_status(&self, entity: &Entity, statuses: &[Status]) -> Value {
        let found = status(statuses, entity.number("status_id"));
        let name = found.map(|status| status.name(&self.settings.closed_status_name).to_owned());
        with(row(entity), "status", name.into())
    }

    pub(super) fn audit_world(&self) -> Audit {
        let total = |name: &str, shelf: &Shelf| (name.to_owned(), shelf.all().count() as u64);
        let mut doubled_clients = self.doubled(&self.clients, "clients");
        doubled_clients.extend(self.doubled(&self.leads, "leads"));
        doubled_clients.extend(self.doubled(&self.orders, "orders"));
        Audit {
            totals: [
                total("clients", &self.clients),
                total("leads", &self.leads),
                total("orders", &self.orders),
                total("tasks", &self.tasks),
                total("comments", &self.comments),
            ]
            .into(),
            doubled_clients,
            doubled_calls: self.doubled_calls(),
            doubled_tasks: doubled_tasks(&self.tasks),
        }
    }

    /// Numbers with several clients, several open leads or several open orders.
    fn doubled(&self, shelf: &Shelf, entity: &str) -> Vec<crate::audit::DoubledClient> {
        let mut groups = Groups::default();
        for one in shelf.all().filter(|one| one.closed.is_none()) {
            let client = one.number("client_id").and_then(|id| self.clients.get(id));
            for end in one.phones().chain(client.into_iter().flat_map(Entity::phones)).filter_map(tail) {
                groups.put(end, &one.id.to_string());
            }
        }
        groups.doubled_clients(entity)
    }

    /// Calls live in comments, descriptions and notes: one marker twice on one record, or
    /// in several records of one kind made for it.
    fn doubled_calls(&self) -> Vec<crate::audit::DoubledRecord> {
        let mut groups = Groups::default();
        for comment in self.comments.all() {
            let text = comment.text("text");
            let key = marker(text).unwrap_or_else(|| text.to_owned());
            let of = comment.number("of").unwrap_or_default();
            groups.put(format!("{} {of} {key}", comment.text("on")), &comment.id.to_string());
        }
        for (kind, shelf, field) in [("leads", &self.leads, "description"), ("orders", &self.orders, "manager_notes")] {
            for (entity, key) in shelf.all().filter_map(|entity| Some((entity, marker(entity.text(field))?))) {
                groups.put(format!("{kind} {key}"), &entity.id.to_string());
            }
        }
        groups.doubled_records()
    }
}

fn doubled_tasks(tasks: &Shelf) -> Vec<crate::audit::DoubledRecord> {
    let mut groups = Groups::default();
    for task in tasks.all() {
        if let Some(key) = marker(task.text("title")).or_else(|| marker(task.text("description"))) {
            groups.put(key, &task.id.to_string());
        }
    }
    groups.doubled_records()
}

fn row(entity: &Entity) -> Value {
    let mut row: Map<String, Value> = entity
        .fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), flat(value)))
        .collect();
    row.insert("id".to_owned(), entity.id.into());
    row.insert("created_at".to_owned(), iso(entity.created).into());
    if let Some(closed) = entity.closed {
        row.insert("closed_at".to_owned(), iso(closed).into());
    }
    Value::Object(row)
}

fn with(mut row: Value, name: &str, value: Value) -> Value {
    if let Value::Object(row) = &mut row {
        row.insert(name.to_owned(), value);
    }
    row
}

/// A value on one line: a number for a phone, kind and id for a link.
fn flat(value: &Value) -> Value {
    match value {
        Value::Object(map) => match (map.get("phone"), map.get("id"), map.get("type")) {
            (Some(phone), ..) => phone.clone(),
            (None, Some(id), Some(kind)) => format!("{kind}:{id}").into(),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(flat).collect(),
        other => other.clone(),
    }
}
