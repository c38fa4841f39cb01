//! Calls that are finished or changed after they were written (dataverse.md 2, 4.4; SM-10).

use serde_json::{Value, json};
use tieline_crm::Trouble;
use tieline_engine::{
    record::Kind,
    step::{Action, CallEntry, Step, StepKey, StepResult},
};

use super::{
    RECORDING, all_done, asked, complete, dialect, done, entry, error, known, log, mark, missed, operations, perform,
    row, step,
};
use crate::scripted::{Scripted, Sent};

/// What the CRM holds of a call that was written before its recording came.
fn written(state: u64, status: u64, entry: CallEntry) -> Value {
    let body = super::body_of(&*dialect(&[]), &log(entry));
    json!({
        "description": body["description"], "statecode": state, "statuscode": status,
        "actualdurationminutes": body["actualdurationminutes"],
    })
}

fn without_recording() -> CallEntry {
    let mut entry = CallEntry { recording: None, ..entry() };
    entry.parts.retain(|part| !matches!(part, tieline_engine::note::NotePart::Recording(_)));
    entry
}

fn finish(entry: CallEntry) -> Step {
    complete(known(&row(&StepKey::call_record())), entry)
}

fn amend(entry: CallEntry) -> Step {
    let record = known(&row(&StepKey::call_record()));
    step(StepKey::amend_call_record(1), Action::AmendCall { record, entry: Box::new(entry) })
}

/// What is sent for a step when the CRM holds `current`, and how the step ends.
fn changes(settings: &[(&str, &str)], step: &Step, current: &Value) -> (Vec<Sent>, StepResult) {
    let there = current.to_string();
    let looking = Scripted::new([(200, there.as_str()), (500, "")]);
    let first = perform(&*dialect(settings), &looking, std::slice::from_ref(step));
    assert!(matches!(first, Err(Trouble::Uncertain(_))), "nothing is sent");
    let is_set = looking.sent()[1].name == "dataverse.batch";
    let answer = if is_set { all_done(operations(&looking.sent()[1]).len()) } else { String::new() };
    let net = Scripted::new([(200, there.as_str()), (200, answer.as_str())]);
    let results = perform(&*dialect(settings), &net, std::slice::from_ref(step)).unwrap();
    (net.sent(), results[&step.key].clone())
}

fn path() -> String {
    let columns = "description,statecode,statuscode,actualdurationminutes";
    format!("GET phonecalls({})?$select={columns}", row(&StepKey::call_record()))
}

fn line(text: &Value, beginning: &str) -> usize {
    text.as_str().unwrap().lines().position(|line| line.starts_with(beginning)).unwrap()
}

#[test]
fn sm_10_a_call_waiting_for_its_recording_is_changed_and_finished_at_once() {
    let (sent, result) = changes(&[], &finish(entry()), &written(0, 1, without_recording()));
    let operations = operations(&sent[1]);
    assert_eq!(operations.len(), 2);
    let text = &operations[0].1["description"];
    assert!(text.as_str().unwrap().contains(RECORDING));
    assert!(text.as_str().unwrap().ends_with(mark(&StepKey::call_record()).as_str()));
    assert_eq!(operations[0].1.as_object().unwrap().len(), 1);
    assert_eq!(operations[1].1, json!({ "statecode": 1, "statuscode": 4 }));
    assert_eq!(result, done(&row(&StepKey::call_record())));
}

