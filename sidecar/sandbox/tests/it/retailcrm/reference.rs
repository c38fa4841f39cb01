//! Dictionaries, users and the account.

use serde_json::json;

use crate::helpers::{Bench, rows};

#[test]
fn dictionaries_are_maps_and_groups_name_their_statuses() {
    let mut bench = Bench::retailcrm();
    let (_, body) = bench.get("/reference/status-groups");
    assert_eq!(
        (&body["statusGroups"]["approval"]["process"], &body["statusGroups"]["cancel"]["process"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(body["statusGroups"]["new"]["statuses"], json!(["new"]));
    let (_, body) = bench.get("/reference/statuses");
    assert_eq!(body["statuses"]["no-call"]["group"], json!("cancel"));
    assert_eq!(bench.get("/reference/sites").1["sites"]["main"]["code"], json!("main"));
    assert!(bench.get("/reference/order-methods").1["orderMethods"]["missed-call"].is_object());
    assert_eq!(bench.get("/reference/no-such").0, 404);
}

#[test]
fn custom_fields_are_a_list_by_entity() {
    let mut bench = Bench::retailcrm();
    let (_, body) = bench.get("/custom-fields?filter[entity]=customer&filter[type]=integer");
    assert_eq!((rows(&body, "customFields"), &body["customFields"][0]["code"]), (1, &json!("visits_count")));
}

#[test]
fn users_are_found_by_mail_and_carry_their_groups() {
    let mut bench = Bench::retailcrm();
    let (_, body) = bench.get("/users?filter[email]=ivan@sandbox.example");
    assert_eq!((rows(&body, "users"), &body["users"][0]["groups"][0]["code"]), (1, &json!("manager")));
    assert_eq!(rows(&bench.get("/users?filter[isAdmin]=1").1, "users"), 1);
    assert_eq!(bench.get("/users/2").1["user"]["id"], json!(2));
    assert_eq!(rows(&bench.get("/user-groups").1, "groups"), 1);
}

#[test]
fn the_account_tells_its_zone_its_sites_and_its_rights() {
    let mut bench = Bench::retailcrm();
    assert_eq!(bench.get("/settings").1["settings"]["timezone"]["value"], json!("Europe/Kyiv"));
    assert_eq!(bench.get("/credentials").1["siteAccess"], json!("access_full"));
}
