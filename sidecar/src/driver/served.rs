//! Which clients are being served, and which must rest: whoever removes what is stored of a client waits until nobody
//! writes for them, and keeps others from beginning.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tieline_engine::ids::ProjectId;
use tokio::sync::watch;

type Key = (ProjectId, String);

/// Clients being served, and those that rest, by lane.
#[derive(Clone)]
pub(crate) struct Served {
    lanes: Arc<Mutex<Lanes>>,
    ends: watch::Sender<()>,
}

#[derive(Default)]
struct Lanes {
    serving: BTreeSet<Key>,
    /// How often each is asked to rest.
    resting: BTreeMap<Key, usize>,
}

impl Default for Served {
    fn default() -> Self {
        Self { lanes: Arc::default(), ends: watch::channel(()).0 }
    }
}

impl Served {
    /// Begins to serve a client; `None` when the client rests.
    pub(crate) fn begin(&self, project: &ProjectId, lane: &str) -> Option<Serving> {
        let key = (project.clone(), lane.to_owned());
        let mut lanes = self.lanes();
        if lanes.resting.contains_key(&key) {
            return None;
        }
        lanes.serving.insert(key.clone());
        Some(Serving { served: self.clone(), key })
    }

    /// Lets clients rest until the answer is dropped. Who is being served goes on; see [`Resting::begun`].
    pub(crate) fn rest(&self, project: &ProjectId, names: &[String]) -> Resting {
        let keys: Vec<Key> = names.iter().map(|lane| (project.clone(), lane.clone())).collect();
        let mut lanes = self.lanes();
        for key in &keys {
            *lanes.resting.entry(key.clone()).or_default() += 1;
        }
        Resting { served: self.clone(), keys }
    }

    /// Clients of a project that rest.
    pub(crate) fn resting(&self, project: &ProjectId) -> Vec<String> {
        let lanes = self.lanes();
        lanes.resting.keys().filter(|(of, _)| of == project).map(|(_, lane)| lane.clone()).collect()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client is being served for as long as this lives.
pub(crate) struct Serving {
    served: Served,
    key: Key,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.served.lanes().serving.remove(&self.key);
        self.served.ends.send_replace(());
    }
}

/// Clients rest for as long as this lives.
pub(crate) struct Resting {
    served: Served,
    keys: Vec<Key>,
}

impl Resting {
    /// Returns when none of them is being served any more.
    pub(crate) async fn begun(&self) {
        let mut ends = self.served.ends.subscribe();
        while self.keys.iter().any(|key| self.served.lanes().serving.contains(key)) {
            // The sender lives as long as this.
            if ends.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Resting {
    fn drop(&mut self) {
        let mut lanes = self.served.lanes();
        for key in &self.keys {
            match lanes.resting.get_mut(key) {
                Some(times) if *times > 1 => *times -= 1,
                _ => drop(lanes.resting.remove(key)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_client_rests_when_the_last_delivery_is_over_and_until_nobody_asks_for_it() {
        let (served, project) = (Served::default(), ProjectId::new("shop"));
        let serving = served.begin(&project, "1").unwrap();
        let resting = served.rest(&project, &["1".to_owned()]);
        let second = served.rest(&project, &["1".to_owned()]);
        let mut begun = Box::pin(resting.begun());
        assert!(begun.as_mut().now_or_never().is_none(), "it is still being served");
        assert!(served.begin(&project, "2").is_some(), "other clients go on");
        drop(serving);
        begun.await;
        drop(second);
        assert!(served.begin(&project, "1").is_none());
        assert_eq!(served.resting(&project), ["1"]);
        drop(resting);
        assert!(served.begin(&project, "1").is_some());
    }
}
