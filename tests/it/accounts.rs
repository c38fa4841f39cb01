//! The account each project has at its simulated CRM: how it is reached, where calls are kept, what follows from them.

use std::collections::BTreeSet;

use serde_json::Value;
use tieline_sandbox::{CrmKind, dataverse, remonline, retailcrm, sendpulse, zoho};

use crate::exchange::{Call, Way};

/// What the program reads secrets from.
pub(crate) const SECRETS: [(&str, &str); 6] = [
    ("RETAILCRM_KEY", retailcrm::SANDBOX_API_KEY),
    ("ZOHO_SECRET", zoho::SANDBOX_CLIENT_SECRET),
    ("ZOHO_TOKEN", zoho::SANDBOX_REFRESH_TOKEN),
    ("REMONLINE_KEY", remonline::SANDBOX_API_KEY),
    ("SENDPULSE_KEY", sendpulse::SANDBOX_API_KEY),
    ("DATAVERSE_SECRET", dataverse::SANDBOX_CLIENT_SECRET),
];

/// Settings and secrets of a connection, and the tables of a project that only this CRM asks for.
pub(crate) fn tables(kind: CrmKind, url: &str) -> String {
    match kind {
        CrmKind::RetailCrm => format!(
            r#"settings = {{ url = "{url}", site = "main", search_lag_seconds = 2 }}
            quota = {{ share = 100 }}
            secrets = {{ api_key = {{ env = "RETAILCRM_KEY" }} }}"#
        ),
        CrmKind::Zoho => format!(
            r#"settings = {{ client_id = "{}", accounts_url = "{url}", api_url = "{url}", edition = "ultimate", per_second = 50 }}
            secrets = {{ client_secret = {{ env = "ZOHO_SECRET" }}, refresh_token = {{ env = "ZOHO_TOKEN" }} }}"#,
            zoho::SANDBOX_CLIENT_ID
        ),
        CrmKind::RemOnline => format!(
            r#"settings = {{ url = "{url}", create = "client,lead,order", create_on_outgoing = true, missed_call_task = true, branch_id = 11, order_type = 21, lead_type = 31, search_lag_seconds = 2, requests_per_second = 8 }}
            quota = {{ share = 100 }}
            secrets = {{ api_key = {{ env = "REMONLINE_KEY" }} }}"#
        ),
        CrmKind::SendPulse => format!(
            r#"settings = {{ url = "{url}", responsible_id = 4101, search_lag_seconds = 2 }}
            quota = {{ share = 100 }}
            secrets = {{ api_key = {{ env = "SENDPULSE_KEY" }} }}
            [projects.missed_task]
            name = "Call back"
            board = "301"
            step = "3011"
            owner = "one"
            due_minutes = 60"#
        ),
        CrmKind::Dataverse => format!(
            r#"settings = {{ url = "{url}", login_url = "{url}", tenant = "{}", client_id = "{}", search_lag_seconds = 2 }}
            secrets = {{ client_secret = {{ env = "DATAVERSE_SECRET" }} }}
            [projects.patience]
            recording_seconds = 1"#,
            dataverse::SANDBOX_TENANT,
            dataverse::SANDBOX_CLIENT_ID
        ),
    }
}

/// The agent's user.
pub(crate) fn user(kind: CrmKind) -> &'static str {
    match kind {
        CrmKind::RetailCrm => "1",
        CrmKind::Zoho => "5725767000000411001",
        CrmKind::RemOnline => "101",
        CrmKind::SendPulse => "4101",
        CrmKind::Dataverse => dataverse::SANDBOX_USERS[0],
    }
}

/// When the calls held began, as the CRM's records say it: of their own, or on the first line of a note.
pub(crate) fn starts(kind: CrmKind, listing: &Value) -> Vec<String> {
    let texts = |entity: &str, field: &str| -> Vec<String> {
        let rows = listing[entity].as_array().unwrap().iter();
        rows.filter_map(|row| row[field].as_str()?.lines().next()).map(str::to_owned).collect()
    };
    match kind {
        CrmKind::RetailCrm => texts("calls", "date"),
        CrmKind::Zoho => texts("Calls", "Call_Start_Time"),
        CrmKind::SendPulse => texts("comments", "text"),
        CrmKind::Dataverse => texts("phonecalls", "actualstart"),
        CrmKind::RemOnline => {
            // A new client holds its first call itself. A comment cannot be looked for, so one whose answer was lost is
            // written again: such a call may be told twice, and none may be missing.
            let comments = listing["comments"].as_array().unwrap().iter().filter(|row| row["on"] == "client");
            let told = comments.map(|row| row["text"].as_str().unwrap().lines().next().unwrap().to_owned());
            let once: BTreeSet<String> = texts("clients", "notes").into_iter().chain(told).collect();
            once.into_iter().collect()
        }
    }
}

/// Whether a call that the audit found twice is one that may be: a comment where comments cannot be looked for.
pub(crate) fn may_be_doubled(kind: CrmKind, doubled: &Value) -> bool {
    let key = doubled["key"].as_str().unwrap();
    kind == CrmKind::RemOnline && ["client ", "lead ", "order "].iter().any(|comment| key.starts_with(comment))
}

/// What else the CRMs' usual scenarios make of the calls: how many records of each kind.
pub(crate) fn totals(kind: CrmKind, calls: &[&Call]) -> Vec<(&'static str, usize)> {
    let clients = |counts: fn(&Call) -> bool| {
        let clients: BTreeSet<_> = calls.iter().filter(|call| counts(call)).map(|call| call.client).collect();
        clients.len()
    };
    let all = clients(|_| true);
    let incoming = clients(|call| call.way != Way::Dialled);
    let missed = calls.iter().filter(|call| call.way == Way::Missed).count();
    match kind {
        CrmKind::RetailCrm => vec![("customers", incoming), ("orders", incoming), ("tasks", missed)],
        CrmKind::Zoho => vec![("Leads", all), ("Contacts", 0), ("Deals", 0)],
        CrmKind::RemOnline => vec![("clients", all), ("leads", all), ("orders", all), ("tasks", missed)],
        CrmKind::SendPulse => vec![("contacts", all), ("comments", calls.len()), ("deals", 0), ("tasks", missed)],
        CrmKind::Dataverse => vec![("contacts", all), ("phonecalls", calls.len()), ("annotations", 0)],
    }
}
