//! Changes of many calls at once, in portions: a portion is one transaction, so that acceptance goes on between two of
//! them. A crash leaves whole portions done; doing it again does the rest. What the changes mean stands in
//! `sqlite/bulk.rs`, which this follows.

use std::collections::BTreeSet;

use deadpool_postgres::Object;
use tieline_engine::{ids::ProjectId, jiff::Timestamp, reason::Reason};
use tokio_postgres::types::ToSql;

use super::{
    super::{
        Filter, State, StateIs, StoredCall,
        resend::forgiven,
        transition::may_requeue,
        values::{micros, micros_up, signed, state_columns, to_json},
    },
    admin,
    filter::{Conditions, Order},
    queue::{self, LaneKey},
    trouble::Trouble,
    worth::{self, Next},
};

/// Calls per portion: a few ten milliseconds of their lanes.
pub(super) const PORTION: usize = 200;

/// Whether the next waiting call of the lane of `c` is live. As lanes are walked from their end, a call then stays live
/// too: an earlier call that went behind the backlog would hold the live one up.
const NEXT_IS_LIVE: &str = "coalesce((
    SELECT NOT n.backlog FROM calls n
    WHERE n.project = c.project AND n.lane = c.lane AND n.state = 'waiting' AND n.seq > c.seq
    ORDER BY n.seq LIMIT 1), false)";

/// Where a change of many calls has come to: it goes from the latest call to the first, so that calls accepted
/// after its beginning are not meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    before: u64,
    /// Calls changed so far.
    pub(super) changed: u64,
    /// Nothing is left to do.
    pub(super) done: bool,
}

/// What is changed.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// See [`super::Store::requeue`].
    Requeue(Filter, Timestamp),
    /// See [`super::Store::skip`].
    Skip(Filter, Reason, Timestamp),
    /// See [`super::Store::demote_waiting`].
    Demote,
}

impl Portion {
    /// Before the first portion.
    pub(super) const FIRST: Self = Self { before: u64::MAX, changed: 0, done: false };

    /// Does the next portion, in a transaction.
    pub(super) async fn next(mut self, client: &Object, project: &ProjectId, change: &Change) -> Result<Self, Trouble> {
        let filter = change.filter();
        let conditions = Conditions::new(project, &filter).from(self.before, Order::Falling);
        let found = admin::select(client, &conditions, Order::Falling, PORTION).await?;
        self.done = found.len() < PORTION;
        let Some(last) = found.last() else { return Ok(self) };
        self.before = last.seq;
        let lanes: BTreeSet<LaneKey> = found.iter().map(|call| lane_of(project, call)).collect();
        queue::lock(client, &lanes).await?;
        // Read again under the locks: a call may have been delivered, or have changed lanes, meanwhile.
        let positions = found.iter().map(|call| signed(call.seq)).collect();
        let conditions = Conditions::new(project, &filter).at(positions);
        let calls = admin::select(client, &conditions, Order::Falling, PORTION).await?;
        if calls.iter().any(|call| !lanes.contains(&lane_of(project, call))) {
            return Err(Trouble::Crossed("a call has changed lanes".to_owned()));
        }
        let ranks = change.ranks(client, project, &calls).await?;
        for (call, rank) in calls.iter().zip(ranks) {
            self.changed += u64::from(change.of(client, call, rank).await?);
        }
        if let Some(now) = change.at() {
            queue::settle(client, &lanes, micros(now)).await?;
        }
        Ok(self)
    }
}

impl Change {
    fn filter(&self) -> Filter {
        match self {
            Self::Requeue(filter, _) | Self::Skip(filter, ..) => filter.clone(),
            Self::Demote => Filter { states: vec![StateIs::Waiting], ..Filter::default() },
        }
    }

