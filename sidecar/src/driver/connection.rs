//! One project's connection to its CRM: its state, its token, its share of the quota, what was learned of the CRM.

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tieline_crm::{
    dialect::{Answer, Dialect, Exchange, Finding, Registered, Session},
    transport::{Response, Transport},
    trouble::Trouble,
};
use tieline_engine::{
    agents::Agent,
    backlog::Resend,
    facts::Found,
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
    policy::Policy,
    reason::{Reason, ReasonCode},
    record::{CrmField, CrmUser},
    step::Step,
};
use tokio::sync::{Mutex, Notify};

use super::{
    quota::{Gate, Metered, Priority},
    seal::Seal,
    tokens::Tokens,
    wake::{Wake, Woken},
};
use crate::{
    clock::Clock,
    driver::Wired,
    project::Project,
    store::{ConnectionState, Filter, KeptTrouble, StateIs, Status, Store, StoreError, lease::Lease},
    troubles,
};

/// What was learned of a CRM (stages, fields, users) is learned again after this (zoho.md 7: cache hours).
const LEARN_AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// When that failed, the older picture serves for so long before the next attempt.
const LEARN_RETRY: SignedDuration = SignedDuration::from_mins(10);

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
    state: Arc<RwLock<ConnectionState>>,
    /// Held by who switches it on: with a large backlog that takes a while, and calls that come afterwards are live.
    activating: Mutex<()>,
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

/// What is known of the CRM.
#[derive(Clone)]
struct Learned {
    dialect: Arc<dyn Dialect>,
    policy: Arc<Policy>,
    at: Option<Timestamp>,
    /// From when on it is to be learned again.
    until: Option<Timestamp>,
}

impl Learned {
    fn nothing(project: &Project, dialect: Arc<dyn Dialect>) -> Self {
        Self { dialect, policy: Arc::clone(&project.policy), at: None, until: None }
    }
}

/// Sends through the gate with a token; a token that has died is replaced once.
macro_rules! ask {
    ($connection:expr, $priority:expr, |$dialect:ident, $session:ident| $call:expr) => {
        ask!($connection, $priority, None, |$dialect, $session| $call)
    };
    ($connection:expr, $priority:expr, $lease:expr, |$dialect:ident, $session:ident| $call:expr) => {{
        let connection: &Connection = $connection;
        let learned = connection.learned().clone();
        let $dialect = &learned.dialect;
        let net = connection.metered(&learned.dialect, $priority).under($lease);
        let mut renewed = false;
        loop {
            let now = connection.clock.now();
            let refusals = connection.gate.refusals();
            let grant = connection.tokens.get(learned.dialect.as_ref(), &net, now).await?;
            let $session = &Session { net: &net, token: grant.as_deref(), now, zone: &learned.policy.zone };
            match $call.await {
                Err(Trouble::TokenExpired) if !renewed => {
                    renewed = true;
                    connection.tokens.discard(grant.as_ref()).await;
                }
                Err(Trouble::TokenExpired) => {
                    break Err(Trouble::Unavailable("a fresh access token was refused".to_owned()));
                }
                answer => {
                    if let Err(Trouble::RateLimited { retry_after }) = &answer {
                        connection.gate.refused_inside(refusals, *retry_after);
                    }
                    break answer;
                }
            }
        }
    }};
}

impl Connection {
    /// A connection of a project that stands in a state.
    pub(super) fn new(wired: Wired, kit: &Kit, state: ConnectionState) -> Self {
        let gate = gate_of(&wired);
        Self::with(wired, kit, Arc::new(RwLock::new(state)), gate)
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
        Self::with(wired, kit, Arc::clone(&self.state), gate)
    }

