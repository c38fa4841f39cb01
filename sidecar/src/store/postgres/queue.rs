//! Whose turn it is, and who may serve it.
//!
//! A lane is a queue of its own; what `head` means stands in `sqlite/queue.rs`, which this follows. Whoever changes a
//! call of a lane first locks the lane's row, so that two sidecars never settle one lane at once.
//!
//! The same row holds the claim. A claim counts while its holder stands in `sidecars`; see [`super::life`]. A lane that
//! another transaction has locked is passed over: whoever holds it wakes its own loop after the commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use deadpool_postgres::Object;
use tieline_engine::{ids::ProjectId, jiff::Timestamp};
use tokio_postgres::Row;

use super::{
    super::{
        Claim, StoreError, StoredCall, Turns,
        damage::{DAMAGED, Damaged, damage},
        values::{micros, to_json, unsigned},
    },
    home,
    life::Me,
    row::{self, COLUMNS},
    trouble::Trouble,
};

/// Calls answered at once at most: more than any driver works on at a time.
const DUE_MAX: usize = 1_000;

/// Project and lane.
pub(super) type LaneKey = (String, String);

/// Prepares what [`lock`], [`settle`], [`go_live`] and [`stay_live`] send, so that they send it at once.
pub(super) async fn prepare(client: &Object) -> Result<(), Trouble> {
    home::prepare(client, &[LOCK, &RAISE, &LOWER, GO_LIVE, STAY_LIVE, FREE]).await
}

/// Locks lanes, in one order for all; makes those that are not there. Held until the transaction ends.
pub(super) async fn lock(client: &Object, lanes: &BTreeSet<LaneKey>) -> Result<(), Trouble> {
    let (projects, names) = columns(lanes);
    client.execute(&client.prepare_cached(LOCK).await?, &[&projects, &names]).await?;
    Ok(())
}

/// Brings the heads of locked lanes up to date after calls of them changed, joined or left. A call that joins a lane
/// must not be a head before.
pub(super) async fn settle(client: &Object, lanes: &BTreeSet<LaneKey>, now: i64) -> Result<(), Trouble> {
    let (projects, names) = columns(lanes);
    let (raise, lower) = (client.prepare_cached(&RAISE).await?, client.prepare_cached(&LOWER).await?);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&projects, &names, &now];
    futures::try_join!(client.execute(&raise, &params), client.execute(&lower, &params))?;
    Ok(())
}

/// Makes the waiting calls of locked lanes live, as a live call joins them.
pub(super) async fn go_live(client: &Object, lanes: &BTreeSet<LaneKey>) -> Result<(), Trouble> {
    if !lanes.is_empty() {
        let (projects, names) = columns(lanes);
        client.execute(&client.prepare_cached(GO_LIVE).await?, &[&projects, &names]).await?;
    }
    Ok(())
}

/// Makes the waiting calls live of those locked lanes in which one is.
pub(super) async fn stay_live(client: &Object, lanes: &BTreeSet<LaneKey>) -> Result<(), Trouble> {
    if !lanes.is_empty() {
        let (projects, names) = columns(lanes);
        client.execute(&client.prepare_cached(STAY_LIVE).await?, &[&projects, &names]).await?;
    }
    Ok(())
}

/// Calls whose turn it is, with their lanes claimed; see [`super::Store::due`].
pub(super) async fn due(
    client: &Object,
    project: &ProjectId,
    at: Timestamp,
    busy: &[String],
    turns: Turns,
    me: &Me,
) -> Result<Vec<StoredCall>, Trouble> {
    let limit = i64::try_from(turns.limit.min(DUE_MAX)).unwrap_or(i64::MAX);
    let (project, now) = (project.as_str(), micros(at));
    // What is lost of a claim by a crash of the server is only the claim: every write to a CRM is stored first, and
    // that flushes what came before it.
    let lazily = async { client.batch_execute("SET LOCAL synchronous_commit = off").await.map_err(Trouble::from) };
    let claim = async {
        let claim = client.prepare_cached(&CLAIM).await?;
        Ok(client.query(&claim, &[&project, &now, &busy, &limit, &me.id, &turns.backlog]).await?)
    };
    let ((), rows) = futures::try_join!(lazily, claim)?;
    let mut claims = BTreeMap::new();
    for row in rows {
        let lane: String = row.try_get(0)?;
        let (fence, moved) = (unsigned(row.try_get(1)?), row.try_get(2)?);
        claims.insert(lane.clone(), Claim { lane, fence, moved, lease: me.lease.clone() });
    }
    let (mut calls, damaged) = turn(client, project, now, &claims).await?;
    set_aside(client, project, &damaged, at).await?;
    for call in &mut calls {
        call.claim = claims.remove(&call.lane);
    }
    if !claims.is_empty() {
        let idle: Vec<&str> = claims.keys().map(String::as_str).collect();
        client.execute(&client.prepare_cached(FREE).await?, &[&project, &idle, &me.id]).await?;
    }
    Ok(calls)
}

