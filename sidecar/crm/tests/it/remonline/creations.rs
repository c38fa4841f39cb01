//! Making clients, leads and orders: exact shapes, what goes along, what comes back.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_crm::{Dialect, Trouble};
use tieline_engine::{
    phone::Phone,
    record::Kind,
    redact::Private,
    step::{Action, Fields, Place, Ref, StepKey, StepResult},
};

use super::{
    MADE, TOLD, body, caller_fields, create, dialect, done, line, made_mark, mark, note, perform, step, try_connect,
    try_step, try_steps,
};
use crate::scripted::Scripted;

/// What a creation with the note right behind it sends.
fn with_note(crm: &dyn Dialect, kind: Kind, contact: Option<&str>) -> (String, Value) {
    let steps = [create(kind, caller_fields(), contact), note(kind, None)];
    assert_eq!(crm.bundle(&steps), 2);
    let net = Scripted::new([(200, MADE)]);
    let results = try_steps(crm, &net, &steps).unwrap();
    assert_eq!(results[&steps[0].key], done(Some("75")));
    assert_eq!(results[&steps[1].key], done(None));
    (line(&net.sent()[0]), body(&net.sent()[0]))
}

/// The text of a new record: the call, and the marks of both steps.
fn text(kind: Kind) -> String {
    format!("{TOLD}\n[{}] [{}]", made_mark(kind).as_str(), mark(&StepKey::note(kind, 0)).as_str())
}

#[test]
fn ro_03_a_client_gets_name_and_number_and_the_call_in_its_notes() {
    let phone = json!({"title": "Phone", "phone": "380671234567", "notify": false, "has_viber": false,
        "has_whatsapp": false});
    let person =
        json!({"first_name": "Olena Koval", "phones": [phone], "manager_id": 17, "notes": text(Kind::Contact)});
    let (line, body) = with_note(&*dialect(&[]), Kind::Contact, None);
    assert_eq!((line.as_str(), &body), ("POST /contacts/people", &person));
    let (line, body) = with_note(&*dialect(&[("api", "v2")]), Kind::Contact, None);
    assert_eq!((line.as_str(), &body), ("POST /v2/contacts/people", &person));
    let (line, body) = with_note(&*dialect(&[("api", "token"), ("phone_form", "plus")]), Kind::Contact, None);
    let person = json!({"first_name": "Olena Koval", "phone": ["+380671234567"], "notes": text(Kind::Contact),
        "token": "tok-1"});
    assert_eq!((line.as_str(), &body), ("POST /clients/", &person));
}

#[test]
fn ro_04_ro_05_a_lead_hangs_on_its_client_and_tells_the_call() {
    let lead = json!({"leadtype_id": 33, "client_id": 5, "branch_id": 11, "manager_id": 17,
        "description": text(Kind::Lead)});
    for api in ["bearer", "v2"] {
        let (line, body) = with_note(&*dialect(&[("api", api)]), Kind::Lead, Some("5"));
        assert_eq!((line.as_str(), &body), ("POST /lead/", &lead));
    }
    let mut old = lead;
    old["token"] = json!("tok-1");
    assert_eq!(with_note(&*dialect(&[("api", "token")]), Kind::Lead, Some("5")).1, old);
}

#[test]
fn ro_05_a_lead_without_a_client_holds_number_and_name() {
    let crm = try_connect(&[("create", "lead"), ("lead_type", "33")], "key-1").unwrap();
    let (_, body) = with_note(&*crm, Kind::Lead, None);
    let lead = json!({"leadtype_id": 33, "contact_name": "Olena Koval", "contact_phone": "380671234567",
        "manager_id": 17, "description": text(Kind::Lead)});
    assert_eq!(body, lead);
}

#[test]
fn ro_04_ro_08_an_order_hangs_on_its_client_and_tells_the_call() {
    let order = json!({"branch_id": 11, "order_type_id": 22, "client_id": 5, "manager_id": 17,
        "manager_notes": text(Kind::Deal)});
    let (line, body) = with_note(&*dialect(&[]), Kind::Deal, Some("5"));
    assert_eq!((line.as_str(), &body), ("POST /orders", &order));
    assert_eq!(with_note(&*dialect(&[("api", "v2")]), Kind::Deal, Some("5")).0, "POST /v2/orders");
    let (line, body) = with_note(&*dialect(&[("api", "token")]), Kind::Deal, Some("5"));
    let order = json!({"branch_id": 11, "order_type": 22, "client_id": 5, "manager": 17,
        "manager_notes": text(Kind::Deal), "token": "tok-1"});
    assert_eq!((line.as_str(), &body), ("POST /order/", &order));
}

#[test]
fn ro_12_an_order_without_a_client_is_not_even_asked_for() {
    let net = Scripted::new([]);
    let result = try_step(&*dialect(&[]), &net, &create(Kind::Deal, Fields::default(), None)).unwrap();
    assert!(matches!(result, StepResult::Refused { code, .. } if code == "no_client"));
}

#[test]
fn what_a_scenario_makes_without_its_ids_is_refused_by_name() {
    let crm = try_connect(&[("create", "client")], "key-1").unwrap();
    for (kind, code) in [(Kind::Lead, "no_lead_type"), (Kind::Deal, "no_branch")] {
        let result = try_step(&*crm, &Scripted::new([]), &create(kind, Fields::default(), Some("5"))).unwrap();
        assert!(matches!(result, StepResult::Refused { code: own, .. } if own == code));
    }
}

