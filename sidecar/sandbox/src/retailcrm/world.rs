//! The default world: credentials and the telephony module with its extensions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The API key that works until it is revoked.
pub const SANDBOX_API_KEY: &str = "sandbox-retailcrm-key";

/// The code of the telephony module that maps extensions 101 to 104 to users 1 to 4.
pub const SANDBOX_TELEPHONY_MODULE: &str = "sandbox-telephony";

/// The account's time zone: its times carry no offset.
pub(super) const TIME_ZONE: &str = "Europe/Kyiv";

/// The account's URL in links until a server says where it is.
pub(super) const DEFAULT_BASE_URL: &str = "https://sandbox.retailcrm.pro";

pub(super) fn modules() -> BTreeMap<String, Value> {
    let codes: Vec<Value> = (1_u64..=4).map(|user| json!({"userId": user, "code": (100 + user).to_string()})).collect();
    let module = json!({
        "code": SANDBOX_TELEPHONY_MODULE, "integrationCode": SANDBOX_TELEPHONY_MODULE, "active": true,
        "name": "Sandbox telephony", "baseUrl": "https://pbx.sandbox.example", "clientId": "sandbox",
        "integrations": {"telephony": {
            "makeCallUrl": "https://pbx.sandbox.example/call", "allowEdit": true, "additionalCodes": codes,
            "externalPhones": [],
        }},
    });
    BTreeMap::from([(SANDBOX_TELEPHONY_MODULE.to_owned(), module)])
}
