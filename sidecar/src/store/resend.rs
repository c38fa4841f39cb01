//! Resendings: kept calls that are sent again, by order of worth, behind live ones, a few at a time.
//!
//! A resending goes through its calls three times, in portions, so that it can be as large as the store. First it
//! *chooses*: from the latest call to the first, what fits is marked and judged. What waits already stays in the queue;
//! what failed or was left out stays where it is, *held*. Then it *releases*: held calls go into the queue by worth,
//! never more than [`QUEUED_MAX`] at a time, so that little has to be taken back. A resending that is cancelled *holds*:
//! what has not been begun goes back to where it was. All of it is in the store, so it goes on after a restart.

use serde::{Deserialize, Serialize};
use tieline_engine::{
    call::{Call, Direction},
    facts::Facts,
    ids::{CallId, ProjectId},
    jiff::Timestamp,
    reason::ReasonCode,
    scenario::ClientIs,
    worth::{self, Worth},
};

use super::{Filter, State, StateIs, StoredCall};

/// Released calls that wait at once, besides those that waited before: enough for any CRM's quota between two looks.
pub(super) const QUEUED_MAX: usize = 1_000;

/// Later calls of a client that are looked at for a talk.
pub(super) const LATER_MAX: usize = 50;

/// Why calls are skipped that may be sent again: nobody wanted them dropped.
const KEPT: [ReasonCode; 3] = [ReasonCode::OutOfWindow, ReasonCode::ResendOff, ReasonCode::ResendCancelled];

/// Whether a skipped call is only kept, and may be sent when somebody asks for it.
pub(super) fn is_kept(code: ReasonCode) -> bool {
    KEPT.contains(&code)
}

/// Which calls are sent again. What is empty fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Waiting, failed or skipped; of skipped calls only those that are kept. Empty: all three.
    pub states: Vec<StateIs>,
    /// Happened at or after (the call's start, else its acceptance).
    pub since: Option<Timestamp>,
    /// Happened before.
    pub until: Option<Timestamp>,
    /// By the error reason of the last trouble.
    pub trouble: Option<String>,
    /// By id.
    pub ids: Option<Vec<CallId>>,
    /// As scenarios see it.
    pub direction: Option<Direction>,
    /// Only calls of clients with whom nobody talked.
    pub missed_only: bool,
    /// Only clients the CRM did not know, as far as is known without asking it.
    pub new_clients_only: bool,
}

impl Selection {
    /// The calls among which those of the selection are; calls accepted after a time are not.
    pub(super) fn filter(&self, accepted_until: Timestamp) -> Filter {
        let all = [StateIs::Waiting, StateIs::Failed, StateIs::Skipped];
        let wanted = |state: &StateIs| self.states.is_empty() || self.states.contains(state);
        Filter {
            states: all.into_iter().filter(wanted).collect(),
            skipped_for: KEPT.to_vec(),
            trouble: self.trouble.clone(),
            since: self.since,
            until: self.until,
            accepted_until: Some(accepted_until),
            ids: self.ids.clone(),
        }
    }

    /// Whether a call that the filter found is meant.
    pub(super) fn takes(&self, call: &Call, client: Option<ClientIs>) -> bool {
        self.direction.is_none_or(|direction| call.seen_as() == direction)
            && (!self.missed_only || worth::is_missed(call))
            && (!self.new_clients_only || client == Some(ClientIs::New))
    }
}

/// A resending as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resending {
    /// Its number, unique in the store.
    pub id: u64,
    /// Whose calls.
    pub project: ProjectId,
    /// Which calls.
    pub selection: Selection,
    /// When it was asked for; later calls are live.
    pub begun_at: Timestamp,
    /// Nothing more is sent.
    pub cancelled: bool,
    /// Where choosing has come to; `None`: everything is chosen.
    pub(super) choosing: Option<u64>,
    /// Where holding has come to; `None`: there is nothing to hold.
    pub(super) holding: Option<u64>,
    /// Its calls.
    pub counts: Counts,
}

/// The calls of a resending by where they stand. A call that another resending takes over counts there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Chosen and not in the queue.
    pub held: u64,
    /// In the queue.
    pub waiting: u64,
    /// In the CRM.
    pub written: u64,
    /// Skipped by the engine or by a person.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.left() + self.done()
    }

    /// Still to do.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.held + self.waiting
    }

    /// Finished.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.written + self.skipped + self.failed
    }
}

