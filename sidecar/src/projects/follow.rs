//! What others changed in the store: found with the first look, and with every beat that tells of a change.

use std::{pin::pin, sync::Arc, time::Duration};

use tieline_engine::ids::ProjectId;
use tokio::time;

use super::Projects;
use crate::store::StoreError;

/// After the store failed, it is asked again after this long.
const AGAIN: Duration = Duration::from_secs(1);

impl Projects {
    /// Takes notice of changes until told to stop.
    pub async fn follow(self: Arc<Self>, stopped: impl Future<Output = ()>) {
        let mut stopped = pin!(stopped);
        tokio::select! {
            () = &mut stopped => return,
            () = self.follow_on() => {}
        }
        stopped.await;
    }

    /// Returns where nobody else changes anything.
    async fn follow_on(&self) {
        let Some(mut beats) = self.store().others() else { return };
        // What changed between loading and now shows in the first look.
        let mut seen = None;
        loop {
            let now = beats.borrow_and_update().projects;
            if seen != Some(now) {
                match self.catch_up().await {
                    Ok(()) => seen = Some(now),
                    Err(error) => tracing::warn!(%error, "the projects in the store could not be read"),
                }
            }
            let beaten = beats.changed();
            let beaten = if seen == Some(now) { Ok(beaten.await) } else { time::timeout(AGAIN, beaten).await };
            if matches!(beaten, Ok(Err(_))) {
                return;
            }
        }
    }

    /// Reads what has another revision than the one known here, and drops what is gone.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let revisions = self.store().project_revisions().await?;
        let known = |id: &ProjectId| self.standings().get(id).map(|standing| standing.revision);
        let gone: Vec<ProjectId> = self.standings().keys().filter(|id| !revisions.contains_key(*id)).cloned().collect();
        for id in gone {
            self.drop_out(&id).await;
        }
        for (id, revision) in revisions {
            if known(&id) == Some(revision) {
                continue;
            }
            match self.store().project(&id).await? {
                Some(kept) => {
                    let reading = self.reader.read(&kept).await;
                    self.serve(&kept, reading).await?;
                }
                None => self.drop_out(&id).await,
            }
        }
        Ok(())
    }
}
