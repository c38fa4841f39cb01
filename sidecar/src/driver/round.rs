//! One look at a project: which of its calls are to be delivered now, and when to look again.

use std::time::Duration;

use tieline_engine::jiff::Timestamp;

use super::{Driver, connection::Connection, quota::Priority, served::Busy};
use crate::store::{Status, StoreError, StoredCall, Turns};

/// A project of which something waits is looked at after so long at the latest: the machine's clock may be set.
const REST_MAX: Duration = Duration::from_secs(60);
/// While clients are being served, a project is looked at so often at most without an event.
const BUSY_REST: Duration = Duration::from_millis(500);
/// The next look, when there may be more.
const AGAIN: Duration = Duration::from_millis(1);
/// While the backlog rests or has all its places, a project is looked at so often at least: the budget comes back by
/// itself.
const BACKLOG_REST: Duration = Duration::from_secs(15);
/// After the store failed a project is left alone for so long.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What a look at a project found.
pub(super) struct Round {
    /// Calls whose turn it is.
    pub(super) calls: Vec<StoredCall>,
    /// What comes after them.
    pub(super) then: Then,
}

/// What comes after a look at a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing until something happens: a call comes, a delivery ends, an administrator acts.
    Rest,
    /// Another look after a time.
    After(Duration),
    /// The CRM is learned, and then another look.
    Learn,
}

impl Round {
    /// No call now.
    fn none(then: Then) -> Self {
        Self { calls: Vec::new(), then }
    }

    /// A look at a project.
    pub(super) async fn of(driver: &Driver, connection: &Connection) -> Self {
        Self::look(driver, connection).await.unwrap_or_else(|error| {
            tracing::error!(project.id = %connection.project.id, %error, "the store cannot be read");
            Self::none(Then::After(STORE_PAUSE))
        })
    }

    async fn look(driver: &Driver, connection: &Connection) -> Result<Self, StoreError> {
        if connection.state().status != Status::Active {
            return Ok(Self::none(Then::Rest));
        }
        let closed = connection.gate.rests(Priority::Live);
        if !closed.is_zero() {
            return Ok(Self::none(Then::After(closed)));
        }
        let (store, project, now) = (&driver.store, &connection.project.id, driver.clock.now());
        if connection.is_to_learn() {
            // Only who has something to do asks for a token.
            let next = store.next_due(project, true).await?;
            let is_due = next.is_some_and(|next| next <= now);
            return Ok(Self::none(if is_due { Then::Learn } else { after(now, next) }));
        }
        let busy = driver.served.busy(project);
        let turns = turns(connection, &busy);
        if turns.limit == 0 {
            return Ok(Self::none(Then::Rest));
        }
        let calls = store.due(project, now, &busy.lanes, turns).await?;
        if calls.len() >= turns.limit {
            return Ok(Self { then: full(turns, &calls), calls });
        }
        let next = store.next_due(project, turns.backlog).await?;
        // A call of a busy lane, here or of another sidecar, may be due already and hide the time of the next one.
        let is_hidden = next.is_some_and(|next| next <= now);
        let is_busy = is_hidden || !calls.is_empty() || !busy.lanes.is_empty();
        let then = match after(now, next) {
            Then::After(rest) if is_busy => Then::After(rest.max(BUSY_REST)),
            then => then,
        };
        let then = if turns.backlog { then } else { then.within(BACKLOG_REST) };
        Ok(Self { calls, then })
    }
}

impl Then {
    /// The same, with another look after a time at the latest.
    fn within(self, most: Duration) -> Self {
        match self {
            Self::Rest => Self::After(most),
            Self::After(rest) => Self::After(rest.min(most)),
            Self::Learn => Self::Learn,
        }
    }
}

/// Which calls are begun. Deliveries of the backlog, which the quota slows all alike, may fill every place for long; live
/// calls then get places of their own, as many again. What is left of a day's budget may be for live calls only.
fn turns(connection: &Connection, busy: &Busy) -> Turns {
    let most = lanes_max(connection);
    let room = most.saturating_sub(busy.serving);
    if room > 0 && !connection.backlog_rests() {
        return Turns::all(room);
    }
    Turns::live(most.saturating_sub(busy.serving - busy.backlog))
}

/// All places are taken. Where the last one went to the backlog, every live call that is due has one, and the next look is
/// for the time of those that wait; else more of them may be due.
fn full(turns: Turns, calls: &[StoredCall]) -> Then {
    match calls.last() {
        _ if !turns.backlog => Then::Rest,
        Some(last) if last.backlog => Then::After(BUSY_REST),
        Some(_) | None => Then::After(AGAIN),
    }
}

/// Twice the CRM's concurrency keeps the gate fed while answers are stored.
fn lanes_max(connection: &Connection) -> usize {
    let concurrency = connection.dialect().quota().concurrency as usize;
    (concurrency * 2).clamp(2, 64)
}

fn after(now: Timestamp, next: Option<Timestamp>) -> Then {
    let Some(next) = next else { return Then::Rest };
    let wait = Duration::try_from(next.duration_since(now)).unwrap_or(Duration::ZERO);
    Then::After(wait.clamp(AGAIN, REST_MAX))
}
