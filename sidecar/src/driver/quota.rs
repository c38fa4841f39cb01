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
    time::{Instant, sleep_until},
};
use tracing::{Instrument as _, info_span};

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
}

impl Gate {
    /// A gate with a CRM's quota.
    #[must_use]
    pub fn new(quota: Quota) -> Arc<Self> {
        let now = Instant::now();
        let state =
            State { in_use: 0, general_free_at: now, telephony_free_at: now, closed_until: now, waiting: [0; 3] };
        Arc::new(Self { quota, state: Mutex::new(state), changed: Notify::new() })
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
        let weight = weight.clamp(1, self.quota.concurrency.max(1));
        let queue = Queued::new(self, priority);
        loop {
            let changed = self.changed.notified();
            match self.try_enter(class, weight, priority) {
                Ok(()) => {
                    drop(queue);
                    return Pass { gate: Arc::clone(self), weight };
                }
                Err(Some(at)) => tokio::select! { () = sleep_until(at) => {}, () = changed => {} },
                Err(None) => changed.await,
            }
        }
    }

    /// Takes a place, or says when it is worth trying again (`None`: when another request ends).
    fn try_enter(&self, class: Class, weight: u32, priority: Priority) -> Result<(), Option<Instant>> {
        let mut state = self.lock();
        let now = Instant::now();
        if state.closed_until > now && class != Class::Token {
            return Err(Some(state.closed_until));
        }
        let ahead: usize = state.waiting.iter().take(priority as usize).sum();
        if state.in_use + weight > self.quota.concurrency.max(1) || ahead > 0 {
            return Err(None);
        }
        let (free_at, per_second) = match class {
            Class::General => (&mut state.general_free_at, self.quota.per_second),
            Class::Telephony => (&mut state.telephony_free_at, self.quota.telephony_per_second),
            Class::Token => {
                state.in_use += weight;
                return Ok(());
            }
        };
        if *free_at > now {
            return Err(Some(*free_at));
        }
        *free_at = now + Duration::from_secs(1) / per_second.max(1);
        state.in_use += weight;
        Ok(())
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
}

impl Metered {
    /// The same transport, through the gate.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, gate: Arc<Gate>, priority: Priority) -> Self {
        Self { inner, gate, priority }
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
            let answer = self.inner.send(request).instrument(span.clone()).await;
            match &answer {
                Ok(response) => span.record("status", response.status),
                Err(SendError::NotSent(_)) => span.record("status", "not sent"),
                Err(SendError::NoAnswer(_)) => span.record("status", "no answer"),
            };
            answer
        })
    }
}
