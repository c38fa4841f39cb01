//! Where a ringing call goes: within the caller's deadline, from the best that is known, saying what it rests on.

use std::{sync::Arc, time::Duration};

use tieline_crm::trouble::Trouble;
use tieline_engine::{
    call::{Call, Direction},
    client::{self, ClientKey},
    facts::OwnRecord,
    ids::{CallId, ProjectId},
    jiff::Timestamp,
    next,
    phone::Phone,
    reason::Reason,
    routing::Caller,
};
use tokio::{task::JoinHandle, time};

use super::{Refused, Sidecar};
use crate::{
    callers::{Judged, Looked, OWN_SINCE},
    driver::{Driver, connection::Connection, quota::Priority},
    store::{OwnOf, Status},
    telemetry,
};

/// Who is calling.
#[derive(Clone, Debug)]
pub struct RouteAsk {
    /// Whose phone rings.
    pub project: ProjectId,
    /// The PBX's id of the call.
    pub call: CallId,
    /// The caller's number.
    pub client: Phone,
    /// The number dialled.
    pub line: Option<Phone>,
}

/// What an answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The CRM was asked now.
    Fresh,
    /// What the CRM answered a while ago.
    Cached,
    /// The CRM did not answer in time: our own records, or nothing.
    Fallback,
}

/// Where to ring, and who calls.
#[derive(Clone, Debug)]
pub struct Routed {
    /// Who calls, and where to ring.
    pub judged: Arc<Judged>,
    /// What it rests on.
    pub basis: Basis,
    /// How old the knowledge is.
    pub age: Option<Duration>,
    /// Why a client was not looked up at all.
    pub not_asked: Option<Reason>,
}

/// What was heard of a call's client, and from whom.
pub(super) struct Heard {
    /// The answer.
    pub(super) routed: Routed,
    /// The client; `None` when nothing is written or shown about the call.
    pub(super) key: Option<ClientKey>,
    /// The CRM's answer that did not come in time.
    pub(super) late: Option<Late>,
}

/// A question to the CRM that goes on in the background.
pub(super) type Late = JoinHandle<Result<Arc<Looked>, Trouble>>;

impl Routed {
    /// From what is known of a caller without the CRM.
    pub(crate) fn not_looked_up(connection: &Connection, caller: &Caller, basis: Basis) -> Self {
        let judged = Arc::new(Judged::not_looked_up(connection, caller));
        Self { judged, basis, age: None, not_asked: None }
    }
}

impl Sidecar {
    /// Where a ringing call goes. Always answers within `bound` when the store does.
    ///
    /// # Errors
    /// Unknown project.
    pub async fn route(&self, ask: &RouteAsk, bound: Option<Duration>) -> Result<Routed, Refused> {
        let connection = self.connection(&ask.project)?;
        let bound = bound.unwrap_or(connection.project.route.bound);
        let call = ringing(ask);
        let mut heard = self.hear(&connection, &call, bound).await;
        if heard.key.is_some() && self.driver.cards.are_wanted(&ask.project) {
            let agent = heard.routed.judged.route.agent.clone();
            self.tell_of(&connection, &call, &mut heard, agent);
        }
        Ok(heard.routed)
    }

    /// What is known of a call's client, within `bound` when the store answers.
    pub(super) async fn hear(&self, connection: &Arc<Connection>, call: &Call, bound: Duration) -> Heard {
        let begun = time::Instant::now();
        let key = match client::identify(call, &connection.policy()) {
            Ok(key) => key,
            Err(reason) => {
                let nobody = Caller { known: Some(false), ..Caller::default() };
                let routed = Routed::not_looked_up(connection, &nobody, Basis::Fresh);
                let routed = Routed { not_asked: Some(reason), ..routed };
                return Heard { routed, key: None, late: None };
            }
        };
        let now = self.driver.clock.now();
        let lane = key.lane();
        let kept = self.driver.callers.kept(connection, &lane, now).await;
        let own = self.own(connection, &lane, now).await;
        if let Some(looked) = kept {
            let routed = routed(connection, &key, &looked, &own, Basis::Cached, now);
            return Heard { routed, key: Some(key), late: None };
        }
        // Boxed: it is rare, and would make every answer's future larger.
        let left = bound.saturating_sub(begun.elapsed());
        let (looked, late) = Box::pin(self.ask_in_time(connection, call, &lane, left)).await;
        let now = self.driver.clock.now();
        let routed = match looked {
            Some(looked) => routed(connection, &key, &looked, &own, Basis::Fresh, now),
            None => match self.driver.callers.last_known(connection, &lane).await {
                Some(looked) => routed(connection, &key, &looked, &own, Basis::Fallback, now),
                None => fallback(connection, &own),
            },
        };
        Heard { routed, key: Some(key), late }
    }

