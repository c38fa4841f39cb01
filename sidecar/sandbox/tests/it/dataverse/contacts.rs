//! Contacts: creating, conditional writes, keys, lengths.

use serde_json::{Value, json};
use tieline_sandbox::dataverse;

use super::{ANNA, Org};

#[test]
fn a_contact_with_a_number_and_no_name_is_taken_and_owned_by_the_application_user() {
    let mut org = Org::new();
    let body = json!({"telephone1": "+380671234567"});
    let answer = org.send_with("POST", "contacts?$select=contactid", ("prefer", "return=representation"), &body);
    assert_eq!(answer.status, 201);
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"preference-applied") && !names.contains(&"odata-entityid"), "{names:?}");
    let made = answer.body_json();
    let (_, row) = org.get(&format!("contacts({})", made["contactid"].as_str().unwrap()));
    assert_eq!((&row["telephone1"], &row["fullname"]), (&json!("+380671234567"), &Value::Null));
    assert_eq!(row["_ownerid_value"], json!(dataverse::SANDBOX_APP_USER));
    assert!(made.get("telephone1").is_none(), "{made}");
}

#[test]
fn a_plain_create_names_the_row_in_a_header_and_has_no_body() {
    let mut org = Org::new();
    let answer = org.bench.answer(&org.request("POST", "contacts").json(&json!({"contactid": ANNA})));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let uri = format!("https://sandbox.crm4.dynamics.com/api/data/v9.2/contacts({ANNA})");
    assert!(answer.headers.contains(&("odata-entityid".to_owned(), uri)));
    assert_eq!(org.refused("POST", "contacts", &json!({"contactid": ANNA})).0, 412);
}

#[test]
fn create_only_is_refused_when_the_row_is_there_and_update_only_when_it_is_not() {
    let mut org = Org::new();
    let (target, body) = (format!("contacts({ANNA})"), json!({"telephone1": "1"}));
    let missing = org.send_with("PATCH", &target, ("if-match", "*"), &body);
    assert_eq!(missing.status, 404);
    assert!(missing.body_json()["error"]["message"].as_str().unwrap().ends_with("Does Not Exist"));
    assert_eq!(org.send_with("PATCH", &target, ("if-none-match", "*"), &body).status, 204);
    let again = org.send_with("PATCH", &target, ("if-none-match", "*"), &json!({"telephone1": "2"}));
    let error = json!({"error": {"code": "", "message": "A record with matching key values already exists."}});
    assert_eq!((again.status, again.body_json()), (412, error));
    assert_eq!(org.get(&target).1["telephone1"], json!("1"));
    assert_eq!(org.send_with("PATCH", &target, ("if-match", "*"), &json!({"firstname": "Anna"})).status, 204);
}

#[test]
fn a_bare_patch_makes_or_changes_and_only_the_representation_tells_which() {
    let mut org = Org::new();
    let target = format!("contacts({ANNA})");
    let plain = |org: &mut Org| org.send("PATCH", &target, &json!({"telephone1": "1"})).0;
    assert_eq!((plain(&mut org), plain(&mut org)), (204, 204));
    let told = |org: &mut Org, target: &str| {
        org.send_with("PATCH", target, ("prefer", "return=representation"), &json!({"telephone1": "1"})).status
    };
    assert_eq!(told(&mut org, &target), 200);
    assert_eq!(told(&mut org, "contacts(22222222-0000-4000-8000-000000000002)"), 201);
    assert_eq!(org.send_with("PATCH", &target, ("if-none-match", "null"), &json!({})).status, 204);
}

#[test]
fn an_etag_of_an_older_version_is_refused() {
    let mut org = Org::new();
    org.anna();
    let target = format!("contacts({ANNA})");
    let etag = org.get(&target).1["@odata.etag"].as_str().unwrap().to_owned();
    assert_eq!(org.send_with("PATCH", &target, ("if-match", &etag), &json!({"lastname": "B"})).status, 204);
    let stale = org.send_with("PATCH", &target, ("if-match", &etag), &json!({"lastname": "C"}));
    assert_eq!(stale.status, 412);
    assert!(stale.body_json()["error"]["message"].as_str().unwrap().contains("RowVersion"));
    assert_eq!(org.get(&target).1["fullname"], json!("Anna B"));
}

