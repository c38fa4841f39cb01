//! What is known of callers: look-ups kept for a while, asked once for all who want the same one.

mod judged;
mod own;
mod ringing;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use moka::future::Cache;
use tieline_crm::trouble::Trouble;
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
};

pub(crate) use self::judged::{links, name};
use self::ringing::Ringing;
pub use self::{
    judged::{Judged, Looked},
    own::{OWN_SINCE, OwnKept},
};
use crate::{
    driver::{connection::Connection, quota::Priority},
    project::RouteConfig,
};

/// Callers kept at most, over all projects. Each is a few hundred bytes, and as many again who ring twice; with the
/// longest routes there may be, four kilobytes.
const CALLERS_MAX: u64 = 100_000;

type Key = (ProjectId, String);

/// What was found, and by which of the project's connections: what another one found counts no more.
#[derive(Clone)]
struct Kept {
    by: u64,
    /// How many had been forgotten for good when the CRM was asked.
    forgotten: u64,
    looked: Arc<Looked>,
}

impl Kept {
    fn of(self, connection: &Connection) -> Option<Arc<Looked>> {
        (self.by == connection.nr()).then_some(self.looked)
    }
}

/// Look-ups kept for a while.
pub struct Callers {
    /// What may be decided upon.
    current: Cache<Key, Kept>,
    ringing: Ringing,
    /// What was known last, however old: for a ringing phone when the CRM does not answer.
    last: Cache<Key, Kept>,
    /// Counts the callers who were forgotten for good.
    forgotten: AtomicU64,
    /// What our own work shows.
    pub own: OwnKept,
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
        let (current, last) = (Cache::new(CALLERS_MAX), Cache::new(CALLERS_MAX));
        Self { current, ringing: Ringing::new(), last, forgotten: AtomicU64::new(0), own: OwnKept::new() }
    }

    /// What is kept of a caller and still counts.
    pub async fn kept(&self, connection: &Connection, lane: &str, now: Timestamp) -> Option<Arc<Looked>> {
        let looked = self.current.get(&key(connection, lane)).await?.of(connection)?;
        counts(&looked, &connection.project.route, now).then_some(looked)
    }

    /// What was known of a caller last, however old it is and whatever was written since.
    pub async fn last_known(&self, connection: &Connection, lane: &str) -> Option<Arc<Looked>> {
        self.last.get(&key(connection, lane)).await?.of(connection)
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
    ) -> Result<Arc<Looked>, Trouble> {
        if ask.client.is_none() || !ask.marks.is_empty() {
            return look_up(connection, ask, priority).await;
        }
        let key = key(connection, lane);
        let now = connection.now();
        let usable = |looked: &Arc<Looked>| !ask.fresh && counts(looked, &connection.project.route, now);
        if let Some(kept) = self.current.get(&key).await {
            if let Some(looked) = kept.of(connection).filter(usable) {
                return Ok(looked);
            }
            self.current.invalidate(&key).await;
        }
        let asking = async {
            let forgotten = self.forgotten.load(Ordering::SeqCst);
            let looked = look_up(connection, ask, priority).await?;
            Ok(Kept { by: connection.nr(), forgotten, looked })
        };
        let kept = match priority {
            Priority::Ringing => self.ringing.ask(&key, asking, &self.current).await,
            Priority::Live | Priority::Backlog => self.current.try_get_with(key.clone(), asking).await,
        };
        let kept = kept.map_err(|trouble: Arc<Trouble>| Trouble::clone(&trouble))?;
        let forgotten = kept.forgotten;
        let Some(looked) = kept.clone().of(connection) else {
            // Another configuration of the project has asked meanwhile.
            return look_up(connection, ask, priority).await;
        };
        self.last.insert(key.clone(), kept).await;
        // Somebody asked for while they were forgotten is not kept after all.
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            self.current.invalidate(&key).await;
            self.last.invalidate(&key).await;
        }
        Ok(looked)
    }

    /// Keeps nothing of a project that is gone.
    pub async fn leave(&self, project: &ProjectId) {
        for cache in [&self.current, &self.last] {
            let theirs: Vec<_> = cache.iter().filter(|(key, _)| key.0 == *project).map(|(key, _)| key).collect();
            for key in theirs {
                cache.invalidate(key.as_ref()).await;
            }
        }
        self.own.leave(project).await;
    }

    /// Decides no longer upon what is kept of a caller: something is being written for them.
    pub async fn forget(&self, project: &ProjectId, lane: &str) {
        let key = (project.clone(), lane.to_owned());
        self.ringing.forget(&key);
        self.current.invalidate(&key).await;
    }

    /// Knows nothing of a caller any more.
    pub async fn forget_all(&self, project: &ProjectId, lane: &str) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.forget(project, lane).await;
        self.last.invalidate(&(project.clone(), lane.to_owned())).await;
        self.own.forget(project, lane).await;
    }
}

async fn look_up(connection: &Connection, ask: &LookUp, priority: Priority) -> Result<Arc<Looked>, Trouble> {
    Ok(Arc::new(Looked::new(connection.look_up(ask, priority).await?)))
}

fn key(connection: &Connection, lane: &str) -> Key {
    (connection.project.id.clone(), lane.to_owned())
}

/// Whether a kept answer still counts; that nobody was found counts for a shorter time. One from before a clock was put
/// back does not.
fn counts(Looked { found, .. }: &Looked, config: &RouteConfig, now: Timestamp) -> bool {
    let keep = if found.records.is_empty() { config.keep_nobody } else { config.keep_found };
    found.at <= now && SignedDuration::try_from(keep).is_ok_and(|keep| now <= found.at + keep)
}
