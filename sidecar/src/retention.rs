//! How long things are kept: what is older is removed in small portions beside the work. Calls that wait are never
//! touched, and the ledger goes on counting what was removed.

use std::{sync::Arc, time::Duration};

use tieline_engine::jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time};

use crate::{
    clock::Clock,
    server::signals,
    store::{
        Store, StoreError,
        keeping::{Expiry, Purged},
    },
};

/// How often is looked for what is old.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// Removed of each kind in one transaction: some milliseconds of the store's writer.
const PORTION: usize = 200;
/// Pause between two portions, so that taking calls in goes first: at most some 1,000 removals a second.
const BREATH: Duration = Duration::from_millis(200);
/// Portions of one round; what is left then waits for the next.
const PORTIONS_MAX: usize = 2_000;

/// Days for which things are kept; `None` keeps them for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Calls in the CRM.
    pub written: Option<u32>,
    /// Calls that were skipped.
    pub skipped: Option<u32>,
    /// Calls that wait for a person who does not come.
    pub failed: Option<u32>,
    /// Bodies as received.
    pub bodies: Option<u32>,
    /// Which records were made for whom.
    pub own_records: Option<u32>,
    /// Who last talked with whom.
    pub talks: Option<u32>,
}

impl Retention {
    /// From when on things are kept, seen from a time.
    #[must_use]
    pub fn expiry(&self, now: Timestamp) -> Expiry {
        let before = |days: Option<u32>| {
            let days = SignedDuration::from_hours(i64::from(days?) * 24);
            Some(now.checked_sub(days).unwrap_or(Timestamp::MIN))
        };
        Expiry {
            written: before(self.written),
            skipped: before(self.skipped),
            failed: before(self.failed),
            bodies: before(self.bodies),
            own: before(self.own_records),
            talks: before(self.talks),
        }
    }

    /// Removes what is old, again and again, until told to stop.
    pub async fn run(self, store: Arc<dyn Store>, clock: Arc<dyn Clock>, stop: watch::Receiver<bool>) {
        let work = async {
            loop {
                match self.round(&*store, clock.now()).await {
                    Ok(Purged { calls: 0, bodies: 0, own: 0, talks: 0, .. }) => {}
                    Ok(Purged { calls, bodies, own, talks, .. }) => {
                        tracing::info!(calls, bodies, own, talks, "what is older than [retention] says was removed");
                    }
                    Err(error) => tracing::warn!(%error, "what is old could not be removed; it is tried again"),
                }
                time::sleep(EVERY).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = signals::told(stop) => {}
        }
    }

    /// Removes what is old at a time, portion by portion, and tells how much.
    ///
    /// # Errors
    /// The store could not do it; what was removed before stays removed.
    pub async fn round(&self, store: &dyn Store, now: Timestamp) -> Result<Purged, StoreError> {
        let mut purged = Purged::default();
        for _ in 0..PORTIONS_MAX {
            purged = purged.and(store.purge(self.expiry(now), PORTION).await?);
            if !purged.more {
                break;
            }
            time::sleep(BREATH).await;
        }
        Ok(purged)
    }
}

#[cfg(test)]
mod tests {
    use tieline_engine::{
        call::{Call, Direction},
        ids::{CallId, ProjectId},
    };

    use super::*;
    use crate::store::{Filter, Piece, sqlite::SqliteStore};

    const KEEP_ALL: Retention =
        Retention { written: None, skipped: None, failed: None, bodies: None, own_records: None, talks: None };

    #[test]
    fn days_are_counted_back_from_now_and_none_keeps_for_ever() {
        let now: Timestamp = "2026-03-29T12:00:00Z".parse().unwrap();
        let expiry = Retention { written: Some(2), ..KEEP_ALL }.expiry(now);
        assert_eq!(expiry.written, Some("2026-03-27T12:00:00Z".parse().unwrap()));
        assert_eq!(Expiry { written: None, ..expiry }, Expiry::default());
        let long = Retention { talks: Some(u32::MAX), ..KEEP_ALL }.expiry(Timestamp::MIN);
        assert_eq!(long.talks, Some(Timestamp::MIN));
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_goes_on_portion_by_portion_until_nothing_is_old() {
        let (store, project) = (SqliteStore::in_memory().unwrap(), ProjectId::new("shop"));
        let then: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for nr in 0..2 * PORTION + 1 {
            let call = Call::new(project.clone(), CallId::new(nr.to_string()), Direction::Internal);
            let (lane_of, day) = (Arc::new(|call: &Call| call.id.to_string()), "2026-03-01".parse().unwrap());
            store.accept(Piece { call, lane_of, at: then, day, raw: None, trace: None }).await.unwrap();
        }
        let dropped = tieline_engine::reason::Reason::new(tieline_engine::reason::ReasonCode::Dropped);
        store.skip(&project, Filter::default(), dropped, then).await.unwrap();
        let retention = Retention { skipped: Some(30), ..KEEP_ALL };
        let month = SignedDuration::from_hours(30 * 24);
        assert_eq!(retention.round(&store, then + month).await.unwrap(), Purged::default());
        let later = then + month + SignedDuration::from_secs(1);
        assert_eq!(retention.round(&store, later).await.unwrap().calls, 2 * PORTION as u64 + 1);
        assert_eq!(store.count(&project, Filter::default()).await.unwrap(), 0);
    }
}
