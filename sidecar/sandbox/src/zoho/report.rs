//! What the organisation holds, for people and for checks.

use serde_json::{Map, Value, json};

use super::{
    Zoho,
    schema::{Kind, display_name},
    store::Record,
};
use crate::audit::{Audit, Groups, marker, tail};

impl Zoho {
    /// The records by module: filled fields only, lookups as ids, oldest first.
    pub(super) fn list(&self) -> Value {
        let mut out = Map::new();
        for module in self.schema.modules() {
            let rows: Vec<Value> = self.store.all(module).map(|record| self.list_row(module, record)).collect();
            out.insert(module.to_owned(), rows.into());
        }
        let users: Vec<Value> = self
            .users
            .iter()
            .map(|user| json!({"id": user.id, "name": user.full_name(), "email": user.email, "phone": user.phone, "active": user.active}))
            .collect();
        out.insert("Users".to_owned(), users.into());
        Value::Object(out)
    }

    fn list_row(&self, module: &str, record: &Record) -> Value {
        let mut row = Map::new();
        row.insert("id".to_owned(), record.id.clone().into());
        row.insert("Created_Time".to_owned(), self.time(record.created).into());
        if matches!(module, "Contacts" | "Leads") {
            row.insert("Full_Name".to_owned(), display_name(module, &record.fields).into());
        }
        for (name, value) in &record.fields {
            let shown = match self.schema.field(module, name).map(|field| field.kind) {
                Some(kind) if kind.is_lookup() && kind != Kind::User => record.lookup(name).map(Value::from),
                Some(Kind::User) => record
                    .lookup(name)
                    .and_then(|id| Some(self.users.iter().find(|user| user.id == id)?.full_name().into())),
                _ => Some(value.clone()),
            };
            if let Some(shown) = shown.filter(|value| !value.is_null()) {
                row.insert(name.clone(), shown);
            }
        }
        Value::Object(row)
    }

    pub(super) fn audit_world(&self) -> Audit {
        let totals = self.schema.modules().map(|module| (module.to_owned(), self.store.count(module) as u64)).collect();
        let mut doubled_clients = self.doubled_phones("Contacts");
        doubled_clients.extend(self.doubled_phones("Leads"));
        Audit {
            totals,
            doubled_clients,
            doubled_calls: self.doubled_markers("Calls"),
            doubled_tasks: self.doubled_markers("Tasks"),
        }
    }

    /// Converted leads are over and do not count.
    fn doubled_phones(&self, module: &str) -> Vec<crate::audit::DoubledClient> {
        let mut groups = Groups::default();
        for record in self.store.all(module) {
            let converted = record.fields.get("Converted__s").and_then(Value::as_bool).unwrap_or(false);
            for field in self.schema.fields(module).iter().filter(|field| field.kind == Kind::Phone && !converted) {
                if let Some(tail) = tail(record.text(&field.name)) {
                    groups.put(tail, &record.id);
                }
            }
        }
        groups.doubled_clients(module)
    }

    fn doubled_markers(&self, module: &str) -> Vec<crate::audit::DoubledRecord> {
        let mut groups = Groups::default();
        for record in self.store.all(module) {
            let found = marker(record.text("Subject")).or_else(|| marker(record.text("Description")));
            if let Some(key) = found {
                groups.put(key, &record.id);
            }
        }
        groups.doubled_records()
    }
}
