//! What an administrator is told of an account.

use futures::executor::block_on;
use serde_json::json;
use tieline_crm::{Dialect, Trouble, dialect::Finding};

use super::{NOBODY, asked, dialect, list, session, try_connect};
use crate::scripted::Scripted;

fn inspect<const N: usize>(crm: &dyn Dialect, answers: [(u16, &str); N]) -> (Vec<Finding>, Vec<String>) {
    let net = Scripted::new(answers);
    let findings = block_on(crm.inspect(&session(&net))).unwrap();
    (findings, asked(&net))
}

fn about<'a>(findings: &'a [Finding], about: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.about == about).unwrap_or_else(|| panic!("{about}"))
}

#[test]
fn ro_17_an_account_that_is_ready_holds_in_every_point() {
    let employees = list(&[json!({"id": 17, "first_name": "Olena"})]);
    let orders = list(&[json!({"id": 40, "name": "Done", "group": 6}), json!({"id": 1, "name": "New", "group": 1})]);
    let leads = list(&[json!({"id": 41, "name": "Lost", "group": 6})]);
    let rows = list(&[json!({"id": 11}), json!({"id": 22}), json!({"id": 33})]);
    let (findings, asked) = inspect(
        &*dialect(&[]),
        [
            (200, employees.as_str()),
            (200, NOBODY),
            (200, NOBODY),
            (200, orders.as_str()),
            (200, NOBODY),
            (200, leads.as_str()),
            (200, rows.as_str()),
            (200, rows.as_str()),
            (200, rows.as_str()),
        ],
    );
    assert!(findings.iter().all(|finding| finding.holds), "{findings:?}");
    let expected = [
        "/employees/",
        "/contacts/people?phones[]=0000000000",
        "/orders",
        "/statuses/orders/",
        "/lead/?client_phones[]=0000000000",
        "/statuses/leads/",
        "/branches/",
        "/order/types/",
        "/lead/types/",
    ];
    assert_eq!(asked, expected);
    assert_eq!(about(&findings, "closed statuses of orders").text, "40 Done");
    assert!(findings.iter().all(|finding| !finding.text.contains("Olena")));
}

#[test]
fn ro_17_what_is_missing_is_named_with_what_to_do() {
    let strangers = list(&[json!({"id": 5, "first_name": "Olena", "phone": "380671234567"})]);
    let open = list(&[json!({"id": 1, "name": "New", "group": 1})]);
    let others = list(&[json!({"id": 12}), json!({"id": 13})]);
    let (findings, _) = inspect(
        &*dialect(&[]),
        [
            (200, NOBODY),
            (200, strangers.as_str()),
            (403, "{}"),
            (200, open.as_str()),
            (200, strangers.as_str()),
            (403, "{}"),
            (200, others.as_str()),
            (403, "{}"),
            (404, "<html>"),
        ],
    );
    assert!(findings.iter().all(|finding| !finding.holds), "{findings:?}");
    let says = |name: &str, word: &str| about(&findings, name).text.contains(word);
    assert!(says("right to read employees", "full access"));
    assert!(says("search for clients by number", "phone_query"));
    assert!(says("right to read orders", "full access"));
    assert!(says("closed statuses of orders", "closed_statuses"));
    assert!(says("search for leads by number", "overlooked"));
    assert!(says("closed statuses of leads", "closed_lead_statuses"));
    assert!(says("branch of orders", "11 does not exist; set branch_id to one of 12, 13"));
    assert!(says("type of orders", "order_type = 22"));
    assert!(says("type of leads", "lead_type = 33"));
    let told = format!("{findings:?}");
    assert!(!told.contains("Olena") && !told.contains("380671234567"));
}

#[test]
fn only_what_is_used_is_looked_at() {
    let crm = try_connect(&[("create", "client"), ("leads", "off"), ("api", "v2"), ("branch_id", "11")], "k").unwrap();
    let (findings, asked) =
        inspect(&*crm, [(200, "[]"), (403, "{}"), (200, "[]"), (403, "{}"), (200, r#"[{"id":11}]"#)]);
    assert_eq!(findings.len(), 5);
    assert_eq!(asked[0], "/v2/company/employees");
    assert_eq!(asked[4], "/v2/company/locations");
    assert!(!about(&findings, "search for clients by number").holds);
    assert!(about(&findings, "closed statuses of orders").text.contains("not shown"));
}

#[test]
fn a_dead_key_is_no_finding_but_trouble() {
    let net = Scripted::new([(401, "{}")]);
    let result = block_on(dialect(&[]).inspect(&session(&net)));
    assert!(matches!(result, Err(Trouble::CredentialsDead(_))));
}
