//! Binding to other rows, and the parties of a call (dataverse.md 2).

use serde_json::{Map, Value, json};

use super::{
    Ctx, Dataverse,
    columns::{typed, undeclared},
    refusal::{Refusal, bad_payload, invalid, no_resource, user_disabled},
    schema::{Kind, Set},
    settings::Policy,
    store::Row,
    target::{Target, behind_service_root},
};

/// The masks a phone call takes: its sender and its recipients.
const CALL_MASKS: [i64; 2] = [1, 2];
const REGARDING_MASK: i64 = 8;
const OWNER_MASK: i64 = 9;

impl Dataverse {
    /// Sets the lookup behind a link from the value of its `@odata.bind`.
    pub(super) fn bind(
        &self,
        set: Set,
        link: &str,
        value: &Value,
        fields: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let navigation = set.navigation(link).filter(|navigation| navigation.bindable);
        let navigation = navigation.ok_or_else(|| undeclared(set, link))?;
        if value.is_null() && link != "ownerid" {
            fields.insert(navigation.column.to_owned(), Value::Null);
            return Ok(());
        }
        let text =
            value.as_str().ok_or_else(|| bad_payload(&format!("'{link}@odata.bind' takes the URI of a row.")))?;
        let row = self.referenced(navigation.target, text)?;
        if link == "ownerid" {
            if row.fields.get("isdisabled") == Some(&Value::Bool(true)) {
                return Err(user_disabled(&row.id));
            }
            fields.insert("_owninguser_value".to_owned(), row.id.clone().into());
        }
        fields.insert(navigation.column.to_owned(), row.id.clone().into());
        Ok(())
    }

    /// The row a URI names: `/contacts(<guid>)`, by alternate key, with or without the host.
    fn referenced(&self, set: Set, uri: &str) -> Result<&Row, Refusal> {
        if uri.starts_with('$') {
            return Err(unknown_reference(uri));
        }
        let segment = percent_encoding::percent_decode_str(behind_service_root(uri)).decode_utf8_lossy();
        let target = Target::parse(&segment)?;
        if Set::parse(&target.name).is_none() {
            return Err(no_resource(&target.name));
        }
        let key = target.key.filter(|_| target.name == set.name());
        let key = key.ok_or_else(|| bad_payload(&format!("'{uri}' is no reference to a row of '{}'.", set.name())))?;
        self.addressed(set, &key)
    }

    /// The parties nested in a call's body.
    pub(super) fn parties(&self, value: &Value) -> Result<Vec<Map<String, Value>>, Refusal> {
        let items = value.as_array().ok_or_else(|| bad_payload("'phonecall_activity_parties' takes an array."))?;
        items.iter().map(|item| self.party(item)).collect()
    }

    fn party(&self, item: &Value) -> Result<Map<String, Value>, Refusal> {
        let item = item.as_object().ok_or_else(|| bad_payload("a party is an object."))?;
        let mut fields = Map::new();
        for (name, value) in item {
            if let Some(link) = name.strip_suffix("@odata.bind") {
                self.bind(Set::Parties, link, value, &mut fields)?;
            } else if name.contains('@') {
                // An annotation sets nothing.
            } else if let Some(column) = Set::Parties.column(name).filter(|column| column.kind != Kind::Key) {
                fields.insert(name.clone(), typed(Set::Parties, name, column.kind, value)?);
            } else if self.settings.unknown_columns == Policy::Reject {
                return Err(undeclared(Set::Parties, name));
            }
        }
        let mask = fields.get("participationtypemask").and_then(Value::as_i64).unwrap_or_default();
        if !CALL_MASKS.contains(&mask) {
            return Err(invalid(format!("Invalid party type {mask} for the activity phonecall")));
        }
        let whom = ["_partyid_value", "unresolvedpartyname", "addressused"];
        if !whom.iter().any(|name| fields.get(*name).is_some_and(|value| !value.is_null())) {
            return Err(invalid("A party names a row, an unresolved name or an address."));
        }
        Ok(fields)
    }

    /// Replaces the parties of a call by the given ones, where there are any, and those
    /// the server adds by itself.
    pub(super) fn write_parties(&mut self, ctx: &Ctx, call: &str, given: Option<Vec<Map<String, Value>>>) {
        let held = self.store.holding(Set::Parties, "_activityid_value", call);
        let mask = |row: &Row| row.number("participationtypemask").unwrap_or_default();
        let replaced = |row: &&Row| given.is_some() || !CALL_MASKS.contains(&mask(row));
        let old: Vec<String> = held.filter(replaced).map(|row| row.id.clone()).collect();
        for id in old {
            self.store.remove(Set::Parties, &id);
        }
        let mut parties = given.unwrap_or_default();
        let row = self.store.get(Set::PhoneCalls, call).filter(|_| self.settings.server_parties);
        for (column, mask) in [("_regardingobjectid_value", REGARDING_MASK), ("_ownerid_value", OWNER_MASK)] {
            if let Some(id) = row.and_then(|row| row.fields.get(column)) {
                let party = json!({"_partyid_value": id, "participationtypemask": mask});
                parties.extend(party.as_object().cloned());
            }
        }
        for mut fields in parties {
            let id = super::guid(&mut self.rng);
            fields.insert("activitypartyid".to_owned(), id.clone().into());
            fields.insert("_activityid_value".to_owned(), call.into());
            fields.retain(|_, value| !value.is_null());
            self.store.put(Set::Parties, Row { id, fields, version: 0, created: ctx.now, indexed: true });
        }
    }
}

/// 400 for a `$n` that stands for nothing, or stands where none is looked for.
pub(super) fn unknown_reference(reference: &str) -> Refusal {
    let text = format!("Content-ID Reference: '{reference}' does not exist in the batch context.");
    Refusal::new(400, "", text)
}
