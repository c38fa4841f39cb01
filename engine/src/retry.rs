//! Retry arithmetic: how long to wait before the next attempt. The random part is an argument.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Waits that double from `first` to `longest`, with jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Wait before the second attempt, in milliseconds.
    pub first_ms: u64,
    /// Longest wait, in milliseconds.
    pub longest_ms: u64,
}

impl Default for RetryPolicy {
    /// From one second, so that a blip costs little, to ten minutes, so that a CRM that was away for a day
    /// is noticed soon after it is back.
    fn default() -> Self {
        Self { first_ms: 1_000, longest_ms: 600_000 }
    }
}

impl RetryPolicy {
    /// The wait before the next attempt after `attempts` failed ones (from 1): between half of the doubled wait and
    /// all of it, or what the CRM asked for and up to that half on top. `random` spreads it, so that many calls do
    /// not come back at once.
    #[must_use]
    pub fn wait(&self, attempts: u32, asked: Option<Duration>, random: u64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(32);
        let full = self.first_ms.saturating_mul(1 << doublings).min(self.longest_ms).max(1);
        let half = full / 2;
        let spread = if half == 0 { 0 } else { random % (half + 1) };
        let own = Duration::from_millis(full - half + spread);
        asked.map_or(own, |asked| asked.saturating_add(Duration::from_millis(spread)))
    }
}
