//! Which clients are being served, and which must rest: whoever removes what is stored of a client waits until nobody
//! writes for them, and keeps others from beginning.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tieline_engine::ids::ProjectId;
use tokio::{sync::watch, task::AbortHandle, time};

/// Clients being served, and those that rest, by project and lane.
#[derive(Clone)]
pub(crate) struct Served {
    lanes: Arc<Mutex<Lanes>>,
    ends: watch::Sender<()>,
}

#[derive(Default)]
struct Lanes {
    serving: BTreeMap<ProjectId, BTreeMap<String, Turn>>,
    /// How often each is asked to rest.
    resting: BTreeMap<ProjectId, BTreeMap<String, usize>>,
    turns: u64,
}

/// One delivery.
struct Turn {
    /// Tells it from the lane's other ones.
    nr: u64,
    backlog: bool,
    abort: Option<AbortHandle>,
}

/// The lanes of a project from which nothing may be begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Busy {
    /// Their names.
    pub(super) lanes: Vec<String>,
    /// How many of them are being served.
    pub(super) serving: usize,
    /// With how many of these for a call of the backlog.
    pub(super) backlog: usize,
}

impl Default for Served {
    fn default() -> Self {
        Self { lanes: Arc::default(), ends: watch::channel(()).0 }
    }
}

impl Served {
    /// Begins to serve a client with a call, of the `backlog` or not; `None` when the client rests or is being served.
    pub(crate) fn begin(&self, project: &ProjectId, lane: &str, backlog: bool) -> Option<Serving> {
        let mut lanes = self.lanes();
        let Lanes { serving, resting, turns } = &mut *lanes;
        if resting.get(project).is_some_and(|resting| resting.contains_key(lane)) {
            return None;
        }
        let serving = serving.entry(project.clone()).or_default();
        let Entry::Vacant(place) = serving.entry(lane.to_owned()) else { return None };
        *turns += 1;
        place.insert(Turn { nr: *turns, backlog, abort: None });
        Some(Serving { served: self.clone(), project: project.clone(), lane: lane.to_owned(), nr: *turns })
    }

    /// Lets clients rest until the answer is dropped. Who is being served goes on; see [`Resting::begun`].
    pub(crate) fn rest(&self, project: &ProjectId, names: &[String]) -> Resting {
        let mut lanes = self.lanes();
        let resting = lanes.resting.entry(project.clone()).or_default();
        for lane in names {
            *resting.entry(lane.clone()).or_default() += 1;
        }
        Resting { served: self.clone(), project: project.clone(), lanes: names.to_vec() }
    }

    /// The lanes of a project that are being served or rest.
    pub(super) fn busy(&self, project: &ProjectId) -> Busy {
        let lanes = self.lanes();
        let mut busy = Busy::default();
        for (lane, turn) in lanes.serving.get(project).into_iter().flatten() {
            busy.lanes.push(lane.clone());
            busy.serving += 1;
            busy.backlog += usize::from(turn.backlog);
        }
        busy.lanes.extend(lanes.resting.get(project).into_iter().flat_map(BTreeMap::keys).cloned());
        busy
    }

    /// How a delivery can be cut short.
    pub(super) fn note(&self, project: &ProjectId, lane: &str, abort: AbortHandle) {
        let mut lanes = self.lanes();
        if let Some(turn) = lanes.serving.get_mut(project).and_then(|serving| serving.get_mut(lane)) {
            turn.abort = Some(abort);
        }
    }

    /// Returns when the deliveries of a project have ended that are under way now; what has not after a time is cut
    /// short, as a crash would. Answers how many were.
    pub(super) async fn end_of(&self, project: &ProjectId, bound: Duration) -> usize {
        let last = self.lanes().turns;
        let mut ends = self.ends.subscribe();
        let ended = async { while self.under_way(project, last, |_| {}) > 0 && ends.changed().await.is_ok() {} };
        if time::timeout(bound, ended).await.is_ok() {
            return 0;
        }
        let cut = self.under_way(project, last, |turn| {
            if let Some(abort) = &turn.abort {
                abort.abort();
            }
        });
        while self.under_way(project, last, |_| {}) > 0 && ends.changed().await.is_ok() {}
        cut
    }

