//! What our own work shows of callers, kept beside the look-ups, so that a ringing phone waits for no disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};

use super::{CALLERS_MAX, Key};
use crate::store::{OwnOf, Store, StoreError};

/// How long it is kept at most. What is written here is noticed at once; this bounds what another program that
/// shares the store writes, and a call whose client turned out to be another one while it was written.
const KEEP: Duration = Duration::from_secs(60);

/// How far back our own records help when the CRM does not answer. Everybody asks for the same, as it is kept.
pub const OWN_SINCE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Our own records of callers, and who last talked with them, as the store has them.
pub struct OwnKept {
    cache: Cache<Key, Arc<OwnOf>>,
    changes: AtomicU64,
}

impl OwnKept {
    pub(super) fn new() -> Self {
        let cache = Cache::builder().max_capacity(CALLERS_MAX).time_to_live(KEEP).build();
        Self { cache, changes: AtomicU64::new(0) }
    }

    /// What the store has of a caller, not older than a time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn of(
        &self,
        store: &dyn Store,
        project: &ProjectId,
        lane: &str,
        since: Timestamp,
    ) -> Result<Arc<OwnOf>, StoreError> {
        let key = (project.clone(), lane.to_owned());
        match self.cache.get(&key).await {
            Some(kept) => Ok(kept),
            // Boxed: it is rare, and would make every answer's future larger.
            None => Box::pin(self.read(store, key, since)).await,
        }
    }

    async fn read(&self, store: &dyn Store, key: Key, since: Timestamp) -> Result<Arc<OwnOf>, StoreError> {
        let before = self.changes.load(Ordering::SeqCst);
        let own = Arc::new(store.own(&key.0, &key.1, since).await?);
        self.cache.insert(key.clone(), Arc::clone(&own)).await;
        // Whoever wrote after the store was read may have forgotten the caller before this was kept.
        if self.changes.load(Ordering::SeqCst) != before {
            self.cache.invalidate(&key).await;
        }
        Ok(own)
    }

    /// Keeps nothing of a project that is gone.
    pub(super) async fn leave(&self, project: &ProjectId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        let theirs: Vec<_> = self.cache.iter().filter(|(key, _)| key.0 == *project).map(|(key, _)| key).collect();
        for key in theirs {
            self.cache.invalidate(key.as_ref()).await;
        }
    }

    /// Reads the store again for a caller: something was written for them.
    pub async fn forget(&self, project: &ProjectId, lane: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.cache.invalidate(&(project.clone(), lane.to_owned())).await;
    }
}

#[cfg(test)]
mod tests {
    use tieline_engine::{
        call::{Call, Direction},
        facts::{Facts, OwnRecord},
        record::Kind,
    };

    use super::*;
    use crate::store::{Piece, Progress, State, sqlite::SqliteStore};

    fn made(at: Timestamp) -> Progress {
        Progress {
            project: ProjectId::new("shop"),
            call: "1".into(),
            version: 1,
            facts: Facts::new(at),
            state: State::Written,
            due_at: at,
            retrying: false,
            attempts: 0,
            trouble: None,
            reasons: None,
            written: Vec::new(),
            own: vec![OwnRecord { kind: Kind::Contact, id: "7".into(), at, owner: None, contact: None, open: true }],
            talked: None,
            claim: None,
            rests: true,
            at,
        }
    }

    #[tokio::test]
    async fn what_was_just_made_for_a_caller_is_known_at_their_next_ring() {
        let (store, kept, at) = (SqliteStore::in_memory().unwrap(), OwnKept::new(), Timestamp::UNIX_EPOCH);
        let project = ProjectId::new("shop");
        let call = Call::new(project.clone(), "1".into(), Direction::Incoming);
        let (lane_of, day) = (Arc::new(|_: &Call| "lane".to_owned()), "1970-01-01".parse().unwrap());
        store.accept(Piece { call, lane_of, at, day, raw: None, trace: None }).await.unwrap();
        assert_eq!(kept.of(&store, &project, "lane", at).await.unwrap().records.len(), 0);
        store.save(made(at)).await.unwrap();
        kept.forget(&project, "lane").await;
        assert_eq!(kept.of(&store, &project, "lane", at).await.unwrap().records.len(), 1);
    }
}
