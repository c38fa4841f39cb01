//! What calls behind live ones are worth; what is kept in order stands in `sqlite/worth.rs`, which this follows for all
//! calls of a portion at once. Their lanes are locked.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Object;
use tieline_engine::{call::Call, ids::ProjectId, worth::is_missed};

use super::{
    super::{
        StoredCall,
        resend::{Judged, LATER_MAX},
        values::{micros, signed},
    },
    row,
    trouble::Trouble,
};

/// What calls are worth by themselves, in their order.
pub(super) async fn judge(client: &Object, project: &ProjectId, calls: &[StoredCall]) -> Result<Vec<Judged>, Trouble> {
    let lanes: Vec<&str> = calls.iter().map(|stored| stored.lane.as_str()).collect();
    let rows = client.query(&client.prepare_cached(WITH_RECORDS).await?, &[&project.as_str(), &lanes]).await?;
    let known: BTreeSet<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let talked = talked_since(client, project, calls).await?;
    let judged = |stored: &StoredCall| Judged::of(stored, known.contains(&stored.lane), talked.contains(&stored.seq));
    Ok(calls.iter().map(judged).collect())
}

/// Who is next in a lane.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Behind live calls.
    InQueue,
    /// Among those a resending holds.
    Held(u64),
}

/// What calls are worth where they go, from the latest to the earliest: no less than the next one of their lane.
pub(super) async fn ranks(
    client: &Object,
    project: &ProjectId,
    calls: &[(&StoredCall, i64)],
    next: Next,
) -> Result<Vec<i64>, Trouble> {
    let (lanes, seqs): (Vec<&str>, Vec<i64>) =
        calls.iter().map(|(stored, _)| (stored.lane.as_str(), signed(stored.seq))).unzip();
    let project = project.as_str();
    let rows = match next {
        Next::InQueue => client.query(&client.prepare_cached(NEXT_WAITING).await?, &[&project, &lanes, &seqs]).await?,
        Next::Held(id) => {
            let held = -signed(id);
            client.query(&client.prepare_cached(NEXT_HELD).await?, &[&project, &lanes, &seqs, &held]).await?
        }
    };
    let mut following = BTreeMap::new();
    for row in rows {
        following.insert(row.try_get::<_, i64>(0)?, i64::from(row.try_get::<_, i16>(1)?));
    }
    let mut of_lane: BTreeMap<&str, i64> = BTreeMap::new();
    let mut ranks = Vec::with_capacity(calls.len());
    for (stored, own) in calls {
        let here = of_lane.get(stored.lane.as_str()).copied();
        let next = following.get(&signed(stored.seq)).copied().filter(|next| *next > 0);
        let rank = [here, next].into_iter().flatten().fold(*own, i64::min);
        of_lane.insert(&stored.lane, rank);
        ranks.push(rank);
    }
    Ok(ranks)
}

/// Lifts what waits before a call that joined its lane from outside the queue.
pub(super) async fn lift_earlier(client: &Object, stored: &StoredCall, rank: i64) -> Result<(), Trouble> {
    let (project, seq, rank) = (stored.call.project.as_str(), signed(stored.seq), small(rank));
    client.execute(&client.prepare_cached(LIFT).await?, &[&project, &stored.lane, &seq, &rank]).await?;
    Ok(())
}

/// A rank as a column.
pub(super) fn small(rank: i64) -> i16 {
    i16::try_from(rank).unwrap_or(i16::MAX)
}

/// The missed ones of some calls after which somebody has talked with the client.
async fn talked_since(client: &Object, project: &ProjectId, calls: &[StoredCall]) -> Result<BTreeSet<u64>, Trouble> {
    let missed: Vec<&StoredCall> = calls.iter().filter(|stored| is_missed(&stored.call)).collect();
    let (lanes, seqs): (Vec<&str>, Vec<i64>) =
        missed.iter().map(|stored| (stored.lane.as_str(), signed(stored.seq))).unzip();
    let happened = |stored: &&StoredCall| micros(stored.call.started_at.unwrap_or(stored.received_at));
    let happened: Vec<i64> = missed.iter().map(happened).collect();
    let mut talked = BTreeSet::new();
    let project = project.as_str();
    let rows = client.query(&client.prepare_cached(TALKED).await?, &[&project, &lanes, &seqs, &happened]).await?;
    for row in rows {
        talked.insert(row.try_get::<_, i64>(0)?.unsigned_abs());
    }
    let later = signed(LATER_MAX as u64);
    for row in client.query(&client.prepare_cached(LATER).await?, &[&project, &lanes, &seqs, &later]).await? {
        if row::json::<Call>(&row, "call").is_ok_and(|call| call.is_answered()) {
            talked.insert(row.try_get::<_, i64>(0)?.unsigned_abs());
        }
    }
    Ok(talked)
}

const WITH_RECORDS: &str = "SELECT DISTINCT lane FROM own WHERE project = $1 AND lane = ANY ($2)";

const TALKED: &str = "SELECT k.seq FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS k (lane, seq, happened)
    JOIN talks t ON t.project = $1 AND t.lane = k.lane WHERE t.happened_at > k.happened";

const LATER: &str = "SELECT k.seq, l.call FROM unnest($2::text[], $3::bigint[]) AS k (lane, seq)
    CROSS JOIN LATERAL (
        (SELECT e.call FROM calls e
        WHERE e.project = $1 AND e.lane = k.lane AND e.state = 'waiting' AND e.seq > k.seq ORDER BY e.seq LIMIT $4)
        UNION ALL
        (SELECT e.call FROM calls e
        WHERE e.project = $1 AND e.lane = k.lane AND e.state <> 'waiting' AND e.seq > k.seq ORDER BY e.seq LIMIT $4)
    ) AS l";

const NEXT_WAITING: &str = "SELECT k.seq, l.worth FROM unnest($2::text[], $3::bigint[]) AS k (lane, seq)
    CROSS JOIN LATERAL (
        SELECT e.worth FROM calls e
        WHERE e.project = $1 AND e.lane = k.lane AND e.state = 'waiting' AND e.backlog AND e.seq > k.seq
        ORDER BY e.seq LIMIT 1) AS l";

const NEXT_HELD: &str = "SELECT k.seq, l.worth FROM unnest($2::text[], $3::bigint[]) AS k (lane, seq)
    CROSS JOIN LATERAL (
        SELECT e.worth FROM calls e
        WHERE e.project = $1 AND e.lane = k.lane AND e.state <> 'waiting' AND e.resend = $4 AND e.seq > k.seq
        ORDER BY e.seq LIMIT 1) AS l";

const LIFT: &str = "UPDATE calls SET worth = $4
    WHERE project = $1 AND lane = $2 AND state = 'waiting' AND backlog AND seq < $3 AND worth > $4";
