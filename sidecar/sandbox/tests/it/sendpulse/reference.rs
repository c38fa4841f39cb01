//! Users, pipelines, boards and attributes.

use serde_json::json;

use super::bench::{Account, OWNER};

#[test]
fn four_users_have_a_time_zone_each() {
    let mut account = Account::new();
    let users = account.get("/users").1["data"].clone();
    assert_eq!(users.as_array().unwrap().len(), 4);
    assert_eq!((&users[0]["id"], &users[0]["lastName"]), (&json!(OWNER), &json!("Boyko")));
    assert!(users[3]["timezone"].is_i64());
}

#[test]
fn boards_come_with_their_steps_and_pipelines_without() {
    let mut account = Account::new();
    let boards = account.get("/boards").1["data"].clone();
    assert_eq!((&boards[0]["name"], &boards[0]["steps"][0]["id"]), (&json!("Calls"), &json!(3011)));
    let pipelines = account.get("/pipelines").1["data"].clone();
    assert!(pipelines[0].get("steps").is_none());
    let steps = account.get("/pipelines/201/steps").1["data"].clone();
    assert_eq!((steps.as_array().unwrap().len(), &steps[3]["name"]), (4, &json!("Payment")));
    assert_eq!(account.get("/pipelines/9/steps").0, 404);
    assert_eq!(account.post("/boards", json!({})).0, 405);
}

#[test]
fn lists_can_be_objects_as_the_published_description_draws_them() {
    let mut account = Account::new();
    account.set(json!({"lists_as_objects": true}));
    assert_eq!(account.get("/users").1["data"]["4102"]["firstName"], json!("Ivan"));
    assert_eq!(account.get("/boards").1["data"]["301"]["steps"][0]["name"], json!("To do"));
}

#[test]
fn an_attribute_is_made_once_with_one_of_six_types() {
    let mut account = Account::new();
    let (status, body) = account.post("/contacts/attributes", json!({"name": "landing", "type": 3}));
    assert_eq!((status, &body["data"]["type"]), (200, &json!(3)));
    assert_eq!(account.post("/contacts/attributes", json!({"name": "landing"})).0, 422);
    assert_eq!(account.post("/contacts/attributes", json!({"name": "other", "type": 6})).0, 422);
}

#[test]
fn further_users_boards_and_pipelines_are_put_in_by_hand() {
    let mut account = Account::new();
    let ids = account.seed(json!({
        "users": [{"firstName": "Lesia", "timezone": 3}],
        "boards": [{"name": "Support", "steps": ["Open", {"name": "Closed"}]}],
        "pipelines": [{"id": 210, "name": "Repeat", "steps": ["One"]}],
    }));
    assert_eq!(ids, json!({"users": [4105], "boards": [302], "pipelines": [210]}));
    let task = json!({"name": "x", "boardId": 302, "stepId": 3022, "responsibleId": 4105});
    assert_eq!(account.post("/tasks", task).0, 201);
    assert!(account.sim.seed(account.now, &json!({"clients": []})).is_err());
    assert!(account.sim.seed(account.now, &json!({"contacts": ["x"]})).is_err());
}
