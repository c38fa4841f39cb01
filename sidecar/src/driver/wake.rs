//! Who wants to be looked at: lists of projects, so that one who waits for an event costs nothing but its name in them,
//! and that only while there is an event.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tieline_engine::ids::ProjectId;
use tokio::sync::Notify;

/// Projects that want something of the schedule, in the order in which they came; each once.
#[derive(Default)]
pub(crate) struct Woken {
    lists: Mutex<Lists>,
    news: Notify,
}

/// What a project wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To be looked at for calls that are due.
    Look,
    /// That its CRM is learned now: a phone rings.
    Learn,
    /// That its CRM is learned when there is time: the connection is new.
    Warm,
    /// That its Smart Phone is told what waits for it.
    Tell,
}

#[derive(Default)]
struct Lists {
    look: List,
    learn: List,
    warm: List,
    tell: List,
}

impl Lists {
    fn of(&mut self, wish: Wish) -> &mut List {
        match wish {
            Wish::Look => &mut self.look,
            Wish::Learn => &mut self.learn,
            Wish::Warm => &mut self.warm,
            Wish::Tell => &mut self.tell,
        }
    }
}

#[derive(Default)]
struct List {
    order: VecDeque<ProjectId>,
    known: BTreeSet<ProjectId>,
}

impl Woken {
    /// Puts a project on a list, unless it is there.
    pub(crate) fn enlist(&self, wish: Wish, project: &ProjectId) {
        {
            let mut lists = self.lists();
            let list = lists.of(wish);
            if list.known.contains(project) {
                return;
            }
            list.known.insert(project.clone());
            list.order.push_back(project.clone());
        }
        self.news.notify_one();
    }

    /// The project that has been on a list for longest.
    pub(super) fn take(&self, wish: Wish) -> Option<ProjectId> {
        let mut lists = self.lists();
        let list = lists.of(wish);
        let project = list.order.pop_front()?;
        list.known.remove(&project);
        Some(project)
    }

    /// Returns when a project may have been put on a list since this was last awaited.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has one project looked at.
pub struct Wake {
    woken: Arc<Woken>,
    project: ProjectId,
}

impl Wake {
    /// The handle of a project.
    pub(super) fn new(woken: Arc<Woken>, project: ProjectId) -> Self {
        Self { woken, project }
    }

    /// Has the project looked at soon: a call may be due.
    pub fn notify_one(&self) {
        self.woken.enlist(Wish::Look, &self.project);
    }

    /// Has the CRM learned as soon as possible.
    pub(crate) fn learn(&self) {
        self.woken.enlist(Wish::Learn, &self.project);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_calls_often_stands_in_the_list_once_and_behind_who_came_before() {
        let woken = Woken::default();
        let [busy, quiet] = ["busy", "quiet"].map(ProjectId::new);
        for project in [&busy, &busy, &quiet, &busy] {
            woken.enlist(Wish::Look, project);
        }
        assert!(woken.news().now_or_never().is_some());
        assert_eq!(woken.take(Wish::Look), Some(busy.clone()));
        woken.enlist(Wish::Look, &busy);
        assert_eq!(woken.take(Wish::Look), Some(quiet));
        assert_eq!(woken.take(Wish::Look), Some(busy));
        assert_eq!(woken.take(Wish::Look), None);
    }
}
