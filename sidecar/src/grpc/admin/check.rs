//! Asking the CRM whether everything the project needs is there.

use std::time::Duration;

use tieline_crm::trouble::Trouble;
use tieline_engine::mapping::Refusal;
use tieline_proto::v1::{CheckConnectionRequest, CheckConnectionResponse, CheckFinding, CheckSeverity};
use tokio::time::Instant;
use tonic::Status;

use super::connections::known;
use crate::{
    driver::connection::Connection,
    grpc::{
        asked::Asked,
        convert,
        desk::Desk,
        resting::{learn_now, unless_resting},
    },
    store::KeptTrouble,
    troubles,
};

/// Looks at credentials and rights, users, and mapped fields. A CRM that is down is a finding.
pub(super) async fn check(desk: &Desk, request: CheckConnectionRequest) -> Result<CheckConnectionResponse, Status> {
    let mut asked = Asked::default();
    let (project, name) = (asked.project(&request.project), asked.connection(&request.connection_id));
    asked.done()?;
    let connection = known(desk, &project, name)?;
    let (mut findings, mut latency) = (Vec::new(), None);
    let begun = Instant::now();
    match learn_now(connection).await {
        Ok(()) => {
            latency = Some(begun.elapsed());
            findings.push(fine("credentials", "the CRM accepts the credentials and shows its settings and users"));
            findings.extend(agents(connection));
            let begun = Instant::now();
            let refused = unless_resting(connection, connection.refused_mappings()).await;
            match refused.and_then(|refused| refused) {
                Ok(refused) => {
                    latency = latency.min(Some(begun.elapsed()));
                    findings.extend(mappings(connection, &refused));
                }
                Err(trouble) => findings.push(failed("fields", connection, &trouble)),
            }
        }
        Err(trouble) => findings.push(failed("credentials", connection, &trouble)),
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let usable = findings.iter().all(|finding| finding.severity != i32::from(CheckSeverity::Error));
    Ok(CheckConnectionResponse { usable, findings, latency_ms: latency.map(millis) })
}

/// Agents nobody in the CRM was found for: the senior manager stands in for them.
fn agents(connection: &Connection) -> Vec<CheckFinding> {
    let policy = connection.policy();
    let unbound: Vec<&str> = policy.agents.unbound().map(|agent| agent.id.as_str()).collect();
    if unbound.is_empty() {
        return vec![fine("agents", "every agent has a user in the CRM")];
    }
    let text = format!("no user in the CRM was found for {}; set crm_user for them", unbound.join(", "));
    vec![warning("agent_without_user", text)]
}

fn mappings(connection: &Connection, refused: &[Refusal]) -> Vec<CheckFinding> {
    if refused.is_empty() {
        return vec![fine("mappings", "every mapped field is there and can be written")];
    }
    let told = |refusal: &Refusal| {
        let mapping = connection.project.policy.mappings.get(refusal.index);
        let named = mapping.map(|mapping| format!("{} to {} of {}: ", mapping.param, mapping.field, mapping.entity));
        warning("mapping_refused", format!("{}{}", named.unwrap_or_default(), refusal.why))
    };
    refused.iter().map(told).collect()
}

fn fine(code: &str, text: &str) -> CheckFinding {
    CheckFinding { code: code.to_owned(), severity: CheckSeverity::Ok.into(), text: text.to_owned(), failure: None }
}

fn warning(code: &str, text: String) -> CheckFinding {
    CheckFinding { code: code.to_owned(), severity: CheckSeverity::Warning.into(), text, failure: None }
}

fn failed(code: &str, connection: &Connection, trouble: &Trouble) -> CheckFinding {
    let text = trouble.to_string();
    let kept = KeptTrouble { reason: troubles::reason(trouble).to_owned(), text: text.clone(), at: connection.now() };
    let failure = Some(convert::failure(&kept));
    CheckFinding { code: code.to_owned(), severity: CheckSeverity::Error.into(), text, failure }
}

fn millis(latency: Duration) -> u32 {
    u32::try_from(latency.as_millis()).unwrap_or(u32::MAX)
}
