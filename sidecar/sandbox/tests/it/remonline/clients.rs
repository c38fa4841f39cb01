//! Clients in the three generations, and how their numbers are found.

use serde_json::{Value, json};

use super::{ask, get, ids, lead, made, open, order, person};
use crate::helpers::Bench;

fn found(bench: &mut Bench, target: &str) -> usize {
    ids(&get(bench, target)).len()
}

#[test]
fn a_client_made_in_one_generation_is_read_in_the_others() {
    let mut bench = open();
    let body = json!({
        "first_name": "Anna", "last_name": "Kovalenko", "phone": ["+380671234567", "0501112233"],
        "custom_fields": {"7101": "google"}, "ad_campaign_id": 61,
    });
    let (status, body) = ask(&mut bench, "POST", "/clients/", body);
    assert_eq!((status, &body), (200, &json!({"data": {"id": 100_001}, "success": true})));
    let old = get(&mut bench, "/clients/100001")["data"].clone();
    assert_eq!((&old["name"], &old["phone"][1]), (&json!("Anna Kovalenko"), &json!("0501112233")));
    assert_eq!(
        (&old["created_at"], &old["ad_campaign"]["name"]),
        (&json!(1_772_442_000_000_i64), &json!("Google Ads"))
    );
    let new = get(&mut bench, "/v2/contacts/people/100001");
    assert_eq!(
        (&new["phones"][0]["phone"], &new["created_at"]),
        (&json!("+380671234567"), &json!("2026-03-02T09:00:00Z"))
    );
    assert_eq!(new["custom_fields"], json!({"f7101": "google"}));
    assert_eq!(get(&mut bench, "/contacts/people")["data"][0], new);
}

#[test]
fn how_numbers_compare_is_a_setting() {
    let mut bench = open();
    person(&mut bench, "Anna", "+38 (067) 123-45-67");
    let asked = ["%2B38%20(067)%20123-45-67", "380671234567", "671234567", "0671234567", "380671234568"];
    for (mode, hits) in [
        ("exact", [1, 0, 0, 0, 0]),
        ("digits", [1, 1, 0, 0, 0]),
        ("suffix", [1, 1, 1, 1, 0]),
        ("national", [1, 1, 1, 1, 0]),
    ] {
        bench.sim.configure(&json!({"phone_match": mode})).unwrap();
        for (number, hits) in asked.into_iter().zip(hits) {
            for path in ["/clients/", "/contacts/people", "/v2/contacts/people"] {
                assert_eq!(found(&mut bench, &format!("{path}?phones[]={number}")), hits, "{mode} {path} {number}");
            }
        }
    }
}

#[test]
fn an_unescaped_plus_becomes_a_space_and_exact_matching_misses_it() {
    let mut bench = open();
    person(&mut bench, "Anna", "+380671234567");
    assert_eq!(found(&mut bench, "/v2/contacts/people?phones[]=+380671234567"), 1);
    bench.sim.configure(&json!({"phone_match": "exact"})).unwrap();
    assert_eq!(found(&mut bench, "/v2/contacts/people?phones[]=%2B380671234567"), 1);
    assert_eq!(found(&mut bench, "/v2/contacts/people?phones[]=+380671234567"), 0);
}

#[test]
fn a_list_without_phone_search_ignores_the_filter() {
    let mut bench = open();
    person(&mut bench, "Anna", "380671234567");
    person(&mut bench, "Ivan", "380509876543");
    assert_eq!(found(&mut bench, "/v2/contacts/people?phones[]=380671234567"), 1);
    bench.sim.configure(&json!({"people_phone_search": false})).unwrap();
    assert_eq!(found(&mut bench, "/v2/contacts/people?phones[]=380671234567"), 2);
    assert_eq!(found(&mut bench, "/clients/?phones[]=380671234567"), 1);
}

#[test]
fn all_spellings_of_a_list_are_understood_and_strange_filters_are_not() {
    let mut bench = open();
    let first = person(&mut bench, "Anna", "1");
    let second = person(&mut bench, "Ivan", "2");
    person(&mut bench, "Olena", "3");
    let queries = [
        format!("ids[]={first}&ids[]={second}"),
        format!("ids={first}&ids={second}"),
        format!("ids={first},{second}"),
        "names[]=anna&names[]=IVAN".to_owned(),
    ];
    for query in queries {
        assert_eq!(ids(&get(&mut bench, &format!("/v2/contacts/people?{query}"))), [second, first], "{query}");
    }
    assert_eq!(found(&mut bench, &format!("/v2/contacts/people?ids={first}")), 1);
    assert_eq!(ask(&mut bench, "GET", "/v2/contacts/people?phone=1", Value::Null).0, 400);
    bench.sim.configure(&json!({"unknown_filters": "ignore"})).unwrap();
    assert_eq!(found(&mut bench, "/v2/contacts/people?phone=1"), 3);
}

