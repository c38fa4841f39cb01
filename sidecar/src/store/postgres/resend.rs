//! Resendings; what they are stands in `store/resend.rs`. A portion is one transaction. Of several sidecars one does a
//! resending's portions at a time; the others find nothing to do.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Object;
use tieline_engine::{ids::ProjectId, jiff::Timestamp, reason::Reason};
use tokio_postgres::types::ToSql;

use self::read::{HELD, HELD_AT, Kept, RESENT, RESENT_AT, read, select};
use super::{
    super::{
        State, StoredCall,
        resend::{QUEUED_MAX, Resending, Selection, Survey, back_to, is_kept, is_ready, is_untouched, kept_as},
        transition::may_requeue,
        values::{micros, signed, state_columns, to_json, unsigned},
    },
    admin,
    bulk::{self, PORTION, Tag, lane_of},
    filter::{Conditions, Order},
    queue::{self, LaneKey},
    trouble::Trouble,
    worth::{self, Next},
};

/// Calls of a survey looked at in one question.
const SURVEYED: usize = 500;

/// Keeps two sidecars from doing one resending's portion at once (of the schema's name, and the resending's number beside
/// it).
const ALONE: &str = "SELECT pg_try_advisory_xact_lock(hashtext('resend in ' || current_schema()), $1)";

/// Begins one; see [`super::Store::begin_resend`].
pub(super) async fn begin(
    client: &Object,
    project: &ProjectId,
    selection: &Selection,
    at: Timestamp,
) -> Result<u64, Trouble> {
    let sql = "INSERT INTO resends (project, selection, begun_at, choosing) VALUES ($1, $2, $3, $4) RETURNING id";
    let params: [&(dyn ToSql + Sync); 4] = [&project.as_str(), &to_json(selection)?, &micros(at), &i64::MAX];
    Ok(unsigned(client.query_one(sql, &params).await?.try_get(0)?))
}

/// One; see [`super::Store::resending`].
pub(super) async fn resending(
    client: &Object,
    project: &ProjectId,
    id: Option<u64>,
) -> Result<Option<Resending>, Trouble> {
    let sql = "SELECT * FROM resends WHERE project = $1 AND ($2::bigint IS NULL OR id = $2) ORDER BY id DESC LIMIT 1";
    let one = client.prepare_cached(sql).await?;
    client.query_opt(&one, &[&project.as_str(), &id.map(signed)]).await?.as_ref().map(read).transpose()
}

/// Those with a step to do; see [`super::Store::open_resendings`].
pub(super) async fn open(client: &Object) -> Result<Vec<Resending>, Trouble> {
    let open = client
        .prepare_cached(
            "SELECT * FROM resends WHERE CASE WHEN cancelled
                 THEN holding IS NOT NULL ELSE choosing IS NOT NULL OR held > 0 END ORDER BY id",
        )
        .await?;
    client.query(&open, &[]).await?.iter().map(read).collect()
}

/// Cancels one, or lets it go on; see [`super::Store::order_resend`].
pub(super) async fn order(client: &Object, project: &ProjectId, id: u64, cancel: bool) -> Result<bool, Trouble> {
    let sql = "UPDATE resends SET cancelled = $3, holding = $4 WHERE id = $1 AND project = $2";
    let holding = cancel.then_some(i64::MAX);
    Ok(client.execute(sql, &[&signed(id), &project.as_str(), &cancel, &holding]).await? > 0)
}

/// Does a portion; see [`super::Store::step_resend`].
pub(super) async fn step(client: &Object, project: &ProjectId, id: u64, now: Timestamp) -> Result<bool, Trouble> {
    let number = i32::try_from(id % (1 << 31)).unwrap_or_default();
    let alone = client.query_one(&client.prepare_cached(ALONE).await?, &[&number]).await?;
    if !alone.try_get::<_, bool>(0)? {
        return Ok(false);
    }
    let Some(resending) = resending(client, project, Some(id)).await? else { return Ok(false) };
    match (resending.cancelled, resending.choosing, resending.holding) {
        (true, _, Some(before)) => hold(client, &resending, before, now).await,
        (true, _, None) => Ok(false),
        (false, Some(before), _) => choose(client, &resending, before, now).await,
        (false, None, _) => release(client, &resending, now).await,
    }
}

/// Counts a portion; see [`super::Store::survey`].
pub(super) async fn survey(
    client: &Object,
    project: &ProjectId,
    selection: &Selection,
    accepted_until: Timestamp,
    before: u64,
) -> Result<Survey, Trouble> {
    let filter = selection.filter(accepted_until);
    let conditions = Conditions::new(project, &filter).from(before, Order::Falling);
    let mut calls = admin::select(client, &conditions, Order::Falling, SURVEYED).await?;
    let before = calls.last().filter(|_| calls.len() == SURVEYED).map(|last| last.seq);
    let mut survey = Survey { before, ..Survey::default() };
    calls.retain(|stored| may_requeue(stored.state, &filter) && !stored.damaged);
    for (stored, judged) in calls.iter().zip(worth::judge(client, project, &calls).await?) {
        if selection.takes(&stored.call, judged.client) {
            survey.add(judged.worth);
        }
    }
    Ok(survey)
}

