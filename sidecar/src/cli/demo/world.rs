//! What the CRMs hold when the day begins: clients as people typed them in.

use serde_json::{Value, json};
use tieline_sandbox::dataverse;

use super::{sandbox::Control, story::Project};
use crate::cli::Failure;

/// Puts the clients in.
pub(super) async fn seed(crms: &Control) -> Result<(), Failure> {
    crms.seed(Project::Studio, &studio()).await?;
    let made = crms.seed(Project::Shop, &customers()).await?;
    let id = |index: usize| made.pointer(&format!("/ids/customers/{index}")).cloned().unwrap_or_default();
    crms.seed(Project::Shop, &orders(&id(0), &id(1))).await?;
    // The account's rate as older documents of the vendor have it: at three requests a second the day would be long.
    crms.set(Project::Repair, &json!({"rate": 8})).await?;
    let made = crms.seed(Project::Repair, &owners_of_broken_things()).await?;
    crms.seed(Project::Repair, &closed_repairs(made.pointer("/ids/clients/0").unwrap_or(&Value::Null))).await?;
    crms.seed(Project::School, &pupils()).await?;
    crms.seed(Project::Clinic, &patients()).await?;
    Ok(())
}

/// Anna with an open deal, Borys with a closed one, Vira with none.
fn studio() -> Value {
    let owner = |last: u8| json!({"id": format!("572576700000041100{last}")});
    let pipeline = "Standard (Standard)";
    json!({
        "Contacts": [
            {"$ref": "anna", "First_Name": "Anna", "Last_Name": "Kovalenko", "Phone": "(067) 123-45-67", "Owner": owner(3)},
            {"$ref": "borys", "First_Name": "Borys", "Last_Name": "Lysenko", "Mobile": "+38-050-222-3344", "Owner": owner(2)},
            {"$ref": "vira", "First_Name": "Vira", "Last_Name": "Moroz", "Phone": "80633334455", "Owner": owner(4)},
        ],
        "Deals": [
            {"Deal_Name": "Spring conference", "Stage": "Negotiation/Review", "Pipeline": pipeline,
             "Contact_Name": "@anna", "Owner": owner(3)},
            {"Deal_Name": "New year's party", "Stage": "Closed Won", "Pipeline": pipeline,
             "Contact_Name": "@borys", "Owner": owner(2)},
        ],
    })
}

/// Ihor, Larysa, and Mykola who does not call.
fn customers() -> Value {
    json!({
        "customers": [
            {"firstName": "Ihor", "lastName": "Savchenko", "phones": [{"number": "067 555 66 77"}], "managerId": 2},
            {"firstName": "Larysa", "lastName": "Bondar", "phones": [{"number": "+38-097-777-8899"}], "managerId": 3},
            {"firstName": "Mykola", "lastName": "Hnatiuk", "phones": [{"number": "(044) 490 00 11"}], "managerId": 4},
        ],
    })
}

/// Ihor's is running, Larysa's is over.
fn orders(ihor: &Value, larysa: &Value) -> Value {
    json!({
        "orders": [
            {"number": "1001", "status": "assembling", "customer": {"id": ihor}, "managerId": 2},
            {"number": "1002", "status": "complete", "customer": {"id": larysa}, "managerId": 3},
        ],
    })
}

/// Roman, and Sofiia for whom nothing was ordered yet.
fn owners_of_broken_things() -> Value {
    json!({
        "clients": [
            {"first_name": "Roman", "last_name": "Hrytsenko", "phone": "067 200 10 01", "manager_id": 104},
            {"first_name": "Sofiia", "last_name": "Marchuk", "phone": "+38 (050) 200-10-02", "manager_id": 103},
        ],
    })
}

/// What Roman had is done.
fn closed_repairs(roman: &Value) -> Value {
    json!({
        "leads": [{"client_id": roman, "status_id": 53, "manager_id": 104}],
        "orders": [{"client_id": roman, "status_id": 45, "manager_id": 104}],
    })
}

/// Zlata.
fn pupils() -> Value {
    json!({
        "contacts": [
            {"firstName": "Zlata", "lastName": "Kravets", "phones": ["380673001001"], "responsibleId": 4104},
        ],
    })
}

/// Ostap and Yaryna.
fn patients() -> Value {
    let [_, _, oksana, petro] = dataverse::SANDBOX_USERS;
    json!({
        "contacts": [
            {"firstname": "Ostap", "lastname": "Danylko", "mobilephone": "+380504001001", "_ownerid_value": oksana},
            {"firstname": "Yaryna", "lastname": "Panchuk", "telephone1": "0674001002", "_ownerid_value": petro},
        ],
    })
}
