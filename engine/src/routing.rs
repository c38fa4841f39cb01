//! Where a ringing call goes: blocks tried one after the other (RC-05 … RC-08, RT-01 … RT-06).

use serde::{Deserialize, Serialize};

use crate::{
    agents::{Agent, Agents},
    ids::{AgentId, UserId},
    reason::{Reason, ReasonCode},
};

/// The blocks of a project, in the order they are tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoutePolicy {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Who counts as responsible.
    pub responsible: Responsible,
}

impl Default for RoutePolicy {
    /// The responsible first; what follows is the PBX's own scheme.
    fn default() -> Self {
        Self { blocks: vec![Block::Responsible], responsible: Responsible::ByOwner }
    }
}

/// One block of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Whoever is responsible for the client.
    Responsible,
    /// SIP logins, numbers or scheme ids, rung together.
    Places(Vec<String>),
    /// The PBX's voicemail (RC-08: recommended last).
    Voicemail,
}

/// Who counts as responsible for a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Responsible {
    /// The owner of the open lead, else open deal, else contact (RT-01, RT-02).
    #[default]
    ByOwner,
    /// The agent who last talked with the client (RT-03).
    ByCalls,
}

/// What is known of a caller when the phone rings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Whether anything is known: `None` when the CRM did not answer in time (RT-05).
    pub known: Option<bool>,
    /// Owner of the open lead, else open deal, else contact.
    pub owner: Option<UserId>,
    /// The agent who last talked with the client, from our own records.
    pub last_talk: Option<AgentId>,
}

/// Where to ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Groups of places to ring, in order; an empty list lets the PBX's scheme go on.
    pub stops: Vec<Stop>,
    /// The agent rung first because of the client.
    pub agent: Option<AgentId>,
    /// Why.
    pub reason: Reason,
}

/// One group of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIP logins, numbers or scheme ids, rung together.
    Ring(Vec<String>),
    /// The PBX's voicemail.
    Voicemail,
}

/// The route of a caller.
#[must_use]
pub fn route(policy: &RoutePolicy, agents: &Agents, caller: &Caller) -> Route {
    let (responsible, reason) = responsible(policy.responsible, agents, caller);
    let place = responsible.and_then(Agent::place_to_ring);
    let stops = policy.blocks.iter().filter_map(|block| match block {
        Block::Responsible => place.map(|place| Stop::Ring(vec![place.to_owned()])),
        Block::Places(places) if places.is_empty() => None,
        Block::Places(places) => Some(Stop::Ring(places.clone())),
        Block::Voicemail => Some(Stop::Voicemail),
    });
    let is_rung = place.is_some() && policy.blocks.contains(&Block::Responsible);
    let agent = responsible.filter(|_| is_rung).map(|agent| AgentId::new(agent.id.clone()));
    Route { stops: stops.collect(), agent, reason }
}

fn responsible<'a>(how: Responsible, agents: &'a Agents, caller: &Caller) -> (Option<&'a Agent>, Reason) {
    let by_calls = || {
        let id = caller.last_talk.as_ref()?;
        agents.list().iter().find(|agent| agent.id == id.as_str())
    };
    if how == Responsible::ByCalls
        && let Some(agent) = by_calls()
    {
        return named(agent, ReasonCode::RouteByLastTalk);
    }
    match (caller.known, &caller.owner) {
        (None, _) => (None, Reason::new(ReasonCode::RouteUnknown)),
        (Some(false), _) => (None, Reason::new(ReasonCode::RouteNewClient)),
        (Some(true), Some(owner)) => match agents.by_user(owner) {
            Some(agent) => named(agent, ReasonCode::RouteToOwner),
            None => (None, Reason::new(ReasonCode::RouteOwnerUnmapped).with("user", owner.as_str())),
        },
        (Some(true), None) => (None, Reason::new(ReasonCode::RouteOwnerUnmapped)),
    }
}

fn named(agent: &Agent, code: ReasonCode) -> (Option<&Agent>, Reason) {
    let code = if agent.place_to_ring().is_some() { code } else { ReasonCode::RouteOwnerUnmapped };
    (Some(agent), Reason::new(code).with("agent", agent.id.as_str()))
}
