//! Resendings; what they are stands in `store/resend.rs`. A portion is one job of the writer.

use rusqlite::{Connection, Row, named_params, params};
use tieline_engine::{ids::ProjectId, jiff::Timestamp, reason::Reason};

use super::{
    State, StoreError, StoredCall, admin,
    bulk::{self, PORTION, Tag},
    filter::{Conditions, Order},
    queue,
    row::{self, COLUMNS, micros},
    worth,
};
use crate::store::{
    resend::{
        Counts, QUEUED_MAX, Resending, Selection, Survey, back_to, forgiven, is_kept, is_ready, is_untouched, kept_as,
    },
    transition::may_requeue,
};

/// Calls of a survey looked at in one question: some milliseconds of a reader.
const SURVEYED: usize = 500;

/// Begins one; see [`super::Store::begin_resend`].
pub(super) fn begin(
    conn: &Connection,
    project: &ProjectId,
    selection: &Selection,
    at: Timestamp,
) -> Result<u64, StoreError> {
    conn.prepare_cached("INSERT INTO resends (project, selection, begun_at, choosing) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![project.as_str(), row::to_json(selection)?, micros(at), i64::MAX])?;
    Ok(row::unsigned(conn.last_insert_rowid()))
}

/// One; see [`super::Store::resending`].
pub(super) fn resending(
    conn: &Connection,
    project: &ProjectId,
    id: Option<u64>,
) -> Result<Option<Resending>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT * FROM resends WHERE project = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = statement.query(params![project.as_str(), id.map(row::signed)])?;
    rows.next()?.map(read).transpose()
}

/// Those with a step to do; see [`super::Store::open_resendings`].
pub(super) fn open(conn: &Connection) -> Result<Vec<Resending>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT * FROM resends WHERE CASE cancelled
             WHEN 1 THEN holding IS NOT NULL ELSE choosing IS NOT NULL OR held > 0 END ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        open.push(read(row)?);
    }
    Ok(open)
}

/// Cancels one, or lets it go on; see [`super::Store::order_resend`].
pub(super) fn order(conn: &Connection, project: &ProjectId, id: u64, cancel: bool) -> Result<bool, StoreError> {
    let changed = conn
        .prepare_cached("UPDATE resends SET cancelled = ?3, holding = ?4 WHERE id = ?1 AND project = ?2")?
        .execute(params![row::signed(id), project.as_str(), cancel, cancel.then_some(i64::MAX)])?;
    Ok(changed > 0)
}

/// Does a portion; see [`super::Store::step_resend`].
pub(super) fn step(conn: &Connection, project: &ProjectId, id: u64, now: Timestamp) -> Result<bool, StoreError> {
    let Some(resending) = resending(conn, project, Some(id))? else { return Ok(false) };
    match (resending.cancelled, resending.choosing, resending.holding) {
        (true, _, Some(before)) => hold(conn, &resending, before, now),
        (true, _, None) => Ok(false),
        (false, Some(before), _) => choose(conn, &resending, before, now),
        (false, None, _) => release(conn, &resending, now),
    }
}

/// Counts a portion; see [`super::Store::survey`].
pub(super) fn survey(
    conn: &Connection,
    project: &ProjectId,
    selection: &Selection,
    accepted_until: Timestamp,
    before: u64,
) -> Result<Survey, StoreError> {
    let filter = selection.filter(accepted_until);
    let conditions = Conditions::new(project, &filter)?.from(before, Order::Falling);
    let calls = admin::select(conn, &conditions, Order::Falling, SURVEYED)?;
    let before = calls.last().filter(|_| calls.len() == SURVEYED).map(|last| last.seq);
    let mut survey = Survey { before, ..Survey::default() };
    for stored in calls.iter().filter(|stored| may_requeue(stored.state, &filter) && !stored.damaged) {
        let judged = worth::judge(conn, stored)?;
        if selection.takes(&stored.call, judged.client) {
            survey.add(judged.worth);
        }
    }
    Ok(survey)
}

