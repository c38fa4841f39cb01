//! Tokens (zoho.md 2).

use std::time::Duration;

use futures::executor::block_on;
use secrecy::ExposeSecret as _;
use tieline_crm::{
    Grant, Method, Request, Response, SendError, Session, Transport, Trouble,
    dialect::{Left, Limit, Meter},
    transport::BoxFuture,
};
use tieline_engine::{
    jiff::tz::TimeZone,
    lookup::LookUp,
    reason::{Reason, ReasonCode},
};

use super::support::{dialect, entry, in_session, learned, log_call, now, perform, written};
use crate::scripted::Scripted;

fn grant(more: &[(&str, &str)], net: &Scripted) -> Result<Grant, Trouble> {
    block_on(dialect(more).grant(net)).map(|grant| grant.expect("this CRM gives tokens"))
}

#[test]
fn a_refresh_token_is_exchanged_at_the_accounts_host() {
    let net = Scripted::new([(
        200,
        r#"{"access_token":"1000.a","scope":"x","api_domain":"https://www.zohoapis.eu","token_type":"Bearer","expires_in":1800}"#,
    )]);
    let grant = grant(&[], &net).unwrap();
    assert_eq!(grant.token.expose_secret(), "1000.a");
    assert_eq!(grant.lives, Duration::from_secs(1800));
    assert_eq!(grant.api_base.as_deref(), Some("https://www.zohoapis.eu"));
    let sent = &net.sent()[0];
    assert_eq!((sent.method, sent.name), (Method::Post, "zoho.token"));
    assert_eq!(sent.url, "https://accounts.zoho.eu/oauth/v2/token");
    assert_eq!(
        sent.body,
        "grant_type=refresh_token&client_id=1000.CLIENT&client_secret=s%26cret&refresh_token=1000.refresh"
    );
    assert_eq!(sent.headers, [("content-type", "application/x-www-form-urlencoded".to_owned())]);
    assert_eq!(sent.authorization, None);
}

