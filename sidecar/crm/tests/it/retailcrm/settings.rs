//! The settings of a connection.

use std::collections::BTreeMap;

use secrecy::SecretString;
use tieline_crm::{Connect, CrmKind};
use tieline_engine::{ids::RecordId, record::Kind};

/// The keys that are at fault.
fn faults(settings: &[(&str, &str)], key: Option<&str>) -> Vec<String> {
    match connect(settings, key) {
        Ok(_) => Vec::new(),
        Err(keys) => keys,
    }
}

/// A link of the connected dialect, which shows the address it uses.
fn connect(settings: &[(&str, &str)], key: Option<&str>) -> Result<String, Vec<String>> {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let secrets: BTreeMap<String, SecretString> =
        key.map(|key| ("api_key".to_owned(), SecretString::from(key))).into_iter().collect();
    match tieline_crm::connect(CrmKind::Retailcrm, &Connect { settings, secrets, ..Connect::default() }) {
        Ok(dialect) => Ok(dialect.link(Kind::Contact, &RecordId::new("5")).unwrap()),
        Err(faults) => {
            assert!(faults.iter().all(|fault| !fault.text.is_empty()));
            Err(faults.into_iter().map(|fault| fault.key).collect())
        }
    }
}

#[test]
fn address_and_key_are_enough() {
    assert_eq!(faults(&[("url", "https://demo.retailcrm.pro")], Some("k")), [""; 0]);
}

#[test]
fn every_fault_is_told_at_once() {
    let settings = [
        ("url", "demo retailcrm"),
        ("site", "Main shop"),
        ("create", "leads"),
        ("call_log", "yes"),
        ("closed_groups", " , "),
        ("search_forms", "4"),
        ("search_lag_seconds", "soon"),
        ("module_code", "our module"),
        ("module_logo", "https://a.b/logo.png"),
        ("new_deal_url", "/orders/add"),
        ("colour", "red"),
    ];
    let mut found = faults(&settings, Some(" "));
    found.sort();
    let mut expected: Vec<&str> = settings.iter().map(|(key, _)| *key).chain(["api_key"]).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_missing_address_and_a_missing_key_are_both_named() {
    assert_eq!(faults(&[], None), ["url", "api_key"]);
    assert_eq!(faults(&[("url", "https://demo.simla.com")], Some("two words")), ["api_key"]);
}

#[test]
fn an_address_is_taken_in_every_form_people_copy() {
    for url in ["demo.simla.com", "https://demo.simla.com/", " https://demo.simla.com/api/v5/ "] {
        assert_eq!(connect(&[("url", url)], Some("k")).unwrap(), "https://demo.simla.com/customers/5");
    }
    let behind_proxy = connect(&[("url", "https://proxy.example/crm/")], Some("k")).unwrap();
    assert_eq!(behind_proxy, "https://proxy.example/crm/customers/5");
}

#[test]
fn the_key_travels_in_plain_text_to_a_sandbox_only() {
    for url in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080", "http://sandbox:8080"] {
        assert_eq!(connect(&[("url", url)], Some("k")).unwrap(), format!("{url}/customers/5"));
    }
    for url in
        ["http://demo.retailcrm.pro", "ftp://demo.retailcrm.pro", "https://", "https://a@b.c", "https://a.b/?x=1"]
    {
        assert_eq!(faults(&[("url", url)], Some("k")), ["url"], "{url}");
    }
}
