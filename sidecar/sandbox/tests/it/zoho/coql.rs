//! COQL.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec};

use crate::helpers::{Bench, contact, deal, phone_call, rows};

fn world() -> (Bench, String) {
    let mut bench = Bench::zoho();
    let seed = json!({
        "Contacts": [
            {"$ref": "anna", "Last_Name": "Anna", "Phone": "+38-067-123-4567", "Owner": {"id": "5725767000000411003"}},
            {"Last_Name": "Bohdan", "Mobile": "0671234567"},
        ],
        "Leads": [{"Last_Name": "Old", "Phone": "380671234567", "Converted__s": true}],
        "Deals": [
            {"Deal_Name": "open", "Stage": "Qualification", "Pipeline": "Standard (Standard)", "Contact_Name": "@anna"},
            {"Deal_Name": "won", "Stage": "Closed Won", "Pipeline": "Standard (Standard)", "Contact_Name": "@anna"},
        ],
    });
    let made = bench.sim.seed(bench.now, &seed).unwrap();
    let anna = made["refs"]["anna"].as_str().unwrap().to_owned();
    (bench, anna)
}

#[test]
fn contacts_are_found_by_any_listed_spelling_with_their_owners_mail() {
    let (mut bench, anna) = world();
    let (status, body) = bench.coql(
        "select id, Full_Name, Phone, Mobile, Owner, Owner.email from Contacts where \
         (Phone in ('380671234567','+38-067-123-4567') or Mobile in ('0671234567')) order by Modified_Time desc limit 10",
    );
    assert_eq!((status, body["info"].clone()), (200, json!({"count": 2, "more_records": false})));
    let found = body["data"].as_array().unwrap().iter().find(|row| row["id"] == json!(anna)).unwrap();
    assert_eq!(found["Owner"], json!({"name": "Tkachenko", "id": "5725767000000411003"}));
    assert_eq!(found["Owner.email"], json!("oksana@sandbox.example"));
}

#[test]
fn nothing_found_is_an_empty_204() {
    let (mut bench, _) = world();
    assert_eq!(bench.coql("select id from Contacts where Phone = '1'"), (204, Value::Null));
}

#[test]
fn open_deals_are_found_by_contact_and_through_the_contacts_phone() {
    let (mut bench, anna) = world();
    let closed = "Stage not in ('Closed Won','Closed Lost')";
    let (_, body) =
        bench.coql(&format!("select id, Deal_Name from Deals where (Contact_Name in ('{anna}') and {closed})"));
    assert_eq!(body["data"][0]["Deal_Name"], json!("open"));
    let (_, body) = bench.coql(&format!(
        "select Deal_Name, Contact_Name from Deals where ((Contact_Name.Phone = '+38-067-123-4567' or Contact_Name.Mobile = '1') and {closed}) limit 10"
    ));
    assert_eq!((rows(&body, "data"), &body["data"][0]["Contact_Name"]["id"]), (1, &json!(anna)));
}

#[test]
fn converted_leads_can_be_left_out() {
    let (mut bench, _) = world();
    let query = |flag: &str| format!("select id from Leads where (Phone = '380671234567' and Converted__s = {flag})");
    assert_eq!(bench.coql(&query("false")).0, 204);
    assert_eq!(bench.coql(&query("true")).0, 200);
}

#[test]
fn a_written_call_is_found_again_by_its_marker_and_time() {
    let mut bench = Bench::zoho();
    bench.made("Calls", phone_call("[tl:a1]"));
    let query = |time: &str| {
        format!("select id from Calls where (Subject like '%[tl:a1]%' and Call_Start_Time >= '{time}') limit 1")
    };
    assert_eq!(bench.coql(&query("2026-03-02T10:59:59+02:00")).0, 200);
    assert_eq!(bench.coql(&query("2026-03-02T09:00:01+00:00")).0, 204);
}

#[test]
fn a_quote_is_doubled_and_like_ends_where_the_text_ends() {
    let mut bench = Bench::zoho();
    bench.made("Contacts", json!({"Last_Name": "O'Hara", "Phone": "+380671234567"}));
    assert_eq!(bench.coql("select id from Contacts where Last_Name = 'O''Hara'").0, 200);
    assert_eq!(bench.coql("select id from Contacts where Phone like '%671234567'").0, 200);
    assert_eq!(bench.coql("select id from Contacts where Phone like '%67123456'").0, 204);
    bench.sim.configure(&json!({"coql_like_on_phone": false})).unwrap();
    assert_eq!(bench.coql("select id from Contacts where Phone like '%671234567'").0, 400);
}

