//! Where a ringing call goes, as the contract says it (route_call.proto).

use tieline_engine::{
    call::Call,
    phone::{self, Reading},
    policy::Policy,
    redact::Private,
    routing::{Route, Stop},
    scenario::ClientIs,
};
use tieline_proto::v1::{self, DestinationKind, RouteBasis, RouteCallResponse};

use super::convert;
use crate::{
    callers::Judged,
    sidecar::{Basis, RouteAsk, Routed},
};

/// Most destinations of one answer (route_call.proto): the configuration allows no more.
const DESTINATIONS_MAX: usize = 64;

/// What is asked of the sidecar for a ringing call.
pub(super) fn ask(call: Call) -> RouteAsk {
    // A number that was withheld is one that cannot be read.
    let client = call.client.phone.unwrap_or_else(|| phone::Phone::new(""));
    RouteAsk { project: call.project, call: call.id, client, line: call.line }
}

/// The answer.
pub(super) fn answer(routed: &Routed, policy: &Policy) -> RouteCallResponse {
    let agents = policy.agents.list();
    let Judged { route, .. } = routed.judged.as_ref();
    let of_route = route.agent.as_ref().and_then(|id| agents.iter().find(|agent| agent.id == id.as_str()));
    let reason = routed.not_asked.as_ref().unwrap_or(&route.reason);
    RouteCallResponse {
        destinations: destinations(route, policy),
        agent: of_route.map(convert::agent),
        basis: match routed.basis {
            Basis::Fresh => RouteBasis::Fresh,
            Basis::Cached => RouteBasis::Cached,
            Basis::Fallback => RouteBasis::Fallback,
        }
        .into(),
        reason: Some(convert::decision(reason, None)),
        knowledge_age_ms: routed.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        client: Some(client(&routed.judged, policy)),
    }
}

fn client(judged: &Judged, policy: &Policy) -> v1::Client {
    let target = judged.target.as_ref();
    let owner = target.and_then(|target| target.owner.as_ref()).and_then(|owner| policy.agents.by_user(owner));
    v1::Client {
        known: target.is_some_and(|target| target.client == ClientIs::Known),
        name: judged.name.as_ref().map(Private::expose).unwrap_or_default().to_owned(),
        records: convert::records(&judged.links),
        owner: owner.map(convert::agent),
    }
}

/// Places in the order they are tried, by block (RC-08). The voicemail picks up, so what follows it is never rung.
fn destinations(route: &Route, policy: &Policy) -> Vec<v1::Destination> {
    let mut all = Vec::new();
    for (group, stop) in (1..).zip(&route.stops) {
        let of_group = |(kind, value): (DestinationKind, String)| v1::Destination { kind: kind.into(), value, group };
        match stop {
            Stop::Ring(places) => all.extend(places.iter().map(|place| of_group(destination(place, policy)))),
            Stop::Voicemail => {
                all.push(of_group((DestinationKind::Voicemail, String::new())));
                break;
            }
        }
    }
    all.truncate(DESTINATIONS_MAX);
    all
}

/// What a place is shows in itself: a number or an agent's extension is dialled, a word without blanks is a SIP login
/// (telephony/events.md 2.5), and anything else is a scheme's id.
fn destination(place: &str, policy: &Policy) -> (DestinationKind, String) {
    let may_be_number = place.contains(char::is_numeric);
    if let Some(key) = may_be_number.then(|| phone::read(place, &policy.plan)).as_ref().and_then(Reading::key) {
        return (DestinationKind::Number, key.as_str().to_owned());
    }
    let is_login = place.chars().any(char::is_alphabetic) && !place.contains(char::is_whitespace);
    let is_extension = || policy.agents.list().iter().any(|agent| agent.extensions.iter().any(|own| own == place));
    let kind = match is_login {
        true => DestinationKind::SipLogin,
        false if is_extension() => DestinationKind::Number,
        false => DestinationKind::SchemeId,
    };
    (kind, place.to_owned())
}
