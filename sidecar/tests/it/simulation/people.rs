//! People who work in the CRM meanwhile.

use serde_json::{Map, Value, json};
use tieline_engine::jiff::Timestamp;
use tieline_sandbox::{CrmKind, Sim};

use super::dice::Dice;
use crate::wired::users;

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Gives a client another name.
    Rename,
    /// Takes a client over.
    TakeOver,
    /// Puts a client in who calls, too.
    AddClient,
    /// Deletes a client.
    Delete,
    /// Keeps one of two records of a client and deletes the other.
    Merge,
    /// Closes a deal.
    CloseDeal,
}

impl Deed {
    pub(super) const ALL: [Self; 6] =
        [Self::Rename, Self::TakeOver, Self::AddClient, Self::Delete, Self::Merge, Self::CloseDeal];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rename => "person_renames",
            Self::TakeOver => "person_takes_over",
            Self::AddClient => "person_adds_client",
            Self::Delete => "person_deletes",
            Self::Merge => "person_merges",
            Self::CloseDeal => "person_closes_deal",
        }
    }
}

/// How a CRM calls what people touch.
struct Words {
    clients: &'static str,
    /// The field that names a record to be changed.
    id: &'static str,
    name: &'static str,
    owner: &'static str,
    deals: Option<(&'static str, Value)>,
}

fn words(kind: CrmKind) -> Words {
    let w = |clients, id, name, owner, deals| Words { clients, id, name, owner, deals };
    match kind {
        CrmKind::Zoho => w("Contacts", "$id", "Last_Name", "Owner", Some(("Deals", json!({"Stage": "Closed Won"})))),
        CrmKind::RetailCrm => {
            w("customers", "id", "firstName", "managerId", Some(("orders", json!({"status": "complete"}))))
        }
        CrmKind::RemOnline => {
            w("clients", "id", "first_name", "manager_id", Some(("orders", json!({"status_id": 45}))))
        }
        CrmKind::SendPulse => w("contacts", "id", "firstName", "responsibleId", Some(("deals", json!({"status": 3})))),
        CrmKind::Dataverse => w("contacts", "contactid", "lastname", "_ownerid_value", None),
    }
}

/// What a CRM's listing calls clients.
pub(super) fn clients(kind: CrmKind) -> &'static str {
    words(kind).clients
}

/// Does it to a record chosen by the dice; what was done, where it could be.
pub(super) fn act(sim: &mut Sim, now: Timestamp, deed: Deed, phone: &str, dice: &mut Dice) -> Option<Value> {
    let (kind, words) = (sim.kind(), words(sim.kind()));
    let listing = sim.listing();
    let rows = |entity: &str| -> Vec<Value> {
        let rows = listing.get(entity).and_then(Value::as_array).cloned().unwrap_or_default();
        rows.into_iter().map(|row| row["id"].clone()).collect()
    };
    let (entity, record) = match deed {
        Deed::AddClient => (words.clients, client(kind, phone)),
        Deed::Rename | Deed::TakeOver | Deed::Delete => {
            let id = one_of(&rows(words.clients), dice)?;
            if deed == Deed::Delete {
                return removed(sim, now, words.clients, &id);
            }
            let (field, value) = match deed {
                Deed::Rename => (words.name, json!(format!("Typed {}", dice.below(1_000)))),
                _ => (words.owner, owner(kind, dice.pick(&users(kind)))),
            };
            (words.clients, json!({ words.id: id, field: value }))
        }
        Deed::Merge => {
            let doubled = sim.audit().doubled_clients.into_iter().find(|doubled| doubled.entity == words.clients)?;
            let id = one_of(&doubled.ids, dice)?;
            return removed(sim, now, words.clients, &json!(id));
        }
        Deed::CloseDeal => {
            let (deals, Value::Object(closed)) = words.deals? else { return None };
            let id = one_of(&rows(deals), dice)?;
            let mut record = Map::from_iter([(words.id.to_owned(), id)]);
            record.extend(closed);
            (deals, Value::Object(record))
        }
    };
    sim.seed(now, &json!({ entity: [record] })).unwrap();
    Some(json!({ entity: record, "deed": deed.name() }))
}

fn removed(sim: &mut Sim, now: Timestamp, entity: &str, id: &Value) -> Option<Value> {
    let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    sim.remove(now, entity, &text).unwrap();
    Some(json!({ "removed": [entity, text] }))
}

fn one_of<T: Clone>(list: &[T], dice: &mut Dice) -> Option<T> {
    (!list.is_empty()).then(|| dice.pick(list))
}

fn owner(kind: CrmKind, user: &str) -> Value {
    match kind {
        CrmKind::Zoho => json!({ "id": user }),
        CrmKind::Dataverse => json!(user),
        CrmKind::RetailCrm | CrmKind::RemOnline | CrmKind::SendPulse => json!(user.parse::<u64>().unwrap()),
    }
}

/// A client as a person types one in.
fn client(kind: CrmKind, phone: &str) -> Value {
    let words = words(kind);
    let (field, value) = match kind {
        CrmKind::Zoho => ("Phone", json!(phone)),
        CrmKind::RetailCrm => ("phones", json!([{ "number": phone }])),
        CrmKind::RemOnline => ("phone", json!(phone)),
        CrmKind::SendPulse => ("phones", json!([phone])),
        CrmKind::Dataverse => ("telephone1", json!(phone)),
    };
    let owner = owner(kind, users(kind)[0]);
    json!({ words.name: "Typed by hand", field: value, words.owner: owner })
}
