//! One connection's share of its CRM's quota: ringing before live before backlog.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tieline_crm::{
    dialect::Quota,
    transport::{BoxFuture, Class, Request, Response, SendError, Transport},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};
use tracing::{Instrument as _, info_span};

use crate::store::lease::Lease;

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

/// The gate every request of a connection goes through.
#[derive(Debug)]
pub struct Gate {
    quota: Quota,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    in_use: u32,
    general_free_at: Instant,
    telephony_free_at: Instant,
    closed_until: Instant,
    waiting: [usize; 3],
    /// Sidecars that share the quota.
    sharers: u32,
}

impl Gate {
    /// A gate with a CRM's quota.
    #[must_use]
    pub fn new(quota: Quota) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            in_use: 0,
            general_free_at: now,
            telephony_free_at: now,
            closed_until: now,
            waiting: [0; 3],
            sharers: 1,
        };
        Arc::new(Self { quota, state: Mutex::new(state), changed: Notify::new() })
    }

    /// Takes an equal part of the quota among so many sidecars. Each may always send one request.
    pub fn share_among(&self, sidecars: u32) {
        let before = std::mem::replace(&mut self.lock().sharers, sidecars.max(1));
        if before != sidecars {
            self.changed.notify_waiters();
        }
    }

    /// Lets nothing through for a time: the CRM asked for it, or is away.
    pub fn close_for(&self, time: Duration) {
        let mut state = self.lock();
        state.closed_until = state.closed_until.max(Instant::now() + time);
    }

    /// Opens the gate again.
    pub fn reopen(&self) {
        self.lock().closed_until = Instant::now();
        self.changed.notify_waiters();
    }

    /// How long nothing will be let through.
    #[must_use]
    pub fn closed_for(&self) -> Duration {
        self.lock().closed_until.saturating_duration_since(Instant::now())
    }

    async fn enter(self: &Arc<Self>, class: Class, weight: u32, priority: Priority) -> Pass {
        let queue = Queued::new(self, priority);
        loop {
            let changed = self.changed.notified();
            match self.try_enter(class, weight, priority) {
                Ok(weight) => {
                    drop(queue);
                    return Pass { gate: Arc::clone(self), weight };
                }
                Err(Some(at)) => tokio::select! { () = sleep_until(at) => {}, () = changed => {} },
                Err(None) => changed.await,
            }
        }
    }

    /// Takes a place and says how much of the quota it is, or says when it is worth trying again (`None`: when another
    /// request ends).
    fn try_enter(&self, class: Class, weight: u32, priority: Priority) -> Result<u32, Option<Instant>> {
        let mut state = self.lock();
        let now = Instant::now();
        if state.closed_until > now && class != Class::Token {
            return Err(Some(state.closed_until));
        }
        let ahead: usize = state.waiting.iter().take(priority as usize).sum();
        let sharers = state.sharers;
        let concurrency = (self.quota.concurrency / sharers).max(1);
        let weight = weight.clamp(1, concurrency);
        if state.in_use + weight > concurrency || ahead > 0 {
            return Err(None);
        }
        let (free_at, per_second) = match class {
            Class::General => (&mut state.general_free_at, self.quota.per_second),
            Class::Telephony => (&mut state.telephony_free_at, self.quota.telephony_per_second),
            Class::Token => {
                state.in_use += weight;
                return Ok(weight);
            }
        };
        if *free_at > now {
            return Err(Some(*free_at));
        }
        *free_at = now + Duration::from_secs(1) * sharers / per_second.max(1);
        state.in_use += weight;
        Ok(weight)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the gate's queue; leaving it wakes those behind.
struct Queued<'g> {
    gate: &'g Gate,
    priority: Priority,
}

impl<'g> Queued<'g> {
    fn new(gate: &'g Gate, priority: Priority) -> Self {
        if let Some(count) = gate.lock().waiting.get_mut(priority as usize) {
            *count += 1;
        }
        Self { gate, priority }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.gate.lock().waiting.get_mut(self.priority as usize) {
            *count = count.saturating_sub(1);
        }
        self.gate.changed.notify_waiters();
    }
}

