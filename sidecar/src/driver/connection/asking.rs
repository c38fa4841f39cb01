//! What a connection asks of its CRM: through its share of the quota, with its token.

use std::sync::Arc;

use tieline_crm::{
    dialect::{Answer, Dialect, Exchange, Finding, Registered, Session},
    transport::Response,
    trouble::Trouble,
};
use tieline_engine::{
    facts::Found,
    lookup::LookUp,
    record::{CrmField, CrmUser},
    step::Step,
};

use super::Connection;
use crate::{
    driver::quota::{Metered, Priority},
    store::lease::Lease,
};

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

    /// Performs the steps of one bundle, while a lease lasts.
    ///
    /// # Errors
    /// What went wrong, by who must act.
    pub async fn perform(&self, steps: &[Step], priority: Priority, lease: Option<Lease>) -> Result<Answer, Trouble> {
        ask!(self, priority, lease.clone(), |dialect, session| dialect.perform(session, steps))
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

    /// The transport through the gate, which learns of the quota from every answer.
    pub(super) fn metered(&self, dialect: &Arc<dyn Dialect>, priority: Priority) -> Metered {
        let dialect = Arc::clone(dialect);
        let read = Arc::new(move |response: &Response| dialect.meter(response));
        Metered::new(Arc::clone(&self.transport), Arc::clone(&self.gate), priority, read)
    }
}
