//! What people ask: lists, counts, the ledger.

use rusqlite::{Connection, params};
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
};

use super::{
    Filter, LedgerDay, StoreError, StoredCall,
    filter::{Conditions, Order},
    row::{self, COLUMNS},
};

/// Calls answered at once at most: a page of the contract (failed_calls.proto), and one that tells of another page.
const LIST_MAX: usize = 1_001;

/// One call; see [`super::Store::call`].
pub(super) fn call(conn: &Connection, project: &ProjectId, id: &CallId) -> Result<Option<StoredCall>, StoreError> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM calls WHERE project = ?1 AND id = ?2"))?;
    let mut rows = statement.query(params![project.as_str(), id.as_str()])?;
    rows.next()?.map(row::stored).transpose()
}

/// Calls by order of acceptance; see [`super::Store::list`].
pub(super) fn list(
    conn: &Connection,
    project: &ProjectId,
    filter: &Filter,
    after: u64,
    limit: usize,
) -> Result<Vec<StoredCall>, StoreError> {
    let conditions = Conditions::new(project, filter)?.from(after, Order::Rising);
    select(conn, &conditions, Order::Rising, limit.min(LIST_MAX))
}

/// Calls that fit conditions, in an order, up to a limit.
pub(super) fn select(
    conn: &Connection,
    conditions: &Conditions,
    order: Order,
    limit: usize,
) -> Result<Vec<StoredCall>, StoreError> {
    let mut statement = conn.prepare(&conditions.list_sql(order, limit))?;
    let mut rows = statement.query(conditions.values())?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        calls.push(row::stored(row)?);
    }
    Ok(calls)
}

/// How many calls a filter finds; see [`super::Store::count`].
pub(super) fn count(conn: &Connection, project: &ProjectId, filter: &Filter) -> Result<u64, StoreError> {
    let conditions = Conditions::new(project, filter)?;
    let count = conn.query_row(&conditions.count_sql(), conditions.values(), |row| row.get(0))?;
    Ok(row::unsigned(count))
}

/// The balance of each day; see [`super::Store::ledger`]. Counted from the calls themselves, so that it cannot
/// differ from them, and from the sums of those that are stored no longer.
pub(super) fn ledger(
    conn: &Connection,
    project: &ProjectId,
    from: Date,
    to: Date,
) -> Result<Vec<LedgerDay>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT day, state, skip_code, sum(calls) FROM (
             SELECT day, state, skip_code, count(*) AS calls FROM calls
             WHERE project = ?1 AND day BETWEEN ?2 AND ?3 GROUP BY day, state, skip_code
             UNION ALL
             SELECT day, state, nullif(skip_code, '') AS skip_code, calls FROM ledger_days
             WHERE project = ?1 AND day BETWEEN ?2 AND ?3) AS counted
         GROUP BY day, state, skip_code ORDER BY day",
    )?;
    let mut rows = statement.query(params![project.as_str(), from.to_string(), to.to_string()])?;
    let mut days: Vec<LedgerDay> = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let day: Date = text.parse().map_err(|_| StoreError::Unreadable(format!("the day {text:?}")))?;
        if days.last().is_none_or(|last| last.day != day) {
            days.push(LedgerDay::empty(day));
        }
        let Some(last) = days.last_mut() else { continue };
        last.add(&row.get::<_, String>(1)?, row.get(2)?, row::unsigned(row.get(3)?));
    }
    Ok(days)
}

/// When a call was last taken in; see [`super::Store::last_received`]. In order of acceptance the last one is the latest.
pub(super) fn last_received(conn: &Connection, project: &ProjectId) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT max(received_at) AS at FROM (
             SELECT (SELECT received_at FROM calls INDEXED BY calls_state WHERE project = ?1 AND state = states.value
                 ORDER BY seq DESC LIMIT 1) AS received_at
             FROM json_each('[\"waiting\", \"written\", \"skipped\", \"failed\"]') AS states)
         WHERE received_at IS NOT NULL HAVING count(*) > 0",
    )?;
    let mut rows = statement.query([project.as_str()])?;
    rows.next()?.map(|row| row::time(row, "at")).transpose()
}
