//! What calls, tasks and notes are written with (zoho.md 6).

use serde_json::json;
use tieline_crm::Method;
use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::RecordId,
    note::NotePart,
    record::Kind,
    scenario::TaskAbout,
    step::{Action, CallEntry, Ref, StepKey, StepResult},
};

use super::support::{add_task, dialect, entry, known, learned, log_call, mark, perform, sent, step, task};
use crate::scripted::Scripted;

#[test]
fn z_16_an_answered_call_has_numbers_times_recording_and_links() {
    let entry = CallEntry { contact: known("57"), deal: known("71"), lead: known("58"), ..entry() };
    let step = log_call(entry);
    let (net, record) = sent(&*learned(&[]), &step);
    assert_eq!(
        record,
        json!({
            "Subject": format!("Incoming call +380671234567 [{}]", step.mark.as_str()), "Call_Type": "Inbound",
            "Call_Start_Time": "2026-11-22T09:15:00+02:00", "Call_Duration": "02:05",
            "Owner": { "id": "411" }, "Who_Id": { "id": "57" }, "What_Id": { "id": "71" }, "$se_module": "Deals",
            "Caller_ID": "+380671234567", "Dialled_Number": "+380441112233", "From_Number__s": "+380671234567",
            "Voice_Recording__s": "https://rec.example/1.mp3", "Description": "Talk: 2:05",
        })
    );
    assert_eq!((net.sent()[0].method, net.sent()[0].name), (Method::Post, "zoho.calls.create"));
}

#[test]
fn a_call_on_a_lead_names_its_module() {
    let (_, record) = sent(&*dialect(&[]), &log_call(CallEntry { lead: known("58"), ..entry() }));
    assert_eq!((&record["What_Id"], &record["$se_module"]), (&json!({ "id": "58" }), &json!("Leads")));
    assert!(record.get("Who_Id").is_none());
    assert!(record.get("From_Number__s").is_none(), "only organisations that have the field get it");
}

#[test]
fn a_missed_call_lasts_no_time_even_with_a_voicemail() {
    let missed = CallEntry { outcome: Outcome::Voicemail, agent: None, recording: None, ..entry() };
    let (_, record) = sent(&*dialect(&[]), &log_call(missed));
    assert_eq!((&record["Call_Type"], &record["Call_Duration"]), (&json!("Missed"), &json!("00:00")));
    assert!(record.get("Owner").is_none());
    assert!(record.get("Voice_Recording__s").is_none());
}

#[test]
fn lengths_are_minutes_and_seconds_and_from_an_hour_on_hours_too() {
    let duration = |talk_seconds| {
        let (_, record) = sent(&*dialect(&[]), &log_call(CallEntry { talk_seconds, ..entry() }));
        record["Call_Duration"].as_str().unwrap().to_owned()
    };
    assert_eq!(duration(3599), "59:59");
    assert_eq!(duration(3725), "01:02:05");
    assert_eq!(duration(0), "00:01", "Zoho refuses a talk of no length");
}

#[test]
fn an_outgoing_call_has_its_numbers_the_other_way_round() {
    let outgoing = CallEntry { direction: Direction::Outgoing, ..entry() };
    let (_, record) = sent(&*learned(&[]), &log_call(outgoing));
    assert_eq!(record["Call_Type"], json!("Outbound"));
    assert_eq!(record["Caller_ID"], json!("+380441112233"));
    assert_eq!(record["Dialled_Number"], json!("+380671234567"));
    assert_eq!(record["Outgoing_Call_Status"], json!("Completed"));
    assert!(record.get("Call_Result").is_none());
    let callback = CallEntry { direction: Direction::Outgoing, source: Source::Callback, ..entry() };
    let (_, record) = sent(&*learned(&[]), &log_call(callback));
    assert_eq!(record["Call_Type"], json!("Inbound"), "G-07: a call-back counts as incoming");
}

#[test]
fn an_unanswered_outgoing_call_lasts_a_second_or_is_not_written() {
    let unanswered =
        CallEntry { direction: Direction::Outgoing, outcome: Outcome::NoAnswer, talk_seconds: 0, ..entry() };
    let step = log_call(unanswered);
    let (_, record) = sent(&*dialect(&[]), &step);
    assert_eq!((&record["Call_Duration"], &record["Call_Result"]), (&json!("00:01"), &json!("no answer")));
    let (_, record) = sent(&*learned(&[]), &step);
    assert!(record.get("Call_Result").is_none(), "the pick list does not hold these words");
    let (_, record) = sent(&*learned(&[("unanswered_result", "No response/Busy")]), &step);
    assert_eq!(record["Call_Result"], json!("No response/Busy"));
    let net = Scripted::new([]);
    let answer = perform(&*dialect(&[("unanswered_outbound", "skip")]), &net, std::slice::from_ref(&step)).unwrap();
    assert_eq!(answer.results[&step.key], StepResult::Done { record: None });
}

