//! Service protection (dataverse.md 5).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{refusal::Refusal, settings::LimitCode};
use crate::rate::Slots;

/// The sliding window, in seconds.
const SPAN_SECONDS: i64 = 300;
/// Requests per window and user.
const MOST_REQUESTS: usize = 6_000;
/// Combined execution time per window and user, in milliseconds.
const MOST_BUSY_MS: u64 = 1_200_000;
/// Requests at once.
const MOST_AT_ONCE: u32 = 52;
/// What a client is told to wait when places are taken only for a moment [I].
const SHORT_WAIT_SECONDS: i64 = 1;

/// What is used of the three limits.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    seen: VecDeque<(Timestamp, u64)>,
    busy_ms: u64,
    slots: Slots,
}

impl Limits {
    /// Takes a request's places, or tells which limit is exceeded and for how long.
    pub(super) fn enter(&mut self, now: Timestamp, busy_ms: u64) -> Result<(), Refusal> {
        self.forget(now);
        if self.seen.len() >= MOST_REQUESTS {
            // Going on while throttled moves the end of it further off.
            self.pop();
            self.seen.push_back((now, 0));
            return Err(refusal(LimitCode::Requests, self.wait(now)));
        }
        if self.busy_ms >= MOST_BUSY_MS {
            return Err(refusal(LimitCode::Time, self.wait(now)));
        }
        let busy = SignedDuration::from_millis(i64::try_from(busy_ms).unwrap_or(i64::MAX));
        if !self.slots.hold(now, now.checked_add(busy).unwrap_or(now), 1, MOST_AT_ONCE) {
            return Err(refusal(LimitCode::Concurrency, SHORT_WAIT_SECONDS));
        }
        self.seen.push_back((now, busy_ms));
        self.busy_ms += busy_ms;
        Ok(())
    }

    /// Others' requests under the same user; where they are refused, they wait as they are told.
    pub(super) fn count_others(&mut self, at: Timestamp, requests: u64, busy_ms: u64) {
        self.forget(at);
        for _ in 0..requests.min(MOST_REQUESTS as u64) {
            if self.seen.len() >= MOST_REQUESTS || self.enter(at, busy_ms).is_err() {
                return;
            }
        }
    }

    /// The headers that tell what is left.
    pub(super) fn headers(&self) -> [(String, String); 2] {
        let requests = MOST_REQUESTS.saturating_sub(self.seen.len());
        let seconds = MOST_BUSY_MS.saturating_sub(self.busy_ms) as f64 / 1_000.0;
        [
            ("x-ms-ratelimit-burst-remaining-xrm-requests".to_owned(), requests.to_string()),
            ("x-ms-ratelimit-time-remaining-xrm-requests".to_owned(), format!("{seconds:.2}")),
        ]
    }

    fn wait(&self, now: Timestamp) -> i64 {
        let age = self.seen.front().map_or(0, |(at, _)| now.duration_since(*at).as_secs());
        (SPAN_SECONDS - age).max(1)
    }

    fn forget(&mut self, now: Timestamp) {
        let span = SignedDuration::from_secs(SPAN_SECONDS);
        while self.seen.front().is_some_and(|(at, _)| now.duration_since(*at) >= span) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some((_, busy_ms)) = self.seen.pop_front() {
            self.busy_ms = self.busy_ms.saturating_sub(busy_ms);
        }
    }
}

/// 429 with the seconds to keep still.
pub(super) fn refusal(which: LimitCode, seconds: i64) -> Refusal {
    let (code, text) = match which {
        LimitCode::Requests => {
            ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.")
        }
        LimitCode::Time => (
            "0x80072321",
            "Combined execution time of incoming requests exceeded limit of 1200000 milliseconds over time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
        ),
        LimitCode::Concurrency => ("0x80072326", "Number of concurrent requests exceeded the limit of 52."),
    };
    Refusal::new(429, code, text).header("retry-after", &seconds.to_string())
}
