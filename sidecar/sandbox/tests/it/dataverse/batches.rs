//! Batches and their change sets.

use serde_json::{Value, json};

use super::{ANNA, CALL, Org, card};

/// One operation of a change set or, without an id, of the batch itself.
fn operation(id: Option<&str>, line: &str, headers: &str, body: &Value) -> String {
    let id = id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    let body =
        if body.is_null() { String::new() } else { format!("Content-Type: application/json\r\n{headers}\r\n{body}") };
    format!(
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{id}\r\n{line} HTTP/1.1\r\n{body}\r\n"
    )
}

fn change_set(operations: &[String]) -> String {
    let inside: String = operations.iter().map(|one| format!("--c\r\n{one}")).collect();
    format!("--b\r\nContent-Type: multipart/mixed; boundary=\"c\"\r\n\r\n{inside}--c--\r\n--b--\r\n")
}

fn anna() -> Value {
    json!({"contactid": ANNA, "telephone1": "+380671234567"})
}

/// The whole of a new caller's call: contact, card, completion.
fn new_caller() -> Vec<String> {
    vec![
        operation(Some("1"), "POST /api/data/v9.2/contacts", "", &anna()),
        operation(Some("2"), "POST /api/data/v9.2/phonecalls", "", &card()),
        operation(
            Some("3"),
            &format!("PATCH /api/data/v9.2/phonecalls({CALL})"),
            "If-Match: *\r\n",
            &json!({"statecode": 1, "statuscode": 4}),
        ),
    ]
}

#[test]
fn a_contact_its_call_and_the_completion_go_in_one_request() {
    let mut org = Org::new();
    let (status, text) = org.batch(&change_set(&new_caller()));
    assert_eq!(status, 200, "{text}");
    assert!(text.starts_with("--batchresponse_") && text.contains("--changesetresponse_"));
    assert_eq!(text.matches("HTTP/1.1 204 No Content").count(), 3);
    assert!(text.contains("Content-ID: 3\r\n") && text.contains(&format!("/contacts({ANNA})")));
    let listed = org.bench.sim.listing();
    assert_eq!(listed["phonecalls"][0]["statecode"], json!(1));
    assert_eq!((org.bench.sim.counts().by_credit["operations"], org.bench.sim.counts().by_credit["requests"]), (3, 1));
}

#[test]
fn a_failure_undoes_the_set_and_stands_alone_in_the_answer() {
    let mut org = Org::new();
    let mut operations = new_caller();
    operations[2] = operation(
        Some("3"),
        "PATCH /api/data/v9.2/phonecalls(6a0f2a52-6d0b-5e2d-9a42-000000000000)",
        "If-Match: *\r\n",
        &json!({"statecode": 1}),
    );
    let before = org.bench.sim.listing();
    let (status, text) = org.batch(&change_set(&operations));
    assert_eq!((status, text.matches("HTTP/1.1").count()), (400, 1), "{text}");
    assert!(
        text.contains("HTTP/1.1 404 Not Found") && text.contains("REQ_ID: ") && text.contains("Content-ID: 3"),
        "{text}"
    );
    assert_eq!(org.bench.sim.listing(), before);
    org.configure(json!({"batch_failure_status": "of_the_part", "changeset_error_wrapped": false}));
    let (status, text) = org.batch(&change_set(&operations));
    assert_eq!(status, 404);
    assert!(!text.contains("changesetresponse"), "{text}");
}

#[test]
fn a_repeat_of_a_change_set_of_creates_is_refused_whole() {
    let mut org = Org::new();
    assert_eq!(org.batch(&change_set(&new_caller())).0, 200);
    let (status, text) = org.batch(&change_set(&new_caller()));
    assert!(status == 400 && text.contains("HTTP/1.1 412"), "{text}");
    let only_new =
        operation(Some("1"), &format!("PATCH /api/data/v9.2/phonecalls({CALL})"), "If-None-Match: *\r\n", &card());
    let (_, text) = org.batch(&change_set(&[only_new]));
    assert!(text.contains("A record with matching key values already exists."), "{text}");
    assert!(org.bench.sim.audit().clean());
}

