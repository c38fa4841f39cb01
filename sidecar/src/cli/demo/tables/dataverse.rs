//! Contacts with their owners, and the phone calls: from whom, to whom, and whether they are complete.

use comfy_table::Table;
use serde_json::Value;

use super::{by_parent, count, counts, list, names, rows, table, text};

/// `statecode` of a phone call (dataverse.md 2).
const STATES: [(&str, &str); 3] = [("0", "open"), ("1", "completed"), ("2", "canceled")];

pub(super) fn tables(listing: &Value) -> Vec<Table> {
    vec![counts(listing, &["contacts", "phonecalls", "annotations"]), contacts(listing), calls(listing)]
}

fn contacts(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "owner", "phone calls"]);
    let owners = names(listing, "systemusers", |user| text(user, "fullname"));
    let calls = by_parent(listing, "phonecalls", "_regardingobjectid_value", "id");
    for row in rows(listing, "contacts") {
        let number = [text(row, "telephone1"), text(row, "mobilephone")].concat();
        let owner = owners.get(&text(row, "_ownerid_value")).cloned().unwrap_or_default();
        table.add_row([text(row, "fullname"), number, owner, count(&calls, &text(row, "id"))]);
    }
    table
}

fn calls(listing: &Value) -> Table {
    let mut table = table(&["direction", "call from", "call to", "phone number", "minutes", "state"]);
    for row in rows(listing, "phonecalls") {
        let direction = if text(row, "directioncode") == "true" { "outgoing" } else { "incoming" };
        let state = text(row, "statecode");
        let state = STATES.iter().find(|(code, _)| *code == state).map_or(state.as_str(), |(_, name)| name).to_owned();
        table.add_row([
            direction.to_owned(),
            list(row, "from_names"),
            list(row, "to_names"),
            text(row, "phonenumber"),
            text(row, "actualdurationminutes"),
            state,
        ]);
    }
    table
}
