//! The default world: credentials, users, attributes, a pipeline and a board.

use serde_json::{Value, json};

/// The id of the OAuth client.
pub const SANDBOX_CLIENT_ID: &str = "sandbox-sendpulse-client";
/// Its secret.
pub const SANDBOX_CLIENT_SECRET: &str = "sandbox-sendpulse-secret";
/// A static API key: it does not expire.
pub const SANDBOX_API_KEY: &str = "sandbox-sendpulse-key";
/// The account's owner, the first of four users with ids that follow.
pub const SANDBOX_OWNER_ID: u64 = 4_101;
/// The pipeline; its four steps have the ids 2011 to 2014.
pub const SANDBOX_PIPELINE_ID: u64 = 201;
/// The board of tasks; its three steps have the ids 3011 to 3013.
pub const SANDBOX_BOARD_ID: u64 = 301;

/// Where the ids of each kind start.
pub(super) const FIRST_CONTACT: u64 = 500_001;
pub(super) const FIRST_DETAIL: u64 = 600_001;
pub(super) const FIRST_DEAL: u64 = 700_001;
pub(super) const FIRST_COMMENT: u64 = 800_001;
pub(super) const FIRST_TASK: u64 = 900_001;
pub(super) const FIRST_CALL: u64 = 1_000_001;
pub(super) const FIRST_ATTRIBUTE: u64 = 71;

/// Hours ahead of UTC, the `timezone` number of a user [I].
const TIME_ZONE: i64 = 2;

/// A CRM user.
pub(super) struct User {
    pub(super) id: u64,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) timezone: i64,
}

impl User {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id, "firstName": self.first_name, "lastName": self.last_name, "email": self.email,
            "timezone": self.timezone,
        })
    }
}

/// Four users, the first of them the owner.
pub(super) fn users() -> Vec<User> {
    let names = [("Olha", "Boyko"), ("Ivan", "Melnyk"), ("Oksana", "Tkachenko"), ("Petro", "Shevchuk")];
    let user = |((first, last), id): ((&str, &str), u64)| User {
        id,
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: format!("{}@sandbox.example", first.to_lowercase()),
        timezone: TIME_ZONE,
    };
    names.into_iter().zip(SANDBOX_OWNER_ID..).map(user).collect()
}

/// A pipeline of deals or a board of tasks, with its steps.
pub(super) struct Lane {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) steps: Vec<(u64, String)>,
}

impl Lane {
    /// The steps get the lane's id with their place behind it.
    pub(super) fn new(id: u64, name: &str, steps: &[&str]) -> Self {
        let steps = steps.iter().zip(id * 10 + 1..).map(|(step, id)| (id, (*step).to_owned())).collect();
        Self { id, name: name.to_owned(), steps }
    }

    pub(super) fn has_step(&self, id: u64) -> bool {
        self.steps.iter().any(|(step, _)| *step == id)
    }

    pub(super) fn first_step(&self) -> u64 {
        self.steps.first().map_or(0, |(id, _)| *id)
    }

    pub(super) fn steps_json(&self) -> Vec<Value> {
        let steps = self.steps.iter().zip(1_u64..);
        steps.map(|((id, name), order)| json!({"id": id, "name": name, "order": order})).collect()
    }
}

pub(super) fn pipelines() -> Vec<Lane> {
    vec![Lane::new(SANDBOX_PIPELINE_ID, "Sales", &["New", "In progress", "Offer", "Payment"])]
}

pub(super) fn boards() -> Vec<Lane> {
    vec![Lane::new(SANDBOX_BOARD_ID, "Calls", &["To do", "In progress", "Done"])]
}

/// A custom field of contacts.
pub(super) struct Attribute {
    pub(super) id: u64,
    pub(super) name: String,
    /// 0 text, 1 number, 2 date, 3 link, 4 select, 5 multiselect.
    pub(super) kind: u64,
}

pub(super) fn attributes() -> Vec<Attribute> {
    let rows = [
        ("rs_utm_source", 0),
        ("rs_utm_medium", 0),
        ("rs_utm_campaign", 0),
        ("rs_utm_term", 0),
        ("rs_utm_content", 0),
        ("rs_google_client_id", 0),
        ("visits_count", 1),
        ("last_recording", 3),
    ];
    let attribute = |((name, kind), id): ((&str, u64), u64)| Attribute { id, name: name.to_owned(), kind };
    rows.into_iter().zip(FIRST_ATTRIBUTE..).map(attribute).collect()
}
