//! SendPulse CRM: contacts, deals, tasks on a board; calls are told in comments.

use serde_json::{Value, json};
use tieline_sandbox::CrmKind;

use super::{
    faults::Fault,
    profile::{Client, Desk, Held, HeldClient, HeldDeal, HeldTask, Makes, Profile, rows, text, user},
};

pub(super) struct SendPulse;

impl Profile for SendPulse {
    fn kind(&self) -> CrmKind {
        CrmKind::SendPulse
    }

    /// Data of the visit go into contact fields, in one request for all of them.
    fn settings(&self, _fault: Fault) -> &'static str {
        r#"contact_fields = "utm_source = rs_utm_source; google_client_id = rs_google_client_id""#
    }

    fn makes(&self) -> Makes {
        Makes {
            deals: true,
            missed_task: true,
            review_task: false,
            check_task: true,
            owner_of_new: None,
            told: 2,
            told_of_outgoing: 2,
            recording_told: 2,
        }
    }

    fn lacks(&self, _fault: Fault) -> Option<&'static str> {
        None
    }

    fn batch(&self) -> &'static str {
        "/attributes/batch"
    }

    fn put_client(&self, desk: &Desk<'_>, client: &Client) -> Value {
        let owner: u64 = user(self.kind(), client.owner).parse().unwrap();
        desk.put("contacts", &json!({"firstName": client.name, "phones": [client.phone], "responsibleId": owner}))
    }

    fn rename(&self, desk: &Desk<'_>, client: &Value, name: &str) {
        desk.put("contacts", &json!({"id": client, "firstName": name}));
    }

    fn put_deal(&self, desk: &Desk<'_>, client: &Value, open: bool, owner: &str) -> Value {
        let owner: u64 = user(self.kind(), owner).parse().unwrap();
        desk.put(
            "deals",
            &json!({"name": "Order", "contact": [client], "status": status(open), "responsibleId": owner}),
        )
    }

    fn set_deal(&self, desk: &Desk<'_>, deal: &Value, open: bool) {
        desk.put("deals", &json!({"id": deal, "status": status(open)}));
    }

    fn held(&self, listing: &Value) -> Held {
        Held {
            clients: rows(listing, "contacts")
                .map(|row| HeldClient {
                    id: row["id"].clone(),
                    name: text(row, "firstName"),
                    phones: row["phones"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                    owner: text(row, "responsibleId"),
                })
                .collect(),
            deals: rows(listing, "deals")
                .map(|row| HeldDeal { id: row["id"].clone(), open: row["status"] == json!(1) })
                .collect(),
            tasks: rows(listing, "tasks").map(|row| HeldTask { owner: text(row, "responsibleId") }).collect(),
            told: rows(listing, "comments").map(|row| text(row, "text")).collect(),
        }
    }
}

fn status(open: bool) -> u64 {
    if open { 1 } else { 3 }
}
