//! What bad data mean for a step.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_engine::{
    record::Kind,
    step::{Fields, StepResult},
};

use super::{caller_fields, create, dialect, try_step};
use crate::scripted::Scripted;

fn validation(fields: Value) -> Value {
    json!({"success": false, "code": 5, "message": {"validation": fields}})
}

fn lead(status: u16, refusal: &Value) -> StepResult {
    let custom = BTreeMap::from([("f12".to_owned(), "google".to_owned()), ("f13".to_owned(), "cpc".to_owned())]);
    let step = create(Kind::Lead, Fields { custom, ..caller_fields() }, Some("5"));
    try_step(&*dialect(&[]), &Scripted::new([(status, &refusal.to_string())]), &step).unwrap()
}

fn refused(code: &str, text: &str) -> StepResult {
    StepResult::Refused { code: code.to_owned(), text: text.to_owned() }
}

fn dropped(field: &str) -> StepResult {
    StepResult::FieldRefused { field: field.to_owned(), text: "validation".to_owned() }
}

#[test]
fn a_refused_mapped_field_is_left_out() {
    let named = [
        validation(json!({"f13": "unknown"})),
        validation(json!({"13": ["unknown"]})),
        validation(json!({"custom_fields": {"f13": ["unknown"]}})),
        json!({"success": false, "code": 5, "message": "bad", "validation": {"custom_fields": {"13": "unknown"}}}),
    ];
    for refusal in named {
        assert_eq!(lead(400, &refusal), dropped("f13"), "{refusal}");
    }
    assert_eq!(lead(422, &validation(json!({"custom_fields": "wrong type"}))), dropped("f12"));
}

#[test]
fn ro_04_a_client_that_is_gone_is_told() {
    let gone = StepResult::TargetGone { kind: Kind::Contact };
    assert_eq!(lead(400, &validation(json!({"client_id": "unknown"}))), gone);
    assert_eq!(lead(400, &json!({"success": false, "code": 7, "message": "Client not found"})), gone);
    assert_eq!(lead(404, &json!({"success": false, "message": "Client does not exist"})), gone);
}

#[test]
fn other_fields_are_named_for_a_person() {
    let refusal = validation(json!({"leadtype_id": "unknown", "manager_id": ["deleted"]}));
    assert_eq!(lead(400, &refusal), refused("validation", "fields: leadtype_id, manager_id"));
    let required = validation(json!({"f99": "required"}));
    assert_eq!(lead(400, &required), refused("validation", "fields: f99; required ones go into required_fields"));
}

#[test]
fn a_refusal_without_fields_has_the_crms_number() {
    let text = json!({"success": false, "code": 42, "message": "380671234567 is busy"});
    assert_eq!(lead(400, &text), refused("error_42", "no field named"));
    assert_eq!(lead(200, &text), refused("error_42", "no field named"));
    assert_eq!(lead(409, &json!({})), refused("http_409", "no field named"));
}

#[test]
fn what_looks_like_a_number_is_not_repeated_as_a_field() {
    let refusal = validation(json!({"phone": "bad", "380671234567": "bad", "Olena": "bad"}));
    assert_eq!(lead(400, &refusal), refused("validation", "fields: phone"));
}
