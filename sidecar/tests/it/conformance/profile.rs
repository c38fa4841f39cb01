//! What the suite has to know of a CRM: its settings, how people put records in, how its listing shows them.

use serde_json::{Map, Value, json};
use tieline_sandbox::CrmKind;

use super::faults::Fault;
use crate::wired::{Core, users};

/// A CRM as the suite sees it.
pub(super) trait Profile: Sync {
    fn kind(&self) -> CrmKind;

    /// Settings of the connection beside those it cannot do without.
    fn settings(&self, _fault: Fault) -> &'static str {
        ""
    }

    /// Sections of the project.
    fn sections(&self) -> &'static str {
        ""
    }

    /// What the scenario makes here.
    fn makes(&self) -> Makes;

    /// Milliseconds by which a search may be late: less than the dialect's settings assume.
    fn lag_ms(&self) -> u64 {
        20_000
    }

    /// Why a fault cannot be played, where it cannot.
    fn lacks(&self, fault: Fault) -> Option<&'static str>;

    /// A part of the path of requests that are batches.
    fn batch(&self) -> &'static str;

    /// Whether clients have an owner with some settings.
    fn owns_clients(&self, _settings: &str) -> bool {
        true
    }

    /// A comment whose answer was lost cannot be looked up and is written again, as documented.
    fn repeats_lost_comments(&self) -> bool {
        false
    }

    /// Puts a client in as a person would, and gives the id.
    fn put_client(&self, desk: &Desk<'_>, client: &Client) -> Value;

    /// Gives a client another name, as a person would.
    fn rename(&self, desk: &Desk<'_>, client: &Value, name: &str);

    /// Puts a deal in, and gives the id. Nothing where the CRM has none.
    fn put_deal(&self, desk: &Desk<'_>, client: &Value, open: bool, owner: &str) -> Value;

    /// Closes a deal or opens it again.
    fn set_deal(&self, desk: &Desk<'_>, deal: &Value, open: bool);

    /// What the CRM holds.
    fn held(&self, listing: &Value) -> Held;
}

/// What the scenario makes in a CRM.
pub(super) struct Makes {
    /// A deal for a client who has none open.
    pub(super) deals: bool,
    /// A task for a missed call.
    pub(super) missed_task: bool,
    /// A task for the owner whose client a colleague answered (G-12).
    pub(super) review_task: bool,
    /// A task for the senior manager when an agent is not in the list (G-08).
    pub(super) check_task: bool,
    /// Who owns a new client whatever happens; else whom the scenario names.
    pub(super) owner_of_new: Option<&'static str>,
    /// Places where a call is told.
    pub(super) told: usize,
    /// The same of an outgoing call to a client with an open deal: nothing is made for it.
    pub(super) told_of_outgoing: usize,
    /// Places where a recording that comes late is told beside the call.
    pub(super) recording_told: usize,
}

/// A client as a person typed it.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) phone: &'static str,
    pub(super) owner: &'static str,
}

/// What the CRM holds, in the suite's words.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) clients: Vec<HeldClient>,
    pub(super) deals: Vec<HeldDeal>,
    pub(super) tasks: Vec<HeldTask>,
    /// Texts and entries in which calls are told.
    pub(super) told: Vec<String>,
}

#[derive(Debug)]
pub(super) struct HeldClient {
    pub(super) id: Value,
    pub(super) name: String,
    pub(super) phones: Vec<String>,
    pub(super) owner: String,
}

#[derive(Debug)]
pub(super) struct HeldDeal {
    pub(super) id: Value,
    pub(super) open: bool,
}

#[derive(Debug)]
pub(super) struct HeldTask {
    pub(super) owner: String,
}

/// A person's place in front of the CRM.
pub(super) struct Desk<'a> {
    pub(super) core: &'a Core,
}

impl Desk<'_> {
    /// Puts a record in, or changes the one whose id it names; gives its id.
    pub(super) fn put(&self, kind: &str, record: &Value) -> Value {
        let made = self.core.sim.lock().unwrap().seed(self.core.now(), &json!({ kind: [record] })).unwrap();
        made["ids"][kind][0].clone()
    }
}

/// The CRM user of an agent.
pub(super) fn user(kind: CrmKind, agent: &str) -> &'static str {
    let [one, two, three] = users(kind);
    match agent {
        "one" => one,
        "two" => two,
        "three" => three,
        other => panic!("there is no agent {other}"),
    }
}

/// Rows of one kind in a listing.
pub(super) fn rows<'a>(listing: &'a Value, kind: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    listing[kind].as_array().into_iter().flatten().filter_map(Value::as_object)
}

/// A value as text, whether the CRM shows a number or a text; nothing where there is none.
pub(super) fn text(row: &Map<String, Value>, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
