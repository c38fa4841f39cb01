//! Where a call stands after something happened to it: pure, so that every store answers alike.

use tieline_engine::{call::Call, jiff::Timestamp, reason::ReasonCode};

use super::{Filter, Progress, State, StateIs, resend::is_kept};

/// The part of a stored call that moves it through the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) due_at: Timestamp,
    pub(super) retrying: bool,
    pub(super) backlog: bool,
    pub(super) attempts: u32,
}

impl Standing {
    /// A call that is to be looked at now.
    pub(super) fn fresh(at: Timestamp, backlog: bool) -> Self {
        Self { state: State::Waiting, due_at: at, retrying: false, backlog, attempts: 0 }
    }

    /// After a piece told something new. A call that waits for further facts has its turn now; one that waits for
    /// a retry goes on waiting, as the CRM's trouble is not over; a finished one is opened again as a live call,
    /// unless what ended it does not depend on the call's facts.
    pub(super) fn amended(self, at: Timestamp) -> Self {
        match self.state {
            State::Waiting if self.retrying => self,
            State::Waiting => Self { due_at: self.due_at.min(at), ..self },
            State::Skipped(code) if is_final_skip(code) => self,
            State::Written | State::Skipped(_) | State::Failed => Self::fresh(at, false),
        }
    }

    /// After progress. `amended`: the call changed since the progress was begun. `in_crm`: something of the call
    /// was written. What was skipped by a person meanwhile stays skipped, unless something of it is in the CRM.
    pub(super) fn progressed(self, progress: &Progress, amended: bool, in_crm: bool) -> Self {
        let Progress { state, due_at, retrying, attempts, at, .. } = *progress;
        match self.state {
            State::Skipped(_) if !in_crm => self,
            _ if amended => Self { state: State::Waiting, due_at: at, retrying: false, attempts, ..self },
            _ => Self { state, due_at, retrying: retrying && state == State::Waiting, attempts, ..self },
        }
    }
}

/// Skipped by a person or by the window for resending: later facts of the call do not change that.
fn is_final_skip(code: ReasonCode) -> bool {
    is_kept(code) || code == ReasonCode::Dropped
}

/// Whether a call may be put back to waiting: what failed or waits, and what is only kept when
/// the filter names skipped calls. What an administrator dropped and what the policy skipped stay.
pub(super) fn may_requeue(state: State, filter: &Filter) -> bool {
    match state {
        State::Waiting | State::Failed => true,
        State::Skipped(code) => is_kept(code) && filter.states.contains(&StateIs::Skipped),
        State::Written => false,
    }
}

/// Joins a piece with what is known. A first piece is settled, so that the order of its legs is the same as after any
/// later piece.
pub(super) fn join(known: Option<&Call>, piece: Call) -> Call {
    let Some(known) = known else { return piece.settled() };
    let mut joined = known.clone();
    joined.amend(piece);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: Timestamp = Timestamp::UNIX_EPOCH;
    const LATE: Timestamp = Timestamp::MAX;

    #[test]
    fn facts_for_a_retrying_call_do_not_hurry_the_retry() {
        let waiting = Standing { due_at: LATE, ..Standing::fresh(EARLY, true) };
        assert_eq!(waiting.amended(EARLY).due_at, EARLY);
        let retrying = Standing { retrying: true, ..waiting };
        assert_eq!(retrying.amended(EARLY), retrying);
    }

    #[test]
    fn what_a_person_dropped_is_not_opened_again_by_later_facts() {
        let dropped = Standing { state: State::Skipped(ReasonCode::Dropped), ..Standing::fresh(EARLY, true) };
        assert_eq!(dropped.amended(LATE), dropped);
        let stop_listed = Standing { state: State::Skipped(ReasonCode::StopListed), ..dropped };
        assert_eq!(stop_listed.amended(LATE), Standing::fresh(LATE, false));
    }

    #[test]
    fn only_the_window_s_skips_are_put_back_and_only_when_named() {
        let skipped = Filter { states: vec![StateIs::Skipped], ..Filter::default() };
        assert!(may_requeue(State::Skipped(ReasonCode::OutOfWindow), &skipped));
        assert!(!may_requeue(State::Skipped(ReasonCode::OutOfWindow), &Filter::default()));
        assert!(!may_requeue(State::Skipped(ReasonCode::Dropped), &skipped));
        assert!(may_requeue(State::Failed, &Filter::default()));
        assert!(!may_requeue(State::Written, &skipped));
    }
}
