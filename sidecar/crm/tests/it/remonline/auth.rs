//! Keys and tokens of the three generations.

use std::time::Duration;

use futures::executor::block_on;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tieline_crm::{Session, Trouble, transport::SendError};
use tieline_engine::{record::Kind, step::Fields};

use super::{KYIV, MADE, NOBODY, ask, asked, at, body, caller, create, dialect, line, look_up, perform, try_step};
use crate::scripted::Scripted;

#[test]
fn the_newer_generations_send_the_key_itself() {
    for api in ["bearer", "v2"] {
        let crm = dialect(&[("api", api)]);
        let net = Scripted::new([]);
        assert!(block_on(crm.grant(&net)).unwrap().is_none());
        let (_, sent) = perform(&*crm, &create(Kind::Contact, Fields::default(), None), 201, r#"{"id":1}"#);
        assert_eq!(sent.authorization.as_deref(), Some("Authorization: Bearer key-1"));
        assert!(!sent.url.contains("key-1") && !sent.body.contains("key-1"));
    }
}

#[test]
fn the_first_generation_exchanges_the_key_for_a_token_of_ten_minutes() {
    let net = Scripted::new([(200, r#"{"token":"0123abcd","success":true}"#)]);
    let grant = block_on(dialect(&[("api", "token")]).grant(&net)).unwrap().unwrap();
    assert_eq!((grant.token.expose_secret(), grant.lives), ("0123abcd", Duration::from_secs(600)));
    let sent = &net.sent()[0];
    assert_eq!(line(sent), "POST /token/new");
    assert_eq!(body(sent), json!({"api_key": "key-1"}));
    assert_eq!(sent.authorization, None);
}

#[test]
fn the_token_is_in_the_query_of_reads_and_in_the_body_of_writes() {
    let crm = dialect(&[("api", "token")]);
    let net = Scripted::new([(200, NOBODY), (200, NOBODY)]);
    look_up(&*crm, &net, &ask(Some(caller()), Vec::new())).unwrap();
    assert!(asked(&net).iter().all(|url| url.ends_with("&token=tok-1")));
    let (_, sent) = perform(&*crm, &create(Kind::Contact, Fields::default(), None), 200, MADE);
    assert_eq!((line(&sent).as_str(), sent.authorization.as_deref()), ("POST /clients/", None));
    assert_eq!(body(&sent)["token"], "tok-1");
}

#[test]
fn without_a_token_the_first_generation_asks_for_one() {
    let crm = dialect(&[("api", "token")]);
    let net = Scripted::new([]);
    let session = Session { net: &net, token: None, now: at("2026-01-15T10:00:00Z"), zone: &KYIV };
    let steps = [create(Kind::Contact, Fields::default(), None)];
    assert_eq!(block_on(crm.perform(&session, &steps)), Err(Trouble::TokenExpired));
}

#[test]
fn a_lost_token_is_got_again_and_a_lost_key_is_dead() {
    let (token, bearer) = (dialect(&[("api", "token")]), dialect(&[]));
    let step = create(Kind::Contact, Fields::default(), None);
    let refusals = [
        (403, r#"{"success":false,"code":101,"message":"bad token"}"#),
        (401, r#"{"success":false,"code":401,"message":"bad token"}"#),
        (400, r#"{"success":false,"code":100,"message":"no token"}"#),
    ];
    for (status, text) in refusals {
        let net = Scripted::new([(status, text)]);
        assert_eq!(try_step(&*token, &net, &step), Err(Trouble::TokenExpired), "{text}");
        let net = Scripted::new([(status, text)]);
        assert!(matches!(try_step(&*bearer, &net, &step), Err(Trouble::CredentialsDead(_))), "{text}");
    }
}

#[test]
fn a_dead_key_is_told_apart_from_a_request_for_a_token_that_got_lost() {
    let crm = dialect(&[("api", "token")]);
    let trouble = |status: u16, text: &str| block_on(crm.grant(&Scripted::new([(status, text)]))).unwrap_err();
    for (status, code) in [(401, 111), (400, 110), (401, 401)] {
        let text = json!({"success": false, "code": code, "message": "Unable to log you in."}).to_string();
        assert!(matches!(trouble(status, &text), Trouble::CredentialsDead(_)), "{text}");
    }
    assert!(matches!(trouble(429, ""), Trouble::RateLimited { .. }));
    assert!(matches!(trouble(502, "<html>"), Trouble::Unavailable(_)));
    assert!(matches!(trouble(200, r#"{"success":true}"#), Trouble::Unavailable(_)));
    assert!(matches!(trouble(404, "{}"), Trouble::Malformed(_)));
    let lost = Scripted::failing(SendError::NoAnswer("timed out".to_owned()));
    assert!(matches!(block_on(crm.grant(&lost)), Err(Trouble::Unavailable(_))));
}
