//! What the CRMs hold when the day begins: clients as people typed them in.

use serde_json::{Value, json};

use super::{sandbox::Control, story::Project};
use crate::cli::Failure;

/// Puts the clients in.
pub(super) async fn seed(crms: &Control) -> Result<(), Failure> {
    crms.seed(Project::Studio, &studio()).await?;
    let made = crms.seed(Project::Shop, &customers()).await?;
    let id = |index: usize| made.pointer(&format!("/ids/customers/{index}")).cloned().unwrap_or_default();
    crms.seed(Project::Shop, &orders(&id(0), &id(1))).await?;
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