#[test]
fn a_rules_pipeline_chooses_another_order_type() {
    let order = |pipeline: &str| {
        let place = Place { pipeline: Some(pipeline.to_owned()), stage: "1".to_owned() };
        create(Kind::Deal, Fields { place: Some(place), ..Fields::default() }, Some("5"))
    };
    let (_, sent) = perform(&*dialect(&[]), &order("44"), 200, MADE);
    assert_eq!(body(&sent)["order_type_id"], 44);
    let result = try_step(&*dialect(&[]), &Scripted::new([]), &order("Repairs")).unwrap();
    assert!(matches!(result, StepResult::Refused { code, .. } if code == "no_order_type"));
}

#[test]
fn only_notes_on_what_is_made_go_along() {
    let crm = dialect(&[]);
    let contact = create(Kind::Contact, caller_fields(), None);
    let lead = step(
        StepKey::create(Kind::Lead),
        Action::Create {
            kind: Kind::Lead,
            fields: Fields::default(),
            contact: Some(Ref::Made(StepKey::create(Kind::Contact))),
        },
    );
    let own = note(Kind::Contact, None);
    assert_eq!(crm.bundle(&[contact.clone(), own.clone(), lead.clone()]), 2);
    assert_eq!(crm.bundle(&[contact.clone(), lead, own]), 1);
    assert_eq!(crm.bundle(&[contact, note(Kind::Contact, Some("5"))]), 1);
    assert_eq!(crm.bundle(&[note(Kind::Contact, Some("5")), note(Kind::Lead, Some("6"))]), 1);
    assert_eq!(crm.bundle(&[]), 0);
}

#[test]
fn a_note_is_done_only_when_what_carries_it_is() {
    let steps = [create(Kind::Lead, caller_fields(), Some("5")), note(Kind::Lead, None)];
    let refusal = r#"{"success":false,"code":5,"message":{"validation":{"leadtype_id":"unknown"}}}"#;
    let results = try_steps(&*dialect(&[]), &Scripted::new([(400, refusal)]), &steps).unwrap();
    assert_eq!(results.keys().collect::<Vec<_>>(), [&steps[0].key]);
}

#[test]
fn without_a_note_the_marks_of_the_visit_are_told() {
    let fields = Fields {
        marks: BTreeMap::from([("utm_source".to_owned(), "google".to_owned())]),
        google_client_id: Some("1.2".to_owned()),
        chat: Some("telegram:77".to_owned()),
        ..caller_fields()
    };
    let (_, sent) = perform(&*dialect(&[]), &create(Kind::Contact, fields, None), 200, MADE);
    let mark = made_mark(Kind::Contact);
    let told = format!("utm_source: google\nGoogle client id: 1.2\nDialogue: telegram:77\n[{}]", mark.as_str());
    assert_eq!(body(&sent)["notes"], told);
    assert_eq!(body(&sent).get("last_name"), None);
}

#[test]
fn g13_without_a_number_the_dialogue_is_in_the_name() {
    let named = |name: &str| {
        let (name, chat) = (Some(Private::new(name)), Some("telegram:77".to_owned()));
        let (_, sent) = perform(
            &*dialect(&[]),
            &create(Kind::Contact, Fields { name, chat, ..Fields::default() }, None),
            200,
            MADE,
        );
        let body = body(&sent);
        (body["first_name"].clone(), body.get("last_name").cloned(), body.get("phones").is_some())
    };
    assert_eq!(named("Olena"), (json!("Olena"), Some(json!("telegram:77")), false));
    assert_eq!(named("telegram:77"), (json!("telegram:77"), None, false));
}

#[test]
fn a_nameless_client_is_named_by_its_number() {
    let fields = Fields { phone_text: Some(Phone::new("12345")), ..Fields::default() };
    let (_, sent) = perform(&*dialect(&[]), &create(Kind::Contact, fields, None), 200, MADE);
    assert_eq!(body(&sent)["first_name"], "12345");
    assert_eq!(body(&sent)["phones"][0]["phone"], "12345");
}

#[test]
fn mapped_and_required_fields_are_named_as_configured() {
    let fields = Fields { custom: BTreeMap::from([("f12".to_owned(), "google".to_owned())]), ..caller_fields() };
    let sent = |style: &str| {
        let crm = dialect(&[("custom_field_key", style), ("required_fields", "client:13, order:14, client:f12")]);
        let (_, sent) = perform(&*crm, &create(Kind::Contact, fields.clone(), None), 200, MADE);
        body(&sent)["custom_fields"].clone()
    };
    assert_eq!(sent("f"), json!({"f12": "google", "f13": ""}));
    assert_eq!(sent("plain"), json!({"12": "google", "13": ""}));
    assert_eq!(sent("both"), json!({"f12": "google", "12": "google", "f13": "", "13": ""}));
}

#[test]
fn a_creations_id_is_read_in_every_shape() {
    for answer in
        [MADE, r#"{"data":[{"id":75}],"success":true}"#, r#"{"id":75,"first_name":"Olena"}"#, "75", r#"{"data":"75"}"#]
    {
        let (result, _) = perform(&*dialect(&[]), &create(Kind::Contact, Fields::default(), None), 201, answer);
        assert_eq!(result, done(Some("75")), "{answer}");
    }
}

#[test]
fn a_creation_without_an_id_is_looked_for() {
    for answer in ["", "{}", r#"{"success":true}"#] {
        let step = create(Kind::Contact, Fields::default(), None);
        let result = try_step(&*dialect(&[]), &Scripted::new([(204, answer)]), &step);
        assert!(matches!(result, Err(Trouble::Uncertain(_))), "{answer}");
    }
}
