//! Tokens, keys, the rate, the plan, and wrong paths.

use serde_json::{Value, json};
use tieline_sandbox::{SimRequest, sendpulse};

use super::bench::Account;

#[test]
fn a_token_is_given_for_the_clients_credentials_in_json_or_a_form() {
    let mut account = Account::new();
    let body = account.token_answer(sendpulse::SANDBOX_CLIENT_SECRET).body_json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert!(body.get("refresh_token").is_none());
    let form = SimRequest::new("POST", "/oauth/access_token").form(&[
        ("grant_type", "client_credentials"),
        ("client_id", sendpulse::SANDBOX_CLIENT_ID),
        ("client_secret", sendpulse::SANDBOX_CLIENT_SECRET),
    ]);
    assert!(account.answer(&form).body_json()["access_token"].is_string());
}

#[test]
fn a_wrong_secret_is_an_invalid_client() {
    let mut account = Account::new();
    let answer = account.token_answer("wrong");
    assert_eq!(answer.status, 401);
    let body = answer.body_json();
    assert_eq!(
        (&body["error"], &body["error_description"]),
        (&json!("invalid_client"), &json!("Client authentication failed"))
    );
    let grant = SimRequest::new("POST", "/oauth/access_token").json(&json!({"grant_type": "password"}));
    assert_eq!(account.answer(&grant).body_json()["error"], json!("unsupported_grant_type"));
}

#[test]
fn a_token_dies_after_an_hour_and_the_static_key_does_not() {
    let mut account = Account::new();
    account.refresh();
    account.wait(3_599_000);
    assert_eq!(account.get("/users").0, 200);
    account.wait(1_000);
    assert_eq!(account.get("/users"), (401, json!({"message": "Unauthorized!", "error_code": 401})));
    account.bearer = sendpulse::SANDBOX_API_KEY.to_owned();
    assert_eq!(account.get("/users").0, 200);
}

#[test]
fn a_request_without_a_bearer_is_unauthorized() {
    let mut account = Account::new();
    assert_eq!(account.answer(&SimRequest::new("GET", "/crm/v1/users")).status, 401);
    let header = SimRequest::new("GET", "/crm/v1/users").header("Authorization", sendpulse::SANDBOX_API_KEY);
    assert_eq!(account.answer(&header).status, 401);
}

#[test]
fn an_eleventh_request_in_a_second_is_refused_without_a_word_on_waiting() {
    let mut account = Account::limited();
    for _ in 0..10 {
        assert_eq!(account.get("/users").0, 200);
    }
    let request = account.request("GET", "/users", &Value::Null);
    let answer = account.answer(&request);
    assert_eq!((answer.status, &answer.body_json()["error_code"]), (429, &json!(2_020_202_020_u64)));
    assert!(answer.headers.iter().all(|(name, _)| name != "retry-after"));
    account.wait(1_000);
    assert_eq!(account.get("/users").0, 200);
}

#[test]
fn other_products_of_the_account_use_the_rate_too() {
    let mut account = Account::limited();
    account.set(json!({"other_products_per_second": 9}));
    assert_eq!((account.get("/users").0, account.get("/users").0), (200, 429));
    assert!(account.sim.configure(&json!({"other_products_per_second": 11})).is_err());
}

#[test]
fn a_plan_below_basic_is_forbidden_the_crm_but_given_a_token() {
    let mut account = Account::new();
    account.set(json!({"plan": "free"}));
    account.refresh();
    let (status, body) = account.post("/contacts/get-list", json!({}));
    assert_eq!((status, &body["error_code"]), (403, &json!(403)));
    account.set(json!({"plan": "pro"}));
    assert_eq!(account.post("/contacts/get-list", json!({})).0, 200);
}

#[test]
fn unknown_paths_wrong_methods_and_broken_bodies_are_told_apart() {
    let mut account = Account::new();
    assert_eq!(account.get("/no-such").0, 404);
    assert_eq!(account.get("/telephony/calls/get-list").0, 405);
    assert_eq!(account.call("DELETE", "/contacts/500001", Value::Null).0, 405);
    assert_eq!(account.post("/telephony/calls", json!({})).0, 404);
    let mut broken = account.request("POST", "/contacts", &json!({}));
    broken.body = "{oops".into();
    assert_eq!(account.answer(&broken).status, 400);
}

#[test]
fn a_form_is_no_json_body() {
    let mut account = Account::new();
    let bearer = format!("Bearer {}", account.bearer);
    let form = SimRequest::new("POST", "/crm/v1/contacts").header("Authorization", &bearer);
    let answer = account.answer(&form.form(&[("responsibleId", "4101")]));
    assert_eq!((answer.status, &answer.body_json()["message"]), (422, &json!("The responsibleId field is required.")));
}

#[test]
fn what_is_not_there_has_the_crms_own_body() {
    let mut account = Account::new();
    let expected = json!({"data": {"code": 213, "message": "Contact not found"}});
    assert_eq!(account.get("/contacts/500001"), (404, expected));
}

#[test]
fn a_refusal_of_fields_takes_the_shape_it_is_set_to() {
    let mut account = Account::new();
    let (status, body) = account.post("/contacts/create", json!({}));
    assert_eq!((status, body), (422, json!({"message": "The responsibleId field is required.", "error_code": 422})));
    account.set(json!({"validation_body": "errors"}));
    let (_, body) = account.post("/contacts/create", json!({}));
    assert_eq!(body["errors"]["responsibleId"], json!(["The responsibleId field is required."]));
    account.set(json!({"validation_body": "data"}));
    assert_eq!(account.post("/contacts/create", json!({})).1["data"]["code"], json!(422));
}
