//! Answers that are no success, by the page's table (dataverse.md 5).

use std::time::Duration;

use futures::executor::block_on;
use tieline_crm::{
    Response, SendError, Session, Trouble,
    dialect::{Left, Limit},
};

use super::{always, create_plain, dialect, entry, error, log, perform, session};
use crate::scripted::Scripted;

/// The trouble of a write and of a read with the same answer.
fn troubles(status: u16, body: &str) -> (Trouble, Trouble) {
    let crm = dialect(&[]);
    let written = perform(&*crm, &Scripted::new([(status, body)]), &[log(entry())]).unwrap_err();
    let net = Scripted::new([(status, body)]);
    let read = block_on(crm.users(&session(&net))).unwrap_err();
    (written, read)
}

fn both(status: u16, body: &str, is: impl Fn(&Trouble) -> bool) {
    let (written, read) = troubles(status, body);
    assert!(is(&written) && is(&read), "{status} {body}: {written:?}, {read:?}");
}

#[test]
fn a_token_that_is_not_taken_is_replaced() {
    both(401, "", |trouble| *trouble == Trouble::TokenExpired);
    both(401, &error("", "expired"), |trouble| *trouble == Trouble::TokenExpired);
    let net = Scripted::new([]);
    let without = Session { token: None, ..session(&net) };
    let step = [create_plain()];
    assert_eq!(block_on(dialect(&[]).perform(&without, &step)).unwrap_err(), Trouble::TokenExpired);
}

#[test]
fn missing_users_and_rights_are_for_an_administrator() {
    for code in ["0x80072560", "0x80040220", "0x80048306", "0x80040225", "0x8004d24b", "0x80040299"] {
        let named = |trouble: &Trouble| matches!(trouble, Trouble::NotAllowed(text) if text.contains(code));
        both(403, &error(code, "no +380671234567"), named);
    }
    both(403, "<html>", |trouble| matches!(trouble, Trouble::NotAllowed(_)));
}

#[test]
fn the_code_decides_before_the_status() {
    both(500, &error("0x80040220", "x"), |trouble| matches!(trouble, Trouble::NotAllowed(_)));
    both(503, &error("0x80072322", "x"), |trouble| matches!(trouble, Trouble::RateLimited { .. }));
    both(400, &error("0X80072321", "x"), |trouble| matches!(trouble, Trouble::RateLimited { .. }));
}

#[test]
fn the_time_to_wait_is_exactly_the_crms() {
    let limited = Trouble::RateLimited { retry_after: Some(Duration::from_secs(23)) };
    let crm = dialect(&[]);
    for (status, body) in [(429, error("0x80072322", "x")), (429, String::new()), (503, String::new())] {
        let net = always(status, &[("retry-after", "23")], &body);
        assert_eq!(perform(&*crm, &net, &[log(entry())]).unwrap_err(), limited);
    }
    both(429, "", |trouble| *trouble == Trouble::RateLimited { retry_after: None });
}

#[test]
fn the_meter_tells_which_limit_was_met_and_what_the_headers_say_is_left() {
    let meter = |status, headers: &[(&str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        dialect(&[]).meter(&Response { status, headers, body: body.as_bytes().to_vec() })
    };
    let refused = |code: &str| meter(429, &[("retry-after", "23")], &error(code, "x"));
    assert_eq!(refused("0x80072322").refused, Some(Limit::Rate));
    assert_eq!(refused("0x80072326").refused, Some(Limit::Concurrency));
    assert_eq!((refused("").refused, refused("").wait), (Some(Limit::Unknown), Some(Duration::from_secs(23))));
    assert_eq!(meter(400, &[], &error("0X80072321", "x")).refused, Some(Limit::Unknown));
    assert_eq!(meter(503, &[], "").refused, None);
    let left = [
        ("x-ms-ratelimit-burst-remaining-xrm-requests", "5999"),
        ("x-ms-ratelimit-time-remaining-xrm-requests", "1,199.50"),
    ];
    let told = meter(204, &left, "");
    assert_eq!(told.left, [Left::of("requests", 5_999.0), Left::of("execution_seconds", 1_199.5)]);
    assert_eq!(told.refused, None);
    let odd = [
        ("x-ms-ratelimit-burst-remaining-xrm-requests", "many"),
        ("x-ms-ratelimit-time-remaining-xrm-requests", "NaN"),
    ];
    assert!(meter(200, &odd, "").left.is_empty());
}

#[test]
fn a_server_in_trouble_may_have_written() {
    for status in [408, 500, 502, 504] {
        let (written, read) = troubles(status, "");
        assert!(matches!(written, Trouble::Uncertain(_)), "{written:?}");
        assert!(matches!(read, Trouble::Unavailable(_)), "{read:?}");
    }
    both(503, "busy", |trouble| matches!(trouble, Trouble::Unavailable(_)));
}

#[test]
fn a_page_instead_of_an_answer_says_nothing() {
    let (written, read) = troubles(200, "<html>");
    assert!(matches!(written, Trouble::Uncertain(_)) && matches!(read, Trouble::Unavailable(_)));
}

#[test]
fn an_address_without_dataverse_waits_for_the_administrator() {
    both(404, "<html>", |trouble| matches!(trouble, Trouble::CredentialsDead(text) if text.contains("url")));
    both(302, "", |trouble| matches!(trouble, Trouble::CredentialsDead(text) if text.contains("url")));
}

#[test]
fn a_row_that_changed_meanwhile_is_read_again() {
    let changed = error("", "The version of the existing record doesn't match the RowVersion property provided.");
    both(412, &changed, |trouble| matches!(trouble, Trouble::Unavailable(_)));
}

#[test]
fn lost_requests_are_told_apart() {
    let crm = dialect(&[]);
    let outcome = |error: SendError| perform(&*crm, &Scripted::failing(error), &[log(entry())]).unwrap_err();
    assert_eq!(outcome(SendError::NotSent("a".to_owned())), Trouble::Unavailable("a".to_owned()));
    assert_eq!(outcome(SendError::NoAnswer("b".to_owned())), Trouble::Uncertain("b".to_owned()));
    let net = Scripted::failing(SendError::NoAnswer("c".to_owned()));
    assert_eq!(block_on(crm.users(&session(&net))).unwrap_err(), Trouble::Unavailable("c".to_owned()));
}

#[test]
fn a_question_the_crm_does_not_understand_is_our_fault() {
    let net = Scripted::new([(400, &error("0x80060888", "+380671234567"))]);
    let trouble = block_on(dialect(&[]).users(&session(&net))).unwrap_err();
    assert_eq!(trouble, Trouble::Malformed("0x80060888 at dataverse.systemusers.list".to_owned()));
}
