//! Removing what is not to stay; what it means stands in `sqlite/keeping.rs`, which this follows. Lanes are locked
//! first, as for any change of calls; those that serve no call any more are removed, too: they name clients.

use std::collections::BTreeSet;

use deadpool_postgres::Object;
use tieline_engine::{ids::ProjectId, jiff::Timestamp};
use tokio_postgres::types::ToSql;

use super::{
    super::{
        StoreError,
        keeping::{Expiry, Forgetting, Forgotten, Person, Purged},
        values::{micros, signed},
    },
    progress,
    queue::{self, LaneKey},
    row::{self, COLUMNS},
    trouble::Trouble,
};

/// Removes at most so many of each kind; see [`super::Store::purge`].
pub(super) async fn purge(client: &Object, expiry: &Expiry, limit: usize) -> Result<Purged, Trouble> {
    let mut purged = Purged::default();
    let most = signed(limit as u64);
    let mut full = false;
    for (state, before) in expiry.calls() {
        let (found, removed) = old_calls(client, state, before, most).await?;
        full |= found;
        purged.calls += removed;
    }
    // Not counted: they name nobody, and go only after their calls.
    let mut resendings = 0;
    let parts = [
        (expiry.bodies, OLD_BODIES, &mut purged.bodies),
        (expiry.own, OLD_OWN, &mut purged.own),
        (expiry.talks, OLD_TALKS, &mut purged.talks),
        (expiry.written, OLD_RESENDS, &mut resendings),
    ];
    for (before, sql, count) in parts {
        if let Some(before) = before {
            *count = remove(client, sql, &[&micros(before), &most]).await?;
            full |= *count >= limit as u64;
        }
    }
    purged.more = full;
    Ok(purged)
}

/// Removes what is stored of a person; see [`super::Store::forget`].
pub(super) async fn forget(client: &Object, person: &Person, how: Forgetting, me: &str) -> Result<Forgotten, Trouble> {
    let project = &person.project;
    let mut keys: BTreeSet<LaneKey> = person.lanes.iter().map(|lane| key(project, lane)).collect();
    if how != Forgetting::Look {
        queue::lock(client, &keys).await?;
        if is_served(client, project, &person.lanes, me).await? {
            return Err(StoreError::Taken.into());
        }
    }
    let (mut forgotten, mut seqs) = (Forgotten::default(), Vec::new());
    let sql = format!(
        "SELECT {COLUMNS} FROM calls WHERE project = $1
             AND (lane = ANY ($2) OR (lane COLLATE \"C\" >= 'call:' AND lane COLLATE \"C\" < 'call;'))"
    );
    for found in client.query(&sql, &[&project.as_str(), &person.lanes]).await? {
        let stored = row::stored(&found)?;
        if person.lanes.contains(&stored.lane) || (person.is_theirs)(&stored.call) {
            forgotten.add(&stored);
            seqs.push(signed(stored.seq));
            keys.insert(key(project, &stored.lane));
            keys.insert(key(project, &format!("call:{}", stored.call.id)));
        }
    }
    for (_, lane) in &keys {
        for own in progress::own(client, project, lane, Timestamp::MIN).await?.records {
            forgotten.add_own(&own);
        }
    }
    if how.goes_on(forgotten.waiting) {
        let lanes: Vec<&str> = keys.iter().map(|(_, lane)| lane.as_str()).collect();
        client.execute(REMOVE_CALLS, &[&seqs]).await?;
        for sql in [
            "DELETE FROM own WHERE project = $1 AND lane = ANY ($2)",
            "DELETE FROM talks WHERE project = $1 AND lane = ANY ($2)",
        ] {
            client.execute(sql, &[&project.as_str(), &lanes]).await?;
        }
        remove_idle(client, &keys).await?;
        forgotten.done = true;
    }
    Ok(forgotten)
}

/// Whether another sidecar that lives is at work for one of the lanes.
async fn is_served(client: &Object, project: &ProjectId, lanes: &[String], me: &str) -> Result<bool, Trouble> {
    let sql = "SELECT EXISTS (SELECT 1 FROM lanes l JOIN sidecars s ON s.id = l.holder
        WHERE l.project = $1 AND l.lane = ANY ($2) AND l.holder <> $3)";
    Ok(client.query_one(sql, &[&project.as_str(), &lanes, &me]).await?.try_get(0)?)
}

/// Whether there may be more, and how many calls were removed.
async fn old_calls(client: &Object, state: &str, before: Timestamp, limit: i64) -> Result<(bool, u64), Trouble> {
    let find = format!(
        "SELECT seq, project, lane FROM calls WHERE state = '{state}' AND changed_at < $1 ORDER BY changed_at LIMIT $2"
    );
    let rows = client.query(&find, &[&micros(before), &limit]).await?;
    let mut keys = BTreeSet::new();
    let mut seqs: Vec<i64> = Vec::with_capacity(rows.len());
    for row in &rows {
        seqs.push(row.try_get(0)?);
        keys.insert((row.try_get(1)?, row.try_get(2)?));
    }
    if seqs.is_empty() {
        return Ok((false, 0));
    }
    queue::lock(client, &keys).await?;
    // Looked at again under the locks: a call may have been opened again meanwhile.
    let again = format!("SELECT seq FROM calls WHERE seq = ANY ($1) AND state = '{state}' AND changed_at < $2");
    let rows = client.query(&again, &[&seqs, &micros(before)]).await?;
    let still: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let removed = client.query_one(REMOVE_CALLS_COUNTED, &[&still]).await?.try_get::<_, i64>(0)?;
    remove_idle(client, &keys).await?;
    Ok((seqs.len() as u64 >= limit.unsigned_abs(), removed.unsigned_abs()))
}

/// Removes locked lanes that serve no call.
async fn remove_idle(client: &Object, keys: &BTreeSet<LaneKey>) -> Result<(), Trouble> {
    let (projects, lanes): (Vec<&str>, Vec<&str>) =
        keys.iter().map(|(project, lane)| (project.as_str(), lane.as_str())).unzip();
    client.execute(REMOVE_IDLE, &[&projects, &lanes]).await?;
    Ok(())
}

async fn remove(client: &Object, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Trouble> {
    Ok(client.execute(&client.prepare_cached(sql).await?, params).await?)
}

fn key(project: &ProjectId, lane: &str) -> LaneKey {
    (project.as_str().to_owned(), lane.to_owned())
}

const REMOVE_CALLS: &str = "WITH gone AS (
        DELETE FROM calls WHERE seq = ANY ($1) RETURNING project, day, state, skip_code)
    INSERT INTO ledger_days AS l (project, day, state, skip_code, calls)
    SELECT g.project, g.day, CASE g.state WHEN 'waiting' THEN 'skipped' ELSE g.state END,
        CASE g.state WHEN 'waiting' THEN 'forgotten' ELSE coalesce(g.skip_code, '') END, count(*)
    FROM gone g GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (project, day, state, skip_code) DO UPDATE SET calls = l.calls + excluded.calls";

const REMOVE_CALLS_COUNTED: &str = "WITH gone AS (
        DELETE FROM calls WHERE seq = ANY ($1) RETURNING project, day, state, skip_code),
    added AS (
        INSERT INTO ledger_days AS l (project, day, state, skip_code, calls)
        SELECT g.project, g.day, g.state, coalesce(g.skip_code, ''), count(*)
        FROM gone g GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (project, day, state, skip_code) DO UPDATE SET calls = l.calls + excluded.calls)
    SELECT count(*) FROM gone";

