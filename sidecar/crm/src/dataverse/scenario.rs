//! The scenario of a project that configures none (SM-01 to SM-09). Known or new, answered or not: the call is put
//! on the client's contact, which is made where it is missing. Only the moment differs by direction.

use tieline_engine::{
    call::{Direction, Source},
    scenario::{Moment, Row, Scenario, Then, Treat, When},
};

/// Contacts and calls in the CRM's own tables.
pub(super) fn native() -> Scenario {
    let makes = |moment| Then { contact: Treat::Create, call_record: true, moment, ..Then::default() };
    rows(makes(Moment::Ringing), makes(Moment::Ended))
}

/// Events only: whom they are about is the receiver's business (SM-13).
pub(super) fn webhooks() -> Scenario {
    let tells = |moment| Then { call_record: true, moment, ..Then::default() };
    rows(tells(Moment::Ringing), tells(Moment::Ended))
}

/// An incoming call is known before it is answered (SM-08); an outgoing one only afterwards (SM-09).
fn rows(incoming: Then, outgoing: Then) -> Scenario {
    let row = |name: &str, direction, then| {
        let when = When { source: Some(Source::Call), direction: Some(direction), ..When::default() };
        Row { name: name.to_owned(), when, then }
    };
    Scenario {
        rows: vec![row("incoming", Direction::Incoming, incoming), row("outgoing", Direction::Outgoing, outgoing)],
    }
}
