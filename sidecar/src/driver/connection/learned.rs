//! What was learned of a CRM: what look-ups depend on, and which of its users the agents are.

use std::{
    pin::pin,
    sync::{Arc, PoisonError},
};

use tieline_crm::{
    dialect::{Dialect, Session},
    trouble::Trouble,
};
use tieline_engine::{
    agents::Agent,
    jiff::{SignedDuration, Timestamp},
    policy::Policy,
    record::CrmUser,
};

use super::Connection;
use crate::{driver::quota::Priority, project::Project};

/// What was learned of a CRM (stages, fields, users) is learned again after this (zoho.md 7: cache hours).
const LEARN_AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// When that failed, the older picture serves for so long before the next attempt.
const LEARN_RETRY: SignedDuration = SignedDuration::from_mins(10);

/// What is known of the CRM.
#[derive(Clone)]
pub(super) struct Learned {
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) policy: Arc<Policy>,
    pub(super) at: Option<Timestamp>,
    /// From when on it is to be learned again.
    until: Option<Timestamp>,
}

impl Learned {
    pub(super) fn nothing(project: &Project, dialect: Arc<dyn Dialect>) -> Self {
        Self { dialect, policy: Arc::clone(&project.policy), at: None, until: None }
    }
}

impl Connection {
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
        let mut tried = pin!(self.tried.notified());
        tried.as_mut().enable();
        if self.is_to_learn() {
            self.wake.learn();
        }
        if self.learned_at().is_none() {
            tried.await;
        }
    }

    /// The CRM could not be learned: what was known before, if anything, serves for a while.
    pub(crate) fn stays_as_learned(&self) {
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        if learned.at.is_some() {
            learned.until = Some(self.clock.now() + LEARN_RETRY);
        }
        drop(learned);
        self.tried.notify_waiters();
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
