//! Tasks for missed calls as a project wants them (SP-10, SP-11), and closed by a later talk.

use serde_json::json;
use tieline_engine::{
    ids::{AgentId, UserId},
    jiff::SignedDuration,
    policy::MissedTask,
    reason::ReasonCode,
    record::{Abilities, Kind},
    step::{Place, StepKey},
};

use super::{
    desk::Desk,
    office::{self, OLENA, STRANGER, incoming, outgoing},
};

fn desk() -> Desk {
    let missed = json!([{ "about": "missed_call", "to": ["senior"], "due_minutes": 240 }]);
    let rows = json!([
        { "name": "missed", "when": { "answered": false }, "then": { "contact": "create", "tasks": missed } },
        { "name": "talk", "then": { "contact": "create", "notes": ["contact"] } },
    ]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    desk.policy.abilities = Abilities {
        notes_on: [Kind::Contact].into(),
        tasks_need_board: true,
        closes_tasks: true,
        search_lag_seconds: 2,
        ..Abilities::new([Kind::Contact, Kind::Task, Kind::Note])
    };
    desk.policy.missed_task = MissedTask {
        name: Some("Call back".to_owned()),
        board: Some(Place { pipeline: Some("12".to_owned()), stage: "34".to_owned() }),
        owner: Some(UserId::from("u7")),
        agent: None,
        due_minutes: Some(30),
        closed_by_talk_seconds: Some(20),
    };
    desk
}

#[test]
fn sp_10_every_missed_call_makes_one_task_with_the_projects_board_owner_name_and_deadline() {
    let mut desk = desk();
    let call = incoming("a").missed().done();
    let ended = call.ended_at.unwrap();
    desk.deliver(call);
    let [task] = desk.crm.tasks()[..] else { panic!("one task") };
    assert_eq!(task.name.as_deref(), Some("Call back"));
    assert_eq!(task.board, desk.policy.missed_task.board);
    assert_eq!(task.owner, Some(UserId::from("u7")));
    assert_eq!(task.due_at, Some(ended + SignedDuration::from_mins(30)));
    desk.wait(60);
    desk.deliver(incoming("b").at(desk.now).missed().done());
    assert_eq!(desk.crm.tasks().len(), 2);
}

#[test]
fn sp_11_where_board_or_name_is_not_set_there_is_no_task_and_the_reason_says_so() {
    let takes: [fn(&mut MissedTask); 2] = [|task| task.board = None, |task| task.name = None];
    for take in takes {
        let mut desk = desk();
        take(&mut desk.policy.missed_task);
        desk.deliver(incoming("a").missed().done());
        assert!(desk.crm.tasks().is_empty());
        let reasons = &desk.ordered[0].reasons;
        assert!(reasons.iter().any(|reason| reason.code == ReasonCode::NoTaskWithoutSettings), "{reasons:?}");
    }
}

#[test]
fn the_tasks_owner_may_be_named_as_an_agent() {
    let mut desk = desk();
    desk.policy.missed_task.owner = None;
    desk.policy.missed_task.agent = Some(AgentId::from("bohdan"));
    desk.deliver(incoming("a").missed().done());
    assert_eq!(desk.crm.tasks()[0].owner, Some(UserId::from("u2")));
}

#[test]
fn a_crm_without_boards_makes_the_task_with_what_is_set() {
    let mut desk = desk();
    desk.policy.abilities.tasks_need_board = false;
    desk.policy.missed_task = MissedTask::default();
    desk.deliver(incoming("a").missed().done());
    assert_eq!(desk.crm.tasks()[0].owner, Some(UserId::from("u9")), "the row's senior manager");
}

#[test]
fn a_call_back_that_was_long_enough_closes_the_clients_open_tasks_once() {
    let mut desk = desk();
    desk.deliver(incoming("a").missed().done());
    desk.wait(60);
    desk.deliver(incoming("b").at(desk.now).missed().done());
    desk.wait(600);
    let talk = |id: &str, desk: &Desk, seconds| {
        outgoing(id).at(desk.now).answered_by(OLENA).with(|call| call.talk_seconds = seconds).done()
    };
    desk.deliver(talk("c", &desk, 19));
    assert!(desk.crm.finished.is_empty(), "too short a talk settles nothing");
    desk.wait(600);
    desk.deliver(talk("d", &desk, 20));
    assert_eq!(desk.crm.finished.len(), 2);
    desk.wait(600);
    desk.deliver(talk("e", &desk, 60));
    assert_eq!(desk.crm.finished.len(), 2, "what is closed stays closed");
}

#[test]
fn neither_an_unknown_agents_talk_nor_an_earlier_call_closes_a_task() {
    let mut desk = desk();
    let missed = incoming("a").missed().done();
    let before = missed.started_at.unwrap() - SignedDuration::from_hours(1);
    desk.deliver(missed);
    desk.wait(600);
    desk.deliver(outgoing("b").at(desk.now).answered_by(STRANGER).done());
    desk.deliver(outgoing("c").at(before).answered_by(OLENA).done());
    assert!(desk.crm.done.iter().all(|(_, key)| !key.as_str().starts_with("close_task")), "{:?}", desk.crm.done);
    let task = desk.crm.papers.iter().find(|paper| paper.kind == Kind::Task).unwrap().id.clone();
    assert_eq!(StepKey::close_task(&task).kind(), Kind::Task);
}