/// Marks a portion. Who waits is due at once and keeps the place; the others are held.
fn choose(conn: &Connection, resending: &Resending, before: u64, now: Timestamp) -> Result<bool, StoreError> {
    let filter = resending.selection.filter(resending.begun_at);
    let conditions = Conditions::new(&resending.project, &filter)?.from(before, Order::Falling);
    let calls = admin::select(conn, &conditions, Order::Falling, PORTION)?;
    for stored in calls.iter().filter(|stored| may_requeue(stored.state, &filter) && !stored.damaged) {
        let judged = worth::judge(conn, stored)?;
        if !resending.selection.takes(&stored.call, judged.client) {
            continue;
        }
        if is_ready(stored, now) {
            conn.prepare_cached("UPDATE calls SET resend = ?2, kept_as = NULL WHERE seq = ?1")?
                .execute(params![row::signed(stored.seq), row::signed(resending.id)])?;
        } else if stored.state == State::Waiting {
            let tag = Tag { resend: resending.id, kept_as: None };
            bulk::put_back(conn, stored, &forgiven(stored), now, 0, Some(tag))?;
            queue::settle(conn, &resending.project, &stored.lane, now)?;
        } else {
            let rank = worth::rank_in_hand(conn, stored, judged.rank(), resending.id)?;
            conn.prepare_cached("UPDATE calls SET resend = ?2, worth = ?3, changed_at = ?4 WHERE seq = ?1")?
                .execute(params![row::signed(stored.seq), -row::signed(resending.id), rank, micros(now)])?;
        }
    }
    move_on(conn, resending.id, "choosing", &calls)?;
    Ok(true)
}

/// Puts the best held calls into the queue, while there are few of them in it.
fn release(conn: &Connection, resending: &Resending, now: Timestamp) -> Result<bool, StoreError> {
    let id = row::signed(resending.id);
    let most = row::signed(QUEUED_MAX as u64);
    let queued: i64 = conn.prepare_cached(COUNT_RELEASED)?.query_row(params![id, most], |row| row.get(0))?;
    if queued >= most {
        return Ok(false);
    }
    let held = select(conn, HELD, -id, row::signed(PORTION as u64), |row| row.get("worth"))?;
    for (stored, rank) in &held {
        let may_go = match stored.state {
            _ if stored.damaged => false,
            State::Failed => true,
            State::Skipped(code) => is_kept(code),
            State::Waiting | State::Written => false,
        };
        if may_go {
            let rank = worth::rank_in_queue(conn, stored, *rank)?;
            let tag = Tag { resend: resending.id, kept_as: kept_as(stored.state) };
            bulk::put_back(conn, stored, &forgiven(stored), now, rank, Some(tag))?;
            queue::settle(conn, &resending.project, &stored.lane, now)?;
            worth::lift_earlier(conn, stored, rank)?;
        } else {
            // It has moved by itself meanwhile: later facts opened it, or a person dropped it. Or nobody can
            // read it any more: it is done with, and counts where it stands.
            conn.prepare_cached("UPDATE calls SET resend = ?2 WHERE seq = ?1")?
                .execute(params![row::signed(stored.seq), id])?;
        }
    }
    Ok(held.len() == PORTION)
}

/// Takes back what waits and was not begun.
fn hold(conn: &Connection, resending: &Resending, before: u64, now: Timestamp) -> Result<bool, StoreError> {
    let id = row::signed(resending.id);
    // Who cannot be read stays in the queue, which sets it aside when its turn comes.
    let waiting = select(conn, RESENT, id, row::signed(before), |row| row.get::<_, Option<String>>("kept_as"))?;
    for (stored, was) in waiting.iter().filter(|(stored, _)| is_untouched(stored) && !stored.damaged) {
        let rank = worth::rank_in_hand(conn, stored, worth::judge(conn, stored)?.rank(), resending.id)?;
        let state = back_to(was.as_deref());
        let reasons = match (was, state) {
            (None, State::Skipped(code)) => Some(row::to_json(&[Reason::new(code)])?),
            _ => None,
        };
        let (word, code) = row::state_columns(state);
        conn.prepare_cached(
            "UPDATE calls SET state = :state, skip_code = :code, reasons = coalesce(:reasons, reasons),
                 changed_at = :at, retrying = 0, head = 0, resend = :resend, worth = :worth, kept_as = NULL
             WHERE seq = :seq",
        )?
        .execute(named_params! {
            ":state": word,
            ":code": code,
            ":reasons": reasons,
            ":at": micros(now),
            ":resend": -id,
            ":worth": rank,
            ":seq": row::signed(stored.seq),
        })?;
        queue::settle(conn, &resending.project, &stored.lane, now)?;
    }
    let calls: Vec<StoredCall> = waiting.into_iter().map(|(stored, _)| stored).collect();
    move_on(conn, resending.id, "holding", &calls)?;
    Ok(calls.len() == PORTION)
}

