//! Tasks, notes and visits, and what is not there at all.

use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{
    call::Outcome,
    ids::UserId,
    note::NotePart,
    record::Kind,
    scenario::TaskAbout,
    step::{Action, Ref, Step, StepKey, StepResult, Task},
};

use super::calls::entry;
use super::{at, dialect, done, entity, form, key, known, perform, step, try_step};
use crate::scripted::Scripted;

pub(super) fn task(about: TaskAbout) -> Task {
    Task {
        about,
        name: None,
        board: None,
        owner: Some(UserId::new("17")),
        due_at: Some(at("2026-01-15T13:45:30Z")),
        done: false,
        client: Some(key()),
        client_text: None,
        unmapped_agent: None,
        contact: Some(known("5")),
        lead: None,
        deal: Some(known("9")),
        parts: vec![NotePart::StartedAt(at("2026-01-15T09:30:05Z")), NotePart::Talk(65)],
    }
}

pub(super) fn add(task: Task) -> Step {
    step(StepKey::task(task.about), Action::AddTask(Box::new(task)))
}

#[test]
fn rc_11_a_task_hangs_on_the_order_and_its_mark_ends_the_text() {
    let step = add(task(TaskAbout::MissedCall));
    let (result, sent) = perform(&*dialect(&[("site", "main")]), &step, 201, r#"{"success":true,"id":3}"#);
    assert_eq!(result, done(Some("3")));
    assert_eq!(sent.url, "https://demo.retailcrm.pro/api/v5/tasks/create");
    let expected = json!({
        "text": format!("Missed call, call back: 380671234567 [{}]", step.mark.as_str()),
        "performerId": 17, "datetime": "2026-01-15 15:45", "order": {"id": 9},
        "commentary": "2026-01-15 11:30:05\nTalk: 1:05",
    });
    assert_eq!(entity(&sent, "task"), expected);
    assert_eq!(form(&sent)["site"], "main");
}

#[test]
fn rc_12_without_an_order_there_is_no_task() {
    let net = Scripted::new([]);
    let crm = dialect(&[]);
    let result = try_step(&*crm, &net, &add(Task { deal: None, ..task(TaskAbout::MissedCall) }));
    assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "no_order"));
    assert_eq!(crm.abilities().task_needs, Some(Kind::Deal));
}

#[test]
fn a_project_may_let_tasks_hang_on_the_customer() {
    let crm = dialect(&[("task_without_order", "customer")]);
    assert_eq!(crm.abilities().task_needs, Some(Kind::Contact));
    let created = r#"{"success":true,"id":3}"#;
    let (_, sent) = perform(&*crm, &add(Task { deal: None, ..task(TaskAbout::MissedCall) }), 201, created);
    assert_eq!(entity(&sent, "task")["customer"], json!({"id": 5}));
    let (_, sent) = perform(&*crm, &add(task(TaskAbout::MissedCall)), 201, created);
    let task = entity(&sent, "task");
    assert_eq!((&task["order"], task.get("customer")), (&json!({"id": 9}), None));
}

#[test]
fn a_task_for_nobody_is_refused_with_a_hint() {
    let net = Scripted::new([]);
    let result = try_step(&*dialect(&[]), &net, &add(Task { owner: None, ..task(TaskAbout::Review) }));
    assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "no_performer"));
}

#[test]
fn a_done_task_says_so_and_is_due_when_the_talk_ended() {
    let talk = Task { done: true, due_at: None, ..task(TaskAbout::Talk) };
    let created = r#"{"success":true,"id":3}"#;
    let (_, sent) = perform(&*dialect(&[]), &add(talk.clone()), 201, created);
    let written = entity(&sent, "task");
    assert!(written["text"].as_str().unwrap().starts_with("Done: Talk: 380671234567 ["));
    assert_eq!((&written["datetime"], written.get("complete")), (&json!("2026-01-15 11:31"), None));
    let (_, sent) = perform(&*dialect(&[("done_tasks", "complete")]), &add(talk), 201, created);
    assert_eq!(entity(&sent, "task")["complete"], true);
}

#[test]
fn every_kind_of_task_has_a_text_of_its_own() {
    let all =
        [TaskAbout::MissedCall, TaskAbout::Talk, TaskAbout::Review, TaskAbout::CheckSettings, TaskAbout::Messenger];
    let text = |about| {
        let (_, sent) = perform(&*dialect(&[]), &add(task(about)), 201, r#"{"success":true,"id":3}"#);
        let text = entity(&sent, "task")["text"].as_str().unwrap().to_owned();
        text.split(": 380").next().unwrap().to_owned()
    };
    let texts: std::collections::BTreeSet<String> = all.into_iter().map(text).collect();
    assert_eq!(texts.len(), all.len());
}

#[test]
fn a_note_is_written_on_the_customer_and_ended_by_its_mark() {
    let parts = vec![NotePart::StartedAt(at("2026-01-15T09:30:05Z")), NotePart::Status(Outcome::Answered)];
    let action = Action::AddNote { on: Kind::Contact, record: known("5"), parts };
    let step = step(StepKey::note(Kind::Contact, 1), action);
    let (result, sent) = perform(&*dialect(&[]), &step, 201, r#"{"success":true,"id":44}"#);
    assert_eq!(result, done(Some("44")));
    assert_eq!(sent.url, "https://demo.retailcrm.pro/api/v5/customers/notes/create");
    let text = format!("2026-01-15 11:30:05\nStatus: answered\n[{}]", step.mark.as_str());
    assert_eq!(entity(&sent, "note"), json!({"text": text, "customer": {"id": 5}}));
}

#[test]
fn rc_15_the_google_client_id_goes_to_the_customer_in_a_request_of_its_own() {
    let action = Action::LinkVisit { contact: known("5"), google_client_id: "111.222".to_owned() };
    let step = step(StepKey::visit(), action);
    let (result, sent) = perform(&*dialect(&[("site", "main")]), &step, 201, r#"{"success":true}"#);
    assert_eq!(result, done(None));
    assert_eq!(sent.url, "https://demo.retailcrm.pro/api/v5/web-analytics/client-ids/upload");
    let expected = json!([{"value": "111.222", "site": "main", "customer": {"id": 5}}]);
    assert_eq!(entity(&sent, "clientIds"), expected);
}

#[test]
fn what_the_crm_does_not_have_is_refused_without_a_request() {
    let net = Scripted::new([]);
    let lead = super::create(Kind::Lead, tieline_engine::step::Fields::default(), None);
    let note = Action::AddNote { on: Kind::Deal, record: known("9"), parts: Vec::new() };
    let amend = Action::AmendCall { record: known("1"), entry: Box::new(entry()) };
    let steps = [lead, step(StepKey::note(Kind::Deal, 0), note), step(StepKey::amend_call_record(1), amend)];
    for step in &steps {
        assert!(matches!(try_step(&*dialect(&[]), &net, step), Ok(StepResult::Refused { .. })));
    }
}

#[test]
fn a_reference_to_something_not_made_yet_is_our_own_fault() {
    let net = Scripted::new([]);
    let contact = Ref::Made(StepKey::create(Kind::Contact));
    let visit = step(StepKey::visit(), Action::LinkVisit { contact, google_client_id: "1.2".to_owned() });
    assert!(matches!(try_step(&*dialect(&[]), &net, &visit), Err(Trouble::Malformed(_))));
}
