//! Asking a CRM, before calls go there, whether everything a project needs is there. Nothing is written.
//!
//! The command line and the contract's door both show what is found here.

mod agents;
mod mappings;

use std::{future::Future, time::Duration};

use tieline_crm::{dialect, trouble::Trouble};
use tokio::time::Instant;

use crate::driver::{
    connection::Connection,
    resting::{learn_now, unless_resting},
};

/// What was found at one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What was looked at, the worst first.
    pub findings: Vec<Finding>,
    /// How long the quicker of two parts took: learning the CRM, reading its fields. `None`: it could not be learned.
    pub latency: Option<Duration>,
}

impl Inspection {
    /// The worst that was found.
    #[must_use]
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a few words.
    pub about: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found and what to do about it. No secrets; of people only the agents' ids of the configuration and
    /// the users' ids of the CRM.
    pub text: String,
    /// The request that failed, where one did.
    pub trouble: Option<Trouble>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Warning,
    /// Calls do not go through.
    Error,
}

impl Finding {
    /// The stable word of [`Finding::about`]: lower case with underscores.
    #[must_use]
    pub fn code(&self) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        self.about.chars().map(letter).collect()
    }

    fn ok(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), severity: Severity::Ok, text: text.into(), trouble: None }
    }

    fn warning(about: &str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::ok(about, text) }
    }

    fn error(about: &str, trouble: Trouble) -> Self {
        let text = format!("{trouble}; {}", what_to_do(&trouble));
        Self { severity: Severity::Error, trouble: Some(trouble), ..Self::ok(about, text) }
    }
}

/// Looks at credentials and rights, agents, mapped fields, stages and statuses. A CRM that is down is a finding.
pub async fn inspect(connection: &Connection) -> Inspection {
    let begun = Instant::now();
    if let Err(trouble) = learn_now(connection).await {
        return Inspection { findings: vec![Finding::error("credentials", trouble)], latency: None };
    }
    let mut latency = begun.elapsed();
    let mut findings =
        vec![Finding::ok("credentials", "the CRM accepts them and shows its settings, fields and users")];
    match reading(connection, connection.users()).await {
        Ok(users) => findings.extend(agents::findings(connection, &users)),
        Err(trouble) => findings.push(Finding::error("agents", trouble)),
    }
    let begun = Instant::now();
    match reading(connection, connection.fields()).await {
        Ok(fields) => {
            latency = latency.min(begun.elapsed());
            findings.extend(mappings::findings(&connection.project.policy.mappings, &fields));
        }
        Err(trouble) => findings.push(Finding::error("fields", trouble)),
    }
    match reading(connection, connection.inspect()).await {
        Ok(found) => findings.extend(found.into_iter().map(of_account)),
        Err(trouble) => findings.push(Finding::error("account", trouble)),
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Inspection { findings, latency: Some(latency) }
}

async fn reading<T>(connection: &Connection, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    unless_resting(connection, work).await?
}

fn of_account(found: dialect::Finding) -> Finding {
    let severity = if found.holds { Severity::Ok } else { Severity::Warning };
    Finding { about: found.about, severity, text: found.text, trouble: None }
}

/// Who acts, and how, on what a request ran into.
fn what_to_do(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::RateLimited { .. } => "something else uses the account's quota up; ask again in a minute",
        Trouble::Unavailable(_) | Trouble::Uncertain(_) => "check the address and the network, or ask again later",
        Trouble::TokenExpired | Trouble::CredentialsDead(_) => "make new credentials in the CRM and configure them",
        Trouble::NotAllowed(_) => "grant the right to the connection's credentials, or take the plan that has it",
        Trouble::Malformed(_) => "check the connection's settings; if they are right, this is a fault of Tieline",
    }
}
