//! Pieces of work of the schedule: one of a kind for a project, and what becomes of one that breaks off.

use std::{collections::BTreeMap, panic::AssertUnwindSafe};

use futures::FutureExt as _;
use tieline_engine::ids::ProjectId;
use tokio::time;

use super::round::{Round, STORE_PAUSE};

/// Work of which each project has one piece under way at most, and whether there is more to do by now.
#[derive(Default)]
pub(super) struct OneEach(BTreeMap<ProjectId, bool>);

impl OneEach {
    /// Whether it is begun now; else it is done again at its end.
    pub(super) fn begin(&mut self, project: &ProjectId) -> bool {
        if let Some(again) = self.0.get_mut(project) {
            *again = true;
            return false;
        }
        self.0.insert(project.clone(), false);
        true
    }

    /// Whether it is to be done again.
    pub(super) fn end(&mut self, project: &ProjectId) -> bool {
        self.0.remove(project).unwrap_or(false)
    }

    /// Whether a project has one under way.
    pub(super) fn has(&self, project: &ProjectId) -> bool {
        self.0.contains_key(project)
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A piece of work that ends abnormally is a mistake of ours. It is taken up again after a pause, during which its
/// client or its project waits and all others go on.
pub(super) async fn unless_broken(task: impl Future<Output = Option<Round>> + Send) -> Option<Round> {
    let ended = AssertUnwindSafe(task).catch_unwind().await;
    if ended.is_err() {
        tracing::error!("a piece of work ended abnormally, please report it; it is taken up again");
        time::sleep(STORE_PAUSE).await;
    }
    ended.unwrap_or(None)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_breaks_off_is_over_after_a_pause_and_takes_nobody_along() {
        let begun = Instant::now();
        assert!(unless_broken(async { panic!("a mistake") }).await.is_none());
        assert_eq!(begun.elapsed(), STORE_PAUSE);
    }
}
