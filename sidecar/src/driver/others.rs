//! Other sidecars on the same store: their share of the CRMs' quotas, what they changed, and work that waits for anybody.

use std::sync::Arc;

use tokio::sync::watch;

use super::Driver;
use crate::store::Beat;

impl Driver {
    /// Takes notice of the others until told to stop; returns at once where there are none.
    pub(super) async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some(mut beats) = self.store.others() else { return };
        let mut connections = None;
        while !*stop.borrow() {
            let beat = beats.borrow_and_update().clone();
            self.notice(&beat, &mut connections).await;
            tokio::select! {
                beaten = beats.changed() => if beaten.is_err() { return },
                told = stop.changed() => if told.is_err() { return },
            }
        }
    }

    async fn notice(&self, beat: &Beat, seen: &mut Option<u64>) {
        let changed = seen.is_some_and(|seen| seen != beat.connections);
        let mut all_read = true;
        for connection in self.connections.values() {
            connection.gate.share_among(beat.sidecars);
            if changed && let Err(error) = connection.refresh().await {
                tracing::warn!(project.id = %connection.project.id, %error, "the connection's state could not be read");
                all_read = false;
            }
            if beat.due.contains(&connection.project.id) {
                connection.wake.notify_one();
            }
        }
        if all_read {
            *seen = Some(beat.connections);
        }
    }
}
