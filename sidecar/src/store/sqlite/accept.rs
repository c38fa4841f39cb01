//! Taking pieces of calls in.

use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use tieline_engine::{call::Call, facts::Facts, ids::ProjectId, jiff::Timestamp};

use super::{
    Accepted, Piece, Receipt, State, StoreError, queue,
    row::{self, micros, micros_up},
};
use crate::store::transition::{Standing, join};

/// Bodies kept per call: a call is told in three to five pieces (telephony/events.md), a noisy PBX repeats some.
const PIECES_MAX: i64 = 16;

/// Longest body kept for replay, in bytes. A longer one is no call report; its call is taken in all the same.
const RAW_BYTES_MAX: usize = 64 << 10;

/// Takes a piece in; see [`super::Store::accept`].
pub(super) fn accept(conn: &Connection, piece: &Piece) -> Result<Accepted, StoreError> {
    let known = known(conn, &piece.call)?;
    let call = join(known.as_ref().map(|known| &known.call), piece.call.clone());
    let tail =
        Tail { lane: (piece.lane_of)(&call), at: piece.at, day: piece.day.to_string(), trace: piece.trace.as_deref() };
    let (seq, receipt, state) = match known {
        Some(known) if known.call == call => {
            return Ok(Accepted { receipt: Receipt::Repeated, state: known.standing.state });
        }
        Some(known) => (known.seq, Receipt::Amended, amend(conn, known, &call, &tail)?),
        None => (insert(conn, &call, &tail)?, Receipt::Accepted, State::Waiting),
    };
    if let Some(raw) = &piece.raw {
        keep(conn, seq, raw, piece.at)?;
    }
    Ok(Accepted { receipt, state })
}

/// The bodies a call came in, in order.
pub(super) fn pieces(conn: &Connection, project: &ProjectId, id: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT raw FROM pieces JOIN calls ON calls.seq = pieces.call WHERE project = ?1 AND id = ?2 ORDER BY nr",
    )?;
    let rows = statement.query_map(params![project.as_str(), id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A call as it stands before the piece.
struct Known {
    seq: i64,
    call: Call,
    lane: String,
    standing: Standing,
}

/// What a piece brings besides the call itself.
struct Tail<'a> {
    lane: String,
    at: Timestamp,
    day: String,
    trace: Option<&'a str>,
}

fn known(conn: &Connection, call: &Call) -> Result<Option<Known>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT seq, call, lane, state, skip_code, due_at, retrying, backlog, attempts
         FROM calls WHERE project = ?1 AND id = ?2",
    )?;
    let mut rows = statement.query(params![call.project.as_str(), call.id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let standing = Standing {
        state: row::state(row)?,
        due_at: row::time(row, "due_at")?,
        retrying: row.get("retrying")?,
        backlog: row.get("backlog")?,
        attempts: row.get("attempts")?,
    };
    Ok(Some(Known { seq: row.get("seq")?, call: row::json(row, "call")?, lane: row.get("lane")?, standing }))
}

fn insert(conn: &Connection, call: &Call, tail: &Tail<'_>) -> Result<i64, StoreError> {
    let is_head = queue::first_holding(conn, &call.project, &tail.lane, tail.at)?.is_none();
    conn.prepare_cached(
        "INSERT INTO calls (project, id, lane, call, version, facts, state, received_at, changed_at, happened_at, day,
             due_at, retrying, backlog, head, attempts, reasons, written, trace)
         VALUES (:project, :id, :lane, :call, 1, :facts, 'waiting', :at, :at, :happened_at, :day,
             :due_at, 0, 0, :head, 0, '[]', '[]', :trace)",
    )?
    .execute(named_params! {
        ":project": call.project.as_str(),
        ":id": call.id.as_str(),
        ":lane": tail.lane,
        ":call": row::to_json(call)?,
        ":facts": row::to_json(&Facts::new(tail.at))?,
        ":at": micros(tail.at),
        ":happened_at": micros(call.started_at.unwrap_or(tail.at)),
        ":day": tail.day,
        ":due_at": micros_up(tail.at),
        ":head": is_head,
        ":trace": tail.trace,
    })?;
    let seq = conn.last_insert_rowid();
    queue::go_live(conn, &call.project, &tail.lane)?;
    Ok(seq)
}

fn amend(conn: &Connection, known: Known, call: &Call, tail: &Tail<'_>) -> Result<State, StoreError> {
    let standing = known.standing.amended(tail.at);
    let (state, skip_code) = row::state_columns(standing.state);
    // The right-hand sides see the row as it was: a call that joins a lane is not a head yet.
    conn.prepare_cached(
        "UPDATE calls SET call = :call, version = version + 1, lane = :lane, state = :state, skip_code = :skip_code,
             changed_at = :at, happened_at = coalesce(:started_at, happened_at), due_at = :due_at,
             retrying = :retrying, backlog = :backlog, attempts = :attempts, trace = coalesce(:trace, trace),
             head = CASE WHEN state = 'waiting' AND lane = :lane THEN head ELSE 0 END
         WHERE seq = :seq",
    )?
    .execute(named_params! {
        ":call": row::to_json(call)?,
        ":lane": tail.lane,
        ":state": state,
        ":skip_code": skip_code,
        ":at": micros(tail.at),
        ":started_at": call.started_at.map(micros),
        ":due_at": micros_up(standing.due_at),
        ":retrying": standing.retrying,
        ":backlog": standing.backlog,
        ":attempts": standing.attempts,
        ":trace": tail.trace,
        ":seq": known.seq,
    })?;
    if known.lane != tail.lane {
        queue::settle(conn, &call.project, &known.lane, tail.at)?;
    }
    if standing.state == State::Waiting && queue::is_live(conn, &call.project, &tail.lane)? {
        queue::go_live(conn, &call.project, &tail.lane)?;
    }
    queue::settle(conn, &call.project, &tail.lane, tail.at)?;
    Ok(standing.state)
}

fn keep(conn: &Connection, seq: i64, raw: &str, at: Timestamp) -> Result<(), StoreError> {
    if raw.len() > RAW_BYTES_MAX {
        return Ok(());
    }
    let kept: i64 = conn
        .prepare_cached("SELECT coalesce(max(nr), 0) FROM pieces WHERE call = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    if kept < PIECES_MAX {
        conn.prepare_cached("INSERT INTO pieces (call, nr, at, raw) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            seq,
            kept + 1,
            micros(at),
            raw
        ])?;
    }
    Ok(())
}
