//! What the sidecar does, whatever door a request comes in by: gRPC, webhook and command line all end here.

mod announce;
mod dial;
mod forget;
mod plan;
mod resend;
mod route;

use std::{sync::Arc, time::Duration};

use thiserror::Error;
use tieline_engine::{
    call::{Call, Source},
    client,
    ids::{CallId, ProjectId},
    policy::Policy,
    reason::{Reason, ReasonCode},
};
use tokio::time;

pub use self::{
    dial::{DialAsk, DialWho},
    forget::{ForgetAsk, Who},
    plan::{Plan, PlannedLookUp},
    resend::{Progress, Resend, Stage},
    route::{Basis, RouteAsk, Routed},
};
use crate::{
    driver::{Driver, connection::Connection},
    projects::Projects,
    store::{Accepted, Filter, Piece, Receipt, Reply, StateIs, Status, StoreError, StoredCall},
};

/// How often a call is looked at that another sidecar may finish, while somebody waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The sidecar behind its doors.
#[derive(Clone)]
pub struct Sidecar {
    driver: Arc<Driver>,
    projects: Option<Arc<Projects>>,
}

/// A piece the store was given and has not answered yet.
struct Accepting<'a> {
    connection: Arc<Connection>,
    /// The call, where somebody watches for its card.
    shown: Option<CallId>,
    stored: Reply<'a, Accepted>,
}

