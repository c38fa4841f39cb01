//! What a delivery tells those who watch: the client's records while the call goes on, and that a call is finished.

use tieline_engine::{
    agents::Named,
    call::{Call, Phase},
    facts::Facts,
    ids::AgentId,
};

use super::{Driver, connection::Connection};
use crate::{
    callers::OWN_SINCE,
    cards::made,
    store::{State, StoredCall},
    watch::Event,
};

/// Tells what the delivery found or made: to the watchers while the call goes on, to the Smart Phone in any case.
pub(super) async fn card(driver: &Driver, connection: &Connection, stored: &StoredCall, facts: &Facts) {
    let (project, call) = (&connection.project, &stored.call);
    let goes_on = call.phase != Phase::Ended;
    let is_wanted = match goes_on {
        true => driver.cards.are_wanted(&project.id),
        false => driver.cards.phone(&project.id).is_some(),
    };
    if !is_wanted || (facts.found.is_none() && facts.steps.is_empty()) {
        return;
    }
    let since = driver.clock.now() - OWN_SINCE;
    let own = driver.callers.own.of(driver.store.as_ref(), &project.id, &stored.lane, since).await;
    let own = own.map(|own| own.records.clone()).unwrap_or_default();
    let Some(card) = made::of_delivery(connection, call, facts, &own) else { return };
    let visit = call.client.google_client_id.as_deref();
    if goes_on {
        driver.cards.tell(project, driver.clock.now(), card, visit);
    } else {
        driver.cards.tell_phone(project, &card, visit);
    }
}

/// Tells that a call is finished.
pub(super) fn finished(driver: &Driver, connection: &Connection, call: &Call, state: State) {
    let policy = connection.policy();
    let agent = call.main_leg().and_then(|leg| match policy.agents.find(&leg.agent, &policy.plan) {
        Named::Agent(agent) => Some(AgentId::new(agent.id.clone())),
        Named::Unmapped(_) | Named::Nobody => None,
    });
    let event = Event::Finished { call: call.id.clone(), state, agent };
    driver.hub.tell(&connection.project.id, driver.clock.now(), event);
}
