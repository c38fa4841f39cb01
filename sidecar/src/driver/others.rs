//! Other sidecars on the same store: their share of the CRMs' quotas, what they changed, and work that waits for anybody.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::watch;

use super::{Driver, wake::Wish};
use crate::store::{Beat, StoreError};

impl Driver {
    /// Takes notice of the others until told to stop; returns at once where there are none.
    pub(super) async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some(mut beats) = self.store.others() else { return };
        let mut connections = None;
        while !*stop.borrow() {
            let beat = beats.borrow_and_update().clone();
            self.notice(&beat, &mut connections).await;
            tokio::select! {
                // In this order, so that a simulated run is the same each time.
                biased;
                beaten = beats.changed() => if beaten.is_err() { return },
                told = stop.changed() => if told.is_err() { return },
            }
        }
    }

    /// What did not change costs nothing, however many projects there are.
    async fn notice(&self, beat: &Beat, seen: &mut Option<u64>) {
        if self.sidecars.swap(beat.sidecars, Ordering::SeqCst) != beat.sidecars {
            for connection in &self.connections() {
                connection.gate.share_among(beat.sidecars);
            }
        }
        for project in &beat.due {
            self.woken.enlist(Wish::Look, project);
        }
        // The first time they are read as well: something may have changed since the start has read them.
        if *seen == Some(beat.connections) {
            return;
        }
        match self.read_states().await {
            Ok(()) => *seen = Some(beat.connections),
            Err(error) => tracing::warn!(%error, "the connections' states could not be read"),
        }
    }

    /// Takes notice of the state of every connection as another sidecar may have stored it.
    async fn read_states(&self) -> Result<(), StoreError> {
        for (project, state) in self.store.connections().await? {
            if let Some(connection) = self.connection(&project) {
                connection.notice(state);
            }
        }
        Ok(())
    }
}
