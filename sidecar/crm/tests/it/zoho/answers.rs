//! Every class of answer to a single write (zoho.md 2, 5).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_crm::{SendError, Trouble};
use tieline_engine::{
    ids::RecordId,
    record::Kind,
    scenario::TaskAbout,
    step::{Action, CallEntry, Fields, Ref, Step, StepKey, StepResult},
};

use super::support::{
    add_task, assert_exists, create, dialect, duplicate, entry, error, in_data, known, learned, log_call, new_fields,
    perform, step, task, update,
};
use crate::scripted::Scripted;

fn lead() -> Step {
    create(Kind::Lead, new_fields(), None)
}

fn answer(status: u16, body: &str, step: &Step) -> Result<StepResult, Trouble> {
    let answer = perform(&*learned(&[]), &Scripted::new([(status, body)]), std::slice::from_ref(step))?;
    Ok(answer.results.get(&step.key).cloned().expect("the step has a result"))
}

fn refused(item: &Value, step: &Step) -> StepResult {
    answer(400, &in_data(item), step).unwrap()
}

#[test]
fn a_duplicate_names_the_record_there_is_and_its_owner() {
    let contact = create(Kind::Contact, new_fields(), None);
    assert_exists(&refused(&duplicate(), &contact), Kind::Contact, "622", Some("454"));
    assert_exists(&answer(202, &in_data(&duplicate()), &contact).unwrap(), Kind::Contact, "622", Some("454"));
}

#[test]
fn a_duplicate_without_a_module_is_of_the_module_written_to() {
    let bare = error("DUPLICATE_DATA", &json!({ "api_name": "Phone_Key", "id": "622" }));
    assert_exists(&refused(&bare, &lead()), Kind::Lead, "622", None);
}

#[test]
fn a_lead_can_meet_a_contact_of_the_same_number() {
    assert_exists(&refused(&duplicate(), &lead()), Kind::Contact, "622", Some("454"));
}

#[test]
fn a_duplicate_among_several_errors_is_found() {
    let field = error("INVALID_DATA", &json!({ "api_name": "rs_utm_source", "json_path": "$.data[0].rs_utm_source" }));
    let several = error("MULTIPLE_OR_MULTI_ERRORS", &json!({ "errors": [field, duplicate()] }));
    assert_exists(&refused(&several, &lead()), Kind::Contact, "622", Some("454"));
}

#[test]
fn a_duplicate_without_an_id_is_left_to_people() {
    let bare = error("DUPLICATE_DATA", &json!({ "api_name": "Email" }));
    let expected =
        StepResult::Refused { code: "DUPLICATE_DATA".to_owned(), text: "DUPLICATE_DATA on Email".to_owned() };
    assert_eq!(refused(&bare, &lead()), expected);
}

#[test]
fn a_mapped_field_that_is_unique_says_nothing_about_the_client() {
    let mut fields = new_fields();
    fields.custom = BTreeMap::from([("Ticket".to_owned(), "7".to_owned())]);
    let taken = error("DUPLICATE_DATA", &json!({ "api_name": "Ticket", "duplicate_record": { "id": "5" } }));
    let result = refused(&taken, &create(Kind::Lead, fields, None));
    assert_eq!(
        result,
        StepResult::FieldRefused { field: "Ticket".to_owned(), text: "DUPLICATE_DATA on Ticket".to_owned() }
    );
}

#[test]
fn g_13_a_unique_dialogue_names_the_record_there_is() {
    let fields = Fields { chat: Some("telegram:9".to_owned()), ..Fields::default() };
    let taken = error("DUPLICATE_DATA", &json!({ "api_name": "Messenger_Chat", "duplicate_record": { "id": "5" } }));
    let result = refused(&taken, &create(Kind::Lead, fields.clone(), None));
    assert_exists(&result, Kind::Lead, "5", None);
    let StepResult::Exists(record) = result else { panic!("it exists") };
    assert_eq!(record.chats, ["telegram:9"]);
    let result = refused(&taken, &update(Kind::Lead, "58", fields));
    assert!(matches!(result, StepResult::FieldRefused { field, .. } if field == "chat"));
}

