//! Searching: filters, pages, links.

use serde_json::{Value, json};
use tieline_sandbox::{FaultName, FaultSpec};

use super::{ANNA, Org};

#[test]
fn a_plus_in_a_query_is_a_space_unless_encoded() {
    let mut org = Org::new();
    org.anna();
    assert_eq!(org.found("telephone1 eq '%2B380671234567'"), [ANNA]);
    assert!(org.found("telephone1 eq '+380671234567'").is_empty());
    assert_eq!(org.found("telephone1+eq+'%2B380671234567'"), [ANNA]);
}

#[test]
fn numbers_are_compared_as_written() {
    let mut org = Org::new();
    org.anna();
    assert!(org.found("telephone1 eq '380671234567'").is_empty());
    let variants = "statecode eq 0 and (telephone1 eq '380671234567' or telephone1 eq '%2B380671234567' or mobilephone eq '0671234567')";
    assert_eq!(org.found(variants), [ANNA]);
    let listed = "Microsoft.Dynamics.CRM.In(PropertyName='telephone1',PropertyValues=['x','%2B380671234567'])";
    assert_eq!(org.found(listed), [ANNA]);
    let quoted = listed.replace("['x','%2B380671234567']", "[\"x\",\"%2B380671234567\"]");
    assert_eq!(org.found(&quoted), [ANNA]);
}

#[test]
fn conditions_join_as_and_before_or_and_null_is_no_value() {
    let mut org = Org::new();
    org.seed(json!({"contacts": [
        {"contactid": ANNA, "firstname": "O'Hara", "createdon": "2026-01-01T00:00:00Z"},
        {"firstname": "boris", "telephone1": "1", "createdon": "2026-02-01T00:00:00Z"},
    ]}));
    assert_eq!(org.found("firstname eq 'o''hara'"), [ANNA]);
    assert_eq!(org.found("telephone1 eq null"), [ANNA]);
    assert_eq!(org.found("firstname eq 'BORIS' and telephone1 eq '2' or firstname eq 'O''Hara'"), [ANNA]);
    assert!(org.found("(firstname eq 'BORIS' or firstname eq 'O''Hara') and telephone1 eq '2'").is_empty());
    assert_eq!(org.found("createdon ge 2026-01-01T00:00:00Z and createdon le 2026-01-31T00:00:00Z"), [ANNA]);
    assert_eq!(org.found("not (telephone1 eq '1') and startswith(firstname,'o')"), [ANNA]);
    assert_eq!(org.found(&format!("contactid eq {ANNA} and _ownerid_value ne null")), [ANNA]);
}

#[test]
fn a_filter_that_makes_no_sense_is_refused() {
    let mut org = Org::new();
    for filter in [
        "telephone1 eq 380671234567",
        "phone eq '1'",
        "telephone1 eq '1",
        "telephone1 like '1'",
        "(telephone1 eq '1'",
        "contactid eq 'x'",
        "createdon ge 'yesterday'",
    ] {
        let (status, code) = org.refused("GET", &format!("contacts?$filter={filter}"), &Value::Null);
        assert_eq!((status, code.as_str()), (400, "0x80060888"), "{filter}");
    }
    for target in
        ["contacts?$skip=1", "contacts?$select=nothing", "contacts?$expand=nothing", "contacts?$orderby=nothing asc"]
    {
        org.anna();
        assert_eq!(org.get(target).0, 400, "{target}");
    }
    assert_eq!(org.get("leads").0, 404);
}

#[test]
fn rows_are_ordered_cut_counted_and_given_with_what_was_selected() {
    let mut org = Org::new();
    org.seed(json!({"contacts": [{"lastname": "B"}, {"lastname": "C"}, {"lastname": "A"}]}));
    let (_, body) = org.get("contacts?$select=lastname&$orderby=lastname desc&$top=2&$count=true");
    let rows = body["value"].as_array().unwrap();
    assert_eq!((&rows[0]["lastname"], &rows[1]["lastname"], rows.len()), (&json!("C"), &json!("B"), 2));
    assert_eq!(body["@odata.count"], json!(3));
    assert!(rows[0]["@odata.etag"].is_string() && rows[0]["contactid"].is_string());
    assert!(rows[0].get("telephone1").is_none());
}

#[test]
fn a_next_link_leads_through_all_pages() {
    let mut org = Org::new();
    let contacts: Vec<Value> = (0..5).map(|n| json!({"lastname": n.to_string()})).collect();
    org.seed(json!({"contacts": contacts}));
    let mut target = "contacts?$select=lastname".to_owned();
    let mut seen = Vec::new();
    loop {
        let request = org.request("GET", &target).header("prefer", "odata.maxpagesize=2");
        let body = org.bench.answer(&request).body_json();
        seen.extend(body["value"].as_array().unwrap().iter().map(|row| row["lastname"].as_str().unwrap().to_owned()));
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        target = next.rsplit_once("/v9.2/").unwrap().1.to_owned();
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
}

#[test]
fn an_owner_is_read_along_with_the_contact() {
    let mut org = Org::new();
    org.seed(
        json!({"contacts": [{"contactid": ANNA, "_ownerid_value": tieline_sandbox::dataverse::SANDBOX_USERS[2]}]}),
    );
    let target = format!(
        "contacts({ANNA})?$select=fullname&$expand=owninguser($select=internalemailaddress,address1_telephone1)"
    );
    let (_, body) = org.get(&target);
    assert_eq!(body["owninguser"]["internalemailaddress"], json!("oksana@sandbox.example"));
    assert_eq!(body["owninguser"]["address1_telephone1"], json!("+380441110103"));
    assert!(body["owninguser"].get("fullname").is_none());
}

#[test]
fn a_leading_wildcard_may_time_out() {
    let mut org = Org::new();
    org.anna();
    assert_eq!(org.found("endswith(telephone1,'1234567')"), [ANNA]);
    org.configure(json!({"leading_wildcards": "timeout"}));
    let refused = org.refused("GET", "contacts?$filter=contains(telephone1,'1234567')", &Value::Null);
    assert_eq!(refused.1, "0x80048573");
    assert_eq!(org.found("startswith(telephone1,'%2B380')"), [ANNA]);
}

#[test]
fn a_lagging_search_misses_a_fresh_contact_that_a_read_by_id_gives() {
    let mut org = Org::new();
    org.bench.fault(FaultSpec::new(FaultName::SearchLag).ms(2_000));
    org.send("POST", "contacts", &json!({"contactid": ANNA, "telephone1": "1"}));
    assert!(org.found("telephone1 eq '1'").is_empty());
    assert_eq!(org.get(&format!("contacts({ANNA})")).0, 200);
    org.bench.wait(2_000);
    assert_eq!(org.found("telephone1 eq '1'"), [ANNA]);
}
