//! Joining what is told of one call in several pieces. The join is commutative, associative and idempotent, so
//! pieces may come in any order and any number of times (G-03, design.md promise 2).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AgentRef, Call, Client, Leg, Utm, is_placeholder};
use crate::{phone::Phone, redact::Private};

impl Call {
    /// The call as it stands after any number of pieces told the same: its legs joined and in order.
    #[must_use]
    pub fn settled(mut self) -> Self {
        join_legs(&mut self.legs, Vec::new());
        self
    }

    /// Adds what another piece of the same call tells. A piece of another call changes nothing.
    pub fn amend(&mut self, piece: Self) {
        if piece.id != self.id || piece.project != self.project {
            return;
        }
        self.direction = self.direction.max(piece.direction);
        self.source = self.source.max(piece.source);
        self.phase = self.phase.max(piece.phase);
        self.talk_seconds = self.talk_seconds.max(piece.talk_seconds);
        self.ring_seconds = self.ring_seconds.max(piece.ring_seconds);
        self.recording_expected |= piece.recording_expected;
        self.started_at = earliest(self.started_at, piece.started_at);
        self.answered_at = earliest(self.answered_at, piece.answered_at);
        self.ended_at = self.ended_at.max(piece.ended_at);
        // A status word belongs to its outcome: "NO ANSWER" of a first try does not outlive the answer.
        (self.outcome, self.status) = (self.outcome, self.status.take()).max((piece.outcome, piece.status));
        join_phone(&mut self.line, piece.line);
        join_private(&mut self.recording, piece.recording);
        for (own, other) in [
            (&mut self.line_sip, piece.line_sip),
            (&mut self.pool, piece.pool),
            (&mut self.scheme, piece.scheme),
            (&mut self.department, piece.department),
        ] {
            join_text(own, other);
        }
        join_client(&mut self.client, piece.client);
        join_utm(&mut self.utm, piece.utm);
        join_params(&mut self.params, &piece.params);
        join_legs(&mut self.legs, piece.legs);
    }
}

fn earliest(own: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (own, other) {
        (Some(own), Some(other)) => Some(own.min(other)),
        (own, other) => own.or(other),
    }
}

/// A placeholder tells nothing (G-10).
fn join_text(own: &mut Option<String>, other: Option<String>) {
    join_by(own, other, |text| !is_placeholder(text), String::as_str);
}

fn join_private(own: &mut Option<Private>, other: Option<Private>) {
    join_by(own, other, |text| !is_placeholder(text), Private::expose);
}

/// Digits before words: "unavailable" never hides a number.
fn join_phone(own: &mut Option<Phone>, other: Option<Phone>) {
    join_by(own, other, |text| text.chars().any(char::is_numeric), Phone::raw);
}

/// What tells something wins, then the longer text; equal lengths are settled by their order, so that the result does
/// not depend on who came first.
fn join_by<T>(own: &mut Option<T>, other: Option<T>, tells: fn(&str) -> bool, text: fn(&T) -> &str) {
    let rank = |value: &str| (tells(value), value.chars().count());
    let Some(other) = other else { return };
    let wins = own.as_ref().map(text).is_none_or(|own| (rank(text(&other)), text(&other)) > (rank(own), own));
    if wins {
        *own = Some(other);
    }
}

fn join_client(own: &mut Client, other: Client) {
    join_phone(&mut own.phone, other.phone);
    join_private(&mut own.name, other.name);
    join_text(&mut own.google_client_id, other.google_client_id);
    own.chat = own.chat.take().max(other.chat);
}

fn join_utm(own: &mut Utm, other: Utm) {
    for (own, other) in [
        (&mut own.source, other.source),
        (&mut own.medium, other.medium),
        (&mut own.campaign, other.campaign),
        (&mut own.content, other.content),
        (&mut own.term, other.term),
    ] {
        join_text(own, other);
    }
}

fn join_params(own: &mut BTreeMap<String, String>, other: &BTreeMap<String, String>) {
    for (name, value) in other {
        let mut joined = own.remove(name);
        join_text(&mut joined, Some(value.clone()));
        own.extend(joined.map(|value| (name.clone(), value)));
    }
}

/// Legs of the very same name are joined. More is not decided here: which of two fuller names a bare SIP login
/// belongs to would depend on what came first.
fn join_legs(own: &mut Vec<Leg>, other: Vec<Leg>) {
    let pieces = own.drain(..).chain(other).collect();
    *own = in_order(joined(pieces, |leg, piece| leg.agent == piece.agent));
}

impl Call {
    /// The legs with one agent's pieces put together, in order of time: a piece that names an agent less fully
    /// joins the leg that contains all it says.
    #[must_use]
    pub fn talks(&self) -> Vec<Leg> {
        let mut pieces = self.legs.clone();
        pieces.sort_by(|left, right| {
            known(&right.agent).cmp(&known(&left.agent)).then_with(|| left.agent.cmp(&right.agent))
        });
        in_order(joined(pieces, |leg, piece| contains(&leg.agent, &piece.agent)))
    }
}

fn joined(pieces: Vec<Leg>, belongs: impl Fn(&Leg, &Leg) -> bool) -> Vec<Leg> {
    let mut legs: Vec<Leg> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match legs.iter_mut().find(|leg| belongs(leg, &piece)) {
            Some(leg) => join_leg(leg, piece),
            None => legs.push(piece),
        }
    }
    legs
}

fn in_order(mut legs: Vec<Leg>) -> Vec<Leg> {
    legs.sort_by(|left, right| when(left).cmp(&when(right)).then_with(|| left.agent.cmp(&right.agent)));
    legs
}

fn when(leg: &Leg) -> Timestamp {
    leg.started_at.or(leg.answered_at).or(leg.ended_at).unwrap_or(Timestamp::MAX)
}

fn join_leg(own: &mut Leg, other: Leg) {
    own.started_at = earliest(own.started_at, other.started_at);
    own.answered_at = earliest(own.answered_at, other.answered_at);
    own.ended_at = own.ended_at.max(other.ended_at);
    own.talk_seconds = own.talk_seconds.max(other.talk_seconds);
    own.answered |= other.answered;
    join_private(&mut own.recording, other.recording);
}

fn known(agent: &AgentRef) -> usize {
    parts(agent).iter().flatten().count()
}

/// Whether all that `less` says stands in `more` too.
fn contains(more: &AgentRef, less: &AgentRef) -> bool {
    parts(more).iter().zip(parts(less)).all(|(more, less)| less.is_none() || *more == less)
}

fn parts(agent: &AgentRef) -> [Option<&str>; 6] {
    [
        agent.employee_id.as_deref(),
        agent.email.as_ref().map(Private::expose),
        agent.sip.as_deref(),
        agent.number.as_ref().map(Phone::raw),
        agent.extension.as_deref(),
        agent.name.as_ref().map(Private::expose),
    ]
}
