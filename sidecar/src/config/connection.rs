//! `[projects.connection]`: the project's one CRM.

use std::collections::BTreeMap;

use tieline_crm::{Connect, CrmKind, Fault, connect, dialect::Share};
use tieline_engine::{record::Abilities, retry::RetryPolicy, scenario::Scenario};

use super::{
    secret::{self, Sources},
    section::Section,
};
use crate::{driver::quota::Courtesy, project::ConnectionConfig};

/// A connection and what its dialect says of the CRM.
pub(super) struct Connected {
    pub(super) config: ConnectionConfig,
    pub(super) abilities: Abilities,
    pub(super) scenario: Scenario,
}

/// Reads a project's connection. `None` only after a fault was noted.
pub(super) fn read(project: &mut Section<'_>, sources: &dyn Sources) -> Option<Connected> {
    if project.peek("connections").is_some() {
        project.refuse("connections", "a project has one CRM: write one [projects.connection], and a project per CRM");
    }
    if project.peek("connection").is_none_or(|value| !value.get_ref().is_array()) {
        return read_one(project.section("connection"), sources);
    }
    let sections = project.sections("connection");
    project.fault(
        "connection",
        match sections.len() {
            0 | 1 => "is a list; write [projects.connection] with single brackets",
            _ => "a project has one CRM: keep one connection, and give each other CRM a project of its own",
        },
    );
    sections.into_iter().map(|section| read_one(section, sources)).last().flatten()
}

fn read_one(mut section: Section<'_>, sources: &dyn Sources) -> Option<Connected> {
    let names = CrmKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    let name = section.needed("crm", &format!("write one of {names}"));
    let kind = CrmKind::parse(&name);
    if kind.is_none() && !name.is_empty() {
        section.fault("crm", format!("is no CRM there is a connection for; write one of {names}"));
    }
    let id = section.text("id").unwrap_or(name);
    let starts_active = section.flag("active", true);
    let keep_data = section.flag("keep_data", true);
    let retry = retry(&mut section);
    let courtesy = courtesy(section.section("quota"));
    let (made, dialect) = Made::read(&mut section, sources, kind, courtesy.share);
    section.close();
    let (abilities, scenario) = dialect?;
    let config = ConnectionConfig { id, crm: kind?, connect: made.connect, starts_active, keep_data, retry, courtesy };
    Some(Connected { config, abilities, scenario })
}

fn retry(section: &mut Section<'_>) -> RetryPolicy {
    let default = RetryPolicy::default();
    let first_ms = section.number("retry_first_ms", default.first_ms, 10..=60_000);
    let longest_ms = section.number("retry_longest_ms", default.longest_ms, 1_000..=86_400_000);
    if first_ms > longest_ms {
        section.fault("retry_longest_ms", "is shorter than retry_first_ms; make it longer");
    }
    RetryPolicy { first_ms, longest_ms }
}

/// How much of the account is taken; see [`tieline_crm::dialect::Share`] for the default.
fn courtesy(mut section: Section<'_>) -> Courtesy {
    let mut percent = |key| section.optional_number(key, 1..=100).map_or_else(Share::default, Share::percent);
    let courtesy = Courtesy { share: percent("share"), backlog_until: percent("backlog_until") };
    section.close();
    courtesy
}

/// Settings and secrets as they were read.
struct Made<'s> {
    connect: Connect,
    settings: Section<'s>,
    secrets: Section<'s>,
}

impl<'s> Made<'s> {
    fn read(
        section: &mut Section<'s>,
        sources: &dyn Sources,
        kind: Option<CrmKind>,
        share: Share,
    ) -> (Self, Option<(Abilities, Scenario)>) {
        let settings = section.section("settings");
        let secrets = section.section("secrets");
        let resolved = secrets
            .free()
            .filter_map(|(key, path, value)| Some((key, secret::resolve(&secrets, &path, value, sources)?)));
        let connect = Connect { settings: settings.free_texts(), secrets: resolved.collect(), share };
        let made = Self { connect, settings, secrets };
        let dialect = kind.and_then(|kind| made.check(kind));
        (made, dialect)
    }

    /// Lets the dialect check everything, and puts its faults where the keys are.
    fn check(&self, kind: CrmKind) -> Option<(Abilities, Scenario)> {
        let faults = match connect(kind, &self.connect) {
            Ok(dialect) => return Some((dialect.abilities().clone(), dialect.default_scenario())),
            Err(faults) => faults,
        };
        for fault in faults {
            if fault.of_secret {
                report(&self.secrets, fault, &self.connect.secrets);
            } else {
                report(&self.settings, fault, &self.connect.settings);
            }
        }
        None
    }
}

/// Reports a dialect's fault, unless the value is there and could not be read: then it has its fault already.
fn report<V>(section: &Section<'_>, fault: Fault, read: &BTreeMap<String, V>) {
    let is_new = read.contains_key(&fault.key) || section.peek(&fault.key).is_none();
    if is_new && !section.is_broken() {
        section.fault(&fault.key, fault.text);
    }
}
