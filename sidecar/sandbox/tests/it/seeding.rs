//! People who work in the CRM: records put in, and changed afterwards.

use jiff::Timestamp;
use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, Sim};

/// Puts a record in, changes it as a person would, and gives the rows of its kind.
fn changed(crm: CrmKind, kind: &str, record: &Value, id_key: &str, change: &Value) -> Vec<Value> {
    let (now, mut sim) = (Timestamp::UNIX_EPOCH, Sim::new(crm, 1));
    let made = sim.seed(now, &json!({ kind: [record] })).unwrap();
    let mut change = change.clone();
    change[id_key] = made["ids"][kind][0].clone();
    let again = sim.seed(now, &json!({ kind: [change] })).unwrap();
    assert_eq!(again["ids"], made["ids"], "no record is made");
    sim.listing()[kind].as_array().unwrap().clone()
}

#[test]
fn a_person_renames_a_client_in_every_crm() {
    let cases = [
        (CrmKind::Zoho, "Contacts", "$id", "Last_Name", json!({"Phone": "1"})),
        (CrmKind::RetailCrm, "customers", "id", "firstName", json!({"phones": [{"number": "1"}]})),
        (CrmKind::RemOnline, "clients", "id", "first_name", json!({"phone": "1"})),
        (CrmKind::SendPulse, "contacts", "id", "firstName", json!({"phones": ["1"]})),
        (CrmKind::Dataverse, "contacts", "contactid", "lastname", json!({"telephone1": "1"})),
    ];
    for (crm, kind, id, name, mut record) in cases {
        let phones = ["Phone", "phones", "phone", "telephone1"].map(|key| record[key].clone());
        record[name] = json!("Anna");
        let rows = changed(crm, kind, &record, id, &json!({ name: "Anna Koval" }));
        assert_eq!((rows.len(), &rows[0][name]), (1, &json!("Anna Koval")), "{crm}");
        assert!(phones.iter().any(|phone| !phone.is_null()) && rows[0].to_string().contains("\"1\""), "{crm} {rows:?}");
    }
}

#[test]
fn a_person_closes_a_deal_and_opens_it_again() {
    let shut = |crm, kind, id, open: Value, closed: &Value| changed(crm, kind, &open, id, closed).remove(0);
    let deal = shut(CrmKind::Zoho, "Deals", "$id", json!({"Stage": "Qualification"}), &json!({"Stage": "Closed Won"}));
    assert_eq!(deal["Stage"], json!("Closed Won"));
    let order = shut(CrmKind::RetailCrm, "orders", "id", json!({"status": "new"}), &json!({"status": "complete"}));
    assert_eq!(order["status"], json!("complete"));
    let order = shut(CrmKind::RemOnline, "orders", "id", json!({"status_id": 41}), &json!({"status_id": 45}));
    assert!(order["closed_at"].is_string(), "{order}");
    let order = shut(CrmKind::RemOnline, "orders", "id", json!({"status_id": 45}), &json!({"status_id": 42}));
    assert!(order["closed_at"].is_null(), "{order}");
    let deal = shut(CrmKind::SendPulse, "deals", "id", json!({"status": 1}), &json!({"status": 3}));
    assert_eq!(deal["status"], json!(3));
}
