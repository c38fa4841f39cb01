//! Seeding, listing, counting, and what is held twice.

use serde_json::{Value, json};

use super::{ask, get, ids, lead, open, order, person};

#[test]
fn seeded_records_obey_no_rule_and_no_search_lags_behind_them() {
    let mut bench = open();
    let seed = json!({
        "employees": [{"first_name": "Ivan", "last_name": "Melnyk", "deleted": true}],
        "clients": [{"first_name": "Anna", "phone": "067 123-45-67", "created_at": "2025-01-01T00:00:00Z"}],
        "orders": [{"client_id": 100_001, "branch_id": 11, "order_type_id": 21, "status_id": 45}],
        "leads": [{"contact_phone": "0671234567"}],
        "comments": [{"on": "order", "of": 300_001, "text": "by hand"}],
    });
    let made = bench.sim.seed(bench.now, &seed).unwrap();
    assert_eq!(made["ids"]["employees"], json!([105]));
    bench.fault(tieline_sandbox::FaultSpec::new(tieline_sandbox::FaultName::SearchLag));
    assert_eq!(ids(&get(&mut bench, "/v2/contacts/people?phones[]=0671234567")), [100_001]);
    assert_eq!(get(&mut bench, "/clients/100001")["data"]["created_at"], json!(1_735_689_600_000_i64));
    assert!(get(&mut bench, "/order/")["data"][0]["closed_at"].is_i64());
    assert_eq!(get(&mut bench, "/v2/company/employees")[4]["deleted"], json!(true));
    for wrong in [json!({"deals": []}), json!({"clients": [1]}), json!([]), json!({"comments": [{"text": "x"}]})] {
        assert!(bench.sim.seed(bench.now, &wrong).is_err(), "{wrong}");
    }
}

#[test]
fn someone_deleted_cannot_be_made_responsible() {
    let mut bench = open();
    bench.sim.seed(bench.now, &json!({"employees": [{"id": 110, "first_name": "Ivan", "deleted": true}]})).unwrap();
    let client = person(&mut bench, "Anna", "1");
    let body = json!({"branch_id": 11, "order_type_id": 21, "client_id": client, "manager_id": 110});
    assert_eq!(ask(&mut bench, "POST", "/v2/orders", body).0, 400);
}

#[test]
fn the_audit_tells_open_leads_and_orders_of_one_number_and_leaves_closed_ones_out() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "+380671234567");
    let first = order(&mut bench, client);
    order(&mut bench, client);
    lead(&mut bench, json!({"client_id": client}));
    lead(&mut bench, json!({"contact_phone": "067 123 45 67", "contact_name": "Anna"}));
    let entities = |audit: tieline_sandbox::Audit| {
        audit.doubled_clients.into_iter().map(|client| client.entity).collect::<Vec<String>>()
    };
    assert_eq!(entities(bench.sim.audit()), ["leads", "orders"]);
    ask(&mut bench, "POST", "/order/status/", json!({"order_id": first, "status_id": 45}));
    assert_eq!(entities(bench.sim.audit()), ["leads"]);
}

#[test]
fn one_call_may_be_on_several_records_but_on_each_only_once() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "1");
    let order = order(&mut bench, client);
    let mut note = |path: String, name: &str, text: &str| {
        assert!(ask(&mut bench, "POST", &path, json!({name: text})).0 < 300);
    };
    note(format!("/clients/{client}/comments"), "message", "Call [tl:c1]");
    note(format!("/order/{order}/comments"), "message", "Call [tl:c1]");
    assert!(bench.sim.audit().clean());
    let again = json!({"comment": "the same call [tl:c1]"});
    ask(&mut bench, "POST", &format!("/v2/orders/{order}/comments"), again);
    let doubled = bench.sim.audit().doubled_calls;
    assert_eq!((doubled.len(), doubled[0].ids.len()), (1, 2));
    assert_eq!(doubled[0].key, format!("order {order} [tl:c1]"));
}

#[test]
fn tasks_with_one_marker_are_doubled() {
    let mut bench = open();
    let task = || json!({"title": "Call back [tl:c1]", "deadline": "2026-03-02T15:00:00Z", "assignees": [102]});
    for _ in 0..2 {
        ask(&mut bench, "POST", "/tasks", task());
    }
    let doubled = bench.sim.audit().doubled_tasks;
    assert_eq!((doubled[0].key.as_str(), doubled[0].ids.len()), ("[tl:c1]", 2));
}

#[test]
fn the_listing_reads_well_and_requests_are_counted_by_route() {
    let mut bench = open();
    let client = person(&mut bench, "Anna", "+380671234567");
    order(&mut bench, client);
    let text = bench.sim.listing_text();
    for part in ["clients (1)", "orders (1)", "+380671234567", "Новий", "employees (4)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(ask(&mut bench, "GET", &format!("/v2/orders/{client}"), Value::Null).0, 404);
    assert_eq!(bench.sim.counts().route("GET /v2/orders/{id}"), 1);
    assert_eq!(bench.sim.counts().by_credit["requests"], 3);
}
