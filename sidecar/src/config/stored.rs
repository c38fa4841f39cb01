//! A project that is kept in the store: the same keys as a `[[projects]]` table of the file, read by the same code, with
//! secrets that came apart.

use tieline_engine::ids::ProjectId;
use toml::de::DeTable;

use super::{
    fault::{Faults, Journal},
    project,
    secret::Given,
    section::Section,
};
use crate::project::Project;

/// Reads a project from its text: the keys of one `[[projects]]` table, with that header or without it. Its id may be
/// left out. A secret is referred to as `{ given = "name" }`; references to this machine are refused.
///
/// # Errors
/// Every fault at once; where the text is no TOML, only the faults of its syntax.
pub fn stored(id: &ProjectId, text: &str, given: &Given) -> Result<Project, Faults> {
    let journal = Journal::new(text);
    let (document, syntax) = DeTable::parse_recoverable(text);
    journal.note_syntax(text, &syntax);
    let root = Section::root(&journal, document.get_ref());
    let project = if syntax.is_empty() { read(id, root, given) } else { None };
    let faults = journal.into_faults();
    project.filter(|_| faults.is_empty()).ok_or_else(|| Faults::new(id.as_str(), faults))
}

/// Whether a name may be a project's id.
#[must_use]
pub fn is_project_id(name: &str) -> bool {
    project::is_id(name)
}

/// `None` only after a fault was noted.
fn read(id: &ProjectId, root: Section<'_>, given: &Given) -> Option<Project> {
    let mut section = table(root)?;
    if section.text("id").is_some_and(|named| named != id.as_str()) {
        section.fault("id", "is another one than the project is put under; correct it, or leave it out here");
    }
    project::read(Some(id.clone()), section, given)
}

/// The project's table: the only one of a list, as it stands in the file, or the text as a whole.
fn table(mut root: Section<'_>) -> Option<Section<'_>> {
    if root.peek("projects").is_none() {
        return Some(root);
    }
    let mut tables = root.sections("projects");
    if tables.len() != 1 {
        root.fault("projects", "is not one project; put each by itself");
    }
    root.close();
    tables.pop()
}
