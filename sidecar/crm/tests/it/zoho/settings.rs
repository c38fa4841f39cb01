//! Settings: faults, data centres, quotas, links.

use tieline_crm::{Connect, CrmKind, Fault, connect};
use tieline_engine::{ids::RecordId, record::Kind};

use super::support::{dialect, settings};

fn faults(settings: &Connect) -> Vec<Fault> {
    connect(CrmKind::Zoho, settings).err().expect("the settings are at fault")
}

#[test]
fn every_fault_is_told_at_once() {
    let wrong = settings(&[
        ("data_center", "mars"),
        ("edition", "gold"),
        ("api_url", "zohoapis.eu"),
        ("composite_writes", "perhaps"),
        ("closing_days", "soon"),
        ("default_pipeline", "Standard"),
        ("phone_key_field", "Phone Key"),
        ("new_deal_url", "tab/Potentials/create"),
        ("colour", "blue"),
    ]);
    let keys: Vec<String> = faults(&wrong).into_iter().map(|fault| fault.key).collect();
    for key in [
        "data_center",
        "edition",
        "api_url",
        "composite_writes",
        "closing_days",
        "default_stage",
        "phone_key_field",
        "new_deal_url",
        "colour",
    ] {
        assert!(keys.iter().any(|own| own == key), "{key} is not told");
    }
    assert_eq!(keys.len(), 9);
}

#[test]
fn missing_credentials_are_named_one_by_one() {
    let keys: Vec<String> = faults(&Connect::default()).into_iter().map(|fault| fault.key).collect();
    assert_eq!(keys, ["client_id", "client_secret", "refresh_token"]);
}

#[test]
fn an_edition_leaves_head_room_for_others() {
    let quota = |edition, share| dialect(&[("edition", edition), ("share_percent", share)]).quota().concurrency;
    assert_eq!(quota("standard", "80"), 8);
    assert_eq!(quota("ultimate", "80"), 20);
    assert_eq!(quota("free", "100"), 5);
    assert_eq!(quota("free", "1"), 1);
}

#[test]
fn a_composite_that_can_never_be_sent_is_a_fault() {
    let keys = faults(&settings(&[("edition", "free"), ("composite_reads", "true")]));
    assert_eq!(keys[0].key, "composite_reads");
}

#[test]
fn a_link_leads_to_the_data_centre_of_the_account() {
    let link = |kind| dialect(&[]).link(kind, &RecordId::new("57"));
    assert_eq!(link(Kind::Deal).as_deref(), Some("https://crm.zoho.eu/crm/tab/Potentials/57"));
    assert_eq!(link(Kind::Lead).as_deref(), Some("https://crm.zoho.eu/crm/tab/Leads/57"));
    assert_eq!(link(Kind::Note), None);
}

#[test]
fn a_fault_says_whether_its_key_is_a_setting_or_a_secret() {
    let keys = |of_secret: bool| {
        let faults = faults(&Connect::default()).into_iter().filter(|fault| fault.of_secret == of_secret);
        faults.map(|fault| fault.key).collect::<Vec<_>>()
    };
    assert_eq!(
        (keys(true), keys(false)),
        (vec!["client_secret".into(), "refresh_token".into()], vec!["client_id".into()])
    );
}

#[test]
fn the_form_of_a_new_deal_is_linked_where_the_project_gives_its_address() {
    let link = |more: &[(&str, &str)]| dialect(more).new_deal_link(&RecordId::new("5/7"));
    assert_eq!(link(&[]), None);
    let path = link(&[("new_deal_url", "/crm/tab/Potentials/create?contact={contact}")]);
    assert_eq!(path.as_deref(), Some("https://crm.zoho.eu/crm/tab/Potentials/create?contact=5%2F7"));
    let elsewhere = link(&[("new_deal_url", "https://forms.example/{contact}")]);
    assert_eq!(elsewhere.as_deref(), Some("https://forms.example/5%2F7"));
}
