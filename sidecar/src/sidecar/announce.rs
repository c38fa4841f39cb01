//! Caller cards of calls under way: told beside the work, so that neither an answer nor the intake waits for them.

use std::{sync::Arc, time::Duration};

use tieline_engine::{
    call::{Call, Phase, Source},
    ids::{AgentId, CallId},
};
use tokio::time;

use super::{
    Sidecar,
    route::{Heard, Late},
};
use crate::{cards::made, driver::connection::Connection, telemetry};

/// Longest time the CRM's late answer is waited for: after that the phone no longer rings.
const LATE_BOUND: Duration = Duration::from_secs(30);

impl Sidecar {
    /// Whether a report may change what an agent's screen shows.
    pub(super) fn wants_card(&self, piece: &Call) -> bool {
        let goes_on = piece.phase != Phase::Ended && piece.source != Source::Messenger;
        goes_on && self.driver.cards.are_wanted(&piece.project)
    }

    /// Tells of a call of which a piece was just taken in. Reports that come meanwhile make one more card together.
    pub(super) fn announce(&self, connection: &Arc<Connection>, call: CallId) {
        let Some(mut turn) = self.driver.cards.turns.begin(&connection.project.id, &call) else { return };
        let (sidecar, connection) = (self.clone(), Arc::clone(connection));
        let telling = async move {
            loop {
                sidecar.announce_once(&connection, &call).await;
                if !turn.goes_on() {
                    return;
                }
            }
        };
        tokio::spawn(telemetry::carried(telling));
    }

    async fn announce_once(&self, connection: &Arc<Connection>, call: &CallId) {
        let Some(call) = self.going_on(connection, call).await else { return };
        let mut heard = self.hear(connection, &call, connection.project.route.bound).await;
        let agent = made::talking(&call, &connection.policy());
        self.tell_of(connection, &call, &mut heard, agent);
    }

    /// The call as joined so far, unless it is over.
    async fn going_on(&self, connection: &Connection, call: &CallId) -> Option<Call> {
        match self.driver.store.call(&connection.project.id, call).await {
            Ok(stored) => stored.map(|stored| stored.call).filter(|call| call.phase != Phase::Ended),
            Err(error) => {
                tracing::warn!(%error, "a call could not be read for its card");
                None
            }
        }
    }

    /// Tells what is known, and tells it again when the CRM answers late.
    pub(super) fn tell_of(&self, connection: &Arc<Connection>, call: &Call, heard: &mut Heard, agent: Option<AgentId>) {
        let Some(key) = &heard.key else { return };
        let card = made::of_caller(connection, call, key, &heard.routed.judged, agent);
        let visit = call.client.google_client_id.as_deref();
        self.driver.cards.tell(&connection.project, self.driver.clock.now(), card, visit);
        if let Some(late) = heard.late.take() {
            self.tell_later(connection, call.clone(), late);
        }
    }

    fn tell_later(&self, connection: &Arc<Connection>, call: Call, late: Late) {
        let Some(place) = self.driver.cards.turns.late() else { return };
        let (sidecar, connection) = (self.clone(), Arc::clone(connection));
        let telling = async move {
            let _place = place;
            let Ok(Ok(Ok(looked))) = time::timeout(LATE_BOUND, late).await else { return };
            let known = sidecar.driver.store.call(&connection.project.id, &call.id).await.ok().flatten();
            let was_taken_in = known.is_some();
            let call = known.map_or(call, |stored| stored.call);
            if call.phase == Phase::Ended {
                return;
            }
            let mut heard = sidecar.heard_late(&connection, &call, &looked).await;
            // A call that was taken in names whom it rings; else it is where the route would have led.
            let routed = heard.routed.judged.route.agent.clone().filter(|_| !was_taken_in);
            let agent = made::talking(&call, &connection.policy()).or(routed);
            sidecar.tell_of(&connection, &call, &mut heard, agent);
        };
        tokio::spawn(telemetry::carried(telling));
    }
}
