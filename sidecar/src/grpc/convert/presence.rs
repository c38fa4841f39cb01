//! What the agents' telephones are doing (report_agents.proto).

use tieline_engine::{
    call::AgentRef,
    dialing::Presence,
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tieline_proto::v1::{self, PresenceState};

use super::{
    call::{self, PROJECT_MAX},
    check::{Check, Violation},
};
use crate::presence::{Noted, PresenceReport};

/// Most entries of one report.
const AGENTS_MAX: usize = 1000;
/// Seconds a report holds: shortest, longest, and when nothing is said.
const VALID: (u32, u32, u32) = (10, 3600, 120);

/// The report of a `ReportAgentsRequest`; `now` is when it was seen, where that is not said.
///
/// # Errors
/// Everything that is wrong with the request.
pub fn report_agents(
    request: &v1::ReportAgentsRequest,
    now: Timestamp,
) -> Result<(ProjectId, PresenceReport), Vec<Violation>> {
    let mut check = Check::default();
    let project = ProjectId::new(check.required("project", &request.project, PROJECT_MAX));
    if request.agents.len() > AGENTS_MAX {
        check.wrong("agents", format!("has more than {AGENTS_MAX} entries"));
    }
    let mut told = Vec::new();
    for (index, entry) in request.agents.iter().take(AGENTS_MAX).enumerate() {
        let entry = check.within(&format!("agents[{index}]"), |check| read(check, entry));
        told.extend(entry);
    }
    let (shortest, longest, usual) = VALID;
    let valid = if request.valid_seconds == 0 { usual } else { request.valid_seconds };
    if !(shortest..=longest).contains(&valid) {
        check.wrong("valid_seconds", format!("is not from {shortest} to {longest}"));
    }
    let seen_at = check.moment("seen_at", request.seen_at.as_ref()).unwrap_or(now);
    let valid = SignedDuration::from_secs(valid.into());
    check.done((project, PresenceReport { everybody: request.everybody, told, seen_at, valid }))
}

fn read(check: &mut Check, entry: &v1::AgentPresence) -> Option<(AgentRef, Presence)> {
    let who = entry.agent.as_ref().map(|agent| check.within("agent", |check| call::agent(check, agent)));
    let who = who.filter(|who| !who.is_empty());
    if who.is_none() {
        check.wrong("agent", "is required");
    }
    let presence = match check.one_of("state", entry.state) {
        PresenceState::Online => Some(Presence::Online),
        PresenceState::Talking => Some(Presence::Talking),
        PresenceState::Away => Some(Presence::Away),
        PresenceState::Offline => Some(Presence::Offline),
        PresenceState::Unspecified => None,
    };
    if presence.is_none() && PresenceState::try_from(entry.state).is_ok() {
        check.wrong("state", "is required");
    }
    who.zip(presence)
}

/// What a report did.
#[must_use]
pub fn noted(noted: &Noted) -> v1::ReportAgentsResponse {
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    v1::ReportAgentsResponse {
        known: small(noted.known),
        unmapped: noted.unmapped.iter().map(|index| small(*index)).collect(),
    }
}
