//! The project the core serves: a shop with three agents.

use std::time::Duration;

use tieline::config::Sources;
use tieline_sandbox::{CrmKind, dataverse, remonline, retailcrm, sendpulse, zoho};

/// What a test adds to it.
pub(crate) struct Extra {
    /// Settings of the connection; one of a name that is set here anyway takes its place.
    pub(crate) settings: String,
    /// Sections of the project.
    pub(crate) sections: String,
    /// Longest wait between two attempts.
    pub(crate) retry_longest: Duration,
}

impl Default for Extra {
    fn default() -> Self {
        Self { settings: String::new(), sections: String::new(), retry_longest: Duration::from_secs(60) }
    }
}

/// The secrets the simulated CRMs take.
pub(super) struct SandboxKeys;

impl Sources for SandboxKeys {
    fn env(&self, name: &str) -> Option<String> {
        let value = match name {
            "ZOHO_SECRET" => zoho::SANDBOX_CLIENT_SECRET,
            "ZOHO_REFRESH" => zoho::SANDBOX_REFRESH_TOKEN,
            "RETAILCRM_KEY" => retailcrm::SANDBOX_API_KEY,
            "REMONLINE_KEY" => remonline::SANDBOX_API_KEY,
            "SENDPULSE_SECRET" => sendpulse::SANDBOX_CLIENT_SECRET,
            "DATAVERSE_SECRET" => dataverse::SANDBOX_CLIENT_SECRET,
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn file(&self, _path: &std::path::Path) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// The CRM users of the agents `one`, `two` and `three`; the last is the senior manager.
pub(crate) fn users(kind: CrmKind) -> [&'static str; 3] {
    match kind {
        CrmKind::Zoho => ["5725767000000411001", "5725767000000411002", "5725767000000411003"],
        CrmKind::RetailCrm => ["1", "2", "3"],
        CrmKind::RemOnline => ["101", "102", "103"],
        CrmKind::SendPulse => ["4101", "4102", "4103"],
        CrmKind::Dataverse => {
            let [one, two, three, _] = dataverse::SANDBOX_USERS;
            [one, two, three]
        }
    }
}

/// The configuration as an administrator would write it.
pub(super) fn text(kind: CrmKind, extra: &Extra) -> String {
    let parts = parts(kind);
    let own = parts.settings.lines().filter(|line| !is_set(&extra.settings, line));
    let settings: String = own.chain(extra.settings.lines()).map(|line| format!("{}\n", line.trim())).collect();
    let agents: String = ["one", "two", "three"]
        .iter()
        .zip(users(kind))
        .map(|(name, user)| {
            format!("[[projects.agents]]\nid = \"{name}\"\nsips = [\"shop_{name}\"]\ncrm_user = \"{user}\"\n")
        })
        .collect();
    format!(
        r#"[[projects]]
        id = "shop"
        zone = "Europe/Kyiv"
        region = "UA"
        senior = "three"
        [projects.connection]
        crm = "{kind}"
        active = true
        keep_data = true
        retry_longest_ms = {}
        [projects.connection.settings]
        {settings}
        [projects.connection.secrets]
        {}
        {}
        {agents}
        {}"#,
        extra.retry_longest.as_millis(),
        parts.secrets,
        parts.sections,
        extra.sections
    )
}

/// Whether a test sets the key of a line itself.
fn is_set(settings: &str, line: &str) -> bool {
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    settings.lines().any(|set| key(set) == key(line))
}

/// What a CRM needs of its connection, and of the project for its tasks.
struct Parts {
    settings: String,
    secrets: &'static str,
    sections: &'static str,
}

fn parts(kind: CrmKind) -> Parts {
    match kind {
        CrmKind::Zoho => Parts {
            settings: format!(
                r#"client_id = "{}"
                accounts_url = "http://sim"
                api_url = "http://sim"
                edition = "ultimate""#,
                zoho::SANDBOX_CLIENT_ID
            ),
            secrets: r#"client_secret = { env = "ZOHO_SECRET" }
                refresh_token = { env = "ZOHO_REFRESH" }"#,
            sections: "",
        },
        CrmKind::RetailCrm => Parts {
            settings: r#"url = "http://sim"
                site = "main""#
                .to_owned(),
            secrets: r#"api_key = { env = "RETAILCRM_KEY" }"#,
            sections: "",
        },
        CrmKind::RemOnline => Parts {
            settings: r#"url = "http://sim"
                create = "client,lead,order"
                branch_id = "11"
                order_type = "21"
                lead_type = "31"
                missed_call_task = true"#
                .to_owned(),
            secrets: r#"api_key = { env = "REMONLINE_KEY" }"#,
            sections: "",
        },
        CrmKind::SendPulse => of_sendpulse(),
        CrmKind::Dataverse => Parts {
            settings: format!(
                r#"url = "http://sim"
                login_url = "http://sim"
                tenant = "{}"
                client_id = "{}""#,
                dataverse::SANDBOX_TENANT,
                dataverse::SANDBOX_CLIENT_ID
            ),
            secrets: r#"client_secret = { env = "DATAVERSE_SECRET" }"#,
            sections: "",
        },
    }
}

/// The fourth user gets what nobody else has; tasks stand on the default board (SP-10).
fn of_sendpulse() -> Parts {
    Parts {
        settings: format!(
            r#"url = "http://sim"
            client_id = "{}"
            responsible_id = "4104"
            create = "contact,deal"
            pipeline_id = "{}"
            step_id = "2011""#,
            sendpulse::SANDBOX_CLIENT_ID,
            sendpulse::SANDBOX_PIPELINE_ID
        ),
        secrets: r#"client_secret = { env = "SENDPULSE_SECRET" }"#,
        sections: r#"[projects.missed_task]
            name = "Call back"
            board = "301"
            step = "3011"
            due_minutes = 240"#,
    }
}
