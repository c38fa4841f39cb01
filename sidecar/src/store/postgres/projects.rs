//! Projects kept in the store. Whoever changes one holds the row of `pulse`, so that revisions are given in order and a
//! revision that is compared is the latest.

use std::collections::BTreeMap;

use deadpool_postgres::Object;
use tieline_engine::{
    ids::ProjectId,
    reason::{Reason, ReasonCode},
};
use tokio_postgres::Row;

use super::{
    super::{
        State,
        projects::{KeptProject, ProjectPut, Put, Removal, Removed},
        values::{micros, signed, state_columns, to_json, unsigned},
    },
    row,
    trouble::Trouble,
};

/// One project; see [`super::Store::project`].
pub(super) async fn project(client: &Object, id: &ProjectId) -> Result<Option<KeptProject>, Trouble> {
    let row = client.query_opt("SELECT * FROM projects WHERE id = $1", &[&id.as_str()]).await?;
    row.as_ref().map(kept).transpose()
}

/// Projects by id; see [`super::Store::projects`].
pub(super) async fn projects(client: &Object, after: &str, limit: usize) -> Result<Vec<KeptProject>, Trouble> {
    let sql = "SELECT * FROM projects WHERE id COLLATE \"C\" > $1 ORDER BY id COLLATE \"C\" LIMIT $2";
    client.query(sql, &[&after, &signed(limit as u64)]).await?.iter().map(kept).collect()
}

/// Every revision; see [`super::Store::project_revisions`].
pub(super) async fn revisions(client: &Object) -> Result<BTreeMap<ProjectId, u64>, Trouble> {
    let rows = client.query("SELECT id, revision FROM projects", &[]).await?;
    rows.iter().map(|row| Ok((ProjectId::new(row.try_get::<_, &str>(0)?), unsigned(row.try_get(1)?)))).collect()
}

/// Keeps a project, in a transaction; see [`super::Store::put_project`].
pub(super) async fn put(client: &Object, put: &ProjectPut) -> Result<Put, Trouble> {
    client.query_one(HOLD, &[]).await?;
    let id = put.id.as_str();
    let there = client.query_opt("SELECT revision, sealed FROM projects WHERE id = $1", &[&id]).await?;
    if let Some(there) = there {
        let (revision, sealed): (i64, &[u8]) = (there.try_get(0)?, there.try_get(1)?);
        // What is sealed never looks the same twice: this is the same work, done again.
        if sealed == put.sealed {
            return Ok(Put::Done(unsigned(revision)));
        }
        if put.over.is_some_and(|over| over != unsigned(revision)) {
            return Ok(Put::Another(unsigned(revision)));
        }
    } else if put.over.is_some_and(|over| over != 0) {
        return Ok(Put::Another(0));
    }
    let revision: i64 = client.query_one(COUNT, &[]).await?.try_get(0)?;
    client.execute(PUT, &[&id, &put.text, &put.sealed, &revision, &micros(put.at)]).await?;
    Ok(Put::Done(unsigned(revision)))
}

/// Removes a project, in a transaction; see [`super::Store::remove_project`].
pub(super) async fn remove(client: &Object, removal: &Removal) -> Result<Removed, Trouble> {
    client.query_one(HOLD, &[]).await?;
    let id = removal.id.as_str();
    let there = client.query_opt("SELECT revision FROM projects WHERE id = $1", &[&id]).await?;
    let Some(there) = there else { return Ok(Removed::NotThere) };
    let there = unsigned(there.try_get(0)?);
    if removal.over.is_some_and(|over| over != there) {
        return Ok(Removed::Another(there));
    }
    // Whoever changes a call holds its lane; a lane is made with the first call of its client.
    client.execute("UPDATE lanes SET changes = changes + 1 WHERE project = $1", &[&id]).await?;
    let waiting = "SELECT count(*) FROM calls WHERE project = $1 AND state = 'waiting'";
    let waiting = unsigned(client.query_one(waiting, &[&id]).await?.try_get(0)?);
    if waiting > 0 && !removal.drop_waiting {
        return Ok(Removed::CallsWait(waiting));
    }
    let reason = Reason::new(ReasonCode::Dropped);
    let (state, skip_code) = state_columns(State::Skipped(reason.code));
    client.execute(DROP_CALLS, &[&id, &state, &skip_code, &to_json(&[reason])?, &micros(removal.at)]).await?;
    client.execute(END_RESENDINGS, &[&id]).await?;
    for table in ["connections", "tokens", "writes"] {
        client.execute(&format!("DELETE FROM {table} WHERE project = $1"), &[&id]).await?;
    }
    client.execute("DELETE FROM projects WHERE id = $1", &[&id]).await?;
    client.query_one(COUNT, &[]).await?;
    Ok(Removed::Done { dropped: waiting })
}

fn kept(row: &Row) -> Result<KeptProject, Trouble> {
    Ok(KeptProject {
        id: ProjectId::new(row.try_get::<_, &str>("id")?),
        text: row.try_get("text")?,
        sealed: row.try_get("sealed")?,
        revision: unsigned(row.try_get("revision")?),
        updated_at: row::time(row, "updated_at")?,
    })
}

const HOLD: &str = "SELECT projects FROM pulse FOR UPDATE";

const COUNT: &str = "UPDATE pulse SET projects = projects + 1 RETURNING projects";

const PUT: &str = "INSERT INTO projects (id, text, sealed, revision, updated_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET text = excluded.text, sealed = excluded.sealed, revision = excluded.revision,
        updated_at = excluded.updated_at";

/// Also those of which something is in the CRM: nobody is left to finish them.
const DROP_CALLS: &str = "UPDATE calls SET state = $2, skip_code = $3, reasons = $4, changed_at = $5,
        retrying = false, head = false
    WHERE project = $1 AND state = 'waiting'";

/// Those that are not finished: a project of the same name must not go on with them. What they hold stays failed or
/// skipped, as it is.
const END_RESENDINGS: &str = "UPDATE resends SET cancelled = true, choosing = NULL, holding = NULL
    WHERE project = $1 AND (cancelled OR choosing IS NOT NULL OR held > 0)";
