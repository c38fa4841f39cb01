//! Tasks.

use serde_json::json;

use crate::helpers::{Bench, rows};

#[test]
fn a_task_needs_a_text_and_a_performer() {
    let mut bench = Bench::retailcrm();
    let (status, body) = bench.post("/tasks/create", "task", &json!({"text": "Call back"}));
    assert_eq!(status, 400);
    assert_eq!(
        body,
        json!({
            "success": false, "errorMsg": "Task is not loaded", "errors": {"performerId": "This value should not be blank."},
        })
    );
    let (_, body) =
        bench.post("/tasks/create", "task", &json!({"text": "x", "performerId": 1, "datetime": "2026-03-02 10:00:00"}));
    assert_eq!(body["errors"]["datetime"], json!("This value is not valid."));
}

#[test]
fn a_task_is_found_by_text_customer_and_order() {
    let mut bench = Bench::retailcrm();
    let customer = bench.customer(json!({"phones": [{"number": "380671234567"}]}));
    bench.post("/orders/create", "order", &json!({"customer": {"id": customer}}));
    let on_order = json!({"text": "Call back [tl:1]", "performerId": 2, "datetime": "2026-03-02 15:00", "order": {"number": "1A"}});
    let on_customer = json!({"text": "Missed", "performerId": 3, "customer": {"id": customer}, "order": {}});
    assert_eq!(bench.post("/tasks/create", "task", &on_order).0, 201);
    assert_eq!(bench.post("/tasks/create", "task", &on_customer).0, 201);
    let (_, body) = bench.get("/tasks?filter[text]=%5Btl:1%5D");
    let task = &body["tasks"][0];
    assert_eq!(
        (&task["performer"], &task["performerType"], &task["order"]["number"]),
        (&json!(2), &json!("user"), &json!("1A"))
    );
    assert!(task.get("performerId").is_none());
    assert_eq!(rows(&bench.get("/tasks?filter[customer]=380671234567").1, "tasks"), 1);
    assert_eq!(rows(&bench.get("/tasks?filter[orderNumber]=1A&filter[performers][]=2").1, "tasks"), 1);
    assert_eq!(rows(&bench.get("/tasks?filter[status]=completed").1, "tasks"), 0);
}

#[test]
fn a_task_can_be_completed_and_on_nothing_it_is_refused() {
    let mut bench = Bench::retailcrm();
    bench.post("/tasks/create", "task", &json!({"text": "x", "performerId": 1}));
    assert_eq!(bench.post("/tasks/1/edit", "task", &json!({"complete": true})).0, 200);
    assert_eq!(bench.get("/tasks/1").1["task"]["complete"], json!(true));
    assert_eq!(rows(&bench.get("/tasks?filter[status]=completed").1, "tasks"), 1);
    assert_eq!(bench.get("/tasks/1/comments").0, 200);
    let (status, body) =
        bench.post("/tasks/create", "task", &json!({"text": "x", "performerId": 1, "order": {"id": 9}}));
    assert_eq!((status, &body["errors"]["order"]), (400, &json!("Order does not exist.")));
}

#[test]
fn the_audit_finds_tasks_with_one_marker() {
    let mut bench = Bench::retailcrm();
    for _ in 0..2 {
        bench.post("/tasks/create", "task", &json!({"text": "x", "commentary": "[tl:c1]", "performerId": 1}));
    }
    let doubled = bench.sim.audit().doubled_tasks;
    assert_eq!((doubled[0].key.as_str(), doubled[0].ids.len()), ("[tl:c1]", 2));
}
