//! Every class of error, on reads and on writes.

use serde_json::json;
use tieline_crm::{Response, Trouble, dialect::Limit, transport::SendError};
use tieline_engine::{facts::Found, record::Kind, step::Fields};

use super::{ask, caller, create, dialect, look_up, note, try_step};
use crate::scripted::Scripted;

fn write(status: u16, body: &str) -> Trouble {
    let step = create(Kind::Contact, Fields::default(), None);
    try_step(&*dialect(&[]), &Scripted::new([(status, body)]), &step).unwrap_err()
}

fn read(status: u16, body: &str) -> Result<Found, Trouble> {
    look_up(&*dialect(&[]), &Scripted::new([(status, body)]), &ask(Some(caller()), Vec::new()))
}

#[test]
fn too_many_requests_are_repeated_later() {
    for (status, body) in
        [(429, ""), (429, "{}"), (503, "Rate limit exceeded"), (503, r#"{"message":"Too Many Requests"}"#)]
    {
        assert_eq!(write(status, body), Trouble::RateLimited { retry_after: None });
        assert_eq!(read(status, body), Err(Trouble::RateLimited { retry_after: None }));
        assert_eq!(metered(status, body), Some(Limit::Rate), "{status}");
    }
    for (status, body) in [(200, "{}"), (503, "down"), (400, "{}")] {
        assert_eq!(metered(status, body), None, "{status}");
    }
}

fn metered(status: u16, body: &str) -> Option<Limit> {
    let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    dialect(&[]).meter(&response).refused
}

#[test]
fn a_fault_of_the_server_leaves_a_write_open_and_a_read_to_be_repeated() {
    let internal = r#"{"success":false,"code":500,"message":"INTERNAL_SERVER_ERROR"}"#;
    for (status, body) in [(500, internal), (502, "<html>"), (503, "down"), (504, ""), (408, "")] {
        assert!(matches!(write(status, body), Trouble::Uncertain(_)), "{status}");
        assert!(matches!(read(status, body), Err(Trouble::Unavailable(_))), "{status}");
    }
}

#[test]
fn an_unreadable_success_leaves_a_write_open_and_a_read_to_be_repeated() {
    for body in ["<html>login</html>", "{\"data\":", "ok"] {
        assert!(matches!(write(200, body), Trouble::Uncertain(_)), "{body}");
        assert!(matches!(read(200, body), Err(Trouble::Unavailable(_))), "{body}");
    }
    assert!(matches!(read(200, ""), Err(Trouble::Unavailable(_))));
}

#[test]
fn a_lost_answer_leaves_a_write_open_and_an_unsent_request_does_not() {
    let step = note(Kind::Lead, Some("5"));
    let lost = || Scripted::failing(SendError::NoAnswer("timed out".to_owned()));
    let unsent = || Scripted::failing(SendError::NotSent("refused".to_owned()));
    let crm = dialect(&[]);
    assert!(matches!(try_step(&*crm, &lost(), &step), Err(Trouble::Uncertain(_))));
    assert!(matches!(try_step(&*crm, &unsent(), &step), Err(Trouble::Unavailable(_))));
    for net in [lost(), unsent()] {
        let result = look_up(&*crm, &net, &ask(Some(caller()), Vec::new()));
        assert!(matches!(result, Err(Trouble::Unavailable(_))));
    }
}

#[test]
fn a_wrong_key_is_dead_and_a_missing_right_is_not_allowed() {
    let text = r#"{"success":false,"code":111,"message":"Unable to log you in. Check your api_key and try again."}"#;
    for (status, body) in [(401, ""), (401, text), (403, r#"{"code":110}"#), (200, text)] {
        assert!(matches!(write(status, body), Trouble::CredentialsDead(_)), "{status} {body}");
        assert!(matches!(read(status, body), Err(Trouble::CredentialsDead(_))), "{status} {body}");
    }
    for status in [402, 403] {
        assert!(matches!(write(status, "{}"), Trouble::NotAllowed(_)), "{status}");
    }
}

#[test]
fn a_wrong_address_or_generation_is_malformed() {
    for (status, body) in [(404, "<html>nginx</html>"), (404, "{}"), (405, ""), (301, ""), (308, "<html>")] {
        assert!(matches!(write(status, body), Trouble::Malformed(_)), "{status} {body}");
    }
    for (status, body) in [(404, "<html>nginx</html>"), (404, "{}"), (405, "{}"), (400, "{}")] {
        assert!(matches!(read(status, body), Err(Trouble::Malformed(_))), "{status} {body}");
    }
}

#[test]
fn troubles_quote_nothing_the_crm_says() {
    let text = json!({"success": false, "message": "client 380671234567 key-1"}).to_string();
    for status in [400, 403, 404, 500, 502] {
        for trouble in [read(status, &text).err(), (status >= 500).then(|| write(status, &text))].into_iter().flatten()
        {
            let told = trouble.to_string();
            assert!(!told.contains("380671234567") && !told.contains("key-1"), "{told}");
        }
    }
}