#[test]
fn references_stand_in_urls_and_top_level_bindings_only() {
    let mut org = Org::new();
    let call = json!({"activityid": CALL, "regardingobjectid_contact_phonecall@odata.bind": "$1"});
    let good = [
        operation(Some("1"), "POST /api/data/v9.2/contacts", "", &anna()),
        operation(Some("2"), "POST /api/data/v9.2/phonecalls", "", &call),
        operation(Some("3"), "PATCH $1", "", &json!({"lastname": "B"})),
    ];
    let (status, text) = org.batch(&change_set(&good));
    assert_eq!(status, 200, "{text}");
    assert_eq!(org.bench.sim.listing()["phonecalls"][0]["_regardingobjectid_value"], json!(ANNA));
    assert_eq!(org.bench.sim.listing()["contacts"][0]["lastname"], json!("B"));
    let nested =
        json!({"phonecall_activity_parties": [{"participationtypemask": 1, "partyid_contact@odata.bind": "$1"}]});
    let nested = [
        operation(Some("1"), "POST /api/data/v9.2/contacts", "", &json!({})),
        operation(Some("2"), "POST /api/data/v9.2/phonecalls", "", &nested),
    ];
    let missing = "Content-ID Reference: '$1' does not exist in the batch context.";
    assert!(org.batch(&change_set(&nested)).1.contains(missing));
    org.configure(json!({"nested_references": true}));
    assert_eq!(org.batch(&change_set(&nested)).0, 200);
    let forward = [operation(
        Some("2"),
        "POST /api/data/v9.2/phonecalls",
        "",
        &json!({"regardingobjectid_contact_phonecall@odata.bind": "$1"}),
    )];
    assert!(org.batch(&change_set(&forward)).1.contains(missing));
}

#[test]
fn a_batch_without_a_set_stops_at_the_first_error_unless_told_to_go_on() {
    let mut org = Org::new();
    let part = |body: &Value| format!("--b\r\n{}", operation(None, "POST /api/data/v9.2/contacts", "", body));
    let body = format!(
        "{}{}{}--b--\r\n",
        part(&json!({"lastname": "A"})),
        part(&json!({"x": 1})),
        part(&json!({"lastname": "B"}))
    );
    let (status, text) = org.batch(&body);
    assert_eq!((status, text.matches("HTTP/1.1").count()), (400, 2));
    assert_eq!(org.bench.sim.audit().totals["contacts"], 1);
    let mut request = org.request("POST", "$batch").header("content-type", "multipart/mixed; boundary=b");
    request = request.header("prefer", "odata.continue-on-error");
    request.body = body.into();
    assert_eq!(org.bench.answer(&request).status, 200);
    assert_eq!(org.bench.sim.audit().totals["contacts"], 3);
}

#[test]
fn a_read_is_answered_in_a_batch_and_refused_in_a_change_set() {
    let mut org = Org::new();
    org.anna();
    let get = operation(None, "GET /api/data/v9.2/contacts?$select=firstname", "", &Value::Null);
    let (status, text) = org.batch(&format!("--b\r\n{get}--b--\r\n"));
    assert!(status == 200 && text.contains("\"firstname\":\"Anna\""), "{text}");
    let inside = operation(Some("1"), "GET /api/data/v9.2/contacts", "", &Value::Null);
    let (status, text) = org.batch(&change_set(&[inside]));
    assert!(status == 400 && text.starts_with("{\"error\""), "{text}");
}

#[test]
fn a_batch_of_the_wrong_shape_is_refused_before_anything_is_done() {
    let mut org = Org::new();
    let whole = change_set(&new_caller());
    let nameless = change_set(&[operation(None, "POST /api/data/v9.2/contacts", "", &anna())]);
    let twice = change_set(&[new_caller()[0].clone(), new_caller()[0].clone()]);
    let glued = whole.replacen("Content-Type: application/json\r\n\r\n{", "Content-Type: application/json\r\n{", 1);
    for wrong in
        [whole.replace("\r\n", "\n"), whole.replace("--b--", ""), nameless, twice, glued, "--b--\r\n".to_owned()]
    {
        assert_eq!(org.batch(&wrong).0, 400, "{wrong}");
    }
    assert_eq!(org.bench.sim.audit().totals["contacts"], 0);
    org.configure(json!({"batch_line_ends": "any"}));
    assert_eq!(org.batch(&whole.replace("\r\n", "\n")).0, 200);
}

#[test]
fn a_batch_holds_a_thousand_operations() {
    let mut org = Org::new();
    let many = |count: usize| {
        let one = format!("--b\r\n{}", operation(None, "GET /api/data/v9.2/WhoAmI", "", &Value::Null));
        format!("{}--b--\r\n", one.repeat(count))
    };
    assert_eq!(org.batch(&many(1_000)).0, 200);
    assert_eq!(org.batch(&many(1_001)).0, 400);
}