/// A place inside; leaving gives it back.
struct Pass {
    gate: Arc<Gate>,
    weight: u32,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.in_use = state.in_use.saturating_sub(self.weight);
        drop(state);
        self.gate.changed.notify_waiters();
    }
}

/// A transport behind a gate.
pub struct Metered {
    inner: Arc<dyn Transport>,
    gate: Arc<Gate>,
    priority: Priority,
    lease: Option<Lease>,
}

impl Metered {
    /// The same transport, through the gate.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, gate: Arc<Gate>, priority: Priority) -> Self {
        Self { inner, gate, priority, lease: None }
    }

    /// The same for as long as a lease lasts: nothing is sent after its end, and no answer waited for beyond it, as
    /// another sidecar may then do the same.
    #[must_use]
    pub fn under(self, lease: Option<Lease>) -> Self {
        Self { lease, ..self }
    }

    async fn within_lease(&self, request: Request) -> Result<Response, SendError> {
        let Some(lease) = &self.lease else { return self.inner.send(request).await };
        let left = lease.left();
        if left.is_zero() {
            return Err(SendError::NotSent("this sidecar no longer holds the client".to_owned()));
        }
        let late = |_| Err(SendError::NoAnswer("no answer while this sidecar held the client".to_owned()));
        timeout(left, self.inner.send(request)).await.unwrap_or_else(late)
    }
}

impl Transport for Metered {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(async move {
            let _pass = self.gate.enter(request.class, request.weight, self.priority).await;
            let span = info_span!(
                "crm.request",
                request = request.name,
                method = request.method.as_str(),
                status = tracing::field::Empty
            );
            let answer = self.within_lease(request).instrument(span.clone()).await;
            match &answer {
                Ok(response) => span.record("status", response.status),
                Err(SendError::NotSent(_)) => span.record("status", "not sent"),
                Err(SendError::NoAnswer(_)) => span.record("status", "no answer"),
            };
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use tieline_crm::transport::Method;

    use super::*;

    /// Answers after a second.
    struct Slow;

    impl Transport for Slow {
        fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })
            })
        }
    }

    fn gate(concurrency: u32, per_second: u32) -> Arc<Gate> {
        Gate::new(Quota { concurrency, per_second, telephony_per_second: per_second })
    }

    async fn send(gate: &Arc<Gate>, lease: Option<Lease>) -> Result<Response, SendError> {
        let net = Metered::new(Arc::new(Slow), Arc::clone(gate), Priority::Live).under(lease);
        net.send(Request::new(Method::Get, "test", "http://crm".to_owned())).await
    }

    #[tokio::test(start_paused = true)]
    async fn sidecars_share_the_rate_and_the_concurrency_and_each_has_one_request_at_least() {
        for (sidecars, seconds) in [(1, 3), (2, 6), (9, 12)] {
            let gate = gate(4, 100);
            gate.share_among(sidecars);
            let begun = Instant::now();
            let sent = (0..12).map(|_| send(&gate, None));
            assert!(futures::future::join_all(sent).await.iter().all(Result::is_ok));
            assert_eq!(begun.elapsed().as_secs(), seconds, "{sidecars} sidecars");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_after_the_lease_and_no_answer_awaited_beyond_it() {
        let (gate, now) = (gate(9, 100), Instant::now());
        let lease = |millis| Some(Lease::until(now + Duration::from_millis(millis)));
        assert!(send(&gate, lease(5_000)).await.is_ok());
        assert!(matches!(send(&gate, lease(1_500)).await, Err(SendError::NoAnswer(_))));
        assert_eq!(now.elapsed().as_millis() / 100, 15);
        assert!(matches!(send(&gate, lease(1_500)).await, Err(SendError::NotSent(_))));
    }
}
