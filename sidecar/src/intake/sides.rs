//! Which way a call went and who stands at its ends: the client, the project's line, the agent's place
//! (telephony/events.md 2.4: the costliest mistake in handlers).

mod incoming;
mod outgoing;

use tieline_engine::{
    call::{Direction, Source},
    phone::Phone,
    policy::Policy,
};

use super::{
    Event, IntakeError,
    end::{self, End},
    names::{self, Param},
    params::Params,
};

/// Which way a call went and who stands at its ends.
pub(super) struct Sides {
    pub(super) direction: Direction,
    pub(super) source: Source,
    pub(super) client: Option<Phone>,
    pub(super) line: Option<Phone>,
    pub(super) line_sip: Option<String>,
    /// Where the agent is reached, when the row says.
    pub(super) agent: Option<End>,
}

/// What the platform calls the type of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    In,
    Out,
    Callback,
    TransitIn,
    TransitOut,
    Internal,
}

/// The type's words (telephony/events.md 2.2) and those of relays.
const KINDS: &[(&str, Kind)] = &[
    ("in", Kind::In),
    ("incoming", Kind::In),
    ("inbound", Kind::In),
    ("out", Kind::Out),
    ("outgoing", Kind::Out),
    ("outbound", Kind::Out),
    ("callback", Kind::Callback),
    ("transitin", Kind::TransitIn),
    ("transitout", Kind::TransitOut),
    ("internal", Kind::Internal),
];

/// Reads the sides of a row.
pub(super) fn read(params: &Params, event: Event, policy: &Policy) -> Result<Sides, IntakeError> {
    let row = Ends { params, policy };
    let kind = match params.text(Param::Type) {
        Some(word) => kind_named(word).ok_or_else(|| {
            params.refuse(Param::Type, "is none of the known types", "send in, out, callback, transitin or transitout")
        })?,
        None => kind_seen(&row, event),
    };
    let mut sides = match kind {
        Kind::In | Kind::Callback | Kind::TransitIn => incoming::sides(&row),
        Kind::Out | Kind::TransitOut | Kind::Internal => outgoing::sides(&row, kind == Kind::TransitOut),
    };
    let ordered = params.text(Param::Insertion).is_some_and(|word| word.eq_ignore_ascii_case("callback"));
    if kind == Kind::Callback || (ordered && sides.direction == Direction::Incoming) {
        sides.source = Source::Callback;
    }
    if kind == Kind::Internal {
        sides.direction = Direction::Internal;
    }
    Ok(sides)
}

fn kind_named(word: &str) -> Option<Kind> {
    KINDS.iter().find(|(known, _)| names::same(known, word)).map(|(_, kind)| *kind)
}

/// The kind of a row that does not say it: by its webhook, else by its ends.
fn kind_seen(row: &Ends<'_>, event: Event) -> Kind {
    match event {
        Event::BeforeCall | Event::PickUp | Event::AfterCall => return Kind::In,
        Event::BeforeOutgoing | Event::AfterOutgoing => return Kind::Out,
        Event::Unknown => {}
    }
    let is_ours = |end: End| end.is_inside() || end.number().is_some_and(|number| row.is_own(number));
    let called = row.end(Param::Callee).is_some();
    match called || row.ends(Param::Caller).any(is_ours) {
        true => Kind::Out,
        false => Kind::In,
    }
}

/// The ends a row names.
struct Ends<'a> {
    params: &'a Params,
    policy: &'a Policy,
}

impl Ends<'_> {
    /// Every end a parameter names, the one that counts first.
    fn ends(&self, param: Param) -> impl Iterator<Item = End> {
        self.params.all(param).filter_map(|text| end::read(text, self.policy))
    }

    /// The end that counts.
    fn end(&self, param: Param) -> Option<End> {
        self.ends(param).next()
    }

    /// The number that counts.
    fn number(&self, param: Param) -> Option<Phone> {
        self.ends(param).find_map(|end| end.number().cloned())
    }

    fn same(&self, left: &Phone, right: Option<&Phone>) -> bool {
        right.is_some_and(|right| end::same(left, right, self.policy))
    }

    /// One of the project's lines: never the client (G-06).
    fn is_line(&self, number: &Phone) -> bool {
        self.policy.stop_list.is_own_line(number, &self.policy.plan)
    }

    /// A line or an agent's number.
    fn is_own(&self, number: &Phone) -> bool {
        self.is_line(number) || self.policy.agents.owns_number(number, &self.policy.plan)
    }
}
