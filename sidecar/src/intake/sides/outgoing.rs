//! Outgoing calls and calls in transit from an agent: the client is `E164` or `userfield`, else `callee`, else
//! `full_num` or `dst`, never the line the client sees; when a CRM started the call, the client stands in `caller`
//! and the agent in `dst` (payloads 03, 06, 08, 22, 24).

use tieline_engine::{
    call::{Direction, Source},
    phone::Phone,
};

use super::{Ends, Sides};
use crate::intake::{end::End, names::Param};

/// Where the client's number may stand, the surest first. `caller` is last: there it stands only when the other
/// end is the agent's.
const CLIENT: [Param; 6] = [Param::E164, Param::UserField, Param::Callee, Param::FullNum, Param::Dst, Param::Caller];
/// In transit the dialled number is the client's (payload 24).
const CLIENT_IN_TRANSIT: [Param; 3] = [Param::Dst, Param::E164, Param::UserField];
/// Where the agent's login or extension may stand. On a call a CRM started it is in `dst`.
const AGENT: [Param; 4] = [Param::Caller, Param::Dst, Param::ConnectedWith, Param::CallerNumber];

pub(super) fn sides(row: &Ends<'_>, in_transit: bool) -> Sides {
    let outbound = row.number(Param::OutboundNumber);
    let client = client(row, in_transit, outbound.as_ref());
    let agent = agent(row, in_transit, client.as_ref(), outbound.as_ref());
    let line = outbound.or_else(|| line(row, client.as_ref(), agent.as_ref()));
    let line_sip = agent.as_ref().and_then(|end| end.sip().map(str::to_owned));
    let direction = match client.is_none() && is_internal(row) {
        true => Direction::Internal,
        false => Direction::Outgoing,
    };
    Sides { direction, source: Source::Call, client, line, line_sip, agent }
}

fn client(row: &Ends<'_>, in_transit: bool, outbound: Option<&Phone>) -> Option<Phone> {
    let params: &[Param] = if in_transit { &CLIENT_IN_TRANSIT } else { &CLIENT };
    let agent_elsewhere =
        || [Param::Dst, Param::Callee].into_iter().any(|param| row.ends(param).any(|end| end.is_inside()));
    params
        .iter()
        .filter(|param| **param != Param::Caller || agent_elsewhere())
        .filter_map(|param| row.number(*param))
        .find(|number| !row.same(number, outbound) && !row.is_line(number))
}

/// Who called. A number in `caller` is the agent's only when nothing speaks for a line: the platform also writes
/// the line there (payloads 06, 08).
fn agent(row: &Ends<'_>, in_transit: bool, client: Option<&Phone>, outbound: Option<&Phone>) -> Option<End> {
    let own_place = |number: &Phone| !row.same(number, client) && !row.same(number, outbound) && !row.is_line(number);
    let in_transit = in_transit.then(|| row.end(Param::CallerNumber)).flatten();
    let inside = || AGENT.into_iter().find_map(|param| row.ends(param).find(End::is_inside));
    let number = || {
        row.ends(Param::Caller).find(|end| end.number().is_some_and(|number| own_place(number) && row.is_own(number)))
    };
    in_transit.or_else(inside).or_else(number)
}

/// The line the client saw, where no parameter of its own names it.
fn line(row: &Ends<'_>, client: Option<&Phone>, agent: Option<&End>) -> Option<Phone> {
    let is_agents = |number: &Phone| agent.and_then(End::number).is_some_and(|own| row.same(number, Some(own)));
    [Param::Callee, Param::Dst, Param::Caller]
        .into_iter()
        .filter_map(|param| row.number(param))
        .find(|number| !row.same(number, client) && !is_agents(number))
}

/// Both ends are the project's (G-02).
fn is_internal(row: &Ends<'_>) -> bool {
    let is_inside = |param: Param| row.ends(param).any(|end| end.is_inside());
    is_inside(Param::Caller) && (is_inside(Param::Dst) || is_inside(Param::Callee))
}
