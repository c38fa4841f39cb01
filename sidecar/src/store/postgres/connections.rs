//! Connections and their access tokens.

use std::collections::BTreeMap;

use deadpool_postgres::Object;
use tieline_engine::{ids::ProjectId, jiff::Timestamp};
use tokio_postgres::Row;

use super::{
    super::{
        ConnectionState, KeptToken, Renewal,
        values::{micros, to_json},
    },
    row,
    trouble::Trouble,
};

/// A connection's state, if it was ever stored.
pub(super) async fn connection(client: &Object, project: &ProjectId) -> Result<Option<ConnectionState>, Trouble> {
    let find = client.prepare_cached("SELECT state FROM connections WHERE project = $1").await?;
    let row = client.query_opt(&find, &[&project.as_str()]).await?;
    row.map(|row| row::json(&row, "state")).transpose()
}

/// The state of every connection.
pub(super) async fn connections(client: &Object) -> Result<BTreeMap<ProjectId, ConnectionState>, Trouble> {
    let all = client.prepare_cached("SELECT project, state FROM connections").await?;
    let rows = client.query(&all, &[]).await?;
    rows.iter().map(|row| Ok((ProjectId::new(row.try_get::<_, &str>("project")?), row::json(row, "state")?))).collect()
}

/// Stores the states of connections that have none yet, in a transaction.
pub(super) async fn add_connections(
    client: &Object,
    states: &BTreeMap<ProjectId, ConnectionState>,
) -> Result<(), Trouble> {
    let projects: Vec<&str> = states.keys().map(ProjectId::as_str).collect();
    let texts = states.values().map(to_json).collect::<Result<Vec<_>, _>>()?;
    let add = client.prepare_cached(ADD).await?;
    let count = client.prepare_cached("UPDATE pulse SET connections = connections + 1").await?;
    client.execute(&add, &[&projects, &texts]).await?;
    client.execute(&count, &[]).await?;
    Ok(())
}

/// Stores a connection's state, in a transaction: the other sidecars see the count change with the state.
pub(super) async fn put_connection(
    client: &Object,
    project: &ProjectId,
    state: &ConnectionState,
) -> Result<(), Trouble> {
    let put = client.prepare_cached(PUT).await?;
    let count = client.prepare_cached("UPDATE pulse SET connections = connections + 1").await?;
    client.execute(&put, &[&project.as_str(), &to_json(state)?]).await?;
    client.execute(&count, &[]).await?;
    Ok(())
}

/// The access token kept for a connection.
pub(super) async fn token(client: &Object, project: &ProjectId) -> Result<Option<KeptToken>, Trouble> {
    let find = client.prepare_cached(TOKEN).await?;
    let row = client.query_opt(&find, &[&project.as_str()]).await?;
    row.as_ref().map(kept).transpose()
}

/// Keeps an access token.
pub(super) async fn put_token(client: &Object, project: &ProjectId, token: &KeptToken) -> Result<(), Trouble> {
    let put = client.prepare_cached(PUT_TOKEN).await?;
    client.execute(&put, &[&project.as_str(), &token.sealed, &micros(token.expires_at)]).await?;
    Ok(())
}

/// See [`super::Store::renew_token`].
pub(super) async fn renew_token(
    client: &Object,
    project: &ProjectId,
    known: Option<&[u8]>,
    until: Timestamp,
    me: &str,
) -> Result<Renewal, Trouble> {
    let (project, until) = (project.as_str(), micros(until));
    let find = client.prepare_cached(NEWER).await?;
    if let Some(row) = client.query_opt(&find, &[&project, &known, &until]).await? {
        return Ok(Renewal::Newer(kept(&row)?));
    }
    let claim = client.prepare_cached(RENEW).await?;
    let claimed = client.execute(&claim, &[&project, &known, &until, &me]).await?;
    Ok(if claimed > 0 { Renewal::Yours } else { Renewal::Another })
}

/// See [`super::Store::renewed`].
pub(super) async fn renewed(
    client: &Object,
    project: &ProjectId,
    token: Option<&KeptToken>,
    me: &str,
) -> Result<(), Trouble> {
    let (sealed, expires_at) = (token.map(|token| &token.sealed), token.map(|token| micros(token.expires_at)));
    let put = client.prepare_cached(RENEWED).await?;
    client.execute(&put, &[&project.as_str(), &sealed, &expires_at, &me]).await?;
    Ok(())
}

fn kept(row: &Row) -> Result<KeptToken, Trouble> {
    Ok(KeptToken { sealed: row.try_get("sealed")?, expires_at: row::time(row, "expires_at")? })
}

const PUT: &str = "INSERT INTO connections (project, state) VALUES ($1, $2)
    ON CONFLICT (project) DO UPDATE SET state = excluded.state";

/// In one order for all, so that no two wait for each other.
const ADD: &str = "INSERT INTO connections (project, state)
    SELECT n.project, n.state FROM unnest($1::text[], $2::text[]) AS n (project, state) ORDER BY 1
    ON CONFLICT (project) DO NOTHING";

const TOKEN: &str = "SELECT sealed, expires_at FROM tokens WHERE project = $1 AND sealed IS NOT NULL";

const PUT_TOKEN: &str = "INSERT INTO tokens (project, sealed, expires_at) VALUES ($1, $2, $3)
    ON CONFLICT (project) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at";

const NEWER: &str = "SELECT sealed, expires_at FROM tokens
    WHERE project = $1 AND sealed IS DISTINCT FROM $2::bytea AND expires_at > $3";

/// Half a minute is past what a CRM takes to give a token; whoever has not got one by then is believed dead.
const RENEW: &str = "INSERT INTO tokens AS t (project, renewer, renew_until)
    VALUES ($1, $4, clock_timestamp() + interval '30 seconds')
    ON CONFLICT (project) DO UPDATE SET renewer = $4, renew_until = clock_timestamp() + interval '30 seconds'
    WHERE (t.renewer IS NULL OR t.renewer = $4 OR t.renew_until < clock_timestamp()
            OR NOT EXISTS (SELECT 1 FROM sidecars s WHERE s.id = t.renewer))
        AND NOT coalesce(t.sealed IS DISTINCT FROM $2::bytea AND t.expires_at > $3, false)";

/// Only by whoever has the right: a late answer replaces no newer token.
const RENEWED: &str = "UPDATE tokens SET renewer = NULL, renew_until = NULL, sealed = coalesce($2, sealed),
        expires_at = coalesce($3, expires_at)
    WHERE project = $1 AND renewer = $4";
