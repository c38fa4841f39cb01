//! Writing records: what is demanded, what is refused and how.

use serde_json::{Value, json};

use crate::helpers::{Bench, contact, deal, phone_call};

const USER: &str = "5725767000000411002";

#[test]
fn an_insert_answers_201_with_the_id_and_the_times() {
    let mut bench = Bench::zoho();
    let (status, item) = bench.insert("Contacts", contact("+380671234567", "380671234567"));
    assert_eq!((status, &item["code"], &item["message"]), (201, &json!("SUCCESS"), &json!("record added")));
    assert_eq!(item["details"]["Created_Time"], json!("2026-03-02T11:00:00+02:00"));
}

#[test]
fn a_missing_mandatory_field_is_named_with_its_path() {
    let mut bench = Bench::zoho();
    let (status, item) = bench.insert("Leads", json!({"Phone": "+380671234567"}));
    assert_eq!(status, 400);
    assert_eq!(
        item,
        json!({
            "code": "MANDATORY_NOT_FOUND", "message": "required field not found", "status": "error",
            "details": {"api_name": "Last_Name", "json_path": "$.data[0].Last_Name"},
        })
    );
}

#[test]
fn several_errors_of_one_record_come_together() {
    let mut bench = Bench::zoho();
    let (_, item) = bench.insert("Deals", json!({"Deal_Name": "x"}));
    assert_eq!(item["code"], json!("MULTIPLE_OR_MULTI_ERRORS"));
    assert_eq!(item["details"]["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn a_second_record_with_a_unique_value_is_refused_and_the_first_is_named_with_its_owner() {
    let mut bench = Bench::zoho();
    let mut first = contact("+380671234567", "380671234567");
    first["Owner"] = json!({"id": USER});
    let id = bench.made("Contacts", first);
    let (status, item) = bench.insert("Contacts", contact("067 123 45 67", "380671234567"));
    assert_eq!((status, &item["code"], &item["message"]), (400, &json!("DUPLICATE_DATA"), &json!("duplicate data")));
    let details = &item["details"];
    assert_eq!((&details["api_name"], &details["id"]), (&json!("Phone_Key"), &json!(id)));
    assert_eq!(details["duplicate_record"]["id"], json!(id));
    assert_eq!(details["duplicate_record"]["Owner"]["id"], json!(USER));
    assert_eq!(details["duplicate_record"]["Owner"]["name"], json!("Ivan Melnyk"));
    assert_eq!(details["duplicate_record"]["module"]["api_name"], json!("Contacts"));
}

#[test]
fn a_unique_value_may_be_written_back_to_its_own_record_but_not_to_another() {
    let mut bench = Bench::zoho();
    let first = bench.made("Contacts", contact("+380671234567", "380671234567"));
    let other = bench.made("Contacts", contact("+380671234568", "380671234568"));
    let change = json!({"data": [{"Phone_Key": "380671234567"}]});
    assert_eq!(bench.call("PUT", &format!("/Contacts/{first}"), change.clone()).0, 200);
    let (status, body) = bench.call("PUT", &format!("/Contacts/{other}"), change);
    assert_eq!((status, &body["data"][0]["code"]), (400, &json!("DUPLICATE_DATA")));
}

#[test]
fn the_unique_key_can_be_switched_off() {
    let mut bench = Bench::zoho();
    bench.sim.configure(&json!({"unique_phone_key": false})).unwrap();
    bench.made("Contacts", contact("+380671234567", "380671234567"));
    bench.made("Contacts", contact("+380671234567", "380671234567"));
    let audit = bench.sim.audit();
    assert_eq!(audit.doubled_clients[0].phone, "671234567");
    assert_eq!(audit.doubled_clients[0].ids.len(), 2);
}

#[test]
fn a_lead_meets_a_contact_with_its_key_only_under_the_cross_check() {
    let mut bench = Bench::zoho();
    bench.made("Contacts", contact("+380671234567", "380671234567"));
    bench.made("Leads", contact("+380671234567", "380671234567"));
    let preference = json!({"duplicate_check_preference": {"type": "mapped_module_records"}});
    assert_eq!(bench.call("POST", "/settings/duplicate_check_preference?module=Leads", preference).0, 200);
    bench.made("Contacts", contact("+380671234568", "380671234568"));
    let (_, item) = bench.insert("Leads", contact("+380671234568", "380671234568"));
    assert_eq!(item["details"]["duplicate_record"]["module"]["api_name"], json!("Contacts"));
}

#[test]
fn texts_over_their_length_and_values_of_another_type_are_refused() {
    let mut bench = Bench::zoho();
    let refused = |bench: &mut Bench, field: &str, value: Value| {
        let mut lead = json!({"Last_Name": "x"});
        lead[field] = value;
        let (status, item) = bench.insert("Leads", lead);
        assert_eq!((status, &item["code"], &item["details"]["api_name"]), (400, &json!("INVALID_DATA"), &json!(field)));
        item["details"].clone()
    };
    let details = refused(&mut bench, "rs_utm_source", json!("x".repeat(256)));
    assert_eq!(details["maximum_length"], json!(255));
    let details = refused(&mut bench, "Visits_Count", json!("seven"));
    assert_eq!(details["expected_data_type"], json!("integer"));
    refused(&mut bench, "Phone", json!("+380671234567890123456789012345"));
    refused(&mut bench, "Phone", json!("ring: me"));
    refused(&mut bench, "Email", json!("nobody"));
    refused(&mut bench, "Lead_Source", json!("Elsewhere"));
    refused(&mut bench, "Owner", json!({"id": "1"}));
    refused(&mut bench, "rs_utm_source", json!(7));
}

#[test]
fn unknown_fields_are_ignored_or_refused_as_set() {
    let mut bench = Bench::zoho();
    bench.made("Leads", json!({"Last_Name": "x", "No_Such_Field": 1}));
    bench.sim.configure(&json!({"unknown_fields": "reject"})).unwrap();
    let (status, item) = bench.insert("Leads", json!({"Last_Name": "x", "No_Such_Field": 1}));
    assert_eq!((status, &item["details"]["api_name"]), (400, &json!("No_Such_Field")));
}

#[test]
fn a_stage_has_to_belong_to_its_pipeline() {
    let mut bench = Bench::zoho();
    let person = bench.made("Contacts", contact("+380671234567", "380671234567"));
    let mut wrong = deal(&person);
    wrong["Stage"] = json!("Ringing");
    let (_, item) = bench.insert("Deals", wrong.clone());
    assert_eq!(
        (&item["code"], &item["message"]),
        (&json!("MAPPING_MISMATCH"), &json!("Pipeline doesn't contain the Stage"))
    );
    wrong["Pipeline"] = json!("Other");
    let (_, item) = bench.insert("Deals", wrong);
    assert_eq!(item["message"], json!("Layout doesn't contain the Pipeline"));
}

#[test]
fn a_stage_is_stored_under_its_actual_name_and_which_names_are_taken_is_set() {
    let mut bench = Bench::zoho();
    let person = bench.made("Contacts", contact("+380671234567", "380671234567"));
    let mut shown = deal(&person);
    shown["Stage"] = json!("Identify Decision Makers");
    let id = bench.made("Deals", shown.clone());
    let (_, body) = bench.call("GET", &format!("/Deals/{id}"), Value::Null);
    assert_eq!(body["data"][0]["Stage"], json!("Id. Decision Makers"));
    bench.sim.configure(&json!({"stage_names": "actual"})).unwrap();
    assert_eq!(bench.insert("Deals", shown).0, 400);
}

#[test]
fn a_talk_of_no_length_is_refused_and_a_missed_call_is_not() {
    let mut bench = Bench::zoho();
    let mut call = phone_call("[tl:1]");
    call["Call_Duration"] = json!("00:00");
    let (status, item) = bench.insert("Calls", call.clone());
    assert_eq!((status, &item["code"]), (400, &json!("DEPENDENT_MISMATCH")));
    assert_eq!(item["message"], json!("Call Duration can not be zero."));
    call["Call_Type"] = json!("Missed");
    bench.made("Calls", call);
}

#[test]
fn a_call_time_has_an_offset_and_no_fractions() {
    let mut bench = Bench::zoho();
    for wrong in ["2026-03-02T11:00:00.000Z", "2026-03-02T11:00:00Z", "2026-03-02 11:00:00"] {
        let mut call = phone_call("");
        call["Call_Start_Time"] = json!(wrong);
        let (status, item) = bench.insert("Calls", call);
        assert_eq!((status, &item["details"]["expected_data_type"]), (400, &json!("datetime")), "{wrong}");
    }
}

#[test]
fn what_a_call_hangs_on_needs_its_module_and_has_to_exist() {
    let mut bench = Bench::zoho();
    let person = bench.made("Contacts", contact("+380671234567", "380671234567"));
    let order = bench.made("Deals", deal(&person));
    let mut call = phone_call("");
    call["Who_Id"] = json!({"id": person});
    call["What_Id"] = json!({"id": order});
    let (_, item) = bench.insert("Calls", call.clone());
    assert_eq!((&item["code"], &item["details"]["api_name"]), (&json!("MANDATORY_NOT_FOUND"), &json!("$se_module")));
    call["$se_module"] = json!("Leads");
    let (_, item) = bench.insert("Calls", call.clone());
    assert_eq!(item["message"], json!("the related id given seems to be invalid"));
    call["$se_module"] = json!("Deals");
    bench.made("Calls", call);
}

#[test]
fn a_batch_in_which_some_fail_answers_207_in_order_and_over_100_is_refused() {
    let mut bench = Bench::zoho();
    let mut bad = phone_call("");
    bad["Call_Duration"] = json!("00:00");
    let (status, body) = bench.call("POST", "/Calls", json!({"data": [phone_call("a"), bad, phone_call("c")]}));
    let codes: Vec<&Value> = body["data"].as_array().unwrap().iter().map(|item| &item["code"]).collect();
    assert_eq!((status, codes), (207, vec![&json!("SUCCESS"), &json!("DEPENDENT_MISMATCH"), &json!("SUCCESS")]));
    assert_eq!(body["data"][1]["details"]["json_path"], json!("$.data[1].Call_Duration"));
    let many: Vec<Value> = (0..101).map(|_| phone_call("")).collect();
    let (status, body) = bench.call("POST", "/Calls", json!({"data": many}));
    assert_eq!((status, &body["code"]), (400, &json!("LIMIT_EXCEEDED")));
}

#[test]
fn an_update_changes_only_what_it_names_and_knows_its_records() {
    let mut bench = Bench::zoho();
    let id = bench.made("Calls", phone_call("[tl:1]"));
    let recording = json!({"data": [{"Voice_Recording__s": "https://rec.example/1.mp3"}]});
    let (status, body) = bench.call("PUT", &format!("/Calls/{id}"), recording.clone());
    assert_eq!((status, &body["data"][0]["message"]), (200, &json!("record updated")));
    let (_, body) = bench.call("GET", &format!("/Calls/{id}"), Value::Null);
    assert_eq!(body["data"][0]["Subject"], json!("Inbound call [tl:1]"));
    assert_eq!(bench.call("PUT", "/Calls/1", recording).0, 400);
}

#[test]
fn an_update_of_a_record_changed_since_is_refused() {
    let mut bench = Bench::zoho();
    let id = bench.made("Contacts", contact("+380671234567", "1"));
    let change = json!({"data": [{"First_Name": "Anna"}]});
    let request = bench.zoho_request("PUT", &format!("/Contacts/{id}"), &change);
    let answer = bench.answer(&request.header("If-Unmodified-Since", "2026-03-01T00:00:00+02:00"));
    assert_eq!((answer.status, &answer.body_json()["data"][0]["code"]), (412, &json!("ALREADY_MODIFIED")));
}

#[test]
fn an_upsert_updates_what_it_meets_by_a_unique_field_and_calls_have_none() {
    let mut bench = Bench::zoho();
    let id = bench.made("Contacts", contact("+380671234567", "380671234567"));
    let item = json!({"Last_Name": "Kovalenko", "Phone_Key": "380671234567"});
    let body = json!({"data": [item], "duplicate_check_fields": ["Phone_Key"]});
    let (status, body) = bench.call("POST", "/Contacts/upsert", body);
    let item = &body["data"][0];
    assert_eq!((status, &item["action"], &item["duplicate_field"]), (200, &json!("update"), &json!("Phone_Key")));
    assert_eq!(item["details"]["id"], json!(id));
    let (_, body) = bench.call("POST", "/Calls/upsert", json!({"data": [phone_call("")]}));
    assert_eq!(body["code"], json!("NOT_SUPPORTED"));
}

#[test]
fn a_note_needs_a_parent_that_exists() {
    let mut bench = Bench::zoho();
    let parent = bench.made("Contacts", contact("+380671234567", "1"));
    let note = json!({"Note_Title": "Call", "Note_Content": "text", "Parent_Id": {"module": {"api_name": "Contacts"}, "id": parent}});
    bench.made("Notes", note);
    let (status, body) =
        bench.call("POST", &format!("/Contacts/{parent}/Notes"), json!({"data": [{"Note_Content": "more"}]}));
    assert_eq!((status, &body["data"][0]["code"]), (201, &json!("SUCCESS")));
    let (_, body) = bench.call("GET", &format!("/Contacts/{parent}/Notes"), Value::Null);
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    let orphan = json!({"Note_Content": "text", "Parent_Id": {"module": {"api_name": "Contacts"}, "id": "1"}});
    let (_, item) = bench.insert("Notes", orphan);
    assert_eq!(item["message"], json!("the related id given seems to be invalid"));
}

#[test]
fn a_deleted_record_is_gone_everywhere() {
    let mut bench = Bench::zoho();
    let id = bench.made("Contacts", contact("+380671234567", "380671234567"));
    assert_eq!(bench.call("DELETE", &format!("/Contacts/{id}"), Value::Null).0, 200);
    assert_eq!(bench.call("GET", &format!("/Contacts/{id}"), Value::Null).0, 204);
    assert_eq!(bench.coql("select id from Contacts where Phone = '+380671234567'").0, 204);
    bench.made("Contacts", contact("+380671234567", "380671234567"));
}
