//! Whose turn it is.
//!
//! A lane is a queue of its own: the earliest call that is due, or that waits for a retry, holds the later ones
//! back; one that waits for further facts of its own does not. Looking through a million waiting calls for those
//! that nobody holds back would be slow, so each call carries the answer: `head`. Whatever changes one call of a
//! lane calls [`settle`] after it, and touches one call at a time. Heads therefore stand first in their lane, with
//! at most the one changed call among them that is none: [`settle`] looks no further than that, which keeps it cheap
//! in a lane of any length.
//!
//! Between two changes time passes: a head that waited for facts becomes due and now holds back heads behind it.
//! [`due`] checks that among the heads it looks at.

use rusqlite::{Connection, params};
use tieline_engine::{ids::ProjectId, jiff::Timestamp};

use super::{
    StoreError, StoredCall,
    row::{self, COLUMNS, micros},
};
use crate::store::{
    Turns,
    damage::{DAMAGED, Damaged, damage},
};

/// With fewer heads due than this they are read by time and sorted; otherwise heads are read in order of turn
/// until enough of them are due. Either way few rows are read in vain.
const FEW_DUE: i64 = 256;

/// Calls answered at once at most: more than any driver works on at a time.
const DUE_MAX: usize = 1_000;

/// Calls whose turn it is, and those among them that cannot be read.
pub(super) struct Due {
    pub(super) calls: Vec<StoredCall>,
    pub(super) damaged: Vec<Damaged>,
}

/// Calls whose turn it is; see [`super::Store::due`].
pub(super) fn due(
    conn: &Connection,
    project: &ProjectId,
    now: Timestamp,
    busy: &[String],
    turns: Turns,
) -> Result<Due, StoreError> {
    let heads_due: i64 =
        conn.prepare_cached(COUNT_DUE)?.query_row(params![project.as_str(), micros(now), FEW_DUE], |row| row.get(0))?;
    let index = if heads_due < FEW_DUE { "calls_due" } else { "calls_turn" };
    let mut statement = conn.prepare_cached(&due_sql(index))?;
    let limit = i64::try_from(turns.limit.min(DUE_MAX)).unwrap_or(i64::MAX);
    let mut rows =
        statement.query(params![project.as_str(), micros(now), row::to_json(busy)?, limit, turns.backlog])?;
    let mut due = Due { calls: Vec::new(), damaged: Vec::new() };
    while let Some(row) = rows.next()? {
        match row::whole(row) {
            Ok(call) => due.calls.push(call),
            Err(StoreError::Unreadable(found)) => {
                due.damaged.push(Damaged { seq: row.get("seq")?, lane: row.get("lane")?, found });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(due)
}

/// Puts calls that cannot be read among the failed ones, where a person sees them; the others of their lanes go on.
pub(super) fn set_aside(
    conn: &Connection,
    project: &ProjectId,
    damaged: &[Damaged],
    now: Timestamp,
) -> Result<(), StoreError> {
    for Damaged { seq, lane, found } in damaged {
        conn.prepare_cached(SET_ASIDE)?.execute(params![
            seq,
            row::to_json(&damage(found, now))?,
            DAMAGED,
            micros(now)
        ])?;
        settle(conn, project, lane, now)?;
    }
    Ok(())
}

/// The earliest time of a head. When it has passed, [`due`] finds a call, unless that call's lane is busy; when it
/// has not, [`due`] finds none.
pub(super) fn next_due(conn: &Connection, project: &ProjectId, backlog: bool) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = conn.prepare_cached(if backlog { NEXT_DUE } else { NEXT_DUE_LIVE })?;
    let mut rows = statement.query([project.as_str()])?;
    rows.next()?.map(|row| row::time(row, "due_at")).transpose()
}

/// Projects that have a head; see [`super::Store::queued`]. From each project the next one is looked for, so that a long
/// queue costs no more than a short one.
pub(super) fn queued(conn: &Connection) -> Result<Vec<ProjectId>, StoreError> {
    let mut statement = conn.prepare_cached(QUEUED)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(rows.map(|row| row.map(ProjectId::new)).collect::<Result<_, _>>()?)
}

/// Brings the heads of a lane up to date after one call of it changed, joined or left. A call that joins a lane
/// must not be a head before.
pub(super) fn settle(conn: &Connection, project: &ProjectId, lane: &str, now: Timestamp) -> Result<(), StoreError> {
    let last_head = first_holding(conn, project, lane, now)?.unwrap_or(i64::MAX);
    conn.prepare_cached(RAISE)?.execute(params![project.as_str(), lane, last_head])?;
    conn.prepare_cached(LOWER)?.execute(params![project.as_str(), lane, last_head])?;
    Ok(())
}

/// Whether a call of a lane goes behind live ones.
pub(super) fn is_behind(conn: &Connection, project: &ProjectId, lane: &str) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(IS_BEHIND)?.query_row(params![project.as_str(), lane], |row| row.get(0))?)
}

