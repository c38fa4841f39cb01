//! Calls as comments.

use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{
    call::{Direction, Outcome, Source},
    note::NotePart,
    record::Kind,
    step::{Action, Ref, Step, StepKey, StepResult},
};

use super::{at, body, create, dialect, done, known, perform, route, step, try_step};
use crate::scripted::Scripted;

fn note(on: Kind, parts: Vec<NotePart>) -> Step {
    step(StepKey::note(on, 0), Action::AddNote { on, record: known("5"), parts })
}

fn parts() -> Vec<NotePart> {
    vec![
        NotePart::StartedAt(at("2026-01-15T09:30:05Z")),
        NotePart::Type(Direction::Incoming, Source::Call),
        NotePart::Status(Outcome::Answered),
        NotePart::Recording("https://rec.example/1.mp3".into()),
    ]
}

#[test]
fn sp_04_a_call_is_a_comment_ended_by_its_mark() {
    for (on, path) in [(Kind::Contact, "/contacts/5/comments"), (Kind::Deal, "/deals/5/comments")] {
        let step = note(on, parts());
        let (result, sent) = perform(&*dialect(&[]), &step, 200, r#"{"data":{"id":44,"userId":1,"text":"…"}}"#);
        assert_eq!((result, route(&sent)), (done(Some("44")), format!("POST {path}")));
        let text = "2026-01-15 11:30:05\nType: incoming call\nStatus: answered\nRecording: https://rec.example/1.mp3";
        assert_eq!(body(&sent), json!({"message": format!("{text}\n[{}]", step.mark.as_str())}));
    }
}

#[test]
fn a_comment_that_is_too_long_keeps_its_mark() {
    let step = note(Kind::Contact, vec![NotePart::Channel("ї".repeat(70_000))]);
    let (_, sent) = perform(&*dialect(&[]), &step, 200, r#"{"data":{"id":44}}"#);
    let message = body(&sent)["message"].as_str().unwrap().to_owned();
    assert_eq!(message.chars().count(), 65_535);
    assert!(message.ends_with(&format!("[{}]", step.mark.as_str())));
}

#[test]
fn a_comment_needs_no_id_of_its_own() {
    assert_eq!(perform(&*dialect(&[]), &note(Kind::Contact, parts()), 200, r#"{"data":[]}"#).0, done(None));
}

#[test]
fn a_comment_on_a_record_that_is_gone_tells_which_kind() {
    let gone = r#"{"data":{"code":213,"message":"Not found"}}"#;
    for on in [Kind::Contact, Kind::Deal] {
        for (status, body) in [(404, gone), (400, gone), (200, gone), (404, "")] {
            let (result, _) = perform(&*dialect(&[]), &note(on, parts()), status, body);
            assert_eq!(result, StepResult::TargetGone { kind: on });
        }
    }
}

#[test]
fn what_the_crm_does_not_have_is_refused_without_a_request() {
    let lead = create(Kind::Lead, tieline_engine::step::Fields::default(), None);
    let on_task = note(Kind::Task, parts());
    let visit = Action::LinkVisit { contact: known("5"), google_client_id: "1.2".to_owned() };
    let close = Action::CloseTask { task: "7".into() };
    let all = [lead, on_task, step(StepKey::visit(), visit), step(StepKey::close_task(&"7".into()), close)];
    for step in &all {
        let result = try_step(&*dialect(&[]), &Scripted::new([]), step);
        assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "not_supported"));
    }
}

#[test]
fn a_reference_to_something_not_made_yet_is_our_own_fault() {
    let record = Ref::Made(StepKey::create(Kind::Contact));
    let step = step(StepKey::note(Kind::Contact, 0), Action::AddNote { on: Kind::Contact, record, parts: parts() });
    assert!(matches!(try_step(&*dialect(&[]), &Scripted::new([]), &step), Err(Trouble::Malformed(_))));
}
