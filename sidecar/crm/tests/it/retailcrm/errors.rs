//! Every class of error, in both of its shapes (retailcrm.md 1.9).

use std::time::Duration;

use serde_json::json;
use tieline_crm::{
    Trouble,
    dialect::Limit,
    transport::{BoxFuture, Request, Response, SendError, Transport},
};
use tieline_engine::{
    record::Kind,
    step::{Fields, Step, StepResult},
};

use super::{ask, caller, create, dialect, look_up, try_step};
use crate::scripted::Scripted;

const HTML: &str = "<html><body>Bad gateway</body></html>";

pub(super) fn on_write(status: u16, body: &str) -> Result<StepResult, Trouble> {
    on_step(&create(Kind::Contact, Fields::default(), None), status, body)
}

pub(super) fn on_step(step: &Step, status: u16, body: &str) -> Result<StepResult, Trouble> {
    try_step(&*dialect(&[]), &Scripted::new([(status, body)]), step)
}

pub(super) fn on_read(status: u16, body: &str) -> Trouble {
    look_up(&*dialect(&[]), &Scripted::new([(status, body)]), &ask(Some(caller()), Vec::new())).unwrap_err()
}

pub(super) fn failing(message: &str) -> String {
    json!({"success": false, "errorMsg": message}).to_string()
}

#[test]
fn the_rate_limit_is_told_by_text_and_by_429() {
    let limited = Trouble::RateLimited { retry_after: None };
    for (status, body) in
        [(503, failing("Rate limit exceeded")), (429, failing("Rate limit exceeded")), (429, String::new())]
    {
        assert_eq!(on_write(status, &body), Err(limited.clone()));
        assert_eq!(on_read(status, &body), limited);
        assert_eq!(metered(status, &body), Some(Limit::Rate), "{status}");
    }
    let named = json!({"success": true, "customers": [{"firstName": "Rate limit exceeded"}]}).to_string();
    for (status, body) in [(200, named), (503, "<html>".to_owned()), (400, failing("Validation error"))] {
        assert_eq!(metered(status, &body), None, "{status}");
    }
}

fn metered(status: u16, body: &str) -> Option<Limit> {
    let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    dialect(&[]).meter(&response).refused
}

/// Answers 503 with a time to wait.
struct Waiting;

impl Transport for Waiting {
    fn send<'a>(&'a self, _: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let headers = vec![("retry-after".to_owned(), "7".to_owned())];
        let body = failing("Rate limit exceeded").into_bytes();
        Box::pin(std::future::ready(Ok(Response { status: 503, headers, body })))
    }
}

#[test]
fn a_time_to_wait_is_passed_on() {
    let result = try_step(&*dialect(&[]), &Waiting, &create(Kind::Contact, Fields::default(), None));
    assert_eq!(result, Err(Trouble::RateLimited { retry_after: Some(Duration::from_secs(7)) }));
}

#[test]
fn a_failing_server_leaves_a_write_uncertain_and_a_read_undone() {
    for status in [500, 502, 503, 504] {
        for body in [failing("Internal error"), HTML.to_owned(), String::new()] {
            assert!(matches!(on_write(status, &body), Err(Trouble::Uncertain(_))), "{status}");
            assert!(matches!(on_read(status, &body), Trouble::Unavailable(_)), "{status}");
        }
    }
}

#[test]
fn an_unreadable_success_leaves_a_write_uncertain_and_a_read_undone() {
    for body in [HTML, "", "[]", "{\"id\":5", r#"{"id":5}"#] {
        assert!(matches!(on_write(200, body), Err(Trouble::Uncertain(_))), "{body}");
        assert!(matches!(on_read(200, body), Trouble::Unavailable(_)), "{body}");
    }
}

#[test]
fn a_creation_without_an_id_in_its_answer_is_uncertain() {
    assert!(matches!(on_write(201, r#"{"success":true}"#), Err(Trouble::Uncertain(_))));
}

#[test]
fn a_lost_answer_is_uncertain_for_a_write_and_nothing_for_a_read() {
    let contact = create(Kind::Contact, Fields::default(), None);
    let lost = || Scripted::failing(SendError::NoAnswer("timed out".to_owned()));
    let unsent = Scripted::failing(SendError::NotSent("refused".to_owned()));
    assert!(matches!(try_step(&*dialect(&[]), &lost(), &contact), Err(Trouble::Uncertain(_))));
    assert!(matches!(try_step(&*dialect(&[]), &unsent, &contact), Err(Trouble::Unavailable(_))));
    let read = look_up(&*dialect(&[]), &lost(), &ask(Some(caller()), Vec::new()));
    assert!(matches!(read, Err(Trouble::Unavailable(_))));
}

#[test]
fn a_key_that_is_not_accepted_is_dead() {
    for message in ["Wrong \"apiKey\" value.", "\"apiKey\" is missing."] {
        assert!(matches!(on_write(403, &failing(message)), Err(Trouble::CredentialsDead(_))));
        assert!(matches!(on_read(403, &failing(message)), Trouble::CredentialsDead(_)));
    }
    assert!(matches!(on_read(401, ""), Trouble::CredentialsDead(_)));
}

#[test]
fn a_key_without_a_right_names_the_right() {
    let trouble = on_write(403, &failing("Access denied."));
    assert!(matches!(trouble, Err(Trouble::NotAllowed(text)) if text.contains("retailcrm.customers.create")));
    assert!(matches!(on_read(403, HTML), Trouble::NotAllowed(_)));
}

#[test]
fn no_account_at_the_address_is_fatal_as_json_and_as_a_page() {
    let bodies = [
        (404, failing("Account does not exist.")),
        (400, failing("Account does not exist.")),
        (404, HTML.to_owned()),
        (400, HTML.to_owned()),
        (200, "<p>Account does not exist.</p>".to_owned()),
    ];
    for (status, body) in bodies {
        assert!(matches!(on_write(status, &body), Err(Trouble::CredentialsDead(_))));
        assert!(matches!(on_read(status, &body), Trouble::CredentialsDead(_)));
    }
}

#[test]
fn requests_the_crm_does_not_understand_are_our_fault() {
    let bodies = [
        (404, failing("API method not found")),
        (405, failing("Method Not Allowed")),
        (400, failing("Parameter 'site' is missing")),
        (302, String::new()),
        (413, "too long".to_owned()),
    ];
    for (status, body) in bodies {
        assert!(matches!(on_write(status, &body), Err(Trouble::Malformed(_))), "{body}");
        assert!(matches!(on_read(status, &body), Trouble::Malformed(_)), "{body}");
    }
    let trouble = on_write(400, &failing("Parameter 'site' is missing"));
    assert!(matches!(trouble, Err(Trouble::Malformed(text)) if text.contains("site")));
}
