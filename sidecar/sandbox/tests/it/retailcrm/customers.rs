//! Customers and notes.

use serde_json::{Value, json};

use crate::helpers::{Bench, rows};

fn named(bench: &mut Bench, text: &str) -> usize {
    let (status, body) = bench.get(&format!("/customers?filter%5Bname%5D={text}&limit=100"));
    assert_eq!(status, 200, "{body}");
    rows(&body, "customers")
}

#[test]
fn a_customer_is_made_and_read_back_by_either_id() {
    let mut bench = Bench::retailcrm();
    let id =
        bench.customer(json!({"externalId": "tl-1", "firstName": "Anna", "phones": [{"number": "+380671234567"}]}));
    let (_, by_external) = bench.get("/customers/tl-1");
    let (_, by_id) = bench.get(&format!("/customers/{id}?by=id&site=main"));
    assert_eq!(by_external, by_id);
    let customer = &by_id["customer"];
    assert_eq!((&customer["site"], &customer["phones"][0]["number"]), (&json!("main"), &json!("+380671234567")));
    assert_eq!((&customer["customFields"], &customer["createdAt"]), (&json!([]), &json!("2026-03-02 11:00:00")));
}

#[test]
fn a_repeated_external_id_is_refused() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"externalId": "tl-1"}));
    let (status, body) = bench.post("/customers/create", "customer", &json!({"externalId": "tl-1"}));
    assert_eq!((status, &body["errorMsg"]), (400, &json!("Customer with externalId=tl-1 already exists")));
}

#[test]
fn two_customers_may_have_one_phone_and_the_audit_says_so() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"phones": [{"number": "+380671234567"}]}));
    bench.customer(json!({"phones": [{"number": "067 123 45 67"}]}));
    let doubled = bench.sim.audit().doubled_clients;
    assert_eq!((doubled.len(), doubled[0].phone.as_str(), doubled[0].ids.len()), (1, "671234567", 2));
}

#[test]
fn how_the_name_filter_compares_numbers_is_a_setting() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"firstName": "Anna", "phones": [{"number": "+38 (067) 123-45-67"}]}));
    for (mode, international, local) in [("digits", 1, 0), ("exact", 0, 0), ("suffix", 1, 1)] {
        bench.sim.configure(&json!({"phone_match": mode})).unwrap();
        assert_eq!(
            (named(&mut bench, "380671234567"), named(&mut bench, "0671234567")),
            (international, local),
            "{mode}"
        );
    }
    assert_eq!(named(&mut bench, "anna"), 1);
}

#[test]
fn a_number_kept_as_a_name_is_found_as_a_name() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"firstName": "+380671234567"}));
    assert_eq!(named(&mut bench, "380671234567"), 1);
}

#[test]
fn a_changed_number_is_found_and_the_old_one_no_more() {
    let mut bench = Bench::retailcrm();
    let id = bench.customer(json!({"phones": [{"number": "380671234567"}], "customFields": {"rs_utm_source": "a"}}));
    let change = json!({"phones": [{"number": "380509876543"}], "customFields": {"rs_utm_medium": "b"}});
    assert_eq!(bench.post(&format!("/customers/{id}/edit?by=id"), "customer", &change).0, 200);
    assert_eq!((named(&mut bench, "380671234567"), named(&mut bench, "380509876543")), (0, 1));
    let (_, body) = bench.get(&format!("/customers/{id}?by=id"));
    assert_eq!(body["customer"]["customFields"], json!({"rs_utm_source": "a", "rs_utm_medium": "b"}));
}

#[test]
fn values_of_the_wrong_kind_are_named_by_field() {
    let mut bench = Bench::retailcrm();
    let wrong = json!({"phones": ["+380671234567"], "managerId": 77, "firstName": "x".repeat(256), "customFields": {"visits_count": "many"}});
    let (status, body) = bench.post("/customers/create", "customer", &wrong);
    assert_eq!((status, &body["errorMsg"]), (400, &json!("Errors in the entity format")));
    let fields: Vec<&String> = body["errors"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["customFields", "firstName", "managerId", "phones"]);
}

