//! Envelopes, dictionaries, and the shapes that are settings.

use serde_json::{Value, json};

use super::{ask, get, open, person};

#[test]
fn lists_have_the_envelope_of_their_generation() {
    let mut bench = open();
    person(&mut bench, "Anna", "1");
    let keys = |body: &Value| body.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
    assert_eq!(keys(&get(&mut bench, "/clients/")), ["count", "data", "page", "success"]);
    assert_eq!(keys(&get(&mut bench, "/contacts/people")), ["count", "data", "page", "success"]);
    assert_eq!(keys(&get(&mut bench, "/v2/contacts/people")), ["data", "paging"]);
    bench.sim.configure(&json!({"b_envelope": "c"})).unwrap();
    assert_eq!(keys(&get(&mut bench, "/contacts/people")), ["data", "paging"]);
    assert!(bench.sim.configure(&json!({"b_envelope": "b"})).is_err());
}

#[test]
fn dictionaries_are_in_data_at_the_root_and_bare_lists_below_v2() {
    let mut bench = open();
    let employees = get(&mut bench, "/employees/");
    let names: Vec<&str> =
        employees["data"].as_array().unwrap().iter().map(|row| row["last_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Boyko", "Melnyk", "Tkachenko", "Shevchuk"]);
    assert_eq!(get(&mut bench, "/v2/company/employees"), employees["data"]);
    assert_eq!(get(&mut bench, "/v2/company/locations")[0]["id"], json!(11));
    assert_eq!(get(&mut bench, "/statuses/")["data"][4]["group"], json!(6));
    assert_eq!(get(&mut bench, "/statuses/orders/"), get(&mut bench, "/statuses/"));
    assert_eq!(get(&mut bench, "/v2/orders/statuses")[0]["group"], json!({"type": 1, "name": "New"}));
    assert_eq!(get(&mut bench, "/lead/types/")["data"][0]["name"], json!("Call"));
    for path in ["/branches/", "/marketing/campaigns/", "/order/custom-fields/", "/lead/custom-fields/?leadtype_id=31"]
    {
        assert!(get(&mut bench, path)["count"].as_u64().unwrap() > 1, "{path}");
    }
    assert_eq!(ask(&mut bench, "GET", "/orders/statuses", Value::Null).0, 404);
}

#[test]
fn faults_of_fields_come_as_object_text_or_beside_the_message() {
    let mut bench = open();
    let mut refused = |settings: Value| {
        bench.sim.configure(&settings).unwrap();
        let (status, body) = ask(&mut bench, "POST", "/v2/contacts/organizations", json!({}));
        assert_eq!((status, &body["success"]), (400, &json!(false)));
        body
    };
    let text = "This field is required.";
    assert_eq!(refused(json!({}))["message"], json!({"validation": {"name": text}}));
    assert_eq!(refused(json!({"field_errors": "list"}))["message"], json!({"validation": {"name": [text]}}));
    let body = refused(json!({"validation": "top_level"}));
    assert_eq!((&body["validation"]["name"], &body["message"]), (&json!([text]), &json!("Validation failed.")));
    assert_eq!(refused(json!({"validation": "text"}))["message"], json!(format!("name: {text}")));
}

#[test]
fn which_writes_have_no_body_is_a_setting() {
    let mut bench = open();
    let id = person(&mut bench, "Anna", "1");
    let path = format!("/contacts/people/{id}");
    let change = || json!({"last_name": "Kovalenko"});
    assert_eq!(ask(&mut bench, "PATCH", &path, change()), (204, Value::Null));
    bench.sim.configure(&json!({"empty_writes": "never"})).unwrap();
    let (status, body) = ask(&mut bench, "PATCH", &path, change());
    assert_eq!((status, &body["id"]), (200, &json!(id)));
    let (status, body) = ask(&mut bench, "POST", &format!("{path}/comments"), json!({"comment": "x"}));
    assert_eq!((status, &body["comment"]), (201, &json!("x")));
    bench.sim.configure(&json!({"empty_writes": "all"})).unwrap();
    assert_eq!(ask(&mut bench, "POST", "/contacts/people", json!({})), (201, Value::Null));
    assert_eq!(ask(&mut bench, "POST", "/clients/", json!({})).0, 200);
}

#[test]
fn the_answer_to_a_creation_is_a_setting() {
    let mut bench = open();
    bench.sim.configure(&json!({"created_data": "list", "created_body": "number"})).unwrap();
    assert_eq!(ask(&mut bench, "POST", "/clients/", json!({})).1["data"], json!([{"id": 100_001}]));
    assert_eq!(ask(&mut bench, "POST", "/v2/contacts/people", json!({})), (201, json!(100_002)));
}

#[test]
fn unknown_fields_are_ignored_or_refused_as_set() {
    let mut bench = open();
    let body = || json!({"first_name": "Anna", "no_such": 1, "custom_fields": {"f1": "x"}});
    assert_eq!(ask(&mut bench, "POST", "/v2/contacts/people", body()).0, 201);
    bench.sim.configure(&json!({"unknown_fields": "reject"})).unwrap();
    let (status, body) = ask(&mut bench, "POST", "/v2/contacts/people", body());
    let fields: Vec<&String> = body["message"]["validation"].as_object().unwrap().keys().collect();
    assert_eq!((status, fields), (400, vec![&"custom_fields".to_owned(), &"no_such".to_owned()]));
}
