//! Answers to several writes in one request (zoho.md 8).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_crm::Trouble;
use tieline_engine::{
    record::Kind,
    step::{CallEntry, Step, StepKey, StepResult},
};

use super::support::{
    assert_exists, composite, create, dialect, duplicate, entry, error, executed, in_data, learned, log_call, made,
    new_fields, not_executed, perform, written,
};
use crate::scripted::Scripted;

/// A lead and its call in one request.
fn bundle() -> Vec<Step> {
    vec![create(Kind::Lead, new_fields(), None), log_call(CallEntry { lead: made(Kind::Lead), ..entry() })]
}

fn several(status: u16, items: &[Value]) -> Result<BTreeMap<StepKey, StepResult>, Trouble> {
    let body = composite(items);
    perform(&*learned(&[]), &Scripted::new([(status, body.as_str())]), &bundle()).map(|answer| answer.results)
}

fn item(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_duplicate_inside_an_undone_composite_is_kept_and_the_rest_was_not_done() {
    let items = [executed(400, item(&in_data(&duplicate()))), not_executed("PROCESSING_STOPPED")];
    let results = several(400, &items).unwrap();
    assert_eq!(results.len(), 1);
    assert_exists(&results[&StepKey::create(Kind::Lead)], Kind::Contact, "622", Some("454"));
}

#[test]
fn what_was_undone_has_no_result() {
    let bad = executed(400, item(&in_data(&error("INVALID_DATA", &json!({ "api_name": "Call_Duration" })))));
    let results = several(400, &[not_executed("ROLLBACK_PERFORMED"), bad]).unwrap();
    assert_eq!(results.keys().collect::<Vec<_>>(), [&StepKey::call_record()]);
    assert!(matches!(results[&StepKey::call_record()], StepResult::Refused { .. }));
}

#[test]
fn trouble_inside_a_composite_is_the_composites() {
    let with = |status, code: &str| {
        several(400, &[executed(status, error(code, &json!({}))), not_executed("PROCESSING_STOPPED")]).unwrap_err()
    };
    assert!(matches!(with(403, "NO_PERMISSION"), Trouble::NotAllowed(_)));
    assert!(matches!(with(429, "TOO_MANY_REQUESTS"), Trouble::RateLimited { .. }));
    assert!(matches!(with(500, "INTERNAL_ERROR"), Trouble::Uncertain(_)));
    let broken = several(400, &[not_executed("INVALID_REFERENCE"), not_executed("PROCESSING_STOPPED")]);
    assert!(matches!(broken.unwrap_err(), Trouble::Malformed(_)));
    let late = several(400, &[not_executed("REQUEST_TIMEOUT"), not_executed("PROCESSING_STOPPED")]);
    assert!(matches!(late.unwrap_err(), Trouble::Uncertain(_)));
}

#[test]
fn what_a_composite_did_before_its_trouble_is_not_forgotten() {
    let done = executed(201, item(&written("57")));
    let results = several(207, &[done, executed(403, error("NO_PERMISSION", &json!({})))]).unwrap();
    assert_eq!(results.keys().collect::<Vec<_>>(), [&StepKey::create(Kind::Lead)]);
}

#[test]
fn a_composite_refused_as_a_whole_did_nothing() {
    let whole = |status, code: &str| {
        let body = error(code, &json!({})).to_string();
        perform(&*dialect(&[]), &Scripted::new([(status, body.as_str())]), &bundle()).unwrap_err()
    };
    assert!(matches!(whole(400, "AMBIGUITY_DURING_PROCESSING"), Trouble::Malformed(_)));
    assert!(matches!(whole(401, "OAUTH_SCOPE_MISMATCH"), Trouble::NotAllowed(_)));
    assert!(matches!(whole(400, "REQUEST_TIMEOUT"), Trouble::Uncertain(_)));
    assert!(matches!(several(200, &[]).unwrap_err(), Trouble::Uncertain(_)));
}
