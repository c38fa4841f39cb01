//! The scenario of a project that configures none (RO-01 … RO-16, G7; telephony/events.md, matrix).

use tieline_engine::{
    call::{Direction, Source},
    record::Kind,
    scenario::{ClientIs, Row, Scenario, TaskAbout, TaskPlan, Then, Treat, When, Who},
};

use super::settings::{Leads, Settings};

/// Minutes until a task is due: the field's usual four hours (G-12).
const DUE_MINUTES: u32 = 240;

/// The rows, most particular first.
pub(super) fn default(settings: &Settings) -> Scenario {
    // Who talked is responsible, else the senior manager (RO-16).
    let by_agent = [Who::Agent, Who::Senior];
    let by_owner = [Who::Owner, Who::Senior];
    let messenger = When { source: Some(Source::Messenger), ..When::default() };
    let to_nobody_known = When { client: Some(ClientIs::New), ..calls(Direction::Outgoing, None) };
    let mut rows = vec![
        row("messenger", messenger, makes(settings, &[Who::Owner, Who::Agent, Who::Senior])),
        row("incoming-missed", calls(Direction::Incoming, Some(false)), missed(settings, &by_owner)),
        row("incoming-answered", calls(Direction::Incoming, Some(true)), makes(settings, &by_agent)),
    ];
    if settings.create_on_outgoing {
        rows.push(row("outgoing-new", to_nobody_known, makes(settings, &by_agent)));
    }
    rows.push(row("outgoing", calls(Direction::Outgoing, None), told(settings)));
    Scenario { rows }
}

fn row(name: &str, when: When, then: Then) -> Row {
    Row { name: name.to_owned(), when, then }
}

fn calls(direction: Direction, answered: Option<bool>) -> When {
    When { source: Some(Source::Call), direction: Some(direction), answered, ..When::default() }
}

/// The configured set, each reused where it is open (RO-01, RO-06, RO-09), and the call in every record of the
/// number (RO-02).
fn makes(settings: &Settings, owner: &[Who]) -> Then {
    let treat = |made: bool| if made { Treat::Create } else { Treat::Nothing };
    let create = settings.create;
    let (contact, lead, deal) = (treat(create.client), treat(create.lead), treat(create.order));
    Then { contact, lead, deal, owner: owner.to_vec(), ..told(settings) }
}

/// Nobody took the call: the client's owner or else the senior manager has to call back.
fn missed(settings: &Settings, to: &[Who]) -> Then {
    let task = TaskPlan { about: TaskAbout::MissedCall, to: to.to_vec(), due_minutes: Some(DUE_MINUTES) };
    Then { tasks: settings.missed_call_task.then_some(task).into_iter().collect(), ..makes(settings, to) }
}

/// Whoever is known gets the call told; nothing is made.
fn told(settings: &Settings) -> Then {
    let mut notes = vec![Kind::Contact, Kind::Lead, Kind::Deal];
    notes.retain(|kind| *kind != Kind::Lead || settings.leads != Leads::Off);
    Then { notes, ..Then::default() }
}