/// The earliest call of a lane that holds later ones back.
fn first_holding(
    conn: &Connection,
    project: &ProjectId,
    lane: &str,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let values = params![project.as_str(), lane, micros(now)];
    Ok(conn.prepare_cached(FIRST_HOLDING)?.query_row(values, |row| row.get(0))?)
}

/// Makes a lane's waiting calls live: one of them is, and the earlier ones must not hold it up.
pub(super) fn go_live(conn: &Connection, project: &ProjectId, lane: &str) -> Result<(), StoreError> {
    conn.prepare_cached(GO_LIVE)?.execute(params![project.as_str(), lane])?;
    Ok(())
}

/// Whether a live call waits in a lane.
pub(super) fn is_live(conn: &Connection, project: &ProjectId, lane: &str) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(IS_LIVE)?.query_row(params![project.as_str(), lane], |row| row.get(0))?)
}

const SET_ASIDE: &str =
    "UPDATE calls SET state = 'failed', trouble = ?2, trouble_reason = ?3, changed_at = ?4, retrying = 0
    WHERE seq = ?1 AND state = 'waiting'";

const COUNT_DUE: &str = "SELECT count(*) FROM (
    SELECT 1 FROM calls INDEXED BY calls_due
    WHERE project = ?1 AND state = 'waiting' AND head = 1 AND due_at <= ?2 LIMIT ?3)";

const NEXT_DUE: &str = "SELECT due_at FROM calls INDEXED BY calls_due
    WHERE project = ?1 AND state = 'waiting' AND head = 1 ORDER BY due_at LIMIT 1";

/// Live heads stand together and are few, while those of the backlog may all be due earlier.
const NEXT_DUE_LIVE: &str = "SELECT due_at FROM calls INDEXED BY calls_turn
    WHERE project = ?1 AND state = 'waiting' AND head = 1 AND backlog = 0 ORDER BY due_at LIMIT 1";

const QUEUED: &str = "WITH RECURSIVE queued (project) AS (
    SELECT (SELECT min(project) FROM calls INDEXED BY calls_due WHERE state = 'waiting' AND head = 1)
    UNION ALL
    SELECT (SELECT min(project) FROM calls INDEXED BY calls_due
        WHERE state = 'waiting' AND head = 1 AND project > queued.project)
    FROM queued WHERE queued.project IS NOT NULL)
    SELECT project FROM queued WHERE project IS NOT NULL";

const FIRST_HOLDING: &str = "SELECT (SELECT seq FROM calls INDEXED BY calls_lane
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND (retrying = 1 OR due_at <= ?3)
    ORDER BY seq LIMIT 1)";

const IS_BEHIND: &str = "SELECT EXISTS (SELECT 1 FROM calls INDEXED BY calls_behind
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND backlog = 1)";

