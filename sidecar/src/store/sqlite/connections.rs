//! Connections and their access tokens.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tieline_engine::ids::ProjectId;

use super::{
    ConnectionState, KeptToken, StoreError,
    row::{self, micros},
};

/// A connection's state, if it was ever stored.
pub(super) fn connection(conn: &Connection, project: &ProjectId) -> Result<Option<ConnectionState>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT state FROM connections WHERE project = ?1")?;
    let mut rows = statement.query([project.as_str()])?;
    rows.next()?.map(|row| row::json(row, "state")).transpose()
}

/// The state of every connection.
pub(super) fn connections(conn: &Connection) -> Result<BTreeMap<ProjectId, ConnectionState>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT project, state FROM connections")?;
    let mut rows = statement.query([])?;
    let mut states = BTreeMap::new();
    while let Some(row) = rows.next()? {
        states.insert(ProjectId::new(row.get::<_, String>("project")?), row::json(row, "state")?);
    }
    Ok(states)
}

/// Stores the states of connections that have none yet.
pub(super) fn add_connections(
    conn: &Connection,
    states: &BTreeMap<ProjectId, ConnectionState>,
) -> Result<(), StoreError> {
    let mut statement =
        conn.prepare_cached("INSERT INTO connections (project, state) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    for (project, state) in states {
        statement.execute(params![project.as_str(), row::to_json(state)?])?;
    }
    Ok(())
}

/// Stores a connection's state.
pub(super) fn put_connection(
    conn: &Connection,
    project: &ProjectId,
    state: &ConnectionState,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO connections (project, state) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET state = excluded.state",
    )?
    .execute(params![project.as_str(), row::to_json(state)?])?;
    Ok(())
}

/// The access token kept for a connection.
pub(super) fn token(conn: &Connection, project: &ProjectId) -> Result<Option<KeptToken>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT sealed, expires_at FROM tokens WHERE project = ?1")?;
    let mut rows = statement.query([project.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(KeptToken { sealed: row.get("sealed")?, expires_at: row::time(row, "expires_at")? }))
}

/// Keeps an access token.
pub(super) fn put_token(conn: &Connection, project: &ProjectId, token: &KeptToken) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO tokens (project, sealed, expires_at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at",
    )?
    .execute(params![project.as_str(), token.sealed, micros(token.expires_at)])?;
    Ok(())
}
