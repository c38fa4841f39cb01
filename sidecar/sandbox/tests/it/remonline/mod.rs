//! Claims about the simulated RemOnline.

mod audit;
mod clients;
mod faults;
mod gate;
mod leads;
mod orders;
mod shapes;
mod tasks;

use serde_json::{Value, json};
use tieline_sandbox::{CrmKind, SimRequest, remonline};

use crate::helpers::Bench;

/// An account without a limit on the rate.
fn open() -> Bench {
    let mut bench = Bench::new(CrmKind::RemOnline);
    bench.sim.configure(&json!({"limits": false})).unwrap();
    bench
}

/// A request with the key as bearer; `Null` is no body.
fn request(method: &str, target: &str, body: &Value) -> SimRequest {
    let request =
        SimRequest::new(method, target).header("Authorization", &format!("Bearer {}", remonline::SANDBOX_API_KEY));
    if body.is_null() { request } else { request.json(body) }
}

fn ask(bench: &mut Bench, method: &str, target: &str, body: Value) -> (u16, Value) {
    let answer = bench.answer(&request(method, target, &body));
    (answer.status, answer.body_json())
}

fn get(bench: &mut Bench, target: &str) -> Value {
    let (status, body) = ask(bench, "GET", target, Value::Null);
    assert_eq!(status, 200, "{target}: {body}");
    body
}

/// Creates a person through the newest generation and gives the id.
fn person(bench: &mut Bench, first_name: &str, phone: &str) -> u64 {
    let body = json!({"first_name": first_name, "phones": [{"title": "Mobile", "phone": phone}]});
    made(ask(bench, "POST", "/v2/contacts/people", body))
}

/// Creates an order of a client and gives the id.
fn order(bench: &mut Bench, client: u64) -> u64 {
    let body = json!({"branch_id": 11, "order_type_id": 21, "client_id": client});
    made(ask(bench, "POST", "/v2/orders", body))
}

/// Creates a lead and gives the id.
fn lead(bench: &mut Bench, fields: Value) -> u64 {
    let mut body = json!({"leadtype_id": 31});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (status, body) = ask(bench, "POST", "/lead/", body);
    assert_eq!((status, &body["success"]), (200, &json!(true)), "{body}");
    body["data"]["id"].as_u64().unwrap()
}

fn made((status, body): (u16, Value)) -> u64 {
    assert_eq!(status, 201, "{body}");
    body["id"].as_u64().unwrap()
}

/// The ids of a list's rows.
fn ids(body: &Value) -> Vec<u64> {
    body["data"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
}
