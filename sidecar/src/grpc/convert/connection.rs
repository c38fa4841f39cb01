//! A connection as administrators see it (connection.proto).

use tieline_engine::jiff::Timestamp;
use tieline_proto::v1;

use super::{moment, report::failure, words};
use crate::{project::Project, store::ConnectionState};

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
