//! The sidecar's configuration and its secrets, written into the data directory as an operator would.

use std::{fs, io, path::Path};

use tieline_sandbox::{CrmKind, RunningSandbox, retailcrm, zoho};

/// The configuration with its gaps.
const TEMPLATE: &str = include_str!("tieline.toml");
/// In the webhooks' address of one project, and the password of the other.
pub(super) const WEBHOOK_SECRET: &str = "demo-webhook-secret";
/// The file's name in the data directory.
pub(super) const FILE: &str = "tieline.toml";

/// Writes the secrets and the configuration that refers to them. Answers the configuration's text.
pub(super) fn write(dir: &Path, sandbox: &RunningSandbox) -> io::Result<String> {
    let secrets = [
        ("zoho_client_secret", zoho::SANDBOX_CLIENT_SECRET),
        ("zoho_refresh_token", zoho::SANDBOX_REFRESH_TOKEN),
        ("retailcrm_api_key", retailcrm::SANDBOX_API_KEY),
        ("webhook_secret", WEBHOOK_SECRET),
    ];
    for (name, secret) in secrets {
        fs::write(dir.join(name), secret)?;
    }
    let text = TEMPLATE
        .replace("<dir>", &dir.display().to_string())
        .replace("<zoho>", &sandbox.crm_url(CrmKind::Zoho))
        .replace("<retailcrm>", &sandbox.crm_url(CrmKind::RetailCrm))
        .replace("<client_id>", zoho::SANDBOX_CLIENT_ID);
    fs::write(dir.join(FILE), &text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gap_of_the_template_is_one_that_is_filled() {
        let rest = ["<dir>", "<zoho>", "<retailcrm>", "<client_id>"].iter().fold(TEMPLATE.to_owned(), |text, gap| {
            assert!(text.contains(gap), "{gap} is not used");
            text.replace(gap, "")
        });
        assert!(!rest.contains('<'), "a gap is not filled");
    }
}
