//! Tokens, quotas and the gate.

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, FaultName, FaultSpec, SimRequest, zoho};

use crate::helpers::{Bench, contact, token_request};

#[test]
fn a_token_answer_names_the_api_host_and_its_life() {
    let mut bench = Bench::new(CrmKind::Zoho);
    bench.sim.set_base_url("http://127.0.0.1:9/zoho");
    let answer = bench.token_answer();
    let body = answer.body_json();
    assert_eq!(answer.status, 200);
    assert_eq!((&body["api_domain"], &body["expires_in"]), (&json!("http://127.0.0.1:9/zoho"), &json!(3600)));
    assert!(body["access_token"].as_str().unwrap().starts_with("1000."));
}

#[test]
fn token_errors_come_with_status_200() {
    let mut bench = Bench::new(CrmKind::Zoho);
    let answer = bench.answer(&token_request("1000.unknown"));
    assert_eq!((answer.status, answer.body_json()), (200, json!({"error": "invalid_code"})));
    let stranger = SimRequest::new("POST", "/oauth/v2/token?grant_type=refresh_token&client_id=x&client_secret=y");
    let answer = bench.answer(&stranger);
    assert_eq!((answer.status, answer.body_json()), (200, json!({"error": "invalid_client"})));
}

#[test]
fn a_grant_code_gives_a_refresh_token_once() {
    let mut bench = Bench::new(CrmKind::Zoho);
    let request = SimRequest::new("POST", "/oauth/v2/token").form(&[
        ("grant_type", "authorization_code"),
        ("client_id", zoho::SANDBOX_CLIENT_ID),
        ("client_secret", zoho::SANDBOX_CLIENT_SECRET),
        ("code", zoho::SANDBOX_GRANT_CODE),
    ]);
    let refresh = bench.answer(&request).body_json()["refresh_token"].as_str().unwrap().to_owned();
    assert!(bench.answer(&token_request(&refresh)).body_json()["access_token"].is_string());
    assert_eq!(bench.answer(&request).body_json(), json!({"error": "invalid_code"}));
}

#[test]
fn an_eleventh_refresh_in_ten_minutes_is_denied_and_prolongs_the_denial() {
    let mut bench = Bench::new(CrmKind::Zoho);
    for _ in 0..10 {
        assert_eq!(bench.token_answer().status, 200);
    }
    bench.wait(9 * 60_000);
    let denied = bench.token_answer();
    assert_eq!((denied.status, &denied.body_json()["error"]), (400, &json!("Access Denied")));
    bench.wait(61_000);
    assert_eq!(bench.token_answer().status, 200);
}

#[test]
fn a_token_lives_an_hour() {
    let mut bench = Bench::zoho();
    bench.wait(3_599_000);
    assert_eq!(bench.call("GET", "/users", Value::Null).0, 200);
    bench.wait(1_000);
    let (status, body) = bench.call("GET", "/users", Value::Null);
    assert_eq!(
        (status, &body["code"], &body["message"]),
        (401, &json!("INVALID_TOKEN"), &json!("invalid oauth token"))
    );
}

#[test]
fn a_sixteenth_live_token_kills_the_oldest() {
    let mut bench = Bench::zoho();
    let oldest = bench.zoho_request("GET", "/users", &Value::Null);
    for round in 0..15 {
        if round == 8 {
            bench.wait(11 * 60_000);
        }
        assert_eq!(bench.answer(&oldest).status, 200, "round {round}");
        bench.refresh();
    }
    assert_eq!(bench.answer(&oldest).status, 401);
}

#[test]
fn a_bearer_header_is_refused() {
    let mut bench = Bench::zoho();
    let token = bench.token_answer().body_json()["access_token"].as_str().unwrap().to_owned();
    let bearer = SimRequest::new("GET", "/crm/v8/users").header("Authorization", &format!("Bearer {token}"));
    let answer = bench.answer(&bearer);
    assert_eq!((answer.status, &answer.body_json()["code"]), (401, &json!("AUTHENTICATION_FAILURE")));
}

