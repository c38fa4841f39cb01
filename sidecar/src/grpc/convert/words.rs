//! Enumerations of the contract and their counterparts.

use tieline_engine::{
    call::{Direction, Outcome, Phase, Source},
    next::End,
    record::Kind,
};
use tieline_proto::v1;

use crate::store;

/// How far a call is, and whether it is over.
pub(super) fn phase(phase: v1::CallPhase) -> Option<Phase> {
    Some(match phase {
        v1::CallPhase::Unspecified => return None,
        v1::CallPhase::BeforeCall | v1::CallPhase::Forwarding => Phase::Ringing,
        v1::CallPhase::PickedUp => Phase::PickedUp,
        v1::CallPhase::Ended | v1::CallPhase::RecordingReady | v1::CallPhase::Amended => Phase::Ended,
    })
}

/// Who called whom.
pub(super) fn direction(direction: v1::CallDirection) -> Option<Direction> {
    Some(match direction {
        v1::CallDirection::Unspecified => return None,
        v1::CallDirection::Incoming => Direction::Incoming,
        v1::CallDirection::Outgoing => Direction::Outgoing,
        v1::CallDirection::Internal => Direction::Internal,
    })
}

/// What brought the client, and the platform's word for it (telephony/events.md 2.2, `substitution_type`).
pub(super) fn source(source: v1::CallSource) -> (Source, Option<&'static str>) {
    match source {
        v1::CallSource::Unspecified => (Source::Call, None),
        v1::CallSource::Static => (Source::Call, Some("static")),
        v1::CallSource::Dynamic => (Source::Call, Some("dynamic")),
        v1::CallSource::Callback => (Source::Callback, Some("callback")),
    }
}

/// How a call or leg ended; `None` while it has not, or when nothing was said.
pub(super) fn outcome(outcome: v1::CallOutcome) -> Option<Outcome> {
    Some(match outcome {
        v1::CallOutcome::Unspecified | v1::CallOutcome::InProgress => return None,
        v1::CallOutcome::Answered => Outcome::Answered,
        v1::CallOutcome::NoAnswer => Outcome::NoAnswer,
        v1::CallOutcome::Busy => Outcome::Busy,
        v1::CallOutcome::Failed => Outcome::Failed,
        v1::CallOutcome::Voicemail => Outcome::Voicemail,
        v1::CallOutcome::NoForward => Outcome::NoForward,
        v1::CallOutcome::WrongExtension => Outcome::WrongExtension,
        v1::CallOutcome::ClientNoAnswer => Outcome::ClientNoAnswer,
        v1::CallOutcome::ForbiddenDestination => Outcome::Forbidden,
        v1::CallOutcome::Declined => Outcome::Declined,
    })
}

/// A messenger's name in configuration and in [`tieline_engine::call::Chat`].
#[must_use]
pub fn channel(channel: v1::MessengerChannel) -> Option<&'static str> {
    match channel {
        v1::MessengerChannel::Unspecified => None,
        v1::MessengerChannel::Telegram => Some("telegram"),
        v1::MessengerChannel::Viber => Some("viber"),
        v1::MessengerChannel::Facebook => Some("facebook"),
    }
}

/// A kind of record.
#[must_use]
pub fn entity_kind(kind: Kind) -> v1::EntityKind {
    match kind {
        Kind::Contact => v1::EntityKind::Contact,
        Kind::Lead => v1::EntityKind::Lead,
        Kind::Deal => v1::EntityKind::Deal,
        Kind::Task => v1::EntityKind::Task,
        Kind::CallRecord => v1::EntityKind::CallRecord,
        Kind::Note => v1::EntityKind::Note,
    }
}

/// Where a call would stand.
pub(super) fn end(end: End) -> v1::CallState {
    match end {
        End::Written => v1::CallState::Written,
        End::Skipped(_) => v1::CallState::Skipped,
        End::Failed => v1::CallState::Failed,
    }
}

/// What a report did.
pub(super) fn receipt(receipt: store::Receipt) -> v1::Receipt {
    match receipt {
        store::Receipt::Accepted => v1::Receipt::Accepted,
        store::Receipt::Amended => v1::Receipt::Amended,
        store::Receipt::Repeated => v1::Receipt::Repeated,
    }
}

/// Whether calls go to the CRM.
pub(super) fn connection_state(status: store::Status) -> v1::ConnectionState {
    match status {
        store::Status::Inactive => v1::ConnectionState::Inactive,
        store::Status::Active => v1::ConnectionState::Active,
        store::Status::Suspended => v1::ConnectionState::Suspended,
    }
}

/// Who called whom, as told.
pub(super) fn call_direction(direction: Direction) -> v1::CallDirection {
    match direction {
        Direction::Incoming => v1::CallDirection::Incoming,
        Direction::Outgoing => v1::CallDirection::Outgoing,
        Direction::Internal => v1::CallDirection::Internal,
    }
}

/// How far a call is, as told.
pub(super) fn call_phase(phase: Phase) -> v1::CallPhase {
    match phase {
        Phase::Ringing => v1::CallPhase::BeforeCall,
        Phase::PickedUp => v1::CallPhase::PickedUp,
        Phase::Ended => v1::CallPhase::Ended,
    }
}

/// A direction in words, for planned steps.
pub(super) fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "incoming",
        Direction::Outgoing => "outgoing",
        Direction::Internal => "internal",
    }
}