#[test]
fn a_token_without_a_term_lives_an_hour() {
    let net = Scripted::new([(200, r#"{"access_token":"1000.a"}"#)]);
    let grant = grant(&[], &net).unwrap();
    assert_eq!((grant.lives, grant.api_base), (Duration::from_secs(3600), None));
}

#[test]
fn an_api_host_is_taken_when_it_is_one_of_zoho_s_or_of_the_settings_only() {
    let base = |domain: &str, more: &[(&str, &str)]| {
        let answer = format!(r#"{{"access_token":"1000.a","api_domain":"{domain}"}}"#);
        grant(more, &Scripted::new([(200, &*answer)])).unwrap().api_base
    };
    for own in ["https://www.zohoapis.eu", "https://www.zohoapis.com.au", "https://sandbox.zohoapis.com"] {
        assert_eq!(base(own, &[]).as_deref(), Some(own));
    }
    for other in [
        "http://www.zohoapis.eu",
        "https://169.254.169.254",
        "https://zohoapis.eu.example",
        "https://www.zohoapis.eu@crm.example",
        "http://127.0.0.1:9/",
    ] {
        assert_eq!(base(other, &[]), None, "{other}");
    }
    let own = [("accounts_url", "http://127.0.0.1:9")];
    assert_eq!(base("http://127.0.0.1:9/", &own).as_deref(), Some("http://127.0.0.1:9"));
    assert_eq!(base("http://127.0.0.1:8/", &own), None);
}

#[test]
fn z_17_dead_credentials_come_with_status_200() {
    for error in ["invalid_code", "invalid_client"] {
        let net = Scripted::new([(200, &*format!(r#"{{"error":"{error}"}}"#))]);
        assert_eq!(grant(&[], &net).unwrap_err(), Trouble::CredentialsDead(error.to_owned()));
    }
}

#[test]
fn too_many_refreshes_wait_ten_minutes_and_break_nothing() {
    let text = r#"{"error_description":"You have made too many requests continuously.","error":"Access Denied"}"#;
    let expected = Trouble::RateLimited { retry_after: Some(Duration::from_secs(600)) };
    assert_eq!(grant(&[], &Scripted::new([(400, text)])).unwrap_err(), expected);
    assert_eq!(grant(&[], &Scripted::new([(429, "")])).unwrap_err(), expected);
}

#[test]
fn a_token_request_that_brings_nothing_readable_is_repeated_later() {
    let unavailable = |net: &Scripted| matches!(grant(&[], net).unwrap_err(), Trouble::Unavailable(_));
    assert!(unavailable(&Scripted::new([(502, "<html>")])));
    assert!(unavailable(&Scripted::new([(200, "<html>")])));
    assert!(unavailable(&Scripted::failing(SendError::NoAnswer("cut".to_owned()))));
    let net = Scripted::new([(200, r#"{"error":"general_error"}"#)]);
    assert!(matches!(grant(&[], &net).unwrap_err(), Trouble::Malformed(_)));
}

#[test]
fn requests_carry_zohos_own_kind_of_token() {
    let net = Scripted::new([(201, written("1").as_str())]);
    perform(&*dialect(&[]), &net, &[log_call(entry())]).unwrap();
    let sent = &net.sent()[0];
    assert_eq!(sent.authorization.as_deref(), Some("authorization: Zoho-oauthtoken 1000.access"));
    assert_eq!(sent.headers, [("content-type", "application/json".to_owned())]);
    assert_eq!(sent.url, "https://www.zohoapis.eu/crm/v8/Calls");
}

#[test]
fn a_configured_api_host_goes_before_the_one_named_with_the_token() {
    let net = Scripted::new([(201, written("1").as_str())]);
    perform(&*dialect(&[("api_url", "https://developer.zohoapis.eu/")]), &net, &[log_call(entry())]).unwrap();
    assert_eq!(net.sent()[0].url, "https://developer.zohoapis.eu/crm/v8/Calls");
}

#[test]
fn without_a_host_the_data_centres_is_used_and_without_a_token_one_is_asked_for() {
    let zone = TimeZone::UTC;
    let net = Scripted::new([(201, written("1").as_str())]);
    let grant = Grant { token: "t".to_owned().into(), lives: Duration::from_secs(1), api_base: None };
    let steps = [log_call(entry())];
    let session = Session { net: &net, token: Some(&grant), now: now(), zone: &zone };
    block_on(dialect(&[("data_center", "ca")]).perform(&session, &steps)).unwrap();
    assert_eq!(net.sent()[0].url, "https://www.zohoapis.ca/crm/v8/Calls");
    let session = Session { token: None, ..session };
    assert_eq!(block_on(dialect(&[]).perform(&session, &steps)).unwrap_err(), Trouble::TokenExpired);
}

#[test]
fn a_look_up_with_nothing_to_ask_sends_nothing() {
    let net = Scripted::new([]);
    let ask = LookUp { client: None, marks: Vec::new(), fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) };
    let found = in_session(&net, |session| block_on(learned(&[]).look_up(session, &ask))).unwrap();
    assert_eq!(found.at, now());
    assert!(net.sent().is_empty());
}

/// Answers everything with one status and one header.
struct Headed(u16, &'static str, &'static str);

impl Transport for Headed {
    fn send<'a>(&'a self, _: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let headers = vec![(self.1.to_owned(), self.2.to_owned())];
        Box::pin(std::future::ready(Ok(Response { status: self.0, headers, body: Vec::new() })))
    }
}

#[test]
fn a_shorter_wait_than_ten_minutes_is_not_believed_of_the_token_host() {
    let wait = |seconds| block_on(dialect(&[]).grant(&Headed(429, "retry-after", seconds))).unwrap_err();
    assert_eq!(wait("5"), Trouble::RateLimited { retry_after: Some(Duration::from_secs(600)) });
    assert_eq!(wait("900"), Trouble::RateLimited { retry_after: Some(Duration::from_secs(900)) });
}

#[test]
fn the_meter_tells_credits_from_requests_at_once_and_how_many_credits_there_are_at_least() {
    let meter = |status, headers: &[(&str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        dialect(&[]).meter(&Response { status, headers, body: body.as_bytes().to_vec() })
    };
    let gone = meter(429, &[("x-api-credits-remaining", "0")], "");
    assert_eq!((gone.refused, gone.wait), (Some(Limit::Budget), Some(Duration::from_secs(900))));
    let code =
        r#"{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests. Please try again later.","status":"error"}"#;
    for (status, body) in [(429, ""), (429, code), (400, code), (503, "rate limit")] {
        assert_eq!(meter(status, &[], body).refused, Some(Limit::Concurrency), "{status}");
    }
    for (status, body) in [(200, "{}"), (400, r#"{"code":"LIMIT_EXCEEDED"}"#), (503, "down"), (500, "<html>")] {
        assert_eq!(meter(status, &[], body), Meter::default(), "{status}");
    }
    let told = meter(200, &[("x-api-credits-remaining", "20000")], "{}");
    assert_eq!(told.left, [Left { of_at_least: Some(40_000.0), ..Left::of("credits", 20_000.0) }]);
}

#[test]
fn when_the_days_credits_are_gone_the_wait_is_long() {
    let users = |net: &dyn Transport| {
        let grant = Grant { token: "t".to_owned().into(), lives: Duration::from_secs(1), api_base: None };
        let zone = TimeZone::UTC;
        let session = Session { net, token: Some(&grant), now: now(), zone: &zone };
        block_on(dialect(&[]).users(&session)).unwrap_err()
    };
    let wait = |seconds| Trouble::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
    assert_eq!(users(&Headed(429, "x-api-credits-remaining", "0")), wait(900));
    assert_eq!(users(&Headed(429, "x-api-credits-remaining", "7")), Trouble::RateLimited { retry_after: None });
    assert_eq!(users(&Headed(429, "retry-after", "3")), wait(3));
}
