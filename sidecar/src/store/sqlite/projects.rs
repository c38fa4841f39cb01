//! Projects kept in the store.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tieline_engine::{
    ids::ProjectId,
    reason::{Reason, ReasonCode},
};

use super::{
    State, StoreError,
    row::{self, micros},
};
use crate::store::projects::{KeptProject, ProjectPut, Put, Removal, Removed};

/// One project; see [`super::Store::project`].
pub(super) fn project(conn: &Connection, id: &ProjectId) -> Result<Option<KeptProject>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT * FROM projects WHERE id = ?1")?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(kept).transpose()
}

/// Projects by id; see [`super::Store::projects`].
pub(super) fn projects(conn: &Connection, after: &str, limit: usize) -> Result<Vec<KeptProject>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT * FROM projects WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = statement.query(params![after, row::signed(limit as u64)])?;
    let mut projects = Vec::new();
    while let Some(row) = rows.next()? {
        projects.push(kept(row)?);
    }
    Ok(projects)
}

/// Every revision; see [`super::Store::project_revisions`].
pub(super) fn revisions(conn: &Connection) -> Result<BTreeMap<ProjectId, u64>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT id, revision FROM projects")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| Ok(row.map(|(id, revision)| (ProjectId::new(id), row::unsigned(revision)))?)).collect()
}

/// Keeps a project; see [`super::Store::put_project`].
pub(super) fn put(conn: &Connection, put: &ProjectPut) -> Result<Put, StoreError> {
    let there = revision(conn, &put.id)?.unwrap_or(0);
    if put.over.is_some_and(|over| over != there) {
        return Ok(Put::Another(there));
    }
    let revision: i64 = conn
        .prepare_cached("UPDATE pulse SET projects = projects + 1 RETURNING projects")?
        .query_row([], |row| row.get(0))?;
    conn.prepare_cached(
        "INSERT INTO projects (id, text, sealed, revision, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET text = excluded.text, sealed = excluded.sealed, revision = excluded.revision,
             updated_at = excluded.updated_at",
    )?
    .execute(params![put.id.as_str(), put.text, put.sealed, revision, micros(put.at)])?;
    Ok(Put::Done(row::unsigned(revision)))
}

/// Removes a project; see [`super::Store::remove_project`].
pub(super) fn remove(conn: &Connection, removal: &Removal) -> Result<Removed, StoreError> {
    let id = removal.id.as_str();
    let Some(there) = revision(conn, &removal.id)? else { return Ok(Removed::NotThere) };
    if removal.over.is_some_and(|over| over != there) {
        return Ok(Removed::Another(there));
    }
    let waiting = "SELECT count(*) FROM calls WHERE project = ?1 AND state = 'waiting'";
    let waiting = row::unsigned(conn.prepare_cached(waiting)?.query_row([id], |row| row.get(0))?);
    if waiting > 0 && !removal.drop_waiting {
        return Ok(Removed::CallsWait(waiting));
    }
    let reason = Reason::new(ReasonCode::Dropped);
    let (state, skip_code) = row::state_columns(State::Skipped(reason.code));
    // Also those of which something is in the CRM: nobody is left to finish them.
    conn.prepare_cached(
        "UPDATE calls SET state = ?2, skip_code = ?3, reasons = ?4, changed_at = ?5, retrying = 0, head = 0
         WHERE project = ?1 AND state = 'waiting'",
    )?
    .execute(params![id, state, skip_code, row::to_json(&[reason])?, micros(removal.at)])?;
    conn.prepare_cached(END_RESENDINGS)?.execute([id])?;
    for table in ["connections", "tokens", "writes"] {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE project = ?1"))?.execute([id])?;
    }
    conn.prepare_cached("DELETE FROM projects WHERE id = ?1")?.execute([id])?;
    conn.prepare_cached("UPDATE pulse SET projects = projects + 1")?.execute([])?;
    Ok(Removed::Done { dropped: waiting })
}

fn revision(conn: &Connection, id: &ProjectId) -> Result<Option<u64>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT revision FROM projects WHERE id = ?1")?;
    let revision = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
    Ok(revision.map(row::unsigned))
}

fn kept(row: &Row<'_>) -> Result<KeptProject, StoreError> {
    Ok(KeptProject {
        id: ProjectId::new(row.get::<_, String>("id")?),
        text: row.get("text")?,
        sealed: row.get("sealed")?,
        revision: row::unsigned(row.get("revision")?),
        updated_at: row::time(row, "updated_at")?,
    })
}

/// Those that are not finished: a project of the same name must not go on with them. What they hold stays failed or
/// skipped, as it is.
const END_RESENDINGS: &str = "UPDATE resends SET cancelled = 1, choosing = NULL, holding = NULL
    WHERE project = ?1 AND (cancelled = 1 OR choosing IS NOT NULL OR held > 0)";
