//! Storing how far calls have come, and what was made for their clients on the way.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Object;
use tieline_engine::{ids::AgentId, ids::ProjectId, jiff::Timestamp};
use tokio_postgres::Row;

use super::{
    super::{
        OwnOf, Progress, StoreError, Written,
        transition::Standing,
        values::{micros, micros_up, state_columns, to_json, unsigned},
    },
    home,
    life::Me,
    queue::{self, LaneKey},
    row,
    trouble::Trouble,
};

/// Stores a call's progress and commits; see [`super::Store::save`]. Doing it again changes nothing.
pub(super) async fn save(client: &Object, progress: &Progress, me: &Me) -> Result<(), Trouble> {
    queue::prepare(client).await?;
    home::prepare(client, &[LOCK, BEFORE, UPDATE, PUT_OWN, PUT_TALK, PUT_WRITTEN]).await?;
    let (lanes, before) = futures::try_join!(lock(client, progress), before(client, progress))?;
    let Some(lane) = lanes.get(&before.lane) else {
        return Err(Trouble::Crossed("the call has changed lanes".to_owned()));
    };
    if !may_save(progress, lane, &lanes, me) {
        return Err(StoreError::Taken.into());
    }
    let key = BTreeSet::from([(progress.project.as_str().to_owned(), before.lane.clone())]);
    let commit = async { client.batch_execute("COMMIT").await.map_err(Trouble::from) };
    futures::try_join!(
        update(client, progress, &before),
        put_own(client, progress, &before.lane),
        put_talk(client, progress, &before),
        put_written(client, progress),
        settle(client, &key, progress),
        set_free(client, progress, me),
        commit,
    )?;
    Ok(())
}

/// What was made for a lane's client; see [`super::Store::own`].
pub(super) async fn own(client: &Object, project: &ProjectId, lane: &str, since: Timestamp) -> Result<OwnOf, Trouble> {
    let records = client
        .prepare_cached("SELECT record FROM own WHERE project = $1 AND lane = $2 AND at >= $3 ORDER BY at, kind, id")
        .await?;
    let talk = client.prepare_cached("SELECT agent FROM talks WHERE project = $1 AND lane = $2").await?;
    let (project, since) = (project.as_str(), micros(since));
    let rows = async { client.query(&records, &[&project, &lane, &since]).await };
    let talk = async { client.query_opt(&talk, &[&project, &lane]).await };
    let (rows, talk) = futures::try_join!(rows, talk)?;
    let records = rows.iter().map(|row| row::json(row, "record")).collect::<Result<_, _>>()?;
    let agent = talk.map(|row| row.try_get::<_, String>(0)).transpose()?;
    Ok(OwnOf { records, last_talk: agent.map(AgentId::new) })
}

/// When something was last written; see [`super::Store::last_written`].
pub(super) async fn last_written(client: &Object, project: &ProjectId) -> Result<Option<Timestamp>, Trouble> {
    let last = client.prepare_cached("SELECT at FROM writes WHERE project = $1").await?;
    let row = client.query_opt(&last, &[&project.as_str()]).await?;
    row.map(|row| row::time(&row, "at")).transpose()
}

/// A lane as it stands, locked.
struct Held {
    fence: u64,
    holder: Option<String>,
    /// The holder lives.
    is_held: bool,
}

/// Locks the call's lane, and that of the claim if it is another one.
async fn lock(client: &Object, progress: &Progress) -> Result<BTreeMap<String, Held>, Trouble> {
    let claimed = progress.claim.as_ref().map(|claim| claim.lane.as_str());
    let lock = client.prepare_cached(LOCK).await?;
    let rows = client.query(&lock, &[&progress.project.as_str(), &progress.call.as_str(), &claimed]).await?;
    let read = |row: &Row| {
        let (fence, holder) = (unsigned(row.try_get("fence")?), row.try_get("holder")?);
        Ok((row.try_get("lane")?, Held { fence, holder, is_held: row.try_get("is_held")? }))
    };
    rows.iter().map(read).collect()
}

