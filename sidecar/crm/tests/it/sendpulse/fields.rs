//! Which contact fields are written: only those that exist (SP-12).

use std::collections::BTreeMap;

use serde_json::json;
use tieline_engine::{
    record::Kind,
    step::{Fields, StepResult},
};

use super::{
    ATTRIBUTES, CHOSEN, body, caller_fields, create, dialect, done, learned, perform, routes, try_step, update, utm,
};
use crate::scripted::Scripted;

fn mapped(name: &str) -> Fields {
    Fields { custom: BTreeMap::from([(name.to_owned(), "Lviv".to_owned())]), ..Fields::default() }
}

#[test]
fn sp_12_a_chosen_field_that_does_not_exist_is_left_out() {
    let crm = learned(&[("contact_fields", "utm_source = Nowhere")]);
    let fields = Fields { marks: utm().marks, ..caller_fields() };
    let (result, sent) = perform(&*crm, &create(Kind::Contact, fields, None), 200, r#"{"data":{"id":5}}"#);
    assert_eq!((result, body(&sent).get("attributes")), (done(Some("5")), None));
    assert_eq!(try_step(&*crm, &Scripted::new([]), &update(Kind::Contact, "5", utm())), Ok(done(Some("5"))));
}

#[test]
fn sp_12_a_mapped_field_that_does_not_exist_is_refused_before_anything_is_sent() {
    for step in [create(Kind::Contact, mapped("Nowhere"), None), update(Kind::Contact, "5", mapped("Nowhere"))] {
        let result = try_step(&*learned(&[]), &Scripted::new([]), &step);
        assert!(matches!(result, Ok(StepResult::FieldRefused { field, .. }) if field == "Nowhere"));
    }
}

#[test]
fn a_mapped_field_is_written_by_its_id() {
    let (_, sent) = perform(&*learned(&[]), &update(Kind::Contact, "5", mapped("City")), 201, "{}");
    assert_eq!(body(&sent), json!({"attributesValues": [{"attributeId": 76, "value": "Lviv"}]}));
}

#[test]
fn a_mapping_wins_over_data_chosen_for_the_same_field() {
    let crm = learned(&[("contact_fields", "utm_source = City")]);
    let fields = Fields { marks: utm().marks, ..mapped("City") };
    let (_, sent) = perform(&*crm, &update(Kind::Contact, "5", fields), 201, "{}");
    assert_eq!(body(&sent)["attributesValues"], json!([{"attributeId": 76, "value": "Lviv"}]));
}

#[test]
fn fields_that_were_not_learned_are_read_when_they_are_needed() {
    let net = Scripted::new([(200, ATTRIBUTES), (201, "{}")]);
    assert_eq!(try_step(&*dialect(&[CHOSEN]), &net, &update(Kind::Contact, "5", utm())), Ok(done(Some("5"))));
    assert_eq!(routes(&net), ["GET /contacts/attributes", "POST /contacts/5/attributes/batch"]);
}

#[test]
fn a_long_value_is_cut_to_what_a_field_takes() {
    let long = Fields { custom: BTreeMap::from([("City".to_owned(), "ї".repeat(6000))]), ..Fields::default() };
    let (_, sent) = perform(&*learned(&[]), &update(Kind::Contact, "5", long), 201, "{}");
    let value = body(&sent)["attributesValues"][0]["value"].as_str().unwrap().chars().count();
    assert_eq!(value, 5500);
}