/// A new call joins the end of its lane, as a head where no other holds it back: cheaper than [`settle`], as no other
/// call changes. Nothing is done where the call is there already.
pub(super) const INSERT: &str = "INSERT INTO calls (project, id, lane, call, version, facts, state, received_at,
        changed_at, happened_at, day, due_at, retrying, backlog, head, attempts, reasons, written, trace)
    VALUES (?1, ?2, ?3, ?4, 1, ?5, 'waiting', ?6, ?6, ?7, ?8, ?9, 0, 0,
        NOT EXISTS (SELECT 1 FROM calls INDEXED BY calls_lane
            WHERE project = ?1 AND lane = ?3 AND state = 'waiting' AND (head = 0 OR retrying = 1 OR due_at <= ?6)),
        0, '[]', '[]', ?10)
    ON CONFLICT (project, id) DO NOTHING";

const RAISE: &str = "UPDATE calls INDEXED BY calls_lane SET head = 1
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND seq <= ?3 AND head = 0";

/// Heads behind the last that may be one: up to the second call that is none, as the first may be the changed one.
const LOWER: &str = "UPDATE calls INDEXED BY calls_lane SET head = 0
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND head = 1 AND seq > ?3 AND seq < coalesce(
        (SELECT seq FROM calls INDEXED BY calls_lane
         WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND seq > ?3 AND head = 0
         ORDER BY seq LIMIT 1 OFFSET 1),
        9223372036854775807)";

const GO_LIVE: &str = "UPDATE calls INDEXED BY calls_behind SET backlog = 0, worth = 0
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND backlog = 1";

const IS_LIVE: &str = "SELECT EXISTS (SELECT 1 FROM calls INDEXED BY calls_lane
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND backlog = 0)";

fn due_sql(index: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM calls WHERE seq IN (
            SELECT c.seq FROM calls AS c INDEXED BY {index}
            WHERE c.project = ?1 AND c.state = 'waiting' AND c.head = 1 AND c.due_at <= ?2 AND c.backlog <= ?5
                AND c.lane NOT IN (SELECT value FROM json_each(?3))
                AND NOT EXISTS (
                    SELECT 1 FROM calls AS e INDEXED BY calls_lane
                    WHERE e.project = c.project AND e.lane = c.lane AND e.state = 'waiting' AND e.seq < c.seq
                        AND (e.retrying = 1 OR e.due_at <= ?2))
            ORDER BY c.backlog, c.worth, c.seq LIMIT ?4)
        ORDER BY backlog, worth, seq"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    fn plan(conn: &Connection, sql: &str) -> Vec<String> {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(rusqlite::params_from_iter(params_of(sql)), |row| row.get(3)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn params_of(sql: &str) -> Vec<i64> {
        (1..=10).filter(|nr| sql.contains(&format!("?{nr}"))).collect()
    }

    #[test]
    fn no_question_of_the_queue_reads_all_waiting_calls() {
        let conn = schema::open_memory().unwrap();
        let due = [due_sql("calls_due"), due_sql("calls_turn")];
        let turns = [COUNT_DUE, NEXT_DUE, NEXT_DUE_LIVE, QUEUED];
        let heads = [INSERT, IS_BEHIND, FIRST_HOLDING, RAISE, LOWER, GO_LIVE, IS_LIVE];
        for sql in due.iter().map(String::as_str).chain(turns).chain(heads) {
            let plan = plan(&conn, sql);
            assert!(plan.iter().any(|step| step.contains("USING")), "{sql}: {plan:?}");
            for step in plan.iter().filter(|step| step.starts_with("SCAN")) {
                assert!(
                    ["json_each", "CONSTANT ROW", "subquery", "SCAN queued"].iter().any(|fine| step.contains(fine)),
                    "{sql}: {step}"
                );
            }
        }
    }

    #[test]
    fn turns_are_read_in_order_without_sorting_them_all() {
        let conn = schema::open_memory().unwrap();
        let plan = plan(&conn, &due_sql("calls_turn"));
        let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE")).count();
        assert_eq!(sorts, 1, "only the calls found are sorted, not those looked through: {plan:?}");
    }
}
