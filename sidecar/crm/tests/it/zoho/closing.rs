//! Tasks by the project's names, tasks that have become needless, and steps Zoho has no place for.

use std::collections::BTreeMap;

use serde_json::json;
use tieline_crm::{Method, Trouble};
use tieline_engine::{
    call::Direction,
    ids::{CallId, RecordId},
    scenario::TaskAbout,
    step::{Action, Announcement, Place, Step, StepKey, StepResult},
};

use super::support::{
    add_task, composite, dialect, entry, error, executed, in_data, key, known, log_call, not_executed, perform, record,
    sent, step, task, written,
};
use crate::scripted::Scripted;

fn close() -> Step {
    let task = RecordId::new("91");
    step(StepKey::close_task(&task), Action::CloseTask { task })
}

fn closed() -> StepResult {
    StepResult::Done { record: Some(RecordId::new("91")) }
}

/// Zoho's answer to an update of a record it does not have.
fn gone() -> serde_json::Value {
    error("INVALID_DATA", &json!({ "api_name": "id", "json_path": "$.data[0].id" }))
}

#[test]
fn a_task_is_closed_by_its_status_and_nothing_else() {
    let net = Scripted::new([(200, written("91").as_str())]);
    let (crm, step) = (dialect(&[]), close());
    let answer = perform(&*crm, &net, std::slice::from_ref(&step)).unwrap();
    assert_eq!(answer.results, BTreeMap::from([(step.key, closed())]));
    let request = &net.sent()[0];
    assert_eq!((request.method, request.name), (Method::Put, "zoho.tasks.update"));
    assert_eq!(request.url, "https://www.zohoapis.eu/crm/v8/Tasks/91");
    assert_eq!(record(&net), json!({ "Status": "Completed" }));
    assert!(crm.abilities().closes_tasks);
}

#[test]
fn closing_a_task_twice_sends_the_same_and_is_done_twice() {
    let net = Scripted::new([(200, written("91").as_str()), (200, written("91").as_str())]);
    let (crm, steps) = (dialect(&[]), [close()]);
    let results = [perform(&*crm, &net, &steps), perform(&*crm, &net, &steps)];
    assert!(results.iter().all(|answer| answer.as_ref().unwrap().results[&steps[0].key] == closed()));
    assert_eq!(net.sent()[0], net.sent()[1]);
}

#[test]
fn a_task_that_is_gone_is_as_good_as_closed() {
    let net = Scripted::new([(400, in_data(&gone()).as_str())]);
    let steps = [close()];
    assert_eq!(perform(&*dialect(&[]), &net, &steps).unwrap().results[&steps[0].key], closed());
}

#[test]
fn a_task_that_is_gone_undoes_its_bundle_which_comes_again_without_it() {
    let answers = composite(&[not_executed("ROLLBACK_PERFORMED"), executed(400, json!({ "data": [gone()] }))]);
    let net = Scripted::new([(400, answers.as_str())]);
    let steps = [log_call(entry()), close()];
    let crm = dialect(&[]);
    assert_eq!(crm.bundle(&steps), 2);
    assert_eq!(perform(&*crm, &net, &steps).unwrap().results, BTreeMap::from([(steps[1].key.clone(), closed())]));
}

#[test]
fn a_task_zoho_does_not_let_be_closed_is_refused_and_a_lost_answer_is_not_taken_for_one() {
    let steps = [close()];
    let status = error("INVALID_DATA", &json!({ "api_name": "Status", "json_path": "$.data[0].Status" }));
    let answer = perform(&*dialect(&[]), &Scripted::new([(400, in_data(&status).as_str())]), &steps).unwrap();
    let refused = StepResult::Refused { code: "INVALID_DATA".to_owned(), text: "INVALID_DATA on Status".to_owned() };
    assert_eq!(answer.results[&steps[0].key], refused);
    let lost = perform(&*dialect(&[]), &Scripted::new([(502, "")]), &steps);
    assert!(matches!(lost, Err(Trouble::Uncertain(_))));
}

#[test]
fn the_projects_name_of_a_task_is_its_subject_and_the_mark_stays() {
    let mut missed = task(TaskAbout::MissedCall);
    missed.name = Some(" Call the client back ".to_owned());
    missed.board = Some(Place { pipeline: Some("calls".to_owned()), stage: "new".to_owned() });
    let step = add_task(missed);
    let (_, record) = sent(&*dialect(&[]), &step);
    assert_eq!(record["Subject"], json!(format!("Call the client back [{}]", step.mark.as_str())));
    let keys: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["Description", "Owner", "Priority", "Status", "Subject"], "a board is nothing Zoho has");
}

#[test]
fn a_long_name_is_cut_and_a_blank_one_is_none() {
    let subject = |name: &str| {
        let mut missed = task(TaskAbout::MissedCall);
        missed.name = Some(name.to_owned());
        let step = add_task(missed);
        let (_, record) = sent(&*dialect(&[]), &step);
        let subject = record["Subject"].as_str().unwrap().to_owned();
        assert!(subject.ends_with(&format!(" [{}]", step.mark.as_str())));
        subject
    };
    assert_eq!(subject(&"back ".repeat(80)).chars().count(), 255);
    assert!(subject("  ").starts_with("Call back +380671234567 ["));
}

#[test]
fn what_the_abilities_exclude_is_not_supported_and_costs_no_request() {
    let (net, crm) = (Scripted::new([]), dialect(&[]));
    let contact = known("57").unwrap();
    let complete = Action::CompleteCall { record: contact.clone(), entry: Box::new(entry()) };
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
    let phone = Action::AddPhone { contact, phone: Some(key()), phone_text: None };
    let steps = [
        step(StepKey::complete_call_record(), complete),
        step(StepKey::announce(), Action::Announce(Box::new(ringing))),
        step(StepKey::add_phone(), phone),
    ];
    let answer = perform(&*crm, &net, &steps).unwrap();
    for step in &steps {
        assert!(matches!(&answer.results[&step.key], StepResult::Refused { code, .. } if code == "not_supported"));
    }
    let abilities = crm.abilities();
    assert!(!abilities.completes_call_record && !abilities.announces_ringing && !abilities.makes_contacts_bare);
}
