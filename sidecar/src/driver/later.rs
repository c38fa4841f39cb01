//! Which project is looked at when: one order of times for all of them.

use std::collections::{BTreeMap, BTreeSet};

use tieline_engine::ids::ProjectId;
use tokio::time::Instant;

/// Projects by the time of their next look; one that waits for an event only is not in it.
#[derive(Default)]
pub(super) struct Later {
    order: BTreeSet<(Instant, ProjectId)>,
    times: BTreeMap<ProjectId, Instant>,
}

impl Later {
    /// Looks at a project at a time, and not at the one said before.
    pub(super) fn set(&mut self, project: ProjectId, at: Instant) {
        self.forget(&project);
        self.order.insert((at, project.clone()));
        self.times.insert(project, at);
    }

    /// Waits for an event of the project only.
    pub(super) fn forget(&mut self, project: &ProjectId) {
        if let Some((project, at)) = self.times.remove_entry(project) {
            self.order.remove(&(at, project));
        }
    }

    /// When the first of them is to be looked at.
    pub(super) fn first(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// A project whose time has come.
    pub(super) fn take(&mut self, now: Instant) -> Option<ProjectId> {
        if self.first()? > now {
            return None;
        }
        let (_, project) = self.order.pop_first()?;
        self.times.remove(&project);
        Some(project)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_project_has_one_time_the_one_said_last() {
        let (mut later, now) = (Later::default(), Instant::now());
        let [one, two] = ["one", "two"].map(ProjectId::new);
        let at = |seconds| now + Duration::from_secs(seconds);
        later.set(one.clone(), at(1));
        later.set(two.clone(), at(2));
        later.set(one.clone(), at(3));
        assert_eq!((later.first(), later.take(at(1))), (Some(at(2)), None));
        assert_eq!(later.take(at(3)), Some(two.clone()));
        later.set(two.clone(), at(4));
        later.forget(&two);
        assert_eq!(later.take(at(9)), Some(one));
        assert_eq!((later.take(at(9)), later.first()), (None, None));
    }
}