impl Resending {
    /// Still looking for its calls.
    #[must_use]
    pub fn is_choosing(&self) -> bool {
        self.choosing.is_some()
    }

    /// Every call of it is finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.cancelled && !self.is_choosing() && self.counts.left() == 0
    }

    /// Cancelled, and nothing of it is on its way back any more.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.cancelled && self.holding.is_none()
    }
}

/// Calls of a selection by worth, in the order of [`Worth::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Calls of each worth.
    pub by_worth: [u64; 4],
    /// Where to go on; `None`: nothing is left.
    pub before: Option<u64>,
}

impl Survey {
    /// All calls.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_worth.iter().sum()
    }

    /// Counts a call.
    pub(super) fn add(&mut self, worth: Worth) {
        let place = Worth::ALL.iter().position(|known| *known == worth);
        if let Some(count) = place.and_then(|place| self.by_worth.get_mut(place)) {
            *count += 1;
        }
    }
}

/// A call's client and worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) client: Option<ClientIs>,
    pub(super) worth: Worth,
}

impl Judged {
    /// What the store knows of the client makes the judgement. Calls without a client have lanes of their own, named
    /// after them.
    pub(super) fn of(stored: &StoredCall, has_records: bool, talked_since: bool) -> Self {
        let client = client_of(stored, has_records);
        Self { client, worth: Worth::of(&stored.call, client, talked_since) }
    }

    /// The worth as a column.
    pub(super) fn rank(&self) -> i64 {
        i64::from(self.worth.rank())
    }
}

/// Whether a call's client is known; `None` where there is nobody to write about.
fn client_of(stored: &StoredCall, has_records: bool) -> Option<ClientIs> {
    let nobody = stored.lane.strip_prefix("call:").is_some_and(|id| id == stored.call.id.as_str());
    (!nobody).then(|| worth::client_is(&stored.facts, has_records))
}

/// Where a call goes that a cancelled resending takes back: to where it was. `kept_as`: the column.
pub(super) fn back_to(kept_as: Option<&str>) -> State {
    let code = |word: &str| KEPT.into_iter().find(|code| code.as_str() == word);
    match kept_as {
        Some("failed") => State::Failed,
        word => State::Skipped(word.and_then(code).unwrap_or(ReasonCode::ResendCancelled)),
    }
}

/// The column for where a call is before it is released.
pub(super) fn kept_as(state: State) -> Option<&'static str> {
    match state {
        State::Failed => Some("failed"),
        State::Skipped(code) => Some(code.as_str()),
        State::Waiting | State::Written => None,
    }
}

/// Whether nothing of a call was sent to the CRM yet.
pub(super) fn is_untouched(stored: &StoredCall) -> bool {
    stored.written.is_empty() && stored.facts.steps.is_empty()
}

/// Whether a call that waits has its turn as it is: there is nothing to forgive and nothing to wait for.
pub(super) fn is_ready(stored: &StoredCall, now: Timestamp) -> bool {
    let has_trouble = stored.retrying || stored.attempts > 0 || stored.facts.refused().next().is_some();
    stored.state == State::Waiting && stored.due_at <= now && !has_trouble
}

/// The facts of a call that is tried again.
pub(super) fn forgiven(stored: &StoredCall) -> Facts {
    let mut facts = stored.facts.clone();
    facts.forgive();
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_taken_back_is_what_it_was() {
        let kept = KEPT.map(State::Skipped);
        for state in kept.into_iter().chain([State::Failed]) {
            assert_eq!(back_to(kept_as(state)), state);
        }
        assert_eq!(back_to(None), State::Skipped(ReasonCode::ResendCancelled), "who waited is kept");
    }

    #[test]
    fn a_selection_never_finds_what_a_person_dropped() {
        let filter = Selection::default().filter(Timestamp::UNIX_EPOCH);
        assert_eq!(filter.states, [StateIs::Waiting, StateIs::Failed, StateIs::Skipped]);
        assert!(!filter.skipped_for.contains(&ReasonCode::Dropped));
    }
}