    /// How many deliveries of a project are under way up to one, each of which is shown.
    fn under_way(&self, project: &ProjectId, last: u64, mut each: impl FnMut(&Turn)) -> usize {
        let lanes = self.lanes();
        let serving = lanes.serving.get(project).into_iter().flat_map(BTreeMap::values);
        serving.filter(|turn| turn.nr <= last).map(&mut each).count()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client is being served for as long as this lives.
pub(crate) struct Serving {
    served: Served,
    project: ProjectId,
    lane: String,
    nr: u64,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let mut lanes = self.served.lanes();
        if let Entry::Occupied(mut of_project) = lanes.serving.entry(self.project.clone()) {
            if of_project.get().get(&self.lane).is_some_and(|turn| turn.nr == self.nr) {
                of_project.get_mut().remove(&self.lane);
            }
            if of_project.get().is_empty() {
                of_project.remove();
            }
        }
        drop(lanes);
        self.served.ends.send_replace(());
    }
}

/// Clients rest for as long as this lives.
pub(crate) struct Resting {
    served: Served,
    project: ProjectId,
    lanes: Vec<String>,
}

impl Resting {
    /// Returns when none of them is being served any more.
    pub(crate) async fn begun(&self) {
        let mut ends = self.served.ends.subscribe();
        while self.is_served() {
            // The sender lives as long as this.
            if ends.changed().await.is_err() {
                return;
            }
        }
    }

    fn is_served(&self) -> bool {
        let lanes = self.served.lanes();
        let serving = lanes.serving.get(&self.project);
        serving.is_some_and(|serving| self.lanes.iter().any(|lane| serving.contains_key(lane)))
    }
}

impl Drop for Resting {
    fn drop(&mut self) {
        let mut lanes = self.served.lanes();
        let Entry::Occupied(mut resting) = lanes.resting.entry(self.project.clone()) else { return };
        for lane in &self.lanes {
            match resting.get_mut().get_mut(lane) {
                Some(times) if *times > 1 => *times -= 1,
                _ => drop(resting.get_mut().remove(lane)),
            }
        }
        if resting.get().is_empty() {
            resting.remove();
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
        let serving = served.begin(&project, "1", false).unwrap();
        let resting = served.rest(&project, &["1".to_owned()]);
        let second = served.rest(&project, &["1".to_owned()]);
        let mut begun = Box::pin(resting.begun());
        assert!(begun.as_mut().now_or_never().is_none(), "it is still being served");
        assert!(served.begin(&project, "2", false).is_some(), "other clients go on");
        drop(serving);
        begun.await;
        drop(second);
        assert!(served.begin(&project, "1", false).is_none());
        assert_eq!(served.busy(&project), Busy { lanes: vec!["1".to_owned()], serving: 0, backlog: 0 });
        drop(resting);
        assert!(served.begin(&project, "1", false).is_some());
    }
    #[tokio::test]
    async fn a_client_is_never_served_twice_at_once_and_leaves_nothing_behind() {
        let (served, project) = (Served::default(), ProjectId::new("shop"));
        let serving = served.begin(&project, "1", false).unwrap();
        assert!(served.begin(&project, "1", false).is_none());
        assert!(served.begin(&ProjectId::new("other"), "1", false).is_some(), "other projects go on");
        drop(serving);
        drop(served.begin(&project, "1", false).unwrap());
        assert!(served.lanes().serving.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_project_waits_for_its_deliveries_and_cuts_short_what_does_not_end() {
        let (served, project) = (Served::default(), ProjectId::new("shop"));
        let bound = Duration::from_secs(10);
        for (lane, seconds) in [("quick", 3), ("slow", 1_000)] {
            let serving = served.begin(&project, lane, false).unwrap();
            let delivery = async move {
                let _serving = serving;
                time::sleep(Duration::from_secs(seconds)).await;
            };
            served.note(&project, lane, tokio::spawn(delivery).abort_handle());
        }
        let begun = time::Instant::now();
        assert_eq!(served.end_of(&project, bound).await, 1);
        assert_eq!(begun.elapsed(), bound);
        assert_eq!(served.busy(&project), Busy::default());
        assert_eq!(served.end_of(&project, bound).await, 0);
    }
}
