//! Contacts with who is responsible, the calls that became comments, and the tasks by their step.

use std::collections::BTreeMap;

use comfy_table::Table;
use serde_json::Value;

use super::{by_parent, count, counts, joined, list, names, rows, table, text};

pub(super) fn tables(listing: &Value) -> Vec<Table> {
    vec![counts(listing, &["contacts", "deals", "comments", "tasks"]), contacts(listing)]
}

fn contacts(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "responsible", "fields", "comments", "tasks"]);
    let users = names(listing, "users", |user| text(user, "name"));
    let comments = by_parent(listing, "comments", "contactId", "id");
    let tasks = tasks(listing);
    for row in rows(listing, "contacts") {
        let id = text(row, "id");
        let name = [text(row, "firstName"), text(row, "lastName")].join(" ");
        let responsible = users.get(&text(row, "responsibleId")).cloned().unwrap_or_default();
        table.add_row([
            name.trim().to_owned(),
            list(row, "phones"),
            responsible,
            list(row, "attributes"),
            count(&comments, &id),
            joined(&tasks, &id),
        ]);
    }
    table
}

/// The step each task is on, by contact.
fn tasks(listing: &Value) -> BTreeMap<String, Vec<String>> {
    let steps: BTreeMap<&str, &str> = rows(listing, "boards")
        .flat_map(|board| rows(board, "steps"))
        .filter_map(|step| step.as_str()?.split_once(' '))
        .collect();
    let mut tasks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for task in rows(listing, "tasks") {
        let step = text(task, "stepId");
        let step = steps.get(step.as_str()).copied().unwrap_or_default();
        for contact in rows(task, "contactIds") {
            tasks.entry(contact.to_string()).or_default().push(format!("{}: {step}", text(task, "name")));
        }
    }
    tasks
}
