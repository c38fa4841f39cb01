//! A connection as administrators see it (connection.proto).

use tieline_engine::jiff::Timestamp;
use tieline_proto::v1;

use super::{moment, report::failure, words};
use crate::{
    inspection::{Finding, Severity},
    project::Project,
    store::{ConnectionState, KeptTrouble},
    troubles,
};

/// How many calls a connection has in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stored and not yet written.
    pub backlog: u64,
    /// Given up until somebody acts.
    pub failed: u64,
    /// When the CRM last confirmed a write.
    pub last_written_at: Option<Timestamp>,
}

/// A project's connection.
#[must_use]
pub fn connection(project: &Project, state: &ConnectionState, counts: Counts) -> v1::Connection {
    v1::Connection {
        project: project.id.as_str().to_owned(),
        connection_id: project.connection.id.clone(),
        crm: project.connection.crm.name().to_owned(),
        state: words::connection_state(state.status).into(),
        since: Some(moment(state.since)),
        suspended_by: state.why.as_ref().map(failure),
        keep_data: state.keep_data,
        backlog: counts.backlog,
        failed: counts.failed,
        last_written_at: counts.last_written_at.map(moment),
    }
}

/// What was found at the CRM, as of a moment.
#[must_use]
pub fn finding(found: &Finding, at: Timestamp) -> v1::CheckFinding {
    let severity = match found.severity {
        Severity::Ok => v1::CheckSeverity::Ok,
        Severity::Warning => v1::CheckSeverity::Warning,
        Severity::Error => v1::CheckSeverity::Error,
    };
    let failed = found.trouble.as_ref().map(|trouble| {
        let reason = troubles::reason(trouble).to_owned();
        failure(&KeptTrouble { reason, text: trouble.to_string(), at })
    });
    let text = format!("{}: {}", found.about, found.text);
    v1::CheckFinding { code: found.code(), severity: severity.into(), text, failure: failed }
}
