//! The default world: credentials, users, the app.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{schema::Set, store::Row, store::Store};

/// The tenant whose token server answers.
pub const SANDBOX_TENANT: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
/// The registered app (also its application user's `applicationid`).
pub const SANDBOX_CLIENT_ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
/// The app's secret, good until it is revoked.
pub const SANDBOX_CLIENT_SECRET: &str = "sandbox-dataverse-secret";

/// The application user: who owns what is created without an owner.
pub const SANDBOX_APP_USER: &str = "5f000000-0000-4000-8000-000000000100";
/// The people: Olha Boyko, Ivan Melnyk, Oksana Tkachenko, Petro Shevchuk.
pub const SANDBOX_USERS: [&str; 4] = [
    "5f000000-0000-4000-8000-000000000001",
    "5f000000-0000-4000-8000-000000000002",
    "5f000000-0000-4000-8000-000000000003",
    "5f000000-0000-4000-8000-000000000004",
];

/// What `WhoAmI` tells beside the user.
pub(super) const BUSINESS_UNIT: &str = "5f000000-0000-4000-8000-00000000b001";
pub(super) const ORGANIZATION: &str = "5f000000-0000-4000-8000-0000000000c1";

/// The org's URL until a server says where it is.
pub(super) const DEFAULT_BASE_URL: &str = "https://sandbox.crm4.dynamics.com";

/// First name, last name, main phone; extension 101 and on is the employee id.
const PEOPLE: [(&str, &str, Option<&str>); 4] = [
    ("Olha", "Boyko", None),
    ("Ivan", "Melnyk", Some("+380441110102")),
    ("Oksana", "Tkachenko", Some("+380441110103")),
    ("Petro", "Shevchuk", Some("+380441110104")),
];

/// The tables as they stand at the start.
pub(super) fn store() -> Store {
    let mut store = Store::default();
    for (((first, last, phone), id), number) in PEOPLE.into_iter().zip(SANDBOX_USERS).zip(1_u32..) {
        let mail = format!("{}@sandbox.example", first.to_lowercase());
        let user = json!({
            "systemuserid": id, "firstname": first, "lastname": last, "fullname": format!("{first} {last}"),
            "internalemailaddress": mail, "domainname": mail, "address1_telephone1": phone,
            "employeeid": (100 + number).to_string(), "isdisabled": false, "accessmode": 0,
            "azureactivedirectoryobjectid": format!("5f000000-0000-4000-8000-000000000a{number:02}"),
            "createdon": "2025-01-15T08:00:00Z",
        });
        store.put(Set::Users, row(id, user));
    }
    let app_user = json!({
        "systemuserid": SANDBOX_APP_USER, "fullname": "# Sandbox telephony", "lastname": "Sandbox telephony",
        "firstname": "#", "domainname": "telephony@sandbox.example", "isdisabled": false, "accessmode": 4,
        "applicationid": SANDBOX_CLIENT_ID, "createdon": "2025-01-15T08:00:00Z",
        "azureactivedirectoryobjectid": "5f000000-0000-4000-8000-000000000a99",
    });
    store.put(Set::Users, row(SANDBOX_APP_USER, app_user));
    let app = "5f000000-0000-4000-8000-0000000000aa";
    store.put(Set::Apps, row(app, json!({"appmoduleid": app, "uniquename": "smart_crm", "name": "SMART CRM"})));
    store
}

fn row(id: &str, fields: Value) -> Row {
    let Value::Object(fields) = fields else {
        return Row {
            id: id.to_owned(),
            fields: Map::new(),
            version: 0,
            created: Timestamp::UNIX_EPOCH,
            indexed: true,
        };
    };
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Row { id: id.to_owned(), fields, version: 0, created: Timestamp::UNIX_EPOCH, indexed: true }
}
