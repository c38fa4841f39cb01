//! Telling those who wait that a call is finished.

use tieline_engine::ids::{CallId, ProjectId};
use tokio::sync::broadcast;

/// Finished calls remembered for a slow listener; one that falls behind reads the store instead.
const REMEMBERED: usize = 1024;

/// Tells those who wait that a call is finished.
#[derive(Debug)]
pub struct Outcomes {
    finished: broadcast::Sender<(ProjectId, CallId)>,
}

impl Default for Outcomes {
    fn default() -> Self {
        Self::new()
    }
}

impl Outcomes {
    /// Nobody waits yet.
    #[must_use]
    pub fn new() -> Self {
        Self { finished: broadcast::channel(REMEMBERED).0 }
    }

    /// Says that a call is finished.
    pub fn tell(&self, project: &ProjectId, call: &CallId) {
        if self.finished.receiver_count() > 0 {
            // Fails only when the last listener has just left.
            drop(self.finished.send((project.clone(), call.clone())));
        }
    }

    /// Begins to listen; to be called before the call is accepted.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener { finished: self.finished.subscribe() }
    }
}

/// Somebody who waits.
#[derive(Debug)]
pub struct Listener {
    finished: broadcast::Receiver<(ProjectId, CallId)>,
}

impl Listener {
    /// Returns when the call may be finished: it was told so, or something was missed. Read the store then.
    pub async fn maybe_finished(&mut self, project: &ProjectId, call: &CallId) {
        loop {
            match self.finished.recv().await {
                Ok((of, id)) if of == *project && id == *call => return,
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}
