//! How rows are addressed and kept single: primary keys, alternate keys, duplicate rules
//! (dataverse.md 4.6).

use serde_json::{Map, Value};

use super::{
    Dataverse,
    refusal::{Refusal, bad_query},
    schema::Set,
    store::Row,
    target::{Key, guid},
};

/// No key URL may hold these, encoded or not.
const FORBIDDEN: &str = "/<>*%&:\\?+";

/// What a key leads to.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// The row's id, when there is such a row or the key is its id.
    pub(super) id: Option<String>,
    /// The alternate key, for a row that is yet to be made.
    pub(super) values: Map<String, Value>,
}

impl Dataverse {
    /// The row a key names.
    pub(super) fn address(&self, set: Set, key: &Key) -> Result<Address, Refusal> {
        let pairs = match key {
            Key::Id(id) => return Ok(Address { id: Some(id.clone()), values: Map::new() }),
            Key::Named(pairs) => pairs,
        };
        let syntax = || bad_query("Bad Request - Error in query syntax.");
        let [(name, value)] = pairs.as_slice() else {
            return Err(syntax());
        };
        // A user's key is inherited and goes by the owner's name.
        let primary = if set == Set::Users { "ownerid" } else { set.key() };
        if name == primary {
            let id = guid(value).ok_or_else(syntax)?;
            return Ok(Address { id: Some(id), values: Map::new() });
        }
        if !self.settings.keys(set).any(|column| column == name) {
            return Err(bad_query(&format!(
                "The specified key properties do not match any declared key of '{}'.",
                set.entity()
            )));
        }
        if value.chars().any(|c| FORBIDDEN.contains(c)) {
            return Err(syntax());
        }
        let found = self.store.holding(set, name, value).next().map(|row| row.id.clone());
        Ok(Address { id: found, values: Map::from_iter([(name.clone(), value.clone().into())]) })
    }

    /// The row a key names, which has to be there.
    pub(super) fn addressed(&self, set: Set, key: &Key) -> Result<&Row, Refusal> {
        let id = self.address(set, key)?.id.unwrap_or_default();
        self.store.get(set, &id).ok_or_else(|| self.does_not_exist(set, &id))
    }

    /// 404 for a row that is not there.
    pub(super) fn does_not_exist(&self, set: Set, id: &str) -> Refusal {
        let text = format!("Entity '{}' With Id = {id} Does Not Exist", set.schema_name());
        Refusal::new(404, &self.settings.not_found_code, text)
    }

    /// Refuses a second row with the value of an alternate key.
    pub(super) fn unique(&self, set: Set, id: &str, fields: &Map<String, Value>) -> Result<(), Refusal> {
        for column in self.settings.keys(set) {
            let Some(value) = fields.get(column).and_then(Value::as_str) else {
                continue;
            };
            if self.store.holding(set, column, value).any(|row| row.id != id) {
                let text = format!(
                    "A record that has the attribute values {column} already exists. The entity key requires that this set of attributes contains unique values. Select unique values and try again."
                );
                return Err(Refusal::new(412, "0x80060892", text));
            }
        }
        Ok(())
    }

    /// Refuses what a duplicate rule finds, when the request asks for that.
    pub(super) fn no_duplicate(&self, set: Set, id: &str, fields: &Map<String, Value>) -> Result<(), Refusal> {
        let same = |column: &str| {
            let value = fields.get(column).and_then(Value::as_str)?;
            self.store.holding(set, column, value).find(|row| row.id != id)
        };
        match self.settings.rules(set).find_map(same) {
            None => Ok(()),
            Some(_) => {
                let text =
                    "A record was not created or updated because a duplicate of the current record already exists.";
                Err(Refusal::new(self.settings.duplicate_status, "0x80040333", text))
            }
        }
    }
}
