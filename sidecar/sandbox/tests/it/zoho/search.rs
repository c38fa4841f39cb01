//! The search with its index.

use serde_json::{Value, json};

use crate::helpers::{Bench, rows};

fn world() -> Bench {
    let mut bench = Bench::zoho();
    let seed = json!({
        "Contacts": [{"Last_Name": "Anna", "Phone": "+38-067-123-4567"}, {"Last_Name": "Petro", "Mobile": "0671234567"}],
        "Leads": [{"Last_Name": "Old", "Phone": "380671234567", "Converted__s": true}],
    });
    bench.sim.seed(bench.now, &seed).unwrap();
    bench
}

fn found(bench: &mut Bench, target: &str) -> usize {
    let (status, body) = bench.call("GET", target, Value::Null);
    assert!([200, 204].contains(&status), "{status} {body}");
    rows(&body, "data")
}

#[test]
fn how_phones_are_compared_is_a_setting() {
    let mut bench = world();
    let search = "/Contacts/search?phone=380671234567&fields=id,Phone";
    for (mode, hits) in [("digits", 1), ("exact", 0), ("suffix", 2), ("contains", 1)] {
        bench.sim.configure(&json!({"search_phone_match": mode})).unwrap();
        assert_eq!(found(&mut bench, search), hits, "{mode}");
    }
    bench.sim.configure(&json!({"search_phone_match": "suffix"})).unwrap();
    assert_eq!(found(&mut bench, "/Contacts/search?phone=671234567"), 2);
}

#[test]
fn converted_leads_are_hidden_unless_asked_for() {
    let mut bench = world();
    assert_eq!(found(&mut bench, "/Leads/search?phone=380671234567"), 0);
    assert_eq!(found(&mut bench, "/Leads/search?phone=380671234567&converted=both"), 1);
}

#[test]
fn equals_in_criteria_behaves_like_contains_and_signs_can_be_escaped() {
    let mut bench = world();
    assert_eq!(found(&mut bench, "/Contacts/search?criteria=((Phone:equals:067-123)or(Mobile:equals:1234567))"), 2);
    assert_eq!(found(&mut bench, "/Contacts/search?criteria=(Last_Name:starts_with:ann)"), 1);
    assert_eq!(found(&mut bench, "/Contacts/search?criteria=(Last_Name:in:anna,petro)"), 2);
    bench.made("Contacts", json!({"Last_Name": "Bar (new)"}));
    assert_eq!(found(&mut bench, "/Contacts/search?criteria=(Last_Name:equals:Bar%20%5C(new%5C))"), 1);
}

#[test]
fn a_search_without_or_with_wrong_parameters_is_refused() {
    let mut bench = world();
    let code =
        |bench: &mut Bench, target: &str| bench.call("GET", target, Value::Null).1["code"].as_str().unwrap().to_owned();
    assert_eq!(code(&mut bench, "/Contacts/search"), "EXPECTED_PARAM_MISSING");
    assert_eq!(code(&mut bench, "/Contacts/search?phone=ab"), "INVALID_DATA");
    assert_eq!(code(&mut bench, "/Contacts/search?word=a"), "INVALID_DATA");
    assert_eq!(code(&mut bench, "/Contacts/search?criteria=(Foo:equals:1)"), "INVALID_QUERY");
    assert_eq!(code(&mut bench, "/Contacts/search?criteria=Phone:equals:1"), "INVALID_QUERY");
    assert_eq!(code(&mut bench, "/Contacts/search?word=anna&page=11"), "LIMIT_REACHED");
}
