//! Asking the CRM whether everything the project needs is there.

use std::time::Duration;

use tieline_proto::v1::{CheckConnectionRequest, CheckConnectionResponse};
use tonic::Status;

use super::connections::known;
use crate::{
    grpc::{asked::Asked, convert, desk::Desk},
    inspection::{self, Severity},
};

/// Looks, whatever the state of the connection. A CRM that is down is a finding.
pub(super) async fn check(desk: &Desk, request: CheckConnectionRequest) -> Result<CheckConnectionResponse, Status> {
    let mut asked = Asked::default();
    let (project, name) = (asked.project(&request.project), asked.connection(&request.connection_id));
    asked.done()?;
    let connection = known(desk, &project, name)?;
    let found = inspection::inspect(&connection).await;
    let now = connection.now();
    Ok(CheckConnectionResponse {
        usable: found.worst() < Severity::Error,
        findings: found.findings.iter().map(|finding| convert::finding(finding, now)).collect(),
        latency_ms: found.latency.map(millis),
    })
}

fn millis(latency: Duration) -> u32 {
    u32::try_from(latency.as_millis()).unwrap_or(u32::MAX)
}
