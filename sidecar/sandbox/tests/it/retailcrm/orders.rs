//! Orders.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec};

use crate::helpers::{Bench, rows};

fn order(bench: &mut Bench, order: &Value) -> u64 {
    let (status, body) = bench.post("/orders/create", "order", order);
    assert_eq!(status, 201, "{body}");
    body["id"].as_u64().unwrap()
}

#[test]
fn an_order_comes_back_whole_with_its_customer_and_defaults() {
    let mut bench = Bench::retailcrm();
    let customer = bench.customer(json!({"externalId": "c", "firstName": "Anna"}));
    let (status, body) = bench.post(
        "/orders/create",
        "order",
        &json!({"customer": {"externalId": "c"}, "orderMethod": "missed-call", "managerId": 3}),
    );
    assert_eq!((status, &body["success"]), (201, &json!(true)));
    let order = &body["order"];
    assert_eq!((&order["status"], &order["number"], &order["site"]), (&json!("new"), &json!("1A"), &json!("main")));
    assert_eq!((&order["customer"]["id"], &order["customer"]["firstName"]), (&json!(customer), &json!("Anna")));
    assert_eq!(order["customFields"], json!([]));
    let (_, body) = bench.get(&format!("/customers/{customer}?by=id"));
    assert_eq!(body["customer"]["ordersCount"], json!(1));
}

#[test]
fn an_order_needs_known_codes_and_a_known_customer() {
    let mut bench = Bench::retailcrm();
    for (field, value) in [("status", json!("gone")), ("orderMethod", json!("pigeon")), ("customer", json!({"id": 77}))]
    {
        let (status, body) = bench.post("/orders/create", "order", &json!({field: value}));
        assert_eq!(status, 400, "{field}");
        assert!(body["errors"][field].is_string(), "{body}");
    }
    order(&mut bench, &json!({"externalId": "o"}));
    let (status, body) = bench.post("/orders/create", "order", &json!({"externalId": "o"}));
    assert_eq!((status, &body["errorMsg"]), (400, &json!("Order with externalId=o already exists")));
}

#[test]
fn open_orders_of_a_customer_are_found_by_status_or_group() {
    let mut bench = Bench::retailcrm();
    let customer = bench.customer(json!({}));
    let open = order(&mut bench, &json!({"customer": {"id": customer}, "status": "client-confirmed"}));
    order(&mut bench, &json!({"customer": {"id": customer}, "status": "cancel-other"}));
    order(&mut bench, &json!({"status": "new"}));
    let target =
        format!("/orders?filter[customerId]={customer}&filter[extendedStatus][]=new&filter[extendedStatus][]=approval");
    let (_, body) = bench.get(&target);
    assert_eq!((rows(&body, "orders"), &body["orders"][0]["id"]), (1, &json!(open)));
    let (_, body) = bench.get(&format!("/orders?filter[customerId]={customer}&filter[extendedStatus][]=cancel-other"));
    assert_eq!(rows(&body, "orders"), 1);
}

#[test]
fn statuses_come_with_their_groups_and_at_most_five_hundred_at_once() {
    let mut bench = Bench::retailcrm();
    let id = order(&mut bench, &json!({"externalId": "o", "status": "complete"}));
    let (_, body) = bench.get(&format!("/orders/statuses?ids[]={id}&externalIds[]=o&ids[]=77"));
    let row = json!({"id": id, "externalId": "o", "status": "complete", "group": "complete"});
    assert_eq!(body["orders"], json!([row, row]));
    let many: Vec<String> = (0..501).map(|n| format!("ids[]={n}")).collect();
    assert_eq!(bench.get(&format!("/orders/statuses?{}", many.join("&"))).0, 400);
}

#[test]
fn a_new_order_is_late_in_lists_but_not_when_asked_for_by_id() {
    let mut bench = Bench::retailcrm();
    bench.fault(FaultSpec::new(FaultName::SearchLag).ms(3_000));
    let id = order(&mut bench, &json!({"externalId": "o"}));
    assert_eq!(rows(&bench.get("/orders?filter[externalIds][]=o").1, "orders"), 0);
    assert_eq!(bench.get("/orders/o").0, 200);
    assert_eq!(rows(&bench.get(&format!("/orders/statuses?ids[]={id}")).1, "orders"), 1);
    bench.wait(3_000);
    assert_eq!(rows(&bench.get("/orders?filter[externalIds][]=o").1, "orders"), 1);
}

#[test]
fn an_edit_replaces_the_comment_and_moves_the_status_time() {
    let mut bench = Bench::retailcrm();
    let id = order(&mut bench, &json!({"managerComment": "first"}));
    bench.wait(60_000);
    let change = json!({"managerComment": "second", "status": "complete"});
    let (status, body) = bench.post(&format!("/orders/{id}/edit?by=id"), "order", &change);
    assert_eq!((status, &body["order"]["managerComment"]), (200, &json!("second")));
    assert_eq!(body["order"]["statusUpdatedAt"], json!("2026-03-02 11:01:00"));
    let (_, body) = bench.get("/orders?filter[statusUpdatedAtFrom]=2026-03-02 11:00:30");
    assert_eq!(rows(&body, "orders"), 1);
}

#[test]
fn whether_an_order_finds_its_customer_by_phone_is_a_setting() {
    let mut bench = Bench::retailcrm();
    let customer = bench.customer(json!({"phones": [{"number": "380671234567"}]}));
    order(&mut bench, &json!({"phone": "+380671234567"}));
    bench.sim.configure(&json!({"order_finds_customer": true})).unwrap();
    order(&mut bench, &json!({"phone": "+380671234567"}));
    let (_, body) = bench.get(&format!("/orders?filter[customerId]={customer}"));
    assert_eq!(rows(&body, "orders"), 1);
    assert_eq!(rows(&bench.get("/orders?filter[customer]=380671234567").1, "orders"), 2);
}

#[test]
fn a_partial_failure_refuses_the_second_half_of_a_batch_with_460() {
    let mut bench = Bench::retailcrm();
    bench.fault(FaultSpec::new(FaultName::PartialFailure).times(1));
    let batch = json!([{"externalId": "a"}, {"externalId": "b"}]);
    let (status, body) = bench.post("/orders/upload", "orders", &batch);
    assert_eq!((status, &body["errorMsg"]), (460, &json!("Orders are loaded with errors")));
    assert_eq!((rows(&body, "uploadedOrders"), &body["failedOrders"]), (1, &json!([{"externalId": "b"}])));
    assert_eq!(bench.post("/orders/upload", "orders", &json!([{"externalId": "b"}])).0, 200);
}
