//! Faults as Dataverse words them.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec, SimReply, dataverse};

use super::{ANNA, Org, token_request};

fn code(org: &mut Org) -> (u16, String) {
    org.refused("GET", "contacts", &Value::Null)
}

#[test]
fn throttling_names_its_code_and_the_seconds_to_wait() {
    let mut org = Org::new();
    for (name, wanted) in [("requests", "0x80072322"), ("time", "0x80072321"), ("concurrency", "0x80072326")] {
        org.configure(json!({"rate_limit_code": name}));
        org.bench.fault(FaultSpec::new(FaultName::RateLimit).times(1).ms(30_000));
        let answer = org.bench.answer(&org.request("GET", "contacts"));
        assert_eq!((answer.status, &answer.body_json()["error"]["code"]), (429, &json!(wanted)));
        assert!(answer.headers.contains(&("retry-after".to_owned(), "30".to_owned())));
    }
    assert_eq!(org.get("contacts").0, 200);
}

#[test]
fn an_expired_token_is_mended_by_signing_in_and_a_revoked_secret_is_not() {
    let mut org = Org::new();
    org.bench.fault(FaultSpec::new(FaultName::TokenExpired).times(1));
    assert_eq!((org.get("contacts").0, org.get("contacts").0), (401, 401));
    org.sign_in();
    assert_eq!(org.get("contacts").0, 200);
    org.bench.fault(FaultSpec::new(FaultName::TokenRevoked));
    assert_eq!(org.get("contacts").0, 401);
    let answer = org.bench.answer(&token_request(dataverse::SANDBOX_CLIENT_SECRET));
    assert_eq!((answer.status, &answer.body_json()["error_codes"]), (401, &json!([7_000_222])));
}

#[test]
fn an_unknown_app_a_missing_right_and_an_error_inside_are_told_apart() {
    let mut org = Org::new();
    for (fault, wanted) in [
        (FaultName::UnknownAccount, (403, "0x80072560".to_owned())),
        (FaultName::PermissionDenied, (403, "0x80040220".to_owned())),
        (FaultName::InternalError, (500, "0x80040216".to_owned())),
    ] {
        org.bench.fault(FaultSpec::new(fault).times(1));
        assert_eq!(code(&mut org), wanted);
    }
    org.bench.fault(FaultSpec::new(FaultName::UnknownAccount).times(1));
    let answer = org.bench.answer(&token_request(dataverse::SANDBOX_CLIENT_SECRET));
    assert_eq!((answer.status, &answer.body_json()["error_codes"]), (400, &json!([700_016])));
}

#[test]
fn a_lost_reply_of_a_create_shows_as_there_already_on_the_retry() {
    let mut org = Org::new();
    org.bench.fault(FaultSpec::new(FaultName::LostReply).times(1).path("contacts"));
    let request = org.request("PATCH", &format!("contacts({ANNA})")).header("if-none-match", "*").json(&json!({}));
    assert!(matches!(org.bench.send(&request), SimReply::Dropped { committed: true, .. }));
    assert_eq!(org.bench.answer(&request).status, 412);
    assert_eq!(org.bench.sim.audit().totals["contacts"], 1);
}

#[test]
fn a_partial_failure_hits_the_end_of_a_batch_and_undoes_its_change_set() {
    let mut org = Org::new();
    org.bench.fault(FaultSpec::new(FaultName::PartialFailure).times(1));
    let part = |id: u32| {
        format!(
            "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {id}\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{}}\r\n"
        )
    };
    let body =
        format!("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{}{}--c--\r\n--b--\r\n", part(1), part(2));
    let (status, text) = org.batch(&body);
    assert!(status == 400 && text.contains("HTTP/1.1 500 Internal Server Error"), "{text}");
    assert_eq!(org.bench.sim.audit().totals["contacts"], 0);
    assert_eq!(org.batch(&body).0, 200);
}

#[test]
fn a_column_made_mandatory_is_missed_and_pages_of_proxies_are_html() {
    let mut org = Org::new();
    let fault = json!({"name": "missing_required_field", "module": "contacts", "field": "lastname"});
    org.bench.fault(serde_json::from_value(fault).unwrap());
    assert_eq!(org.refused("POST", "contacts", &json!({"telephone1": "1"})).0, 400);
    assert_eq!(org.send("POST", "contacts", &json!({"lastname": "A"})).0, 204);
    assert_eq!(org.send("POST", "phonecalls", &json!({})).0, 204);
    for (fault, status) in [(FaultName::HtmlErrorPage, 502), (FaultName::Outage, 503)] {
        org.bench.fault(FaultSpec::new(fault).times(1));
        let answer = org.bench.answer(&org.request("GET", "contacts"));
        assert_eq!(answer.status, status);
        assert!(answer.body.starts_with(b"<html>"));
    }
}
