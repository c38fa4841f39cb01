//! Customers with their managers and orders.

use comfy_table::Table;
use serde_json::Value;

use super::{by_parent, counts, joined, list, names, rows, table, text};

pub(super) fn tables(listing: &Value) -> Vec<Table> {
    vec![counts(listing, &["customers", "orders", "calls", "tasks", "notes"]), customers(listing)]
}

fn customers(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "manager", "orders"]);
    let orders = by_parent(listing, "orders", "customer", "status");
    let managers = names(listing, "users", |user| text(user, "name"));
    for row in rows(listing, "customers") {
        let name = [text(row, "firstName"), text(row, "lastName")].join(" ");
        let manager = managers.get(&text(row, "managerId")).cloned().unwrap_or_default();
        table.add_row([name.trim().to_owned(), list(row, "phones"), manager, joined(&orders, &text(row, "id"))]);
    }
    table
}
