//! RetailCRM: customers, orders, the call list, tasks.

use serde_json::{Value, json};
use tieline_sandbox::CrmKind;

use super::{
    faults::Fault,
    profile::{Client, Desk, Held, HeldClient, HeldDeal, HeldTask, Makes, Profile, rows, text, user},
};

pub(super) struct RetailCrm;

impl Profile for RetailCrm {
    fn kind(&self) -> CrmKind {
        CrmKind::RetailCrm
    }

    fn makes(&self) -> Makes {
        Makes {
            deals: true,
            missed_task: true,
            review_task: true,
            check_task: true,
            owner_of_new: None,
            told: 1,
            told_of_outgoing: 1,
            recording_told: 0,
        }
    }

    fn lacks(&self, fault: Fault) -> Option<&'static str> {
        (fault == Fault::TokenExpired).then_some("its key does not expire")
    }

    fn batch(&self) -> &'static str {
        "/upload"
    }

    fn put_client(&self, desk: &Desk<'_>, client: &Client) -> Value {
        let owner: u64 = user(self.kind(), client.owner).parse().unwrap();
        let phones = json!([{"number": client.phone}]);
        desk.put("customers", &json!({"firstName": client.name, "phones": phones, "managerId": owner}))
    }

    fn rename(&self, desk: &Desk<'_>, client: &Value, name: &str) {
        desk.put("customers", &json!({"id": client, "firstName": name}));
    }

    fn put_deal(&self, desk: &Desk<'_>, client: &Value, open: bool, owner: &str) -> Value {
        let owner: u64 = user(self.kind(), owner).parse().unwrap();
        desk.put("orders", &json!({"customer": {"id": client}, "status": status(open), "managerId": owner}))
    }

    fn set_deal(&self, desk: &Desk<'_>, deal: &Value, open: bool) {
        desk.put("orders", &json!({"id": deal, "status": status(open)}));
    }

    fn held(&self, listing: &Value) -> Held {
        Held {
            clients: rows(listing, "customers")
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
                    owner: text(row, "managerId"),
                })
                .collect(),
            deals: rows(listing, "orders")
                .map(|row| HeldDeal { id: row["id"].clone(), open: text(row, "status") != "complete" })
                .collect(),
            tasks: rows(listing, "tasks").map(|row| HeldTask { owner: text(row, "performerId") }).collect(),
            told: rows(listing, "calls").map(|row| Value::from(row.clone()).to_string()).collect(),
        }
    }
}

fn status(open: bool) -> &'static str {
    if open { "new" } else { "complete" }
}
