//! Clients with their managers, requests and orders, and the calls that became comments on each.

use std::collections::BTreeMap;

use comfy_table::Table;
use serde_json::Value;

use super::{by_parent, counts, joined, list, names, rows, table, text};

pub(super) fn tables(listing: &Value) -> Vec<Table> {
    vec![counts(listing, &["clients", "leads", "orders", "comments", "tasks"]), clients(listing)]
}

fn clients(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "manager", "requests", "orders", "comments on"]);
    let leads = by_parent(listing, "leads", "client_id", "status");
    let orders = by_parent(listing, "orders", "client_id", "status");
    let managers =
        names(listing, "employees", |user| format!("{} {}", text(user, "first_name"), text(user, "last_name")));
    let comments = comments(listing);
    for row in rows(listing, "clients") {
        let id = text(row, "id");
        let manager = managers.get(&text(row, "manager_id")).cloned().unwrap_or_default();
        table.add_row([
            text(row, "name"),
            list(row, "phones"),
            manager,
            joined(&leads, &id),
            joined(&orders, &id),
            joined(&comments, &id),
        ]);
    }
    table
}

/// What each comment stands on, by the client it is about.
fn comments(listing: &Value) -> BTreeMap<String, Vec<String>> {
    let client_of = |entity: &str| by_parent(listing, entity, "id", "client_id");
    let (leads, orders) = (client_of("leads"), client_of("orders"));
    let mut comments: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(listing, "comments") {
        let (on, of) = (text(row, "on"), text(row, "of"));
        let client = match on.as_str() {
            "lead" => joined(&leads, &of),
            "order" => joined(&orders, &of),
            _ => of,
        };
        comments.entry(client).or_default().push(if on == "lead" { "request".to_owned() } else { on });
    }
    comments
}
