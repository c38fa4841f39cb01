//! Comments on existing records.

use serde_json::json;
use tieline_engine::{record::Kind, step::StepResult};

use super::{TOLD, body, dialect, done, line, note, perform, try_step};
use crate::scripted::Scripted;

const ALL: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Deal];

#[test]
fn ro_02_every_kind_of_record_takes_a_comment() {
    let lines = |api: &str| {
        let crm = dialect(&[("api", api)]);
        ALL.map(|kind| line(&perform(&*crm, &note(kind, Some("5")), 200, "{}").1))
    };
    let leads = "POST /lead/5/comments";
    assert_eq!(lines("bearer"), ["POST /contacts/people/5/comments", leads, "POST /orders/5/comments"]);
    assert_eq!(lines("v2"), ["POST /v2/contacts/people/5/comments", leads, "POST /v2/orders/5/comments"]);
    assert_eq!(lines("token"), ["POST /clients/5/comments", leads, "POST /order/5/comments"]);
}

#[test]
fn ro_15_a_comment_tells_time_type_status_recording_and_marks() {
    let (_, sent) = perform(&*dialect(&[]), &note(Kind::Deal, Some("5")), 200, "{}");
    assert_eq!(body(&sent), json!({"comment": TOLD, "is_private": true}));
}

#[test]
fn the_text_field_is_the_generations_and_leads_have_the_old_one() {
    let sent = |kind: Kind, settings: &[(&str, &str)]| {
        let (_, sent) = perform(&*dialect(settings), &note(kind, Some("5")), 200, "{}");
        let mut keys: Vec<String> = body(&sent).as_object().unwrap().keys().cloned().collect();
        keys.retain(|key| key != "is_private" && key != "token");
        keys
    };
    assert_eq!(sent(Kind::Contact, &[]), ["comment"]);
    assert_eq!(sent(Kind::Contact, &[("api", "v2")]), ["comment"]);
    assert_eq!(sent(Kind::Contact, &[("api", "token")]), ["message"]);
    assert_eq!(sent(Kind::Lead, &[]), ["message"]);
    assert_eq!(sent(Kind::Deal, &[("comment_field", "message")]), ["message"]);
    assert_eq!(sent(Kind::Lead, &[("comment_field", "both")]), ["comment", "message"]);
}

#[test]
fn comments_may_be_shown_to_the_client() {
    let (_, sent) = perform(&*dialect(&[("comments_private", "false")]), &note(Kind::Lead, Some("5")), 200, "{}");
    assert_eq!(body(&sent)["is_private"], false);
}

#[test]
fn a_comment_is_done_with_or_without_a_body() {
    for (status, answer, record) in [(204, "", None), (200, "{}", None), (201, r#"{"data":{"id":3}}"#, Some("3"))] {
        let (result, _) = perform(&*dialect(&[]), &note(Kind::Lead, Some("5")), status, answer);
        assert_eq!(result, done(record), "{answer}");
    }
}

#[test]
fn a_comment_on_what_is_gone_says_so() {
    for kind in ALL {
        let net = Scripted::new([(404, r#"{"success":false,"code":404,"message":"Not found"}"#)]);
        let result = try_step(&*dialect(&[]), &net, &note(kind, Some("5"))).unwrap();
        assert_eq!(result, StepResult::TargetGone { kind });
    }
}

#[test]
fn a_task_takes_no_comment_of_ours() {
    let result = try_step(&*dialect(&[]), &Scripted::new([]), &note(Kind::Task, Some("5"))).unwrap();
    assert!(matches!(result, StepResult::Refused { code, .. } if code == "not_supported"));
}
