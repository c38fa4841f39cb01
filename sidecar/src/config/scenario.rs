//! `[[projects.scenario]]`: which situation makes which records.

use std::collections::BTreeSet;

use tieline_engine::{
    record::{Abilities, Kind},
    scenario::{Row, Scenario, TaskPlan, Then, Treat, When},
};

use super::section::Section;

/// A year: later, a task is not for a call any more.
const DUE_MINUTES_MAX: i64 = 366 * 24 * 60;

/// The project's own scenario; `None` when it has none, for the CRM's to be taken.
pub(super) fn read(project: &mut Section<'_>, abilities: Option<&Abilities>) -> Option<Scenario> {
    let sections = project.sections("scenario");
    project.peek("scenario")?;
    if sections.is_empty() {
        project
            .fault("scenario", "has no rows, so nothing would be written; add some, or leave it out for the default");
    }
    let mut names = BTreeSet::new();
    let rows = sections.into_iter().map(|mut section| {
        let name = section.needed("name", "give the row a name; explanations use it");
        if !name.is_empty() && !names.insert(name.clone()) {
            section.fault("name", "another row has this name; each needs its own");
        }
        let when = when(section.section("when"));
        if section.peek("then").is_none() {
            section.fault("then", "is missing; write { } for a situation in which nothing is done");
        }
        let then = then(section.section("then"), abilities);
        section.close();
        Row { name, when, then }
    });
    Some(Scenario { rows: rows.collect() })
}

fn when(mut section: Section<'_>) -> When {
    let when = When {
        source: section.read("source"),
        direction: section.read("direction"),
        answered: section.optional_flag("answered"),
        client: section.read("client"),
        by: section.read("by"),
        open_deal: section.optional_flag("open_deal"),
    };
    section.close();
    when
}

fn then(mut section: Section<'_>, abilities: Option<&Abilities>) -> Then {
    let then = Then {
        contact: treat(&mut section, "contact", Kind::Contact, abilities),
        lead: treat(&mut section, "lead", Kind::Lead, abilities),
        deal: treat(&mut section, "deal", Kind::Deal, abilities),
        call_record: section.flag("call_record", false),
        notes: notes(&mut section),
        tasks: section.sections("tasks").into_iter().filter_map(task).collect(),
        owner: section.read_list("owner").unwrap_or_default(),
        moment: section.read("moment").unwrap_or_default(),
    };
    section.close();
    then
}

fn treat(section: &mut Section<'_>, key: &'static str, kind: Kind, abilities: Option<&Abilities>) -> Treat {
    let treat: Treat = section.read(key).unwrap_or_default();
    if treat != Treat::Nothing && abilities.is_some_and(|abilities| !abilities.kinds.contains(&kind)) {
        section.fault(key, "the CRM has no such records; leave it out");
    }
    treat
}

fn notes(section: &mut Section<'_>) -> Vec<Kind> {
    let notes: Vec<Kind> = section.read_list("notes").unwrap_or_default();
    if notes.iter().any(|kind| !matches!(kind, Kind::Contact | Kind::Lead | Kind::Deal)) {
        section.fault("notes", "only contact, lead and deal can have notes; leave the others out");
    }
    notes
}

fn task(mut section: Section<'_>) -> Option<TaskPlan> {
    for key in ["about", "to"] {
        if section.peek(key).is_none() {
            section.fault(key, "is missing; a task says what it is about and whom it is for");
        }
    }
    let about = section.read("about");
    let to = section.read_list("to").unwrap_or_default();
    let due_minutes = section.optional_number("due_minutes", 0..=DUE_MINUTES_MAX);
    section.close();
    Some(TaskPlan { about: about?, to, due_minutes })
}