#[test]
fn times_are_milliseconds_in_the_oldest_generation_and_iso_in_the_newest() {
    let mut bench = open();
    person(&mut bench, "Anna", "1");
    bench.wait(60_000);
    person(&mut bench, "Ivan", "2");
    assert_eq!(found(&mut bench, "/clients/?created_at[]=1772442000000&created_at[]=1772442030000"), 1);
    assert_eq!(found(&mut bench, "/clients/?created_at[]=1772442030000"), 1);
    assert_eq!(found(&mut bench, "/v2/contacts/people?created_at[]=2026-03-02T09:00:30Z"), 1);
    for target in
        ["/v2/contacts/people?created_at[]=1772442030000", "/v2/contacts/people?created_at[]=2026-03-02T09:00:30.000Z"]
    {
        assert_eq!(ask(&mut bench, "GET", target, Value::Null).0, 400, "{target}");
    }
}

#[test]
fn people_and_organizations_are_kept_apart_and_an_organization_needs_a_name() {
    let mut bench = open();
    let anna = person(&mut bench, "Anna", "380671234567");
    let (status, body) = ask(&mut bench, "POST", "/v2/contacts/organizations", json!({"email": "a@b.example"}));
    assert_eq!((status, &body["message"]["validation"]["name"]), (400, &json!("This field is required.")));
    let shop = made(ask(&mut bench, "POST", "/v2/contacts/organizations", json!({"name": "Shop"})));
    assert_eq!(ids(&get(&mut bench, "/v2/contacts/people")), [anna]);
    assert_eq!(ids(&get(&mut bench, "/v2/contacts/organizations")), [shop]);
    assert_eq!(ids(&get(&mut bench, "/clients/")), [shop, anna]);
    assert_eq!(ask(&mut bench, "GET", &format!("/v2/contacts/people/{shop}"), Value::Null).0, 404);
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    let mut bench = open();
    let id = person(&mut bench, "Anna", "380671234567");
    let change =
        json!({"last_name": "Kovalenko", "phones": [{"phone": "380509876543"}], "custom_fields": {"f7107": 4}});
    assert_eq!(ask(&mut bench, "PATCH", &format!("/v2/contacts/people/{id}"), change), (204, Value::Null));
    assert_eq!(ask(&mut bench, "PUT", "/clients/", json!({"id": id, "custom_fields": {"f7101": "x"}})).0, 200);
    let client = get(&mut bench, &format!("/clients/{id}"))["data"].clone();
    assert_eq!((&client["name"], &client["phone"]), (&json!("Anna Kovalenko"), &json!(["380509876543"])));
    assert_eq!(client["custom_fields"], json!({"f7101": "x", "f7107": 4}));
    assert_eq!(found(&mut bench, "/clients/?phones[]=380671234567"), 0);
    assert_eq!(ask(&mut bench, "PUT", "/clients/", json!({"first_name": "x"})).0, 400);
    assert_eq!(ask(&mut bench, "PUT", "/clients/", json!({"id": 7})).0, 404);
}

#[test]
fn a_merge_moves_numbers_leads_and_orders_and_the_source_is_gone() {
    let mut bench = open();
    let [target, second, third] = ["1", "2", "3"].map(|phone| person(&mut bench, "Anna", phone));
    let order = order(&mut bench, second);
    let lead = lead(&mut bench, json!({"client_id": third}));
    let path = format!("/v2/contacts/people/{target}/merge");
    assert_eq!(ask(&mut bench, "POST", &path, json!({"ids": [second]})).0, 204);
    assert_eq!(ask(&mut bench, "POST", "/clients/merge", json!({"source": [third], "target": target})).0, 200);
    assert_eq!(get(&mut bench, &format!("/clients/{target}"))["data"]["phone"], json!(["1", "2", "3"]));
    assert_eq!(get(&mut bench, &format!("/v2/orders/{order}"))["client"]["id"], json!(target));
    assert_eq!(get(&mut bench, &format!("/lead/?ids={lead}"))["data"][0]["client"]["id"], json!(target));
    assert_eq!(ask(&mut bench, "GET", &format!("/clients/{second}"), Value::Null).0, 404);
    assert_eq!(ask(&mut bench, "POST", &path, json!({"ids": [second]})).0, 400);
}

#[test]
fn a_comment_is_a_message_in_the_oldest_generation_and_a_comment_in_the_others() {
    let mut bench = open();
    let id = person(&mut bench, "Anna", "1");
    let old = format!("/clients/{id}/comments");
    let new = format!("/v2/contacts/people/{id}/comments");
    assert_eq!(ask(&mut bench, "POST", &old, json!({"message": "one", "is_private": true})).0, 200);
    assert_eq!(ask(&mut bench, "POST", &new, json!({"comment": "two"})), (204, Value::Null));
    assert_eq!(
        ask(&mut bench, "POST", &old, json!({"comment": "x"})).1["message"]["validation"]["message"],
        json!("This field is required.")
    );
    assert_eq!(
        ask(&mut bench, "POST", &new, json!({"message": "x"})).1["message"]["validation"]["comment"],
        json!("This field is required.")
    );
    assert_eq!(ask(&mut bench, "POST", "/clients/9/comments", json!({"message": "x"})).0, 404);
    let comments = bench.sim.listing()["comments"].clone();
    assert_eq!((&comments[0]["text"], &comments[0]["is_private"]), (&json!("one"), &json!(true)));
    assert_eq!(
        (&comments[1]["text"], &comments[1]["of"], &comments[1]["on"]),
        (&json!("two"), &json!(id), &json!("client"))
    );
}
