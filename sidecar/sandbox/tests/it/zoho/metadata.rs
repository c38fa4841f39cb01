//! Metadata, users and the default world.

use serde_json::{Value, json};

use crate::helpers::{Bench, rows};

fn get(bench: &mut Bench, target: &str) -> (u16, Value) {
    bench.call("GET", target, Value::Null)
}

#[test]
fn custom_text_fields_can_be_told_from_those_no_text_may_go_into() {
    let mut bench = Bench::zoho();
    let (_, body) = get(&mut bench, "/settings/fields?module=Leads");
    let fields = body["fields"].as_array().unwrap();
    let mappable: Vec<&str> = fields
        .iter()
        .filter(|field| field["custom_field"] == json!(true) && field["data_type"] == json!("text"))
        .map(|field| field["api_name"].as_str().unwrap())
        .collect();
    assert!(mappable.contains(&"rs_utm_source") && mappable.contains(&"rs_google_client_id"));
    assert!(!mappable.contains(&"Visits_Count"));
    let key = fields.iter().find(|field| field["api_name"] == json!("Phone_Key")).unwrap();
    assert_eq!(key["unique"], json!({"case_sensitive": false}));
}

#[test]
fn a_field_can_be_made_and_only_two_may_be_unique() {
    let mut bench = Bench::zoho();
    let field = |label: &str| json!({"fields": [{"field_label": label, "data_type": "text", "length": 20, "unique": {"case_sensitive": false}}]});
    assert_eq!(bench.call("POST", "/settings/fields?module=Contacts", field("Second Key")).0, 201);
    let (_, body) = bench.call("POST", "/settings/fields?module=Contacts", field("Second Key"));
    assert_eq!(body["code"], json!("DUPLICATE_DATA"));
    let (_, body) = bench.call("POST", "/settings/fields?module=Contacts", field("Third Key"));
    assert_eq!(body["code"], json!("LIMIT_EXCEEDED"));
    bench.made("Contacts", json!({"Last_Name": "x", "Second_Key": "7"}));
    let (_, item) = bench.insert("Contacts", json!({"Last_Name": "y", "Second_Key": "7"}));
    assert_eq!(item["code"], json!("DUPLICATE_DATA"));
}

#[test]
fn the_pipeline_tells_open_stages_from_closed_ones() {
    let mut bench = Bench::zoho();
    let (_, layouts) = get(&mut bench, "/settings/layouts?module=Deals");
    let layout = layouts["layouts"][0]["id"].as_str().unwrap().to_owned();
    let (_, body) = get(&mut bench, &format!("/settings/pipeline?layout_id={layout}"));
    let stages = body["pipeline"][0]["maps"].as_array().unwrap();
    let closed: Vec<&str> = stages
        .iter()
        .filter(|stage| stage["forecast_type"] != json!("Open"))
        .map(|stage| stage["actual_value"].as_str().unwrap())
        .collect();
    assert_eq!(closed, ["Closed Won", "Closed Lost", "Closed Lost to Competition"]);
    assert_eq!(get(&mut bench, "/settings/pipeline").1["code"], json!("REQUIRED_PARAM_MISSING"));
    assert_eq!(get(&mut bench, "/settings/pipeline?layout_id=1").1["code"], json!("INVALID_DATA"));
}

#[test]
fn users_come_in_pages_and_inactive_ones_are_left_out_on_demand() {
    let mut bench = Bench::zoho();
    bench
        .sim
        .seed(bench.now, &json!({"users": [{"first_name": "Gone", "email": "gone@sandbox.example", "active": false}]}))
        .unwrap();
    assert_eq!(rows(&get(&mut bench, "/users?type=ActiveUsers").1, "users"), 4);
    assert_eq!(rows(&get(&mut bench, "/users?type=AllUsers").1, "users"), 5);
    let (_, body) = get(&mut bench, "/users?type=ActiveUsers&page=2&per_page=3");
    assert_eq!((rows(&body, "users"), &body["info"]["more_records"]), (1, &json!(false)));
    assert_eq!(rows(&get(&mut bench, "/users?type=CurrentUser").1, "users"), 1);
}

#[test]
fn records_put_in_by_hand_escape_the_rules_but_not_the_names() {
    let mut bench = Bench::zoho();
    let odd = json!({"Contacts": [{"Last_Name": "x", "Phone": "тел. 067/123"}]});
    assert!(bench.sim.seed(bench.now, &odd).is_ok());
    assert!(bench.sim.seed(bench.now, &json!({"Contacts": [{"Phon": "1"}]})).is_err());
    assert!(bench.sim.seed(bench.now, &json!({"Kontakte": []})).is_err());
}
