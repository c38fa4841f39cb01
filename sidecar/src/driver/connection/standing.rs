//! Where a connection stands: switched on, switched off, or suspended because the CRM refuses its credentials.

use std::{
    mem,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use tieline_crm::trouble::Trouble;
use tieline_engine::{
    backlog::Resend,
    jiff::Timestamp,
    reason::{Reason, ReasonCode},
};
use tokio::sync::Mutex;

use super::Connection;
use crate::{
    project::Project,
    store::{ConnectionState, Filter, KeptTrouble, StateIs, Status, StoreError},
    troubles,
};

/// Where the connections of a project stand, the one it has and those it had before.
pub(super) struct Standing {
    state: RwLock<ConnectionState>,
    /// Held by who changes it, from reading it to writing it. Switching on takes a while with a large backlog, and
    /// calls that come afterwards are live.
    changing: Mutex<()>,
}

impl Standing {
    pub(super) fn new(state: ConnectionState) -> Self {
        Self { state: RwLock::new(state), changing: Mutex::default() }
    }

    fn state(&self) -> RwLockReadGuard<'_, ConnectionState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers where it stood before.
    fn set(&self, state: ConnectionState) -> ConnectionState {
        mem::replace(&mut *self.state.write().unwrap_or_else(PoisonError::into_inner), state)
    }
}

impl Connection {
    /// The state of a connection that is seen for the first time.
    pub(crate) fn first_state(project: &Project, now: Timestamp) -> ConnectionState {
        let config = &project.connection;
        let status = if config.starts_active { Status::Active } else { Status::Inactive };
        ConnectionState { status, since: now, why: None, keep_data: config.keep_data }
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.standing.state().clone()
    }

    /// Whether it is switched on and not suspended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.standing.state().status == Status::Active
    }

    /// The CRM refuses the credentials: everything waits until an administrator activates again.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn suspend(&self, trouble: &Trouble) -> Result<(), StoreError> {
        // Whoever is switching it on is not waited for: this is about what was before.
        if !self.is_active() {
            return Ok(());
        }
        let now = self.clock.now();
        let why =
            Some(KeptTrouble { reason: troubles::reason(trouble).to_owned(), text: trouble.to_string(), at: now });
        let _alone = self.standing.changing.lock().await;
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
        let _alone = self.standing.changing.lock().await;
        let ConnectionState { status, keep_data, .. } = self.current().await?;
        if status == Status::Inactive {
            return Ok(());
        }
        self.change(ConnectionState { status: Status::Inactive, since: self.clock.now(), why: None, keep_data }).await
    }

    /// Sets whether kept calls are sent on activation. Only while the connection is off (Z-21).
    ///
    /// # Errors
    /// The store cannot write. `Ok(false)`: the connection is active, nothing was changed.
    pub async fn set_keep_data(&self, keep_data: bool) -> Result<bool, StoreError> {
        let _alone = self.standing.changing.lock().await;
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
        let _alone = self.standing.changing.lock().await;
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
    pub(crate) fn notice(&self, stored: ConnectionState) {
        let before = self.standing.set(stored.clone());
        if before == stored {
            return;
        }
        if stored.status == Status::Active && before.status != Status::Active {
            self.gate.reopen();
        }
        self.wake.notify_one();
    }

    /// The state as stored: where several sidecars share the store, another one may have changed it.
    async fn current(&self) -> Result<ConnectionState, StoreError> {
        if let Some(stored) = self.store.connection(&self.project.id).await? {
            self.notice(stored);
        }
        Ok(self.state())
    }

    async fn change(&self, state: ConnectionState) -> Result<(), StoreError> {
        self.store.put_connection(&self.project.id, state.clone()).await?;
        self.standing.set(state);
        self.wake.notify_one();
        Ok(())
    }
}