    /// When, for those that change heads.
    fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Requeue(_, now) | Self::Skip(_, _, now) => Some(*now),
            Self::Demote => None,
        }
    }

    /// What calls are worth behind live ones, where they go there.
    async fn ranks(&self, client: &Object, project: &ProjectId, calls: &[StoredCall]) -> Result<Vec<i64>, Trouble> {
        if matches!(self, Self::Skip(..)) {
            return Ok(vec![0; calls.len()]);
        }
        let judged = worth::judge(client, project, calls).await?;
        let own: Vec<_> = calls.iter().zip(judged).map(|(stored, judged)| (stored, judged.rank())).collect();
        worth::ranks(client, project, &own, Next::InQueue).await
    }

    /// Changes one call, or leaves it as it is.
    async fn of(&self, client: &Object, stored: &StoredCall, rank: i64) -> Result<bool, Trouble> {
        match self {
            Self::Requeue(filter, now) if may_requeue(stored.state, filter) && !stored.damaged => {
                put_back(client, stored, *now, rank, None).await?;
                if stored.state != State::Waiting {
                    worth::lift_earlier(client, stored, rank).await?;
                }
                Ok(true)
            }
            Self::Skip(_, reason, now) if may_end(stored) => end(client, stored, reason, *now).await,
            Self::Demote => demote(client, stored, rank).await,
            Self::Requeue(..) | Self::Skip(..) => Ok(false),
        }
    }
}

fn may_end(stored: &StoredCall) -> bool {
    match stored.state {
        State::Waiting => stored.written.is_empty(),
        State::Failed => true,
        State::Written | State::Skipped(_) => false,
    }
}

/// What belongs to a resending is told where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) resend: u64,
    pub(super) kept_as: Option<&'static str>,
}

/// Puts a call into the queue, due now; see `sqlite/bulk.rs`.
pub(super) async fn put_back(
    client: &Object,
    stored: &StoredCall,
    now: Timestamp,
    rank: i64,
    tag: Option<Tag>,
) -> Result<(), Trouble> {
    let sql = format!(
        "UPDATE calls c SET state = 'waiting', skip_code = NULL, facts = $2, changed_at = $3, due_at = $4,
             retrying = false, attempts = 0, head = c.head AND c.state = 'waiting',
             backlog = CASE WHEN c.state = 'waiting' THEN c.backlog ELSE NOT {NEXT_IS_LIVE} END,
             worth = CASE WHEN c.state = 'waiting' THEN c.worth WHEN {NEXT_IS_LIVE} THEN 0::smallint ELSE $5::smallint END,
             resend = coalesce($6, c.resend), kept_as = CASE WHEN $6::bigint IS NULL THEN c.kept_as ELSE $7 END
         WHERE c.seq = $1"
    );
    let (seq, facts) = (signed(stored.seq), to_json(&forgiven(stored))?);
    let (resend, kept_as) = (tag.map(|tag| signed(tag.resend)), tag.and_then(|tag| tag.kept_as));
    let (at, due_at, rank) = (micros(now), micros_up(now), worth::small(rank));
    change(client, &sql, &[&seq, &facts, &at, &due_at, &rank, &resend, &kept_as]).await?;
    Ok(())
}

async fn end(client: &Object, stored: &StoredCall, reason: &Reason, now: Timestamp) -> Result<bool, Trouble> {
    let (state, skip_code) = state_columns(State::Skipped(reason.code));
    let sql = "UPDATE calls SET state = $2, skip_code = $3, reasons = $4, changed_at = $5, retrying = false,
        head = false WHERE seq = $1";
    let reasons = to_json(&[reason])?;
    change(client, sql, &[&signed(stored.seq), &state, &skip_code, &reasons, &micros(now)]).await
}

/// A lane into which a live call came meanwhile stays live.
async fn demote(client: &Object, stored: &StoredCall, rank: i64) -> Result<bool, Trouble> {
    let sql = format!(
        "UPDATE calls c SET backlog = true, worth = $2
         WHERE c.seq = $1 AND c.state = 'waiting' AND NOT c.backlog AND NOT {NEXT_IS_LIVE}"
    );
    change(client, &sql, &[&signed(stored.seq), &worth::small(rank)]).await
}

async fn change(client: &Object, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<bool, Trouble> {
    Ok(client.execute(&client.prepare_cached(sql).await?, params).await? > 0)
}

/// The lane of a project's call.
pub(super) fn lane_of(project: &ProjectId, call: &StoredCall) -> LaneKey {
    (project.as_str().to_owned(), call.lane.clone())
}
