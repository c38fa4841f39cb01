//! Incoming calls, callbacks and calls in transit to an agent: the client is `E164`, else `userfield`, else
//! `caller`; `dst` is the project's line (payloads 01, 21, 24).

use tieline_engine::{
    call::{Direction, Source},
    phone::Phone,
};

use super::{Ends, Sides};
use crate::intake::{end::End, names::Param};

/// Where the client's number may stand, the surest first.
const CLIENT: [Param; 3] = [Param::E164, Param::UserField, Param::Caller];

pub(super) fn sides(row: &Ends<'_>) -> Sides {
    let client = client(row);
    let agent = agent(row);
    let line = [Param::Dst, Param::OutboundNumber]
        .into_iter()
        .find_map(|param| row.number(param).filter(|line| !row.same(line, client.as_ref())));
    let line_sip = row.ends(Param::Dst).find_map(|end| end.sip().map(str::to_owned));
    let direction = match client.is_none() && is_internal(row) {
        true => Direction::Internal,
        false => Direction::Incoming,
    };
    Sides { direction, source: Source::Call, client, line, line_sip, agent }
}

/// A hidden number is passed on as the platform writes it, so that the engine can say why nobody is matched.
fn client(row: &Ends<'_>) -> Option<Phone> {
    let numbers = || CLIENT.into_iter().filter_map(|param| row.number(param));
    let hidden = || {
        let ends = CLIENT.into_iter().flat_map(|param| row.ends(param));
        ends.into_iter().find_map(|end| if let End::Withheld(word) = end { Some(word) } else { None })
    };
    numbers().find(|number| !row.is_line(number)).or_else(hidden)
}

/// A login is surer than a number: agents share numbers.
fn agent(row: &Ends<'_>) -> Option<End> {
    let connected = || row.ends(Param::ConnectedWith);
    connected().find(End::is_inside).or_else(|| connected().find(|end| end.number().is_some()))
}

/// Both ends are the project's (G-02): a login or extension calls another, or one of the lines.
fn is_internal(row: &Ends<'_>) -> bool {
    let calls = row.ends(Param::Caller).any(|end| end.is_inside());
    let is_called = |end: End| end.is_inside() || end.number().is_some_and(|number| row.is_line(number));
    calls && [Param::Dst, Param::ConnectedWith].into_iter().any(|param| row.ends(param).any(is_called))
}
