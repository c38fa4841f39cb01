//! Tasks: adding and closing them.

use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{
    ids::{RecordId, UserId},
    record::Kind,
    scenario::TaskAbout,
    step::{Action, Ref, Step, StepKey, StepResult, Task},
};

use super::{MADE, TOLD, at, body, dialect, done, key, known, line, mark, parts, perform, step, try_step};
use crate::scripted::Scripted;

fn task() -> Task {
    Task {
        about: TaskAbout::MissedCall,
        name: None,
        board: None,
        owner: Some(UserId::new("17")),
        due_at: Some(at("2026-01-15T14:00:00.5Z")),
        done: false,
        client: Some(key()),
        client_text: None,
        unmapped_agent: None,
        contact: Some(known("5")),
        lead: Some(known("6")),
        deal: Some(known("9")),
        parts: parts(),
    }
}

fn add(task: Task) -> Step {
    step(StepKey::task(task.about), Action::AddTask(Box::new(task)))
}

#[test]
fn a_task_hangs_on_the_order_and_carries_its_mark() {
    for (api, expected) in [("bearer", "POST /tasks"), ("v2", "POST /tasks"), ("token", "POST /tasks")] {
        let step = add(task());
        let (result, sent) = perform(&*dialect(&[("api", api)]), &step, 200, MADE);
        assert_eq!((result, line(&sent).as_str()), (done(Some("75")), expected));
        let mut task = json!({
            "title": "Missed call, call back: 380671234567",
            "deadline": "2026-01-15T14:00:00Z",
            "assignees": [17],
            "description": format!("{TOLD}\n[{}]", step.mark.as_str()),
            "rel_obj": {"id": 9, "type": 2},
        });
        if api == "token" {
            task["token"] = json!("tok-1");
        }
        assert_eq!(body(&sent), task);
    }
}

#[test]
fn a_task_hangs_on_the_lead_else_the_client_else_on_nothing() {
    let on = |task: Task| body(&perform(&*dialect(&[]), &add(task), 200, MADE).1).get("rel_obj").cloned();
    assert_eq!(on(Task { deal: None, ..task() }), Some(json!({"id": 6, "type": 3})));
    assert_eq!(on(Task { deal: None, lead: None, ..task() }), Some(json!({"id": 5, "type": 4})));
    assert_eq!(on(Task { deal: None, lead: None, contact: None, ..task() }), None);
}

#[test]
fn a_task_is_named_by_the_project_or_by_what_it_is_about() {
    let title = |task: Task| body(&perform(&*dialect(&[]), &add(task), 200, MADE).1)["title"].clone();
    assert_eq!(title(Task { name: Some(" Ring back ".to_owned()), ..task() }), "Ring back");
    let done = Task { about: TaskAbout::Talk, done: true, due_at: None, ..task() };
    assert_eq!(title(done.clone()), "Done: Talk: 380671234567");
    let (_, sent) = perform(&*dialect(&[]), &add(done), 200, MADE);
    assert_eq!(body(&sent)["deadline"], "2026-01-15T09:58:00Z", "a finished task is due when the talk was");
    let nobody = Task { about: TaskAbout::Review, client: None, ..task() };
    assert_eq!(title(nobody), "A colleague answered your client");
    let undated = Task { due_at: None, parts: Vec::new(), ..task() };
    let step = add(undated);
    let (_, sent) = perform(&*dialect(&[]), &step, 200, MADE);
    assert_eq!(body(&sent)["deadline"], "2026-01-15T10:00:00Z");
    assert_eq!(body(&sent)["description"], format!("[{}]", mark(&step.key).as_str()));
}

#[test]
fn g_08_a_task_for_nobody_is_refused_before_it_is_sent() {
    let result = try_step(&*dialect(&[]), &Scripted::new([]), &add(Task { owner: None, ..task() })).unwrap();
    assert!(matches!(result, StepResult::Refused { code, .. } if code == "no_assignee"));
}

#[test]
fn a_task_on_what_is_gone_says_so() {
    let refusals = [
        (400, r#"{"success":false,"code":5,"message":{"validation":{"rel_obj":{"id":["not found"]}}}}"#),
        (404, r#"{"success":false,"message":"Order does not exist"}"#),
    ];
    for (status, refusal) in refusals {
        let result = try_step(&*dialect(&[]), &Scripted::new([(status, refusal)]), &add(task()));
        assert_eq!(result, Ok(StepResult::TargetGone { kind: Kind::Deal }), "{refusal}");
    }
}

#[test]
fn a_reference_into_another_bundle_is_a_fault_of_ours() {
    let deal = Some(Ref::Made(StepKey::create(Kind::Deal)));
    let result = try_step(&*dialect(&[]), &Scripted::new([]), &add(Task { deal, ..task() }));
    assert!(matches!(result, Err(Trouble::Malformed(_))));
}

fn close() -> Step {
    let task = RecordId::new("75");
    step(StepKey::close_task(&task), Action::CloseTask { task })
}

#[test]
fn a_needless_task_is_closed() {
    let (result, sent) = perform(&*dialect(&[]), &close(), 204, "");
    assert_eq!((result, line(&sent).as_str(), sent.body.as_str()), (done(Some("75")), "POST /tasks/75/close", "{}"));
}

#[test]
fn a_task_somebody_closed_or_removed_needs_no_closing() {
    for (status, answer) in [(404, "{}"), (400, r#"{"success":false,"message":"Task is closed"}"#), (409, "{}")] {
        let (result, _) = perform(&*dialect(&[]), &close(), status, answer);
        assert_eq!(result, done(Some("75")), "{answer}");
    }
}
