//! The configuration: one TOML file, read and checked as a whole. Every fault is told in one run.
//!
//! | what | file |
//! | --- | --- |
//! | every key with its default, unit and cost | `default.toml` |
//! | tables, values, unknown keys | `section.rs` |
//! | faults and their places | `fault.rs` |
//! | where secrets come from | `secret.rs` |
//! | `[server]`, `[telemetry]` | `server.rs` |
//! | `[store]` | `store.rs` |
//! | `[[access.tokens]]`, `[[projects.tokens]]` | `access.rs` |
//! | projects that are kept in the store | `stored.rs` |
//! | `[retention]` | `retention.rs` |
//! | `[[projects]]` | `project.rs`, and for their parts `connection.rs`, `people.rs`, `handling.rs`, `scenario.rs`, `dialing.rs`, `smart_phone.rs` |

mod access;
mod connection;
mod dialing;
mod fault;
mod handling;
mod people;
mod project;
mod retention;
mod scenario;
mod secret;
mod section;
mod server;
mod smart_phone;
mod store;
mod stored;

use std::{collections::BTreeSet, path::Path};

use toml::de::DeTable;

pub use fault::{Fault, Faults};
pub(crate) use secret::why_unreadable;
pub use secret::{Given, Sources, System};
pub use server::{Limits, Server};
pub use store::StoreConfig;
pub use stored::{is_project_id, stored};

use crate::{access::Access, project::Project, retention::Retention, seal::Keys, telemetry::Telemetry};
use fault::Journal;
use section::Section;

/// The commented reference of every key; a working configuration of one project.
pub const DEFAULT_TOML: &str = include_str!("config/default.toml");

/// A configuration, checked.
#[derive(Debug)]
pub struct Config {
    /// Where the sidecar listens.
    pub server: Server,
    /// Who may do what.
    pub access: Access,
    /// Where calls are kept.
    pub store: StoreConfig,
    /// What seals the secrets of projects that are kept in the store; `None`: none are.
    pub keys: Option<Keys>,
    /// How long things are kept.
    pub retention: Retention,
    /// What is told about the work.
    pub telemetry: Telemetry,
    /// The file's projects in its order; at least one, unless others may be kept in the store.
    pub projects: Vec<Project>,
}

/// Reads a configuration file.
///
/// # Errors
/// Every fault at once.
pub fn load(path: &Path, sources: &dyn Sources) -> Result<Config, Faults> {
    let name = path.display().to_string();
    match sources.file(path) {
        Ok(text) => parse(&name, &text, sources),
        Err(error) => Err(Faults::of_file(&name, why_unreadable(&error).to_owned())),
    }
}

/// Reads a configuration from its text; `name` stands for the file in faults.
///
/// # Errors
/// Every fault at once; where the text is no TOML, only the faults of its syntax.
pub fn parse(name: &str, text: &str, sources: &dyn Sources) -> Result<Config, Faults> {
    let journal = Journal::new(text);
    let (document, syntax) = DeTable::parse_recoverable(text);
    journal.note_syntax(text, &syntax);
    let config = if syntax.is_empty() { read(Section::root(&journal, document.get_ref()), sources) } else { None };
    let faults = journal.into_faults();
    config.filter(|_| faults.is_empty()).ok_or_else(|| Faults::new(name, faults))
}

/// `None` only after a fault was noted.
fn read(mut root: Section<'_>, sources: &dyn Sources) -> Option<Config> {
    let server = server::server(root.section("server"), sources);
    let (store, keys) = store::store(root.section("store"), sources);
    let others = root.peek("store").and_then(|store| store.get_ref().as_table()?.get("secrets_key")).is_some();
    let retention = retention::retention(root.section("retention"));
    let telemetry = server::telemetry(root.section("telemetry"));
    let projects = projects(&mut root, others, sources);
    let known = access::Known { file: projects.as_deref(), others };
    let access = access::read(&mut root, server.as_ref(), known, sources);
    root.close();
    let (server, store, retention) = (server?, store?, retention?);
    Some(Config { server, access, store, keys, retention, telemetry: telemetry?, projects: projects? })
}

fn projects(root: &mut Section<'_>, others: bool, sources: &dyn Sources) -> Option<Vec<Project>> {
    let sections = root.sections("projects");
    if sections.is_empty() && !others {
        let text =
            "there is no project; begin one with [[projects]], or set store.secrets_key to keep them in the store";
        root.fault("projects", text);
    }
    let mut ids = BTreeSet::new();
    let mut projects = Vec::new();
    for mut section in sections {
        let id = project::id(&mut section);
        if id.as_ref().is_some_and(|id| !ids.insert(id.clone())) {
            section.fault("id", "another project has this id; each needs its own");
        }
        projects.push(project::read(id, section, sources));
    }
    projects.into_iter().collect()
}