#[test]
fn a_revoked_refresh_token_gives_no_more_tokens() {
    let mut bench = Bench::zoho();
    let revoke = format!("/oauth/v2/token/revoke?token={}", zoho::SANDBOX_REFRESH_TOKEN);
    assert_eq!(bench.answer(&SimRequest::new("POST", &revoke)).status, 200);
    assert_eq!(bench.token_answer().body_json(), json!({"error": "invalid_code"}));
    assert_eq!(bench.call("GET", "/users", Value::Null).0, 401);
}

#[test]
fn requests_at_once_are_limited_and_a_composite_weighs_five() {
    let mut bench = Bench::zoho();
    bench.sim.configure(&json!({"edition": "free"})).unwrap();
    bench.sim.set_latency_ms(100);
    let query = json!({"select_query": "select id from Contacts where id = '1'"});
    let sub = json!({"sub_request_id": "a", "method": "POST", "uri": "/crm/v8/coql", "body": query});
    let composite = json!({"__composite_requests": [sub]});
    assert_eq!(bench.call("POST", "/__composite_requests", composite).0, 200);
    let (status, body) = bench.call("GET", "/users", Value::Null);
    assert_eq!((status, &body["code"]), (429, &json!("TOO_MANY_REQUESTS")));
    bench.wait(100);
    assert_eq!(bench.call("GET", "/users", Value::Null).0, 200);
}

#[test]
fn credits_are_named_from_half_of_the_quota_and_refused_behind_it() {
    let mut bench = Bench::zoho();
    bench.sim.configure(&json!({"daily_credits": 4})).unwrap();
    let request = bench.zoho_request("GET", "/users", &Value::Null);
    let left = |bench: &mut Bench| {
        let answer = bench.answer(&request);
        (
            answer.status,
            answer.headers.iter().find(|(name, _)| name == "x-api-credits-remaining").map(|(_, left)| left.clone()),
        )
    };
    assert_eq!(left(&mut bench), (200, None));
    assert_eq!(left(&mut bench), (200, Some("2".to_owned())));
    assert_eq!(left(&mut bench), (200, Some("1".to_owned())));
    assert_eq!(left(&mut bench), (200, Some("0".to_owned())));
    assert_eq!(left(&mut bench), (429, Some("0".to_owned())));
    bench.wait(24 * 3_600_000);
    bench.refresh();
    assert_eq!(bench.call("GET", "/users", Value::Null).0, 200);
}

#[test]
fn writes_cost_a_credit_per_ten_records() {
    let mut bench = Bench::zoho();
    let records: Vec<Value> = (0..21).map(|n| contact("+380670000000", &format!("key{n}"))).collect();
    assert_eq!(bench.call("POST", "/Contacts", json!({"data": records})).0, 201);
    assert_eq!(bench.sim.counts().by_credit["api_credits"], 3);
    assert_eq!(bench.sim.counts().route("POST /crm/v8/Contacts"), 1);
}

#[test]
fn an_unknown_path_or_module_or_method_is_named_as_such() {
    let mut bench = Bench::zoho();
    let code = |(status, body): (u16, Value)| (status, body["code"].as_str().unwrap().to_owned());
    assert_eq!(code(bench.call("GET", "/Contacts/1/2/3", Value::Null)), (404, "INVALID_URL_PATTERN".to_owned()));
    assert_eq!(code(bench.call("POST", "/Kontakte", json!({"data": [{}]}))), (400, "INVALID_MODULE".to_owned()));
    assert_eq!(code(bench.call("PATCH", "/Contacts", json!({}))), (400, "INVALID_REQUEST_METHOD".to_owned()));
    bench.fault(FaultSpec::new(FaultName::PermissionDenied).times(1));
    let (status, body) = bench.call("GET", "/Leads/1", Value::Null);
    assert_eq!((status, &body["details"]["permissions"][0]), (403, &json!("Crm_Implied_View_Leads")));
}
