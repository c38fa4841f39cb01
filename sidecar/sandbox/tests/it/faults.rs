//! Faults: when they hit and what they do.

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, FaultName, FaultSpec, Sim, SimAnswer, SimReply, SimRequest, catalogue, dataverse};

use crate::helpers::{Bench, contact, phone_call, retail};

fn spec(json: Value) -> FaultSpec {
    serde_json::from_value(json).unwrap()
}

fn users(bench: &mut Bench) -> (u16, Value) {
    bench.call("GET", "/users", Value::Null)
}

#[test]
fn a_lost_reply_is_carried_out_and_a_lost_request_is_not() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::LostReply).times(1));
    let request = bench.zoho_request("POST", "/Calls", &json!({"data": [phone_call("[tl:1]")]}));
    assert_eq!(bench.send(&request), SimReply::Dropped { committed: true, delay_ms: 0 });
    assert_eq!(bench.sim.audit().totals["Calls"], 1);
    assert!(matches!(bench.send(&request), SimReply::Answer(_)));
    assert_eq!(bench.sim.audit().doubled_calls[0].key, "[tl:1]");
    bench.fault(FaultSpec::new(FaultName::LostRequest).times(1));
    assert_eq!(bench.send(&request), SimReply::Dropped { committed: false, delay_ms: 0 });
    assert_eq!(bench.sim.audit().totals["Calls"], 2);
}

#[test]
fn a_lost_reply_spares_reads() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::LostReply));
    assert_eq!(users(&mut bench).0, 200);
    assert_eq!(bench.coql("select id from Contacts where id = '1'").0, 204);
}

#[test]
fn a_lost_reply_of_a_call_upload_shows_as_a_duplicate_on_the_retry() {
    let mut bench = Bench::retailcrm();
    bench.fault(FaultSpec::new(FaultName::LostReply).times(1).path("/telephony/"));
    let call =
        json!([{"date": "2026-03-02 11:00:00", "type": "in", "phone": "1", "result": "answered", "externalId": "a"}]);
    let text = call.to_string();
    let request = retail("POST", "/telephony/calls/upload").form(&[("calls", &text)]);
    assert!(matches!(bench.send(&request), SimReply::Dropped { committed: true, .. }));
    assert_eq!(bench.answer(&request).body_json()["duplicateCalls"], json!(["a"]));
}

#[test]
fn rate_limits_are_worded_as_each_crm_does_and_end_after_their_times() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::RateLimit).times(2));
    assert_eq!((users(&mut bench).0, users(&mut bench).1["code"].clone()), (429, json!("TOO_MANY_REQUESTS")));
    assert_eq!(users(&mut bench).0, 200);
    let mut bench = Bench::retailcrm();
    bench.fault(FaultSpec::new(FaultName::RateLimit).times(1));
    assert_eq!(bench.get("/users").1["errorMsg"], json!("Rate limit exceeded"));
    assert_eq!(bench.get("/users").0, 200);
}

#[test]
fn an_outage_lasts_its_seconds_from_its_start() {
    let mut bench = Bench::zoho();
    bench.fault(spec(json!({"name": "outage", "after_seconds": 10, "for_seconds": 30})));
    assert_eq!(users(&mut bench).0, 200);
    bench.wait(10_000);
    assert_eq!((users(&mut bench).0, users(&mut bench).1["code"].clone()), (503, json!("SERVICE_UNAVAILABLE")));
    bench.wait(30_000);
    assert_eq!(users(&mut bench).0, 200);
}

#[test]
fn an_outage_can_cut_the_connection() {
    let mut bench = Bench::retailcrm();
    bench.fault(spec(json!({"name": "outage", "mode": "cut", "times": 1})));
    assert_eq!(bench.send(&retail("GET", "/users")), SimReply::Dropped { committed: false, delay_ms: 0 });
    bench.fault(FaultSpec::new(FaultName::Outage).times(1));
    assert_eq!(bench.answer(&retail("GET", "/users")).status, 503);
}

#[test]
fn an_expired_token_is_mended_by_a_refresh_and_a_revoked_one_is_not() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::TokenExpired).times(1));
    assert_eq!(users(&mut bench).1["code"], json!("INVALID_TOKEN"));
    assert_eq!(users(&mut bench).0, 401);
    bench.refresh();
    assert_eq!(users(&mut bench).0, 200);
    bench.fault(FaultSpec::new(FaultName::TokenRevoked));
    assert_eq!(users(&mut bench).0, 401);
    let answer = bench.token_answer();
    assert_eq!((answer.status, answer.body_json()), (200, json!({"error": "invalid_code"})));
    bench.sim.clear_fault(FaultName::TokenRevoked);
    assert_eq!(users(&mut bench).0, 200);
}

#[test]
fn the_faults_of_the_token_server_and_the_scope_have_their_own_words() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::TokenThrottled).times(1));
    assert_eq!(bench.token_answer().body_json()["error"], json!("Access Denied"));
    bench.fault(FaultSpec::new(FaultName::UnknownAccount).times(1));
    assert_eq!(bench.token_answer().body_json()["error"], json!("invalid_client"));
    bench.fault(FaultSpec::new(FaultName::ScopeMissing).times(1));
    let (status, body) = users(&mut bench);
    assert_eq!((status, &body["code"]), (401, &json!("OAUTH_SCOPE_MISMATCH")));
}

