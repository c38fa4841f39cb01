//! Unique fields: Zoho names the record that holds the value already (zoho.md 0.3, 5).

use serde_json::{Map, Value, json};

use super::{
    Zoho,
    reply::Refusal,
    store::{Record, Store, comparable},
    validate::Place,
};

impl Zoho {
    /// One refusal per unique field whose value another record has.
    pub(super) fn duplicates(&self, place: Place, fields: &Map<String, Value>, own_id: Option<&str>) -> Vec<Refusal> {
        self.schema
            .fields(place.module)
            .iter()
            .filter(|field| field.unique)
            .filter_map(|field| {
                let value = comparable(fields.get(&field.name)?).filter(|value| !value.is_empty())?;
                let (module, holder) = self.holder(place.module, &field.name, &value, own_id)?;
                Some(self.duplicate(place, &field.name, module, holder))
            })
            .collect()
    }

    fn holder(
        &self,
        module: &'static str,
        field: &str,
        value: &str,
        own_id: Option<&str>,
    ) -> Option<(&'static str, &Record)> {
        let crossed = (self.settings.cross_check && module == "Leads").then_some("Contacts");
        [Some(module), crossed].into_iter().flatten().find_map(|module| {
            let holder = self.first_with(module, field, value, own_id)?;
            Some((module, holder))
        })
    }

    /// The oldest record of a module, other than `own_id`, whose field has the value.
    pub(super) fn first_with(&self, module: &str, field: &str, value: &str, own_id: Option<&str>) -> Option<&Record> {
        let other = |record: &&Record| Some(record.id.as_str()) != own_id;
        if Store::is_indexed(field) {
            return self.store.having(module, field, value).find(other);
        }
        self.store
            .all(module)
            .filter(|record| record.fields.get(field).and_then(comparable).as_deref() == Some(value))
            .find(other)
    }

    fn duplicate(&self, place: Place, field: &str, module: &str, holder: &Record) -> Refusal {
        let owner = self.users.iter().find(|user| Some(user.id.as_str()) == holder.lookup("Owner"));
        let owner = owner.map(|user| {
            let user_json = user.to_json();
            json!({"name": user.full_name(), "id": user.id, "zuid": user_json.get("zuid")})
        });
        let more = json!({
            "duplicate_record": {"Owner": owner, "module": {"api_name": module, "id": module_id(module)}, "id": holder.id},
            "id": holder.id, "more_records": false,
        });
        place.refuse("DUPLICATE_DATA", "duplicate data", field, &more)
    }
}

fn module_id(module: &str) -> String {
    let sum: u32 = module.bytes().map(u32::from).sum();
    format!("5725767000000{sum:06}")
}
