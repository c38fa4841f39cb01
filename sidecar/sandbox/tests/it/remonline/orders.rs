//! Orders.

use serde_json::{Value, json};

use super::{ask, get, ids, made, open, order, person};

#[test]
fn an_order_without_a_client_is_refused_in_every_generation() {
    let mut bench = open();
    for (path, kind) in [("/order/", "order_type"), ("/orders", "order_type_id"), ("/v2/orders", "order_type_id")] {
        let (status, body) = ask(&mut bench, "POST", path, json!({"branch_id": 11, kind: 21}));
        assert_eq!((status, &body["message"]["validation"]["client_id"]), (400, &json!("This field is required.")));
        let (status, _) = ask(&mut bench, "POST", path, json!({"branch_id": 11, kind: 21, "client_id": 7}));
        assert_eq!(status, 400);
    }
    let (_, body) = ask(&mut bench, "POST", "/v2/orders", json!({}));
    let fields: Vec<&String> = body["message"]["validation"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["branch_id", "client_id", "order_type_id"]);
}

#[test]
fn the_responsible_is_manager_when_written_the_old_way_and_manager_id_when_read() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "1");
    let body = json!({
        "branch_id": 12, "order_type": 22, "client_id": client, "manager": 103, "engineer": 104,
        "manager_notes": "call", "custom_fields": {"f7301": "google"},
    });
    let (status, body) = ask(&mut bench, "POST", "/order/", body);
    assert_eq!((status, &body["data"]["id"]), (200, &json!(300_001)));
    let old = get(&mut bench, "/order/")["data"][0].clone();
    assert_eq!((&old["manager_id"], &old["engineer_id"], &old["branch_id"]), (&json!(103), &json!(104), &json!(12)));
    assert_eq!((&old["order_type"], &old["client"]["id"]), (&json!({"id": 22, "name": "Warranty"}), &json!(client)));
    let new = get(&mut bench, "/v2/orders/300001");
    assert_eq!((&new["assignee_id"], &new["custom_fields"]), (&json!(104), &json!({"f7301": "google"})));
    let misspelt = json!({"branch_id": 11, "order_type": 21, "client_id": client, "manager_id": 103});
    assert_eq!(ask(&mut bench, "POST", "/order/", misspelt).0, 200);
    assert_eq!(get(&mut bench, "/order/")["data"][0]["manager_id"], Value::Null);
    bench.sim.configure(&json!({"order_type_field": "title"})).unwrap();
    assert_eq!(get(&mut bench, "/order/types/")["data"][0], json!({"id": 21, "title": "Paid"}));
}

#[test]
fn orders_are_found_by_client_number_status_and_label() {
    let mut bench = open();
    let [anna, ivan] =
        [("Anna", "380671234567"), ("Ivan", "380509876543")].map(|(name, phone)| person(&mut bench, name, phone));
    let [first, second] = [anna, ivan].map(|client| order(&mut bench, client));
    for path in ["/order/", "/orders", "/v2/orders"] {
        assert_eq!(ids(&get(&mut bench, &format!("{path}?client_phones[]=%2B380671234567"))), [first], "{path}");
        assert_eq!(ids(&get(&mut bench, &format!("{path}?clients_ids={ivan}"))), [second], "{path}");
        assert_eq!(ids(&get(&mut bench, &format!("{path}?clients_ids={ivan},{anna}"))), [second, first], "{path}");
        assert_eq!(ids(&get(&mut bench, &format!("{path}?statuses[]=42"))), [0_u64; 0], "{path}");
    }
    assert_eq!(ids(&get(&mut bench, &format!("/order/?id_labels[]=A{first}"))), [first]);
    assert_eq!(ids(&get(&mut bench, &format!("/v2/orders?numbers=A{first}"))), [first]);
    assert_eq!(ids(&get(&mut bench, "/order/?sort_dir=asc")), [first, second]);
}

#[test]
fn a_status_of_group_six_closes_an_order_and_any_other_opens_it() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "1");
    let id = order(&mut bench, client);
    let path = format!("/v2/orders/{id}/status");
    assert_eq!(ask(&mut bench, "POST", &path, json!({"status_id": 46, "comment": "done"})).0, 204);
    let row = get(&mut bench, &format!("/v2/orders/{id}"));
    assert_eq!(row["status"]["group"], json!({"type": 6, "name": "Closed"}));
    assert_eq!(row["closed_at"], json!("2026-03-02T09:00:00Z"));
    assert_eq!(bench.sim.listing()["comments"][0]["text"], json!("done"));
    assert_eq!(ask(&mut bench, "POST", "/order/status/", json!({"order_id": id, "status_id": 42})).0, 200);
    let row = get(&mut bench, "/order/")["data"][0].clone();
    assert_eq!((&row["status"]["group"], &row["closed_at"]), (&json!(2), &Value::Null));
    assert_eq!(ask(&mut bench, "POST", &path, json!({"status_id": 51})).0, 400);
    assert_eq!(ask(&mut bench, "POST", &path, json!({})).0, 400);
    assert_eq!(ask(&mut bench, "POST", "/order/status/", json!({"status_id": 42})).0, 400);
}

#[test]
fn an_order_is_changed_and_commented() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "1");
    let id = order(&mut bench, client);
    let change =
        json!({"manager_notes": "again", "due_date": "2026-03-05T10:00:00Z", "urgent": true, "manager_id": 102});
    assert_eq!(ask(&mut bench, "PATCH", &format!("/orders/{id}"), change), (204, Value::Null));
    let row = get(&mut bench, &format!("/orders/{id}"));
    assert_eq!(
        (&row["manager_notes"], &row["urgent"], &row["manager_id"]),
        (&json!("again"), &json!(true), &json!(102))
    );
    assert_eq!(ask(&mut bench, "POST", &format!("/orders/{id}/comments"), json!({"comment": "b"})).0, 204);
    assert_eq!(ask(&mut bench, "POST", &format!("/order/{id}/comments"), json!({"message": "a"})).0, 200);
    assert_eq!(ask(&mut bench, "PATCH", "/orders/7", json!({})).0, 404);
    let wrong = json!({"manager_id": 7, "due_date": "tomorrow", "custom_fields": {"f7307": "many"}});
    let (_, body) = ask(&mut bench, "PATCH", &format!("/orders/{id}"), wrong);
    assert_eq!(body["message"]["validation"].as_object().unwrap().len(), 3, "{body}");
}

#[test]
fn a_page_has_fifty_rows_and_counts_what_there_is() {
    let mut bench = open();
    let clients: Vec<Value> = (0..60).map(|n| json!({"first_name": format!("c{n}"), "phone": n.to_string()})).collect();
    bench.sim.seed(bench.now, &json!({"clients": clients})).unwrap();
    let body = get(&mut bench, "/v2/contacts/people?page=2&sort=-created_at");
    assert_eq!(body["paging"], json!({"limit": 50, "page": 2, "total_pages": 2, "count": 60}));
    assert_eq!((ids(&body).len(), ids(&body)[0]), (10, 100_010));
    let body = get(&mut bench, "/clients/?page=2");
    assert_eq!((&body["count"], &body["success"], ids(&body).len()), (&json!(60), &json!(true), 10));
    assert_eq!(ask(&mut bench, "GET", "/clients/?page=0", Value::Null).0, 400);
    made(ask(&mut bench, "POST", "/orders", json!({"branch_id": 11, "order_type_id": 21, "client_id": 100_001})));
}
