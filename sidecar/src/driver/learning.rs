//! Learning the CRMs: whoever has a call to deliver or a phone that rings at once; the others after the start one after
//! another, so that ten thousand of them ask for no ten thousand tokens in the same second; and who is idle not again.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use tieline_engine::ids::ProjectId;
use tokio::time::Instant;

use super::{Driver, connection::Connection, quota::Priority};
use crate::troubles::{self, Remedy};

/// Pause between two projects without work that are learned after the start: 20 a second, as each takes a token and
/// some requests; ten thousand are through within nine minutes, and nobody waits for them, as a ringing phone does not.
const WARM_EVERY: Duration = Duration::from_millis(50);
/// Such projects learned at once.
const WARM_AT_ONCE: usize = 4;
/// A CRM that could not be learned is asked again after so long, at the same pace, though nothing waits for it: the next
/// ringing phone shall find it known.
const WARM_AGAIN: Duration = Duration::from_secs(30);

impl Driver {
    /// Learns the CRM; on trouble the gate closes or the connection is suspended.
    pub(super) async fn learn(&self, connection: &Connection, priority: Priority) {
        let Err(trouble) = connection.learn_at(priority).await else { return };
        tracing::warn!(project.id = %connection.project.id, %trouble, "the CRM could not be read");
        if troubles::remedy(&trouble) == Remedy::Suspend
            && let Err(error) = connection.suspend(&trouble).await
        {
            tracing::error!(project.id = %connection.project.id, %error, "the suspension could not be stored");
        }
        let wait = connection.project.connection.retry.wait(3, None, self.clock.random());
        connection.gate.close_for(wait.min(super::PAUSE_MAX));
        connection.stays_as_learned();
    }
}

/// Projects that are learned without having anything to do.
pub(super) struct Warming {
    waiting: VecDeque<ProjectId>,
    /// Those that were tried, in order of time.
    tried: VecDeque<(Instant, ProjectId)>,
    /// All of both, so that each stands there once.
    known: BTreeSet<ProjectId>,
    next_at: Instant,
    pub(super) under_way: usize,
}

impl Warming {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            tried: VecDeque::new(),
            known: BTreeSet::new(),
            next_at: Instant::now(),
            under_way: 0,
        }
    }

    /// Takes a project in.
    pub(super) fn add(&mut self, project: ProjectId) {
        if self.known.insert(project.clone()) {
            self.waiting.push_back(project);
        }
    }

    /// Takes a project in that could not be learned just now: it is tried again after a while.
    pub(super) fn add_later(&mut self, project: ProjectId, now: Instant) {
        if self.known.insert(project.clone()) {
            self.tried.push_back((now + WARM_AGAIN, project));
        }
    }

    /// When the next project is to be learned, unless that waits for another one's end.
    pub(super) fn next_at(&self) -> Option<Instant> {
        let again = self.tried.front().map(|(at, _)| (*at).max(self.next_at));
        let next = if self.waiting.is_empty() { again } else { Some(self.next_at) };
        next.filter(|_| self.under_way < WARM_AT_ONCE)
    }

    /// The next project for which `wants` holds, when it is time.
    pub(super) fn take(&mut self, now: Instant, wants: impl Fn(&ProjectId) -> bool) -> Option<ProjectId> {
        if self.next_at()? > now {
            return None;
        }
        while let Some((_, project)) = self.tried.pop_front_if(|(at, _)| *at <= now) {
            self.waiting.push_back(project);
        }
        while let Some(project) = self.waiting.pop_front() {
            self.known.remove(&project);
            if wants(&project) {
                (self.next_at, self.under_way) = (now + WARM_EVERY, self.under_way + 1);
                return Some(project);
            }
        }
        self.waiting = VecDeque::new();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_projects_are_learned_few_at_once_and_some_in_a_second() {
        let (mut warming, begun) = (Warming::new(), Instant::now());
        for nr in 0..100 {
            warming.add(ProjectId::new(nr.to_string()));
        }
        let now = begun + Duration::from_secs(1);
        let odd = |project: &ProjectId| project.as_str().ends_with('1');
        assert_eq!(warming.take(now, odd), Some(ProjectId::new("1")));
        assert_eq!(warming.take(now, odd), None, "not in the same moment");
        for step in 1..10 {
            warming.take(now + WARM_EVERY * step, odd);
        }
        assert_eq!(warming.under_way, WARM_AT_ONCE);
        assert_eq!(warming.next_at(), None);
        warming.under_way = 0;
        assert_eq!(warming.take(now + WARM_EVERY * 10, odd), Some(ProjectId::new("41")));
    }

    #[test]
    fn a_crm_that_could_not_be_learned_is_tried_again_and_one_that_was_is_not() {
        let (mut warming, now) = (Warming::new(), Instant::now());
        for id in ["away", "there"] {
            warming.add(ProjectId::new(id));
            let taken = warming.take(now + WARM_EVERY * 2, |_| true).unwrap();
            warming.add_later(taken, now);
            (warming.next_at, warming.under_way) = (now, 0);
        }
        warming.add(ProjectId::new("away"));
        assert!(warming.waiting.is_empty(), "whoever is tried again is not there twice");
        let is_away = |project: &ProjectId| project.as_str() == "away";
        assert_eq!(warming.next_at(), Some(now + WARM_AGAIN));
        assert_eq!(warming.take(now + WARM_AGAIN / 2, is_away), None);
        assert_eq!(warming.take(now + WARM_AGAIN, is_away), Some(ProjectId::new("away")));
        assert_eq!(warming.take(now + WARM_AGAIN * 2, is_away), None);
        assert!(warming.tried.is_empty() && warming.waiting.is_empty());
    }
}
