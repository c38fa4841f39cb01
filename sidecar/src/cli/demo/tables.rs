//! What each CRM holds when the day is over, one file for each. Numbers and names are the sandbox's inventions.

mod dataverse;
mod remonline;
mod retailcrm;
mod sendpulse;
mod zoho;

use std::collections::BTreeMap;

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde_json::Value;

use super::{house::House, screen::Screen, story::Project};
use crate::cli::Failure;

/// Shows every CRM: how many records of each kind, and whose they are.
pub(super) async fn show(house: &House, screen: &mut Screen) -> Result<(), Failure> {
    for project in Project::ALL {
        let listing = house.crms.read(project, "").await?;
        screen.line(format_args!("\n{} holds", project.crm_title()))?;
        for table in tables(project, &listing) {
            screen.line(table)?;
        }
    }
    Ok(())
}

fn tables(project: Project, listing: &Value) -> Vec<Table> {
    match project {
        Project::Studio => zoho::tables(listing),
        Project::Shop => retailcrm::tables(listing),
        Project::Repair => remonline::tables(listing),
        Project::School => sendpulse::tables(listing),
        Project::Clinic => dataverse::tables(listing),
    }
}

fn counts(listing: &Value, entities: &[&str]) -> Table {
    let mut table = table(entities);
    table.add_row(entities.iter().map(|entity| rows(listing, entity).count().to_string()));
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

/// The names of people by their ids.
fn names(listing: &Value, entity: &str, name: impl Fn(&Value) -> String) -> BTreeMap<String, String> {
    rows(listing, entity).map(|user| (text(user, "id"), name(user))).collect()
}

fn joined(values: &BTreeMap<String, Vec<String>>, parent: &str) -> String {
    values.get(parent).map(|values| values.join(", ")).unwrap_or_default()
}

fn count(values: &BTreeMap<String, Vec<String>>, parent: &str) -> String {
    values.get(parent).map_or(0, Vec::len).to_string()
}

fn rows<'v>(listing: &'v Value, entity: &str) -> impl Iterator<Item = &'v Value> {
    listing.get(entity).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of a list in a record, on one line.
fn list(row: &Value, name: &str) -> String {
    let texts: Vec<&str> = rows(row, name).filter_map(Value::as_str).collect();
    texts.join(", ")
}

fn text(row: &Value, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}
