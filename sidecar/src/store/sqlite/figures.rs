//! What there is to count of many projects.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tieline_engine::{
    ids::ProjectId,
    jiff::{Timestamp, civil::Date},
};

use super::{
    Figures, StoreError, admin, progress,
    row::{self, micros_back},
};

/// See [`super::Store::figures`].
pub(super) fn figures(conn: &Connection, of: &[(ProjectId, Date)]) -> Result<BTreeMap<ProjectId, Figures>, StoreError> {
    of.iter().map(|(project, day)| Ok((project.clone(), of_project(conn, project, *day)?))).collect()
}

fn of_project(conn: &Connection, project: &ProjectId, day: Date) -> Result<Figures, StoreError> {
    let (waiting, failed, oldest): (i64, i64, Option<i64>) = conn
        .prepare_cached(COUNTED)?
        .query_row(params![project.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let oldest: Option<Timestamp> = oldest.map(micros_back).transpose()?;
    Ok(Figures {
        day: admin::ledger(conn, project, day, day)?.pop(),
        waiting: row::unsigned(waiting),
        failed: row::unsigned(failed),
        oldest,
        last_received: admin::last_received(conn, project)?,
        last_written: progress::last_written(conn, project)?,
    })
}

const COUNTED: &str = "SELECT
    (SELECT count(*) FROM calls INDEXED BY calls_state WHERE project = ?1 AND state = 'waiting'),
    (SELECT count(*) FROM calls INDEXED BY calls_state WHERE project = ?1 AND state = 'failed'),
    (SELECT received_at FROM calls INDEXED BY calls_state WHERE project = ?1 AND state = 'waiting'
        ORDER BY seq LIMIT 1)";
