//! What there is to count.

use std::collections::BTreeMap;

use serde::Serialize;
use tieline_engine::jiff::{Timestamp, civil::Date};

/// A day's balance: received = written + skipped + waiting + failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerDay {
    /// The day of acceptance.
    pub day: Date,
    /// Calls accepted.
    pub received: u64,
    /// Calls in the CRM.
    pub written: u64,
    /// Calls skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Calls waiting.
    pub waiting: u64,
    /// Calls failed.
    pub failed: u64,
}

impl LedgerDay {
    /// A day on which nothing was received.
    pub(crate) fn empty(day: Date) -> Self {
        Self { day, received: 0, written: 0, skipped: BTreeMap::new(), waiting: 0, failed: 0 }
    }

    /// Adds calls of a state.
    pub(crate) fn add(&mut self, state: &str, skip_code: Option<String>, calls: u64) {
        self.received += calls;
        match (state, skip_code) {
            ("written", _) => self.written += calls,
            ("waiting", _) => self.waiting += calls,
            ("failed", _) => self.failed += calls,
            (_, code) => *self.skipped.entry(code.unwrap_or_default()).or_default() += calls,
        }
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.received == self.written + self.skipped.values().sum::<u64>() + self.waiting + self.failed
    }
}

/// What there is to count of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The balance of the day, if anything was received on it.
    pub day: Option<LedgerDay>,
    /// Calls that wait, of any day.
    pub waiting: u64,
    /// Calls that failed, of any day.
    pub failed: u64,
    /// When the call was received that waits longest.
    pub oldest: Option<Timestamp>,
    /// When a call was last taken in, if it is still stored.
    pub last_received: Option<Timestamp>,
    /// When something was last written to the CRM.
    pub last_written: Option<Timestamp>,
}
