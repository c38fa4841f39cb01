//! What became of a call (call_report.proto).

use tieline_engine::{
    jiff::Timestamp,
    reason::{Reason, ReasonCode},
};
use tieline_proto::v1;

use super::{moment, words};
use crate::store::{self, ConnectionState, KeptTrouble, State, Status, StoredCall, Written};

/// Most decisions in one report.
const EXPLANATION_MAX: usize = 100;

/// What became of a stored call. A waiting call of a connection that is not active is held.
#[must_use]
pub fn report(stored: &StoredCall, connection: Option<&ConnectionState>) -> v1::CallReport {
    let state = call_state(stored.state, connection);
    let will_be_tried = state == v1::CallState::Waiting;
    let skipped = stored.reasons.len().saturating_sub(EXPLANATION_MAX);
    let explanation = stored.reasons.iter().skip(skipped).map(|reason| decision(reason, Some(stored.changed_at)));
    v1::CallReport {
        state: state.into(),
        state_reason: state_reason(stored, connection),
        written: stored.written.iter().map(written).collect(),
        explanation: explanation.collect(),
        attempts: stored.attempts,
        next_attempt_at: will_be_tried.then(|| moment(stored.due_at)),
        last_error: last_error(stored),
        received_at: Some(moment(stored.received_at)),
        changed_at: Some(moment(stored.changed_at)),
        project: stored.call.project.as_str().to_owned(),
        call_id: stored.call.id.as_str().to_owned(),
    }
}

/// A failed call in a list.
#[must_use]
pub fn failed_call(stored: &StoredCall) -> v1::FailedCall {
    v1::FailedCall {
        call_id: stored.call.id.as_str().to_owned(),
        received_at: Some(moment(stored.received_at)),
        attempts: stored.attempts,
        last_error: last_error(stored),
    }
}

/// Where a call stands.
#[must_use]
pub fn call_state(state: State, connection: Option<&ConnectionState>) -> v1::CallState {
    let is_off = connection.is_some_and(|connection| connection.status != Status::Active);
    match state {
        State::Waiting if is_off => v1::CallState::Held,
        State::Waiting => v1::CallState::Waiting,
        State::Written => v1::CallState::Written,
        State::Skipped(_) => v1::CallState::Skipped,
        State::Failed => v1::CallState::Failed,
    }
}

/// What a stored report did.
#[must_use]
pub fn receipt(receipt: store::Receipt) -> v1::Receipt {
    words::receipt(receipt)
}

/// One decision.
#[must_use]
pub fn decision(reason: &Reason, at: Option<Timestamp>) -> v1::Decision {
    v1::Decision {
        code: reason.code.as_str().to_owned(),
        text: reason.render(),
        data: reason.data.clone(),
        at: at.map(moment),
    }
}

/// Something that went wrong.
#[must_use]
pub fn failure(trouble: &KeptTrouble) -> v1::Failure {
    let reason = v1::ErrorReason::from_reason(&trouble.reason).unwrap_or_default();
    v1::Failure {
        reason: reason.into(),
        actor: reason.actor().into(),
        text: trouble.text.clone(),
        at: Some(moment(trouble.at)),
    }
}

/// The trouble kept with a call is past once an attempt succeeded.
fn last_error(stored: &StoredCall) -> Option<v1::Failure> {
    let stands = stored.attempts > 0 || stored.state == State::Failed;
    stored.trouble.as_ref().filter(|_| stands).map(failure)
}

fn state_reason(stored: &StoredCall, connection: Option<&ConnectionState>) -> Option<v1::Decision> {
    let at = stored.changed_at;
    let by_code = |code: ReasonCode| {
        let decided = stored.reasons.iter().rev().find(|reason| reason.code == code).cloned();
        Some(decision(&decided.unwrap_or_else(|| Reason::new(code)), Some(at)))
    };
    match stored.state {
        State::Skipped(code) => by_code(code),
        State::Written => by_code(ReasonCode::Written),
        State::Failed => stored.reasons.last().map(|reason| decision(reason, Some(at))).or_else(|| troubled(stored)),
        State::Waiting => held(connection)
            .or_else(|| troubled(stored))
            .or_else(|| stored.reasons.last().map(|reason| decision(reason, Some(at)))),
    }
}

fn held(connection: Option<&ConnectionState>) -> Option<v1::Decision> {
    let connection = connection?;
    let (code, text) = match connection.status {
        Status::Active => return None,
        Status::Inactive => ("connection_inactive", "The connection is switched off, so the call is kept"),
        Status::Suspended => ("connection_suspended", "The CRM refuses the credentials, so the call is kept"),
    };
    Some(said(code.to_owned(), text.to_owned(), connection.since))
}

fn troubled(stored: &StoredCall) -> Option<v1::Decision> {
    let trouble = stored.trouble.as_ref().filter(|_| stored.attempts > 0)?;
    Some(said(trouble.reason.to_ascii_lowercase(), trouble.text.clone(), trouble.at))
}

fn said(code: String, text: String, at: Timestamp) -> v1::Decision {
    v1::Decision { code, text, at: Some(moment(at)), ..v1::Decision::default() }
}

fn written(written: &Written) -> v1::WrittenRecord {
    let action = if written.made { v1::StepAction::Create } else { v1::StepAction::Update };
    v1::WrittenRecord {
        record: Some(v1::CrmRecord {
            kind: words::entity_kind(written.kind).into(),
            id: written.id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
            url: written.link.clone().unwrap_or_default(),
        }),
        action: action.into(),
        at: Some(moment(written.at)),
    }
}
