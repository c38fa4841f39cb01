//! The scenario of a project that configures none (SP-01, SP-04, SP-05, SP-10; telephony/events.md, matrix).

use tieline_engine::{
    call::{Direction, Source},
    record::Kind,
    scenario::{Moment, Row, Scenario, TaskAbout, TaskPlan, Then, Treat, When, Who},
};

use super::settings::Settings;

/// Minutes until a task is due unless the project says otherwise: the field's usual four hours (G-12).
const DUE_MINUTES: u32 = 240;

/// The rows, most particular first.
pub(super) fn default(settings: &Settings) -> Scenario {
    let incoming = Then { moment: Moment::Ringing, ..made(settings) };
    let to = vec![Who::Owner, Who::Senior];
    let call_back = TaskPlan { about: TaskAbout::MissedCall, to, due_minutes: Some(DUE_MINUTES) };
    let rows = vec![
        row("messenger", When { source: Some(Source::Messenger), ..When::default() }, made(settings)),
        row(
            "incoming-missed",
            when(Direction::Incoming, Some(false)),
            Then { tasks: vec![call_back], ..incoming.clone() },
        ),
        row("incoming-answered", when(Direction::Incoming, Some(true)), incoming),
        // Nothing is heard of an outgoing call that would need the contact before its end.
        row("outgoing", when(Direction::Outgoing, None), made(settings)),
    ];
    Scenario { rows }
}

/// The contact, the deal where the project makes deals, and the call as a comment on both (SP-04). Data of the visit
/// go into chosen fields of a known contact too (SP-12).
fn made(settings: &Settings) -> Then {
    let deals = settings.makes_deals;
    Then {
        contact: Treat::CreateAndUpdate,
        deal: if deals { Treat::Create } else { Treat::Nothing },
        notes: [Kind::Contact].into_iter().chain(deals.then_some(Kind::Deal)).collect(),
        owner: vec![Who::Owner, Who::Agent, Who::Senior],
        ..Then::default()
    }
}

fn when(direction: Direction, answered: Option<bool>) -> When {
    When { source: Some(Source::Call), direction: Some(direction), answered, ..When::default() }
}

fn row(name: &str, when: When, then: Then) -> Row {
    Row { name: name.to_owned(), when, then }
}