#[test]
fn unknown_fields_are_ignored_or_refused_as_set() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"noSuchField": 1}));
    bench.sim.configure(&json!({"unknown_fields": "reject"})).unwrap();
    let (status, body) = bench.post("/customers/create", "customer", &json!({"noSuchField": 1}));
    assert_eq!((status, &body["errors"]["noSuchField"]), (400, &json!("This form should not contain extra fields.")));
}

#[test]
fn an_upload_in_which_some_fail_answers_460_with_both_lists() {
    let mut bench = Bench::retailcrm();
    bench.customer(json!({"externalId": "b"}));
    let batch = json!([{"externalId": "a"}, {"externalId": "b"}]);
    let (status, body) = bench.post("/customers/upload", "customers", &batch);
    assert_eq!((status, &body["success"]), (460, &json!(false)));
    assert_eq!(body["errorMsg"], json!("Customers are loaded with errors"));
    assert_eq!(body["uploadedCustomers"], json!([{"id": 2, "externalId": "a"}]));
    assert_eq!(body["failedCustomers"], json!([{"externalId": "b"}]));
    assert_eq!(body["errors"], json!(["Customer with externalId=b already exists"]));
    let many: Vec<Value> = (0..51).map(|_| json!({})).collect();
    assert_eq!(bench.post("/customers/upload", "customers", &json!(many)).0, 400);
    let (status, body) = bench.post("/customers/upload", "customers", &json!([{"externalId": "c"}]));
    assert_eq!((status, &body["uploadedCustomers"][0]["externalId"]), (200, &json!("c")));
}

#[test]
fn filters_take_lists_in_both_styles() {
    let mut bench = Bench::retailcrm();
    for external in ["a", "b", "c"] {
        bench.customer(json!({"externalId": external, "managerId": 2}));
    }
    let (_, body) = bench.get("/customers?filter[externalIds][]=a&filter[externalIds][]=c&filter[managers][0]=2");
    assert_eq!(rows(&body, "customers"), 2);
    assert_eq!(rows(&bench.get("/customers?filter[managers][]=3").1, "customers"), 0);
}

#[test]
fn a_note_hangs_on_a_customer_and_is_listed_by_it() {
    let mut bench = Bench::retailcrm();
    let id = bench.customer(json!({}));
    let (status, _) = bench.post("/customers/notes/create", "note", &json!({"text": "call", "customer": {"id": id}}));
    assert_eq!(status, 201);
    let (_, body) = bench.get(&format!("/customers/notes?filter[customerIds][]={id}"));
    assert_eq!((&body["notes"][0]["text"], &body["notes"][0]["customer"]["id"]), (&json!("call"), &json!(id)));
    let (status, _) = bench.post("/customers/notes/create", "note", &json!({"text": "call", "customer": {"id": 9}}));
    assert_eq!(status, 404);
    assert_eq!(bench.post("/customers/notes/create", "note", &json!({"customer": {"id": id}})).0, 400);
}

#[test]
fn an_analytics_id_goes_to_its_customer_and_an_empty_order_beside_it_does_not_count() {
    let mut bench = Bench::retailcrm();
    let id = bench.customer(json!({}));
    let upload = json!([{"value": "GA1.2.3", "customer": {"id": id}, "order": {}}]);
    let (status, body) = bench.post("/web-analytics/client-ids/upload", "clientIds", &upload);
    assert_eq!((status, body), (201, json!({"success": true})));
    let (_, body) = bench.get(&format!("/customers/{id}?by=id"));
    assert_eq!(body["customer"]["firstClientId"], json!("GA1.2.3"));
    let (status, body) =
        bench.post("/web-analytics/client-ids/upload", "clientIds", &json!([{"value": "x", "customer": {}}]));
    assert_eq!((status, &body["errorMsg"]), (400, &json!("ClientIds are loaded with errors")));
    assert_eq!(body["errors"], json!(["Set one of the following fields: id, externalId"]));
}
