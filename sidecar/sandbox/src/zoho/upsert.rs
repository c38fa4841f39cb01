//! Upsert: update the record that is met by a unique field, else insert (zoho.md 5).

use serde_json::{Map, Value, json};

use super::{Call, Ctx, Zoho, reply::Refusal, store::comparable, validate::Place};

impl Zoho {
    /// Writes one item of an upsert.
    pub(super) fn upsert_item(
        &mut self,
        ctx: &Ctx,
        place: Place,
        item: &Map<String, Value>,
        call: &Call,
    ) -> Result<Value, Refusal> {
        let found = self.upsert_target(place, item, &call.body)?;
        let (mut answer, action, field) = match found {
            Some((field, id)) => (self.update_item(ctx, place, &id, item, call)?, "update", Some(field)),
            None => (self.insert_item(ctx, place, item)?, "insert", None),
        };
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("action".to_owned(), action.into());
            answer.insert("duplicate_field".to_owned(), field.into());
        }
        Ok(answer)
    }

    /// The record an upsert meets, with the field it meets it by.
    fn upsert_target(
        &self,
        place: Place,
        item: &Map<String, Value>,
        body: &Value,
    ) -> Result<Option<(String, String)>, Refusal> {
        let system = match place.module {
            "Deals" => "Deal_Name",
            "Accounts" => "Account_Name",
            _ => "Email",
        };
        let unique = |name: &str| self.schema.field(place.module, name).is_some_and(|field| field.unique);
        let named: Vec<&str> = match body.get("duplicate_check_fields") {
            None => vec![system],
            Some(names) => names.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        };
        if let Some(wrong) = named.iter().find(|name| **name != system && !unique(name)) {
            let details = json!({"api_name": "duplicate_check_fields", "value": wrong});
            return Err(Refusal::new("INVALID_DATA", "the field is not a unique field", details));
        }
        Ok(named.into_iter().find_map(|field| {
            let value = comparable(item.get(field)?)?;
            let record = self.first_with(place.module, field, &value, None)?;
            Some((field.to_owned(), record.id.clone()))
        }))
    }
}
