//! The manual shows every key, and every key it shows is accepted.

use std::collections::BTreeSet;

use tieline::config::DEFAULT_TOML;
use tieline_crm::{Connect, CrmKind, connect};
use toml::{Table, Value};

use super::parse;

/// The manual with all that is commented out switched on, but for the keys that exclude others.
pub(crate) fn everything() -> String {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => key.to_owned(),
        _ => line.to_owned(),
    };
    let excluded = ["#senior_crm_user", "path = "];
    let lines = DEFAULT_TOML.lines().filter(|line| !excluded.iter().any(|key| line.starts_with(key)));
    lines.map(on).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_manual_is_a_working_configuration() {
    assert_eq!(parse(DEFAULT_TOML).unwrap().projects.len(), 1);
}

#[test]
fn everything_the_manual_shows_is_accepted() {
    assert!(everything().lines().count() < DEFAULT_TOML.lines().count());
    assert!(parse(&everything()).is_ok(), "{}", parse(&everything()).unwrap_err());
}

#[test]
fn every_accepted_key_is_in_the_manual() {
    let mut tables = 0;
    let manual: Table = everything().parse().unwrap();
    let document = mark(Value::Table(manual), &mut tables).as_table().unwrap().clone();
    let faults = parse(&toml::to_string(&document).unwrap()).unwrap_err();
    let lists: Vec<_> = faults.list().iter().filter(|fault| fault.key.ends_with("no_such_key")).collect();
    assert_eq!(lists.len(), tables, "{faults}");
    for fault in lists {
        let (_, accepted) = fault.text.split_once("accepted here: ").unwrap();
        let shown = keys_beside(&document, &fault.key);
        let is_alternative = |key: &&str| matches!(*key, "senior_crm_user" | "path" | "env" | "file");
        for key in accepted.split(", ").filter(|key| !is_alternative(key)) {
            assert!(shown.contains(key), "{key} is accepted beside {} and not in the manual", fault.key);
        }
    }
}

#[test]
fn every_setting_of_every_crm_is_in_the_manual() {
    for kind in CrmKind::ALL {
        let settings = [("no_such_key".to_owned(), String::new())].into();
        let faults = connect(*kind, &Connect { settings, ..Connect::default() }).err().unwrap();
        let unknown = faults.into_iter().find(|fault| fault.key == "no_such_key").unwrap();
        let names: Vec<&str> = unknown.text.split([',', ' ', ':', ';']).filter(|word| word.contains('_')).collect();
        assert!(names.len() > 5, "{}", unknown.text);
        for name in names {
            assert!(DEFAULT_TOML.contains(name), "{name} of {} is not in the manual", kind.name());
        }
    }
}

/// Puts an unknown key into every table whose names are not free, and counts these tables.
fn mark(value: Value, tables: &mut usize) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.into_iter().map(|value| mark(value, tables)).collect()),
        Value::Table(table) => {
            *tables += 1;
            let entries = table.into_iter().map(|(key, value)| {
                let free = matches!(key.as_str(), "settings" | "secrets" | "names");
                let value = if free { value } else { mark(value, tables) };
                (key, value)
            });
            let unknown = ("no_such_key".to_owned(), Value::Boolean(true));
            Value::Table(entries.chain([unknown]).collect())
        }
        other => other,
    }
}

/// The keys of the table a path leads into.
fn keys_beside<'d>(document: &'d Table, path: &str) -> BTreeSet<&'d str> {
    let mut table = document;
    let parents: Vec<&str> = path.split('.').collect();
    for step in parents.split_last().unwrap().1 {
        let value = &table[step.split('[').next().unwrap()];
        table = value.as_array().map_or(value, |list| &list[0]).as_table().unwrap();
    }
    table.keys().map(String::as_str).collect()
}