    /// What is known once the CRM has answered late.
    pub(super) async fn heard_late(&self, connection: &Connection, call: &Call, looked: &Looked) -> Heard {
        let Ok(key) = client::identify(call, &connection.policy()) else {
            return Heard { routed: fallback(connection, &OwnOf::default()), key: None, late: None };
        };
        let now = self.driver.clock.now();
        let own = self.own(connection, &key.lane(), now).await;
        Heard { routed: routed(connection, &key, looked, &own, Basis::Fresh, now), key: Some(key), late: None }
    }

    /// Asks the CRM. When time runs out the question goes on in the background, so that the next caller profits;
    /// who wants its answer gets it from what is returned beside.
    async fn ask_in_time(
        &self,
        connection: &Arc<Connection>,
        call: &Call,
        lane: &str,
        bound: Duration,
    ) -> (Option<Arc<Looked>>, Option<Late>) {
        if connection.state().status != Status::Active {
            return (None, None);
        }
        let Some(ask) = next::caller_look_up(call, &connection.policy()) else { return (None, None) };
        let (driver, connection, lane) = (Arc::clone(&self.driver), Arc::clone(connection), lane.to_owned());
        let asking = async move {
            // Who is asked for the first time since the start is learned first, when that does not take too long: only
            // then it is known whose record the caller's is.
            drop(time::timeout(bound / 2, connection.known()).await);
            driver.callers.look_up(&connection, &lane, &ask, Priority::Ringing).await
        };
        let mut asking = tokio::spawn(telemetry::carried(asking));
        match time::timeout(bound, &mut asking).await {
            Ok(Ok(Ok(looked))) => (Some(looked), None),
            Ok(Ok(Err(trouble))) => {
                tracing::warn!(%trouble, "the CRM could not be asked for a caller");
                (None, None)
            }
            Ok(Err(_)) => (None, None),
            Err(_) => (None, Some(asking)),
        }
    }

    async fn own(&self, connection: &Connection, lane: &str, now: Timestamp) -> Arc<OwnOf> {
        let Driver { store, callers, .. } = self.driver.as_ref();
        let own = callers.own.of(store.as_ref(), &connection.project.id, lane, now - OWN_SINCE).await;
        own.unwrap_or_else(|error| {
            tracing::warn!(%error, "our own records of a caller could not be read");
            Arc::default()
        })
    }
}

fn routed(
    connection: &Connection,
    key: &ClientKey,
    looked: &Looked,
    own: &Arc<OwnOf>,
    basis: Basis,
    now: Timestamp,
) -> Routed {
    let age = Duration::try_from(now.duration_since(looked.found.at)).ok();
    Routed { judged: looked.judged(connection, key, own), basis, age, not_asked: None }
}

fn ringing(ask: &RouteAsk) -> Call {
    let mut call = Call::new(ask.project.clone(), ask.call.clone(), Direction::Incoming);
    call.client.phone = Some(ask.client.clone());
    call.line.clone_from(&ask.line);
    call
}

/// From our own records: the owner they were made with, and who last talked with the client.
fn fallback(connection: &Connection, own: &OwnOf) -> Routed {
    let people = own.records.iter().filter(|record| next::PEOPLE.contains(&record.kind));
    let latest = people.max_by_key(|record| record.at);
    let owner = latest.and_then(|record: &OwnRecord| record.owner.clone());
    let caller = Caller { known: latest.map(|_| true), owner, last_talk: own.last_talk.clone() };
    Routed::not_looked_up(connection, &caller, Basis::Fallback)
}
