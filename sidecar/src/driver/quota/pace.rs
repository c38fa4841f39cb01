//! One budget of requests a second: its pace, and the pause after a refusal.

use std::{collections::VecDeque, time::Duration};

use super::level::{At, Level};

const SECOND: Duration = Duration::from_secs(1);
/// After a refusal without a word on how long: windows of CRMs' rates are a second long (crm/README.md 0).
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Refusals in a row double the pause up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What a CRM asks for is believed up to this; then it is asked again by one request.
pub(in crate::driver) const TOLD_PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// Why a request may not go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It is worth trying again then.
    Until(At),
    /// Another request must be answered first.
    UntilAnswer,
}

/// A pace of requests.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    level: Level,
    /// What the CRM's page allows in any second.
    documented: u32,
    free_at: At,
    /// When requests of the last second went.
    recent: VecDeque<At>,
    closed_until: At,
    proof: Proof,
    refusals_in_a_row: u32,
    /// Requests sent up to here were sent before the last cut took effect.
    cut_at: Option<At>,
}

/// After a pause one request has to show that the CRM answers again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    NotNeeded,
    Wanted,
    UnderWay,
}

impl Pace {
    /// A pace of at most `share` a second on average, and never more than `documented` in any second.
    pub(super) fn new(share: f64, documented: u32) -> Self {
        Self {
            level: Level::new(share),
            documented,
            free_at: At::ZERO,
            recent: VecDeque::new(),
            closed_until: At::ZERO,
            proof: Proof::NotNeeded,
            refusals_in_a_row: 0,
            cut_at: None,
        }
    }

    /// Requests a second at present, of all sidecars.
    pub(super) fn per_second(&self, now: At) -> f64 {
        self.level.value(now)
    }

    /// The most requests a second.
    pub(super) fn ceiling(&self) -> f64 {
        self.level.ceiling()
    }

    /// How long the pause after a refusal lasts.
    pub(super) fn rests(&self, now: At) -> Duration {
        self.closed_until.saturating_sub(now)
    }

    /// Whether a request may go. One for a ringing phone need not keep the distance to the one before: its place is
    /// taken from those that follow.
    pub(super) fn held(&mut self, now: At, rings: bool, sharers: u32) -> Option<Held> {
        if now < self.closed_until {
            return Some(Held::Until(self.closed_until));
        }
        if self.proof == Proof::UnderWay {
            return Some(Held::UntilAnswer);
        }
        let ahead = if rings { self.distance(now, sharers) } else { Duration::ZERO };
        if now + ahead < self.free_at {
            return Some(Held::Until(self.free_at.saturating_sub(ahead)));
        }
        self.forget(now);
        let most = usize::try_from((self.documented / sharers).max(1)).unwrap_or(usize::MAX);
        let oldest = self.recent.len().checked_sub(most).and_then(|index| self.recent.get(index));
        oldest.map(|oldest| Held::Until(*oldest + SECOND))
    }

    /// Counts a request that goes; says whether it is the proof after a pause.
    pub(super) fn take(&mut self, now: At, sharers: u32) -> bool {
        self.free_at = self.free_at.max(now) + self.distance(now, sharers);
        self.recent.push_back(now);
        let proves = self.proof == Proof::Wanted;
        if proves {
            self.proof = Proof::UnderWay;
        }
        proves
    }

    /// The CRM has taken a request.
    pub(super) fn accepted(&mut self, sent_at: At, proves: bool) {
        if proves {
            self.proof = Proof::NotNeeded;
        }
        if proves || self.cut_at.is_none_or(|cut| sent_at > cut) {
            self.refusals_in_a_row = 0;
        }
    }

    /// No word came of a request.
    pub(super) fn unanswered(&mut self, proves: bool) {
        if proves && self.proof == Proof::UnderWay {
            self.proof = Proof::Wanted;
        }
    }

    /// The CRM has refused a request for one of its limits: nothing goes for as long as it asks, or for a pause that
    /// doubles. Answers from when growth may begin when the refusal is news: sent after the last cut, and not by the
    /// single request after a pause, which no slower pace would have spared.
    pub(super) fn refused(&mut self, now: At, sent_at: At, proves: bool, asked: Option<Duration>) -> Option<At> {
        let is_late = !proves && self.cut_at.is_some_and(|cut| sent_at <= cut);
        if !is_late {
            self.refusals_in_a_row = self.refusals_in_a_row.saturating_add(1);
            self.cut_at = Some(now);
        }
        let pause = match asked {
            Some(asked) => asked.min(TOLD_PAUSE_MAX),
            None if is_late => Duration::ZERO,
            None => self.pause(now),
        };
        self.closed_until = self.closed_until.max(now + pause);
        if proves || self.proof != Proof::UnderWay {
            self.proof = Proof::Wanted;
        }
        (!is_late && !proves).then_some(self.closed_until)
    }

