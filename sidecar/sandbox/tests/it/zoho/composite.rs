//! Several requests in one.

use serde_json::{Value, json};

use crate::helpers::{Bench, contact, deal, phone_call};

fn sub(id: &str, module: &str, record: &Value) -> Value {
    json!({"sub_request_id": id, "method": "POST", "uri": format!("/crm/v8/{module}"), "body": {"data": [record]}})
}

fn send(bench: &mut Bench, subs: Vec<Value>, rollback: bool) -> (u16, Vec<Value>) {
    let body = json!({"rollback_on_fail": rollback, "__composite_requests": subs});
    let (status, body) = bench.call("POST", "/__composite_requests", body);
    (status, body["__composite_requests"].as_array().cloned().unwrap_or_else(|| vec![body]))
}

fn chain() -> Vec<Value> {
    let mut call = phone_call("[tl:1]");
    call["Who_Id"] = json!({"id": "@{c:$.data[0].details.id}"});
    call["What_Id"] = json!({"id": "@{d:$.data[0].details.id}"});
    call["$se_module"] = json!("Deals");
    let task = json!({"Subject": "Call back", "What_Id": {"id": "@{d:$.data[0].details.id}"}, "$se_module": "Deals"});
    let note = json!({"Note_Content": "text", "Parent_Id": {"module": {"api_name": "Contacts"}, "id": "@{c:$.data[0].details.id}"}});
    vec![
        sub("c", "Contacts", &contact("+380671234567", "380671234567")),
        sub("d", "Deals", &deal("@{c:$.data[0].details.id}")),
        sub("k", "Calls", &call),
        sub("t", "Tasks", &task),
        sub("n", "Notes", &note),
    ]
}

#[test]
fn contact_deal_call_task_and_note_are_chained_in_one_request() {
    let mut bench = Bench::zoho();
    let (status, items) = send(&mut bench, chain(), true);
    assert_eq!(status, 200, "{items:?}");
    assert!(items.iter().all(|item| item["details"]["response"]["status_code"] == json!(201)));
    let listing = bench.sim.listing();
    let id = |module: &str| listing[module][0]["id"].clone();
    assert_eq!(listing["Deals"][0]["Contact_Name"], id("Contacts"));
    assert_eq!(listing["Calls"][0]["What_Id"], id("Deals"));
    assert_eq!(listing["Notes"][0]["Parent_Id"], id("Contacts"));
    assert_eq!(bench.sim.counts().by_credit["api_credits"], 2);
}

#[test]
fn a_failure_with_rollback_undoes_everything_and_keeps_its_own_answer() {
    let mut bench = Bench::zoho();
    let owner = bench.made("Contacts", contact("+380671234567", "380671234567"));
    let subs = vec![
        sub("l", "Leads", &json!({"Last_Name": "x"})),
        sub("c", "Contacts", &contact("+380671234567", "380671234567")),
        sub("k", "Calls", &phone_call("")),
    ];
    let (status, items) = send(&mut bench, subs, true);
    assert_eq!(
        (status, &items[0]["code"], &items[2]["code"]),
        (400, &json!("ROLLBACK_PERFORMED"), &json!("PROCESSING_STOPPED"))
    );
    assert_eq!(items[0]["details"]["rollbacked_by_sub_request_index"], json!(1));
    let kept = &items[1]["details"]["response"];
    assert_eq!((&kept["status_code"], &kept["body"]["data"][0]["details"]["id"]), (&json!(400), &json!(owner)));
    let totals = bench.sim.audit().totals;
    assert_eq!((totals["Leads"], totals["Contacts"], totals["Calls"]), (0, 1, 0));
}

#[test]
fn a_rollback_restores_what_was_updated_and_the_search_for_it() {
    let mut bench = Bench::zoho();
    let id = bench.made("Contacts", contact("+380671234567", "1"));
    let change = json!({"sub_request_id": "u", "method": "PUT", "uri": format!("/crm/v8/Contacts/{id}"), "body": {"data": [{"Phone": "+380670000000"}]}});
    let (status, _) = send(&mut bench, vec![change, sub("l", "Leads", &json!({}))], true);
    assert_eq!(status, 400);
    assert_eq!(bench.coql("select id from Contacts where Phone = '+380671234567'").0, 200);
    assert_eq!(bench.coql("select id from Contacts where Phone = '+380670000000'").0, 204);
}