/// Under a claim: nobody has claimed the lane since. Without one: no other sidecar that lives holds it.
fn may_save(progress: &Progress, lane: &Held, lanes: &BTreeMap<String, Held>, me: &Me) -> bool {
    let is_mine = |held: &Held| held.holder.as_ref().is_none_or(|holder| *holder == me.id);
    match &progress.claim {
        Some(claim) => lanes.get(&claim.lane).is_some_and(|held| held.fence == claim.fence && is_mine(held)),
        None => is_mine(lane) || !lane.is_held,
    }
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

async fn before(client: &Object, progress: &Progress) -> Result<Before, Trouble> {
    let before = client.prepare_cached(BEFORE).await?;
    let row = client.query_opt(&before, &[&progress.project.as_str(), &progress.call.as_str()]).await?;
    let Some(row) = row else {
        let (call, project) = (&progress.call, &progress.project);
        return Err(StoreError::Broken(format!("call {call} of project {project} is not stored")).into());
    };
    Ok(Before {
        seq: row.try_get("seq")?,
        version: unsigned(row.try_get("version")?),
        lane: row.try_get("lane")?,
        happened_at: row.try_get("happened_at")?,
        standing: row::standing(&row)?,
        written: row::json(&row, "written")?,
    })
}

async fn update(client: &Object, progress: &Progress, before: &Before) -> Result<(), Trouble> {
    let mut written = before.written.clone();
    // What is there already was stored by an attempt whose answer was lost.
    written.extend(progress.written.iter().filter(|new| !before.written.contains(new)).cloned());
    let amended = before.version != progress.version;
    let standing = before.standing.progressed(progress, amended, !written.is_empty());
    let (state, skip_code) = state_columns(standing.state);
    let trouble = progress.trouble.as_ref();
    let reasons = progress.reasons.as_ref().map(to_json).transpose()?;
    let update = client.prepare_cached(UPDATE).await?;
    client
        .execute(
            &update,
            &[
                &to_json(&progress.facts)?,
                &state,
                &skip_code,
                &micros(progress.at),
                &micros_up(standing.due_at),
                &standing.retrying,
                &i64::from(standing.attempts),
                &trouble.map(to_json).transpose()?,
                &trouble.map(|trouble| trouble.reason.as_str()),
                &reasons,
                &to_json(&written)?,
                &before.seq,
            ],
        )
        .await?;
    Ok(())
}

async fn put_own(client: &Object, progress: &Progress, lane: &str) -> Result<(), Trouble> {
    if progress.own.is_empty() {
        return Ok(());
    }
    // The last of two with one id counts, as if they came one after the other.
    let records: BTreeMap<_, _> = progress.own.iter().map(|own| ((own.kind.as_str(), own.id.as_str()), own)).collect();
    let (kinds, ids): (Vec<_>, Vec<_>) = records.keys().copied().unzip();
    let times: Vec<_> = records.values().map(|own| micros(own.at)).collect();
    let texts = records.values().map(to_json).collect::<Result<Vec<_>, _>>()?;
    let put = client.prepare_cached(PUT_OWN).await?;
    client.execute(&put, &[&progress.project.as_str(), &lane, &kinds, &ids, &times, &texts]).await?;
    Ok(())
}

/// The latest call counts, not the one delivered last: backlog comes late.
async fn put_talk(client: &Object, progress: &Progress, before: &Before) -> Result<(), Trouble> {
    let Some(agent) = &progress.talked else { return Ok(()) };
    let put = client.prepare_cached(PUT_TALK).await?;
    client.execute(&put, &[&progress.project.as_str(), &before.lane, &agent.as_str(), &before.happened_at]).await?;
    Ok(())
}

async fn put_written(client: &Object, progress: &Progress) -> Result<(), Trouble> {
    let Some(at) = progress.written.iter().map(|written| written.at).max() else { return Ok(()) };
    let put = client.prepare_cached(PUT_WRITTEN).await?;
    client.execute(&put, &[&progress.project.as_str(), &micros(at)]).await?;
    Ok(())
}

async fn settle(client: &Object, lane: &BTreeSet<LaneKey>, progress: &Progress) -> Result<(), Trouble> {
    queue::settle(client, lane, micros(progress.at)).await
}

async fn set_free(client: &Object, progress: &Progress, me: &Me) -> Result<(), Trouble> {
    if let Some(claim) = progress.claim.as_ref().filter(|_| progress.rests) {
        let free = client.prepare_cached(queue::FREE).await?;
        client.execute(&free, &[&progress.project.as_str(), &[claim.lane.as_str()].as_slice(), &me.id]).await?;
    }
    Ok(())
}

const LOCK: &str = "UPDATE lanes l SET changes = l.changes + 1
    WHERE l.project = $1 AND l.lane IN (
        SELECT c.lane FROM calls c WHERE c.project = $1 AND c.id = $2 UNION SELECT $3::text)
    RETURNING l.lane, l.fence, l.holder, EXISTS (SELECT 1 FROM sidecars s WHERE s.id = l.holder) AS is_held";

const BEFORE: &str =
    "SELECT seq, version, lane, happened_at, state, skip_code, due_at, retrying, backlog, attempts, written
    FROM calls WHERE project = $1 AND id = $2";

const UPDATE: &str = "UPDATE calls SET facts = $1, state = $2, skip_code = $3, changed_at = $4, due_at = $5,
        retrying = $6, attempts = $7, trouble = coalesce($8, trouble), trouble_reason = coalesce($9, trouble_reason),
        reasons = coalesce($10, reasons), written = $11, head = head AND state = 'waiting'
    WHERE seq = $12";

const PUT_OWN: &str = "INSERT INTO own (project, lane, kind, id, at, record)
    SELECT $1, $2, r.kind, r.id, r.at, r.record
    FROM unnest($3::text[], $4::text[], $5::bigint[], $6::text[]) AS r (kind, id, at, record)
    ON CONFLICT (project, lane, kind, id) DO UPDATE SET at = excluded.at, record = excluded.record";

const PUT_TALK: &str = "INSERT INTO talks (project, lane, agent, happened_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (project, lane) DO UPDATE SET agent = excluded.agent, happened_at = excluded.happened_at
    WHERE excluded.happened_at >= talks.happened_at";

const PUT_WRITTEN: &str = "INSERT INTO writes (project, at) VALUES ($1, $2)
    ON CONFLICT (project) DO UPDATE SET at = excluded.at WHERE excluded.at > writes.at";
