//! Tasks for missed calls.

use serde_json::json;
use tieline_engine::{
    ids::{RecordId, UserId},
    note::NotePart,
    record::Kind,
    scenario::TaskAbout,
    step::{Action, Place, Step, StepKey, StepResult, Task},
};

use super::{at, body, dialect, done, key, known, perform, route, step, try_step};
use crate::scripted::Scripted;

const MADE: &str = r#"{"data":{"id":81,"name":"Call back"}}"#;
const GONE: (u16, &str) = (404, r#"{"data":{"code":213,"message":"Not found"}}"#);

fn task() -> Task {
    Task {
        about: TaskAbout::MissedCall,
        name: Some("Call back".to_owned()),
        board: Some(Place { pipeline: Some("3".to_owned()), stage: "4".to_owned() }),
        owner: Some(UserId::new("17")),
        due_at: Some(at("2026-01-15T13:45:59Z")),
        done: false,
        client: Some(key()),
        client_text: None,
        unmapped_agent: None,
        contact: Some(known("5")),
        lead: None,
        deal: Some(known("31")),
        parts: vec![NotePart::StartedAt(at("2026-01-15T09:30:05Z"))],
    }
}

fn add(task: Task) -> Step {
    step(StepKey::task(task.about), Action::AddTask(Box::new(task)))
}

#[test]
fn sp_10_a_task_has_the_board_the_responsible_the_name_and_the_deadline_of_the_settings() {
    let step = add(task());
    let (result, sent) = perform(&*dialect(&[]), &step, 201, MADE);
    assert_eq!((result, route(&sent)), (done(Some("81")), "POST /tasks".to_owned()));
    let mark = step.mark.as_str();
    let expected = json!({
        "name": "Call back", "boardId": 3, "stepId": 4, "responsibleId": 17, "finishAt": "2026-01-15 15:45",
        "description": format!("Missed call, call back\n380671234567\n2026-01-15 11:30:05\n[{mark}]"),
        "connections": {"contactIds": [5], "dealIds": [31]},
    });
    assert_eq!(body(&sent), expected);
}

#[test]
fn sp_11_a_task_without_a_board_is_not_made() {
    for board in [None, Some(Place { pipeline: None, stage: "4".to_owned() })] {
        let result = try_step(&*dialect(&[]), &Scripted::new([]), &add(Task { board, ..task() }));
        assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "no_board"));
    }
    assert!(dialect(&[]).abilities().tasks_need_board);
}

#[test]
fn the_zone_of_deadlines_can_be_set() {
    let (_, sent) = perform(&*dialect(&[("zone", "UTC")]), &add(task()), 201, MADE);
    assert_eq!(body(&sent)["finishAt"], "2026-01-15 13:45");
    assert!(body(&sent)["description"].as_str().unwrap().contains("11:30:05"));
}

#[test]
fn a_task_of_nobody_without_records_goes_to_the_fallback_user() {
    let loose = Task { owner: None, name: None, contact: None, deal: None, ..task() };
    let (_, sent) = perform(&*dialect(&[]), &add(loose), 201, MADE);
    let sent = body(&sent);
    assert_eq!((&sent["responsibleId"], sent.get("connections")), (&json!(9), None));
    assert_eq!(sent["name"], "Missed call, call back");
    assert!(sent["description"].as_str().unwrap().starts_with("380671234567\n"));
}

#[test]
fn every_kind_of_task_has_a_name_of_its_own() {
    let all =
        [TaskAbout::MissedCall, TaskAbout::Talk, TaskAbout::Review, TaskAbout::CheckSettings, TaskAbout::Messenger];
    let name = |about| {
        let (_, sent) = perform(&*dialect(&[]), &add(Task { about, name: None, ..task() }), 201, MADE);
        body(&sent)["name"].as_str().unwrap().to_owned()
    };
    let names: std::collections::BTreeSet<String> = all.into_iter().map(name).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn a_finished_task_stands_on_the_step_for_done_ones() {
    let talk = Task { about: TaskAbout::Talk, done: true, due_at: None, ..task() };
    let (_, sent) = perform(&*dialect(&[("task_done_step", "12")]), &add(talk), 201, MADE);
    assert_eq!((&body(&sent)["stepId"], body(&sent).get("finishAt")), (&json!(12), None));
}

#[test]
fn a_needless_task_is_moved_to_the_step_for_done_ones() {
    let crm = dialect(&[("task_done_step", "12")]);
    let id = RecordId::new("81");
    let step = step(StepKey::close_task(&id), Action::CloseTask { task: id });
    let (result, sent) = perform(&*crm, &step, 200, MADE);
    assert_eq!((result, route(&sent)), (done(Some("81")), "PUT /tasks/81".to_owned()));
    assert_eq!(body(&sent), json!({"stepId": 12}));
    assert_eq!(perform(&*crm, &step, GONE.0, GONE.1).0, done(None));
}

#[test]
fn a_task_on_something_that_is_gone_tells_which_it_was() {
    let crm = dialect(&[]);
    let on = |answers: [(u16, &str); 2]| try_step(&*crm, &Scripted::new(answers), &add(task())).unwrap();
    assert_eq!(on([GONE, GONE]), StepResult::TargetGone { kind: Kind::Contact });
    assert_eq!(on([GONE, (200, r#"{"data":[{"id":30}]}"#)]), StepResult::TargetGone { kind: Kind::Deal });
    let there = on([GONE, (200, r#"{"data":[{"id":31}]}"#)]);
    assert!(matches!(there, StepResult::Refused { code, .. } if code == "not_found"));
    let loose = Task { contact: None, deal: None, ..task() };
    let result = try_step(&*crm, &Scripted::new([GONE]), &add(loose));
    assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "not_found"));
}
