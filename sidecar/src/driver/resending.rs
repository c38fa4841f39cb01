//! Takes resendings on, portion by portion: those of every project, also after a restart. Deliveries and reports go on
//! between two portions.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time};

use super::{Driver, round::STORE_PAUSE};
use crate::store::StoreError;

/// How often is looked whether more can be released.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often is looked for resendings that another sidecar, gone since, has begun.
const IDLE: Duration = Duration::from_secs(60);

impl Driver {
    /// Goes on until told to stop.
    pub(super) async fn take_resendings_on(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let rest = match self.step_resendings().await {
                Ok(rest) => rest,
                Err(error) => {
                    tracing::warn!(%error, "a resending could not be taken on; it is tried again");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                // In this order, so that a simulated run is the same each time.
                biased;
                () = self.resends.notified() => {}
                () = time::sleep(rest) => {}
                told = stop.changed() => if told.is_err() { return },
            }
        }
    }

    /// A portion of each, and how long to rest then.
    async fn step_resendings(&self) -> Result<Duration, StoreError> {
        let mut rest = IDLE;
        for resending in self.store.open_resendings().await? {
            let Some(connection) = self.connection(&resending.project) else { continue };
            let stepped = self.store.step_resend(&resending.project, resending.id, self.clock.now()).await;
            connection.wake.notify_one();
            rest = rest.min(match stepped {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK_EVERY,
                // One that cannot go on holds up no other.
                Err(error) => {
                    tracing::error!(project.id = %resending.project, resend.id = resending.id, %error, "a resending cannot go on; it is tried again");
                    STORE_PAUSE
                }
            });
        }
        Ok(rest)
    }
}