#[test]
fn a_revoked_key_a_denied_right_and_an_unknown_account_are_told_apart() {
    let mut bench = Bench::retailcrm();
    for (fault, text) in
        [(FaultName::TokenRevoked, "Wrong \"apiKey\" value."), (FaultName::PermissionDenied, "Access denied.")]
    {
        bench.fault(FaultSpec::new(fault).times(1));
        let (status, body) = bench.get("/users");
        assert_eq!((status, &body["errorMsg"]), (403, &json!(text)));
    }
    bench.fault(FaultSpec::new(FaultName::UnknownAccount).times(1));
    let answer = bench.answer(&retail("GET", "/users"));
    assert_eq!(answer.status, 404);
    assert!(answer.body.starts_with(b"<html>"));
}

#[test]
fn an_html_page_and_an_internal_error_carry_nothing_out() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::HtmlErrorPage).times(1));
    let request = bench.zoho_request("POST", "/Contacts", &json!({"data": [contact("1234567", "1")]}));
    let answer = bench.answer(&request);
    assert_eq!((answer.status, answer.body_json()), (502, Value::Null));
    bench.fault(FaultSpec::new(FaultName::InternalError).times(1));
    assert_eq!(bench.answer(&request).status, 500);
    assert_eq!(bench.sim.audit().totals["Contacts"], 0);
}

#[test]
fn slowness_is_told_to_whoever_owns_the_clock() {
    let mut bench = Bench::zoho();
    bench.sim.set_latency_ms(20);
    bench.fault(FaultSpec::new(FaultName::Slow).ms(700).times(1));
    let request = bench.zoho_request("GET", "/users", &Value::Null);
    assert_eq!(bench.send(&request).delay_ms(), 720);
    assert_eq!(bench.send(&request).delay_ms(), 20);
}

#[test]
fn a_partial_failure_hits_the_second_half_of_a_batch_and_the_end_of_a_composite() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::PartialFailure).times(2));
    let (status, body) = bench.call("POST", "/Calls", json!({"data": [phone_call("a"), phone_call("b")]}));
    assert_eq!((status, &body["data"][1]["code"]), (207, &json!("INTERNAL_ERROR")));
    let sub = |id: &str| json!({"sub_request_id": id, "method": "POST", "uri": "/crm/v8/Calls", "body": {"data": [phone_call(id)]}});
    let (_, body) = bench.call("POST", "/__composite_requests", json!({"__composite_requests": [sub("c"), sub("d")]}));
    let status = |index: usize| &body["__composite_requests"][index]["details"]["response"]["status_code"];
    assert_eq!((status(0), status(1)), (&json!(201), &json!(400)));
}

#[test]
fn a_field_made_mandatory_is_missed() {
    let mut bench = Bench::zoho();
    bench.fault(spec(json!({"name": "missing_required_field", "module": "Contacts", "field": "Email"})));
    let (status, item) = bench.insert("Contacts", contact("1234567", "1"));
    assert_eq!((status, &item["details"]["api_name"]), (400, &json!("Email")));
    bench.made("Leads", contact("1234567", "1"));
    let mut bench = Bench::retailcrm();
    bench.fault(spec(
        json!({"name": "missing_required_field", "module": "orders", "field": "customFields.rs_utm_source"}),
    ));
    let (status, body) = bench.post("/orders/create", "order", &json!({}));
    assert_eq!(
        (status, &body["errors"]["customFields.rs_utm_source"]),
        (400, &json!("This value should not be blank."))
    );
}

#[test]
fn faults_hit_by_turn_after_a_start_and_where_they_are_aimed() {
    let mut bench = Bench::zoho();
    bench.fault(spec(json!({"name": "rate_limit", "every_nth": 3})));
    let statuses: Vec<u16> = (0..6).map(|_| users(&mut bench).0).collect();
    assert_eq!(statuses, [200, 200, 429, 200, 200, 429]);
    bench.sim.clear_faults();
    bench.fault(spec(json!({"name": "internal_error", "skip": 1, "times": 1, "path": "GET /crm/v8/users"})));
    assert_eq!(bench.coql("select id from Contacts where id = '1'").0, 204);
    let statuses: Vec<u16> = (0..3).map(|_| users(&mut bench).0).collect();
    assert_eq!(statuses, [200, 500, 200]);
    assert_eq!(bench.sim.counts().by_fault["internal_error"], 1);
}

