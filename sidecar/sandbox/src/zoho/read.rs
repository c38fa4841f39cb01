//! Records as they are read, and their removal (zoho.md 5).

use serde_json::{Map, Value, json};

use super::{
    Zoho,
    reply::{Refusal, Reply},
    schema::display_name,
    store::Record,
};

impl Zoho {
    /// `GET /{module}/{id}`
    pub(super) fn get_one(&self, module: &'static str, id: &str) -> Result<Reply, Refusal> {
        let record = self.store.get(module, id).map(|record| self.full(module, record));
        Ok(record.map_or_else(Reply::no_content, |record| Reply::new(200, json!({"data": [record]}))))
    }

    /// `DELETE /{module}/{id}`
    pub(super) fn delete_one(&mut self, module: &'static str, id: &str) -> Result<Reply, Refusal> {
        if !self.store.delete(module, id) {
            let refusal = Refusal::new("INVALID_DATA", "the id given seems to be invalid", json!({"id": id}));
            return Ok(Reply::new(400, json!({"data": [refusal.to_json()]})));
        }
        let done = json!({"code": "SUCCESS", "details": {"id": id}, "message": "record deleted", "status": "success"});
        Ok(Reply::new(200, json!({"data": [done]})))
    }

    /// A record with every field of its module, null where empty.
    pub(super) fn full(&self, module: &str, record: &Record) -> Value {
        let mut out = Map::new();
        out.insert("id".to_owned(), record.id.clone().into());
        for field in self.schema.fields(module) {
            out.insert(field.name.clone(), self.field_of(module, record, &field.name));
        }
        Value::Object(out)
    }

    /// One field of a record as it is read, lookups with their names.
    pub(super) fn field_of(&self, module: &str, record: &Record, field: &str) -> Value {
        match field {
            "id" => record.id.clone().into(),
            "Created_Time" => self.time(record.created).into(),
            "Modified_Time" => self.time(record.modified).into(),
            "Created_By" | "Modified_By" => self.user_json(&self.api_user()),
            "Full_Name" => display_name(module, &record.fields).into(),
            "Owner" => record.lookup("Owner").map_or(Value::Null, |id| self.user_json(id)),
            _ => {
                let value = record.fields.get(field).cloned().unwrap_or(Value::Null);
                let target = value.get("module").and_then(Value::as_str).zip(value.get("id").and_then(Value::as_str));
                let Some((target, id)) = target else {
                    return value;
                };
                let name = self.store.get(target, id).map(|related| display_name(target, &related.fields));
                json!({"name": name, "id": id})
            }
        }
    }

    fn user_json(&self, id: &str) -> Value {
        let user = self.users.iter().find(|user| user.id == id);
        user.map_or(Value::Null, |user| json!({"name": user.full_name(), "id": user.id, "email": user.email}))
    }
}