#[test]
fn without_rollback_the_rest_goes_on_and_executed_means_200() {
    let mut bench = Bench::zoho();
    let subs = vec![sub("l", "Leads", &json!({})), sub("k", "Calls", &phone_call(""))];
    let (status, items) = send(&mut bench, subs, false);
    assert_eq!((status, &items[0]["code"]), (200, &json!("SUCCESS")));
    assert_eq!(items[0]["details"]["response"]["status_code"], json!(400));
    assert_eq!(items[1]["details"]["response"]["status_code"], json!(201));
}

#[test]
fn a_reference_to_nothing_is_not_executed_and_makes_it_207() {
    let mut bench = Bench::zoho();
    let subs = vec![sub("k", "Calls", &phone_call("")), sub("d", "Deals", &deal("@{x:$.data[0].details.id}"))];
    let (status, items) = send(&mut bench, subs, false);
    assert_eq!((status, &items[1]["code"]), (207, &json!("INVALID_REFERENCE")));
}

#[test]
fn references_work_in_paths_and_not_in_bodies_when_set_so() {
    let mut bench = Bench::zoho();
    bench.sim.configure(&json!({"composite_body_references": false})).unwrap();
    let read = json!({"sub_request_id": "r", "method": "GET", "uri": "/crm/v8/Contacts/@{c:$.data[0].details.id}"});
    let subs = vec![
        sub("c", "Contacts", &contact("+380671234567", "1")),
        read,
        sub("d", "Deals", &deal("@{c:$.data[0].details.id}")),
    ];
    let (status, items) = send(&mut bench, subs, false);
    assert_eq!((status, &items[2]["code"]), (207, &json!("INVALID_REFERENCE")));
    assert_eq!(items[1]["details"]["response"]["status_code"], json!(200));
}

#[test]
fn limits_inside_a_composite_are_tighter() {
    let mut bench = Bench::zoho();
    let query = |text: &str| json!({"sub_request_id": "q", "method": "POST", "uri": "/crm/v8/coql", "body": {"select_query": text}});
    let (_, items) = send(&mut bench, vec![query("select id from Contacts where id = '1'")], false);
    let refused = &items[0]["details"]["response"]["body"];
    assert_eq!(
        (&refused["code"], &refused["details"]),
        (&json!("LIMIT_EXCEEDED"), &json!({"by": "limit", "limit": 25}))
    );
    let (_, items) = send(&mut bench, vec![query("select id from Contacts where id = '1' limit 25")], false);
    assert_eq!(items[0]["details"]["response"]["status_code"], json!(204));
    let two = json!({"sub_request_id": "t", "method": "POST", "uri": "/crm/v8/Calls", "body": {"data": [phone_call(""), phone_call("")]}});
    let (_, items) = send(&mut bench, vec![two], false);
    assert_eq!(items[0]["details"]["response"]["body"]["code"], json!("LIMIT_EXCEEDED"));
}

#[test]
fn six_sub_requests_contradicting_flags_and_inner_tokens_are_refused() {
    let mut bench = Bench::zoho();
    let six = vec![sub("k", "Calls", &phone_call("")); 6];
    let (status, items) = send(&mut bench, six, false);
    assert_eq!((status, &items[0]["code"]), (400, &json!("INVALID_DATA")));
    let both = json!({"rollback_on_fail": true, "parallel_execution": true, "__composite_requests": [sub("k", "Calls", &phone_call(""))]});
    let (_, body) = bench.call("POST", "/__composite_requests", both);
    assert_eq!(body["code"], json!("AMBIGUITY_DURING_PROCESSING"));
    let mut inner = sub("k", "Calls", &phone_call(""));
    inner["headers"] = json!({"Authorization": "Zoho-oauthtoken x"});
    let (status, items) = send(&mut bench, vec![inner], false);
    assert_eq!((status, &items[0]["code"]), (400, &json!("NOT_ALLOWED")));
}
