//! Zoho CRM: contacts and deals, calls, tasks.

use serde_json::{Value, json};
use tieline_sandbox::CrmKind;

use super::{
    faults::Fault,
    profile::{Client, Desk, Held, HeldClient, HeldDeal, HeldTask, Makes, Profile, rows, text, user},
};

pub(super) struct Zoho;

const SECTIONS: &str = r#"
    [[projects.scenario]]
    name = "missed"
    [projects.scenario.when]
    direction = "incoming"
    answered = false
    [projects.scenario.then]
    contact = "create_and_update"
    deal = "create_and_update"
    call_record = true
    owner = ["owner", "senior"]
    [[projects.scenario.then.tasks]]
    about = "missed_call"
    to = ["owner", "senior"]
    due_minutes = 240
    [[projects.scenario]]
    name = "colleague"
    [projects.scenario.when]
    answered = true
    by = "colleague"
    [projects.scenario.then]
    contact = "create_and_update"
    deal = "create_and_update"
    call_record = true
    owner = ["owner", "agent", "senior"]
    [[projects.scenario.then.tasks]]
    about = "review"
    to = ["owner"]
    due_minutes = 240
    [[projects.scenario]]
    name = "others"
    [projects.scenario.then]
    contact = "create_and_update"
    deal = "create_and_update"
    call_record = true
    owner = ["owner", "agent", "senior"]
"#;

impl Profile for Zoho {
    fn kind(&self) -> CrmKind {
        CrmKind::Zoho
    }

    fn sections(&self) -> &'static str {
        SECTIONS
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

    fn lacks(&self, _fault: Fault) -> Option<&'static str> {
        None
    }

    fn batch(&self) -> &'static str {
        "__composite_requests"
    }

    fn put_client(&self, desk: &Desk<'_>, client: &Client) -> Value {
        let owner = json!({"id": user(self.kind(), client.owner)});
        desk.put("Contacts", &json!({"Last_Name": client.name, "Phone": client.phone, "Owner": owner}))
    }

    fn rename(&self, desk: &Desk<'_>, client: &Value, name: &str) {
        desk.put("Contacts", &json!({"$id": client, "Last_Name": name}));
    }

    fn put_deal(&self, desk: &Desk<'_>, client: &Value, open: bool, owner: &str) -> Value {
        let owner = json!({"id": user(self.kind(), owner)});
        desk.put(
            "Deals",
            &json!({"Deal_Name": "Order", "Stage": stage(open), "Pipeline": "Standard (Standard)",
                "Contact_Name": {"id": client}, "Owner": owner}),
        )
    }

    fn set_deal(&self, desk: &Desk<'_>, deal: &Value, open: bool) {
        desk.put("Deals", &json!({"$id": deal, "Stage": stage(open)}));
    }

    fn held(&self, listing: &Value) -> Held {
        let by_name = |name: String| {
            let named = rows(listing, "Users").find(|user| text(user, "name") == name);
            named.map_or(name, |user| text(user, "id"))
        };
        Held {
            clients: rows(listing, "Contacts")
                .chain(rows(listing, "Leads"))
                .map(|row| HeldClient {
                    id: row["id"].clone(),
                    name: text(row, "Last_Name"),
                    phones: ["Phone", "Mobile"].map(|field| text(row, field)).to_vec(),
                    owner: by_name(text(row, "Owner")),
                })
                .collect(),
            deals: rows(listing, "Deals")
                .map(|row| HeldDeal { id: row["id"].clone(), open: !text(row, "Stage").starts_with("Closed") })
                .collect(),
            tasks: rows(listing, "Tasks").map(|row| HeldTask { owner: by_name(text(row, "Owner")) }).collect(),
            told: rows(listing, "Calls").map(|row| Value::from(row.clone()).to_string()).collect(),
        }
    }
}

fn stage(open: bool) -> &'static str {
    if open { "Qualification" } else { "Closed Won" }
}
