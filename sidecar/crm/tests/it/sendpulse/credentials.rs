//! Tokens and keys.

use std::time::Duration;

use futures::executor::block_on;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tieline_crm::{CrmKind, Dialect, Grant, Method, Session, Trouble, transport::SendError};
use tieline_engine::record::Kind;

use super::{ask, body, caller, caller_fields, connect, create, dialect, session, try_step};
use crate::scripted::Scripted;

fn app() -> Box<dyn Dialect> {
    let connect = connect(&[("client_id", "app-1")], &[("client_secret", "s-1")]);
    tieline_crm::connect(CrmKind::Sendpulse, &connect).unwrap()
}

fn refused(status: u16, body: &str) -> Trouble {
    block_on(app().grant(&Scripted::new([(status, body)]))).unwrap_err()
}

#[test]
fn an_application_gets_a_token_of_an_hour() {
    let net = Scripted::new([(200, r#"{"access_token":"t-1","token_type":"Bearer","expires_in":3600}"#)]);
    let grant = block_on(app().grant(&net)).unwrap().unwrap();
    assert_eq!((grant.token.expose_secret(), grant.lives), ("t-1", Duration::from_secs(3600)));
    let sent = &net.sent()[0];
    assert_eq!((sent.method, sent.url.as_str()), (Method::Post, "https://api.sendpulse.com/oauth/access_token"));
    let expected = json!({"grant_type": "client_credentials", "client_id": "app-1", "client_secret": "s-1"});
    assert_eq!((body(sent), &sent.authorization), (expected, &None));
    let net = Scripted::new([(200, r#"{"access_token":"t-1"}"#)]);
    assert_eq!(block_on(app().grant(&net)).unwrap().unwrap().lives, Duration::from_secs(3600));
}

#[test]
fn a_refused_application_is_dead_and_other_failures_are_not() {
    let invalid = r#"{"error":"invalid_client","error_description":"Client authentication failed","message":"x"}"#;
    for (status, body) in [(401, invalid), (400, invalid), (401, "{}"), (403, "")] {
        assert!(matches!(refused(status, body), Trouble::CredentialsDead(_)), "{status}");
    }
    assert_eq!(refused(429, ""), Trouble::RateLimited { retry_after: None });
    for (status, body) in [(500, ""), (502, "<html>"), (200, "<html>"), (200, "{}")] {
        assert!(matches!(refused(status, body), Trouble::Unavailable(_)), "{status}");
    }
    for (status, body) in [(400, r#"{"error":"unsupported_grant_type"}"#), (404, ""), (302, "")] {
        assert!(matches!(refused(status, body), Trouble::Malformed(_)), "{status}");
    }
    let lost = Scripted::failing(SendError::NoAnswer("timed out".to_owned()));
    assert!(matches!(block_on(app().grant(&lost)), Err(Trouble::Unavailable(_))));
}

#[test]
fn a_static_key_needs_no_token_and_signs_every_request() {
    let net = Scripted::new([(200, r#"{"data":{"id":5}}"#)]);
    let crm = dialect(&[]);
    assert!(block_on(crm.grant(&net)).unwrap().is_none());
    try_step(&*crm, &net, &create(Kind::Contact, caller_fields(), None)).unwrap();
    assert_eq!(net.sent()[0].authorization.as_deref(), Some("authorization: Bearer key-1"));
}

#[test]
fn a_token_signs_the_requests_of_an_application() {
    let grant = Grant { token: SecretString::from("t-1"), lives: Duration::from_secs(3600), api_base: None };
    let net = Scripted::new([(200, r#"{"data":{"list":[],"total":0}}"#), (401, r#"{"error_code":401}"#)]);
    let crm = app();
    let signed = Session { token: Some(&grant), ..session(&net) };
    let question = ask(Some(caller()), Vec::new());
    block_on(crm.look_up(&signed, &question)).unwrap();
    assert_eq!(net.sent()[0].authorization.as_deref(), Some("authorization: Bearer t-1"));
    assert_eq!(block_on(crm.look_up(&signed, &question)), Err(Trouble::TokenExpired));
    assert_eq!(block_on(crm.look_up(&session(&net), &question)), Err(Trouble::TokenExpired));
}

#[test]
fn another_address_may_stand_for_the_api() {
    let crm = dialect(&[("url", "http://localhost:4010/crm/v1/")]);
    let net = Scripted::new([(200, r#"{"data":{"id":5}}"#)]);
    try_step(&*crm, &net, &create(Kind::Contact, caller_fields(), None)).unwrap();
    assert_eq!(net.sent()[0].url, "http://localhost:4010/crm/v1/contacts");
}
