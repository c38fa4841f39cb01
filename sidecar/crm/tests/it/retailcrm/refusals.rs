//! Refused entities: bad data, records that are gone, marks that are taken (retailcrm.md 1.9).

use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{
    ids::{RecordId, UserId},
    phone::Phone,
    record::Kind,
    redact::Private,
    scenario::TaskAbout,
    step::{Action, Fields, StepKey, StepResult, Task},
};

use super::{
    create, dialect, done,
    errors::{failing, on_read, on_step, on_write},
    known, step, try_step,
};
use crate::scripted::Scripted;

#[test]
fn bad_data_are_refused_with_a_stable_code_and_the_names_of_fields() {
    let codes = [
        ("Errors in the entity format", "entity_format"),
        ("Validation error", "validation"),
        ("Errors in the input parameters", "input_parameters"),
        ("Something new", "bad_data"),
    ];
    for (message, code) in codes {
        let body = json!({"success": false, "errorMsg": message, "errors": {"firstName": "too long"}}).to_string();
        let refused = StepResult::Refused { code: code.to_owned(), text: "fields: firstName".to_owned() };
        assert_eq!(on_write(400, &body), Ok(refused));
    }
    assert!(matches!(on_read(400, &failing("Errors in the input parameters")), Trouble::Malformed(_)));
}

#[test]
fn success_false_is_a_failure_whatever_the_status() {
    for status in [200, 201, 460] {
        let result = on_write(status, &failing("Validation error"));
        assert!(matches!(result, Ok(StepResult::Refused { .. })), "{result:?}");
    }
}

#[test]
fn a_partial_success_is_none_for_the_one_entity_sent() {
    let body =
        r#"{"success":true,"failedCustomers":[{"externalId":"tl-1"}],"errorMsg":"Customers are loaded with errors"}"#;
    assert!(matches!(on_write(460, body), Ok(StepResult::Refused { code, .. }) if code == "partial"));
}

#[test]
fn a_refused_task_names_the_field() {
    let task = Task {
        about: TaskAbout::Review,
        name: None,
        board: None,
        owner: Some(UserId::new("17")),
        due_at: None,
        done: false,
        client: None,
        client_text: None,
        unmapped_agent: None,
        contact: None,
        lead: None,
        deal: Some(known("9")),
        parts: Vec::new(),
    };
    let step = step(StepKey::task(TaskAbout::Review), Action::AddTask(Box::new(task)));
    let body = r#"{"success":false,"errorMsg":"Task is not loaded","errors":{"performerId":"This value should not be blank."}}"#;
    let refused = StepResult::Refused { code: "task_not_loaded".to_owned(), text: "fields: performerId".to_owned() };
    assert_eq!(on_step(&step, 400, body), Ok(refused));
    let body = r#"{"success":false,"errorMsg":"Task is not loaded","errors":["Order with id 9 not found"]}"#;
    assert_eq!(on_step(&step, 400, body), Ok(StepResult::TargetGone { kind: Kind::Deal }));
    assert_eq!(on_step(&step, 404, &failing("Not found")), Ok(StepResult::TargetGone { kind: Kind::Deal }));
}

#[test]
fn what_the_crm_quotes_of_a_person_is_not_passed_on() {
    let fields =
        Fields { name: Some(Private::new("Olena")), phone_text: Some(Phone::new("0671234567")), ..Fields::default() };
    let step = create(Kind::Contact, fields, None);
    let bodies = [
        json!({"success": false, "errorMsg": "Olena 0671234567 is wrong", "errors": ["0671234567 of Olena"]}),
        json!({"success": false, "errorMsg": "Validation error", "errors": {"0671234567": "Olena", "phones[0].number": "0671234567", "tel0671234567": ""}}),
    ];
    for body in bodies {
        let text = format!("{:?}", on_step(&step, 400, &body.to_string()));
        assert!(!text.contains("0671234567") && !text.contains("Olena"), "{text}");
        let text = format!("{:?}", on_read(400, &body.to_string()));
        assert!(!text.contains("0671234567") && !text.contains("Olena"), "{text}");
    }
}

