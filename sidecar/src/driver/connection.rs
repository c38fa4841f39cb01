//! One project's connection to its CRM: its state, its token, its share of the quota, what was learned of the CRM.

#[macro_use]
mod asking;
mod learned;
mod standing;

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tieline_crm::{dialect::Dialect, transport::Transport};
use tieline_engine::{jiff::Timestamp, policy::Policy, step::Step};
use tokio::sync::Notify;

use self::{learned::Learned, standing::Standing};
use super::{
    quota::Gate,
    seal::Seal,
    tokens::Tokens,
    wake::{Wake, Woken},
};
use crate::{
    clock::Clock,
    driver::Wired,
    project::Project,
    store::{ConnectionState, Store},
};

/// Gives each connection its number.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// One project's connection.
pub struct Connection {
    /// The project as configured.
    pub project: Arc<Project>,
    /// Has the project looked at for calls that are due.
    pub wake: Wake,
    /// Its share of the CRM's quota.
    pub gate: Arc<Gate>,
    /// Tells it from those the project had before.
    nr: u64,
    is_over: AtomicBool,
    transport: Arc<dyn Transport>,
    tokens: Tokens,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// Shared with those the project had before.
    standing: Arc<Standing>,
    learned: RwLock<Learned>,
    /// The CRM was learned, or could not be.
    tried: Notify,
    /// Whether the backlog rested when it was looked at last.
    rested: AtomicBool,
}

/// What every connection is made with.
#[derive(Clone)]
pub(super) struct Kit {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) woken: Arc<Woken>,
}

impl Connection {
    /// A connection of a project that stands in a state.
    pub(super) fn new(wired: Wired, kit: &Kit, state: ConnectionState) -> Self {
        let gate = gate_of(&wired);
        Self::with(wired, kit, Arc::new(Standing::new(state)), gate)
    }

    /// The connection of the same project in another configuration. It stands where this one does, whoever changes
    /// that; and where it leads to the same CRM, both share its quota while this one's requests end.
    pub(super) fn replaced(&self, wired: Wired, kit: &Kit) -> Self {
        let mine = self.dialect();
        let is_same_crm = mine.quota() == wired.dialect.quota() && mine.hosts() == wired.dialect.hosts();
        let is_as_polite = self.project.connection.courtesy == wired.project.connection.courtesy;
        let gate = if is_same_crm && is_as_polite { Arc::clone(&self.gate) } else { gate_of(&wired) };
        // What was refused may be taken now.
        gate.reopen();
        Self::with(wired, kit, Arc::clone(&self.standing), gate)
    }

    fn with(wired: Wired, kit: &Kit, standing: Arc<Standing>, gate: Arc<Gate>) -> Self {
        let Wired { project, dialect, transport } = wired;
        let Kit { store, clock, woken } = kit.clone();
        let seal = Seal::new(project.connection.connect.secrets.values());
        Self {
            wake: Wake::new(woken, project.id.clone()),
            gate,
            nr: NUMBERS.fetch_add(1, Ordering::Relaxed),
            is_over: AtomicBool::new(false),
            transport,
            tokens: Tokens::new(project.id.clone(), Arc::clone(&store), seal),
            store,
            clock,
            standing,
            learned: RwLock::new(Learned::nothing(&project, dialect)),
            tried: Notify::new(),
            rested: AtomicBool::new(false),
            project,
        }
    }

    /// Tells it from the connections the project had before.
    #[must_use]
    pub(crate) fn nr(&self) -> u64 {
        self.nr
    }

    /// No delivery begins over it any more: the project has another one, or is gone.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether the project has another connection, or is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// The project's policy, with agents bound to CRM users as far as is known.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.learned().policy)
    }

    /// The dialect, with what was learned of the CRM.
    #[must_use]
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::clone(&self.learned().dialect)
    }

    /// Now, by the connection's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether calls can be delivered: active, and the CRM was learned once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_active() && self.learned().at.is_some()
    }

    /// Whether calls of the backlog wait so that live ones have what is left of a longer budget of the CRM's.
    #[must_use]
    pub fn backlog_rests(&self) -> bool {
        let rests = self.gate.figures().backlog_rests;
        if self.rested.swap(rests, Ordering::Relaxed) != rests {
            let project = &self.project.id;
            if rests {
                tracing::warn!(project.id = %project, "the backlog rests: what is left of the CRM's budget is kept for live calls");
            } else {
                tracing::info!(project.id = %project, "the backlog goes on: the CRM's budget has recovered");
            }
        }
        rests
    }

    /// The way to the network, for what is no business of the CRM's quota.
    #[must_use]
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// How many of the leading steps go into one request.
    #[must_use]
    pub fn bundle(&self, steps: &[Step]) -> usize {
        self.learned().dialect.bundle(steps).clamp(1, steps.len().max(1))
    }

    fn learned(&self) -> RwLockReadGuard<'_, Learned> {
        self.learned.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gate_of(wired: &Wired) -> Arc<Gate> {
    Gate::new(&wired.dialect.quota(), wired.project.connection.courtesy)
}
