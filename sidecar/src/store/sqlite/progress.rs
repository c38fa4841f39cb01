//! Storing how far calls have come, and what was made for their clients on the way.

use rusqlite::{Connection, named_params, params};
use tieline_engine::{facts::OwnRecord, ids::AgentId, ids::ProjectId, jiff::Timestamp};

use super::{
    OwnOf, Progress, StoreError, Written, queue,
    row::{self, micros, micros_up},
};
use crate::store::transition::Standing;

/// Stores a call's progress; see [`super::Store::save`].
pub(super) fn save(conn: &Connection, progress: &Progress) -> Result<(), StoreError> {
    let before = before(conn, progress)?;
    let mut written = before.written;
    written.extend(progress.written.iter().cloned());
    let amended = before.version != progress.version;
    let standing = before.standing.progressed(progress, amended, !written.is_empty());
    update(conn, progress, before.seq, standing, &written)?;
    for record in &progress.own {
        put_own(conn, &progress.project, &before.lane, record)?;
    }
    if let Some(agent) = &progress.talked {
        put_talk(conn, &progress.project, &before.lane, agent, before.happened_at)?;
    }
    if let Some(at) = progress.written.iter().map(|written| written.at).max() {
        put_written(conn, &progress.project, at)?;
    }
    queue::settle(conn, &progress.project, &before.lane, progress.at)
}

/// What was made for a lane's client; see [`super::Store::own`].
pub(super) fn own(conn: &Connection, project: &ProjectId, lane: &str, since: Timestamp) -> Result<OwnOf, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT record FROM own WHERE project = ?1 AND lane = ?2 AND at >= ?3 ORDER BY at, kind, id")?;
    let mut rows = statement.query(params![project.as_str(), lane, micros(since)])?;
    let mut own = OwnOf::default();
    while let Some(row) = rows.next()? {
        own.records.push(row::json(row, "record")?);
    }
    let mut statement = conn.prepare_cached("SELECT agent FROM talks WHERE project = ?1 AND lane = ?2")?;
    let mut rows = statement.query(params![project.as_str(), lane])?;
    if let Some(row) = rows.next()? {
        own.last_talk = Some(AgentId::new(row.get::<_, String>(0)?));
    }
    Ok(own)
}

/// When something was last written; see [`super::Store::last_written`].
pub(super) fn last_written(conn: &Connection, project: &ProjectId) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT at FROM writes WHERE project = ?1")?;
    let mut rows = statement.query([project.as_str()])?;
    rows.next()?.map(|row| row::time(row, "at")).transpose()
}

/// A call as it stands before the progress.
struct Before {
    seq: i64,
    version: u64,
    lane: String,
    happened_at: i64,
    standing: Standing,
    written: Vec<Written>,
}

fn before(conn: &Connection, progress: &Progress) -> Result<Before, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT seq, version, lane, happened_at, state, skip_code, due_at, retrying, backlog, attempts, written
         FROM calls WHERE project = ?1 AND id = ?2",
    )?;
    let mut rows = statement.query(params![progress.project.as_str(), progress.call.as_str()])?;
    let Some(row) = rows.next()? else {
        return Err(StoreError::Broken(format!(
            "call {} of project {} is not stored",
            progress.call, progress.project
        )));
    };
    Ok(Before {
        seq: row.get("seq")?,
        version: row::unsigned(row.get("version")?),
        lane: row.get("lane")?,
        happened_at: row.get("happened_at")?,
        standing: Standing {
            state: row::state(row)?,
            due_at: row::time(row, "due_at")?,
            retrying: row.get("retrying")?,
            backlog: row.get("backlog")?,
            attempts: row.get("attempts")?,
        },
        written: row::json(row, "written")?,
    })
}

fn update(
    conn: &Connection,
    progress: &Progress,
    seq: i64,
    standing: Standing,
    written: &[Written],
) -> Result<(), StoreError> {
    let (state, skip_code) = row::state_columns(standing.state);
    let trouble = progress.trouble.as_ref();
    conn.prepare_cached(
        "UPDATE calls SET facts = :facts, state = :state, skip_code = :skip_code, changed_at = :at, due_at = :due_at,
             retrying = :retrying, attempts = :attempts, trouble = coalesce(:trouble, trouble),
             trouble_reason = coalesce(:trouble_reason, trouble_reason), reasons = coalesce(:reasons, reasons),
             written = :written, head = CASE WHEN state = 'waiting' THEN head ELSE 0 END
         WHERE seq = :seq",
    )?
    .execute(named_params! {
        ":facts": row::to_json(&progress.facts)?,
        ":state": state,
        ":skip_code": skip_code,
        ":at": micros(progress.at),
        ":due_at": micros_up(standing.due_at),
        ":retrying": standing.retrying,
        ":attempts": standing.attempts,
        ":trouble": trouble.map(row::to_json).transpose()?,
        ":trouble_reason": trouble.map(|trouble| trouble.reason.as_str()),
        ":reasons": progress.reasons.as_ref().map(row::to_json).transpose()?,
        ":written": row::to_json(written)?,
        ":seq": seq,
    })?;
    Ok(())
}

fn put_own(conn: &Connection, project: &ProjectId, lane: &str, record: &OwnRecord) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO own (project, lane, kind, id, at, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET at = excluded.at, record = excluded.record",
    )?
    .execute(params![
        project.as_str(),
        lane,
        record.kind.as_str(),
        record.id.as_str(),
        micros(record.at),
        row::to_json(record)?
    ])?;
    Ok(())
}

/// The latest call counts, not the one delivered last: backlog comes late.
fn put_talk(
    conn: &Connection,
    project: &ProjectId,
    lane: &str,
    agent: &AgentId,
    happened_at: i64,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO talks (project, lane, agent, happened_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET agent = excluded.agent, happened_at = excluded.happened_at
         WHERE excluded.happened_at >= talks.happened_at",
    )?
    .execute(params![project.as_str(), lane, agent.as_str(), happened_at])?;
    Ok(())
}

fn put_written(conn: &Connection, project: &ProjectId, at: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO writes (project, at) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET at = excluded.at WHERE excluded.at > writes.at",
    )?
    .execute(params![project.as_str(), micros(at)])?;
    Ok(())
}
