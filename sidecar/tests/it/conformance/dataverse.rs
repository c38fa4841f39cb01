//! SMART CRM: contacts and phone calls.

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, dataverse::SANDBOX_APP_USER};

use super::{
    faults::Fault,
    profile::{Client, Desk, Held, HeldClient, Makes, Profile, rows, text, user},
};

pub(super) struct Dataverse;

impl Profile for Dataverse {
    fn kind(&self) -> CrmKind {
        CrmKind::Dataverse
    }

    fn makes(&self) -> Makes {
        Makes {
            deals: false,
            missed_task: false,
            review_task: false,
            check_task: false,
            owner_of_new: Some(SANDBOX_APP_USER),
            told: 1,
            told_of_outgoing: 1,
            recording_told: 0,
        }
    }

    /// Its tables show new rows within seconds.
    fn lag_ms(&self) -> u64 {
        4_000
    }

    fn lacks(&self, _fault: Fault) -> Option<&'static str> {
        None
    }

    fn batch(&self) -> &'static str {
        "/$batch"
    }

    fn put_client(&self, desk: &Desk<'_>, client: &Client) -> Value {
        let owner = user(self.kind(), client.owner);
        desk.put("contacts", &json!({"lastname": client.name, "telephone1": client.phone, "_ownerid_value": owner}))
    }

    fn rename(&self, desk: &Desk<'_>, client: &Value, name: &str) {
        desk.put("contacts", &json!({"contactid": client, "lastname": name}));
    }

    fn put_deal(&self, _desk: &Desk<'_>, _client: &Value, _open: bool, _owner: &str) -> Value {
        Value::Null
    }

    fn set_deal(&self, _desk: &Desk<'_>, _deal: &Value, _open: bool) {}

    fn held(&self, listing: &Value) -> Held {
        Held {
            clients: rows(listing, "contacts")
                .map(|row| HeldClient {
                    id: row["id"].clone(),
                    name: text(row, "lastname"),
                    phones: ["telephone1", "mobilephone"].map(|column| text(row, column)).to_vec(),
                    owner: text(row, "_ownerid_value"),
                })
                .collect(),
            deals: Vec::new(),
            tasks: Vec::new(),
            told: rows(listing, "phonecalls").map(|row| Value::from(row.clone()).to_string()).collect(),
        }
    }
}
