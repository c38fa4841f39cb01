//! What is known of callers: look-ups kept for a while, asked once for all who want the same one.

use std::sync::Arc;

use moka::future::Cache;
use tieline_crm::trouble::Trouble;
use tieline_engine::{
    facts::Found,
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
};

use crate::{
    driver::{connection::Connection, quota::Priority},
    project::RouteConfig,
};

/// Callers kept at most, over all projects; each is a few hundred bytes.
const CALLERS_MAX: u64 = 100_000;

type Key = (ProjectId, String);

/// Look-ups kept for a while.
pub struct Callers {
    cache: Cache<Key, Arc<Found>>,
}

impl Default for Callers {
    fn default() -> Self {
        Self::new()
    }
}

impl Callers {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self { cache: Cache::new(CALLERS_MAX) }
    }

    /// What is kept of a caller and still counts.
    pub async fn kept(&self, project: &ProjectId, lane: &str, config: &RouteConfig, now: Timestamp) -> Option<Arc<Found>> {
        let key = (project.clone(), lane.to_owned());
        self.cache.get(&key).await.filter(|found| counts(found, config, now))
    }

    /// Asks the CRM, unless what is kept will do. Equal questions asked at once are asked once.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn look_up(
        &self,
        connection: &Connection,
        lane: &str,
        ask: &LookUp,
        priority: Priority,
    ) -> Result<Arc<Found>, Trouble> {
        if ask.client.is_none() || !ask.marks.is_empty() {
            return connection.look_up(ask, priority).await.map(Arc::new);
        }
        let key = (connection.project.id.clone(), lane.to_owned());
        let now = connection.now();
        let usable = |found: &Arc<Found>| !ask.fresh && counts(found, &connection.project.route, now);
        if let Some(kept) = self.cache.get(&key).await {
            if usable(&kept) {
                return Ok(kept);
            }
            self.cache.invalidate(&key).await;
        }
        let asked = self.cache.try_get_with(key, async { connection.look_up(ask, priority).await.map(Arc::new) });
        asked.await.map_err(|trouble| Trouble::clone(&trouble))
    }

    /// Forgets a caller: something is being written for them.
    pub async fn forget(&self, project: &ProjectId, lane: &str) {
        self.cache.invalidate(&(project.clone(), lane.to_owned())).await;
    }
}

/// Whether a kept answer still counts; that nobody was found counts for a shorter time.
fn counts(found: &Found, config: &RouteConfig, now: Timestamp) -> bool {
    let keep = if found.records.is_empty() { config.keep_nobody } else { config.keep_found };
    SignedDuration::try_from(keep).is_ok_and(|keep| now <= found.at + keep)
}