/// Why a request was not done, by who must act.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The caller named a project there is none of.
    #[error("there is no project \"{0}\"; check its name, or have the project added")]
    UnknownProject(String),
    /// The project is kept in the store, and this sidecar cannot read it.
    #[error("project \"{0}\" cannot be read by this sidecar; the administrator's list of projects says why")]
    UnreadableProject(String),
    /// The caller named a call there is none of.
    #[error("the project has no call \"{0}\"")]
    UnknownCall(String),
    /// The caller named a connection there is none of.
    #[error("the project has no connection \"{0}\"; a connection is named in the configuration")]
    UnknownConnection(String),
    /// The caller named a resending there is none of.
    #[error("the project has no resending of this id")]
    UnknownResend,
    /// One project has one connection (G-01).
    #[error(
        "the project's CRM connection \"{0}\" is switched on; a project has one CRM, change the configuration to move it"
    )]
    AnotherConnection(String),
    /// The option can be set only while the connection is off (Z-21).
    #[error("keep_data can be set only while the connection is off; deactivate it first")]
    OptionNeedsInactive,
    /// Messenger requests cannot be taken, for this cause (Z-27).
    #[error("messenger requests are not available: {0}")]
    MessengerUnavailable(MessengerCause),
    /// The connection is switched off.
    #[error("the connection is inactive; activate it first")]
    ConnectionInactive,
    /// Nobody can be forgotten by this number.
    #[error("the number is withheld, an extension, or none at all: nobody is known by it")]
    NobodysNumber,
    /// Calls of the person wait, or are being delivered.
    #[error("{0} calls of the person wait or are being delivered; let them finish, or drop them with drop_waiting")]
    CallsUnderWay(u64),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What messenger requests lack (Z-27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MessengerCause {
    /// The integration is off.
    #[error("the connection is inactive; activate it")]
    ConnectionInactive,
    /// No SIP account.
    #[error("no SIP account is used in the telephone platform's app; set projects.messenger.sip_account")]
    NoSipAccount,
    /// No bot in the channel.
    #[error("the channel has no bot; connect one and name the channel in projects.messenger.bots")]
    NoBot,
}

impl Sidecar {
    /// A sidecar over a driver.
    #[must_use]
    pub fn new(driver: Arc<Driver>) -> Self {
        Self { driver, projects: None }
    }

    /// The same, with projects that may come and go.
    #[must_use]
    pub fn with_projects(mut self, projects: Arc<Projects>) -> Self {
        self.projects = Some(projects);
        self
    }

    /// The projects that may come and go; `None` where there are those of the file only.
    #[must_use]
    pub fn projects(&self) -> Option<&Arc<Projects>> {
        self.projects.as_ref()
    }

    /// The driver.
    #[must_use]
    pub fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    /// A project's connection.
    ///
    /// # Errors
    /// There is no such project.
    pub fn connection(&self, project: &ProjectId) -> Result<Arc<Connection>, Refused> {
        self.driver.connection(project).ok_or_else(|| {
            let is_unreadable = self.projects.as_ref().is_some_and(|projects| projects.is_unreadable(project));
            let id = project.as_str().to_owned();
            if is_unreadable { Refused::UnreadableProject(id) } else { Refused::UnknownProject(id) }
        })
    }

    /// Takes a piece of a call in. Answers when it is on disk.
    ///
    /// # Errors
    /// Unknown project, or the store could not write.
    pub fn accept(
        &self,
        call: Call,
        raw: Option<String>,
        trace: Option<String>,
    ) -> impl Future<Output = Result<Accepted, Refused>> + Send {
        // Handed over at once: what waits for the answer does not hold the call.
        let accepting = self.accepting(call, raw, trace);
        async move {
            let Accepting { connection, shown, stored } = accepting?;
            let accepted = stored.await?;
            // Whoever activates the connection wakes its loop, which then finds what was stored before.
            if connection.is_active() {
                connection.wake.notify_one();
            }
            if let Some(call) = shown.filter(|_| accepted.receipt != Receipt::Repeated) {
                self.announce(&connection, call);
            }
            Ok(accepted)
        }
    }

    fn accepting(&self, call: Call, raw: Option<String>, trace: Option<String>) -> Result<Accepting<'_>, Refused> {
        let connection = self.connection(&call.project)?;
        let at = self.driver.clock.now();
        let policy = connection.policy();
        let day = at.to_zoned(policy.zone.clone()).date();
        let lane_of = Arc::new(move |call: &Call| lane(call, &policy));
        let shown = self.wants_card(&call).then(|| call.id.clone());
        let stored = self.driver.store.accept(Piece { call, lane_of, at, day, raw, trace });
        Ok(Accepting { connection, shown, stored })
    }

    /// As [`Sidecar::accept`], then waits until the call is finished, at most for a time.
    ///
    /// # Errors
    /// Unknown project, or the store could not write or read.
    pub async fn accept_and_wait(
        &self,
        call: Call,
        raw: Option<String>,
        trace: Option<String>,
        wait: Duration,
    ) -> Result<(Accepted, StoredCall), Refused> {
        let (project, id) = (call.project.clone(), call.id.clone());
        let mut listener = self.driver.outcomes.listen();
        let accepted = self.accept(call, raw, trace).await?;
        let finished = async {
            loop {
                let stored = self.report(&project, &id).await?;
                if stored.state != crate::store::State::Waiting {
                    return Ok::<_, Refused>(stored);
                }
                let told = listener.maybe_finished(&project, &id);
                if self.driver.store.others().is_some() {
                    // Another sidecar may finish it, and does not tell.
                    drop(time::timeout(LOOK_EVERY, told).await);
                } else {
                    told.await;
                }
            }
        };
        match time::timeout(wait, finished).await {
            Ok(stored) => Ok((accepted, stored?)),
            Err(_) => Ok((accepted, self.report(&project, &id).await?)),
        }
    }

    /// Takes a messenger request in, if the project can (Z-27).
    ///
    /// # Errors
    /// Unknown project, messenger requests are not available, or the store could not write.
    pub fn messenger_is_available(&self, call: &Call) -> Result<(), Refused> {
        let connection = self.connection(&call.project)?;
        let config = &connection.project.messenger;
        let channel = call.client.chat.as_ref().map_or("", |chat| chat.channel.as_str());
        let cause = if connection.state().status == Status::Inactive {
            MessengerCause::ConnectionInactive
        } else if !config.sip_account {
            MessengerCause::NoSipAccount
        } else if !config.bots.contains(channel) {
            MessengerCause::NoBot
        } else {
            return Ok(());
        };
        debug_assert_eq!(call.source, Source::Messenger, "only messenger requests are asked about");
        Err(Refused::MessengerUnavailable(cause))
    }

    /// One call as stored.
    ///
    /// # Errors
    /// Unknown project or call, or the store cannot be read.
    pub async fn report(&self, project: &ProjectId, id: &CallId) -> Result<StoredCall, Refused> {
        self.connection(project)?;
        let stored = self.driver.store.call(project, id).await?;
        stored.ok_or_else(|| Refused::UnknownCall(id.as_str().to_owned()))
    }

    /// A project's connection, checked against the name the caller uses for it; an empty name is any.
    ///
    /// # Errors
    /// Unknown project; or another connection's name, which is refused for the project's own one while that is
    /// switched on (G-01), suspended or not, and is unknown otherwise.
    pub fn connection_named(&self, project: &ProjectId, name: &str) -> Result<Arc<Connection>, Refused> {
        let connection = self.connection(project)?;
        let own = &connection.project.connection.id;
        if name.is_empty() || name == own {
            return Ok(Arc::clone(&connection));
        }
        Err(match connection.state().status {
            Status::Active | Status::Suspended => Refused::AnotherConnection(own.clone()),
            Status::Inactive => Refused::UnknownConnection(name.to_owned()),
        })
    }

    /// Tries failed calls again. Answers how many.
    ///
    /// # Errors
    /// Unknown project, or the store could not write.
    pub async fn retry_failed(&self, project: &ProjectId, filter: Filter) -> Result<u64, Refused> {
        let connection = self.connection(project)?;
        let filter = Filter { states: vec![StateIs::Failed], ..filter };
        let count = self.driver.store.requeue(project, filter, self.driver.clock.now()).await?;
        connection.wake.notify_one();
        Ok(count)
    }

    /// Ends failed calls without writing them. Answers how many.
    ///
    /// # Errors
    /// Unknown project, or the store could not write.
    pub async fn drop_failed(&self, project: &ProjectId, filter: Filter, why: &str) -> Result<u64, Refused> {
        self.connection(project)?;
        let filter = Filter { states: vec![StateIs::Failed], ..filter };
        let reason = Reason::new(ReasonCode::Dropped).with("note", why);
        Ok(self.driver.store.skip(project, filter, reason, self.driver.clock.now()).await?)
    }
}

/// The name of a call's lane: its client's; a call nobody is written about for has a lane of its own.
fn lane(call: &Call, policy: &Policy) -> String {
    client::identify(call, policy).map_or_else(|_| format!("call:{}", call.id), |key| key.lane())
}
