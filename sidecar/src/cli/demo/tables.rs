//! What each CRM holds when the day is over. Numbers and names are the sandbox's inventions.

use std::collections::BTreeMap;

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde_json::Value;

use super::{house::House, screen::Screen, story::Project};
use crate::cli::Failure;

/// Shows both CRMs.
pub(super) async fn show(house: &House, screen: &mut Screen) -> Result<(), Failure> {
    let zoho = house.crms.read(Project::Studio, "").await?;
    screen.line("\nZoho holds")?;
    screen.line(counts(&zoho, &["Contacts", "Leads", "Deals", "Calls", "Tasks", "Notes"]))?;
    screen.line(contacts(&zoho))?;
    let retailcrm = house.crms.read(Project::Shop, "").await?;
    screen.line("\nRetailCRM holds")?;
    screen.line(counts(&retailcrm, &["customers", "orders", "calls", "tasks", "notes"]))?;
    screen.line(customers(&retailcrm))
}

fn counts(listing: &Value, entities: &[&str]) -> Table {
    let mut table = table(entities);
    table.add_row(entities.iter().map(|entity| rows(listing, entity).count().to_string()));
    table
}

/// Zoho's contacts and leads with their owners, and the contacts' deals.
fn contacts(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "owner", "deals", "calls"]);
    let deals = by_parent(listing, "Deals", "Contact_Name", "Stage");
    let calls = by_parent(listing, "Calls", "Who_Id", "id");
    for module in ["Contacts", "Leads"] {
        for row in rows(listing, module) {
            let id = text(row, "id");
            let number = [text(row, "Phone"), text(row, "Mobile")].concat();
            let deals = if module == "Leads" { "a lead".to_owned() } else { joined(&deals, &id) };
            let calls = calls.get(&id).map_or(0, Vec::len);
            table.add_row([text(row, "Full_Name"), number, text(row, "Owner"), deals, calls.to_string()]);
        }
    }
    table
}

/// RetailCRM's customers with their managers and orders.
fn customers(listing: &Value) -> Table {
    let mut table = table(&["client", "number", "manager", "orders"]);
    let orders = by_parent(listing, "orders", "customer", "status");
    let users: BTreeMap<String, String> =
        rows(listing, "users").map(|user| (text(user, "id"), text(user, "name"))).collect();
    for row in rows(listing, "customers") {
        let name = [text(row, "firstName"), text(row, "lastName")].join(" ");
        let manager = users.get(&text(row, "managerId")).cloned().unwrap_or_default();
        let phones = row.get("phones").and_then(Value::as_array).into_iter().flatten();
        let phones: Vec<&str> = phones.filter_map(Value::as_str).collect();
        table.add_row([name.trim().to_owned(), phones.join(", "), manager, joined(&orders, &text(row, "id"))]);
    }
    table
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header.iter().copied());
    table
}

/// One value of each record, by the record it belongs to.
fn by_parent(listing: &Value, entity: &str, parent: &str, value: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(listing, entity) {
        values.entry(text(row, parent)).or_default().push(text(row, value));
    }
    values
}

fn joined(values: &BTreeMap<String, Vec<String>>, parent: &str) -> String {
    values.get(parent).map(|values| values.join(", ")).unwrap_or_default()
}

fn rows<'v>(listing: &'v Value, entity: &str) -> impl Iterator<Item = &'v Value> {
    listing.get(entity).and_then(Value::as_array).into_iter().flatten()
}

fn text(row: &Value, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}
