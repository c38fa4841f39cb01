//! What contacts, leads and deals are written with (zoho.md 6).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_crm::Method;
use tieline_engine::{
    ids::RecordId,
    phone::Phone,
    record::Kind,
    redact::Private,
    step::{Action, Fields, Place, StepKey, StepResult},
};

use super::support::{body, create, dialect, known, learned, new_fields, perform, sent, step, update};
use crate::scripted::Scripted;

#[test]
fn z_38_a_new_lead_has_number_owner_and_marks() {
    let (net, record) = sent(&*learned(&[]), &create(Kind::Lead, new_fields(), None));
    assert_eq!(
        record,
        json!({
            "Last_Name": "+380671234567", "Phone": "+380671234567", "Phone_Key": "380671234567",
            "Owner": { "id": "411" }, "Lead_Source": "Call", "rs_utm_source": "google",
            "rs_google_client_id": "555.777",
        })
    );
    let request = &net.sent()[0];
    assert_eq!((request.method, request.name, request.weight), (Method::Post, "zoho.leads.create", 1));
    assert!(request.url.ends_with("/crm/v8/Leads"));
    assert_eq!(body(&net, 0).as_object().unwrap().len(), 1, "workflows run unless told otherwise");
}

#[test]
fn z_37_fields_nobody_made_are_left_out() {
    let (_, record) = sent(&*dialect(&[]), &create(Kind::Contact, new_fields(), None));
    let expected = json!({ "Last_Name": "+380671234567", "Phone": "+380671234567", "Owner": { "id": "411" } });
    assert_eq!(record, expected);
}

#[test]
fn z_02_mapped_values_and_dialogues_go_to_their_fields_cut_to_length() {
    let mut fields = new_fields();
    fields.custom = BTreeMap::from([("Pool".to_owned(), "x".repeat(300))]);
    fields.chat = Some(format!("telegram:{}", "9".repeat(30)));
    fields.name = Some(Private::new("n".repeat(100)));
    let (_, record) = sent(&*learned(&[]), &create(Kind::Contact, fields, None));
    assert_eq!(record["Pool"].as_str().unwrap().len(), 255);
    assert_eq!(record["Messenger_Chat"].as_str().unwrap().len(), 20);
    assert_eq!(record["Last_Name"].as_str().unwrap().len(), 80);
}

#[test]
fn z_31_a_lead_without_a_number_has_none() {
    let fields = Fields { name: Some(Private::new("Anna")), ..Fields::default() };
    let (_, record) = sent(&*learned(&[]), &create(Kind::Lead, fields, None));
    assert_eq!(record, json!({ "Last_Name": "Anna" }));
    let text = Fields { phone_text: Some(Phone::new("12345")), ..Fields::default() };
    let (_, record) = sent(&*learned(&[]), &create(Kind::Lead, text, None));
    assert_eq!(record, json!({ "Last_Name": "12345", "Phone": "12345" }), "digits without a form have no key");
}

#[test]
fn z_07_a_deal_is_placed_by_the_actual_name_of_its_stage() {
    let mut fields = Fields { name: Some(Private::new("Call +380671234567")), ..Fields::default() };
    fields.place = Some(Place { pipeline: Some("Standard".to_owned()), stage: "Identify Decision Makers".to_owned() });
    let step = create(Kind::Deal, fields, known("57"));
    let (net, record) = sent(&*learned(&[]), &step);
    assert_eq!(
        record,
        json!({
            "Deal_Name": "Call +380671234567", "Stage": "Id. Decision Makers", "Pipeline": "Standard (Standard)",
            "Contact_Name": { "id": "57" }, "Description": format!("[{}]", step.mark.as_str()),
        })
    );
    assert_eq!(net.sent()[0].name, "zoho.deals.create");
}

#[test]
fn a_deal_without_a_place_goes_to_the_default_one() {
    let deal = create(Kind::Deal, new_fields(), None);
    let place = |dialect: &dyn tieline_crm::Dialect| {
        let (_, record) = sent(dialect, &deal);
        (record["Stage"].clone(), record["Pipeline"].clone())
    };
    assert_eq!(place(&*dialect(&[])), (json!("Qualification"), Value::Null));
    assert_eq!(place(&*learned(&[])), (json!("New"), json!("Standard (Standard)")));
    assert_eq!(place(&*dialect(&[("default_stage", "In work")])), (json!("In work"), Value::Null));
}

#[test]
fn an_update_writes_marks_and_mapped_values_only() {
    let mut fields = new_fields();
    fields.custom = BTreeMap::from([("Pool".to_owned(), "north".to_owned())]);
    let (net, record) = sent(&*learned(&[]), &update(Kind::Lead, "57", fields));
    let expected = json!({ "rs_utm_source": "google", "rs_google_client_id": "555.777", "Pool": "north" });
    assert_eq!(record, expected);
    let request = &net.sent()[0];
    assert_eq!((request.method, request.name), (Method::Put, "zoho.leads.update"));
    assert!(request.url.ends_with("/crm/v8/Leads/57"));
}

#[test]
fn an_update_with_nothing_to_write_is_done_without_a_request() {
    let net = Scripted::new([]);
    let step = update(Kind::Contact, "57", new_fields());
    let answer = perform(&*dialect(&[]), &net, std::slice::from_ref(&step)).unwrap();
    let done = StepResult::Done { record: Some(RecordId::new("57")) };
    assert_eq!(answer.results, BTreeMap::from([(step.key, done)]));
}

#[test]
fn a_google_client_id_is_written_on_the_contact() {
    let action = Action::LinkVisit { contact: known("57").unwrap(), google_client_id: "555.777".to_owned() };
    let (net, record) = sent(&*learned(&[]), &step(StepKey::visit(), action));
    assert_eq!(record, json!({ "rs_google_client_id": "555.777" }));
    assert!(net.sent()[0].url.ends_with("/crm/v8/Contacts/57"));
}

#[test]
fn an_id_cannot_leave_its_place_in_the_address() {
    let (net, _) = sent(&*learned(&[]), &update(Kind::Lead, "5/../7", new_fields()));
    assert!(net.sent()[0].url.ends_with("/crm/v8/Leads/5%2F%2E%2E%2F7"));
}
