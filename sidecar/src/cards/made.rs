//! A card from what is known: by routing when the phone rings, or by a delivery that found or made records.

use tieline_engine::{
    agents::Named,
    call::{Call, Leg},
    client::{self, ClientKey},
    facts::{Facts, Found, OwnRecord, Target},
    ids::{AgentId, UserId},
    matching,
    policy::Policy,
    record::Kind,
    step::StepKey,
};

use crate::{
    callers::{Judged, links, name},
    driver::connection::Connection,
    watch::{Card, Client},
};

/// The card of a call whose client was looked for; the agent is told apart, as a route has one and a call has legs.
pub(crate) fn of_caller(
    connection: &Connection,
    call: &Call,
    key: &ClientKey,
    judged: &Judged,
    agent: Option<AgentId>,
) -> Card {
    let target = judged.target.as_ref();
    let of_target = |target: &Target| Client {
        known: Some(!judged.links.is_empty() || target.client == tieline_engine::scenario::ClientIs::Known),
        name: judged.name.clone(),
        owner: owner(&connection.policy(), target.owner.as_ref()),
        records: judged.links.clone(),
        new_deal: new_deal(connection, target),
    };
    card(call, key, agent, target.map_or_else(Client::default, of_target))
}

/// The card of a call whose delivery found or made records; `own` are our own records of the client. `None`: nothing
/// is known, or there is no client.
pub(crate) fn of_delivery(connection: &Connection, call: &Call, facts: &Facts, own: &[OwnRecord]) -> Option<Card> {
    let policy = connection.policy();
    let key = client::identify(call, &policy).ok()?;
    let found = facts.found.as_ref();
    let mut target = facts.target.clone().or_else(|| {
        let chat = call.client.chat.as_ref().map(tieline_engine::call::Chat::joined);
        Some(matching::target(&key, chat.as_deref(), &policy, facts, found?).0)
    })?;
    let made = |kind| facts.made(&StepKey::create(kind)).cloned();
    target.contact = made(Kind::Contact).or(target.contact);
    target.lead = made(Kind::Lead).or(target.lead);
    target.deal = made(Kind::Deal).or(target.deal);
    let records = links(connection, &target);
    let of_own = |record: &&OwnRecord| records.iter().any(|(kind, id, _)| *kind == record.kind && *id == record.id);
    let own_owner = || own.iter().filter(of_own).find_map(|record| record.owner.as_ref());
    let client = Client {
        known: Some(!records.is_empty()),
        name: name(found.map_or(&[], |found: &Found| &found.records), &target),
        owner: owner(&policy, target.owner.as_ref().or_else(own_owner)),
        new_deal: new_deal(connection, &target),
        records,
    };
    Some(card(call, &key, talking(call, &policy), client))
}

fn card(call: &Call, key: &ClientKey, agent: Option<AgentId>, client: Client) -> Card {
    Card {
        call: call.id.clone(),
        direction: call.seen_as(),
        phase: call.phase,
        number: key.phone().cloned(),
        number_text: call.client.phone.clone(),
        agent,
        client,
    }
}

/// Who of the list answered last, else who is rung last.
pub(crate) fn talking(call: &Call, policy: &Policy) -> Option<AgentId> {
    let legs = call.talks();
    let known = |leg: &Leg| match policy.agents.find(&leg.agent, &policy.plan) {
        Named::Agent(agent) => Some(AgentId::new(agent.id.clone())),
        Named::Unmapped(_) | Named::Nobody => None,
    };
    let leg = legs.iter().rev().find(|leg| leg.answered).or(legs.last())?;
    known(leg)
}

fn new_deal(connection: &Connection, target: &Target) -> Option<String> {
    connection.dialect().new_deal_link(target.contact.as_ref()?)
}

fn owner(policy: &Policy, user: Option<&UserId>) -> Option<AgentId> {
    Some(AgentId::new(policy.agents.by_user(user?)?.id.clone()))
}
