//! Which calls are meant.

use serde::{Deserialize, Serialize};
use tieline_engine::{ids::CallId, jiff::Timestamp, reason::ReasonCode};

/// Which calls. Empty parts fit all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// By state.
    pub states: Vec<StateIs>,
    /// By the reason code of skipped calls.
    pub skipped_for: Vec<ReasonCode>,
    /// By the error reason of the last trouble.
    pub trouble: Option<String>,
    /// Happened at or after (the call's start, else its acceptance).
    pub since: Option<Timestamp>,
    /// Happened before.
    pub until: Option<Timestamp>,
    /// Accepted at or before.
    pub accepted_until: Option<Timestamp>,
    /// By id.
    pub ids: Option<Vec<CallId>>,
}

/// A state without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateIs {
    /// Accepted, not finished.
    Waiting,
    /// In the CRM.
    Written,
    /// Nothing was to be written.
    Skipped,
    /// The CRM refuses it.
    Failed,
}

impl Filter {
    /// The states of the calls that can fit.
    pub(super) fn states_that_fit(&self) -> Vec<StateIs> {
        let all = [StateIs::Waiting, StateIs::Written, StateIs::Skipped, StateIs::Failed];
        let named = |state: &StateIs| match (self.states.is_empty(), self.skipped_for.is_empty()) {
            (false, _) => self.states.contains(state),
            (true, false) => *state == StateIs::Skipped,
            (true, true) => true,
        };
        all.into_iter().filter(named).collect()
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// From the first accepted.
    Rising,
    /// From the last accepted.
    Falling,
}