    fn with(wired: Wired, kit: &Kit, state: Arc<RwLock<ConnectionState>>, gate: Arc<Gate>) -> Self {
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
            state,
            activating: Mutex::default(),
            learned: RwLock::new(Learned::nothing(&project, dialect)),
            tried: Notify::new(),
            rested: AtomicBool::new(false),
            project,
        }
    }

    /// The state of a connection that is seen for the first time.
    pub(super) fn first_state(project: &Project, now: Timestamp) -> ConnectionState {
        let config = &project.connection;
        let status = if config.starts_active { Status::Active } else { Status::Inactive };
        ConnectionState { status, since: now, why: None, keep_data: config.keep_data }
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

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
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

    /// Whether it is switched on and not suspended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).status == Status::Active
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

    /// When the CRM was last learned.
    #[must_use]
    pub fn learned_at(&self) -> Option<Timestamp> {
        self.learned().at
    }

    /// Whether what is known of the CRM is nothing, or old.
    #[must_use]
    pub fn is_to_learn(&self) -> bool {
        self.learned().until.is_none_or(|until| until <= self.clock.now())
    }

    /// Has the CRM learned where that is due. Returns when something is known of it or it could not be asked; at once
    /// where what is known is only old.
    pub(crate) async fn known(&self) {
        if !self.gate.closed_for().is_zero() {
            return;
        }
        let mut tried = std::pin::pin!(self.tried.notified());
        tried.as_mut().enable();
        if self.is_to_learn() {
            self.wake.learn();
        }
        if self.learned_at().is_none() {
            tried.await;
        }
    }

    /// The CRM could not be learned: what was known before, if anything, serves for a while.
    pub(super) fn stays_as_learned(&self) {
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        if learned.at.is_some() {
            learned.until = Some(self.clock.now() + LEARN_RETRY);
        }
        drop(learned);
        self.tried.notify_waiters();
    }

    /// The transport through the gate, which learns of the quota from every answer.
    fn metered(&self, dialect: &Arc<dyn Dialect>, priority: Priority) -> Metered {
        let dialect = Arc::clone(dialect);
        let read = Arc::new(move |response: &Response| dialect.meter(response));
        Metered::new(Arc::clone(&self.transport), Arc::clone(&self.gate), priority, read)
    }

    /// Asks the CRM for a client and for marks.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn look_up(&self, ask: &LookUp, priority: Priority) -> Result<Found, Trouble> {
        ask!(self, priority, |dialect, session| dialect.look_up(session, ask))
    }

    /// Puts the exchange into the CRM's telephony settings.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn register(&self, exchange: &Exchange) -> Result<Registered, Trouble> {
        ask!(self, Priority::Live, |dialect, session| dialect.register(session, exchange))
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

    /// Performs the steps of one bundle, while a lease lasts.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn perform(&self, steps: &[Step], priority: Priority, lease: Option<Lease>) -> Result<Answer, Trouble> {
        ask!(self, priority, lease.clone(), |dialect, session| dialect.perform(session, steps))
    }

    /// Learns what look-ups depend on and binds agents to the CRM's users.
    ///
    /// # Errors
    /// What went wrong, by who must act. What was known before stays.
    pub async fn learn(&self) -> Result<(), Trouble> {
        self.learn_at(Priority::Live).await
    }

    /// The same, as urgent as said.
    ///
    /// # Errors
    /// As [`Connection::learn`].
    pub async fn learn_at(&self, priority: Priority) -> Result<(), Trouble> {
        let dialect: Arc<dyn Dialect> = {
            let learned = ask!(self, priority, |dialect, session| dialect.learn(session));
            Arc::from(learned?)
        };
        let users: Result<Vec<CrmUser>, Trouble> = ask!(self, priority, |dialect, session| dialect.users(session));
        let users = users?;
        let policy = bound(&self.project.policy, &users, dialect.as_ref());
        let unbound: Vec<&str> = policy.agents.unbound().map(|agent: &Agent| agent.id.as_str()).collect();
        if !unbound.is_empty() {
            tracing::warn!(project.id = %self.project.id, agents = ?unbound, "agents without a CRM user: the senior manager stands in");
        }
        let now = self.clock.now();
        let learned = Learned { dialect, policy, at: Some(now), until: Some(now + LEARN_AGAIN) };
        *self.learned.write().unwrap_or_else(PoisonError::into_inner) = learned;
        self.tried.notify_waiters();
        Ok(())
    }

    /// The fields mappings may name.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn fields(&self) -> Result<Vec<CrmField>, Trouble> {
        ask!(self, Priority::Live, |dialect, session| dialect.fields(session))
    }

    /// The users agents may be bound to.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn users(&self) -> Result<Vec<CrmUser>, Trouble> {
        ask!(self, Priority::Live, |dialect, session| dialect.users(session))
    }

    /// What the dialect finds in the account.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn inspect(&self) -> Result<Vec<Finding>, Trouble> {
        ask!(self, Priority::Live, |dialect, session| dialect.inspect(session))
    }

    /// The CRM refuses the credentials: everything waits until an administrator activates again.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn suspend(&self, trouble: &Trouble) -> Result<(), StoreError> {
        let now = self.clock.now();
        let why =
            Some(KeptTrouble { reason: troubles::reason(trouble).to_owned(), text: trouble.to_string(), at: now });
        let state = self.current().await?;
        // Somebody has switched it off meanwhile, here or by another sidecar; or the project has another configuration,
        // of which this says nothing.
        if state.status != Status::Active || self.is_over() {
            return Ok(());
        }
        let keep_data = state.keep_data;
        tracing::error!(project.id = %self.project.id, %trouble, "the connection is suspended; calls are kept");
        self.change(ConnectionState { status: Status::Suspended, since: now, why, keep_data }).await
    }

    /// Switches the connection off; calls are kept.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn deactivate(&self) -> Result<(), StoreError> {
        let keep_data = self.current().await?.keep_data;
        self.change(ConnectionState { status: Status::Inactive, since: self.clock.now(), why: None, keep_data }).await
    }

    /// Sets whether kept calls are sent on activation. Only while the connection is off (Z-21).
    ///
    /// # Errors
    /// The store cannot write. `Ok(false)`: the connection is active, nothing was changed.
    pub async fn set_keep_data(&self, keep_data: bool) -> Result<bool, StoreError> {
        let state = self.current().await?;
        if state.status == Status::Active {
            return Ok(false);
        }
        self.change(ConnectionState { keep_data, ..state }).await?;
        Ok(true)
    }

    /// Switches the connection on: kept calls inside the window are sent behind live ones when the option is on,
    /// and skipped with their reason otherwise (Z-18 … Z-20). Answers how many are sent and how many left out.
    ///
    /// # Errors
    /// The store cannot read or write.
    pub async fn activate(&self) -> Result<(u64, u64), StoreError> {
        let _alone = self.activating.lock().await;
        let state = self.current().await?;
        let now = self.clock.now();
        if state.status == Status::Active {
            return Ok((0, 0));
        }
        let left_out = self.leave_out(now, state.keep_data).await?;
        let kept = Filter { states: vec![StateIs::Waiting], ..Filter::default() };
        let sent = self.store.count(&self.project.id, kept).await?;
        self.store.demote_waiting(&self.project.id).await?;
        self.change(ConnectionState { status: Status::Active, since: now, why: None, ..state }).await?;
        self.gate.reopen();
        Ok((sent, left_out))
    }

    /// Skips kept calls that are not sent on an activation now.
    async fn leave_out(&self, now: Timestamp, keep: bool) -> Result<u64, StoreError> {
        let policy = &self.project.policy;
        let (until, code) = match policy.backlog.resend(now, now, keep, &policy.zone) {
            Resend::Send | Resend::OutOfWindow => (policy.backlog.opens_at(now, &policy.zone), ReasonCode::OutOfWindow),
            Resend::OptionOff => (now, ReasonCode::ResendOff),
        };
        let filter = Filter { states: vec![StateIs::Waiting], until: Some(until), ..Filter::default() };
        self.store.skip(&self.project.id, filter, Reason::new(code), now).await
    }

    /// Takes notice of a state that another sidecar may have stored.
    pub(super) fn notice(&self, stored: ConnectionState) {
        let before = {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if *state == stored {
                return;
            }
            std::mem::replace(&mut *state, stored)
        };
        if self.is_active() && before.status != Status::Active {
            self.gate.reopen();
        }
        self.wake.notify_one();
    }

    /// The state as stored: where several sidecars share the store, another one may have changed it.
    async fn current(&self) -> Result<ConnectionState, StoreError> {
        let stored = self.store.connection(&self.project.id).await?;
        if let Some(stored) = stored {
            *self.state.write().unwrap_or_else(PoisonError::into_inner) = stored;
        }
        Ok(self.state())
    }

    async fn change(&self, state: ConnectionState) -> Result<(), StoreError> {
        self.store.put_connection(&self.project.id, state.clone()).await?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.wake.notify_one();
        Ok(())
    }

    fn learned(&self) -> RwLockReadGuard<'_, Learned> {
        self.learned.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gate_of(wired: &Wired) -> Arc<Gate> {
    Gate::new(&wired.dialect.quota(), wired.project.connection.courtesy)
}

/// A policy with agents bound to the CRM's users: the same one where that changes nothing, as it is large.
fn bound(policy: &Arc<Policy>, users: &[CrmUser], dialect: &dyn Dialect) -> Arc<Policy> {
    let mut agents = policy.agents.clone();
    agents.bind(users, &policy.plan);
    if agents == policy.agents && *dialect.abilities() == policy.abilities {
        return Arc::clone(policy);
    }
    Arc::new(Policy { agents, abilities: dialect.abilities().clone(), ..Policy::clone(policy) })
}
