//! Leads.

use serde_json::{Value, json};

use super::{ask, get, ids, lead, open, person};

#[test]
fn a_lead_has_a_client_or_a_number_with_a_name() {
    let mut bench = open();
    let wrongs = [
        (json!({"client_id": 100_001}), "client_id"),
        (json!({}), "client_id"),
        (json!({"contact_phone": "1"}), "contact_name"),
        (json!({"contact_name": "Anna"}), "contact_phone"),
    ];
    for (fields, name) in wrongs {
        let mut body = json!({"leadtype_id": 31});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (status, answer) = ask(&mut bench, "POST", "/lead/", body);
        assert_eq!(status, 400, "{answer}");
        assert!(answer["message"]["validation"][name].is_string(), "{answer}");
    }
    assert_eq!(ask(&mut bench, "POST", "/lead/", json!({"contact_phone": "1", "contact_name": "A"})).0, 400);
    let id = lead(&mut bench, json!({"contact_phone": "+380671234567", "contact_name": "Anna"}));
    assert_eq!(id, 200_001);
    assert_eq!(bench.sim.audit().totals["clients"], 0);
}

#[test]
fn leads_are_found_by_their_own_number_and_by_their_clients() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "380671234567");
    let linked = lead(&mut bench, json!({"client_id": client, "manager_id": 102}));
    let own = lead(&mut bench, json!({"contact_phone": "+38 067 123 45 67", "contact_name": "Ivan"}));
    lead(&mut bench, json!({"contact_phone": "380509876543", "contact_name": "Olena"}));
    assert_eq!(ids(&get(&mut bench, "/lead/?client_phones[]=380671234567")), [own, linked]);
    assert_eq!(ids(&get(&mut bench, "/lead/?client_names[]=anna")), [linked]);
    assert_eq!(ids(&get(&mut bench, "/lead/?managers[]=102&statuses[]=51")), [linked]);
    assert_eq!(ids(&get(&mut bench, &format!("/lead/?ids[]={own}"))), [own]);
}

#[test]
fn a_closed_lead_is_known_by_its_group_whatever_the_status_is_called() {
    let mut bench = open();
    let id = lead(&mut bench, json!({"contact_phone": "1", "contact_name": "Anna"}));
    bench.sim.configure(&json!({"closed_status_name": "Архів"})).unwrap();
    assert_eq!(ask(&mut bench, "POST", "/lead/status/", json!({"lead_id": id, "status_id": 53})).0, 200);
    let row = get(&mut bench, "/lead/")["data"][0].clone();
    assert_eq!((&row["status"]["name"], &row["status"]["group"]), (&json!("Архів"), &json!(6)));
    assert!(row["closed_at"].is_i64());
    assert_eq!(get(&mut bench, "/statuses/leads/")["data"][2]["name"], json!("Архів"));
    let reopened = json!({"lead_id": id, "status_id": 52, "description": "again"});
    assert_eq!(ask(&mut bench, "PUT", "/lead/", reopened).0, 200);
    let row = get(&mut bench, "/lead/")["data"][0].clone();
    assert_eq!((&row["closed_at"], &row["description"]), (&Value::Null, &json!("again")));
    assert_eq!(ask(&mut bench, "PUT", "/lead/", json!({"lead_id": id})).0, 400);
    assert_eq!(ask(&mut bench, "POST", "/lead/status/", json!({"lead_id": id, "status_id": 41})).0, 400);
}

#[test]
fn the_shape_of_a_lead_is_a_setting() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "380671234567");
    lead(&mut bench, json!({"client_id": client}));
    let row = get(&mut bench, "/lead/")["data"][0].clone();
    assert_eq!((&row["client"]["id"], &row["status"]["id"]), (&json!(client), &json!(51)));
    bench.sim.configure(&json!({"lead_status_groups": false})).unwrap();
    assert!(get(&mut bench, "/lead/")["data"][0]["status"].get("group").is_none());
    assert!(get(&mut bench, "/statuses/leads/")["data"][0].get("group").is_none());
    bench.sim.configure(&json!({"lead_shape": "flat"})).unwrap();
    let row = get(&mut bench, "/lead/")["data"][0].clone();
    assert_eq!((&row["client_id"], &row["status_id"]), (&json!(client), &json!(51)));
    assert!(row.get("client").is_none() && row.get("status").is_none());
}

#[test]
fn a_lead_takes_comments_as_messages() {
    let mut bench = open();
    let id = lead(&mut bench, json!({"contact_phone": "1", "contact_name": "Anna"}));
    let path = format!("/lead/{id}/comments");
    assert_eq!(ask(&mut bench, "POST", &path, json!({"message": "call"})), (200, json!({"success": true})));
    assert_eq!(ask(&mut bench, "POST", &path, json!({"comment": "call"})).0, 400);
}
