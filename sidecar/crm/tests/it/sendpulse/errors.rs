//! Every class of answer, for a write and for a read (sendpulse.md 3.1).

use serde_json::json;
use tieline_crm::{Response, Trouble, dialect::Limit, transport::SendError};
use tieline_engine::{record::Kind, step::StepResult};

use super::{ask, caller, caller_fields, create, dialect, look_up, try_step};
use crate::scripted::Scripted;

const HTML: &str = "<html><body>Bad gateway</body></html>";

fn on_write(status: u16, body: &str) -> Result<StepResult, Trouble> {
    try_step(&*dialect(&[]), &Scripted::new([(status, body)]), &create(Kind::Contact, caller_fields(), None))
}

fn on_read(status: u16, body: &str) -> Trouble {
    look_up(&*dialect(&[]), &Scripted::new([(status, body)]), &ask(Some(caller()), Vec::new())).unwrap_err()
}

#[test]
fn the_rate_limit_is_told_by_429_or_by_the_gateways_code() {
    let limited = Trouble::RateLimited { retry_after: None };
    let coded = json!({"message": "Too many requests", "error_code": 2_020_202_020_u64}).to_string();
    for (status, body) in [(429, coded.as_str()), (400, &coded), (200, &coded), (429, ""), (503, "Rate limit exceeded")]
    {
        assert_eq!(on_write(status, body), Err(limited.clone()), "{status}");
        assert_eq!(on_read(status, body), limited, "{status}");
        assert_eq!(metered(status, body), Some(Limit::Rate), "{status}");
    }
    for (status, body) in [(200, "{}"), (503, "down"), (400, r#"{"error_code": 5}"#)] {
        assert_eq!(metered(status, body), None, "{status}");
    }
}

fn metered(status: u16, body: &str) -> Option<Limit> {
    let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    dialect(&[]).meter(&response).refused
}

#[test]
fn a_key_that_is_not_accepted_is_dead() {
    let body = r#"{"message":"Unauthorized!","error_code":401}"#;
    for (status, body) in [(401, body), (401, ""), (200, body)] {
        assert!(matches!(on_write(status, body), Err(Trouble::CredentialsDead(_))), "{status}");
        assert!(matches!(on_read(status, body), Trouble::CredentialsDead(_)), "{status}");
    }
}

#[test]
fn sp_13_a_plan_or_role_that_is_not_enough_is_named() {
    for (status, body) in [(403, r#"{"message":"Forbidden","error_code":403}"#), (402, "{}"), (403, HTML)] {
        assert!(matches!(on_write(status, body), Err(Trouble::NotAllowed(text)) if text.contains("CRM Basic")));
        assert!(matches!(on_read(status, body), Trouble::NotAllowed(text) if text.contains("role")));
    }
}

#[test]
fn an_answer_nobody_can_read_leaves_a_write_in_doubt() {
    for (status, body) in
        [(200, HTML), (200, ""), (201, "[]"), (500, ""), (502, HTML), (503, ""), (504, "{}"), (408, "")]
    {
        assert!(matches!(on_write(status, body), Err(Trouble::Uncertain(_))), "{status}");
        assert!(matches!(on_read(status, body), Trouble::Unavailable(_)), "{status}");
    }
}

#[test]
fn a_creation_that_names_no_id_is_in_doubt() {
    for body in [r#"{"data":{}}"#, r#"{"data":null}"#, r#"{"data":{"id":""}}"#, "{}"] {
        assert!(matches!(on_write(200, body), Err(Trouble::Uncertain(_))));
    }
}

#[test]
fn a_lost_answer_is_doubt_for_a_write_only_when_it_may_have_arrived() {
    let step = create(Kind::Contact, caller_fields(), None);
    let no_answer = || Scripted::failing(SendError::NoAnswer("timed out".to_owned()));
    let not_sent = || Scripted::failing(SendError::NotSent("refused".to_owned()));
    assert!(matches!(try_step(&*dialect(&[]), &no_answer(), &step), Err(Trouble::Uncertain(_))));
    assert!(matches!(try_step(&*dialect(&[]), &not_sent(), &step), Err(Trouble::Unavailable(_))));
    for net in [no_answer(), not_sent()] {
        let result = look_up(&*dialect(&[]), &net, &ask(Some(caller()), Vec::new()));
        assert!(matches!(result, Err(Trouble::Unavailable(_))));
    }
}

#[test]
fn a_wrong_address_is_the_settings_fault() {
    for (status, body) in [(404, HTML), (405, ""), (301, ""), (302, HTML)] {
        assert!(matches!(on_write(status, body), Err(Trouble::Malformed(text)) if text.contains("url")), "{status}");
        assert!(matches!(on_read(status, body), Trouble::Malformed(text) if text.contains("url")), "{status}");
    }
    assert!(matches!(on_write(404, "{}"), Err(Trouble::Malformed(_))));
}

#[test]
fn a_read_that_is_refused_is_our_own_fault() {
    assert!(matches!(on_read(422, r#"{"message":"Invalid"}"#), Trouble::Malformed(_)));
}
