//! Sending calls again that were kept, left out or failed, and watching it happen. The sending itself is done by
//! `driver/resending.rs`, whoever watches.

use std::{collections::VecDeque, time::Duration};

use tieline_engine::{ids::ProjectId, jiff::Timestamp};
use tokio::time::{self, Instant};

use super::{Refused, Sidecar};
use crate::store::{
    Status, StoreError,
    resend::{Resending, Selection, Survey},
};

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// The time over which the rate is told.
const RATE_OVER: Duration = Duration::from_secs(60);

/// A resending that is watched.
pub struct Resend {
    sidecar: Sidecar,
    resending: Resending,
    /// What was finished when, over the last minute.
    seen: VecDeque<(Instant, u64)>,
    told_end: bool,
}

/// How far a resending is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Its id.
    pub id: u64,
    /// What it is doing.
    pub stage: Stage,
    /// Calls selected.
    pub total: u64,
    /// In the CRM now.
    pub sent: u64,
    /// Skipped by the engine.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
    /// Still to do.
    pub waiting: u64,
    /// Calls finished a second, over the last minute or since it is watched.
    pub rate_per_second: f64,
    /// Seconds left at this rate.
    pub eta_seconds: Option<u64>,
    /// When this was counted.
    pub at: Timestamp,
}

/// What a resending is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It looks for its calls.
    Choosing,
    /// They are being sent.
    Running,
    /// What is left of the CRM's budget is kept for live calls.
    Resting,
    /// It was cancelled.
    Cancelled,
    /// Nothing is left to do.
    Finished,
}

impl Sidecar {
    /// What a selection holds, by worth; nothing is changed.
    ///
    /// # Errors
    /// Unknown project, or the store cannot be read.
    pub async fn survey(&self, project: &ProjectId, selection: &Selection) -> Result<Survey, Refused> {
        self.connection(project)?;
        let (mut all, mut before, now) = (Survey::default(), Some(u64::MAX), self.driver.clock.now());
        while let Some(position) = before {
            let portion = self.driver.store.survey(project, selection.clone(), now, position).await?;
            for (sum, found) in all.by_worth.iter_mut().zip(portion.by_worth) {
                *sum += found;
            }
            before = portion.before;
        }
        Ok(all)
    }

    /// Sends the selected calls behind live ones and begins to watch. Dropping the watch does not stop the sending.
    ///
    /// # Errors
    /// Unknown project, the connection is off, or the store could not write.
    pub async fn resend(&self, project: &ProjectId, selection: Selection) -> Result<Resend, Refused> {
        if self.connection(project)?.state().status != Status::Active {
            return Err(Refused::ConnectionInactive);
        }
        // Live calls go on coming; with them the resending would never end.
        let id = self.driver.store.begin_resend(project, selection, self.driver.clock.now()).await?;
        tracing::info!(project.id = %project, resend.id = id, "a resending begins");
        // A small one is chosen before anything is told of it.
        self.driver.store.step_resend(project, id, self.driver.clock.now()).await?;
        self.driver.resends.notify_one();
        self.watch_resend(project, Some(id)).await
    }

    /// Watches a resending, or the project's latest one.
    ///
    /// # Errors
    /// Unknown project or resending, or the store cannot be read.
    pub async fn watch_resend(&self, project: &ProjectId, id: Option<u64>) -> Result<Resend, Refused> {
        let resending = self.resending(project, id).await?;
        Ok(Resend { sidecar: self.clone(), resending, seen: VecDeque::new(), told_end: false })
    }

    /// Cancels a resending, or the project's latest one; or lets it go on. Answers which.
    ///
    /// # Errors
    /// Unknown project or resending, the connection is off and it is to go on, or the store could not write.
    pub async fn order_resend(&self, project: &ProjectId, id: Option<u64>, cancel: bool) -> Result<u64, Refused> {
        if !cancel && self.connection(project)?.state().status != Status::Active {
            return Err(Refused::ConnectionInactive);
        }
        let resending = self.resending(project, id).await?;
        if resending.cancelled != cancel {
            self.driver.store.order_resend(project, resending.id, cancel).await?;
            tracing::info!(project.id = %project, resend.id = resending.id, cancel, "a resending was cancelled or resumed");
            self.driver.resends.notify_one();
        }
        Ok(resending.id)
    }

    async fn resending(&self, project: &ProjectId, id: Option<u64>) -> Result<Resending, Refused> {
        self.connection(project)?;
        self.driver.store.resending(project, id).await?.ok_or(Refused::UnknownResend)
    }
}

impl Resend {
    /// The next progress, half a second after the last; `None` after the one that tells of the end.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn next(&mut self) -> Result<Option<Progress>, StoreError> {
        if self.told_end {
            return Ok(None);
        }
        let driver = self.sidecar.driver();
        if !self.seen.is_empty() {
            time::sleep(PROGRESS_EVERY).await;
            let asked = driver.store.resending(&self.resending.project, Some(self.resending.id)).await?;
            let Some(resending) = asked else { return Ok(None) };
            self.resending = resending;
        }
        let at = driver.clock.now();
        let progress = self.told(at);
        self.told_end = progress.stage == Stage::Finished || self.resending.is_at_rest();
        Ok(Some(progress))
    }

    fn told(&mut self, at: Timestamp) -> Progress {
        let counts = self.resending.counts;
        let rate_per_second = self.rate(counts.done());
        let stage = match () {
            () if self.resending.cancelled => Stage::Cancelled,
            () if self.resending.is_choosing() => Stage::Choosing,
            () if self.resending.is_finished() => Stage::Finished,
            () if self.is_resting() => Stage::Resting,
            () => Stage::Running,
        };
        let is_moving = rate_per_second > 0.0 && !matches!(stage, Stage::Cancelled | Stage::Resting);
        Progress {
            id: self.resending.id,
            stage,
            total: counts.total(),
            sent: counts.written,
            skipped: counts.skipped,
            failed: counts.failed,
            waiting: counts.left(),
            rate_per_second,
            eta_seconds: is_moving.then(|| (counts.left() as f64 / rate_per_second).ceil() as u64),
            at,
        }
    }

    fn is_resting(&self) -> bool {
        self.sidecar.connection(&self.resending.project).is_ok_and(|connection| connection.backlog_rests())
    }

    /// Notes what is finished now, and tells how fast that goes.
    fn rate(&mut self, done: u64) -> f64 {
        let now = Instant::now();
        self.seen.push_back((now, done));
        while self.seen.get(1).is_some_and(|(second, _)| now.duration_since(*second) >= RATE_OVER) {
            self.seen.pop_front();
        }
        let (since, before) = self.seen.front().copied().unwrap_or((now, done));
        done.saturating_sub(before) as f64 / now.duration_since(since).as_secs_f64().max(0.001)
    }
}
