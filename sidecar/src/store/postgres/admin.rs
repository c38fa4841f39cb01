//! What people ask: lists, counts, the ledger.

use deadpool_postgres::Object;
use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
};

use super::{
    super::{Filter, LedgerDay, StoredCall, values::unsigned},
    filter::{Conditions, Order},
    row::{self, COLUMNS},
    trouble::Trouble,
};

/// Calls answered at once at most: a page of the contract (failed_calls.proto), and one that tells of another page.
const LIST_MAX: usize = 1_001;

/// One call; see [`super::Store::call`].
pub(super) async fn call(client: &Object, project: &ProjectId, id: &CallId) -> Result<Option<StoredCall>, Trouble> {
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE project = $1 AND id = $2");
    let row = client.query_opt(&client.prepare_cached(&sql).await?, &[&project.as_str(), &id.as_str()]).await?;
    row.as_ref().map(row::stored).transpose()
}

/// Calls by order of acceptance; see [`super::Store::list`].
pub(super) async fn list(
    client: &Object,
    project: &ProjectId,
    filter: &Filter,
    after: u64,
    limit: usize,
) -> Result<Vec<StoredCall>, Trouble> {
    let conditions = Conditions::new(project, filter).from(after, Order::Rising);
    select(client, &conditions, Order::Rising, limit.min(LIST_MAX)).await
}

/// Calls that fit conditions, in an order, up to a limit.
pub(super) async fn select(
    client: &Object,
    conditions: &Conditions,
    order: Order,
    limit: usize,
) -> Result<Vec<StoredCall>, Trouble> {
    let rows = client.query(&conditions.list_sql(order, limit), &conditions.values()).await?;
    rows.iter().map(row::stored).collect()
}

/// How many calls a filter finds; see [`super::Store::count`].
pub(super) async fn count(client: &Object, project: &ProjectId, filter: &Filter) -> Result<u64, Trouble> {
    let conditions = Conditions::new(project, filter);
    let row = client.query_one(&conditions.count_sql(), &conditions.values()).await?;
    Ok(unsigned(row.try_get(0)?))
}

/// The balance of each day; see [`super::Store::ledger`]. Counted from the calls themselves, so that it cannot
/// differ from them, and from the sums of those that are stored no longer.
pub(super) async fn ledger(
    client: &Object,
    project: &ProjectId,
    from: Date,
    to: Date,
) -> Result<Vec<LedgerDay>, Trouble> {
    let ledger = client
        .prepare_cached(
            "SELECT day, state, skip_code, CAST(sum(calls) AS BIGINT) FROM (
             SELECT day, state, skip_code, count(*) AS calls FROM calls
             WHERE project = $1 AND day BETWEEN $2 AND $3 GROUP BY day, state, skip_code
             UNION ALL
             SELECT day, state, nullif(skip_code, '') AS skip_code, calls FROM ledger_days
             WHERE project = $1 AND day BETWEEN $2 AND $3) AS counted
         GROUP BY day, state, skip_code ORDER BY day",
        )
        .await?;
    let (from, to) = (row::day_number(from), row::day_number(to));
    let mut days: Vec<LedgerDay> = Vec::new();
    for row in client.query(&ledger, &[&project.as_str(), &from, &to]).await? {
        let day = row::day(row.try_get(0)?)?;
        if days.last().is_none_or(|last| last.day != day) {
            days.push(LedgerDay::empty(day));
        }
        let Some(last) = days.last_mut() else { continue };
        last.add(row.try_get(1)?, row.try_get(2)?, unsigned(row.try_get(3)?));
    }
    Ok(days)
}

/// When a call was last taken in; see [`super::Store::last_received`].
pub(super) async fn last_received(client: &Object, project: &ProjectId) -> Result<Option<Timestamp>, Trouble> {
    let last = client
        .prepare_cached(
            "SELECT max(l.received_at) AS at
             FROM unnest(ARRAY['waiting', 'written', 'skipped', 'failed']) AS s (state)
             CROSS JOIN LATERAL (
                 SELECT c.received_at FROM calls c WHERE c.project = $1 AND c.state = s.state
                 ORDER BY c.seq DESC LIMIT 1) AS l
             HAVING count(*) > 0",
        )
        .await?;
    let row = client.query_opt(&last, &[&project.as_str()]).await?;
    row.map(|row| row::time(&row, "at")).transpose()
}
