//! One project's connection to its CRM: its state, its token, its share of the quota, what was learned of the CRM.

use std::sync::{Arc, PoisonError, RwLock};

use tieline_crm::{
    dialect::{Answer, Dialect, Exchange, Finding, Registered, Session},
    transport::Transport,
    trouble::Trouble,
};
use tieline_engine::{
    agents::Agent,
    backlog::Resend,
    facts::Found,
    jiff::Timestamp,
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
};
use crate::{
    clock::Clock,
    project::Project,
    store::{ConnectionState, Filter, KeptTrouble, StateIs, Status, Store, StoreError, lease::Lease},
    troubles,
};

/// One project's connection.
pub struct Connection {
    /// The project as configured.
    pub project: Arc<Project>,
    /// Wakes the delivery loop.
    pub wake: Notify,
    /// Its share of the CRM's quota.
    pub gate: Arc<Gate>,
    transport: Arc<dyn Transport>,
    tokens: Tokens,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    state: RwLock<ConnectionState>,
    /// Held by who switches it on: with a large backlog that takes a while, and calls that come afterwards are live.
    activating: Mutex<()>,
    learned: RwLock<Learned>,
}

/// What is known of the CRM.
#[derive(Clone)]
struct Learned {
    dialect: Arc<dyn Dialect>,
    policy: Arc<Policy>,
    at: Option<Timestamp>,
}

/// Sends through the gate with a token; a token that has died is replaced once.
macro_rules! ask {
    ($connection:expr, $priority:expr, |$dialect:ident, $session:ident| $call:expr) => {
        ask!($connection, $priority, None, |$dialect, $session| $call)
    };
    ($connection:expr, $priority:expr, $lease:expr, |$dialect:ident, $session:ident| $call:expr) => {{
        let connection: &Connection = $connection;
        let learned = connection.learned();
        let $dialect = &learned.dialect;
        let net =
            Metered::new(Arc::clone(&connection.transport), Arc::clone(&connection.gate), $priority).under($lease);
        let mut renewed = false;
        loop {
            let now = connection.clock.now();
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
                answer => break answer,
            }
        }
    }};
}

impl Connection {
    /// A connection in the state it was left in, or in the configured one when it is seen for the first time.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn open(
        project: Arc<Project>,
        dialect: Arc<dyn Dialect>,
        transport: Arc<dyn Transport>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let config = &project.connection;
        let kept = store.connection(&project.id).await?;
        let state = match kept {
            Some(state) => state,
            None => {
                let status = if config.starts_active { Status::Active } else { Status::Inactive };
                let state = ConnectionState { status, since: clock.now(), why: None, keep_data: config.keep_data };
                store.put_connection(&project.id, state.clone()).await?;
                state
            }
        };
        let seal = Seal::new(config.connect.secrets.values());
        let tokens = Tokens::new(project.id.clone(), Arc::clone(&store), seal);
        let gate = Gate::new(dialect.quota());
        let learned = RwLock::new(Learned { dialect, policy: Arc::new(project.policy.clone()), at: None });
        let (wake, state, activating) = (Notify::new(), RwLock::new(state), Mutex::default());
        Ok(Self { project, wake, gate, transport, tokens, store, clock, state, activating, learned })
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The project's policy, with agents bound to CRM users as far as is known.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.learned().policy
    }

    /// The dialect, with what was learned of the CRM.
    #[must_use]
    pub fn dialect(&self) -> Arc<dyn Dialect> {
        self.learned().dialect
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

    /// When the CRM was last learned.
    #[must_use]
    pub fn learned_at(&self) -> Option<Timestamp> {
        self.learned().at
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
        let dialect: Arc<dyn Dialect> = {
            let learned = ask!(self, Priority::Live, |dialect, session| dialect.learn(session));
            Arc::from(learned?)
        };
        let users = self.users().await?;
        let mut policy = self.project.policy.clone();
        policy.agents.bind(&users, &policy.plan);
        policy.abilities = dialect.abilities().clone();
        let unbound: Vec<&str> = policy.agents.unbound().map(|agent: &Agent| agent.id.as_str()).collect();
        if !unbound.is_empty() {
            tracing::warn!(project.id = %self.project.id, agents = ?unbound, "agents without a CRM user: the senior manager stands in");
        }
        let learned = Learned { dialect, policy: Arc::new(policy), at: Some(self.clock.now()) };
        *self.learned.write().unwrap_or_else(PoisonError::into_inner) = learned;
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
        if state.status != Status::Active {
            // Somebody has switched it off meanwhile, here or by another sidecar.
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

    /// Takes notice of a change that another sidecar has stored.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let was_active = self.is_active();
        let state = self.current().await?;
        if state.status == Status::Active && !was_active {
            self.gate.reopen();
        }
        self.wake.notify_one();
        Ok(())
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

    fn learned(&self) -> Learned {
        self.learned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
