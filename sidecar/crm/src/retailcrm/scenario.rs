//! The scenario of a project that configures none (RC-18, RC-19; telephony/events.md, matrix).

use tieline_engine::{
    call::{Direction, Source},
    scenario::{By, Row, Scenario, TaskAbout, TaskPlan, Then, Treat, When, Who},
};

use super::settings::{Makes, Settings};

/// Minutes until a task is due: the field's usual four hours (G-12).
const DUE_MINUTES: u32 = 240;

/// The rows, most particular first.
pub(super) fn default(settings: &Settings) -> Scenario {
    let by_colleague = When { by: Some(By::Colleague), ..incoming(true) };
    let rows = vec![
        row("messenger", When { source: Some(Source::Messenger), ..When::default() }, messenger(settings)),
        row("incoming-missed", incoming(false), missed(settings)),
        row("incoming-answered-by-colleague", by_colleague, answered(settings, true)),
        row("incoming-answered", incoming(true), answered(settings, false)),
        row("outgoing-answered", outgoing(true), outgoing_call(settings, true)),
        row("outgoing-unanswered", outgoing(false), outgoing_call(settings, false)),
    ];
    Scenario { rows }
}

fn row(name: &str, when: When, then: Then) -> Row {
    Row { name: name.to_owned(), when, then }
}

fn incoming(answered: bool) -> When {
    let (source, direction) = (Some(Source::Call), Some(Direction::Incoming));
    When { source, direction, answered: Some(answered), ..When::default() }
}

fn outgoing(answered: bool) -> When {
    When { direction: Some(Direction::Outgoing), ..incoming(answered) }
}

/// Client and order, as configured (RC-18). What exists already is used as it is: fewest requests.
fn makes(settings: &Settings) -> Then {
    let treat = |made: bool| if made { Treat::Create } else { Treat::Nothing };
    let contact = treat(settings.create != Makes::Order);
    let deal = treat(settings.create != Makes::Customer);
    Then { contact, deal, call_record: settings.uploads_calls, ..Then::default() }
}

/// The one who sent it gets a task, so that a request of a client with a running order leaves its trace too.
fn messenger(settings: &Settings) -> Then {
    let to = vec![Who::Agent, Who::Owner, Who::Senior];
    Then {
        call_record: false,
        tasks: vec![TaskPlan { about: TaskAbout::Messenger, to, due_minutes: Some(DUE_MINUTES) }],
        owner: vec![Who::Owner, Who::Agent, Who::Senior],
        ..makes(settings)
    }
}

/// A task for the responsible on the new or the running order (RC-19); nobody took the call, so the client's owner
/// or else the senior manager gets it (G19).
fn missed(settings: &Settings) -> Then {
    let to = vec![Who::Owner, Who::Senior];
    let tasks = vec![TaskPlan { about: TaskAbout::MissedCall, to: to.clone(), due_minutes: Some(DUE_MINUTES) }];
    Then { tasks, owner: to, ..makes(settings) }
}

/// The owner is named at creation, so that the CRM shows them the call (RC-16). A colleague's answer is a task for
/// the owner to look at (RC-19, G-12).
fn answered(settings: &Settings, by_colleague: bool) -> Then {
    let review = TaskPlan { about: TaskAbout::Review, to: vec![Who::Owner], due_minutes: Some(DUE_MINUTES) };
    let tasks = talk(settings).into_iter().chain(by_colleague.then_some(review)).collect();
    Then { tasks, owner: vec![Who::Owner, Who::Agent, Who::Senior], ..makes(settings) }
}

/// Nothing is made for somebody who was called; the call is shown on whoever is known.
fn outgoing_call(settings: &Settings, answered: bool) -> Then {
    let tasks = talk(settings).filter(|_| answered).into_iter().collect();
    Then { tasks, call_record: settings.uploads_calls, ..Then::default() }
}

/// The call list shows talks with their recordings; without it a task does (RC-19).
fn talk(settings: &Settings) -> Option<TaskPlan> {
    let talk = TaskPlan { about: TaskAbout::Talk, to: vec![Who::Agent], due_minutes: None };
    (!settings.uploads_calls).then_some(talk)
}