#[test]
fn chance_comes_from_the_seed_alone() {
    let run = |seed: u64| {
        let mut bench = Bench::new(CrmKind::RetailCrm);
        bench.sim = Sim::new(CrmKind::RetailCrm, seed);
        bench.fault(spec(json!({"name": "internal_error", "probability": 0.5})));
        (0..40)
            .map(|_| {
                bench.wait(1_000);
                bench.get("/users").0
            })
            .collect::<Vec<u16>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert!(run(1).contains(&500) && run(1).contains(&200));
}

#[test]
fn faults_that_make_no_sense_are_refused() {
    let mut bench = Bench::zoho();
    let refused = [
        json!({"name": "telephony_disabled"}),
        json!({"name": "rate_limit", "probability": 1.5}),
        json!({"name": "rate_limit", "every_nth": 0}),
        json!({"name": "slow", "ms": 600_000}),
        json!({"name": "other_users", "per_second": -1.0}),
        json!({"name": "missing_required_field"}),
    ];
    for fault in refused {
        assert!(bench.sim.set_fault(bench.now, spec(fault.clone())).is_err(), "{fault}");
    }
    bench.fault(FaultSpec::new(FaultName::RateLimit));
    let replaced = bench.sim.set_faults(bench.now, vec![FaultSpec::new(FaultName::TelephonyDisabled)]);
    assert!(replaced.is_err());
    assert_eq!(bench.sim.faults(), [FaultSpec::new(FaultName::RateLimit)]);
}

#[test]
fn others_take_their_part_of_a_rate_and_leave_the_rest() {
    let mut bench = Bench::new(CrmKind::RetailCrm);
    bench.fault(FaultSpec::new(FaultName::OtherUsers).per_second(6.0));
    bench.get("/users");
    bench.wait(1_000);
    let statuses: Vec<u16> = (0..6).map(|_| bench.get("/users").0).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 503, 503]);
    bench.sim.clear_fault(FaultName::OtherUsers);
    bench.wait(1_000);
    assert!((0..10).all(|_| bench.get("/users").0 == 200));
}

#[test]
fn others_spend_credits_and_hold_places_as_long_as_an_answer_takes() {
    let mut bench = Bench::zoho();
    bench.sim.configure(&json!({"edition": "free", "daily_credits": 1_000})).unwrap();
    bench.fault(FaultSpec::new(FaultName::OtherUsers).per_second(4.0));
    assert_eq!(users(&mut bench).0, 200);
    bench.wait(150_000);
    let answer = bench.answer(&bench.zoho_request("GET", "/users", &Value::Null));
    assert_eq!(header(&answer, "x-api-credits-remaining"), Some("398"));
    bench.sim.set_latency_ms(1_000);
    bench.wait(2_000);
    let statuses: Vec<u16> = (0..3).map(|_| users(&mut bench).0).collect();
    assert_eq!(statuses, [200, 429, 429]);
}

#[test]
fn others_under_the_same_user_show_in_what_the_headers_say_is_left() {
    let mut sim = Sim::new(CrmKind::Dataverse, 7);
    let start: jiff::Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    sim.set_fault(start, FaultSpec::new(FaultName::OtherUsers).per_second(10.0)).unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", dataverse::SANDBOX_CLIENT_ID),
        ("client_secret", dataverse::SANDBOX_CLIENT_SECRET),
        ("scope", "https://contoso.crm4.dynamics.com/.default"),
    ];
    let path = format!("/{}/oauth2/v2.0/token", dataverse::SANDBOX_TENANT);
    let token = sim.handle(start, &SimRequest::new("POST", &path).form(&form)).answer().unwrap().body_json();
    let token = token["access_token"].as_str().unwrap().to_owned();
    let later = start + jiff::SignedDuration::from_secs(120);
    let asked = SimRequest::new("GET", "/api/data/v9.2/WhoAmI").header("authorization", &format!("Bearer {token}"));
    let answer = sim.handle(later, &asked).answer().unwrap();
    assert_eq!(header(&answer, "x-ms-ratelimit-burst-remaining-xrm-requests"), Some("4799"));
}

fn header<'a>(answer: &'a SimAnswer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

#[test]
fn every_fault_is_in_the_catalogue_under_the_name_it_is_switched_on_by() {
    for entry in catalogue() {
        let name = serde_json::to_value(entry.name).unwrap();
        assert_eq!(name, json!(entry.name.as_str()));
        assert_eq!(FaultName::parse(entry.name.as_str()), Some(entry.name));
        assert!(!entry.meaning.is_empty() && !entry.crms.is_empty());
    }
}

#[test]
fn a_reset_brings_the_first_world_back() {
    let mut bench = Bench::zoho();
    let untouched = Sim::new(CrmKind::Zoho, 7).listing();
    bench.made("Contacts", contact("1234567", "1"));
    bench.fault(FaultSpec::new(FaultName::Outage));
    bench.sim.configure(&json!({"unique_phone_key": false})).unwrap();
    bench.sim.reset();
    assert_eq!(bench.sim.listing(), untouched);
    assert!(bench.sim.faults().is_empty());
    assert_eq!(bench.sim.counts().requests, 0);
    assert_eq!(bench.sim.settings()["unique_phone_key"], json!(true));
}

#[test]
fn unknown_settings_are_refused_and_change_nothing() {
    for kind in CrmKind::all() {
        let mut sim = Sim::new(*kind, 1);
        let before = sim.settings();
        assert!(sim.configure(&json!({"no_such": true})).is_err());
        assert!(sim.configure(&json!({"limits": "often"})).is_err());
        assert!(sim.configure(&json!([])).is_err());
        assert_eq!(sim.settings(), before);
    }
}
