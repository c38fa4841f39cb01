//! Click to call: who is rung for a wish to call a client, and in which order (SP-06 … SP-09).
//!
//! A person of the CRM who clicks talks themself; a wish that names nobody goes to the project's one SIP login, or
//! to any that is online. Chance is an argument (G24).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agents::{Agent, Agents},
    ids::AgentId,
};

/// What an agent's telephone is doing, as the exchange last told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It can be rung.
    Online,
    /// Somebody talks on it.
    Talking,
    /// It could be rung, but its agent has said not to.
    Away,
    /// It cannot be rung.
    Offline,
}

impl Presence {
    /// Every state, in their order.
    pub const ALL: [Self; 4] = [Self::Online, Self::Talking, Self::Away, Self::Offline];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Talking => "talking",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }
}

/// What is known of a project's telephones, by the place that is rung. Case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presences(BTreeMap<String, Presence>);

impl Presences {
    /// Notes what a place is doing; the later word counts.
    pub fn set(&mut self, place: &str, presence: Presence) {
        self.0.insert(place.to_lowercase(), presence);
    }

    /// What a place is doing; `None` when nobody told.
    #[must_use]
    pub fn of(&self, place: &str) -> Option<Presence> {
        self.0.get(&place.to_lowercase()).copied()
    }

    /// How many places do this.
    #[must_use]
    pub fn count(&self, presence: Presence) -> usize {
        self.0.values().filter(|own| **own == presence).count()
    }
}

/// How a project carries out wishes to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialPolicy {
    /// The one SIP login that is rung for wishes that name nobody (SP-07).
    pub sip: Option<String>,
    /// Ring the client before the agent (SP-06, G21).
    pub client_first: bool,
}

impl Default for DialPolicy {
    /// The client first (SP-06).
    fn default() -> Self {
        Self { sip: None, client_first: true }
    }
}

/// Who is to talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish<'a> {
    /// Whoever the project's settings name, or anybody.
    Anybody,
    /// This agent: the person who clicked, or whom the link names.
    Agent(&'a Agent),
}

/// Who is rung, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialling {
    /// Who is to talk.
    pub agent: AgentId,
    /// The SIP login, number or extension at which they are rung.
    pub place: String,
    /// The client is rung before the agent.
    pub client_first: bool,
    /// Why this place.
    pub why: Why,
}

/// Why a place was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The wish names the agent.
    Named,
    /// It is the SIP login of the settings, and online (SP-07).
    Configured,
    /// It is one of those online, by chance (SP-08).
    Chance,
}

impl Why {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Configured => "configured",
            Self::Chance => "chance",
        }
    }
}

/// Why nobody is rung, the client included (SP-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NoDialling {
    /// No SIP login of the project is online.
    #[error("no SIP login of the project is online")]
    NobodyOnline,
    /// The agent who is to talk is offline.
    #[error("the agent's telephone is offline")]
    AgentOffline,
    /// The agent who is to talk is in a call.
    #[error("the agent is talking already")]
    AgentTalking,
    /// The agent has no SIP login, number or extension.
    #[error("the agent has no SIP login, number or extension to be rung at")]
    NoPlace,
}

/// Who is rung for a wish. `random` is any number; it decides between those online (SP-08).
///
/// # Errors
/// Nobody can be rung, so the client is not rung either (SP-09).
pub fn choose(
    wish: Wish<'_>,
    policy: &DialPolicy,
    agents: &Agents,
    presences: &Presences,
    random: u64,
) -> Result<Dialling, NoDialling> {
    let (agent, place, why) = match wish {
        Wish::Agent(agent) => (agent, own_place(agent, presences)?, Why::Named),
        Wish::Anybody => anybody(policy, agents, presences, random)?,
    };
    let agent = AgentId::new(agent.id.clone());
    Ok(Dialling { agent, place: place.to_owned(), client_first: policy.client_first, why })
}

/// Where an agent can be rung for a wish: every SIP login, or the one other place of an agent without any.
#[must_use]
pub fn places(agent: &Agent) -> Vec<&str> {
    if agent.sips.is_empty() {
        return agent.place_to_ring().into_iter().collect();
    }
    agent.sips.iter().map(String::as_str).collect()
}

/// The place of an agent who is to talk. Somebody who clicked is at their desk, so being away is no hindrance, and
/// neither is an exchange that does not tell.
fn own_place<'a>(agent: &'a Agent, presences: &Presences) -> Result<&'a str, NoDialling> {
    let places = places(agent);
    if places.is_empty() {
        return Err(NoDialling::NoPlace);
    }
    let in_state = |wanted: Option<Presence>| places.iter().copied().find(|place| presences.of(place) == wanted);
    // Another login of somebody who talks would ring beside the talk.
    if in_state(Some(Presence::Talking)).is_some() {
        return Err(NoDialling::AgentTalking);
    }
    let best = in_state(Some(Presence::Online)).or_else(|| in_state(Some(Presence::Away)));
    best.or_else(|| in_state(None)).ok_or(NoDialling::AgentOffline)
}

fn anybody<'a>(
    policy: &DialPolicy,
    agents: &'a Agents,
    presences: &Presences,
    random: u64,
) -> Result<(&'a Agent, &'a str, Why), NoDialling> {
    let all = agents.list().iter().flat_map(|agent| agent.sips.iter().map(move |sip| (agent, sip.as_str())));
    let online: Vec<_> = all.filter(|(_, sip)| presences.of(sip) == Some(Presence::Online)).collect();
    let is_configured = |sip: &str| policy.sip.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(sip));
    if let Some((agent, sip)) = online.iter().find(|(_, sip)| is_configured(sip)) {
        return Ok((agent, sip, Why::Configured));
    }
    let count = u64::try_from(online.len()).unwrap_or(u64::MAX);
    let chance = random.checked_rem(count).ok_or(NoDialling::NobodyOnline)?;
    let chosen = usize::try_from(chance).ok().and_then(|chance| online.get(chance));
    chosen.map(|(agent, sip)| (*agent, *sip, Why::Chance)).ok_or(NoDialling::NobodyOnline)
}
