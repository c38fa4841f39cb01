//! Deals.

use std::collections::BTreeMap;

use serde_json::json;
use tieline_engine::{
    record::Kind,
    redact::Private,
    step::{Fields, Place, StepResult},
};

use super::{body, create, dialect, done, perform, route, try_step, update, utm};
use crate::scripted::Scripted;

const DEALS: [(&str, &str); 3] = [("create", "contact,deal"), ("pipeline_id", "5"), ("step_id", "6")];
const MADE: &str = r#"{"data":{"id":31,"status":1}}"#;

fn fields() -> Fields {
    Fields { name: Some(Private::new("Call +380671234567")), owner: Some("17".into()), ..Fields::default() }
}

#[test]
fn a_deal_is_made_on_its_contact_in_the_default_place() {
    let step = create(Kind::Deal, fields(), Some("8"));
    let (result, sent) = perform(&*dialect(&DEALS), &step, 200, MADE);
    assert_eq!((result, route(&sent)), (done(Some("31")), "POST /deals".to_owned()));
    let expected = json!({
        "pipelineId": 5, "stepId": 6, "responsibleId": 17, "name": "Call +380671234567", "contact": [8],
    });
    assert_eq!(body(&sent), expected);
}

#[test]
fn a_rule_places_a_deal_elsewhere() {
    let placed = |pipeline: Option<&str>| {
        let place = Some(Place { pipeline: pipeline.map(str::to_owned), stage: "42".to_owned() });
        let step = create(Kind::Deal, Fields { place, ..fields() }, Some("8"));
        let sent = body(&perform(&*dialect(&DEALS), &step, 200, MADE).1);
        (sent["pipelineId"].clone(), sent["stepId"].clone())
    };
    assert_eq!(placed(Some("41")), (json!(41), json!(42)));
    assert_eq!(placed(None), (json!(5), json!(42)));
}

#[test]
fn a_deal_without_place_or_contact_is_refused_with_a_hint() {
    let place = create(Kind::Deal, fields(), Some("8"));
    let contact = create(Kind::Deal, fields(), None);
    for (crm, step, expected) in [(dialect(&[]), place, "no_place"), (dialect(&DEALS), contact, "no_contact")] {
        let result = try_step(&*crm, &Scripted::new([]), &step);
        assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == expected));
    }
}

#[test]
fn a_long_name_is_cut_to_what_a_deal_takes() {
    let name = Some(Private::new("ї".repeat(300)));
    let step = create(Kind::Deal, Fields { name, ..fields() }, Some("8"));
    let (_, sent) = perform(&*dialect(&DEALS), &step, 200, MADE);
    assert_eq!(body(&sent)["name"].as_str().unwrap().chars().count(), 255);
}

#[test]
fn deals_take_no_data_of_a_visit_and_no_mapped_fields() {
    let crm = dialect(&DEALS);
    assert_eq!(try_step(&*crm, &Scripted::new([]), &update(Kind::Deal, "31", utm())), Ok(done(Some("31"))));
    let custom = BTreeMap::from([("City".to_owned(), "Lviv".to_owned())]);
    let mapped = Fields { custom, ..fields() };
    for step in [update(Kind::Deal, "31", mapped.clone()), create(Kind::Deal, mapped, Some("8"))] {
        let result = try_step(&*crm, &Scripted::new([]), &step);
        assert!(matches!(result, Ok(StepResult::FieldRefused { field, .. }) if field == "City"));
    }
}

#[test]
fn a_wrong_pipeline_is_not_taken_for_a_lost_contact() {
    let gone = (404, r#"{"data":{"code":213,"message":"Not found"}}"#);
    let step = create(Kind::Deal, fields(), Some("8"));
    let net = Scripted::new([gone, (200, r#"{"data":[]}"#)]);
    let result = try_step(&*dialect(&DEALS), &net, &step);
    assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "not_found"));
    let net = Scripted::new([gone, gone]);
    let result = try_step(&*dialect(&DEALS), &net, &step);
    assert_eq!(result, Ok(StepResult::TargetGone { kind: Kind::Contact }));
    let invalid = (422, r#"{"message":"Invalid","errors":{"contact.0":["does not exist"]}}"#);
    let net = Scripted::new([invalid, gone]);
    let result = try_step(&*dialect(&DEALS), &net, &step);
    assert_eq!(result, Ok(StepResult::TargetGone { kind: Kind::Contact }));
}
