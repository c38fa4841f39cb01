//! The ledger: what became of every call received.

use std::sync::Arc;

use tieline_engine::jiff::{ToSpan as _, civil::Date};
use tieline_proto::v1::{GetLedgerRequest, GetLedgerResponse};
use tonic::Status;

use crate::{
    driver::connection::Connection,
    grpc::{
        asked::Asked,
        convert,
        desk::{Asker, Desk, note},
    },
};

/// Days of one request (ledger.proto).
const DAYS_MAX: i32 = 366;

pub(super) async fn get(desk: &Desk, asker: &Asker, request: GetLedgerRequest) -> Result<GetLedgerResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.any_project(&request.project);
    let from = asked.day("from_day", &request.from_day);
    let to = asked.day("to_day", &request.to_day);
    if from.zip(to).is_some_and(|(from, to)| !fits(from, to)) {
        asked.fault("to_day", format!("is before from_day, or more than {DAYS_MAX} days are asked for"));
    }
    asked.done()?;
    let sidecar = &desk.sidecar;
    let connections: Vec<Arc<Connection>> = match &project {
        Some(project) => {
            note(project, None);
            vec![sidecar.connection(project)?]
        }
        None => {
            let all = sidecar.driver().connections();
            all.iter().filter(|connection| asker.sees(&connection.project.id)).cloned().collect()
        }
    };
    let mut days = Vec::new();
    for connection in connections {
        let today = connection.now().to_zoned(connection.project.policy.zone.clone()).date();
        let from = from.or(to).unwrap_or(today);
        let to = to.unwrap_or(from);
        let id = &connection.project.id;
        let ledger = sidecar.driver().store.ledger(id, from, to).await?;
        days.extend(ledger.iter().map(|day| convert::ledger_day(id, day)));
    }
    Ok(GetLedgerResponse { days })
}

fn fits(from: Date, to: Date) -> bool {
    from <= to && from.checked_add((DAYS_MAX - 1).days()).is_ok_and(|last| to <= last)
}
