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

/// A piece with what can be made of it before the writer's turn, as it would be were it the first of its call.
pub(super) struct Ready {
    piece: Piece,
    lane: String,
    day: String,
    json: String,
    facts: String,
}

impl Ready {
    /// Makes a piece ready.
    pub(super) fn new(piece: Piece) -> Result<Self, StoreError> {
        let piece = Piece { call: join(None, piece.call), ..piece };
        let (lane, day) = ((piece.lane_of)(&piece.call), piece.day.to_string());
        let (json, facts) = (row::to_json(&piece.call)?, row::to_json(&Facts::new(piece.at))?);
        Ok(Self { piece, lane, day, json, facts })
    }
}

/// Takes a piece in; see [`super::Store::accept`].
pub(super) fn accept(conn: &Connection, ready: &Ready) -> Result<Accepted, StoreError> {
    let piece = &ready.piece;
    let (seq, receipt, state) = match known(conn, &piece.call)? {
        None => (insert(conn, ready)?, Receipt::Accepted, State::Waiting),
        Some(known) => {
            let call = join(Some(&known.call), piece.call.clone());
            if known.call == call {
                return Ok(Accepted { receipt: Receipt::Repeated, state: known.standing.state });
            }
            (known.seq, Receipt::Amended, amend(conn, known, &call, piece)?)
        }
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

fn insert(conn: &Connection, ready: &Ready) -> Result<i64, StoreError> {
    let Ready { piece, lane, day, json, facts } = ready;
    let (project, at) = (&piece.call.project, piece.at);
    let ahead = queue::ahead(conn, project, lane, at)?;
    conn.prepare_cached(
        "INSERT INTO calls (project, id, lane, call, version, facts, state, received_at, changed_at, happened_at, day,
             due_at, retrying, backlog, head, attempts, reasons, written, trace)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, 'waiting', ?6, ?6, ?7, ?8, ?9, 0, 0, ?10, 0, '[]', '[]', ?11)",
    )?
    .execute(params![
        project.as_str(),
        piece.call.id.as_str(),
        lane,
        json,
        facts,
        micros(at),
        micros(piece.call.started_at.unwrap_or(at)),
        day,
        micros_up(at),
        !ahead.holds,
        piece.trace,
    ])?;
    let seq = conn.last_insert_rowid();
    if ahead.is_behind {
        queue::go_live(conn, project, lane)?;
    }
    Ok(seq)
}

fn amend(conn: &Connection, known: Known, call: &Call, piece: &Piece) -> Result<State, StoreError> {
    let (lane, at) = ((piece.lane_of)(call), piece.at);
    let standing = known.standing.amended(at);
    let (state, skip_code) = row::state_columns(standing.state);
    // The right-hand sides see the row as it was: a call that joins a lane is not a head yet.
    conn.prepare_cached(
        "UPDATE calls SET call = :call, version = version + 1, lane = :lane, state = :state, skip_code = :skip_code,
             changed_at = :at, happened_at = coalesce(:started_at, happened_at), due_at = :due_at,
             retrying = :retrying, backlog = :backlog, worth = CASE WHEN :backlog THEN worth ELSE 0 END, attempts = :attempts, trace = coalesce(:trace, trace),
             head = CASE WHEN state = 'waiting' AND lane = :lane THEN head ELSE 0 END
         WHERE seq = :seq",
    )?
    .execute(named_params! {
        ":call": row::to_json(call)?,
        ":lane": lane,
        ":state": state,
        ":skip_code": skip_code,
        ":at": micros(at),
        ":started_at": call.started_at.map(micros),
        ":due_at": micros_up(standing.due_at),
        ":retrying": standing.retrying,
        ":backlog": standing.backlog,
        ":attempts": standing.attempts,
        ":trace": piece.trace,
        ":seq": known.seq,
    })?;
    if known.lane != lane {
        queue::settle(conn, &call.project, &known.lane, at)?;
    }
    if standing.state == State::Waiting && queue::is_live(conn, &call.project, &lane)? {
        queue::go_live(conn, &call.project, &lane)?;
    }
    queue::settle(conn, &call.project, &lane, at)?;
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
