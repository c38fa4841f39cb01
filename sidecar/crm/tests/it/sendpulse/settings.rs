//! What a connection may be made of.

use std::collections::BTreeSet;

use tieline_crm::{CrmKind, Dialect};
use tieline_engine::record::Kind;

use super::{connect, dialect};

fn faults(settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> BTreeSet<String> {
    let result = tieline_crm::connect(CrmKind::Sendpulse, &connect(settings, secrets));
    result.err().into_iter().flatten().map(|fault| fault.key).collect()
}

const KEY: [(&str, &str); 1] = [("api_key", "key-1")];

#[test]
fn every_fault_is_told_at_once() {
    let settings = [
        ("url", "http://api.sendpulse.com"),
        ("responsible_id", "Olena"),
        ("create", "deal"),
        ("pipeline_id", "5"),
        ("contact_path", "slow"),
        ("contact_fields", "utm_source"),
        ("phone_search", "like"),
        ("task_done_step", "done"),
        ("zone", "Kyiv"),
        ("contact_link", "https://login.sendpulse.com/crm"),
        ("requests_per_day", "0"),
        ("search_lag_seconds", "601"),
        ("colour", "red"),
    ];
    let mut expected: BTreeSet<String> = settings.iter().map(|(key, _)| (*key).to_owned()).collect();
    expected.remove("pipeline_id");
    expected.extend(["step_id".to_owned(), "api_key".to_owned()]);
    assert_eq!(faults(&settings, &[]), expected);
    assert!(faults(&[("responsible_id", " ")], &KEY).contains("responsible_id"));
}

#[test]
fn credentials_are_a_key_or_an_application_and_not_both() {
    let app = [("client_id", "app"), ("client_secret", "s")];
    assert!(faults(&[], &KEY).is_empty());
    assert!(faults(&[("client_id", "app")], &[("client_secret", "s")]).is_empty());
    assert!(faults(&[], &app).is_empty());
    assert!(faults(&[("client_id", "app")], &KEY).contains("api_key"));
    assert!(faults(&[("client_id", "app")], &[]).contains("client_secret"));
    assert!(faults(&[], &[("client_secret", "s")]).contains("client_id"));
    assert!(faults(&[], &[("api_key", "key 1")]).contains("api_key"));
}

#[test]
fn plain_http_is_taken_for_a_sandbox_only() {
    for url in
        ["http://127.0.0.1:8080", "http://localhost:1/crm/v1/", "http://sandbox", "http://[::1]:9", "api.test.io"]
    {
        assert!(faults(&[("url", url)], &KEY).is_empty(), "{url}");
    }
    for url in ["http://api.sendpulse.com", "ftp://localhost", "https://", "https://a.b/?x=1", "https://u@a.b"] {
        assert!(faults(&[("url", url)], &KEY).contains("url"), "{url}");
    }
}

#[test]
fn deals_need_a_pipeline_and_a_step() {
    assert_eq!(faults(&[("create", "contact,deal")], &KEY), ["pipeline_id".to_owned()].into());
    assert_eq!(faults(&[("step_id", "6")], &KEY), ["pipeline_id".to_owned()].into());
    assert!(
        dialect(&[("create", "contact, deal"), ("pipeline_id", "5"), ("step_id", "6")])
            .abilities()
            .kinds
            .contains(&Kind::Deal)
    );
}

#[test]
fn one_kind_of_data_goes_into_one_field() {
    for twice in ["utm_source = A; utm_medium = A", "utm_source = A; utm_source = B", "referer = A", "utm_term ="] {
        assert!(faults(&[("contact_fields", twice)], &KEY).contains("contact_fields"), "{twice}");
    }
    assert!(faults(&[("contact_fields", "utm_source = A; google_client_id=B; ")], &KEY).is_empty());
}

#[test]
fn a_number_of_ours_needs_the_path_that_takes_it() {
    assert!(faults(&[("external_id", "true")], &KEY).contains("external_id"));
    assert!(faults(&[("external_id", "true"), ("contact_path", "steps")], &KEY).is_empty());
}

#[test]
fn what_the_crm_can_do_follows_from_the_settings() {
    let crm = dialect(&[]);
    let plain = crm.abilities();
    assert_eq!(plain.kinds, [Kind::Contact, Kind::Deal, Kind::Task, Kind::Note].into());
    assert_eq!(plain.notes_on, [Kind::Contact, Kind::Deal].into());
    assert_eq!((plain.makes_contacts_bare, plain.closes_tasks, plain.tasks_need_board), (false, false, true));
    assert_eq!((plain.spellings_max, plain.search_lag_seconds), (20, 30));
    let crm = dialect(&[
        ("contact_path", "steps"),
        ("task_done_step", "4"),
        ("phone_search", "phone"),
        ("search_lag_seconds", "5"),
        ("requests_per_day", "1000000"),
    ]);
    let set = crm.abilities();
    assert_eq!((set.makes_contacts_bare, set.closes_tasks), (true, true));
    assert_eq!((set.spellings_max, set.search_lag_seconds), (3, 5));
    assert_eq!((crm.quota().per_second, crm.quota().concurrency), (10, 10));
    let day = |crm: &dyn Dialect| crm.quota().budgets[0].units;
    assert_eq!((day(crm.as_ref()), day(dialect(&[]).as_ref())), (1_000_000, 500_000));
}

#[test]
fn sp_01_links_come_from_templates_and_only_from_them() {
    let (kind, id) = (Kind::Contact, "5".into());
    assert_eq!((dialect(&[]).link(kind, &id), dialect(&[]).new_deal_link(&id)), (None, None));
    let crm = dialect(&[
        ("contact_link", "https://crm.example/contacts/{id}"),
        ("deal_link", "https://crm.example/deals/{id}"),
        ("new_deal_link", "https://crm.example/deals/new?contact={id}"),
    ]);
    assert_eq!(crm.link(kind, &id).as_deref(), Some("https://crm.example/contacts/5"));
    assert_eq!(crm.link(Kind::Deal, &id).as_deref(), Some("https://crm.example/deals/5"));
    assert_eq!(crm.link(Kind::Task, &id), None);
    assert_eq!(crm.new_deal_link(&"5/6".into()).as_deref(), Some("https://crm.example/deals/new?contact=5%2F6"));
}
