//! Settings: what is refused, all at once, and what the defaults are.

use std::collections::BTreeSet;

use tieline_engine::record::Kind;

use super::{EVERYTHING, dialect, try_connect};

fn faults(settings: &[(&str, &str)]) -> Vec<String> {
    let all: Vec<_> = EVERYTHING.iter().chain(settings).copied().collect();
    keys(&all, "key-1")
}

fn keys(settings: &[(&str, &str)], key: &str) -> Vec<String> {
    let faults = try_connect(settings, key).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.key).collect()
}

#[test]
fn ro_17_without_key_set_branch_or_types_nothing_is_activated_and_each_is_named() {
    assert_eq!(keys(&[], ""), ["api_key", "create"]);
    assert_eq!(keys(&[("create", "client,lead,order")], "k"), ["branch_id", "order_type", "lead_type"]);
    assert_eq!(keys(&[("create", "order"), ("branch_id", "1")], "k"), ["order_type"]);
    assert_eq!(keys(&[("create", "lead")], "k"), ["lead_type"]);
    assert_eq!(keys(&[("create", "client")], "k"), Vec::<String>::new());
}

#[test]
fn every_fault_is_reported_at_once() {
    let faults = faults(&[
        ("api", "v3"),
        ("url", "http://api.roapp.io"),
        ("colour", "red"),
        ("closed_groups", "closed"),
        ("search_forms", "0"),
        ("custom_fields", "client"),
        ("client_link", "https://web.example/clients"),
        ("change_leads", "perhaps"),
        ("leads", "off"),
        ("requests_per_second", "50"),
    ]);
    let expected = [
        "api",
        "change_leads",
        "client_link",
        "closed_groups",
        "colour",
        "custom_fields",
        "leads",
        "requests_per_second",
        "search_forms",
        "url",
    ];
    assert_eq!(faults.into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
}

#[test]
fn an_id_is_a_number_and_a_name_is_refused_once() {
    let all = [("create", "order"), ("branch_id", "Kyiv"), ("order_type", "22")];
    assert_eq!(keys(&all, "k"), ["branch_id"]);
    assert_eq!(keys(&[("create", "clients")], "k"), ["create"]);
}

#[test]
fn a_key_with_blanks_is_refused_and_never_quoted() {
    let faults = try_connect(EVERYTHING, "se cret").err().unwrap();
    assert_eq!(faults.len(), 1);
    assert!(!faults[0].text.contains("cret"));
}

#[test]
fn plain_http_is_for_sandboxes_only() {
    for url in
        ["http://localhost:8080", "http://127.0.0.1:8080/", "http://sandbox:80/v2", "api.roapp.io", "http://[::1]:1"]
    {
        assert_eq!(faults(&[("url", url)]), Vec::<String>::new(), "{url}");
    }
    for url in ["http://api.roapp.io", "ftp://api.roapp.io", "https://", "https://a b", "https://user@host"] {
        assert_eq!(faults(&[("url", url)]), ["url"], "{url}");
    }
}

#[test]
fn the_abilities_are_those_of_a_crm_without_a_call_list() {
    let crm = dialect(&[]);
    let abilities = crm.abilities();
    let people = BTreeSet::from([Kind::Contact, Kind::Lead, Kind::Deal]);
    assert_eq!(abilities.kinds, people.iter().copied().chain([Kind::Task, Kind::Note]).collect());
    assert_eq!(abilities.notes_on, people);
    assert_eq!(abilities.needs_contact, [Kind::Deal].into());
    assert!(abilities.notes_in_new_records && abilities.closes_tasks);
    assert!(!abilities.takes_visits && !abilities.logs_unlinked_calls && !abilities.amends_call_record);
    assert_eq!((abilities.search_lag_seconds, abilities.spellings_max, abilities.task_needs), (30, 12, None));
}

#[test]
fn leads_may_be_left_out_altogether() {
    let crm = try_connect(&[("create", "client"), ("leads", "off")], "k").unwrap();
    assert!(!crm.abilities().kinds.contains(&Kind::Lead) && !crm.abilities().notes_on.contains(&Kind::Lead));
    assert_eq!(crm.default_scenario().rows[0].then.notes, [Kind::Contact, Kind::Deal]);
}

#[test]
fn three_requests_a_second_are_the_quota_unless_set() {
    let quota = dialect(&[]).quota();
    assert_eq!((quota.per_second, quota.telephony_per_second, quota.concurrency), (3, 3, 3));
    assert_eq!(dialect(&[("requests_per_second", "8")]).quota().per_second, 8);
}

#[test]
fn ro_18_links_to_client_lead_and_order_are_as_configured() {
    let crm = dialect(&[
        ("client_link", "https://web.example/clients/{id}"),
        ("lead_link", "https://web.example/leads?id={id}"),
        ("order_link", "https://web.example/orders/{id}"),
        ("task_link", "https://web.example/tasks/{id}"),
        ("new_order_link", "https://web.example/orders/new?client={id}"),
    ]);
    let link = |kind| crm.link(kind, &"7/8".into());
    assert_eq!(link(Kind::Contact).as_deref(), Some("https://web.example/clients/7%2F8"));
    assert_eq!(link(Kind::Lead).as_deref(), Some("https://web.example/leads?id=7%2F8"));
    assert_eq!(link(Kind::Deal).as_deref(), Some("https://web.example/orders/7%2F8"));
    assert_eq!(link(Kind::Task).as_deref(), Some("https://web.example/tasks/7%2F8"));
    assert_eq!(link(Kind::Note), None);
    assert_eq!(crm.new_deal_link(&"5".into()).as_deref(), Some("https://web.example/orders/new?client=5"));
    assert_eq!(dialect(&[]).link(Kind::Contact, &"7".into()), None);
    assert_eq!(dialect(&[]).new_deal_link(&"7".into()), None);
}
