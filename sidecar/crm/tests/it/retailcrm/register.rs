//! Registering the exchange as a telephony module (retailcrm.md 1.8).

use std::collections::BTreeMap;

use futures::executor::block_on;
use serde_json::{Value, json};
use tieline_crm::{
    Method, SendError, Trouble,
    dialect::{Exchange, Registered},
};
use tieline_engine::ids::UserId;

use super::{BASE, dialect, entity, form, session};
use crate::scripted::Scripted;

const ABSENT: &str = r#"{"success":false,"errorMsg":"Not found"}"#;
const TAKEN: &str = r#"{"success":true,"info":[]}"#;

fn exchange(extensions: &[(&str, &str)]) -> Exchange {
    let extensions = extensions.iter().map(|(user, code)| (UserId::new(*user), (*code).to_owned()));
    Exchange { make_call_url: "https://tieline.example/call/p1?k=v".to_owned(), extensions: extensions.collect() }
}

fn register(settings: &[(&str, &str)], net: &Scripted, exchange: &Exchange) -> Result<Registered, Trouble> {
    block_on(dialect(settings).register(&session(net), exchange))
}

/// The module as it was sent, with the account's own module before.
fn sent(settings: &[(&str, &str)], before: &Value, exchange: &Exchange) -> Value {
    let before = json!({"success": true, "integrationModule": before}).to_string();
    let net = Scripted::new([(200, before.as_str()), (200, TAKEN)]);
    assert_eq!(register(settings, &net, exchange), Ok(Registered::Done));
    entity(&net.sent()[1], "integrationModule")
}

#[test]
fn a_new_module_has_addresses_extensions_and_no_actions() {
    let net = Scripted::new([(404, ABSENT), (201, TAKEN)]);
    let settings = [("module_code", "tieline"), ("site", "main")];
    let result = register(&settings, &net, &exchange(&[("17", "101"), ("18", "102")]));
    assert_eq!(result, Ok(Registered::Done));
    let all = net.sent();
    assert_eq!(
        (all[0].method, all[0].url.as_str()),
        (Method::Get, &*format!("{BASE}/api/v5/integration-modules/tieline"))
    );
    assert_eq!(
        (all[1].method, all[1].url.as_str()),
        (Method::Post, &*format!("{BASE}/api/v5/integration-modules/tieline/edit"))
    );
    let expected = json!({
        "code": "tieline", "integrationCode": "tieline", "active": true, "name": "Tieline", "clientId": "tieline",
        "baseUrl": "https://tieline.example",
        "integrations": {"telephony": {
            "makeCallUrl": "https://tieline.example/call/p1?k=v", "allowEdit": true,
            "inputEventSupported": false, "outputEventSupported": false, "hangupEventSupported": false,
            "additionalCodes": [{"userId": 17, "code": "101"}, {"userId": 18, "code": "102"}],
        }},
    });
    assert_eq!(entity(&all[1], "integrationModule"), expected);
    assert_eq!(form(&all[1]).len(), 1, "a module belongs to no shop");
}

#[test]
fn name_logo_and_client_id_are_the_settings() {
    let logo = "https://tieline.example/logo.svg";
    let settings = [
        ("module_code", "phones"),
        ("module_name", "Our exchange"),
        ("module_logo", logo),
        ("module_client_id", "client-7"),
    ];
    let module = sent(&settings, &Value::Null, &exchange(&[]));
    assert_eq!(
        (&module["name"], &module["logo"], &module["clientId"]),
        (&json!("Our exchange"), &json!(logo), &json!("client-7"))
    );
}

#[test]
fn extensions_the_account_has_of_others_are_written_again() {
    let telephony = json!({
        "additionalCodes": [
            {"userId": "17", "code": "100"}, {"userId": 30, "code": "130"}, {"userId": 31, "code": "102"},
        ],
        "externalPhones": [{"siteCode": "main", "externalPhone": "380441112233"}],
    });
    let before = json!({"code": "tieline", "integrations": {"telephony": telephony}});
    let module = sent(&[("module_code", "tieline")], &before, &exchange(&[("17", "101"), ("18", "102")]));
    let telephony = &module["integrations"]["telephony"];
    let expected = json!([
        {"userId": 17, "code": "101"}, {"userId": 18, "code": "102"}, {"userId": 30, "code": "130"},
    ]);
    assert_eq!(telephony["additionalCodes"], expected, "ours win, and no extension is two users'");
    assert_eq!(telephony["externalPhones"][0]["siteCode"], "main");
}

#[test]
fn an_exchange_without_extensions_wipes_nothing() {
    let before = json!({"integrations": {"telephony": {"additionalCodes": [{"userId": 30, "code": "130"}]}}});
    let settings = [("module_code", "tieline")];
    let module = sent(&settings, &before, &exchange(&[]));
    let codes = &module["integrations"]["telephony"]["additionalCodes"];
    assert_eq!(codes, &json!([{"userId": 30, "code": "130"}]));
    let module = sent(&settings, &json!({"integrations": []}), &exchange(&[]));
    assert_eq!(module["integrations"]["telephony"].get("additionalCodes"), None);
}

#[test]
fn without_a_module_code_nothing_is_sent_and_the_setting_is_named() {
    let result = register(&[], &Scripted::new([]), &exchange(&[]));
    assert!(matches!(result, Err(Trouble::Malformed(text)) if text.contains("module_code")));
}

#[test]
fn an_address_that_is_none_is_our_own_fault() {
    let net = Scripted::new([(404, ABSENT)]);
    let exchange = Exchange { make_call_url: "tieline".to_owned(), extensions: BTreeMap::new() };
    let result = register(&[("module_code", "tieline")], &net, &exchange);
    assert!(matches!(result, Err(Trouble::Malformed(_))));
}

#[test]
fn a_refused_module_names_the_fields_and_a_missing_right_stays_one() {
    let invalid =
        r#"{"success":false,"errorMsg":"Errors in the entity format","errors":{"baseUrl":"bad 380671234567"}}"#;
    let denied = r#"{"success":false,"errorMsg":"Access denied."}"#;
    let on = |status, body| {
        register(&[("module_code", "tieline")], &Scripted::new([(404, ABSENT), (status, body)]), &exchange(&[]))
    };
    let text = "retailcrm.integration_modules.edit: entity_format (fields: baseUrl)".to_owned();
    assert_eq!(on(400, invalid), Err(Trouble::Malformed(text)));
    assert!(matches!(on(403, denied), Err(Trouble::NotAllowed(_))));
    assert!(matches!(on(502, ""), Err(Trouble::Uncertain(_))));
}

#[test]
fn a_crm_that_is_away_is_not_asked_to_write() {
    let net = Scripted::failing(SendError::NotSent("no route".to_owned()));
    let result = register(&[("module_code", "tieline")], &net, &exchange(&[]));
    assert!(matches!(result, Err(Trouble::Unavailable(_))));
    assert_eq!(net.sent().len(), 1);
}
