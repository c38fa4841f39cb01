//! Tasks.

use serde_json::{Value, json};

use super::{ask, get, ids, lead, open, order, person};

fn task(rel_obj: Value) -> Value {
    json!({"title": "Call back", "deadline": "2026-03-02T15:00:00Z", "assignees": [102], "rel_obj": rel_obj})
}

#[test]
fn a_task_needs_a_title_a_deadline_and_someone() {
    let mut bench = open();
    let (status, body) = ask(&mut bench, "POST", "/tasks", json!({"description": "x", "assignees": []}));
    let missing = "This field is required.";
    let wrongs = json!({"assignees": missing, "deadline": missing, "title": missing});
    assert_eq!((status, &body["message"]["validation"]), (400, &wrongs));
    let wrong = json!({"title": "x", "deadline": "soon", "assignees": [7]});
    let (_, body) = ask(&mut bench, "POST", "/tasks", wrong);
    assert_eq!(body["message"]["validation"].as_object().unwrap().len(), 2, "{body}");
}

#[test]
fn a_task_hangs_on_an_order_a_lead_a_client_or_a_task_that_is_there() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "1");
    let order = order(&mut bench, client);
    let lead = lead(&mut bench, json!({"client_id": client}));
    for (kind, id) in [(2, order), (3, lead), (4, client), (6, 400_001)] {
        let (status, body) = ask(&mut bench, "POST", "/tasks", task(json!({"id": id, "type": kind})));
        assert_eq!((status, &body["success"]), (200, &json!(true)), "{kind}: {body}");
    }
    for (kind, id) in [(2, client), (3, order), (9, order), (1, order)] {
        assert_eq!(ask(&mut bench, "POST", "/tasks", task(json!({"id": id, "type": kind}))).0, 400, "{kind}");
    }
    assert_eq!(ids(&get(&mut bench, "/tasks")).len(), 4);
    assert_eq!(bench.sim.listing()["tasks"][1]["rel_obj"], json!(format!("3:{lead}")));
}

#[test]
fn a_task_is_closed_reopened_changed_and_commented() {
    let mut bench = open();
    let (_, body) = ask(&mut bench, "POST", "/tasks", task(Value::Null));
    let id = body["data"]["id"].as_u64().unwrap();
    let mut post = |what: &str, body: Value| ask(&mut bench, "POST", &format!("/tasks/{id}/{what}"), body).0;
    assert_eq!(post("close", Value::Null), 200);
    assert_eq!(post("comments", json!({"message": "done"})), 200);
    assert_eq!(post("comments", json!({"comment": "done"})), 200);
    assert_eq!(get(&mut bench, &format!("/tasks/{id}"))["data"]["is_closed"], json!(true));
    assert_eq!(ask(&mut bench, "POST", &format!("/tasks/{id}/reopen"), Value::Null).0, 200);
    assert_eq!(ask(&mut bench, "PUT", &format!("/tasks/{id}"), json!({"title": "Later"})).0, 200);
    let row = get(&mut bench, "/tasks")["data"][0].clone();
    assert_eq!((&row["title"], &row["is_closed"]), (&json!("Later"), &json!(false)));
    assert_eq!(ask(&mut bench, "POST", "/tasks/7/close", Value::Null).0, 404);
}
