//! Changes of many calls at once, in portions: a portion is one job of the writer, so that acceptance goes on
//! between two of them. A crash leaves whole portions done; doing it again does the rest.

use rusqlite::{Connection, named_params, params};
use tieline_engine::{facts::Facts, ids::ProjectId, jiff::Timestamp, reason::Reason};

use super::{
    Filter, State, StateIs, StoreError, StoredCall, admin,
    filter::{Conditions, Order},
    queue,
    row::{self, micros, micros_up},
    worth,
};
use crate::store::{resend::forgiven, transition::may_requeue};

/// Calls per portion: a few milliseconds of the writer.
pub(super) const PORTION: usize = 200;

/// Whether the next waiting call of the call's lane is live. As lanes are walked from their end, a call then stays
/// live too: an earlier call that went behind the backlog would hold the live one up.
const NEXT_IS_LIVE: &str = "coalesce((
    SELECT next.backlog = 0 FROM calls AS next INDEXED BY calls_lane
    WHERE next.project = calls.project AND next.lane = calls.lane AND next.state = 'waiting' AND next.seq > calls.seq
    ORDER BY next.seq LIMIT 1), 0)";

/// Where a change of many calls has come to: it goes from the latest call to the first, so that calls accepted
/// after its beginning are not meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    /// The position to go on before.
    before: u64,
    /// Calls changed so far.
    pub(super) changed: u64,
    /// Nothing is left to do.
    pub(super) done: bool,
}

impl Portion {
    /// Before the first portion.
    pub(super) const FIRST: Self = Self { before: u64::MAX, changed: 0, done: false };

    fn take(
        mut self,
        conn: &Connection,
        project: &ProjectId,
        filter: &Filter,
        mut change: impl FnMut(&StoredCall) -> Result<bool, StoreError>,
    ) -> Result<Self, StoreError> {
        let conditions = Conditions::new(project, filter)?.from(self.before, Order::Falling);
        let calls = admin::select(conn, &conditions, Order::Falling, PORTION)?;
        self.done = calls.len() < PORTION;
        for call in &calls {
            self.before = call.seq;
            self.changed += u64::from(change(call)?);
        }
        Ok(self)
    }
}

/// A portion of [`super::Store::requeue`].
pub(super) fn requeue(
    conn: &Connection,
    project: &ProjectId,
    filter: &Filter,
    now: Timestamp,
    portion: Portion,
) -> Result<Portion, StoreError> {
    portion.take(conn, project, filter, |stored| {
        if !may_requeue(stored.state, filter) || stored.damaged {
            return Ok(false);
        }
        let rank = match stored.state {
            State::Waiting => 0,
            _ => worth::rank_in_queue(conn, stored, worth::judge(conn, stored)?.rank())?,
        };
        put_back(conn, stored, &forgiven(stored), now, rank, None)?;
        queue::settle(conn, project, &stored.lane, now)?;
        if rank > 0 {
            worth::lift_earlier(conn, stored, rank)?;
        }
        Ok(true)
    })
}

/// A portion of [`super::Store::skip`].
pub(super) fn skip(
    conn: &Connection,
    project: &ProjectId,
    filter: &Filter,
    reason: &Reason,
    now: Timestamp,
    portion: Portion,
) -> Result<Portion, StoreError> {
    portion.take(conn, project, filter, |stored| {
        let may_end = match stored.state {
            State::Waiting => stored.written.is_empty(),
            State::Failed => true,
            State::Written | State::Skipped(_) => false,
        };
        if !may_end {
            return Ok(false);
        }
        end(conn, stored, reason, now)?;
        queue::settle(conn, project, &stored.lane, now)?;
        Ok(true)
    })
}

