//! A transport behind a gate.

use std::sync::Arc;

use tieline_crm::{
    dialect::Meter,
    transport::{BoxFuture, Class, Request, Response, SendError, Transport},
};
use tokio::time::timeout;
use tracing::{Instrument as _, info_span};

use super::{Gate, Priority, limiter::Wish};
use crate::store::lease::Lease;

/// Reads what an answer tells of the quota.
pub type ReadMeter = Arc<dyn Fn(&Response) -> Meter + Send + Sync>;

/// A transport behind a gate.
pub struct Metered {
    inner: Arc<dyn Transport>,
    gate: Arc<Gate>,
    priority: Priority,
    lease: Option<Lease>,
    read: ReadMeter,
}

impl Metered {
    /// The same transport, through the gate, which learns from what `read` finds in the answers.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, gate: Arc<Gate>, priority: Priority, read: ReadMeter) -> Self {
        Self { inner, gate, priority, lease: None, read }
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

    async fn spanned(&self, request: Request) -> Result<Response, SendError> {
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
    }
}

impl Transport for Metered {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        Box::pin(async move {
            if request.class == Class::Token {
                // Whoever waits for a token, waits for it before the gate; it has limits of its own (zoho.md 2).
                return self.spanned(request).await;
            }
            let Request { class, weight, cost, name: kind, .. } = request;
            let pass = self.gate.enter(Wish { class, priority: self.priority, weight, cost, kind }).await;
            let answer = self.spanned(request).await;
            match &answer {
                Ok(response) => pass.heard(&(self.read)(response)),
                Err(SendError::NotSent(_)) => pass.not_sent(),
                // The CRM may have taken and counted it.
                Err(SendError::NoAnswer(_)) => drop(pass),
            }
            answer
        })
    }
}
