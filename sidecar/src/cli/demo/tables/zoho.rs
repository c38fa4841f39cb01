//! Contacts and leads with their owners, and the contacts' deals and calls.

use comfy_table::Table;
use serde_json::Value;

use super::{by_parent, count, counts, joined, rows, table, text};

pub(super) fn tables(listing: &Value) -> Vec<Table> {
    vec![counts(listing, &["Contacts", "Leads", "Deals", "Calls", "Tasks", "Notes"]), clients(listing)]
}

fn clients(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "owner", "deals", "calls"]);
    let deals = by_parent(listing, "Deals", "Contact_Name", "Stage");
    let calls = by_parent(listing, "Calls", "Who_Id", "id");
    for module in ["Contacts", "Leads"] {
        for row in rows(listing, module) {
            let id = text(row, "id");
            let number = [text(row, "Phone"), text(row, "Mobile")].concat();
            let deals = if module == "Leads" { "a lead".to_owned() } else { joined(&deals, &id) };
            table.add_row([text(row, "Full_Name"), number, text(row, "Owner"), deals, count(&calls, &id)]);
        }
    }
    table
}
