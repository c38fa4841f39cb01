//! Settings: faults, data centres, quotas, links.

use tieline_crm::{Connect, CrmKind, Fault, connect, dialect::Share};
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
fn an_edition_says_how_much_is_parallel_and_how_many_credits_a_day_has() {
    let quota = |edition| {
        let quota = dialect(&[("edition", edition)]).quota();
        (quota.concurrency, quota.budgets.into_iter().map(|budget| (budget.name, budget.units)).collect::<Vec<_>>())
    };
    assert_eq!(quota("standard"), (10, vec![("credits", 50_000)]));
    assert_eq!(quota("ultimate"), (25, vec![("credits", 50_000)]));
    assert_eq!(quota("free"), (5, vec![("credits", 5_000)]));
    assert_eq!(dialect(&[("credits_per_day", "90000")]).quota().budgets[0].units, 90_000);
}

#[test]
fn composites_are_used_where_the_share_of_the_edition_holds_one() {
    let faults_of = |edition: &str, percent| {
        let connect = settings(&[("edition", edition), ("composite_reads", "true")]);
        let share = Share::percent(percent);
        tieline_crm::connect(CrmKind::Zoho, &Connect { share, ..connect }).err().map_or(0, |faults| faults.len())
    };
    assert_eq!((faults_of("standard", 80), faults_of("standard", 40)), (0, 1));
    assert_eq!((faults_of("free", 80), faults_of("free", 100)), (1, 0));
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
