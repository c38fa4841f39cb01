//! New orders, changes, and what holds for customers and orders alike.

use serde_json::json;
use tieline_engine::{
    record::Kind,
    redact::Private,
    step::{Action, Fields, Place, StepKey},
};

use super::customers::{person, visit};
use super::{create, dialect, done, entity, form, key, known, mark, perform, step, try_step};
use crate::scripted::Scripted;

#[test]
fn rc_16_customer_and_order_name_their_manager_at_creation() {
    let crm = dialect(&[]);
    let (_, sent) = perform(&*crm, &create(Kind::Contact, person(), None), 201, r#"{"success":true,"id":5}"#);
    assert_eq!(entity(&sent, "customer")["managerId"], 17);
    let step = create(Kind::Deal, person(), Some("5"));
    let (_, sent) = perform(&*crm, &step, 201, r#"{"success":true,"id":9,"order":{"id":9}}"#);
    assert_eq!(entity(&sent, "order")["managerId"], 17);
}

#[test]
fn a_new_record_without_marks_tells_what_brought_the_client() {
    let crm = dialect(&[]);
    let fields = Fields { source: Some("Call".to_owned()), ..person() };
    let (_, sent) = perform(&*crm, &create(Kind::Deal, fields, Some("5")), 201, r#"{"success":true,"id":9}"#);
    assert_eq!(entity(&sent, "order")["source"], json!({"source": "Call"}));
}

#[test]
fn an_order_has_its_status_method_customer_and_number() {
    let crm = dialect(&[("site", "main")]);
    let place = Some(Place { pipeline: None, stage: "cancel-other".to_owned() });
    let step = create(Kind::Deal, Fields { place, ..person() }, Some("5"));
    let (result, sent) = perform(&*crm, &step, 201, r#"{"success":true,"id":9,"order":{"id":9,"status":"new"}}"#);
    assert_eq!(result, done(Some("9")));
    assert_eq!(sent.url, "https://demo.retailcrm.pro/api/v5/orders/create");
    let expected = json!({
        "status": "cancel-other", "orderMethod": "phone", "customer": {"id": 5}, "phone": "380671234567",
        "managerId": 17, "externalId": step.mark.as_str(),
    });
    assert_eq!(entity(&sent, "order"), expected);
    assert_eq!(form(&sent)["site"], "main");
}

#[test]
fn rc_04_an_order_no_rule_places_gets_the_default_status_or_the_crms_own() {
    let step = create(Kind::Deal, person(), Some("5"));
    let answer = r#"{"success":true,"id":9}"#;
    let (_, sent) = perform(&*dialect(&[("default_status", "call-back")]), &step, 201, answer);
    assert_eq!(entity(&sent, "order")["status"], "call-back");
    let (_, sent) = perform(&*dialect(&[]), &step, 201, answer);
    assert_eq!(entity(&sent, "order").get("status"), None);
}

#[test]
fn an_order_from_a_messenger_does_not_claim_to_be_a_call() {
    let step = create(Kind::Deal, Fields { chat: Some("viber:1".to_owned()), ..person() }, Some("5"));
    let answer = r#"{"success":true,"id":9}"#;
    let (_, sent) = perform(&*dialect(&[]), &step, 201, answer);
    assert_eq!(entity(&sent, "order").get("orderMethod"), None);
    let crm = dialect(&[("order_method_messenger", "messenger"), ("order_method", "")]);
    let (_, sent) = perform(&*crm, &step, 201, answer);
    assert_eq!(entity(&sent, "order")["orderMethod"], "messenger");
    let (_, sent) = perform(&*crm, &create(Kind::Deal, person(), Some("5")), 201, answer);
    assert_eq!(entity(&sent, "order").get("orderMethod"), None);
}

#[test]
fn rc_18_an_order_alone_carries_the_name_itself() {
    let fields = Fields { name: Some(Private::new("Call Olena")), ..person() };
    let (_, sent) = perform(&*dialect(&[]), &create(Kind::Deal, fields, None), 201, r#"{"success":true,"id":9}"#);
    let order = entity(&sent, "order");
    assert_eq!(order["firstName"], "Call Olena");
    assert_eq!(order.get("customer"), None);
}

#[test]
fn rc_15_the_google_client_id_is_in_no_customer_and_no_order() {
    let crm = dialect(&[]);
    for step in [create(Kind::Contact, visit(), None), create(Kind::Deal, visit(), Some("5"))] {
        let (_, sent) = perform(&*crm, &step, 201, r#"{"success":true,"id":5}"#);
        assert!(!sent.body.contains("111.222"));
    }
}

#[test]
fn an_update_sends_marks_and_mapped_fields_and_nothing_an_agent_may_have_typed() {
    let crm = dialect(&[("site", "main"), ("default_status", "new")]);
    let fields = Fields {
        source: Some("Call".to_owned()),
        ..Fields { name: person().name, phone: Some(key()), owner: person().owner, ..visit() }
    };
    let source =
        json!({"source": "google", "medium": "cpc", "campaign": "winter", "keyword": "boots", "content": "red"});
    for (kind, entity_name, path) in [(Kind::Contact, "customer", "customers"), (Kind::Deal, "order", "orders")] {
        let action = Action::Update { kind, record: known("7"), fields: fields.clone() };
        let (result, sent) = perform(&*crm, &step(StepKey::update(kind), action), 200, r#"{"success":true,"id":7}"#);
        assert_eq!(result, done(Some("7")));
        assert_eq!(sent.url, format!("https://demo.retailcrm.pro/api/v5/{path}/7/edit"));
        assert_eq!(sent.name, format!("retailcrm.{path}.edit"));
        assert_eq!(entity(&sent, entity_name), json!({"source": source, "customFields": {"pool": "Site"}}));
        let form = form(&sent);
        assert_eq!((form["by"].as_str(), form["site"].as_str()), ("id", "main"));
    }
}

#[test]
fn an_update_without_values_needs_no_request() {
    let fields = Fields { google_client_id: Some("1.2".to_owned()), ..Fields::default() };
    let action = Action::Update { kind: Kind::Contact, record: known("7"), fields };
    let net = Scripted::new([]);
    let result = try_step(&*dialect(&[]), &net, &step(StepKey::update(Kind::Contact), action));
    assert_eq!(result, Ok(done(Some("7"))));
    assert!(net.sent().is_empty());
}

#[test]
fn every_entity_carries_the_mark_of_its_step() {
    for kind in [Kind::Contact, Kind::Deal] {
        let (_, sent) = perform(&*dialect(&[]), &create(kind, person(), None), 201, r#"{"success":true,"id":1}"#);
        let name = if kind == Kind::Contact { "customer" } else { "order" };
        assert_eq!(entity(&sent, name)["externalId"], mark(&StepKey::create(kind)).as_str());
    }
}

#[test]
fn writes_go_one_by_one() {
    let crm = dialect(&[]);
    let steps = [create(Kind::Contact, person(), None), create(Kind::Deal, person(), None)];
    assert_eq!(crm.bundle(&steps), 1);
    assert_eq!(crm.bundle(&[]), 0);
}

#[test]
fn the_customers_field_for_dialogues_is_not_written_into_orders() {
    let fields = Fields { chat: Some("viber:1".to_owned()), ..person() };
    let step = create(Kind::Deal, fields, Some("5"));
    let crm = dialect(&[("chat_field", "dialogue")]);
    let (_, sent) = perform(&*crm, &step, 201, r#"{"success":true,"id":9}"#);
    assert_eq!(entity(&sent, "order").get("customFields"), None);
}
