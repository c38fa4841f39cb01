//! Settings: faults, links, abilities, quota.

use tieline_crm::{Connect, CrmKind, Dialect, connect};
use tieline_engine::{ids::RecordId, record::Kind};

use super::{CONTACT, dialect, settings};

fn faults(connection: &Connect) -> Vec<String> {
    let faults = connect(CrmKind::Dataverse, connection).err().expect("the settings are at fault");
    faults.into_iter().map(|fault| fault.key).collect()
}

#[test]
fn every_fault_is_told_at_once() {
    let wrong = settings(&[
        ("url", "http://contoso.crm4.dynamics.com"),
        ("tenant", "a b"),
        ("phone_fields", "telephone1,mobile phone"),
        ("phone_number", "ours"),
        ("missed_status", "lost"),
        ("owner", "17"),
        ("recording_field", "cr new"),
        ("per_second", "21"),
        ("concurrency", "52"),
        ("colour", "blue"),
    ]);
    let told = faults(&wrong);
    let wanted = [
        "url",
        "tenant",
        "phone_fields",
        "phone_number",
        "missed_status",
        "owner",
        "recording_field",
        "per_second",
        "concurrency",
        "colour",
    ];
    for key in wanted {
        assert!(told.iter().any(|own| own == key), "{key} is not told");
    }
    assert_eq!(told.len(), wanted.len());
}

#[test]
fn missing_credentials_are_named_one_by_one() {
    assert_eq!(faults(&Connect::default()), ["url", "tenant", "client_id", "client_secret"]);
}

#[test]
fn an_unknown_mode_is_a_fault() {
    assert_eq!(faults(&settings(&[("mode", "telepathy")])), ["mode"]);
}

#[test]
fn a_copied_api_address_is_cut_to_the_environments() {
    let crm = dialect(&[("url", "contoso.crm4.dynamics.com/api/data/v9.2/"), ("web_url", "https://web.example/")]);
    let link = |crm: &dyn Dialect| crm.link(Kind::Contact, &RecordId::new(CONTACT)).unwrap();
    assert!(link(&*crm).starts_with("https://web.example/main.aspx?"));
    let copied = dialect(&[("url", "contoso.crm4.dynamics.com/api/data/v9.2/")]);
    assert!(link(&*copied).starts_with("https://contoso.crm4.dynamics.com/main.aspx?"));
}

#[test]
fn sm_11_a_link_opens_the_contacts_card() {
    let link = |settings: &[(&str, &str)], kind| dialect(settings).link(kind, &RecordId::new(CONTACT));
    let plain =
        format!("https://contoso.crm4.dynamics.com/main.aspx?etn=contact&pagetype=entityrecord&id=%7B{CONTACT}%7D");
    assert_eq!(link(&[], Kind::Contact), Some(plain.clone()));
    assert_eq!(link(&[], Kind::CallRecord), Some(plain.replace("etn=contact", "etn=phonecall")));
    let in_app = plain.replace("?etn", "?appname=msdynce_saleshub&etn");
    assert_eq!(link(&[("appname", "msdynce_saleshub")], Kind::Contact), Some(in_app));
    assert!(link(&[("appid", AGENT_APP)], Kind::Contact).unwrap().contains(&format!("?appid={AGENT_APP}&")));
    assert_eq!(link(&[], Kind::Deal), None);
    assert_eq!(dialect(&[]).link(Kind::Contact, &RecordId::new("17")), None);
}

const AGENT_APP: &str = "33333333-3333-3333-3333-333333333333";

#[test]
fn an_app_is_named_by_id_or_by_name() {
    assert_eq!(faults(&settings(&[("appid", AGENT_APP), ("appname", "sales")])), ["appname"]);
}

#[test]
fn the_quota_is_that_of_a_user_and_leaves_most_places_to_others() {
    let quota = dialect(&[]).quota();
    assert_eq!((quota.per_second, quota.concurrency), (20, 10));
    let budgets =
        |quota: tieline_crm::Quota| quota.budgets.into_iter().map(|own| (own.name, own.units)).collect::<Vec<_>>();
    assert_eq!(budgets(quota), [("requests", 6_000), ("execution_seconds", 1_200)]);
    let daily = dialect(&[("requests_per_day", "25000")]).quota();
    assert_eq!(budgets(daily)[2], ("daily", 25_000));
    let quota = dialect(&[("per_second", "5"), ("concurrency", "2")]).quota();
    assert_eq!((quota.per_second, quota.telephony_per_second, quota.concurrency), (5, 5, 2));
}

#[test]
fn the_abilities_are_those_of_an_activity_that_is_completed() {
    let crm = dialect(&[("search_lag_seconds", "9")]);
    let can = crm.abilities();
    assert_eq!(can.kinds, [Kind::Contact, Kind::CallRecord].into());
    assert!(can.completes_call_record && can.amends_call_record && can.leaves_contacts_unnamed);
    assert!(can.logs_unlinked_calls && !can.announces_ringing && can.notes_on.is_empty());
    assert_eq!(can.search_lag_seconds, 9);
}