#[test]
fn a_call_with_nothing_new_is_finished_by_one_plain_change() {
    let (sent, _) = changes(&[], &finish(without_recording()), &written(0, 1, without_recording()));
    assert_eq!((sent.len(), sent[1].name), (2, "dataverse.phonecalls.status"));
    assert_eq!(sent[1].body, r#"{"statecode":1,"statuscode":4}"#);
    assert!(sent[1].headers.contains(&("If-Match", "*".to_owned())));
}

#[test]
fn finishing_again_does_nothing() {
    let current = written(1, 4, entry()).to_string();
    let net = Scripted::new([(200, &current)]);
    let results = perform(&*dialect(&[]), &net, &[finish(entry())]).unwrap();
    assert_eq!(asked(&net), [path()]);
    assert_eq!(results[&StepKey::complete_call_record()], done(&row(&StepKey::call_record())));
}

#[test]
fn sm_10_a_late_recording_opens_changes_and_closes_in_one_change_set() {
    let (sent, result) = changes(&[], &amend(entry()), &written(1, 4, without_recording()));
    assert_eq!(sent[1].name, "dataverse.batch");
    let operations = operations(&sent[1]);
    assert_eq!(operations[0].1, json!({ "statecode": 0, "statuscode": 1 }));
    assert!(operations[1].1["description"].as_str().unwrap().contains(RECORDING));
    assert_eq!(operations[2].1, json!({ "statecode": 1, "statuscode": 4 }));
    assert_eq!(operations.len(), 3);
    assert_eq!(result, done(&row(&StepKey::call_record())));
}

#[test]
fn what_a_person_wrote_into_the_call_stays() {
    let mut current = written(0, 1, without_recording());
    let text = current["description"].as_str().unwrap().replace("Talk:", "Wants a red one.\r\nTalk:");
    current["description"] = json!(format!("Olena called.\n{text}\nCall back on Monday."));
    let (sent, _) = changes(&[], &finish(entry()), &current);
    let text = &operations(&sent[1])[0].1["description"];
    assert!(line(text, "Olena called.") < line(text, "Wants a red one."));
    assert!(line(text, "Recording: ") < line(text, "tl-"));
    assert!(line(text, "tl-") < line(text, "Call back on Monday."));
    let emptied = json!({ "description": null, "statecode": 0, "statuscode": 1, "actualdurationminutes": 5 });
    let (sent, _) = changes(&[], &finish(entry()), &emptied);
    let change = &operations(&sent[1])[0].1;
    assert!(change["description"].as_str().unwrap().contains(RECORDING));
    assert_eq!(change.get("actualdurationminutes"), None);
}

#[test]
fn a_status_that_changed_takes_the_place_of_the_older() {
    let canceled = [("missed_status", "canceled")];
    let (sent, _) = changes(&canceled, &amend(entry()), &written(2, 3, missed()));
    let operations = operations(&sent[1]);
    let change = &operations[1].1;
    assert!(change["description"].as_str().unwrap().contains("Status: answered"));
    assert!(!change["description"].as_str().unwrap().contains("no answer"));
    assert_eq!((&change["actualdurationminutes"], &change["actualend"]), (&json!(2), &json!("2026-11-22T08:01:20Z")));
    assert_eq!(operations[2].1, json!({ "statecode": 1, "statuscode": 4 }));
}

#[test]
fn a_call_somebody_finished_in_another_way_keeps_that_way() {
    let (sent, _) = changes(&[], &finish(entry()), &written(2, 3, without_recording()));
    assert_eq!(operations(&sent[1])[2].1, json!({ "statecode": 2, "statuscode": 3 }));
}

#[test]
fn a_missed_call_left_open_is_finished_only_when_it_was_answered_after_all() {
    let open = [("missed_status", "open")];
    let net = Scripted::new([(200, &written(0, 1, missed()).to_string())]);
    perform(&*dialect(&open), &net, &[finish(missed())]).unwrap();
    assert_eq!(net.sent().len(), 1);
    let (sent, _) = changes(&open, &amend(entry()), &written(0, 1, missed()));
    assert_eq!(operations(&sent[1])[1].1, json!({ "statecode": 1, "statuscode": 4 }));
    let (sent, _) = changes(&[], &amend(entry()), &written(0, 1, without_recording()));
    assert_eq!(sent[1].name, "dataverse.phonecalls.update");
}

#[test]
fn sm_10_a_recording_column_is_read_and_filled() {
    let settings = [("recording_field", "cr_recording")];
    let mut current = written(1, 4, entry());
    current["cr_recording"] = Value::Null;
    let (sent, _) = changes(&settings, &amend(entry()), &current);
    assert!(sent[0].url.ends_with("actualdurationminutes,cr_recording"));
    assert_eq!(operations(&sent[1])[1].1, json!({ "cr_recording": RECORDING }));
    current["cr_recording"] = json!(RECORDING);
    let net = Scripted::new([(200, &current.to_string())]);
    perform(&*dialect(&settings), &net, &[amend(entry())]).unwrap();
    assert_eq!(net.sent().len(), 1);
}

#[test]
fn news_that_do_not_fit_leave_a_persons_text_whole() {
    let full = "x".repeat(1990);
    let current = json!({ "description": full, "statecode": 0, "statuscode": 1, "actualdurationminutes": 2 });
    let (sent, _) = changes(&[], &finish(entry()), &current);
    assert_eq!(sent[1].name, "dataverse.phonecalls.status");
}

#[test]
fn a_call_somebody_deleted_is_gone() {
    let gone = error("0x80040217", "phonecall With Id = 1 Does Not Exist");
    let net = Scripted::new([(404, &gone)]);
    let results = perform(&*dialect(&[]), &net, &[finish(entry())]).unwrap();
    let wanted = StepResult::TargetGone { kind: Kind::CallRecord };
    assert_eq!(results[&StepKey::complete_call_record()], wanted);
}

#[test]
fn a_call_that_cannot_be_read_is_not_changed() {
    let net = Scripted::new([(500, "")]);
    assert!(matches!(perform(&*dialect(&[]), &net, &[amend(entry())]), Err(Trouble::Unavailable(_))));
}
