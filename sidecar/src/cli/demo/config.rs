//! The sidecar's configuration and its secrets, written into the data directory as an operator would.

use std::{fs, io, path::Path};

use tieline_sandbox::{CrmKind, RunningSandbox, dataverse, remonline, retailcrm, sendpulse, zoho};

/// The configuration with its gaps: the server, then each project.
const TEMPLATES: [&str; 6] = [
    include_str!("projects/server.toml"),
    include_str!("projects/studio.toml"),
    include_str!("projects/shop.toml"),
    include_str!("projects/repair.toml"),
    include_str!("projects/school.toml"),
    include_str!("projects/clinic.toml"),
];
/// What is no secret, by its gap; beside these there are `<dir>` and each CRM's address by its name.
const IDS: [(&str, &str); 4] = [
    ("<zoho_client_id>", zoho::SANDBOX_CLIENT_ID),
    ("<sendpulse_client_id>", sendpulse::SANDBOX_CLIENT_ID),
    ("<dataverse_tenant>", dataverse::SANDBOX_TENANT),
    ("<dataverse_client_id>", dataverse::SANDBOX_CLIENT_ID),
];
/// Secrets by the name of their file.
const SECRETS: [(&str, &str); 7] = [
    ("zoho_client_secret", zoho::SANDBOX_CLIENT_SECRET),
    ("zoho_refresh_token", zoho::SANDBOX_REFRESH_TOKEN),
    ("retailcrm_api_key", retailcrm::SANDBOX_API_KEY),
    ("remonline_api_key", remonline::SANDBOX_API_KEY),
    ("sendpulse_client_secret", sendpulse::SANDBOX_CLIENT_SECRET),
    ("dataverse_client_secret", dataverse::SANDBOX_CLIENT_SECRET),
    ("webhook_secret", WEBHOOK_SECRET),
];
/// In the address of the webhooks, and the shop's password.
pub(super) const WEBHOOK_SECRET: &str = "demo-webhook-secret";
/// The file's name in the data directory.
pub(super) const FILE: &str = "tieline.toml";

/// Writes the secrets and the configuration that refers to them. Answers the configuration's text.
pub(super) fn write(dir: &Path, sandbox: &RunningSandbox) -> io::Result<String> {
    for (name, secret) in SECRETS {
        fs::write(dir.join(name), secret)?;
    }
    let text = fill(&dir.display().to_string(), |crm| sandbox.crm_url(crm));
    fs::write(dir.join(FILE), &text)?;
    Ok(text)
}

fn fill(dir: &str, url: impl Fn(CrmKind) -> String) -> String {
    let text = TEMPLATES.join("\n").replace("<dir>", dir);
    let text = CrmKind::all().iter().fold(text, |text, crm| text.replace(&format!("<{crm}>"), &url(*crm)));
    IDS.iter().fold(text, |text, (gap, id)| text.replace(gap, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gap_of_the_template_is_one_that_is_filled() {
        let text = TEMPLATES.concat();
        let addresses = CrmKind::all().iter().map(|crm| format!("<{crm}>"));
        let files = SECRETS.iter().map(|(name, _)| format!("\"<dir>/{name}\""));
        for gap in IDS.iter().map(|(gap, _)| (*gap).to_owned()).chain(addresses).chain(files) {
            assert!(text.contains(&gap), "{gap} is not used");
        }
        assert!(!fill("", |_| String::new()).contains('<'), "a gap is not filled");
    }
}
