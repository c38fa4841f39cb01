//! The scenario for a project that has none: the readable rows of the matrix in telephony/events.md, HubSpot's first,
//! Planfix's where that says nothing (rules.md G20). A contact and a deal, after the call.

use super::{By, ClientIs, Moment, Row, Scenario, TaskAbout, TaskPlan, Then, Treat, When, Who};
use crate::call::{Direction, Source};

/// Minutes until an open task is due: the field's usual four hours (telephony/events.md, matrix).
const DUE_MINUTES: u32 = 240;

impl Scenario {
    /// Contact and deal for a new client's incoming call or messenger request, the call in the call list, a task for
    /// every missed call, and nothing for an outgoing call to a new number (G7).
    #[must_use]
    pub fn standard() -> Self {
        let rows = vec![
            messenger(),
            row("incoming answered, new client", incoming(true, ClientIs::New), made_for(&[Who::Agent, Who::Senior])),
            answered_by_colleague(),
            answered_without_deal(),
            row("incoming answered, known client", incoming(true, ClientIs::Known), logged(Treat::Update)),
            missed_by_new_client(),
            missed_by_known_client(),
            row("outgoing, new client", outgoing(ClientIs::New), Then::default()),
            row("outgoing, known client", outgoing(ClientIs::Known), logged(Treat::Update)),
        ];
        Self { rows }
    }
}

/// The task goes to whoever owns the client already, else to whoever took the dialogue (G12).
fn messenger() -> Row {
    let when = When { source: Some(Source::Messenger), ..When::default() };
    let task = open_task(TaskAbout::Messenger, &[Who::Owner, Who::Agent]);
    let then = made_for(&[Who::Owner, Who::Agent, Who::Senior]);
    row("messenger request", when, Then { call_record: false, tasks: vec![task], ..then })
}

/// Who answered has a finished task, the owner one to look at it (G-12).
fn answered_by_colleague() -> Row {
    let when = When { by: Some(By::Colleague), ..incoming(true, ClientIs::Known) };
    let talk = TaskPlan { about: TaskAbout::Talk, to: vec![Who::Agent], due_minutes: None };
    let tasks = vec![talk, open_task(TaskAbout::Review, &[Who::Owner])];
    let deal = Treat::CreateAndUpdate;
    let then = Then { deal, tasks, owner: vec![Who::Agent, Who::Owner, Who::Senior], ..logged(Treat::Update) };
    row("incoming answered by a colleague, known client", when, then)
}

/// A known client without anything open gets a new deal, owned by who answered (field.md 6).
fn answered_without_deal() -> Row {
    let when = When { open_deal: Some(false), ..incoming(true, ClientIs::Known) };
    let then = made_for(&[Who::Agent, Who::Owner, Who::Senior]);
    row("incoming answered, known client without an open deal", when, then)
}

fn missed_by_new_client() -> Row {
    let tasks = vec![open_task(TaskAbout::MissedCall, &[Who::Senior])];
    let then = Then { tasks, ..made_for(&[Who::Senior]) };
    row("incoming missed, new client", incoming(false, ClientIs::New), then)
}

fn missed_by_known_client() -> Row {
    let tasks = vec![open_task(TaskAbout::MissedCall, &[Who::Owner])];
    row("incoming missed, known client", incoming(false, ClientIs::Known), Then { tasks, ..logged(Treat::Update) })
}

/// Contact and deal are made where they are missing.
fn made_for(owner: &[Who]) -> Then {
    Then { owner: owner.to_vec(), ..logged(Treat::CreateAndUpdate) }
}

/// The call goes into the call list, its data into contact and deal as they are treated.
fn logged(treat: Treat) -> Then {
    Then { contact: treat, deal: treat, call_record: true, moment: Moment::Ended, ..Then::default() }
}

fn open_task(about: TaskAbout, to: &[Who]) -> TaskPlan {
    TaskPlan { about, to: to.to_vec(), due_minutes: Some(DUE_MINUTES) }
}

fn incoming(answered: bool, client: ClientIs) -> When {
    let (direction, answered, client) = (Some(Direction::Incoming), Some(answered), Some(client));
    When { source: Some(Source::Call), direction, answered, client, ..When::default() }
}

fn outgoing(client: ClientIs) -> When {
    When { direction: Some(Direction::Outgoing), client: Some(client), ..When::default() }
}

fn row(name: &str, when: When, then: Then) -> Row {
    Row { name: name.to_owned(), when, then }
}
