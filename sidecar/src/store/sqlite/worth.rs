//! What calls behind live ones are worth, as far as the store knows, and keeping it in order along a lane: an earlier
//! call is never worth less than a later one, so that a head stands where the best of its lane belongs.

use rusqlite::{Connection, params};
use tieline_engine::{call::Call, ids::ProjectId, worth::is_missed};

use super::{StoreError, StoredCall, row};
use crate::store::resend::{Judged, LATER_MAX};

/// What a call is worth by itself.
pub(super) fn judge(conn: &Connection, stored: &StoredCall) -> Result<Judged, StoreError> {
    let project = &stored.call.project;
    let talked_since = is_missed(&stored.call) && talked_since(conn, project, stored)?;
    let has_records =
        conn.prepare_cached(HAS_RECORDS)?.query_row(params![project.as_str(), stored.lane], |row| row.get(0))?;
    Ok(Judged::of(stored, has_records, talked_since))
}

/// A rank where a call joins the queue behind live calls: no less than the next one of its lane there.
pub(super) fn rank_in_queue(conn: &Connection, stored: &StoredCall, own: i64) -> Result<i64, StoreError> {
    let values = params![stored.call.project.as_str(), stored.lane, row::signed(stored.seq)];
    Ok(first(own, conn.prepare_cached(NEXT_WAITING)?.query_row(values, |row| row.get(0))?))
}

/// A rank among the calls a resending holds: no less than the next one of its lane there.
pub(super) fn rank_in_hand(conn: &Connection, stored: &StoredCall, own: i64, resend: u64) -> Result<i64, StoreError> {
    let values = params![stored.call.project.as_str(), stored.lane, row::signed(stored.seq), -row::signed(resend)];
    Ok(first(own, conn.prepare_cached(NEXT_HELD)?.query_row(values, |row| row.get(0))?))
}

/// Lifts what waits before a call that joined its lane from outside the queue.
pub(super) fn lift_earlier(conn: &Connection, stored: &StoredCall, rank: i64) -> Result<(), StoreError> {
    let values = params![stored.call.project.as_str(), stored.lane, row::signed(stored.seq), rank];
    conn.prepare_cached(LIFT)?.execute(values)?;
    Ok(())
}

fn first(own: i64, next: Option<i64>) -> i64 {
    next.filter(|next| *next > 0).map_or(own, |next| own.min(next))
}

/// Whether somebody has talked with the client after a call: a talk that is in the CRM, or one of the client's next
/// calls.
fn talked_since(conn: &Connection, project: &ProjectId, stored: &StoredCall) -> Result<bool, StoreError> {
    let happened = row::micros(stored.call.started_at.unwrap_or(stored.received_at));
    let values = params![project.as_str(), stored.lane, happened];
    if conn.prepare_cached(TALKED)?.query_row(values, |row| row.get(0))? {
        return Ok(true);
    }
    for sql in [LATER_WAITING, LATER_OTHERS] {
        let mut statement = conn.prepare_cached(sql)?;
        let later = row::signed(LATER_MAX as u64);
        let mut rows = statement.query(params![project.as_str(), stored.lane, row::signed(stored.seq), later])?;
        while let Some(row) = rows.next()? {
            // One that cannot be read tells of no talk.
            if row::json::<Call>(row, "call").is_ok_and(|call| call.is_answered()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

const HAS_RECORDS: &str = "SELECT EXISTS (SELECT 1 FROM own WHERE project = ?1 AND lane = ?2)";

const TALKED: &str = "SELECT EXISTS (SELECT 1 FROM talks WHERE project = ?1 AND lane = ?2 AND happened_at > ?3)";

const LATER_WAITING: &str = "SELECT call FROM calls INDEXED BY calls_lane
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND seq > ?3 ORDER BY seq LIMIT ?4";

const LATER_OTHERS: &str = "SELECT call FROM calls INDEXED BY calls_client
    WHERE project = ?1 AND lane = ?2 AND state <> 'waiting' AND seq > ?3 ORDER BY seq LIMIT ?4";

const NEXT_WAITING: &str = "SELECT (SELECT worth FROM calls INDEXED BY calls_behind
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND backlog = 1 AND seq > ?3 ORDER BY seq LIMIT 1)";

const NEXT_HELD: &str = "SELECT (SELECT worth FROM calls INDEXED BY calls_client
    WHERE project = ?1 AND lane = ?2 AND state <> 'waiting' AND seq > ?3 AND resend = ?4 ORDER BY seq LIMIT 1)";

const LIFT: &str = "UPDATE calls INDEXED BY calls_behind SET worth = ?4
    WHERE project = ?1 AND lane = ?2 AND state = 'waiting' AND backlog = 1 AND seq < ?3 AND worth > ?4";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn no_question_about_worth_reads_more_than_a_lane() {
        let conn = schema::open_memory().unwrap();
        for sql in [HAS_RECORDS, TALKED, LATER_WAITING, LATER_OTHERS, NEXT_WAITING, NEXT_HELD, LIFT] {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = vec![rusqlite::types::Value::Null; statement.parameter_count()];
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
            let plan: Vec<String> = rows.map(Result::unwrap).collect();
            assert!(plan.iter().any(|step| step.contains("project=? AND lane=?")), "{sql}: {plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {plan:?}");
        }
    }
}
