//! For how long a sidecar may rely on what it has claimed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// A time until which nobody else can have the claims made under it. All claims of one life of a sidecar share one
/// lease; its owner extends it. It ends by itself: a sidecar that no longer reaches the store must stop writing before
/// another one may begin.
#[derive(Clone, Debug)]
pub struct Lease(Arc<Mutex<Instant>>);

impl Lease {
    /// A lease until a time.
    #[must_use]
    pub fn until(end: Instant) -> Self {
        Self(Arc::new(Mutex::new(end)))
    }

    /// Extends it; it is never shortened so.
    pub fn extend(&self, end: Instant) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *until = end.max(*until);
    }

    /// Ends it: the claims made under it are gone.
    pub fn end(&self) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Instant::now().min(*until);
    }

    /// How long it lasts from now.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).saturating_duration_since(Instant::now())
    }
}