#[test]
fn a_refused_optional_field_is_named_as_the_engine_knows_it() {
    let mut fields = new_fields();
    fields.custom = BTreeMap::from([("Pool".to_owned(), "north".to_owned())]);
    let lead = create(Kind::Lead, fields, None);
    for (api_name, engine_name) in
        [("rs_utm_source", "utm_source"), ("rs_google_client_id", "google_client_id"), ("Pool", "Pool")]
    {
        for code in ["INVALID_DATA", "MAPPING_MISMATCH"] {
            let result = refused(&error(code, &json!({ "api_name": api_name, "maximum_length": 10 })), &lead);
            let StepResult::FieldRefused { field, text } = result else { panic!("{api_name} is optional") };
            assert_eq!((field.as_str(), text), (engine_name, format!("{code} on {api_name}")));
        }
    }
}

#[test]
fn other_refusals_are_told_by_code_and_field_only() {
    for (code, api_name) in [
        ("MANDATORY_NOT_FOUND", "Last_Name"),
        ("INVALID_DATA", "Owner"),
        ("MAPPING_MISMATCH", "Stage"),
        ("DEPENDENT_MISMATCH", "Call_Duration"),
        ("LIMIT_EXCEEDED", "x"),
        ("RECORD_LOCKED", "x"),
    ] {
        let item = error(code, &json!({ "api_name": api_name }));
        let expected = StepResult::Refused { code: code.to_owned(), text: format!("{code} on {api_name}") };
        assert_eq!(refused(&item, &lead()), expected);
    }
    let top = error("NOT_APPROVED", &json!({})).to_string();
    let expected = StepResult::Refused { code: "NOT_APPROVED".to_owned(), text: "NOT_APPROVED".to_owned() };
    assert_eq!(answer(400, &top, &lead()).unwrap(), expected);
}

#[test]
fn what_stands_in_the_place_of_a_code_or_field_and_is_none_is_not_repeated() {
    for (code, api_name) in [("INVALID_DATA 380671234567", "Owner"), ("INVALID_DATA", "Olha Kanarka")] {
        let StepResult::Refused { code, text } = refused(&error(code, &json!({ "api_name": api_name })), &lead())
        else {
            panic!("not refused")
        };
        assert!(!format!("{code} {text}").contains("380671234567"), "{code} {text}");
        assert!(!text.contains("Olha"), "{text}");
    }
}

#[test]
fn a_record_that_is_gone_is_told_by_its_kind() {
    let gone = |details: &Value, step: &Step| {
        let item = json!({ "code": "INVALID_DATA", "details": details, "status": "error",
            "message": "the related id given seems to be invalid" });
        refused(&item, step)
    };
    let call = log_call(CallEntry { contact: known("57"), deal: known("71"), ..entry() });
    let kind = |kind| StepResult::TargetGone { kind };
    assert_eq!(gone(&json!({ "api_name": "Who_Id" }), &call), kind(Kind::Contact));
    assert_eq!(gone(&json!({ "api_name": "id", "json_path": "$.data[0].What_Id.id" }), &call), kind(Kind::Deal));
    let mut missed = task(TaskAbout::MissedCall);
    missed.lead = known("58");
    assert_eq!(gone(&json!({}), &add_task(missed)), kind(Kind::Lead));
    let deal = create(Kind::Deal, new_fields(), known("57"));
    assert_eq!(gone(&json!({ "api_name": "Contact_Name" }), &deal), kind(Kind::Contact));
    let note = Action::AddNote { on: Kind::Deal, record: known("71").unwrap(), parts: Vec::new() };
    let note = step(StepKey::note(Kind::Deal, 0), note);
    assert_eq!(gone(&json!({ "api_name": "Parent_Id" }), &note), kind(Kind::Deal));
    assert_eq!(gone(&json!({ "resource_path_index": 0 }), &update(Kind::Lead, "58", new_fields())), kind(Kind::Lead));
    assert!(matches!(gone(&json!({ "api_name": "Owner" }), &call), StepResult::Refused { .. }));
}

#[test]
fn a_deleted_call_is_not_brought_up_to_date() {
    let action = Action::AmendCall { record: Ref::Known(RecordId::new("81")), entry: Box::new(entry()) };
    let item = json!({ "code": "INVALID_DATA", "details": { "api_name": "id" }, "message": "the id given seems to be invalid",
        "status": "error" });
    assert!(matches!(refused(&item, &step(StepKey::amend_call_record(1), action)), StepResult::Refused { .. }));
}