#[test]
fn too_long_a_text_an_unknown_column_and_a_wrong_type_are_refused() {
    let mut org = Org::new();
    let long = json!({"telephone1": "1".repeat(51)});
    assert_eq!(org.refused("POST", "contacts", &long), (400, "0x80044331".to_owned()));
    assert_eq!(org.send("POST", "contacts", &json!({"telephone1": "1".repeat(50)})).0, 204);
    assert_eq!(org.refused("POST", "contacts", &json!({"phone": "1"})).0, 400);
    assert_eq!(org.refused("POST", "contacts", &json!({"telephone1": 380})).0, 400);
    org.configure(json!({"unknown_columns": "ignore"}));
    assert_eq!(org.send("POST", "contacts", &json!({"phone": "1"})).0, 204);
}

#[test]
fn an_inactive_contact_is_read_only_until_it_is_active_again() {
    let mut org = Org::new();
    org.anna();
    let target = format!("contacts({ANNA})");
    assert_eq!(org.send("PATCH", &target, &json!({"statecode": 1})).0, 204);
    assert_eq!(org.get(&target).1["statuscode"], json!(2));
    assert_eq!(org.refused("PATCH", &target, &json!({"lastname": "B"})).0, 400);
    assert_eq!(org.send("PATCH", &target, &json!({"statecode": 0, "statuscode": 1})).0, 204);
    assert_eq!(org.send("PATCH", &target, &json!({"lastname": "B"})).0, 204);
}

#[test]
fn an_alternate_key_makes_once_and_takes_no_forbidden_character() {
    let mut org = Org::new();
    let settings = json!({"custom_columns": ["contacts.new_phonekey"], "alternate_keys": ["contacts.new_phonekey"]});
    org.configure(settings);
    let target = "contacts(new_phonekey='380671234567')";
    for _ in 0..2 {
        assert_eq!(org.send("PATCH", target, &json!({"telephone1": "+380671234567"})).0, 204);
    }
    assert_eq!(org.bench.sim.audit().totals["contacts"], 1);
    let clash = org.refused("POST", "contacts", &json!({"new_phonekey": "380671234567"}));
    assert_eq!(clash, (412, "0x80060892".to_owned()));
    assert_eq!(org.get("contacts(new_phonekey='%2B380671234567')").0, 400);
    assert_eq!(org.get("contacts(telephone1='380671234567')").0, 400);
    assert!(org.bench.sim.configure(&json!({"alternate_keys": ["contacts.none"]})).is_err());
}

#[test]
fn a_duplicate_rule_works_only_when_asked_for() {
    let mut org = Org::new();
    let body = json!({"emailaddress1": "anna@example.org"});
    assert_eq!((org.send("POST", "contacts", &body).0, org.send("POST", "contacts", &body).0), (204, 204));
    let answer = org.send_with("POST", "contacts", ("MSCRM.SuppressDuplicateDetection", "false"), &body);
    assert_eq!((answer.status, &answer.body_json()["error"]["code"]), (412, &json!("0x80040333")));
    org.configure(json!({"duplicate_status": 500}));
    assert_eq!(org.send_with("POST", "contacts", ("MSCRM.SuppressDuplicateDetection", "false"), &body).status, 500);
}

#[test]
fn one_number_in_two_spellings_under_two_contacts_is_doubled_for_the_audit() {
    let mut org = Org::new();
    org.anna();
    org.send("POST", "contacts", &json!({"mobilephone": "067 123-45-67"}));
    let doubled = &org.bench.sim.audit().doubled_clients;
    assert_eq!((doubled[0].phone.as_str(), doubled[0].ids.len()), ("671234567", 2));
}

#[test]
fn users_are_read_and_never_written() {
    let mut org = Org::new();
    let (_, body) = org.get("systemusers?$select=fullname,employeeid&$filter=accessmode eq 0");
    let names: Vec<&str> =
        body["value"].as_array().unwrap().iter().map(|row| row["fullname"].as_str().unwrap()).collect();
    assert_eq!(names, ["Olha Boyko", "Ivan Melnyk", "Oksana Tkachenko", "Petro Shevchuk"]);
    let user = format!("systemusers({})", dataverse::SANDBOX_USERS[0]);
    assert_eq!(org.refused("PATCH", &user, &json!({"employeeid": "9"})), (403, "0x80040220".to_owned()));
    assert_eq!(org.get(&format!("systemusers(systemuserid={})", dataverse::SANDBOX_USERS[0])).0, 400);
}
