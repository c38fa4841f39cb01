//! Tasks for missed calls: as the project wants them, and closed when they have become needless.

use super::{plan::Known, steps};
use crate::{
    agents::Named,
    call::Direction,
    facts::OwnRecord,
    ids::{AgentId, UserId},
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::TaskAbout,
    step::{Action, Step, StepKey, Task},
};

/// A task as the project wants it; `None` where the CRM's tasks need what the project has not set (SP-10, SP-11).
pub(super) fn as_wanted(known: &Known<'_>, mut task: Task, reasons: &mut Vec<Reason>) -> Option<Task> {
    let wanted = &known.policy.missed_task;
    task.board.clone_from(&wanted.board);
    let is_missed = task.about == TaskAbout::MissedCall;
    if is_missed {
        task.name.clone_from(&wanted.name);
        task.owner = owner(known).or(task.owner);
    }
    let is_told = task.board.is_some()
        && task.owner.is_some()
        && (task.name.is_some() || !is_missed)
        && (task.due_at.is_some() || task.done);
    if known.policy.abilities.tasks_need_board && !is_told {
        reasons.push(Reason::new(ReasonCode::NoTaskWithoutSettings).with("task", task.about.as_str()));
        return None;
    }
    Some(task)
}

/// The CRM user the project gives its tasks for missed calls to.
fn owner(known: &Known<'_>) -> Option<UserId> {
    let wanted = &known.policy.missed_task;
    let of_agent = |agent: &AgentId| {
        let mut agents = known.policy.agents.list().iter();
        agents.find(|known| known.id == agent.as_str())?.crm_user.clone()
    };
    wanted.owner.clone().or_else(|| wanted.agent.as_ref().and_then(of_agent))
}

/// Minutes until a task is due: the project's, else the row's.
pub(super) fn due_minutes(known: &Known<'_>, about: TaskAbout, of_row: Option<u32>) -> Option<u32> {
    let wanted = known.policy.missed_task.due_minutes.filter(|_| about == TaskAbout::MissedCall);
    // A finished task has no deadline, whatever the project says of open ones.
    of_row.map(|minutes| wanted.unwrap_or(minutes))
}

/// Closing the client's open tasks for missed calls after an agent called back and talked long enough.
pub(super) fn close(known: &Known<'_>) -> Vec<Step> {
    let Some(seconds) = known.policy.missed_task.closed_by_talk_seconds else { return Vec::new() };
    let call = known.call;
    let talked = call.is_answered() && call.talk_seconds >= seconds && matches!(known.agent(), Named::Agent(_));
    if !talked || call.seen_as() != Direction::Outgoing || !known.policy.abilities.closes_tasks {
        return Vec::new();
    }
    let begun = call.started_at.unwrap_or(known.facts.accepted_at);
    let needless = |own: &&OwnRecord| own.kind == Kind::Task && own.open && own.at <= begun;
    known.facts.own.iter().filter(needless).map(|own| close_one(known, own)).collect()
}

fn close_one(known: &Known<'_>, own: &OwnRecord) -> Step {
    let action = Action::CloseTask { task: own.id.clone() };
    steps::step(known, StepKey::close_task(&own.id), action, Reason::new(ReasonCode::TaskNeedless))
}
