//! The project the core serves: a shop with three agents.

use tieline::config::Sources;
use tieline_sandbox::{CrmKind, retailcrm, zoho};

/// What a test adds to it.
pub(super) struct Extra {
    /// Settings of the connection.
    pub(super) settings: String,
    /// Sections of the project.
    pub(super) sections: String,
}

/// The secrets the simulated CRMs take.
pub(super) struct SandboxKeys;

impl Sources for SandboxKeys {
    fn env(&self, name: &str) -> Option<String> {
        let value = match name {
            "CLIENT_SECRET" => zoho::SANDBOX_CLIENT_SECRET,
            "REFRESH_TOKEN" => zoho::SANDBOX_REFRESH_TOKEN,
            "API_KEY" => retailcrm::SANDBOX_API_KEY,
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn file(&self, _path: &std::path::Path) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// The configuration as an administrator would write it.
pub(super) fn text(kind: CrmKind, extra: &Extra) -> String {
    let (connection, users) = match kind {
        CrmKind::Zoho => {
            (of_zoho(&extra.settings), ["5725767000000411001", "5725767000000411002", "5725767000000411003"])
        }
        CrmKind::RetailCrm => (of_retailcrm(&extra.settings), ["1", "2", "3"]),
        other => panic!("{other} has no project here"),
    };
    let agents: String = ["one", "two", "three"]
        .iter()
        .zip(users)
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
        active = true
        keep_data = true
        retry_longest_ms = 60000
        {connection}
        {agents}
        {}"#,
        extra.sections
    )
}

fn of_zoho(settings: &str) -> String {
    format!(
        r#"crm = "zoho"
        [projects.connection.settings]
        client_id = "{}"
        accounts_url = "http://sim"
        api_url = "http://sim"
        edition = "ultimate"
        {settings}
        [projects.connection.secrets]
        client_secret = {{ env = "CLIENT_SECRET" }}
        refresh_token = {{ env = "REFRESH_TOKEN" }}"#,
        zoho::SANDBOX_CLIENT_ID
    )
}

fn of_retailcrm(settings: &str) -> String {
    format!(
        r#"crm = "retailcrm"
        [projects.connection.settings]
        url = "http://sim"
        site = "main"
        {settings}
        [projects.connection.secrets]
        api_key = {{ env = "API_KEY" }}"#
    )
}