/// A portion of [`super::Store::demote_waiting`]. A lane into which a live call came meanwhile stays live.
pub(super) fn demote(conn: &Connection, project: &ProjectId, portion: Portion) -> Result<Portion, StoreError> {
    let waiting = Filter { states: vec![StateIs::Waiting], ..Filter::default() };
    let sql = format!("UPDATE calls SET backlog = 1, worth = ?2 WHERE seq = ?1 AND backlog = 0 AND NOT {NEXT_IS_LIVE}");
    portion.take(conn, project, &waiting, |stored| {
        if stored.backlog {
            return Ok(false);
        }
        let rank = worth::rank_in_queue(conn, stored, worth::judge(conn, stored)?.rank())?;
        let changed = conn.prepare_cached(&sql)?.execute(params![row::signed(stored.seq), rank])?;
        Ok(changed > 0)
    })
}

/// What belongs to a resending is told where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) resend: u64,
    pub(super) kept_as: Option<&'static str>,
}

/// Puts a call into the queue, due now. One that waits already keeps its place there, the others go behind live calls by
/// rank; heads are to be settled then.
pub(super) fn put_back(
    conn: &Connection,
    stored: &StoredCall,
    facts: &Facts,
    now: Timestamp,
    rank: i64,
    tag: Option<Tag>,
) -> Result<(), StoreError> {
    conn.prepare_cached(&format!(
        "UPDATE calls SET state = 'waiting', skip_code = NULL, facts = :facts, changed_at = :at, due_at = :due_at,
             retrying = 0, attempts = 0, head = CASE WHEN state = 'waiting' THEN head ELSE 0 END,
             backlog = CASE WHEN state = 'waiting' THEN backlog ELSE NOT {NEXT_IS_LIVE} END,
             worth = CASE WHEN state = 'waiting' THEN worth WHEN {NEXT_IS_LIVE} THEN 0 ELSE :rank END,
             resend = coalesce(:resend, resend),
             kept_as = CASE WHEN :resend IS NULL THEN kept_as ELSE :kept_as END
         WHERE seq = :seq"
    ))?
    .execute(named_params! {
        ":facts": row::to_json(facts)?,
        ":at": micros(now),
        ":due_at": micros_up(now),
        ":rank": rank,
        ":resend": tag.map(|tag| row::signed(tag.resend)),
        ":kept_as": tag.and_then(|tag| tag.kept_as),
        ":seq": row::signed(stored.seq),
    })?;
    Ok(())
}

fn end(conn: &Connection, stored: &StoredCall, reason: &Reason, now: Timestamp) -> Result<(), StoreError> {
    let (state, skip_code) = row::state_columns(State::Skipped(reason.code));
    conn.prepare_cached(
        "UPDATE calls SET state = ?2, skip_code = ?3, reasons = ?4, changed_at = ?5, retrying = 0, head = 0
         WHERE seq = ?1",
    )?
    .execute(params![row::signed(stored.seq), state, skip_code, row::to_json(&[reason])?, micros(now)])?;
    Ok(())
}

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

    fn take_in(conn: &Connection, id: &str) {
        let call = Call::new(ProjectId::new("shop"), CallId::new(id), Direction::Incoming);
        let at = Timestamp::UNIX_EPOCH;
        let lane_of = Arc::new(|call: &Call| if call.id.as_str() == "alone" { "other" } else { "lane" }.to_owned());
        let day = "1970-01-01".parse().unwrap();
        let piece = Piece { call, lane_of, at, day, raw: None, trace: None };
        accept(conn, &Ready::new(piece).unwrap()).unwrap();
    }

    #[test]
    fn a_lane_that_a_live_call_joins_between_two_portions_stays_live() {
        let (conn, project) = (schema::open_memory().unwrap(), ProjectId::new("shop"));
        take_in(&conn, "alone");
        for nr in 0..=PORTION {
            take_in(&conn, &nr.to_string());
        }
        let portion = demote(&conn, &project, Portion::FIRST).unwrap();
        assert!(!portion.done);
        take_in(&conn, "live");
        assert!(demote(&conn, &project, portion).unwrap().done);
        let mut behind = conn.prepare("SELECT id FROM calls WHERE backlog = 1").unwrap();
        let ids: Vec<String> = behind.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(ids, ["alone"]);
    }
}
