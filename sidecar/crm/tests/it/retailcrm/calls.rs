//! The call list.

use std::sync::Mutex;

use serde_json::{Value, json};
use tieline_crm::{
    Trouble,
    transport::{BoxFuture, Class, Request, Response, SendError, Transport},
};
use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::{CallId, UserId},
    note::NotePart,
    phone::Phone,
    redact::Private,
    scenario::TaskAbout,
    step::{Action, CallEntry, Step, StepKey, StepResult},
};

use super::tasks::{add, task};
use super::{at, dialect, done, entity, form, key, known, perform, step, try_step};
use crate::scripted::Scripted;

const TAKEN: &str = r#"{"success":true,"processedCallsCount":1}"#;

pub(super) fn entry() -> CallEntry {
    CallEntry {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        source: Source::Call,
        outcome: Outcome::Answered,
        started_at: Some(at("2026-01-15T09:30:05Z")),
        talk_seconds: 65,
        ring_seconds: 7,
        client: Some(key()),
        client_text: None,
        line: Some(Phone::new("+380441112233")),
        agent: Some(UserId::new("17")),
        agent_code: Some("101".to_owned()),
        recording: Some(Private::new("https://rec.example/1.mp3")),
        contact: Some(known("5")),
        lead: None,
        deal: Some(known("9")),
        parts: vec![
            NotePart::Mark("utm_source".to_owned(), "google".to_owned()),
            NotePart::GoogleClientId("111.222".to_owned()),
        ],
    }
}

fn log(entry: CallEntry) -> Step {
    step(StepKey::call_record(), Action::LogCall(Box::new(entry)))
}

fn uploaded(entry: CallEntry) -> Value {
    let (_, sent) = perform(&*dialect(&[]), &log(entry), 200, TAKEN);
    entity(&sent, "calls")[0].clone()
}

#[test]
fn a_call_is_uploaded_with_its_mark_agent_times_in_the_projects_zone_and_recording() {
    let step = log(entry());
    let (result, sent) = perform(&*dialect(&[("site", "main")]), &step, 200, TAKEN);
    assert_eq!(result, done(None));
    assert_eq!(sent.url, "https://demo.retailcrm.pro/api/v5/telephony/calls/upload");
    assert_eq!(sent.name, "retailcrm.telephony.calls.upload");
    let expected = json!([{
        "date": "2026-01-15 11:30:05", "type": "in", "phone": "380671234567", "userId": 17, "result": "answered",
        "duration": 65, "durationWaiting": 7, "externalId": step.mark.as_str(),
        "recordUrl": "https://rec.example/1.mp3", "externalPhone": "+380441112233", "site": "main",
        "clientId": "111.222", "source": {"source": "google"},
    }]);
    assert_eq!(entity(&sent, "calls"), expected);
    assert_eq!(form(&sent).into_keys().collect::<Vec<_>>(), ["calls"]);
}

/// Keeps the classes of what is sent and answers one thing.
struct Classes(Mutex<Vec<Class>>);

impl Transport for Classes {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        self.0.lock().unwrap().push(request.class);
        let body = br#"{"success":true,"processedCallsCount":1,"id":1}"#.to_vec();
        Box::pin(std::future::ready(Ok(Response { status: 200, headers: Vec::new(), body })))
    }
}

#[test]
fn calls_count_against_the_telephony_budget_and_tasks_do_not() {
    let net = Classes(Mutex::default());
    for step in [log(entry()), add(task(TaskAbout::MissedCall))] {
        assert!(try_step(&*dialect(&[]), &net, &step).is_ok());
    }
    assert_eq!(*net.0.lock().unwrap(), [Class::Telephony, Class::General]);
}

#[test]
fn an_agent_without_a_crm_user_is_named_by_the_extension() {
    let call = uploaded(CallEntry { agent: None, ..entry() });
    assert_eq!((call.get("userId"), &call["code"]), (None, &json!("101")));
    let call = uploaded(CallEntry { agent: None, agent_code: None, ..entry() });
    assert_eq!((call.get("userId"), call.get("code")), (None, None));
}

#[test]
fn every_outcome_has_its_word_of_the_call_list() {
    let words = [
        (Outcome::Answered, "answered"),
        (Outcome::NoAnswer, "no answer"),
        (Outcome::Declined, "no answer"),
        (Outcome::ClientNoAnswer, "no answer"),
        (Outcome::Voicemail, "no answer"),
        (Outcome::Busy, "busy"),
        (Outcome::Failed, "failed"),
        (Outcome::NoForward, "failed"),
        (Outcome::WrongExtension, "failed"),
        (Outcome::Forbidden, "not allowed"),
    ];
    for (outcome, word) in words {
        assert_eq!(uploaded(CallEntry { outcome, ..entry() })["result"], word);
    }
}

#[test]
fn g_07_a_callback_is_an_incoming_call_whoever_was_rung_first() {
    let direction = Direction::Outgoing;
    assert_eq!(uploaded(CallEntry { direction, ..entry() })["type"], "out");
    assert_eq!(uploaded(CallEntry { direction, source: Source::Callback, ..entry() })["type"], "in");
}

#[test]
fn a_repeat_of_an_upload_is_reported_as_duplicate_and_counts_as_done_before() {
    for duplicates in [r#"["tl-1"]"#, r#"[{"externalId":"tl-1"}]"#] {
        let body = format!(r#"{{"success":true,"processedCallsCount":0,"duplicateCalls":{duplicates}}}"#);
        let (result, _) = perform(&*dialect(&[]), &log(entry()), 200, &body);
        assert_eq!(result, StepResult::DoneBefore { record: None });
    }
}

#[test]
fn a_call_the_crm_leaves_out_is_refused() {
    let (result, _) = perform(&*dialect(&[]), &log(entry()), 200, r#"{"success":true,"processedCallsCount":0}"#);
    assert!(matches!(result, StepResult::Refused { code, .. } if code == "not_processed"));
}

#[test]
fn telephony_that_is_not_enabled_is_the_administrators_matter_whatever_the_status() {
    for status in [200, 400, 403] {
        for message in ["Telephony not enabled", "Telephony not enabled or not supports calls upload"] {
            let body = json!({"success": false, "errorMsg": message}).to_string();
            let net = Scripted::new([(status, body.as_str())]);
            let trouble = try_step(&*dialect(&[]), &net, &log(entry()));
            assert!(matches!(trouble, Err(Trouble::NotAllowed(_))), "{trouble:?}");
        }
    }
}

#[test]
fn a_call_without_a_number_is_refused_without_a_request() {
    let net = Scripted::new([]);
    let result = try_step(&*dialect(&[]), &net, &log(CallEntry { client: None, ..entry() }));
    assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "no_number"));
}