#[test]
fn one_unknown_column_fails_the_whole_query() {
    let (mut bench, _) = world();
    for query in ["select id, Foo from Contacts where id = '1'", "select id from Contacts where Foo = '1'"] {
        let (status, body) = bench.coql(query);
        assert_eq!(
            (status, &body["code"], &body["details"]["column_name"]),
            (400, &json!("INVALID_QUERY"), &json!("Foo"))
        );
    }
    assert_eq!(bench.coql("select CTI_Entry from Calls where id = '1'").1["code"], json!("INVALID_QUERY"));
}

#[test]
fn a_third_condition_needs_its_own_brackets() {
    let mut bench = Bench::zoho();
    let (status, body) = bench.coql("select id from Contacts where Phone = '1' and Mobile = '2' and Email = '3'");
    assert_eq!((status, &body["code"], &body["details"]["clause"]), (400, &json!("SYNTAX_ERROR"), &json!("where")));
    assert_eq!(bench.coql("select id from Contacts where ((Phone = '1' and Mobile = '2') and Email = '3')").0, 204);
}

#[test]
fn broken_queries_and_those_over_a_limit_are_refused_by_name() {
    let mut bench = Bench::zoho();
    let many: Vec<String> = (0..51).map(|n| format!("'{n}'")).collect();
    let cases = [
        ("select id from Contacts".to_owned(), "SYNTAX_ERROR"),
        ("select id from Contacts where Phone = 'x".to_owned(), "SYNTAX_ERROR"),
        ("select id from Kontakte where id = '1'".to_owned(), "INVALID_MODULE"),
        ("select Phone, Phone from Contacts where id = '1'".to_owned(), "DUPLICATE_DATA"),
        ("select id from Contacts where id = '1' limit 2001".to_owned(), "LIMIT_EXCEEDED"),
        (format!("select id from Contacts where Phone in ({})", many.join(",")), "LIMIT_EXCEEDED"),
    ];
    for (query, code) in cases {
        let (status, body) = bench.coql(&query);
        assert_eq!((status, &body["code"]), (400, &json!(code)), "{query}");
    }
    assert_eq!(bench.call("POST", "/coql", json!({})).1["code"], json!("MANDATORY_NOT_FOUND"));
}

#[test]
fn rows_come_in_the_order_asked_and_behind_the_limit_there_are_more() {
    let mut bench = Bench::zoho();
    for (minute, name) in ["a", "b", "c"].iter().enumerate() {
        bench.made("Contacts", json!({"Last_Name": name, "Phone": "+380671234567"}));
        bench.wait(60_000 * (minute as i64 + 1));
    }
    let (_, body) =
        bench.coql("select Last_Name from Contacts where Phone = '+380671234567' order by Modified_Time desc limit 2");
    let names: Vec<&Value> = body["data"].as_array().unwrap().iter().map(|row| &row["Last_Name"]).collect();
    assert_eq!((names, &body["info"]["more_records"]), (vec![&json!("c"), &json!("b")], &json!(true)));
    let (_, body) =
        bench.coql("select Last_Name from Contacts where Phone = '+380671234567' order by Last_Name limit 2, 2");
    assert_eq!(body["data"][0]["Last_Name"], json!("c"));
}

#[test]
fn queries_see_what_the_search_index_does_not_yet() {
    let mut bench = Bench::zoho();
    bench.fault(FaultSpec::new(FaultName::SearchLag).ms(2_000));
    let person = bench.made("Contacts", contact("+380671234567", "1"));
    bench.made("Deals", deal(&person));
    assert_eq!(bench.coql("select id from Contacts where Phone = '+380671234567'").0, 200);
    assert_eq!(bench.call("GET", "/Contacts/search?phone=%2B380671234567", Value::Null).0, 204);
    bench.wait(2_000);
    assert_eq!(bench.call("GET", "/Contacts/search?phone=%2B380671234567", Value::Null).0, 200);
}

#[test]
fn a_wide_query_costs_more_credits() {
    let mut bench = Bench::zoho();
    bench.coql("select id from Contacts where id = '1' limit 2000");
    assert_eq!(bench.sim.counts().by_credit["api_credits"], 3);
}