/// Calls whose turn it is in claimed lanes, and those among them that cannot be read. Read after the claim: between the
/// two questions another sidecar may have delivered a call and set its lane free.
async fn turn(
    client: &Object,
    project: &str,
    now: i64,
    claims: &BTreeMap<String, Claim>,
) -> Result<(Vec<StoredCall>, Vec<Damaged>), Trouble> {
    let lanes: Vec<&str> = claims.keys().map(String::as_str).collect();
    let turn = client.prepare_cached(&TURN).await?;
    let (mut calls, mut damaged) = (Vec::with_capacity(lanes.len()), Vec::new());
    for row in client.query(&turn, &[&project, &now, &lanes]).await? {
        match row::whole(&row) {
            Ok(call) => calls.push(call),
            Err(Trouble::Final(StoreError::Unreadable(found))) => {
                damaged.push(Damaged { seq: row.try_get("seq")?, lane: row.try_get("lane")?, found });
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok((calls, damaged))
}

/// Puts calls that cannot be read among the failed ones, where a person sees them; the others of their lanes, which are
/// claimed and so locked, go on.
async fn set_aside(client: &Object, project: &str, damaged: &[Damaged], now: Timestamp) -> Result<(), Trouble> {
    if damaged.is_empty() {
        return Ok(());
    }
    let set_aside = client.prepare_cached(SET_ASIDE).await?;
    for Damaged { seq, found, .. } in damaged {
        let trouble = to_json(&damage(found, now))?;
        client.execute(&set_aside, &[seq, &trouble, &DAMAGED, &micros(now)]).await?;
    }
    let lanes = damaged.iter().map(|call| (project.to_owned(), call.lane.clone())).collect();
    settle(client, &lanes, micros(now)).await
}

/// The earliest time of a head that may be claimed; see [`super::Store::next_due`].
pub(super) async fn next_due(
    client: &Object,
    project: &ProjectId,
    backlog: bool,
    me: &Me,
) -> Result<Option<Timestamp>, Trouble> {
    let next = client.prepare_cached(if backlog { &NEXT } else { &NEXT_LIVE }).await?;
    let row = client.query_opt(&next, &[&project.as_str(), &me.id]).await?;
    row.map(|row| row::time(&row, "due_at")).transpose()
}

/// Projects that have a head; see [`super::Store::queued`].
pub(super) async fn queued(client: &Object) -> Result<Vec<ProjectId>, Trouble> {
    let queued = client.prepare_cached(&QUEUED).await?;
    named(&client.query(&queued, &[]).await?)
}

/// Projects with a call that is due and may be claimed by a sidecar.
pub(super) async fn with_work(client: &Object, me: &str, now: Timestamp) -> Result<Vec<ProjectId>, Trouble> {
    let with_work = client.prepare_cached(&WITH_WORK).await?;
    named(&client.query(&with_work, &[&me, &micros(now)]).await?)
}

fn named(projects: &[Row]) -> Result<Vec<ProjectId>, Trouble> {
    projects.iter().map(|row| Ok(ProjectId::new(row.try_get::<_, &str>(0)?))).collect()
}

/// Sets lanes of a project free that a sidecar holds.
pub(super) const FREE: &str =
    "UPDATE lanes SET holder = NULL, changes = changes + 1 WHERE project = $1 AND lane = ANY($2) AND holder = $3";

/// Whether a lane `l` may be claimed, by the sidecar of a parameter.
fn free_for(me: &str) -> String {
    format!("(l.holder IS NULL OR l.holder = {me} OR NOT EXISTS (SELECT 1 FROM sidecars s WHERE s.id = l.holder))")
}

const LOCK: &str = "INSERT INTO lanes AS l (project, lane)
    SELECT k.project, k.lane FROM unnest($1::text[], $2::text[]) AS k (project, lane) ORDER BY 1, 2
    ON CONFLICT (project, lane) DO UPDATE SET changes = l.changes + 1";

/// Before a change of calls `c`: for each lane `h` the earliest call that holds later ones back.
const HOLDING: &str = "WITH holding AS MATERIALIZED (
    SELECT k.project, k.lane, coalesce((
        SELECT e.seq FROM calls e
        WHERE e.project = k.project AND e.lane = k.lane AND e.state = 'waiting' AND (e.retrying OR e.due_at <= $3)
        ORDER BY e.seq LIMIT 1), 9223372036854775807) AS seq
    FROM unnest($1::text[], $2::text[]) AS k (project, lane))";

static RAISE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{HOLDING} UPDATE calls c SET head = true FROM holding h
        WHERE c.project = h.project AND c.lane = h.lane AND c.state = 'waiting' AND c.seq <= h.seq AND NOT c.head"
    )
});

