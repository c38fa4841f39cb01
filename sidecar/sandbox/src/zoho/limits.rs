//! Credits and concurrency by edition (zoho.md 3).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::rate::Slots;

/// Heavy requests at once, in every edition.
const HEAVY_AT_ONCE: u32 = 10;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An edition and its quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edition {
    Free,
    Standard,
    Professional,
    Enterprise,
    Ultimate,
}

impl Edition {
    const ALL: [Self; 5] = [Self::Free, Self::Standard, Self::Professional, Self::Enterprise, Self::Ultimate];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Standard => "standard",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
            Self::Ultimate => "ultimate",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edition| edition.name() == name)
    }

    /// Credits per rolling 24 hours.
    pub(super) fn credits(self, users: u64) -> u64 {
        match self {
            Self::Free => 5_000,
            Self::Standard => (50_000 + 250 * users).min(100_000),
            Self::Professional => (50_000 + 500 * users).min(3_000_000),
            Self::Enterprise => (50_000 + 1_000 * users).min(5_000_000),
            Self::Ultimate => 50_000 + 2_000 * users,
        }
    }

    /// Requests at once.
    fn at_once(self) -> u32 {
        match self {
            Self::Free => 5,
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise => 20,
            Self::Ultimate => 25,
        }
    }
}

/// What is used of the quotas.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    slots: Slots,
    heavy: Slots,
    spent: VecDeque<(Timestamp, u64)>,
    sum: u64,
}

impl Limits {
    /// Holds the places a request takes while it is answered; false when there are none.
    pub(super) fn enter(&mut self, now: Timestamp, busy_ms: u64, edition: Edition, units: u32, heavy: bool) -> bool {
        let busy = SignedDuration::from_millis(i64::try_from(busy_ms).unwrap_or(i64::MAX));
        let until = now.checked_add(busy).unwrap_or(now);
        let free = !heavy || self.heavy.hold(now, until, 1, HEAVY_AT_ONCE);
        free && self.slots.hold(now, until, units, edition.at_once())
    }

    /// The credits spent in the last 24 hours.
    pub(super) fn spent(&mut self, now: Timestamp) -> u64 {
        while let Some((at, credits)) = self.spent.front() {
            if now.duration_since(*at) < DAY {
                break;
            }
            self.sum -= credits;
            self.spent.pop_front();
        }
        self.sum
    }

    /// Books credits; those of one minute share an entry, which bounds the memory.
    pub(super) fn spend(&mut self, now: Timestamp, credits: u64) {
        self.sum += credits;
        match self.spent.back_mut() {
            Some((at, sum)) if now.duration_since(*at) < SignedDuration::from_mins(1) => *sum += credits,
            _ => self.spent.push_back((now, credits)),
        }
    }
}
