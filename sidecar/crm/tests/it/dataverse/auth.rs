//! Tokens (dataverse.md 3).

use std::{collections::BTreeMap, time::Duration};

use futures::executor::block_on;
use secrecy::ExposeSecret as _;
use tieline_crm::{Grant, SendError, Trouble};

use super::{always, dialect};
use crate::scripted::Scripted;

fn refused(status: u16, body: &str) -> Trouble {
    block_on(dialect(&[]).grant(&Scripted::new([(status, body)]))).unwrap_err()
}

fn granted(body: &str) -> Grant {
    block_on(dialect(&[]).grant(&Scripted::new([(200, body)]))).unwrap().unwrap()
}

#[test]
fn a_token_is_asked_for_with_the_applications_own_credentials() {
    let net = Scripted::new([(200, r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ"}"#)]);
    block_on(dialect(&[]).grant(&net)).unwrap();
    let sent = net.sent().remove(0);
    assert_eq!(sent.url, "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token");
    assert_eq!(sent.authorization, None);
    let form: BTreeMap<String, String> = serde_urlencoded::from_str(&sent.body).unwrap();
    let wanted = [
        ("client_id", "app-1"),
        ("client_secret", "s-1"),
        ("grant_type", "client_credentials"),
        ("scope", "https://contoso.crm4.dynamics.com/.default"),
    ];
    assert_eq!(form, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
}

#[test]
fn a_token_lives_as_long_as_the_answer_says_in_number_or_text() {
    let grant = granted(r#"{"access_token":"eyJ","expires_in":"600"}"#);
    assert_eq!((grant.token.expose_secret(), grant.lives), ("eyJ", Duration::from_secs(600)));
    assert_eq!(granted(r#"{"access_token":"eyJ","expires_in":1200}"#).lives, Duration::from_secs(1200));
    assert_eq!(granted(r#"{"access_token":"eyJ"}"#).lives, Duration::from_secs(3599));
}

#[test]
fn credentials_only_a_person_can_mend_are_dead() {
    let body = r#"{"error":"invalid_grant","error_description":"AADSTS9002313: secret words","error_codes":[9002313]}"#;
    assert_eq!(refused(400, body), Trouble::CredentialsDead("invalid_grant AADSTS9002313".to_owned()));
    let unknown_app = r#"{"error":"unauthorized_client","error_codes":[700016]}"#;
    assert_eq!(refused(400, unknown_app), Trouble::CredentialsDead("unauthorized_client AADSTS700016".to_owned()));
    assert!(matches!(refused(401, r#"{"error":"invalid_client"}"#), Trouble::CredentialsDead(_)));
    assert!(matches!(refused(401, "<html>"), Trouble::CredentialsDead(_)));
    assert!(matches!(refused(404, ""), Trouble::CredentialsDead(_)));
}

#[test]
fn a_login_server_in_trouble_is_asked_again_later() {
    assert!(matches!(refused(500, ""), Trouble::Unavailable(_)));
    assert!(matches!(refused(200, "<html>"), Trouble::Unavailable(_)));
    assert!(matches!(refused(400, r#"{"error":"temporarily_unavailable"}"#), Trouble::Unavailable(_)));
    let lost = Scripted::failing(SendError::NoAnswer("cut".to_owned()));
    assert_eq!(block_on(dialect(&[]).grant(&lost)).unwrap_err(), Trouble::Unavailable("cut".to_owned()));
    let busy = always(429, &[("retry-after", "7")], "");
    let limited = Trouble::RateLimited { retry_after: Some(Duration::from_secs(7)) };
    assert_eq!(block_on(dialect(&[]).grant(&busy)).unwrap_err(), limited);
}

#[test]
fn the_login_server_can_be_another_one() {
    let net = Scripted::new([(200, r#"{"access_token":"eyJ"}"#)]);
    block_on(dialect(&[("login_url", "http://localhost:8080")]).grant(&net)).unwrap();
    assert_eq!(net.sent()[0].url, "http://localhost:8080/contoso.onmicrosoft.com/oauth2/v2.0/token");
}
