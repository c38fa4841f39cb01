//! An account of each simulated CRM, connected.

use std::sync::LazyLock;

use tieline_crm::{Connect, connect};
use tieline_sandbox::{Sim, dataverse, remonline, retailcrm, sendpulse, zoho};

use super::*;

/// What is sent to sign in with.
pub(super) const SECRETS: [&str; 7] = [
    zoho::SANDBOX_CLIENT_SECRET,
    zoho::SANDBOX_REFRESH_TOKEN,
    retailcrm::SANDBOX_API_KEY,
    remonline::SANDBOX_API_KEY,
    sendpulse::SANDBOX_CLIENT_SECRET,
    sendpulse::SANDBOX_API_KEY,
    dataverse::SANDBOX_CLIENT_SECRET,
];

pub(super) fn zone() -> &'static TimeZone {
    static KYIV: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Kyiv").expect("a zone"));
    &KYIV
}

/// The CRM as the sandbox names it.
pub(super) fn sim(kind: CrmKind) -> Sim {
    use tieline_sandbox::CrmKind as SimKind;
    let kind = match kind {
        CrmKind::Dataverse => SimKind::Dataverse,
        CrmKind::Remonline => SimKind::RemOnline,
        CrmKind::Retailcrm => SimKind::RetailCrm,
        CrmKind::Sendpulse => SimKind::SendPulse,
        CrmKind::Zoho => SimKind::Zoho,
    };
    let mut sim = Sim::new(kind, 7);
    sim.set_base_url("http://sim");
    sim
}

/// A dialect that makes everything its CRM can hold.
pub(super) fn dialect(kind: CrmKind) -> Box<dyn Dialect> {
    type Named = &'static [(&'static str, &'static str)];
    let (settings, secrets): (Named, Named) = match kind {
        CrmKind::Dataverse => (
            &[
                ("url", "http://sim"),
                ("login_url", "http://sim"),
                ("tenant", dataverse::SANDBOX_TENANT),
                ("client_id", dataverse::SANDBOX_CLIENT_ID),
            ],
            &[("client_secret", dataverse::SANDBOX_CLIENT_SECRET)],
        ),
        CrmKind::Remonline => (
            &[
                ("url", "http://sim"),
                ("create", "client,lead,order"),
                ("branch_id", "11"),
                ("order_type", "22"),
                ("lead_type", "33"),
            ],
            &[("api_key", remonline::SANDBOX_API_KEY)],
        ),
        CrmKind::Retailcrm => (&[("url", "http://sim"), ("site", "main")], &[("api_key", retailcrm::SANDBOX_API_KEY)]),
        CrmKind::Sendpulse => (
            &[("url", "http://sim"), ("client_id", sendpulse::SANDBOX_CLIENT_ID), ("responsible_id", "4101")],
            &[("client_secret", sendpulse::SANDBOX_CLIENT_SECRET)],
        ),
        CrmKind::Zoho => (
            &[
                ("client_id", zoho::SANDBOX_CLIENT_ID),
                ("accounts_url", "http://sim"),
                ("api_url", "http://sim"),
                ("edition", "ultimate"),
            ],
            &[("client_secret", zoho::SANDBOX_CLIENT_SECRET), ("refresh_token", zoho::SANDBOX_REFRESH_TOKEN)],
        ),
    };
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let secrets = secrets.iter().map(|(key, value)| ((*key).to_owned(), SecretString::from(*value))).collect();
    connect(kind, &Connect { settings, secrets, ..Connect::default() }).unwrap_or_else(|faults| panic!("{faults:?}"))
}
