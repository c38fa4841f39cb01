//! RemOnline: clients, leads, orders, tasks; calls are told in descriptions, notes and comments.

use serde_json::{Value, json};
use tieline_sandbox::CrmKind;

use super::{
    faults::Fault,
    profile::{Client, Desk, Held, HeldClient, HeldDeal, HeldTask, Makes, Profile, rows, text, user},
};

pub(super) struct RemOnline;

impl Profile for RemOnline {
    fn kind(&self) -> CrmKind {
        CrmKind::RemOnline
    }

    /// Only the first generation has tokens that expire.
    fn settings(&self, fault: Fault) -> &'static str {
        if fault == Fault::TokenExpired { "api = \"token\"" } else { "" }
    }

    fn makes(&self) -> Makes {
        Makes {
            deals: true,
            missed_task: true,
            review_task: false,
            check_task: true,
            owner_of_new: None,
            told: 3,
            told_of_outgoing: 2,
            recording_told: 3,
        }
    }

    fn lacks(&self, fault: Fault) -> Option<&'static str> {
        (fault == Fault::PartialFailure).then_some("it takes no batches")
    }

    /// Clients of the first generation have no manager.
    fn owns_clients(&self, settings: &str) -> bool {
        !settings.contains("token")
    }

    fn repeats_lost_comments(&self) -> bool {
        true
    }

    fn batch(&self) -> &'static str {
        ""
    }

    fn put_client(&self, desk: &Desk<'_>, client: &Client) -> Value {
        let owner: u64 = user(self.kind(), client.owner).parse().unwrap();
        desk.put("clients", &json!({"first_name": client.name, "phone": client.phone, "manager_id": owner}))
    }

    fn rename(&self, desk: &Desk<'_>, client: &Value, name: &str) {
        desk.put("clients", &json!({"id": client, "first_name": name}));
    }

    fn put_deal(&self, desk: &Desk<'_>, client: &Value, open: bool, owner: &str) -> Value {
        let owner: u64 = user(self.kind(), owner).parse().unwrap();
        desk.put(
            "orders",
            &json!({"client_id": client, "branch_id": 11, "order_type_id": 21, "status_id": status(open),
                "manager_id": owner}),
        )
    }

    fn set_deal(&self, desk: &Desk<'_>, deal: &Value, open: bool) {
        desk.put("orders", &json!({"id": deal, "status_id": status(open)}));
    }

    fn held(&self, listing: &Value) -> Held {
        let texts = [("clients", "notes"), ("leads", "description"), ("orders", "manager_notes"), ("comments", "text")];
        let told = texts.iter().flat_map(|(kind, field)| rows(listing, kind).map(|row| text(row, field)));
        Held {
            clients: rows(listing, "clients")
                .map(|row| HeldClient {
                    id: row["id"].clone(),
                    name: text(row, "first_name"),
                    phones: row["phones"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                    owner: text(row, "manager_id"),
                })
                .collect(),
            deals: rows(listing, "orders")
                .map(|row| HeldDeal { id: row["id"].clone(), open: !row.contains_key("closed_at") })
                .collect(),
            tasks: rows(listing, "tasks")
                .map(|row| HeldTask { owner: row["assignees"][0].as_u64().unwrap_or_default().to_string() })
                .collect(),
            told: told.filter(|text| !text.is_empty()).collect(),
        }
    }
}

fn status(open: bool) -> u64 {
    if open { 41 } else { 45 }
}
