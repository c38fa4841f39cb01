//! Tokens, the application user, acting for others, service protection.

use serde_json::{Value, json};
use tieline_sandbox::{SimRequest, dataverse};

use super::{Org, token_request};

#[test]
fn a_token_lives_just_under_an_hour_and_opens_the_api() {
    let mut org = Org::new();
    let answer = org.bench.answer(&token_request(dataverse::SANDBOX_CLIENT_SECRET)).body_json();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3599)));
    assert!(answer.get("refresh_token").is_none());
    let (status, body) = org.get("WhoAmI");
    assert_eq!((status, &body["UserId"]), (200, &json!(dataverse::SANDBOX_APP_USER)));
    org.bench.wait(3_599_000);
    let dead = org.bench.answer(&org.request("GET", "WhoAmI"));
    assert_eq!((dead.status, dead.body.len()), (401, 0));
    org.sign_in();
    assert_eq!(org.get("WhoAmI").0, 200);
}

#[test]
fn the_older_form_of_the_endpoint_takes_a_resource() {
    let mut org = Org::new();
    let request = SimRequest::new("POST", &format!("/{}/oauth2/token", dataverse::SANDBOX_TENANT)).form(&[
        ("client_id", dataverse::SANDBOX_CLIENT_ID),
        ("client_secret", dataverse::SANDBOX_CLIENT_SECRET),
        ("grant_type", "client_credentials"),
        ("resource", "https://sandbox.crm4.dynamics.com/"),
    ]);
    let body = org.bench.answer(&request).body_json();
    assert_eq!(body["expires_in"], json!("3599"));
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let who = SimRequest::new("GET", "/api/data/v9.0/WhoAmI").header("authorization", &bearer);
    assert_eq!(org.bench.answer(&who).status, 200);
}

#[test]
fn refusals_of_the_token_server_carry_their_number() {
    let mut org = Org::new();
    let answer = org.bench.answer(&token_request("wrong"));
    let body = answer.body_json();
    assert_eq!((answer.status, &body["error"]), (401, &json!("invalid_client")));
    assert_eq!(body["error_codes"], json!([7_000_215]));
    assert!(body["error_description"].as_str().unwrap().starts_with("AADSTS7000215:"));
    let elsewhere = SimRequest::new("POST", "/no-such-tenant/oauth2/v2.0/token").form(&[("client_id", "x")]);
    assert_eq!(org.bench.answer(&elsewhere).body_json()["error_codes"], json!([90_002]));
    org.configure(json!({"check_scope": true}));
    org.bench.sim.set_base_url("http://127.0.0.1:1/dataverse");
    let refused = org.bench.answer(&token_request(dataverse::SANDBOX_CLIENT_SECRET)).body_json();
    assert_eq!(refused["error_codes"], json!([500_011]));
}

#[test]
fn an_app_without_a_user_or_with_a_disabled_one_is_told_so() {
    let mut org = Org::new();
    org.configure(json!({"app_user": "missing"}));
    assert_eq!(org.refused("GET", "WhoAmI", &Value::Null), (403, "0x80072560".to_owned()));
    org.configure(json!({"app_user": "disabled"}));
    assert_eq!(org.refused("GET", "WhoAmI", &Value::Null), (403, "0x80040225".to_owned()));
}

#[test]
fn who_acts_for_an_agent_creates_in_the_agents_name() {
    let mut org = Org::new();
    let ivan = dataverse::SANDBOX_USERS[1];
    let answer = org.send_with("POST", "contacts", ("MSCRMCallerID", ivan), &json!({"telephone1": "1"}));
    assert_eq!(answer.status, 204);
    let (_, body) = org.get("contacts?$expand=owninguser($select=fullname)");
    let row = &body["value"][0];
    assert_eq!(row["owninguser"]["fullname"], json!("Ivan Melnyk"));
    assert_eq!(
        (&row["_createdby_value"], &row["_createdonbehalfby_value"]),
        (&json!(ivan), &json!(dataverse::SANDBOX_APP_USER))
    );
    org.seed(json!({"systemusers": [{"systemuserid": ivan, "isdisabled": true}]}));
    let answer = org.send_with("POST", "contacts", ("MSCRMCallerID", ivan), &json!({"telephone1": "1"}));
    assert_eq!((answer.status, &answer.body_json()["error"]["code"]), (403, &json!("0x80040225")));
    org.configure(json!({"act_on_behalf": false}));
    let object = "5f000000-0000-4000-8000-000000000a01";
    let answer = org.send_with("POST", "contacts", ("CallerObjectId", object), &json!({"telephone1": "1"}));
    assert_eq!((answer.status, &answer.body_json()["error"]["code"]), (403, &json!("0x80040220")));
}

#[test]
fn six_thousand_requests_in_five_minutes_are_the_most_and_the_wait_is_named() {
    let mut org = Org::new();
    for _ in 0..6_000 {
        assert_eq!(org.get("WhoAmI").0, 200);
    }
    org.bench.wait(100_000);
    let answer = org.bench.answer(&org.request("GET", "WhoAmI"));
    assert_eq!((answer.status, &answer.body_json()["error"]["code"]), (429, &json!("0x80072322")));
    assert!(answer.headers.contains(&("retry-after".to_owned(), "200".to_owned())), "{:?}", answer.headers);
    org.bench.wait(200_000);
    assert_eq!(org.get("WhoAmI").0, 200);
}

#[test]
fn the_fifty_third_request_at_once_and_too_much_work_are_refused_with_their_own_codes() {
    let mut org = Org::new();
    org.bench.sim.set_latency_ms(30_000);
    for _ in 0..40 {
        assert_eq!(org.get("WhoAmI").0, 200);
    }
    assert_eq!(org.refused("GET", "WhoAmI", &Value::Null), (429, "0x80072321".to_owned()));
    let mut org = Org::new();
    org.bench.sim.set_latency_ms(1_000);
    for _ in 0..52 {
        assert_eq!(org.get("WhoAmI").0, 200);
    }
    assert_eq!(org.refused("GET", "WhoAmI", &Value::Null), (429, "0x80072326".to_owned()));
    org.bench.wait(1_000);
    assert_eq!(org.get("WhoAmI").0, 200);
}

#[test]
fn definitions_tell_tables_attributes_and_declared_keys() {
    let mut org = Org::new();
    org.configure(json!({"custom_columns": ["contacts.new_phonekey"], "alternate_keys": ["contacts.new_phonekey"]}));
    let (_, body) = org.get("EntityDefinitions?$select=SchemaName&$expand=Keys($select=KeyAttributes)");
    assert_eq!(body["value"][0]["SchemaName"], json!("Contact"));
    assert_eq!(body["value"][0]["Keys"][0]["KeyAttributes"], json!(["new_phonekey"]));
    let (_, body) =
        org.get("EntityDefinitions(LogicalName='phonecall')/Attributes?$select=LogicalName,MaxLength,IsValidForCreate");
    let state = body["value"].as_array().unwrap().iter().find(|one| one["LogicalName"] == json!("statecode")).unwrap();
    assert_eq!(state["IsValidForCreate"], json!(false));
    assert_eq!(org.get("EntityDefinitions(LogicalName='nothing')").0, 404);
    let (_, body) = org.get("appmodules?$select=appmoduleid,uniquename");
    assert_eq!(body["value"][0]["uniquename"], json!("smart_crm"));
}