/// Marks a portion. Who waits is due at once and keeps the place; the others are held.
async fn choose(client: &Object, resending: &Resending, before: u64, now: Timestamp) -> Result<bool, Trouble> {
    let (project, selection) = (&resending.project, &resending.selection);
    let filter = selection.filter(resending.begun_at);
    let conditions = Conditions::new(project, &filter).from(before, Order::Falling);
    let found = admin::select(client, &conditions, Order::Falling, PORTION).await?;
    let lanes = lock(client, resending, &found).await?;
    let positions = found.iter().map(|call| signed(call.seq)).collect();
    let conditions = Conditions::new(project, &filter).at(positions);
    let mut calls = admin::select(client, &conditions, Order::Falling, PORTION).await?;
    check(project, &lanes, &calls)?;
    calls.retain(|stored| may_requeue(stored.state, &filter) && !stored.damaged);
    let judged = worth::judge(client, project, &calls).await?;
    let taken: Vec<_> =
        calls.iter().zip(&judged).filter(|(stored, judged)| selection.takes(&stored.call, judged.client)).collect();
    let (waiting, held): (Vec<_>, Vec<_>) = taken.into_iter().partition(|(stored, _)| stored.state == State::Waiting);
    let (ready, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(stored, _)| is_ready(stored, now));
    let ready: Vec<i64> = ready.iter().map(|(stored, _)| signed(stored.seq)).collect();
    let join = client.prepare_cached("UPDATE calls SET resend = $1, kept_as = NULL WHERE seq = ANY ($2)").await?;
    client.execute(&join, &[&signed(resending.id), &ready]).await?;
    for (stored, _) in waiting {
        let tag = Tag { resend: resending.id, kept_as: None };
        bulk::put_back(client, stored, now, 0, Some(tag)).await?;
    }
    let held: Vec<_> = held.into_iter().map(|(stored, judged)| (stored, judged.rank())).collect();
    let ranks = worth::ranks(client, project, &held, Next::Held(resending.id)).await?;
    let seqs: Vec<i64> = held.iter().map(|(stored, _)| signed(stored.seq)).collect();
    let ranks: Vec<i16> = ranks.into_iter().map(worth::small).collect();
    let mark = client.prepare_cached(MARK).await?;
    client.execute(&mark, &[&-signed(resending.id), &micros(now), &seqs, &ranks]).await?;
    queue::settle(client, &lanes, micros(now)).await?;
    move_on(client, resending.id, "choosing", &found).await?;
    Ok(true)
}

/// Puts the best held calls into the queue, while there are few of them in it.
async fn release(client: &Object, resending: &Resending, now: Timestamp) -> Result<bool, Trouble> {
    let (project, id, most) = (&resending.project, signed(resending.id), signed(QUEUED_MAX as u64));
    let queued = client.query_one(&client.prepare_cached(COUNT_RELEASED).await?, &[&id, &most]).await?;
    if queued.try_get::<_, i64>(0)? >= most {
        return Ok(false);
    }
    let found = select(client, HELD, &[&-id, &signed(PORTION as u64)]).await?;
    let calls: Vec<StoredCall> = found.iter().map(|(stored, _)| stored.clone()).collect();
    let lanes = lock(client, resending, &calls).await?;
    let seqs: Vec<i64> = calls.iter().map(|stored| signed(stored.seq)).collect();
    let held = select(client, HELD_AT, &[&-id, &seqs]).await?;
    check(project, &lanes, held.iter().map(|(stored, _)| stored))?;
    for (stored, kept) in &held {
        let may_go = match stored.state {
            _ if stored.damaged => false,
            State::Failed => true,
            State::Skipped(code) => is_kept(code),
            State::Waiting | State::Written => false,
        };
        if may_go {
            let ranks = worth::ranks(client, project, &[(stored, kept.worth)], Next::InQueue).await?;
            let rank = ranks.first().copied().unwrap_or(kept.worth);
            let tag = Tag { resend: resending.id, kept_as: kept_as(stored.state) };
            bulk::put_back(client, stored, now, rank, Some(tag)).await?;
            worth::lift_earlier(client, stored, rank).await?;
        } else {
            // It has moved by itself meanwhile: later facts opened it, or a person dropped it. Or nobody can
            // read it any more: it is done with, and counts where it stands.
            let join = client.prepare_cached("UPDATE calls SET resend = $2 WHERE seq = $1").await?;
            client.execute(&join, &[&signed(stored.seq), &id]).await?;
        }
    }
    queue::settle(client, &lanes, micros(now)).await?;
    Ok(found.len() == PORTION)
}

