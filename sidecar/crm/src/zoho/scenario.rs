//! What a project gets that configures no scenario: rules Z-38 … Z-40 and the Zoho column of the matrix
//! (telephony/events.md); its unreadable cells as HubSpot and Planfix do it (rules.md, G20).
//!
//! A known client's records are used as they are: what is there stays the agents', and nobody waits for a record
//! that was never to be.

use tieline_engine::{
    call::{Direction, Source},
    scenario::{By, ClientIs, Moment, Row, Scenario, TaskAbout, TaskPlan, Then, Treat, When, Who},
};

/// Minutes until an open task is due: four hours (G-12; the matrix has no other figure).
const DUE_MINUTES: u32 = 240;

/// The default scenario.
pub(super) fn default() -> Scenario {
    Scenario { rows: [messenger(), incoming(), outgoing()].concat() }
}

fn messenger() -> Vec<Row> {
    // The owner, if the client has one; else who pressed the button (G12).
    let task = open(TaskAbout::Messenger, &[Who::Owner, Who::Agent, Who::Senior]);
    let when = When { source: Some(Source::Messenger), ..When::default() };
    vec![
        row("messenger_new", When { client: Some(ClientIs::New), ..when }, lead(vec![task.clone()], false)),
        row("messenger_known", when, Then { tasks: vec![task], ..Then::default() }),
    ]
}

fn incoming() -> Vec<Row> {
    let done = |to: &[Who]| TaskPlan { about: TaskAbout::Talk, to: to.to_vec(), due_minutes: None };
    let new = lead(vec![done(&[Who::Agent, Who::Senior])], true);
    let missed = open(TaskAbout::MissedCall, &[Who::Senior]);
    let missed = Then { owner: vec![Who::Senior], ..lead(vec![missed], true) };
    let review = open(TaskAbout::Review, &[Who::Owner]);
    let colleague = call(vec![done(&[Who::Agent]), review]);
    vec![
        row(
            "incoming_answered_new",
            calls(Direction::Incoming, true, ClientIs::New),
            Then { moment: Moment::PickedUp, ..new },
        ),
        row("incoming_missed_new", calls(Direction::Incoming, false, ClientIs::New), missed),
        row(
            "incoming_answered_by_colleague",
            When { by: Some(By::Colleague), ..calls(Direction::Incoming, true, ClientIs::Known) },
            colleague,
        ),
        row(
            "incoming_answered_known",
            calls(Direction::Incoming, true, ClientIs::Known),
            call(vec![done(&[Who::Agent, Who::Owner, Who::Senior])]),
        ),
        row(
            "incoming_missed_known",
            calls(Direction::Incoming, false, ClientIs::Known),
            call(vec![open(TaskAbout::MissedCall, &[Who::Owner, Who::Senior])]),
        ),
    ]
}

fn outgoing() -> Vec<Row> {
    let answered_new = calls(Direction::Outgoing, true, ClientIs::New);
    vec![
        row("outgoing_answered_new", answered_new, lead(Vec::new(), true)),
        row("outgoing_unanswered_new", calls(Direction::Outgoing, false, ClientIs::New), Then::default()),
        row(
            "outgoing_known",
            When { source: Some(Source::Call), direction: Some(Direction::Outgoing), ..When::default() },
            call(Vec::new()),
        ),
    ]
}

fn row(name: &str, when: When, then: Then) -> Row {
    Row { name: name.to_owned(), when, then }
}

fn calls(direction: Direction, answered: bool, client: ClientIs) -> When {
    let source = Some(Source::Call);
    let (direction, answered, client) = (Some(direction), Some(answered), Some(client));
    When { source, direction, answered, client, ..When::default() }
}

/// A lead for a new client, its owner who talked.
fn lead(tasks: Vec<TaskPlan>, call_record: bool) -> Then {
    Then { lead: Treat::CreateAndUpdate, call_record, tasks, owner: vec![Who::Agent, Who::Senior], ..Then::default() }
}

/// The call on what is there.
fn call(tasks: Vec<TaskPlan>) -> Then {
    Then { call_record: true, tasks, ..Then::default() }
}

fn open(about: TaskAbout, to: &[Who]) -> TaskPlan {
    TaskPlan { about, to: to.to_vec(), due_minutes: Some(DUE_MINUTES) }
}
