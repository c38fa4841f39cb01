//! Where events are told, and where watching begins.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::Timestamp,
};

use super::{Card, Event, channel::Channel, watcher::Watcher};

/// Everybody who watches, and what there was to see lately.
pub struct Hub {
    /// Tells this run of the sidecar from others, so that a place of another run is known as such.
    run: String,
    projects: Mutex<BTreeMap<ProjectId, Arc<Channel>>>,
}

/// Where to begin to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With what happens from now on.
    Now,
    /// After a place of this run.
    After(u64),
    /// After a place of another run: with what is kept, and the notice that something may be gone.
    AnotherRun,
}

/// How much was told to a project's watchers since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Caller cards.
    pub cards: u64,
    /// Finished calls.
    pub finished: u64,
    /// Wishes to dial.
    pub dials: u64,
}

impl Hub {
    /// Nothing happened yet; `run` is a name no other run has.
    #[must_use]
    pub fn new(run: String) -> Self {
        Self { run, projects: Mutex::default() }
    }

    /// The name of this run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Tells the watchers of a project.
    pub fn tell(&self, project: &ProjectId, at: Timestamp, event: Event) {
        let channel = self.channel(project);
        channel.push(&mut channel.kept(), at, event);
    }

    /// Tells the watchers of a project of a caller, when there are any and the call's latest card said something else.
    pub fn show(&self, project: &ProjectId, at: Timestamp, card: Card) {
        let Some(channel) = self.known(project) else { return };
        let mut kept = channel.kept();
        if !kept.is_watched() {
            channel.pass_over(&kept);
        } else if let Some(card) = kept.news(card) {
            channel.push(&mut kept, at, Event::Card(card));
        }
    }

    /// Whether a project's cards are wanted. Where they are not, one is passed over: a watcher that comes back later
    /// is told that it missed something.
    #[must_use]
    pub fn wants_card(&self, project: &ProjectId) -> bool {
        let Some(channel) = self.known(project) else { return false };
        let kept = channel.kept();
        if !kept.is_watched() {
            channel.pass_over(&kept);
        }
        kept.is_watched()
    }

    /// Watches a project. `None`: there is no such place yet.
    #[must_use]
    pub fn watch(&self, project: &ProjectId, from: From) -> Option<Watcher> {
        Watcher::new(self.channel(project), from)
    }

    /// How many watch a project.
    #[must_use]
    pub fn watchers(&self, project: &ProjectId) -> usize {
        self.known(project).map_or(0, |channel| channel.kept().watchers)
    }

    /// What was told of a project since the start.
    #[must_use]
    pub fn told(&self, project: &ProjectId) -> Told {
        self.known(project).map_or_else(Told::default, |channel| channel.kept().told)
    }

    /// Keeps no card and no wish any more of calls, or of a client by the name of its lane.
    pub(crate) fn forget(&self, project: &ProjectId, calls: &[CallId], lanes: &[String]) {
        if let Some(channel) = self.known(project) {
            channel.kept().forget_client(calls, lanes);
        }
    }

    /// Keeps nothing of a project any more; those who watch it learn that it is gone.
    pub(crate) fn close(&self, project: &ProjectId) {
        let gone = self.projects.lock().unwrap_or_else(PoisonError::into_inner).remove(project);
        if let Some(channel) = gone {
            channel.close();
        }
    }

    /// The channel of a project of which there was something to tell, or which somebody watched.
    fn known(&self, project: &ProjectId) -> Option<Arc<Channel>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner).get(project).cloned()
    }

    fn channel(&self, project: &ProjectId) -> Arc<Channel> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = projects.get(project) {
            return Arc::clone(channel);
        }
        Arc::clone(projects.entry(project.clone()).or_insert_with(|| Arc::new(Channel::new())))
    }
}
