//! Records put in by hand: no rule of the API is asked, and no search lags behind them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ctx, Dataverse,
    columns::stamp,
    schema::{PARTIES, Set},
    store::Row,
    target::guid,
};
use crate::simulator::{BadInput, Strikes};

/// Records per request; a demonstration has dozens.
const MOST: usize = 10_000;
/// In the order in which rows may name earlier ones.
const SETS: [Set; 4] = [Set::Users, Set::Contacts, Set::PhoneCalls, Set::Notes];

impl Dataverse {
    /// Takes `{"contacts": [{…}], "phonecalls": [{…}], …}`. Columns go by their names,
    /// lookups as `_ownerid_value`; a call may hold its parties with `_partyid_value`.
    pub(super) fn seed_world(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput> {
        let given = records.as_object().ok_or_else(|| BadInput("records are an object of arrays by set".to_owned()))?;
        self.seedable(given)?;
        let mut ids = Map::new();
        for set in SETS {
            let items =
                given.get(set.name()).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
            let made: Vec<Value> = items.map(|item| self.seed_one(now, set, item.clone()).into()).collect();
            if !made.is_empty() {
                ids.insert(set.name().to_owned(), made.into());
            }
        }
        Ok(json!({"ids": ids}))
    }

    fn seedable(&self, given: &Map<String, Value>) -> Result<(), BadInput> {
        let mut total = 0;
        for (name, items) in given {
            let set = Set::parse(name).filter(|set| SETS.contains(set)).ok_or_else(|| {
                let known: Vec<&str> = SETS.iter().map(|set| set.name()).collect();
                BadInput(format!("no set is called {name:?}; there are {}", known.join(", ")))
            })?;
            let shape = || BadInput(format!("{name} is an array of objects"));
            let items = items.as_array().ok_or_else(shape)?;
            total += items.len();
            for item in items {
                self.seedable_row(set, item.as_object().ok_or_else(shape)?)?;
            }
        }
        if total > MOST {
            return Err(BadInput(format!("at most {MOST} records at once")));
        }
        Ok(())
    }

    fn seedable_row(&self, set: Set, item: &Map<String, Value>) -> Result<(), BadInput> {
        if item.get(set.key()).is_some_and(|id| id.as_str().and_then(guid).is_none()) {
            return Err(BadInput(format!("{} is a GUID", set.key())));
        }
        let known = |name: &str| (set == Set::PhoneCalls && name == PARTIES) || self.kind(set, name).is_ok();
        match item.keys().find(|name| !known(name)) {
            Some(name) => Err(BadInput(format!("{} has no column {name:?}", set.name()))),
            None => Ok(()),
        }
    }

    fn seed_one(&mut self, now: Timestamp, set: Set, mut item: Map<String, Value>) -> String {
        let id = item.get(set.key()).and_then(Value::as_str).and_then(guid);
        let id = id.unwrap_or_else(|| super::guid(&mut self.rng));
        let parties = item.remove(PARTIES);
        let created = item.get("createdon").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(now);
        let ctx = Ctx::struck(created, &Strikes::default());
        // A row of that id is changed: a user is disabled, a contact renamed.
        let mut fields = self.store.get(set, &id).map(|row| row.fields.clone()).unwrap_or_default();
        fields.extend(item);
        fields.insert(set.key().to_owned(), id.clone().into());
        fields.entry("createdon").or_insert_with(|| stamp(created).into());
        if let Some((state, reasons)) = set.states().first() {
            fields.entry("statecode").or_insert_with(|| (*state).into());
            fields.entry("statuscode").or_insert_with(|| reasons.first().copied().unwrap_or_default().into());
        }
        if set != Set::Users {
            fields.entry("_ownerid_value").or_insert_with(|| ctx.caller.clone().into());
            let owner = fields.get("_ownerid_value").cloned().unwrap_or_default();
            fields.insert("_owninguser_value".to_owned(), owner);
        }
        if matches!(set, Set::Users | Set::Contacts) {
            let name = |column: &str| fields.get(column).and_then(Value::as_str).unwrap_or_default().to_owned();
            let full = format!("{} {}", name("firstname"), name("lastname")).trim().to_owned();
            if !full.is_empty() {
                fields.insert("fullname".to_owned(), full.into());
            }
        }
        fields.retain(|_, value| !value.is_null());
        self.store.put(set, Row { id: id.clone(), fields, version: 0, created, indexed: true });
        if let Some(parties) = parties.as_ref().and_then(Value::as_array) {
            let parties = parties.iter().filter_map(Value::as_object).cloned().collect();
            self.write_parties(&ctx, &id, Some(parties));
        }
        id
    }
}
