//! What the CRM finds wrong with the data. The shape of a 422 is not known, so several are read.

use std::collections::BTreeMap;

use tieline_engine::{
    record::Kind,
    step::{Fields, Step, StepResult},
};

use super::{caller_fields, create, learned, perform, update, utm};

/// A contact with two fields: `City` from a mapping, then `utm_source`.
fn two_fields() -> Fields {
    let custom = BTreeMap::from([("City".to_owned(), "Lviv".to_owned())]);
    Fields { custom, marks: utm().marks, ..caller_fields() }
}

fn on(step: &Step, status: u16, body: &str) -> StepResult {
    perform(&*learned(&[("contact_fields", "utm_source = UTM source")]), step, status, body).0
}

fn refused_field(body: &str) -> Option<String> {
    let results = [create(Kind::Contact, two_fields(), None), update(Kind::Contact, "5", two_fields())]
        .map(|step| on(&step, 422, body));
    assert_eq!(results[0], results[1]);
    match &results[0] {
        StepResult::FieldRefused { field, .. } => Some(field.clone()),
        _ => None,
    }
}

#[test]
fn a_bad_contact_field_is_named_so_that_it_can_be_left_out() {
    let cases = [
        (r#"{"errors":{"attributes.1.value":["is not valid"]}}"#, "utm_source"),
        (r#"{"errors":{"attributesValues[1].value":["is not valid"]}}"#, "utm_source"),
        (r#"{"errors":[{"field":"attributes.0.value","message":"is not valid"}]}"#, "City"),
        (r#"{"data":{"errors":{"attributes.1.value":["is not valid"]}}}"#, "utm_source"),
        (r#"{"message":"The field UTM source is not valid","error_code":422}"#, "utm_source"),
        (r#"{"message":"Attribute value is invalid","error_code":422}"#, "City"),
    ];
    for (body, field) in cases {
        assert_eq!(refused_field(body).as_deref(), Some(field), "{body}");
    }
}

#[test]
fn a_refused_request_of_fields_alone_loses_its_last_field_and_not_the_call() {
    let body = r#"{"message":"The value was not saved.","error_code":422}"#;
    let result = on(&update(Kind::Contact, "5", two_fields()), 422, body);
    assert_eq!(result, StepResult::FieldRefused { field: "utm_source".to_owned(), text: "422".to_owned() });
}

#[test]
fn other_faults_are_refused_with_a_code_and_the_names_of_fields() {
    let refused = |status, body| match on(&create(Kind::Contact, two_fields(), None), status, body) {
        StepResult::Refused { code, text } => (code, text),
        other => panic!("{other:?}"),
    };
    let named = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    let body = r#"{"message":"The given data was invalid.","errors":{"responsibleId":["does not exist"]}}"#;
    assert_eq!(refused(422, body), named("422", "fields: responsibleId"));
    assert_eq!(refused(400, r#"{"message":"no","error_code":1042}"#), named("1042", "no field named"));
    assert_eq!(refused(200, r#"{"data":{"code":300,"message":"no"}}"#), named("300", "no field named"));
    assert_eq!(refused(409, "not json"), named("409", "no field named"));
}

#[test]
fn what_the_crm_says_of_a_person_is_not_passed_on() {
    let body =
        r#"{"message":"380671234567 of Ivan is taken","errors":{"380671234567":["Ivan"]},"error_code":"Ivan F"}"#;
    let result = on(&create(Kind::Contact, caller_fields(), None), 422, body);
    let text = format!("{result:?}");
    assert!(matches!(result, StepResult::Refused { .. }));
    assert!(!text.contains("Ivan") && !text.contains("380671"), "{text}");
}
