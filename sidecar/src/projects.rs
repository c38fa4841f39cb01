//! The projects this sidecar serves: those of its file, and those that administrators put into the store, which come,
//! change and go while it runs.
//!
//! | what | file |
//! | --- | --- |
//! | putting, showing and deleting on behalf of administrators | `projects/change.rs` |
//! | taking notice of what other sidecars on the store changed | `projects/follow.rs` |
//! | from what is kept to what is served | `projects/read.rs` |
//! | secrets, sealed and opened | `projects/sealed.rs` |
//!
//! A project of the file wins over one of the same name in the store. What cannot be read as it was last put goes on as
//! it was served before; a project whose secrets cannot be opened is held: its calls are taken in and kept, and nothing is
//! sent.

mod change;
mod follow;
mod read;
mod sealed;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tieline_engine::{ids::ProjectId, jiff::Timestamp};
use tokio::{task, time};

pub use self::{
    change::{ChangeRefused, DeleteAsk, Deleted, Got, PutAsk, PutDone},
    read::Reader,
};
use crate::{
    driver::Driver,
    store::{Status, Store, StoreError, projects::KeptProject},
};
use read::Reading;

/// Taking a project out of the lists takes less; waiting for its deliveries may take longer.
const BRIEF: Duration = Duration::from_secs(1);

/// The projects this sidecar serves.
pub struct Projects {
    driver: Arc<Driver>,
    reader: Arc<Reader>,
    standings: Mutex<Standings>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
}

/// How the projects of the store stand here.
pub type Standings = BTreeMap<ProjectId, Standing>;

/// How a project of the store stands here.
#[derive(Clone, Debug)]
pub struct Standing {
    /// As kept.
    revision: u64,
    updated_at: Timestamp,
    serving: Serving,
    /// Why it is not served as kept.
    fault: Option<String>,
    older_key: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Serving {
    /// It cannot be read.
    No,
    /// Its calls are kept.
    Held,
    /// As of this revision.
    As(u64),
}

/// Where a project's settings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The configuration's file.
    File,
    /// The store.
    Store,
}

/// A project as administrators see it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its id.
    pub id: ProjectId,
    /// Where its settings come from.
    pub origin: Origin,
    /// Of one of the store: its revision.
    pub revision: u64,
    /// Of one of the store: when it was last put.
    pub updated_at: Option<Timestamp>,
    /// Where its connection stands; `None`: it is not served here.
    pub status: Option<Status>,
    /// Why it is not served here as it was last put.
    pub fault: Option<String>,
    /// Its secrets are to be sealed anew before an older key is taken away.
    pub older_key: bool,
}

impl Projects {
    /// The projects a driver was opened with: those of the file, and those of the store as they were loaded.
    #[must_use]
    pub fn new(driver: Arc<Driver>, reader: Reader, standings: Standings) -> Arc<Self> {
        let (standings, turn) = (Mutex::new(standings), tokio::sync::Mutex::default());
        Arc::new(Self { driver, reader: Arc::new(reader), standings, turn })
    }

    /// Whether there is a project of this name that cannot be read here: what is reported of it must be repeated.
    #[must_use]
    pub fn is_unreadable(&self, id: &ProjectId) -> bool {
        self.standings().get(id).is_some_and(|standing| standing.serving == Serving::No)
    }

    /// Every project there is, by id.
    #[must_use]
    pub fn list(&self) -> Vec<Shown> {
        let ids: BTreeSet<ProjectId> = self.standings().keys().chain(&self.reader.file).cloned().collect();
        ids.iter().filter_map(|id| self.shown(id)).collect()
    }

    /// How many projects there are: of the file, of the store, and of those how many are not served as they were put.
    #[must_use]
    pub fn counted(&self) -> (usize, usize, usize) {
        let standings = self.standings();
        let faulty = standings.values().filter(|standing| standing.fault.is_some()).count();
        (self.reader.file.len(), standings.len(), faulty)
    }

    /// One project, if there is one of this name.
    #[must_use]
    pub fn shown(&self, id: &ProjectId) -> Option<Shown> {
        let standing = self.standings().get(id).cloned();
        let in_file = self.reader.file.contains(id);
        if standing.is_none() && !in_file {
            return None;
        }
        let stored = standing.as_ref().filter(|_| !in_file);
        Some(Shown {
            id: id.clone(),
            origin: if in_file { Origin::File } else { Origin::Store },
            revision: stored.map_or(0, |standing| standing.revision),
            updated_at: stored.map(|standing| standing.updated_at),
            status: self.driver.connection(id).map(|connection| connection.state().status),
            fault: standing.as_ref().and_then(|standing| standing.fault.clone()),
            older_key: stored.is_some_and(|standing| standing.older_key),
        })
    }

    /// Serves a project as kept, as far as it could be read.
    async fn serve(&self, kept: &KeptProject, reading: Reading) -> Result<(), StoreError> {
        let before = self.standings().get(&kept.id).map_or(Serving::No, |standing| standing.serving);
        let (wired, standing) = self.reader.wire(kept, reading, before);
        if let Some(wired) = wired {
            let project = Arc::clone(&wired.project);
            self.driver.put(wired).await?;
            // Only now, so that whoever is let in finds the project.
            self.reader.access.put(&project);
        }
        self.standings().insert(kept.id.clone(), standing);
        Ok(())
    }

    /// Serves a project no longer. Its deliveries under way may last a while longer; nothing is begun any more.
    async fn drop_out(&self, id: &ProjectId) {
        let was_known = self.standings().remove(id).is_some();
        if !was_known || self.reader.file.contains(id) {
            return;
        }
        self.reader.access.remove(id);
        let (driver, id) = (Arc::clone(&self.driver), id.clone());
        let removing = task::spawn(async move {
            driver.remove(&id).await;
            tracing::info!(project.id = %id, "the project is served no longer");
        });
        // Who goes on while deliveries end finds the project gone: nobody else holds the driver's lists meanwhile.
        drop(time::timeout(BRIEF, removing).await);
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.driver.store
    }

    fn standings(&self) -> MutexGuard<'_, Standings> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