#[test]
fn a_token_that_is_no_longer_taken_is_known_by_its_code() {
    for (status, code) in [(401, "INVALID_TOKEN"), (400, "INVALID_TOKEN"), (401, "AUTHENTICATION_FAILURE")] {
        let body = error(code, &json!({})).to_string();
        assert_eq!(answer(status, &body, &lead()).unwrap_err(), Trouble::TokenExpired);
    }
    assert_eq!(answer(401, "", &lead()).unwrap_err(), Trouble::TokenExpired);
}

#[test]
fn missing_rights_wait_for_an_administrator() {
    for (status, code) in [
        (401, "OAUTH_SCOPE_MISMATCH"),
        (403, "NO_PERMISSION"),
        (400, "AUTHORIZATION_FAILED"),
        (400, "INVALID_MODULE"),
        (403, "SOMETHING_NEW"),
    ] {
        let body = error(code, &json!({ "permissions": ["Crm_Implied_View_Leads"] })).to_string();
        let Err(Trouble::NotAllowed(text)) = answer(status, &body, &lead()) else { panic!("{code} is a right") };
        assert_eq!(text, format!("{code} at zoho.leads.create"));
    }
    let wrapped = in_data(&error("INVALID_MODULE", &json!({})));
    assert!(matches!(answer(400, &wrapped, &lead()).unwrap_err(), Trouble::NotAllowed(_)));
}

#[test]
fn over_the_limit_nothing_was_done() {
    let limited = Trouble::RateLimited { retry_after: None };
    assert_eq!(answer(429, "", &lead()).unwrap_err(), limited);
    let body = error("RATE_LIMIT_EXCEEDED", &json!({})).to_string();
    assert_eq!(answer(400, &body, &lead()).unwrap_err(), limited);
    assert_eq!(answer(503, "Rate limit exceeded", &lead()).unwrap_err(), limited);
    let body = error("TOO_MANY_REQUESTS", &json!({})).to_string();
    assert_eq!(answer(429, &body, &lead()).unwrap_err(), limited);
}

#[test]
fn a_server_error_or_an_unreadable_answer_leaves_a_write_in_doubt() {
    let doubt = |status, body: &str| matches!(answer(status, body, &lead()).unwrap_err(), Trouble::Uncertain(_));
    let internal = error("INTERNAL_ERROR", &json!({})).to_string();
    assert!(doubt(500, &internal));
    assert!(doubt(502, "<html>Bad gateway</html>"));
    assert!(doubt(504, ""));
    assert!(doubt(503, &error("SERVICE_UNAVAILABLE", &json!({})).to_string()));
    assert!(doubt(200, "<html>"));
    assert!(doubt(201, r#"{"data":[{"code":"SUCCESS","details":{},"status":"success"}]}"#));
    assert!(doubt(204, ""));
    assert!(doubt(200, "{}"));
}

#[test]
fn a_lost_answer_is_in_doubt_and_a_request_not_sent_is_not() {
    let failing = |error| perform(&*dialect(&[]), &Scripted::failing(error), &[lead()]).unwrap_err();
    assert_eq!(failing(SendError::NoAnswer("cut".to_owned())), Trouble::Uncertain("cut".to_owned()));
    assert_eq!(failing(SendError::NotSent("no route".to_owned())), Trouble::Unavailable("no route".to_owned()));
}

#[test]
fn an_address_nobody_knows_is_a_fault_of_configuration() {
    let body = error("INVALID_URL_PATTERN", &json!({})).to_string();
    assert!(matches!(answer(404, &body, &lead()).unwrap_err(), Trouble::Malformed(_)));
}

#[test]
fn no_text_of_an_answer_reaches_a_trouble_or_a_refusal() {
    let item = error("INVALID_DATA", &json!({ "api_name": "+380671234567'" }));
    let StepResult::Refused { text, .. } = refused(&item, &lead()) else { panic!("it is refused") };
    assert!(!text.contains('+') && !text.contains('\''), "{text}");
    let Err(Trouble::Uncertain(text)) = answer(200, "<html>+380671234567</html>", &lead()) else { panic!("in doubt") };
    assert_eq!(text, "unreadable answer at zoho.leads.create, HTTP 200");
}
