//! What an administrator is told before the first call (SP-13).

use futures::executor::block_on;
use tieline_crm::{Trouble, dialect::Finding};

use super::{ATTRIBUTES, NOBODY, dialect, routes, session};
use crate::scripted::Scripted;

const USERS: (u16, &str) = (200, r#"{"data":[{"id":9,"firstname":"Olena"},{"id":17,"firstname":"Taras"}]}"#);
const FIELDS: (u16, &str) = (200, ATTRIBUTES);
const STEPS: (u16, &str) = (200, r#"{"data":[{"id":6,"name":"New"}]}"#);
const BOARDS: (u16, &str) = (200, r#"{"data":[{"id":3,"name":"Calls","steps":[{"id":4},{"id":12}]}]}"#);
const NO_CALLS: (u16, &str) = (200, r#"{"data":{"total":0,"list":[]}}"#);
const FORBIDDEN: (u16, &str) = (403, r#"{"message":"Forbidden","error_code":403}"#);
const FULL: [(&str, &str); 7] = [
    ("create", "contact,deal"),
    ("pipeline_id", "5"),
    ("step_id", "6"),
    ("contact_fields", "utm_source = UTM source"),
    ("task_done_step", "12"),
    ("contact_link", "https://crm.example/{id}"),
    ("new_deal_link", "https://crm.example/new/{id}"),
];

fn inspect<const N: usize>(settings: &[(&str, &str)], answers: [(u16, &str); N]) -> (Vec<Finding>, Vec<String>) {
    let net = Scripted::new(answers);
    let findings = block_on(dialect(settings).inspect(&session(&net))).unwrap();
    (findings, routes(&net))
}

fn failing(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| !finding.holds).map(|finding| finding.about.as_str()).collect()
}

#[test]
fn sp_13_an_account_with_everything_in_place_holds() {
    let (findings, asked) = inspect(&FULL, [USERS, NOBODY, FIELDS, STEPS, BOARDS, NO_CALLS]);
    let expected = [
        "GET /users",
        "POST /contacts/get-list",
        "GET /contacts/attributes",
        "GET /pipelines/5/steps",
        "GET /boards",
        "POST /telephony/calls/get-list",
    ];
    assert_eq!((failing(&findings), asked), (Vec::new(), expected.map(str::to_owned).to_vec()));
    let told: Vec<&str> = findings.iter().map(|finding| finding.about.as_str()).collect();
    for about in ["plan and rights", "employees", "stand-in", "task boards", "closed deals", "field for utm_source"] {
        assert!(told.contains(&about), "{about}");
    }
}

#[test]
fn sp_13_a_plan_below_basic_is_named_and_nothing_more_is_asked() {
    let (findings, asked) = inspect(&FULL, [FORBIDDEN]);
    assert_eq!((failing(&findings), asked.len()), (vec!["plan and rights"], 1));
    assert!(findings[0].text.contains("CRM Basic"));
}

#[test]
fn sp_13_every_missing_item_is_named() {
    let settings = [
        ("create", "contact,deal"),
        ("pipeline_id", "5"),
        ("step_id", "7"),
        ("contact_fields", "utm_source = Nowhere; utm_term = Size"),
        ("task_done_step", "99"),
        ("responsible_id", "8"),
    ];
    let calls = (200, r#"{"data":{"total":3,"list":[]}}"#);
    let (findings, _) = inspect(&settings, [USERS, FORBIDDEN, FIELDS, STEPS, BOARDS, calls]);
    let expected = [
        "stand-in",
        "right to contacts",
        "field for utm_source",
        "field for utm_term",
        "place of new deals",
        "task boards",
        "own telephony",
        "links",
    ];
    assert_eq!(failing(&findings), expected);
    assert!(findings.iter().filter(|finding| !finding.holds).all(|finding| finding.text.len() > 20));
}

#[test]
fn sp_13_nobody_to_assign_and_no_board_are_named() {
    let (nobody, none) = ((200, r#"{"data":[]}"#), (200, r#"{"data":[]}"#));
    let (findings, _) = inspect(&[], [nobody, NOBODY, FIELDS, none, NO_CALLS]);
    assert_eq!(failing(&findings), ["employees", "stand-in", "task boards", "links"]);
}

#[test]
fn a_pipeline_that_is_not_there_is_named() {
    let gone = (404, r#"{"data":{"code":213,"message":"Pipeline not found"}}"#);
    let (findings, _) = inspect(&FULL, [USERS, NOBODY, FIELDS, gone, BOARDS, NO_CALLS]);
    assert_eq!(failing(&findings), ["place of new deals"]);
}

#[test]
fn rights_that_are_missing_for_one_thing_do_not_hide_the_others() {
    let (findings, _) = inspect(&FULL, [USERS, NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN]);
    assert_eq!(failing(&findings), ["contact fields", "place of new deals", "task boards"]);
}

#[test]
fn dead_credentials_are_no_finding() {
    let net = Scripted::new([(401, r#"{"message":"Unauthorized!","error_code":401}"#)]);
    let result = block_on(dialect(&[]).inspect(&session(&net)));
    assert!(matches!(result, Err(Trouble::CredentialsDead(_))));
}