static LOWER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{HOLDING} UPDATE calls c SET head = false FROM holding h
        WHERE c.project = h.project AND c.lane = h.lane AND c.state = 'waiting' AND c.seq > h.seq AND c.head"
    )
});

const GO_LIVE: &str =
    "UPDATE calls c SET backlog = false, worth = 0 FROM unnest($1::text[], $2::text[]) AS k (project, lane)
    WHERE c.project = k.project AND c.lane = k.lane AND c.state = 'waiting' AND c.backlog";

const STAY_LIVE: &str =
    "UPDATE calls c SET backlog = false, worth = 0 FROM unnest($1::text[], $2::text[]) AS k (project, lane)
    WHERE c.project = k.project AND c.lane = k.lane AND c.state = 'waiting' AND c.backlog AND EXISTS (
        SELECT 1 FROM calls e
        WHERE e.project = k.project AND e.lane = k.lane AND e.state = 'waiting' AND NOT e.backlog)";

/// Nothing earlier in the lane of `c` holds it back at the time of parameter 2.
const IS_FIRST: &str = "NOT EXISTS (
    SELECT 1 FROM calls e
    WHERE e.project = c.project AND e.lane = c.lane AND e.state = 'waiting' AND e.seq < c.seq
        AND (e.retrying OR e.due_at <= $2))";

const SET_ASIDE: &str = "UPDATE calls SET state = 'failed', trouble = $2, trouble_reason = $3, changed_at = $4,
        retrying = false, head = false
    WHERE seq = $1 AND state = 'waiting'";

static CLAIM: LazyLock<String> = LazyLock::new(|| {
    let free = free_for("$5");
    format!(
        "WITH turn AS (
            SELECT l.project, l.lane, l.served_by
            FROM calls c JOIN lanes l ON l.project = c.project AND l.lane = c.lane
            WHERE c.project = $1 AND c.state = 'waiting' AND c.head AND c.due_at <= $2 AND c.backlog <= $6
                AND c.lane <> ALL ($3)
                AND {free} AND {IS_FIRST} AND EXISTS (SELECT 1 FROM sidecars m WHERE m.id = $5)
            ORDER BY c.backlog, c.worth, c.seq LIMIT $4 FOR UPDATE OF l SKIP LOCKED)
        UPDATE lanes l SET holder = $5, served_by = $5, changes = l.changes + 1,
            fence = CASE WHEN l.holder = $5 THEN l.fence ELSE l.fence + 1 END
        FROM turn t WHERE l.project = t.project AND l.lane = t.lane
        RETURNING l.lane, l.fence, coalesce(t.served_by <> $5, false)"
    )
});

static TURN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM calls c
        WHERE c.project = $1 AND c.state = 'waiting' AND c.head AND c.due_at <= $2 AND c.lane = ANY ($3) AND {IS_FIRST}
        ORDER BY c.backlog, c.worth, c.seq"
    )
});

/// Projects that have a head. From each one the next is looked for, so that a long queue costs no more than a short one.
const HEADS: &str = "WITH RECURSIVE queued AS (
    (SELECT project FROM calls WHERE state = 'waiting' AND head ORDER BY project LIMIT 1)
    UNION ALL
    SELECT n.project FROM queued q, LATERAL (
        SELECT c.project FROM calls c WHERE c.state = 'waiting' AND c.head AND c.project > q.project
        ORDER BY c.project LIMIT 1) n)";

static QUEUED: LazyLock<String> = LazyLock::new(|| format!("{HEADS} SELECT project FROM queued"));

/// The order keeps the database from reading all that wait before it takes one.
static WITH_WORK: LazyLock<String> = LazyLock::new(|| {
    let free = free_for("$1");
    format!(
        "{HEADS} SELECT q.project FROM queued q, LATERAL (
            SELECT 1 FROM calls c JOIN lanes l ON l.project = c.project AND l.lane = c.lane
            WHERE c.project = q.project AND c.state = 'waiting' AND c.head AND c.due_at <= $2 AND {free}
            ORDER BY c.due_at LIMIT 1) due"
    )
});

static NEXT: LazyLock<String> = LazyLock::new(|| next_sql(""));

/// Live heads stand together and are few, while those of the backlog may all be due earlier.
static NEXT_LIVE: LazyLock<String> = LazyLock::new(|| next_sql("AND c.backlog = false"));

fn next_sql(which: &str) -> String {
    let free = free_for("$2");
    format!(
        "SELECT c.due_at FROM calls c JOIN lanes l ON l.project = c.project AND l.lane = c.lane
        WHERE c.project = $1 AND c.state = 'waiting' AND c.head AND {free} {which} ORDER BY c.due_at LIMIT 1"
    )
}

fn columns(lanes: &BTreeSet<LaneKey>) -> (Vec<&str>, Vec<&str>) {
    lanes.iter().map(|(project, lane)| (project.as_str(), lane.as_str())).unzip()
}