    /// Cuts the pace: growth begins at `from`.
    pub(super) fn slow_down(&mut self, now: At, from: At, sharers: u32) {
        self.forget(now);
        let used = self.recent.len() as f64 * f64::from(sharers);
        self.level.refuse(now, from, used, self.level.value(now));
    }

    /// Ends the pause; one request shows how things stand.
    pub(super) fn reopen(&mut self, now: At) {
        if now < self.closed_until {
            (self.closed_until, self.proof) = (now, Proof::Wanted);
        }
    }

    fn pause(&self, now: At) -> Duration {
        let doublings = self.refusals_in_a_row.saturating_sub(1).min(6);
        let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
        pause.mul_f64(1.0 + chance(now) / 4.0)
    }

    fn distance(&self, now: At, sharers: u32) -> Duration {
        Duration::from_secs_f64(f64::from(sharers) / self.level.value(now))
    }

    fn forget(&mut self, now: At) {
        while self.recent.front().is_some_and(|at| *at + SECOND <= now) {
            self.recent.pop_front();
        }
    }
}

/// A number from 0 to 1 that differs between programs refused at the same moment, and not between two runs of a test:
/// the nanoseconds, mixed.
fn chance(now: At) -> f64 {
    let mixed = (now.as_nanos() as u64 ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    f64::from(u32::try_from(mixed >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> At {
        Duration::from_millis(millis)
    }

    #[test]
    fn requests_keep_their_distance_and_a_ringing_one_goes_ahead_at_the_cost_of_the_next() {
        let mut pace = Pace::new(4.0, 5);
        assert_eq!(pace.held(ms(0), false, 1), None);
        pace.take(ms(0), 1);
        assert_eq!(pace.held(ms(10), false, 1), Some(Held::Until(ms(250))));
        assert_eq!(pace.held(ms(10), true, 1), None);
        pace.take(ms(10), 1);
        assert_eq!(pace.held(ms(250), false, 1), Some(Held::Until(ms(500))));
        assert_eq!(pace.held(ms(20), true, 1), Some(Held::Until(ms(250))));
    }

    #[test]
    fn no_second_holds_more_than_the_page_allows_even_for_ringing_phones() {
        let mut pace = Pace::new(3.0, 3);
        let (mut now, mut sent) = (0, Vec::new());
        while now < 10_000 {
            // All ring, and the first two come together.
            match pace.held(ms(now), true, 1) {
                None => {
                    pace.take(ms(now), 1);
                    sent.push(now);
                }
                Some(_) => now += 1,
            }
        }
        assert!(sent.windows(4).all(|four| four[3] - four[0] >= 1_000), "{sent:?}");
        assert!(sent.len() >= 30, "{}", sent.len());
    }

    #[test]
    fn after_a_refusal_one_request_goes_after_a_pause_that_doubles() {
        let mut pace = Pace::new(8.0, 10);
        pace.take(ms(0), 1);
        assert!(pace.refused(ms(50), ms(0), false, None).is_some());
        let first = pace.rests(ms(50));
        assert!((ms(1_000)..=ms(1_250)).contains(&first), "{first:?}");
        let open = ms(50) + first;
        assert_eq!(pace.held(open, false, 1), None);
        assert!(pace.take(open, 1));
        assert_eq!(pace.held(open + ms(900), true, 1), Some(Held::UntilAnswer));
        assert_eq!(pace.refused(open + ms(900), open, true, None), None, "the pace is not to blame");
        assert!((ms(2_000)..=ms(2_500)).contains(&pace.rests(open + ms(900))));
        let open = open + ms(900) + pace.rests(open + ms(900));
        assert!(pace.take(open, 1));
        pace.accepted(open, true);
        assert_eq!(pace.held(open + ms(500), false, 1), None);
        assert!(!pace.take(open + ms(500), 1));
    }

    #[test]
    fn refusals_of_what_was_under_way_count_once_and_a_told_time_is_kept_to() {
        let mut pace = Pace::new(8.0, 10);
        for at in [0, 125, 250] {
            pace.take(ms(at), 1);
        }
        assert!(pace.refused(ms(300), ms(0), false, Some(ms(5_000))).is_some());
        assert!(pace.refused(ms(310), ms(125), false, None).is_none());
        assert_eq!(pace.rests(ms(300)), ms(5_000));
        assert!(pace.refused(ms(320), ms(250), false, Some(ms(7_000))).is_none());
        assert_eq!(pace.rests(ms(320)), ms(7_000));
        assert_eq!(pace.refused(ms(330), ms(250), false, Some(Duration::MAX)), None);
        assert_eq!(pace.rests(ms(330)), TOLD_PAUSE_MAX);
    }

    #[test]
    fn a_proof_without_an_answer_is_wanted_again() {
        let mut pace = Pace::new(8.0, 10);
        pace.refused(ms(0), ms(0), false, None);
        let open = ms(2_000);
        assert!(pace.take(open, 1));
        pace.unanswered(true);
        assert_eq!(pace.held(open + ms(500), false, 1), None);
        assert!(pace.take(open + ms(500), 1));
    }
}