#[test]
fn g_18_a_late_recording_changes_the_call_and_nothing_an_agent_types() {
    let action = Action::AmendCall { record: Ref::Known(RecordId::new("81")), entry: Box::new(entry()) };
    let (net, record) = sent(&*dialect(&[]), &step(StepKey::amend_call_record(1), action));
    let keys: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["Call_Duration", "Call_Start_Time", "Call_Type", "Voice_Recording__s"]);
    let request = &net.sent()[0];
    assert_eq!((request.method, request.name), (Method::Put, "zoho.calls.update"));
    assert!(request.url.ends_with("/crm/v8/Calls/81"));
}

#[test]
fn z_39_a_talk_is_a_finished_task() {
    let mut talk = task(TaskAbout::Talk);
    talk.contact = known("57");
    let step = add_task(talk);
    let (net, record) = sent(&*dialect(&[]), &step);
    assert_eq!(
        record,
        json!({
            "Subject": format!("Talk with +380671234567 [{}]", step.mark.as_str()), "Status": "Completed",
            "Description": "Talk: 2:05", "Owner": { "id": "411" }, "Who_Id": { "id": "57" },
        })
    );
    assert_eq!((net.sent()[0].name, net.sent()[0].url.ends_with("/crm/v8/Tasks")), ("zoho.tasks.create", true));
}

#[test]
fn z_40_a_missed_call_is_an_urgent_task_with_a_reminder() {
    let mut missed = task(TaskAbout::MissedCall);
    (missed.done, missed.due_at) = (false, Some("2026-11-22T22:30:00Z".parse().unwrap()));
    missed.lead = known("58");
    let (_, record) = sent(&*dialect(&[]), &add_task(missed));
    assert_eq!((&record["Status"], &record["Priority"]), (&json!("Not Started"), &json!("High")));
    assert_eq!(record["Due_Date"], json!("2026-11-23"), "the day in the project's zone");
    let alarm = "FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:2026-11-23T00:30:00+02:00";
    assert_eq!(record["Remind_At"], json!({ "ALARM": alarm }));
    assert_eq!((&record["What_Id"], &record["$se_module"]), (&json!({ "id": "58" }), &json!("Leads")));
}

#[test]
fn a_task_due_in_the_past_reminds_nobody() {
    let mut review = task(TaskAbout::Review);
    (review.done, review.due_at) = (false, Some("2026-11-20T10:00:00Z".parse().unwrap()));
    let (_, record) = sent(&*dialect(&[]), &add_task(review));
    assert_eq!(record["Due_Date"], json!("2026-11-20"));
    assert!(record.get("Remind_At").is_none());
    assert!(record.get("Priority").is_none());
}

#[test]
fn g_08_the_senior_manager_reads_who_is_unknown() {
    let mut check = task(TaskAbout::CheckSettings);
    check.unmapped_agent = Some("office_".repeat(60));
    let step = add_task(check);
    let (_, record) = sent(&*dialect(&[]), &step);
    let subject = record["Subject"].as_str().unwrap();
    assert!(subject.starts_with("Not in the list of agents: office_"));
    assert_eq!(subject.chars().count(), 255);
    assert!(subject.ends_with(&format!(" [{}]", step.mark.as_str())), "the text is cut, not the mark");
}

#[test]
fn a_note_hangs_on_its_record_and_carries_the_mark() {
    let key = StepKey::note(Kind::Deal, 0);
    let parts = vec![NotePart::Talk(61), NotePart::Mark("utm_source".to_owned(), "google".to_owned())];
    let action = Action::AddNote { on: Kind::Deal, record: known("71").unwrap(), parts };
    let (net, record) = sent(&*dialect(&[]), &step(key.clone(), action));
    assert_eq!(
        record,
        json!({
            "Note_Title": format!("Call [{}]", mark(&key).as_str()),
            "Note_Content": "Talk: 1:01\nutm_source: google",
            "Parent_Id": { "module": { "api_name": "Deals" }, "id": "71" },
        })
    );
    assert!(net.sent()[0].url.ends_with("/crm/v8/Notes"));
}
