//! Records put in by hand: no rule of the API is asked, as an import or a person might.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Zoho, schema::Kind, store::Record, world::User};
use crate::simulator::BadInput;

/// Records per request; a demonstration has dozens.
const MOST: usize = 10_000;

/// A module and the fields of a record for it.
type Planned = (&'static str, Map<String, Value>);

impl Zoho {
    /// Takes `{"Contacts": [{…}], "users": [{…}]}`. A record with `"$ref": "anna"` can be
    /// named by later ones: `"Contact_Name": "@anna"`; one with the `"$id"` of a record changes that record.
    pub(super) fn seed_world(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput> {
        let all = plan(self, records)?;
        let mut refs: BTreeMap<String, (String, &'static str)> = BTreeMap::new();
        let mut ids: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (module, item) in all {
            let id = self.seed_record(now, module, &item, &refs);
            if let Some(name) = item.get("$ref").and_then(Value::as_str) {
                refs.insert(name.to_owned(), (id.clone(), module));
            }
            ids.entry(module).or_default().push(id);
        }
        let users = records.get("users").and_then(Value::as_array).into_iter().flatten();
        let users: Vec<String> = users.map(|user| self.seed_user(user)).collect();
        let refs: BTreeMap<String, String> = refs.into_iter().map(|(name, (id, _))| (name, id)).collect();
        Ok(json!({"ids": ids, "users": users, "refs": refs}))
    }

    fn seed_record(
        &mut self,
        now: Timestamp,
        module: &'static str,
        item: &Map<String, Value>,
        refs: &BTreeMap<String, (String, &'static str)>,
    ) -> String {
        let mut fields = Map::new();
        for (name, value) in item.iter().filter(|(name, _)| !name.starts_with('$')) {
            let kind = self.schema.field(module, name).map(|field| field.kind);
            fields.insert(name.clone(), seeded_value(kind, value, item, refs));
        }
        if let Some(id) = item.get("$id").and_then(Value::as_str) {
            self.store.update(module, id, fields, now);
            return id.to_owned();
        }
        let owner = self.api_user();
        fields.entry("Owner").or_insert_with(|| json!({"id": owner}));
        let time = |name: &str| item.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
        let created = time("Created_Time").unwrap_or(now);
        let modified = time("Modified_Time").unwrap_or(created);
        let id = self.store.next_id();
        let record = Record { id: id.clone(), fields, created, modified, indexed: true, deleted: false };
        self.store.insert(module, record);
        id
    }

    fn seed_user(&mut self, user: &Value) -> String {
        let text = |name: &str| user.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("id").unwrap_or_else(|| self.store.next_id());
        self.users.retain(|known| known.id != id);
        self.users.push(User {
            id: id.clone(),
            first_name: text("first_name").unwrap_or_default(),
            last_name: text("last_name").unwrap_or_default(),
            email: text("email").unwrap_or_default(),
            phone: text("phone"),
            active: user.get("active").and_then(Value::as_bool).unwrap_or(true),
            admin: false,
        });
        id
    }
}

/// The records in the order that lets later modules name earlier ones.
fn plan(zoho: &Zoho, records: &Value) -> Result<Vec<Planned>, BadInput> {
    let given = records.as_object().ok_or_else(|| BadInput("records are an object of arrays by module".to_owned()))?;
    for name in given.keys() {
        if name != "users" && zoho.schema.module(name).is_none() {
            return Err(BadInput(format!("no module is called {name:?}")));
        }
    }
    let mut out = Vec::new();
    for module in ["Accounts", "Contacts", "Leads", "Deals", "Calls", "Tasks", "Notes"] {
        for item in given.get(module).and_then(Value::as_array).into_iter().flatten() {
            let item = item.as_object().ok_or_else(|| BadInput(format!("{module}: a record is an object")))?;
            if let Some(name) = item.keys().find(|name| !known(zoho, module, name)) {
                return Err(BadInput(format!("{module} has no field {name:?}")));
            }
            if let Some(module) = zoho.schema.module(module) {
                out.push((module, item.clone()));
            }
        }
    }
    if out.len() > MOST {
        return Err(BadInput(format!("at most {MOST} records at once")));
    }
    Ok(out)
}

fn known(zoho: &Zoho, module: &str, field: &str) -> bool {
    field.starts_with('$') || zoho.schema.field(module, field).is_some()
}

fn seeded_value(
    kind: Option<Kind>,
    value: &Value,
    item: &Map<String, Value>,
    refs: &BTreeMap<String, (String, &'static str)>,
) -> Value {
    let Some(kind) = kind.filter(|kind| kind.is_lookup()) else {
        return value.clone();
    };
    let text = value.get("id").and_then(Value::as_str).or_else(|| value.as_str()).unwrap_or_default();
    let named = text.strip_prefix('@').and_then(|name| refs.get(name));
    let id = named.map_or(text, |(id, _)| id.as_str());
    let module = match kind {
        Kind::Lookup(module) => Some(module.to_owned()),
        _ => named.map(|(_, module)| (*module).to_owned()).or_else(|| {
            let parent = value.pointer("/module/api_name").or_else(|| item.get("$se_module"));
            parent.and_then(Value::as_str).map(str::to_owned)
        }),
    };
    if kind == Kind::User { json!({"id": id}) } else { json!({"id": id, "module": module}) }
}
