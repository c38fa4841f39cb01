//! Projects that come, change and go while the sidecar runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tieline_engine::ids::ProjectId;

use super::{
    Driver, Wired,
    connection::{Connection, Kit},
    roster::Roster,
    wake::Wish,
};
use crate::{cards::Cards, store::StoreError};

/// How long deliveries of a project that goes are waited for: a CRM's usual answers take seconds, its slowest half a
/// minute. What takes longer is cut short, as a crash would cut it.
const END_BOUND: Duration = Duration::from_secs(35);

/// Opens the connections of projects, each in the state it was left in, or in the configured one when it is seen for the
/// first time.
pub(super) async fn open(projects: Vec<Wired>, kit: &Kit, cards: &Cards) -> Result<Roster, StoreError> {
    let mut states = kit.store.connections().await?;
    let now = kit.clock.now();
    let unseen = projects.iter().map(|wired| &wired.project).filter(|project| !states.contains_key(&project.id));
    let unseen: BTreeMap<_, _> =
        unseen.map(|project| (project.id.clone(), Connection::first_state(project, now))).collect();
    if !unseen.is_empty() {
        kit.store.add_connections(unseen.clone()).await?;
        states.extend(unseen);
    }
    let mut connections = Vec::with_capacity(projects.len());
    for wired in projects {
        cards.connect(&wired.project, &wired.transport, &kit.clock);
        let Some(state) = states.remove(&wired.project.id) else { continue };
        connections.push(Arc::new(Connection::new(wired, kit, state)));
    }
    Ok(Roster::new(connections))
}

impl Driver {
    /// Takes a project in, or gives it another configuration, at once: the next call is handled by it. Deliveries and
    /// questions under way end as they were begun, and their clients' next calls wait for that. Calls taken in, and where
    /// the connection stands, stay as they are; what was known of callers is asked again.
    ///
    /// # Errors
    /// The store cannot be read or written; nothing was changed.
    pub async fn put(&self, wired: Wired) -> Result<(), StoreError> {
        let _alone = self.changes.lock().await;
        let project = Arc::clone(&wired.project);
        let kit = self.kit();
        let before = self.roster.get(&project.id);
        self.cards.connect(&project, &wired.transport, &kit.clock);
        let connection = match &before {
            Some(before) => before.replaced(wired, &kit),
            None => {
                let state = self.stored_or_first(&wired).await?;
                Connection::new(wired, &kit, state)
            }
        };
        let connection = Arc::new(connection);
        self.presences.keep_only(&project.id, &project.policy.agents);
        self.roster.put(Arc::clone(&connection));
        // After it is among all connections: whoever counts the sidecars anew meanwhile tells it, too.
        connection.gate.share_among(self.sidecars.load(Ordering::SeqCst));
        if let Some(before) = before {
            before.end();
        }
        self.woken.enlist(Wish::Warm, &project.id);
        self.woken.enlist(Wish::Look, &project.id);
        Ok(())
    }

    /// Lets a project go: it is unknown from now on, and no further delivery begins. Returns when those under way have
    /// ended, after some time by being cut short. What is stored of it stays.
    pub async fn remove(&self, project: &ProjectId) {
        let alone = self.changes.lock().await;
        let Some(gone) = self.roster.remove(project) else { return };
        gone.end();
        self.cards.disconnect(project);
        self.presences.remove(project);
        self.wishes.remove(project);
        drop(alone);
        let cut = self.served.end_of(project, END_BOUND).await;
        if cut > 0 {
            tracing::warn!(project.id = %project, deliveries = cut, "deliveries of a project that goes were cut short");
        }
        if self.roster.get(project).is_none() {
            self.callers.leave(project).await;
            self.hub.close(project);
        }
    }

    /// Has every project looked at for which a call waits. `None`: the store cannot be read.
    pub(super) async fn survey(&self) -> Option<()> {
        match self.store.queued().await {
            Ok(queued) => {
                for project in &queued {
                    self.woken.enlist(Wish::Look, project);
                }
                Some(())
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot be read");
                None
            }
        }
    }

    fn kit(&self) -> Kit {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        Kit { store, clock, woken: Arc::clone(&self.woken) }
    }

    async fn stored_or_first(&self, wired: &Wired) -> Result<crate::store::ConnectionState, StoreError> {
        let id = &wired.project.id;
        if let Some(state) = self.store.connection(id).await? {
            return Ok(state);
        }
        let state = Connection::first_state(&wired.project, self.clock.now());
        self.store.put_connection(id, state.clone()).await?;
        Ok(state)
    }
}