/// Takes back what waits and was not begun.
async fn hold(client: &Object, resending: &Resending, before: u64, now: Timestamp) -> Result<bool, Trouble> {
    let (project, id) = (&resending.project, signed(resending.id));
    let found = select(client, &RESENT, &[&id, &signed(before)]).await?;
    let found: Vec<StoredCall> = found.into_iter().map(|(stored, _)| stored).collect();
    let lanes = lock(client, resending, &found).await?;
    let seqs: Vec<i64> = found.iter().map(|stored| signed(stored.seq)).collect();
    let waiting = select(client, RESENT_AT, &[&id, &seqs]).await?;
    check(project, &lanes, waiting.iter().map(|(stored, _)| stored))?;
    let mut was: BTreeMap<u64, Kept> = BTreeMap::new();
    let mut calls = Vec::new();
    // Who cannot be read stays in the queue, which sets it aside when its turn comes.
    for (stored, kept) in waiting.into_iter().filter(|(stored, _)| is_untouched(stored) && !stored.damaged) {
        was.insert(stored.seq, kept);
        calls.push(stored);
    }
    let judged = worth::judge(client, project, &calls).await?;
    let own: Vec<_> = calls.iter().zip(judged).map(|(stored, judged)| (stored, judged.rank())).collect();
    let ranks = worth::ranks(client, project, &own, Next::Held(resending.id)).await?;
    let back = client.prepare_cached(BACK).await?;
    for (stored, rank) in calls.iter().zip(ranks) {
        let kept = was.get(&stored.seq).and_then(|kept| kept.was.as_deref());
        let state = back_to(kept);
        let reasons = match (kept, state) {
            (None, State::Skipped(code)) => Some(to_json(&[Reason::new(code)])?),
            _ => None,
        };
        let (word, code) = state_columns(state);
        let (seq, at, rank) = (signed(stored.seq), micros(now), worth::small(rank));
        client.execute(&back, &[&seq, &word, &code, &reasons, &at, &-id, &rank]).await?;
    }
    queue::settle(client, &lanes, micros(now)).await?;
    move_on(client, resending.id, "holding", &found).await?;
    Ok(found.len() == PORTION)
}

/// Locks the lanes of calls. Whoever removes the project locks them too, and may have ended the resending meanwhile.
async fn lock(client: &Object, of: &Resending, calls: &[StoredCall]) -> Result<BTreeSet<LaneKey>, Trouble> {
    let lanes: BTreeSet<LaneKey> = calls.iter().map(|call| lane_of(&of.project, call)).collect();
    queue::lock(client, &lanes).await?;
    let stands = |resending: &Resending| (resending.cancelled, resending.choosing, resending.holding);
    if resending(client, &of.project, Some(of.id)).await?.as_ref().map(stands) != Some(stands(of)) {
        return Err(Trouble::Crossed("the resending was ordered otherwise".to_owned()));
    }
    Ok(lanes)
}

/// What was read again under the locks is in the lanes that are locked.
fn check<'c>(
    project: &ProjectId,
    lanes: &BTreeSet<LaneKey>,
    calls: impl IntoIterator<Item = &'c StoredCall>,
) -> Result<(), Trouble> {
    if calls.into_iter().any(|call| !lanes.contains(&lane_of(project, call))) {
        return Err(Trouble::Crossed("a call has changed lanes".to_owned()));
    }
    Ok(())
}

/// Notes where a walk has come to.
async fn move_on(client: &Object, id: u64, walk: &str, calls: &[StoredCall]) -> Result<(), Trouble> {
    let before = calls.last().filter(|_| calls.len() == PORTION).map(|last| signed(last.seq));
    client.execute(&format!("UPDATE resends SET {walk} = $2 WHERE id = $1"), &[&signed(id), &before]).await?;
    Ok(())
}

const COUNT_RELEASED: &str = "SELECT count(*) FROM (
    SELECT 1 FROM calls WHERE resend = $1 AND resend > 0 AND state = 'waiting' AND kept_as IS NOT NULL LIMIT $2) AS queued";

const MARK: &str = "UPDATE calls c SET resend = $1, changed_at = $2, worth = k.worth
    FROM unnest($3::bigint[], $4::smallint[]) AS k (seq, worth) WHERE c.seq = k.seq";

const BACK: &str = "UPDATE calls SET state = $2, skip_code = $3, reasons = coalesce($4, reasons), changed_at = $5,
        retrying = false, head = false, resend = $6, worth = $7, kept_as = NULL
    WHERE seq = $1";
