//! Delivery: one schedule for all projects picks calls whose turn it is, at most one per client at a time, and drives
//! each through the engine.
//!
//! | what | file |
//! | --- | --- |
//! | which projects there are, and how they come and go | `roster.rs`, `changes.rs` |
//! | one project's link to its CRM | `connection.rs`, `tokens.rs`, `seal.rs`, `quota.rs`, `resting.rs` |
//! | who is looked at when | `schedule.rs`, `wake.rs`, `later.rs`, `round.rs` |
//! | learning the CRMs | `learning.rs` |
//! | one call | `deliver.rs`, `served.rs`, `told.rs` |
//! | resendings | `resending.rs` |
//! | other sidecars on the same store | `others.rs` |

mod changes;
pub mod connection;
mod deliver;
mod later;
mod learning;
mod others;
mod pieces;
pub mod quota;
mod resending;
pub mod resting;
mod roster;
mod round;
mod schedule;
mod seal;
mod served;
mod tokens;
mod told;
pub(crate) mod wake;

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use tieline_crm::{dialect::Dialect, transport::Transport};
use tieline_engine::ids::ProjectId;
use tokio::sync::{Mutex, Notify, watch};

pub use self::roster::Connections;
use self::{
    connection::Connection,
    roster::Roster,
    schedule::Schedule,
    served::Served,
    wake::{Wish, Woken},
};
use crate::{
    callers::Callers,
    cards::Cards,
    clock::Clock,
    dialing::Wishes,
    outcomes::Outcomes,
    presence::PresenceBook,
    project::Project,
    store::{Store, StoreError},
    watch::Hub,
};

/// Longest time a connection rests after trouble before one request tries again.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Delivers the calls of every project.
pub struct Driver {
    /// Where calls are kept.
    pub store: Arc<dyn Store>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// What is known of callers.
    pub callers: Callers,
    /// Tells who waits that a call is finished.
    pub outcomes: Outcomes,
    /// What happens, for those who watch.
    pub hub: Arc<Hub>,
    /// Who wants caller cards.
    pub cards: Cards,
    /// What the agents' telephones are doing.
    pub presences: PresenceBook,
    /// Wishes to call that were seen lately.
    pub wishes: Wishes,
    /// Which clients are being served.
    pub(crate) served: Served,
    /// Wakes what takes resendings on.
    pub(crate) resends: Notify,
    roster: Roster,
    /// Held while a project comes, changes or goes.
    changes: Mutex<()>,
    woken: Arc<Woken>,
    /// Sidecars that share the CRMs' quotas, as far as is known.
    sidecars: AtomicU32,
}

/// A project with its dialect and its way to the network.
pub struct Wired {
    /// The project.
    pub project: Arc<Project>,
    /// The dialect of its CRM.
    pub dialect: Arc<dyn Dialect>,
    /// The way to its CRM.
    pub transport: Arc<dyn Transport>,
}

impl Driver {
    /// Opens every project's connection.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        projects: Vec<Wired>,
    ) -> Result<Arc<Self>, StoreError> {
        let woken = Arc::new(Woken::default());
        let hub = Arc::new(Hub::new(format!("{:x}", clock.random())));
        let cards = Cards::new(Arc::clone(&hub), Arc::clone(&woken));
        let kit = connection::Kit { store: Arc::clone(&store), clock: Arc::clone(&clock), woken: Arc::clone(&woken) };
        let roster = changes::open(projects, &kit, &cards).await?;
        for connection in &roster.all() {
            woken.enlist(Wish::Warm, &connection.project.id);
        }
        Ok(Arc::new(Self {
            store,
            clock,
            callers: Callers::new(),
            outcomes: Outcomes::new(),
            hub,
            cards,
            presences: PresenceBook::default(),
            wishes: Wishes::default(),
            served: Served::default(),
            resends: Notify::new(),
            roster,
            changes: Mutex::default(),
            woken,
            sidecars: AtomicU32::new(1),
        }))
    }

    /// The connection of a project.
    #[must_use]
    pub fn connection(&self, project: &ProjectId) -> Option<Arc<Connection>> {
        self.roster.get(project)
    }

    /// Every connection there is now, by project.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.roster.all()
    }

    /// Delivers until told to stop, then lets what is under way finish within a time.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>, drain: Duration) {
        let schedule = Schedule::new(Arc::clone(&self)).run(stop.clone(), drain);
        let resendings = Arc::clone(&self).take_resendings_on(stop.clone());
        tokio::join!(self.follow(stop), resendings, schedule);
    }
}
