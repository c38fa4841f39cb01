//! The default world: the key, the people and the dictionaries of the account.

use serde_json::{Map, Value, json};

/// The API key that works until it is revoked: for `/token/new` and as bearer.
pub const SANDBOX_API_KEY: &str = "sandbox-remonline-key";

/// The group of statuses that close an order or a lead (remonline.md 2.7).
pub(super) const CLOSED: u64 = 6;

/// The first ids: apart, so that an id in the wrong place finds nothing.
pub(super) const FIRST_CLIENT: u64 = 100_001;
pub(super) const FIRST_LEAD: u64 = 200_001;
pub(super) const FIRST_ORDER: u64 = 300_001;
pub(super) const FIRST_TASK: u64 = 400_001;
pub(super) const FIRST_COMMENT: u64 = 500_001;

/// A line of a dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) id: u64,
    pub(super) name: &'static str,
}

pub(super) const BRANCHES: [Named; 2] = [Named { id: 11, name: "Khreshchatyk 1" }, Named { id: 12, name: "Sumska 25" }];
pub(super) const ORDER_TYPES: [Named; 2] = [Named { id: 21, name: "Paid" }, Named { id: 22, name: "Warranty" }];
pub(super) const LEAD_TYPES: [Named; 2] = [Named { id: 31, name: "Call" }, Named { id: 32, name: "Site" }];
pub(super) const CAMPAIGNS: [Named; 2] = [Named { id: 61, name: "Google Ads" }, Named { id: 62, name: "Instagram" }];

/// A status of orders or of leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    pub(super) id: u64,
    name: &'static str,
    color: &'static str,
    pub(super) group: u64,
}

pub(super) const ORDER_STATUSES: [Status; 6] = [
    Status { id: 41, name: "Новий", color: "#03a9f4", group: 1 },
    Status { id: 42, name: "В роботі", color: "#ff9800", group: 2 },
    Status { id: 43, name: "Відкладено", color: "#9e9e9e", group: 3 },
    Status { id: 44, name: "Готовий", color: "#4caf50", group: 4 },
    Status { id: 45, name: "Закрито", color: "#607d8b", group: CLOSED },
    Status { id: 46, name: "Закрито неуспішно", color: "#f44336", group: CLOSED },
];
pub(super) const LEAD_STATUSES: [Status; 4] = [
    Status { id: 51, name: "Новий", color: "#03a9f4", group: 1 },
    Status { id: 52, name: "В роботі", color: "#ff9800", group: 2 },
    Status { id: 53, name: "Закрито", color: "#607d8b", group: CLOSED },
    Status { id: 54, name: "Відмова", color: "#f44336", group: CLOSED },
];

impl Status {
    /// The name; owners rename statuses, here the first closed one of each list.
    pub(super) fn name<'a>(&self, closed: &'a str) -> &'a str
    where
        'static: 'a,
    {
        if matches!(self.id, 45 | 53) { closed } else { self.name }
    }

    /// `{id, name, color, group}` with the group's number.
    pub(super) fn to_json(self, closed: &str) -> Value {
        json!({"id": self.id, "name": self.name(closed), "color": self.color, "group": self.group})
    }

    /// The same with the group as an object, as `/v2` has it.
    pub(super) fn to_json_v2(self, closed: &str) -> Value {
        let group = json!({"type": self.group, "name": group_name(self.group)});
        json!({"id": self.id, "name": self.name(closed), "color": self.color, "group": group})
    }
}

fn group_name(group: u64) -> &'static str {
    match group {
        1 => "New",
        2 => "In progress",
        3 => "Deferred",
        4 => "Ready",
        _ => "Closed",
    }
}

/// Whose custom fields are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Client,
    Lead,
    Order,
}

impl Owner {
    /// The id of the first custom field.
    fn first(self) -> u64 {
        match self {
            Self::Client => 7_101,
            Self::Lead => 7_201,
            Self::Order => 7_301,
        }
    }
}

/// Names with types: 0 flag, 1 to 3 text, 4 and 5 date, 6 number (remonline.md 2.8).
const CUSTOM_FIELDS: [(&str, u64); 9] = [
    ("utm_source", 1),
    ("utm_medium", 1),
    ("utm_campaign", 1),
    ("utm_term", 1),
    ("utm_content", 1),
    ("google_client_id", 1),
    ("visits_count", 6),
    ("wants_newsletter", 0),
    ("first_visit", 4),
];

/// The custom fields of an entity: ids with names and types.
pub(super) fn custom_fields(owner: Owner) -> impl Iterator<Item = (u64, &'static str, u64)> {
    (owner.first()..).zip(CUSTOM_FIELDS).map(|(id, (name, kind))| (id, name, kind))
}

/// The four people of the account.
pub(super) fn employees() -> Vec<Map<String, Value>> {
    let rows = [
        (101, "Olha", "Boyko", "olha@sandbox.example", ""),
        (102, "Ivan", "Melnyk", "ivan@sandbox.example", "380441110102"),
        (103, "Oksana", "Tkachenko", "oksana@sandbox.example", "380441110103"),
        (104, "Petro", "Shevchuk", "petro@sandbox.example", "380441110104"),
    ];
    rows.into_iter().map(|(id, first, last, email, phone)| employee(id, first, last, email, phone)).collect()
}

fn employee(id: u64, first: &str, last: &str, email: &str, phone: &str) -> Map<String, Value> {
    Map::from_iter([
        ("id".to_owned(), id.into()),
        ("first_name".to_owned(), first.into()),
        ("last_name".to_owned(), last.into()),
        ("email".to_owned(), email.into()),
        ("phone".to_owned(), phone.into()),
        ("deleted".to_owned(), false.into()),
    ])
}