/// Notes where a walk has come to.
fn move_on(conn: &Connection, id: u64, walk: &str, calls: &[StoredCall]) -> Result<(), StoreError> {
    let before = calls.last().filter(|_| calls.len() == PORTION).map(|last| row::signed(last.seq));
    conn.prepare_cached(&format!("UPDATE resends SET {walk} = ?2 WHERE id = ?1"))?
        .execute(params![row::signed(id), before])?;
    Ok(())
}

fn select<T>(
    conn: &Connection,
    which: &str,
    resend: i64,
    bound: i64,
    more: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<(StoredCall, T)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, worth, kept_as FROM calls {which}");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![resend, bound])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row::stored(row)?, more(row)?));
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Resending, StoreError> {
    let count = |column| Ok::<_, StoreError>(row::unsigned(row.get(column)?));
    let position = |column| Ok::<_, StoreError>(row.get::<_, Option<i64>>(column)?.map(row::unsigned));
    Ok(Resending {
        id: count("id")?,
        project: ProjectId::new(row.get::<_, String>("project")?),
        selection: row::json(row, "selection")?,
        begun_at: row::time(row, "begun_at")?,
        cancelled: row.get("cancelled")?,
        choosing: position("choosing")?,
        holding: position("holding")?,
        counts: Counts {
            held: count("held")?,
            waiting: count("waiting")?,
            written: count("written")?,
            skipped: count("skipped")?,
            failed: count("failed")?,
        },
    })
}

const COUNT_RELEASED: &str = "SELECT count(*) FROM (
    SELECT 1 FROM calls INDEXED BY calls_released
    WHERE resend = ?1 AND resend > 0 AND state = 'waiting' AND kept_as IS NOT NULL LIMIT ?2)";

const HELD: &str = "INDEXED BY calls_held WHERE resend = ?1 AND resend < 0 ORDER BY worth, seq LIMIT ?2";

const RESENT: &str = "INDEXED BY calls_resent
    WHERE resend = ?1 AND resend > 0 AND state = 'waiting' AND seq < ?2 ORDER BY seq DESC LIMIT 200";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tieline_engine::{
        call::{Call, Direction},
        ids::CallId,
    };

    use super::*;
    use crate::store::{
        Piece,
        sqlite::accept::{Ready, accept},
        sqlite::schema,
    };

    #[test]
    fn a_skipped_call_that_cannot_be_read_any_more_is_not_released() {
        let (conn, project) = (schema::open_memory().unwrap(), ProjectId::new("shop"));
        let call = Call::new(project.clone(), CallId::new("a"), Direction::Incoming);
        let (at, day) = (Timestamp::UNIX_EPOCH, "1970-01-01".parse().unwrap());
        let piece = Piece { call, lane_of: Arc::new(|_| "1".to_owned()), at, day, raw: None, trace: None };
        accept(&conn, &Ready::new(piece).unwrap()).unwrap();
        conn.execute("UPDATE calls SET state = 'skipped', skip_code = 'out_of_window', head = 0", []).unwrap();
        let id = begin(&conn, &project, &Selection::default(), at).unwrap();
        assert!(step(&conn, &project, id, at).unwrap());
        conn.execute("UPDATE calls SET call = '{'", []).unwrap();
        assert!(!step(&conn, &project, id, at).unwrap());
        let Counts { held, waiting, skipped, .. } = resending(&conn, &project, Some(id)).unwrap().unwrap().counts;
        assert_eq!((held, waiting, skipped), (0, 0, 1), "its facts, which nobody can read, are as they were");
    }

    #[test]
    fn portions_are_read_in_order_without_sorting_all_calls_of_a_resending() {
        let conn = schema::open_memory().unwrap();
        for which in [HELD, RESENT] {
            let sql = format!("EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM calls {which}");
            let mut statement = conn.prepare(&sql).unwrap();
            let rows = statement.query_map(params![1, 1], |row| row.get(3)).unwrap();
            let plan: Vec<String> = rows.map(Result::unwrap).collect();
            assert!(plan.iter().all(|step| step.contains("SEARCH") && !step.contains("TEMP")), "{which}: {plan:?}");
        }
        assert!(RESENT.contains(&format!("LIMIT {PORTION}")));
    }
}
