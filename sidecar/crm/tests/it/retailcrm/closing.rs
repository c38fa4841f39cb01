//! Tasks by the project's names, tasks that have become needless, and steps the CRM has no place for.

use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{
    call::Direction,
    ids::{CallId, RecordId},
    scenario::TaskAbout,
    step::{Action, Announcement, Place, Step, StepKey, StepResult, Task},
};

use super::{
    calls::entry,
    dialect, done, entity, form, key, known, perform, step,
    tasks::{add, task},
    try_step,
};
use crate::scripted::Scripted;

const OK: &str = r#"{"success":true}"#;

fn close() -> Step {
    let task = RecordId::new("3");
    step(StepKey::close_task(&task), Action::CloseTask { task })
}

#[test]
fn a_task_is_closed_by_an_edit_that_says_complete_and_nothing_else() {
    let crm = dialect(&[("site", "main")]);
    let (result, sent) = perform(&*crm, &close(), 200, OK);
    assert_eq!(result, done(Some("3")));
    assert_eq!(
        (sent.name, sent.url.as_str()),
        ("retailcrm.tasks.edit", "https://demo.retailcrm.pro/api/v5/tasks/3/edit")
    );
    assert_eq!(entity(&sent, "task"), json!({"complete": true}));
    assert_eq!((form(&sent)["site"].as_str(), form(&sent).len()), ("main", 2));
    assert!(crm.abilities().closes_tasks);
}

#[test]
fn closing_a_task_twice_sends_the_same_and_is_done_twice() {
    let (crm, step) = (dialect(&[]), close());
    let net = Scripted::new([(200, OK), (200, OK)]);
    let results = [try_step(&*crm, &net, &step), try_step(&*crm, &net, &step)];
    assert_eq!(results, [Ok(done(Some("3"))), Ok(done(Some("3")))]);
    assert_eq!(net.sent()[0], net.sent()[1]);
}

#[test]
fn a_task_that_is_gone_is_as_good_as_closed() {
    let gone = [
        (404, r#"{"success":false,"errorMsg":"Not found"}"#),
        (400, r#"{"success":false,"errorMsg":"Task is not loaded","errors":["Task with id 3 not found"]}"#),
    ];
    for (status, body) in gone {
        assert_eq!(try_step(&*dialect(&[]), &Scripted::new([(status, body)]), &close()), Ok(done(Some("3"))));
    }
}

#[test]
fn a_task_the_crm_does_not_let_be_closed_is_refused_and_a_lost_answer_is_not_taken_for_one() {
    let invalid = r#"{"success":false,"errorMsg":"Task is not loaded","errors":{"performerId":"blank"}}"#;
    let refused = try_step(&*dialect(&[]), &Scripted::new([(400, invalid)]), &close());
    assert!(matches!(refused, Ok(StepResult::Refused { code, .. }) if code == "task_not_loaded"));
    let lost = try_step(&*dialect(&[]), &Scripted::new([(502, "")]), &close());
    assert!(matches!(lost, Err(Trouble::Uncertain(_))));
}

#[test]
fn the_projects_name_of_a_task_stands_in_its_text_and_the_mark_stays() {
    let board = Some(Place { pipeline: Some("calls".to_owned()), stage: "new".to_owned() });
    let named = Task { name: Some(" Call the client back ".to_owned()), board, ..task(TaskAbout::MissedCall) };
    let step = add(named);
    let (_, sent) = perform(&*dialect(&[]), &step, 201, r#"{"success":true,"id":3}"#);
    let written = entity(&sent, "task");
    assert_eq!(written["text"], format!("Call the client back [{}]", step.mark.as_str()));
    assert_eq!(written.as_object().unwrap().len(), 5, "a board is nothing this CRM has");
}

#[test]
fn a_blank_name_is_none() {
    let step = add(Task { name: Some("  ".to_owned()), ..task(TaskAbout::MissedCall) });
    let (_, sent) = perform(&*dialect(&[]), &step, 201, r#"{"success":true,"id":3}"#);
    assert!(entity(&sent, "task")["text"].as_str().unwrap().starts_with("Missed call, call back: 380671234567 ["));
}

#[test]
fn what_the_abilities_exclude_is_not_supported_and_costs_no_request() {
    let (net, crm) = (Scripted::new([]), dialect(&[]));
    let complete = Action::CompleteCall { record: known("1"), entry: Box::new(entry()) };
    let ringing = Announcement {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        started_at: None,
        client: Some(key()),
        client_text: None,
        line: None,
        agent: None,
        agent_code: None,
    };
    let phone = Action::AddPhone { contact: known("5"), phone: Some(key()), phone_text: None };
    let steps = [
        step(StepKey::complete_call_record(), complete),
        step(StepKey::announce(), Action::Announce(Box::new(ringing))),
        step(StepKey::add_phone(), phone),
    ];
    for step in &steps {
        let result = try_step(&*crm, &net, step);
        assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "not_supported"));
    }
    let abilities = crm.abilities();
    assert!(!abilities.completes_call_record && !abilities.announces_ringing && !abilities.makes_contacts_bare);
}
