//! Limits on how often and how many at once.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// At most `limit` events in any `span` of time.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    limit: usize,
    span: SignedDuration,
    seen: VecDeque<Timestamp>,
}

impl Window {
    pub(crate) fn new(limit: usize, span: SignedDuration) -> Self {
        Self { limit, span, seen: VecDeque::new() }
    }

    /// Takes one place at `now`; false when all are taken. A refused try takes none.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        if self.seen.len() >= self.limit {
            return false;
        }
        self.seen.push_back(now);
        true
    }

    /// Takes so many places at once, as far as there are any.
    pub(crate) fn take_many(&mut self, now: Timestamp, events: u64) {
        for _ in 0..events {
            if !self.take(now) {
                return;
            }
        }
    }

    /// Counts a refused try too, which puts the end of the throttling further off.
    pub(crate) fn take_or_prolong(&mut self, now: Timestamp) -> bool {
        let taken = self.take(now);
        if !taken {
            self.seen.pop_front();
            self.seen.push_back(now);
        }
        taken
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(first) = self.seen.front() {
            if now.duration_since(*first) < self.span {
                break;
            }
            self.seen.pop_front();
        }
    }
}

/// Units in use at once; each request holds its units until it is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    held: Vec<(Timestamp, u32)>,
}

impl Slots {
    /// Holds `units` from `now` until `until` unless that would exceed `limit`.
    pub(crate) fn hold(&mut self, now: Timestamp, until: Timestamp, units: u32, limit: u32) -> bool {
        self.held.retain(|(end, _)| *end > now);
        let used: u32 = self.held.iter().map(|(_, units)| *units).sum();
        if used + units > limit {
            return false;
        }
        if until > now {
            self.held.push((until, units));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap()
    }

    #[test]
    fn a_window_refuses_what_exceeds_it_and_opens_again() {
        let mut window = Window::new(2, SignedDuration::from_secs(1));
        assert!(window.take(at(0)) && window.take(at(10)));
        assert!(!window.take(at(999)));
        assert!(window.take(at(1_000)));
    }

    #[test]
    fn a_refused_try_prolongs_a_throttling_that_counts_it() {
        let mut window = Window::new(1, SignedDuration::from_secs(1));
        assert!(window.take_or_prolong(at(0)));
        assert!(!window.take_or_prolong(at(900)));
        assert!(!window.take_or_prolong(at(1_500)));
        assert!(window.take_or_prolong(at(2_500)));
    }

    #[test]
    fn slots_are_given_back_when_their_time_is_over() {
        let mut slots = Slots::default();
        assert!(slots.hold(at(0), at(100), 5, 8));
        assert!(!slots.hold(at(50), at(150), 5, 8));
        assert!(slots.hold(at(100), at(150), 5, 8));
    }
}
