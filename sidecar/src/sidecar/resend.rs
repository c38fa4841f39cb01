//! Sending calls again that were kept, left out or failed, and watching it happen.

use std::time::Duration;

use tieline_engine::{ids::ProjectId, jiff::Timestamp, reason::ReasonCode};
use tokio::time::{self, Instant};

use super::{Refused, Sidecar};
use crate::store::{Filter, StateIs, Status, StoreError};

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Which calls are sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Happened at or after.
    pub since: Option<Timestamp>,
    /// Happened before.
    pub until: Option<Timestamp>,
    /// States; empty means waiting ones and those left out by an earlier activation. Of skipped ones only those are
    /// ever taken.
    pub states: Vec<StateIs>,
}

/// A resending under way.
pub struct Resend {
    sidecar: Sidecar,
    project: ProjectId,
    filter: Filter,
    total: u64,
    failed_before: u64,
    skipped_before: u64,
    begun: Instant,
    told_end: bool,
    first: bool,
}

/// How far a resending is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Calls selected.
    pub total: u64,
    /// In the CRM now.
    pub sent: u64,
    /// Skipped by the engine.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
    /// Still waiting.
    pub waiting: u64,
    /// Calls finished a second, on average since the beginning.
    pub rate_per_second: f64,
    /// Seconds left at this rate.
    pub eta_seconds: Option<u64>,
    /// Nothing waits any more.
    pub finished: bool,
    /// When this was counted.
    pub at: Timestamp,
}

impl Sidecar {
    /// How many calls a selection holds; nothing is changed.
    ///
    /// # Errors
    /// Unknown project, or the store cannot be read.
    pub async fn count_resend(&self, project: &ProjectId, selection: &Selection) -> Result<u64, Refused> {
        self.connection(project)?;
        let mut total = 0;
        for filter in filters(selection) {
            total += self.driver.store.count(project, filter).await?;
        }
        Ok(total)
    }

    /// Puts the selected calls behind live ones and begins to watch. Dropping the watch does not stop the sending.
    ///
    /// # Errors
    /// Unknown project, the connection is off, or the store could not write.
    pub async fn resend(&self, project: &ProjectId, selection: &Selection) -> Result<Resend, Refused> {
        let connection = self.connection(project)?;
        if connection.state().status != Status::Active {
            return Err(Refused::ConnectionInactive);
        }
        let now = self.driver.clock.now();
        let mut total = 0;
        // Live calls go on coming; with them the watch would never end.
        let accepted_until = Some(now);
        for filter in filters(selection) {
            total += self.driver.store.requeue(project, Filter { accepted_until, ..filter }, now).await?;
        }
        let filter = Filter { since: selection.since, until: selection.until, accepted_until, ..Filter::default() };
        let count = async |states| self.driver.store.count(project, Filter { states, ..filter.clone() }).await;
        let failed_before = count(vec![StateIs::Failed]).await?;
        let skipped_before = count(vec![StateIs::Skipped]).await?;
        connection.wake.notify_one();
        let (sidecar, project, begun) = (self.clone(), project.clone(), Instant::now());
        Ok(Resend {
            sidecar,
            project,
            filter,
            total,
            failed_before,
            skipped_before,
            begun,
            told_end: false,
            first: true,
        })
    }
}

/// One filter for what waits or failed, one for what an activation left out.
fn filters(selection: &Selection) -> Vec<Filter> {
    let asked = |state| selection.states.contains(&state);
    let usual = selection.states.is_empty();
    let window = Filter { since: selection.since, until: selection.until, ..Filter::default() };
    let mut filters = Vec::new();
    for (state, by_default) in [(StateIs::Waiting, true), (StateIs::Failed, false), (StateIs::Written, false)] {
        if asked(state) || (usual && by_default) {
            filters.push(Filter { states: vec![state], ..window.clone() });
        }
    }
    if asked(StateIs::Skipped) || usual {
        let skipped_for = vec![ReasonCode::OutOfWindow, ReasonCode::ResendOff];
        filters.push(Filter { states: vec![StateIs::Skipped], skipped_for, ..window });
    }
    filters
}

impl Resend {
    /// The next progress, half a second after the last; `None` after the one that says it is finished.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn next(&mut self) -> Result<Option<Progress>, StoreError> {
        if self.told_end {
            return Ok(None);
        }
        if !std::mem::take(&mut self.first) {
            time::sleep(PROGRESS_EVERY).await;
        }
        let progress = self.count().await?;
        self.told_end = progress.finished;
        Ok(Some(progress))
    }

    async fn count(&self) -> Result<Progress, StoreError> {
        let driver = self.sidecar.driver();
        let count = async |state| {
            driver.store.count(&self.project, Filter { states: vec![state], ..self.filter.clone() }).await
        };
        // Calls of the window that were not selected may move too; the sum stays that of the selected ones.
        let mut left = self.total;
        let mut share = |found: u64| {
            let part = found.min(left);
            left -= part;
            part
        };
        let waiting = share(count(StateIs::Waiting).await?);
        let failed = share(count(StateIs::Failed).await?.saturating_sub(self.failed_before));
        let skipped = share(count(StateIs::Skipped).await?.saturating_sub(self.skipped_before));
        let sent = left;
        let finished_calls = self.total - waiting;
        let rate_per_second = finished_calls as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        let eta_seconds = (finished_calls > 0).then(|| (waiting as f64 / rate_per_second).ceil() as u64);
        let at = driver.clock.now();
        Ok(Progress {
            total: self.total,
            sent,
            skipped,
            failed,
            waiting,
            rate_per_second,
            eta_seconds,
            finished: waiting == 0,
            at,
        })
    }
}
