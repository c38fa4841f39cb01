//! Boards and tasks.

use serde_json::{Value, json};
use tieline_sandbox::sendpulse::SANDBOX_BOARD_ID;

use super::bench::{Account, OWNER};

fn task(name: &str) -> Value {
    json!({
        "name": name, "boardId": SANDBOX_BOARD_ID, "stepId": 3011, "responsibleId": OWNER + 1,
        "finishAt": "2026-03-02 12:00", "alert": "15min", "priority": 2,
    })
}

#[test]
fn a_task_is_created_with_its_board_deadline_and_contact() {
    let mut account = Account::new();
    let contact = account.contact("1");
    let mut body = task("Call back");
    body["connections"] = json!({"contactIds": [contact]});
    let (status, body) = account.post("/tasks", body);
    let task = &body["data"];
    assert_eq!((status, &task["finishAt"], &task["sourceType"]), (201, &json!("2026-03-02 12:00"), &json!(8)));
    assert_eq!(task["connections"]["contactIds"], json!([contact]));
    let contact = account.get(&format!("/contacts/{contact}")).1;
    assert_eq!(contact["data"]["tasks"][0]["name"], json!("Call back"));
}

#[test]
fn a_task_with_a_wrong_field_is_refused() {
    let mut account = Account::new();
    let wrong = [
        ("name", Value::Null),
        ("boardId", json!(5)),
        ("stepId", json!(2011)),
        ("responsibleId", json!(5)),
        ("finishAt", json!("2026-03-02 12:00:00")),
        ("finishAt", json!("02.03.2026")),
        ("alert", json!("8d")),
        ("priority", json!(4)),
        ("observers", json!([5])),
        ("connections", json!({"contactIds": [5]})),
        ("connections", json!({"dealIds": 5})),
    ];
    for (name, value) in wrong {
        let mut body = task("x");
        body[name] = value;
        assert_eq!(account.post("/tasks", body).0, 422, "{name}");
    }
    assert_eq!(account.post("/tasks", json!({"name": "x"})).0, 422);
    account.set(json!({"task_needs_board": false}));
    assert_eq!(account.post("/tasks", json!({"name": "x", "alert": 0})).0, 201);
}

#[test]
fn a_task_is_listed_changed_attached_and_deleted() {
    let mut account = Account::new();
    let contact = account.contact("1");
    let id = account.post("/tasks", task("Call back")).1["data"]["id"].as_u64().unwrap();
    account.post("/tasks", task("Other"));
    let target = format!("/tasks/{id}");
    assert_eq!(account.call("PUT", &target, json!({"stepId": 3013})).1["data"]["stepId"], json!(3013));
    assert_eq!(account.call("PUT", &target, json!({"stepId": 2013})).0, 422);
    assert_eq!(account.get(&target).1["data"]["responsibleId"], json!(OWNER + 1));
    let attach = format!("{target}/entity-attach");
    let (status, body) = account.post(&attach, json!({"contactIds": [contact]}));
    assert_eq!((status, &body["data"]["connections"]["contactIds"]), (201, &json!([contact])));
    assert_eq!(account.post(&attach, json!({})).0, 422);
    let listed = account.post("/tasks/list", json!({"contactIds": [contact]})).1;
    assert_eq!((&listed["data"]["total"], &listed["data"]["list"][0]["id"]), (&json!(1), &json!(id)));
    account.set(json!({"task_list_envelope": "meta"}));
    assert_eq!(account.post("/tasks/list", json!({})).1["meta"]["total"], json!(2));
    assert_eq!(account.call("DELETE", &target, Value::Null).0, 200);
    assert_eq!(account.get(&target).0, 404);
    assert_eq!(account.get(&format!("/contacts/{contact}")).1["data"]["tasks"], json!([]));
}
