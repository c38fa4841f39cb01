//! Removing what is not to stay. What is removed of the calls is added to the ledger's sums in the same transaction.

use rusqlite::{Connection, params};
use tieline_engine::{ids::ProjectId, jiff::Timestamp};

use super::{
    StoreError, progress,
    row::{self, COLUMNS, micros},
};
use crate::store::keeping::{Expiry, Forgetting, Forgotten, Person, Purged};

/// Removes at most so many of each kind; see [`super::Store::purge`].
pub(super) fn purge(conn: &Connection, expiry: &Expiry, limit: usize) -> Result<Purged, StoreError> {
    let mut purged = Purged::default();
    let limit = row::signed(limit as u64);
    let mut full = false;
    let mut note = |removed: u64| {
        full |= removed >= row::unsigned(limit);
        removed
    };
    for (state, before) in expiry.calls() {
        purged.calls += note(old_calls(conn, state, before, limit)?);
    }
    if let Some(before) = expiry.bodies {
        purged.bodies = note(remove(conn, OLD_BODIES, before, limit)?);
    }
    if let Some(before) = expiry.own {
        purged.own = note(remove(conn, OLD_OWN, before, limit)?);
    }
    if let Some(before) = expiry.talks {
        purged.talks = note(remove(conn, OLD_TALKS, before, limit)?);
    }
    if let Some(before) = expiry.written {
        // Not counted: they name nobody, and go only after their calls.
        note(remove(conn, OLD_RESENDS, before, limit)?);
    }
    purged.more = full;
    Ok(purged)
}

/// Removes what is stored of a person; see [`super::Store::forget`].
pub(super) fn forget(conn: &Connection, person: &Person, how: Forgetting) -> Result<Forgotten, StoreError> {
    let (mut forgotten, mut seqs) = (Forgotten::default(), Vec::new());
    let project = &person.project;
    let mut lanes = person.lanes.clone();
    for lane in &person.lanes {
        // Each half has its own index.
        for half in ["INDEXED BY calls_lane", "INDEXED BY calls_client"] {
            let state = if half.ends_with("calls_lane") { "state = 'waiting'" } else { "state <> 'waiting'" };
            let sql = format!("SELECT {COLUMNS} FROM calls {half} WHERE project = ?1 AND lane = ?2 AND {state}");
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params![project.as_str(), lane])?;
            while let Some(row) = rows.next()? {
                let stored = row::stored(row)?;
                forgotten.add(&stored);
                seqs.push(row::signed(stored.seq));
                lanes.push(format!("call:{}", stored.call.id));
            }
        }
    }
    for stored in apart(conn, person)? {
        forgotten.add(&stored);
        seqs.push(row::signed(stored.seq));
        lanes.push(stored.lane);
    }
    for lane in &lanes {
        for own in progress::own(conn, project, lane, Timestamp::MIN)?.records {
            forgotten.add_own(&own);
        }
    }
    if how.goes_on(forgotten.waiting) {
        remove_calls(conn, &seqs)?;
        remove_lanes(conn, project, &lanes)?;
        forgotten.done = true;
    }
    Ok(forgotten)
}

/// The person's calls that have lanes of their own: those nobody was written about.
fn apart(conn: &Connection, person: &Person) -> Result<Vec<super::StoredCall>, StoreError> {
    let mut calls = Vec::new();
    for half in [("calls_lane", "state = 'waiting'"), ("calls_client", "state <> 'waiting'")] {
        let sql = format!(
            "SELECT {COLUMNS} FROM calls INDEXED BY {} WHERE project = ?1 AND lane >= 'call:' AND lane < 'call;' AND {}",
            half.0, half.1
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query([person.project.as_str()])?;
        while let Some(row) = rows.next()? {
            let stored = row::stored(row)?;
            if (person.is_theirs)(&stored.call) && !person.lanes.contains(&stored.lane) {
                calls.push(stored);
            }
        }
    }
    Ok(calls)
}

fn old_calls(conn: &Connection, state: &str, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let sql = format!(
        "SELECT seq FROM calls INDEXED BY calls_age
         WHERE state = '{state}' AND state <> 'waiting' AND changed_at < ?1 ORDER BY changed_at LIMIT ?2"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let seqs: Vec<i64> =
        statement.query_map(params![micros(before), limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    remove_calls(conn, &seqs)?;
    Ok(seqs.len() as u64)
}

/// Adds calls to the sums, then removes them; their bodies go with them.
fn remove_calls(conn: &Connection, seqs: &[i64]) -> Result<(), StoreError> {
    if seqs.is_empty() {
        return Ok(());
    }
    let seqs = row::to_json(seqs)?;
    conn.prepare_cached(ADD_SUMS)?.execute([&seqs])?;
    conn.prepare_cached("DELETE FROM calls WHERE seq IN (SELECT value FROM json_each(?1))")?.execute([&seqs])?;
    Ok(())
}

fn remove_lanes(conn: &Connection, project: &ProjectId, lanes: &[String]) -> Result<(), StoreError> {
    let lanes = row::to_json(lanes)?;
    for table in ["own", "talks"] {
        let sql = format!("DELETE FROM {table} WHERE project = ?1 AND lane IN (SELECT value FROM json_each(?2))");
        conn.prepare_cached(&sql)?.execute(params![project.as_str(), lanes])?;
    }
    Ok(())
}

fn remove(conn: &Connection, sql: &str, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let removed = conn.prepare_cached(sql)?.execute(params![micros(before), limit])?;
    Ok(removed as u64)
}

const ADD_SUMS: &str = "INSERT INTO ledger_days (project, day, state, skip_code, calls)
    SELECT project, day, CASE state WHEN 'waiting' THEN 'skipped' ELSE state END AS became,
        CASE state WHEN 'waiting' THEN 'forgotten' ELSE coalesce(skip_code, '') END AS code, count(*)
    FROM calls WHERE seq IN (SELECT value FROM json_each(?1)) GROUP BY project, day, became, code
    ON CONFLICT DO UPDATE SET calls = ledger_days.calls + excluded.calls";

const OLD_BODIES: &str = "DELETE FROM pieces WHERE (call, nr) IN (
    SELECT p.call, p.nr FROM pieces AS p INDEXED BY pieces_age CROSS JOIN calls AS c
    WHERE p.at < ?1 AND c.seq = p.call AND c.state <> 'waiting' LIMIT ?2)";

const OLD_OWN: &str = "DELETE FROM own WHERE (project, lane, kind, id) IN (
    SELECT project, lane, kind, id FROM own INDEXED BY own_age WHERE at < ?1 LIMIT ?2)";

const OLD_TALKS: &str = "DELETE FROM talks WHERE (project, lane) IN (
    SELECT project, lane FROM talks INDEXED BY talks_age WHERE happened_at < ?1 LIMIT ?2)";

/// Those with nothing to do and no call left: what is held or waits they count, what is finished is looked for.
const OLD_RESENDS: &str = "DELETE FROM resends WHERE id IN (
    SELECT r.id FROM resends AS r
    WHERE r.begun_at < ?1 AND r.held = 0 AND r.waiting = 0
        AND CASE r.cancelled WHEN 1 THEN r.holding ELSE r.choosing END IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM calls AS c INDEXED BY calls_resend_done
            WHERE c.resend = r.id AND c.resend > 0 AND c.state <> 'waiting')
    LIMIT ?2)";
