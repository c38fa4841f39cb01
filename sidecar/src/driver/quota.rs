//! One connection's share of its CRM's quota: ringing before live before backlog.
//!
//! | what | where |
//! |---|---|
//! | the queue before the CRM | here |
//! | what may go now, without waiting or sockets | `quota/limiter.rs` |
//! | how a figure is cut and grown back | `quota/level.rs` |
//! | requests a second, the pause after a refusal | `quota/pace.rs` |
//! | budgets of a day or of minutes | `quota/budget.rs` |
//! | how slow the CRM is | `quota/latency.rs` |
//! | a transport through the gate | `quota/metered.rs` |

mod budget;
mod latency;
mod level;
mod limiter;
mod metered;
mod pace;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tieline_crm::{
    dialect::{Meter, Quota, Share},
    transport::Class,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

pub(super) use self::pace::TOLD_PAUSE_MAX;
use self::{
    limiter::{Admission, Heard, Limiter, Wish},
    pace::Held,
};
pub use self::{
    limiter::{BudgetFigures, Figures},
    metered::{Metered, ReadMeter},
};

/// Who goes first when the quota is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A phone is ringing.
    Ringing,
    /// A call that just happened.
    Live,
    /// A call sent after a break.
    Backlog,
}

impl Priority {
    /// All of them, the first first.
    pub const ALL: [Self; 3] = [Self::Ringing, Self::Live, Self::Backlog];

    /// Its name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Live => "live",
            Self::Backlog => "backlog",
        }
    }
}

/// How much of the account a connection takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Courtesy {
    /// Of the documented limits.
    pub share: Share,
    /// Of its share of a day's budget, before the backlog rests.
    pub backlog_until: Share,
}

/// The gate every request of a connection goes through.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Notify,
    opened: Instant,
}

#[derive(Debug)]
struct State {
    limiter: Limiter,
    closed_until: Instant,
    queue: BTreeMap<Place, u32>,
    next_ticket: u64,
}

/// A place in the queue. Those of a class go in this order, so that whoever needs much room gets it in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    priority: Priority,
    ticket: u64,
    class: Class,
}

impl Gate {
    /// A gate with a CRM's quota, of which so much is taken.
    #[must_use]
    pub fn new(quota: &Quota, courtesy: Courtesy) -> Arc<Self> {
        let opened = Instant::now();
        let limiter = Limiter::new(quota, courtesy.share, courtesy.backlog_until);
        let state = State { limiter, closed_until: opened, queue: BTreeMap::new(), next_ticket: 0 };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new(), opened })
    }

    /// Takes an equal part of the quota among so many sidecars. Each may always send one request.
    pub fn share_among(&self, sidecars: u32) {
        if self.lock().limiter.share_among(sidecars) {
            self.changed.notify_waiters();
        }
    }

    /// Lets nothing through for a time: the CRM is away. Refusals for a limit close the gate by themselves.
    pub fn close_for(&self, time: Duration) {
        let mut state = self.lock();
        state.closed_until = state.closed_until.max(Instant::now() + time);
    }

    /// Opens the gate again.
    pub fn reopen(&self) {
        let mut state = self.lock();
        state.closed_until = Instant::now();
        state.limiter.reopen(self.now());
        drop(state);
        self.changed.notify_waiters();
    }

    /// How long nothing will be let through.
    #[must_use]
    pub fn closed_for(&self) -> Duration {
        let state = self.lock();
        state.limiter.pauses(self.now()).max(closed(&state))
    }

    /// How long nothing of a priority is to be begun: the gate is closed, or a day's budget is used up as far as the
    /// priority may go. What is under way goes on.
    #[must_use]
    pub fn rests(&self, priority: Priority) -> Duration {
        let mut state = self.lock();
        let rests = state.limiter.rests(self.now(), priority);
        rests.max(closed(&state))
    }

    /// Takes notice of a refusal for a limit that only the dialect could see, unless one was counted since `before`
    /// ([`Gate::refusals`]).
    pub fn refused_inside(&self, before: u64, asked: Option<Duration>) {
        let mut state = self.lock();
        if state.limiter.refusals() == before {
            state.limiter.refused_inside(self.now(), asked);
        }
    }

    /// Requests that were refused for a limit.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.lock().limiter.refusals()
    }

    /// What there is to show.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().limiter.figures(self.now())
    }

    /// How many requests of a priority wait.
    #[must_use]
    pub fn waiting(&self, priority: Priority) -> usize {
        self.lock().queue.keys().filter(|place| place.priority == priority).count()
    }

    async fn enter(self: &Arc<Self>, wish: Wish) -> Pass {
        let queued = Queued::new(self, &wish);
        loop {
            let changed = self.changed.notified();
            match self.try_enter(queued.place, wish) {
                Ok(admission) => return Pass { gate: Arc::clone(self), admission: Some(admission) },
                Err(Some(at)) => tokio::select! { biased; () = sleep_until(at) => {}, () = changed => {} },
                Err(None) => changed.await,
            }
        }
    }

    /// Lets the request in, or says when it is worth trying again (`None`: when something changes).
    fn try_enter(&self, place: Place, wish: Wish) -> Result<Admission, Option<Instant>> {
        let mut state = self.lock();
        if state.closed_until > Instant::now() {
            return Err(Some(state.closed_until));
        }
        let ahead = || state.queue.range(..place);
        if ahead().any(|(other, _)| other.class == place.class) {
            return Err(None);
        }
        // Those of the other class wait for their own pace, or for room, which is not taken from under them.
        let kept_free = ahead().map(|(_, weight)| *weight).max().unwrap_or(0);
        state.limiter.admit(self.now(), wish, kept_free).map_err(|held| match held {
            Held::Until(at) => Some(self.opened + at),
            Held::UntilAnswer => None,
        })
    }

    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed(state: &State) -> Duration {
    state.closed_until.saturating_duration_since(Instant::now())
}

/// A place in the gate's queue; leaving it wakes those behind.
struct Queued<'g> {
    gate: &'g Gate,
    place: Place,
}

impl<'g> Queued<'g> {
    fn new(gate: &'g Gate, wish: &Wish) -> Self {
        let mut state = gate.lock();
        let place = Place { priority: wish.priority, ticket: state.next_ticket, class: wish.class };
        state.next_ticket += 1;
        state.queue.insert(place, wish.weight);
        drop(state);
        Self { gate, place }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.gate.lock().queue.remove(&self.place);
        self.gate.changed.notify_waiters();
    }
}

/// A request under way; leaving gives its place back.
struct Pass {
    gate: Arc<Gate>,
    admission: Option<Admission>,
}

impl Pass {
    /// The answer came.
    fn heard(mut self, meter: &Meter) {
        self.end(Heard::Answer(meter));
    }

    /// The request never reached the CRM.
    fn not_sent(mut self) {
        self.end(Heard::NotSent);
    }

    fn end(&mut self, heard: Heard<'_>) {
        if let Some(admission) = self.admission.take() {
            let now = self.gate.now();
            self.gate.lock().limiter.end(now, &admission, heard);
            self.gate.changed.notify_waiters();
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.end(Heard::Nothing);
    }
}

#[cfg(test)]
mod tests;