fn with_fields() -> Fields {
    let marks =
        [("utm_source", "google"), ("utm_term", "boots")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let custom = [("pool", "Site"), ("scheme", "Day")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    Fields { marks: marks.into(), custom: custom.into(), ..Fields::default() }
}

#[test]
fn a_refused_mapped_field_is_named_so_that_it_can_be_left_out() {
    let bodies = [
        (json!({"customFields.scheme": "This value is not valid."}), "scheme"),
        (json!({"customFields[scheme]": "This value is not valid."}), "scheme"),
        (json!({"customFields": {"scheme": "This value is not valid."}}), "scheme"),
        (json!(["Custom field with code \"scheme\" does not exist"]), "scheme"),
        (json!({"customFields": "This form should not contain extra fields."}), "pool"),
    ];
    for (errors, field) in bodies {
        let body = json!({"success": false, "errorMsg": "Errors in the entity format", "errors": errors}).to_string();
        let refused = StepResult::FieldRefused { field: field.to_owned(), text: "entity_format".to_owned() };
        assert_eq!(on_step(&create(Kind::Contact, with_fields(), None), 400, &body), Ok(refused.clone()));
        let action = Action::Update { kind: Kind::Deal, record: known("9"), fields: with_fields() };
        assert_eq!(on_step(&step(StepKey::update(Kind::Deal), action), 400, &body), Ok(refused));
    }
}

#[test]
fn a_refused_source_gives_up_its_marks() {
    let fields = Fields { custom: [].into(), ..with_fields() };
    for (errors, field) in
        [(json!({"source.keyword": "too long"}), "utm_term"), (json!({"source": "wrong"}), "utm_source")]
    {
        let body = json!({"success": false, "errorMsg": "Validation error", "errors": errors}).to_string();
        let refused = StepResult::FieldRefused { field: field.to_owned(), text: "validation".to_owned() };
        assert_eq!(on_step(&create(Kind::Contact, fields.clone(), None), 400, &body), Ok(refused));
    }
}

#[test]
fn a_record_that_is_gone_is_told_by_kind() {
    let gone = |kind| Ok(StepResult::TargetGone { kind });
    let update = |kind| step(StepKey::update(kind), Action::Update { kind, record: known("9"), fields: with_fields() });
    let note = step(
        StepKey::note(Kind::Contact, 0),
        Action::AddNote { on: Kind::Contact, record: known("5"), parts: Vec::new() },
    );
    for kind in [Kind::Contact, Kind::Deal] {
        assert_eq!(on_step(&update(kind), 404, &failing("Not found")), gone(kind));
    }
    assert_eq!(on_step(&note, 404, &failing("Not found")), gone(Kind::Contact));
    for errors in [json!({"customer": "This value is not valid."}), json!(["Customer with id=5 does not exist"])] {
        let body = json!({"success": false, "errorMsg": "Order is not loaded", "errors": errors}).to_string();
        assert_eq!(on_step(&create(Kind::Deal, Fields::default(), Some("5")), 400, &body), gone(Kind::Contact));
    }
}

#[test]
fn a_client_id_the_crm_refuses_is_refused() {
    let visit = step(StepKey::visit(), Action::LinkVisit { contact: known("5"), google_client_id: "1.2".to_owned() });
    let body = r#"{"success":false,"errorMsg":"ClientIds are loaded with errors","errors":["Set one of the following fields: id, externalId"]}"#;
    assert!(matches!(on_step(&visit, 400, body), Ok(StepResult::Refused { code, .. }) if code == "client_ids"));
}

const TAKEN: &str =
    r#"{"success":false,"errorMsg":"Customer already exists","errors":{"externalId":"This value is already used."}}"#;

#[test]
fn a_mark_that_is_taken_shows_that_the_step_was_done_before() {
    let customer = create(Kind::Contact, Fields::default(), None);
    let net = Scripted::new([(400, TAKEN), (200, r#"{"success":true,"customer":{"id":5}}"#)]);
    assert_eq!(try_step(&*dialect(&[]), &net, &customer), Ok(done(Some("5"))));
    assert!(net.sent()[1].url.ends_with(&format!("/customers/{}?by=externalId", customer.mark.as_str())));
    let order = create(Kind::Deal, Fields::default(), None);
    let found =
        json!({"success": true, "orders": [{"id": 9, "externalId": order.mark.as_str(), "status": "new"}]}).to_string();
    let net = Scripted::new([(400, TAKEN), (200, found.as_str())]);
    assert_eq!(try_step(&*dialect(&[]), &net, &order), Ok(StepResult::Done { record: Some(RecordId::new("9")) }));
}

#[test]
fn a_mark_that_is_taken_by_nothing_to_be_found_is_refused() {
    let net = Scripted::new([(400, TAKEN), (404, r#"{"success":false,"errorMsg":"Not found"}"#)]);
    let result = try_step(&*dialect(&[]), &net, &create(Kind::Contact, Fields::default(), None));
    assert!(matches!(result, Ok(StepResult::Refused { text, .. }) if text == "fields: externalId"));
}

#[test]
fn an_error_that_only_shares_a_word_with_a_mapped_field_drops_nothing() {
    let custom = [("name".to_owned(), "Site".to_owned())].into();
    let fields = Fields { custom, ..Fields::default() };
    let body = json!({"success": false, "errorMsg": "Validation error", "errors": ["The customer name is too long"]});
    let result = on_step(&create(Kind::Contact, fields, None), 400, &body.to_string());
    assert!(matches!(result, Ok(StepResult::Refused { code, .. }) if code == "validation"));
}