const REMOVE_IDLE: &str = "DELETE FROM lanes l USING unnest($1::text[], $2::text[]) AS k (project, lane)
    WHERE l.project = k.project AND l.lane = k.lane
        AND (l.holder IS NULL OR NOT EXISTS (SELECT 1 FROM sidecars s WHERE s.id = l.holder))
        AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.project = l.project AND c.lane = l.lane AND c.state = 'waiting')
        AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.project = l.project AND c.lane = l.lane AND c.state <> 'waiting')";

const OLD_BODIES: &str = "DELETE FROM pieces WHERE (call, nr) IN (
    SELECT p.call, p.nr FROM pieces p JOIN calls c ON c.seq = p.call
    WHERE p.at < $1 AND c.state <> 'waiting' ORDER BY p.at LIMIT $2)";

const OLD_OWN: &str = "DELETE FROM own WHERE (project, lane, kind, id) IN (
    SELECT project, lane, kind, id FROM own WHERE at < $1 ORDER BY at LIMIT $2)";

const OLD_TALKS: &str = "DELETE FROM talks WHERE (project, lane) IN (
    SELECT project, lane FROM talks WHERE happened_at < $1 ORDER BY happened_at LIMIT $2)";

/// Those with nothing to do and no call left: what is held or waits they count, what is finished is looked for.
const OLD_RESENDS: &str = "DELETE FROM resends WHERE id IN (
    SELECT r.id FROM resends r
    WHERE r.begun_at < $1 AND r.held = 0 AND r.waiting = 0
        AND CASE WHEN r.cancelled THEN r.holding ELSE r.choosing END IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM calls c WHERE c.resend = r.id AND c.resend > 0 AND c.state <> 'waiting')
    LIMIT $2)";
