//! Budgets of longer windows (a day's credits, five minutes' requests): what is used of them, and what rests when they
//! run short.

use std::{collections::VecDeque, time::Duration};

use tieline_crm::dialect::{Budget, Counts, Left};

use super::level::At;

/// Parts a window is counted in: spending is forgotten to a sixtieth of the window.
const PARTS: u32 = 60;
/// What has to come back before the backlog goes on, as a share of where it stopped: else it would stop and go by the
/// request.
const GO_ON: f64 = 0.98;
/// Longest and shortest time until it is looked again.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(900));

/// How much of an account is taken, in parts of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// By Tieline at all.
    pub(super) share: f64,
    /// By Tieline before its backlog rests.
    pub(super) backlog: f64,
}

/// What is spent of a budget.
#[derive(Clone, Debug)]
pub(super) struct Purse {
    budget: Budget,
    parts: Parts,
    /// By the page, or more where the CRM has shown it.
    units: f64,
    /// Spent by this sidecar, by part of the window.
    spent: VecDeque<(At, f64)>,
    sum: f64,
    told: Option<Told>,
    backlog_rests: bool,
}

/// What the CRM said is left, less what went since.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: At,
    left: f64,
    resets_at: Option<At>,
}

impl Purse {
    pub(super) fn new(budget: Budget, parts: Parts) -> Self {
        let units = budget.units as f64;
        Self { budget, parts, units, spent: VecDeque::new(), sum: 0.0, told: None, backlog_rests: false }
    }

    /// The budget.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// All its units.
    pub(super) fn units(&self) -> f64 {
        self.units
    }

    /// Counts a request that the CRM may have counted.
    pub(super) fn spend(&mut self, now: At, cost: u32, took: Duration) {
        let units = match self.budget.counts {
            Counts::Requests => 1.0,
            Counts::Cost => f64::from(cost),
            Counts::Seconds => took.as_secs_f64(),
        };
        self.forget(now);
        self.sum += units;
        if let Some(told) = &mut self.told {
            told.left = (told.left - units).max(0.0);
        }
        let part = self.budget.window / PARTS;
        match self.spent.back_mut() {
            Some((at, sum)) if now.saturating_sub(*at) < part => *sum += units,
            _ => self.spent.push_back((now, units)),
        }
    }

    /// What the CRM says is left.
    pub(super) fn hear(&mut self, now: At, left: &Left) {
        self.units = self.units.max(left.of_at_least.unwrap_or(left.units).max(left.units));
        self.told = Some(Told { at: now, left: left.units.max(0.0), resets_at: left.resets_in.map(|time| now + time) });
    }

    /// What is left for everybody, as far as is known.
    pub(super) fn left(&mut self, now: At, sharers: u32) -> f64 {
        self.forget(now);
        let own = (self.units - self.own(now, sharers)).max(0.0);
        self.told(now).map_or(own, |told| told.min(own)).clamp(0.0, self.units)
    }

    /// How long nothing but what rings may go: Tieline's share is used up, or the CRM says that nothing is left.
    pub(super) fn rests(&mut self, now: At, sharers: u32) -> Duration {
        self.forget(now);
        let (own, most) = (self.own(now, sharers), self.units * self.parts.share);
        let by_told = self.told(now).filter(|left| *left < 1.0).map(|_| self.comes_back(now, self.units * 0.01));
        let by_own = (own >= most).then(|| self.forgets(most * GO_ON / f64::from(sharers), now));
        by_told.into_iter().chain(by_own).max().unwrap_or_default()
    }

    /// How long the backlog rests, so that ringing and live calls have something left.
    pub(super) fn backlog_rests(&mut self, now: At, sharers: u32) -> Duration {
        let most = self.units * self.parts.backlog;
        let bound = if self.backlog_rests { most * GO_ON } else { most };
        let used = self.units - self.left(now, sharers);
        self.backlog_rests = used >= bound;
        if !self.backlog_rests {
            return Duration::ZERO;
        }
        let by_told = self.told.map(|_| self.comes_back(now, used - most * GO_ON));
        let own = self.own(now, sharers);
        let by_own = (own >= bound).then(|| self.forgets(most * GO_ON / f64::from(sharers), now));
        by_told.into_iter().chain(by_own).max().unwrap_or_default().clamp(LOOK.0, LOOK.1)
    }

    /// What all sidecars have spent, as far as it is counted. Seconds are the CRM's to count where it tells them: ours
    /// have the way there and back in them.
    fn own(&self, now: At, sharers: u32) -> f64 {
        let is_told = self.budget.counts == Counts::Seconds && self.told(now).is_some();
        if is_told { 0.0 } else { self.sum * f64::from(sharers) }
    }

    /// What the CRM said is left, with what comes back by time: windows slide, so it is taken to come back evenly.
    fn told(&self, now: At) -> Option<f64> {
        let told = self.told?;
        let passed = now.saturating_sub(told.at);
        if passed >= self.budget.window || told.resets_at.is_some_and(|at| now >= at) {
            return None;
        }
        Some(match told.resets_at {
            Some(_) => told.left,
            None => told.left + (self.units - told.left) * passed.as_secs_f64() / self.budget.window.as_secs_f64(),
        })
    }

    /// How long until so many units have come back by what the CRM said.
    fn comes_back(&self, now: At, units: f64) -> Duration {
        let Some(told) = self.told else { return Duration::ZERO };
        let time = match told.resets_at {
            Some(at) => at.saturating_sub(now),
            None => self.budget.window.mul_f64((units / (self.units - told.left).max(1.0)).clamp(0.0, 1.0)),
        };
        time.clamp(LOOK.0, LOOK.1)
    }

    /// How long until no more than so much of our own spending counts.
    fn forgets(&self, down_to: f64, now: At) -> Duration {
        let mut counts = self.sum;
        for (at, units) in &self.spent {
            counts -= units;
            if counts <= down_to {
                return (*at + self.budget.window).saturating_sub(now).clamp(LOOK.0, LOOK.1);
            }
        }
        LOOK.0
    }

    fn forget(&mut self, now: At) {
        while let Some((at, units)) = self.spent.front().copied() {
            if now.saturating_sub(at) < self.budget.window {
                break;
            }
            self.sum = (self.sum - units).max(0.0);
            self.spent.pop_front();
        }
        if self.spent.is_empty() {
            // Fractions do not pile up.
            self.sum = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn purse(units: u64, window: Duration) -> Purse {
        let budget = Budget { name: "credits", window, units, counts: Counts::Cost };
        Purse::new(budget, Parts { share: 0.8, backlog: 0.64 })
    }

    fn left(units: f64) -> Left {
        Left { budget: "credits", units, of_at_least: None, resets_in: None }
    }

    fn hours(hours: u64) -> At {
        Duration::from_secs(hours * 3_600)
    }

    #[test]
    fn the_backlog_rests_at_its_part_live_calls_at_the_share_and_both_go_on_when_the_window_forgets() {
        let mut purse = purse(1_000, DAY);
        purse.spend(hours(0), 639, Duration::ZERO);
        assert_eq!(purse.backlog_rests(hours(1), 1), Duration::ZERO);
        purse.spend(hours(1), 1, Duration::ZERO);
        assert!(purse.backlog_rests(hours(1), 1) > Duration::ZERO);
        assert_eq!(purse.rests(hours(1), 1), Duration::ZERO);
        purse.spend(hours(2), 160, Duration::ZERO);
        assert!(purse.rests(hours(2), 1) > Duration::ZERO);
        assert_eq!(purse.left(hours(2), 1), 200.0);
        assert!(purse.rests(hours(23), 1) > Duration::ZERO);
        assert_eq!(purse.rests(hours(24), 1), Duration::ZERO);
        assert_eq!(purse.backlog_rests(hours(24), 1), Duration::ZERO);
    }

    #[test]
    fn what_the_crm_says_is_left_counts_and_comes_back_little_by_little() {
        let mut purse = purse(50_000, DAY);
        purse.hear(hours(0), &left(18_001.0));
        assert_eq!(purse.backlog_rests(hours(0), 1), Duration::ZERO);
        purse.spend(hours(0), 2, Duration::ZERO);
        let rest = purse.backlog_rests(hours(0), 1);
        assert_eq!(rest, Duration::from_secs(900), "it is looked again after a quarter of an hour");
        assert_eq!(purse.rests(hours(0), 1), Duration::ZERO, "live calls go on");
        assert_eq!(purse.backlog_rests(hours(1), 1), Duration::ZERO);
    }

    #[test]
    fn an_account_larger_than_configured_shows_itself() {
        let mut purse = purse(50_000, DAY);
        purse.spend(hours(0), 40_000, Duration::ZERO);
        assert!(purse.rests(hours(0), 1) > Duration::ZERO);
        purse.hear(hours(0), &Left { of_at_least: Some(200_000.0), ..left(100_000.0) });
        assert_eq!(purse.rests(hours(0), 1), Duration::ZERO);
        assert_eq!(purse.left(hours(0), 1), 100_000.0);
    }

    #[test]
    fn nothing_left_or_a_reset_that_is_named_holds_everything_until_then() {
        let mut purse = purse(1_000, DAY);
        purse.hear(hours(0), &Left { resets_in: Some(Duration::from_secs(60)), ..left(0.0) });
        assert_eq!(purse.rests(hours(0), 1), Duration::from_secs(60));
        assert_eq!(purse.rests(Duration::from_secs(60), 1), Duration::ZERO);
    }

    #[test]
    fn sidecars_take_the_others_to_spend_as_much_as_they_do() {
        let mut purse = purse(1_000, DAY);
        purse.spend(hours(0), 330, Duration::ZERO);
        assert_eq!(purse.backlog_rests(hours(0), 1), Duration::ZERO);
        assert!(purse.backlog_rests(hours(0), 2) > Duration::ZERO);
        assert_eq!(purse.rests(hours(0), 2), Duration::ZERO);
        assert!(purse.rests(hours(0), 3) > Duration::ZERO);
    }

    #[test]
    fn seconds_are_counted_by_the_crm_where_it_tells_them() {
        let budget =
            Budget { name: "seconds", window: Duration::from_secs(300), units: 1_200, counts: Counts::Seconds };
        let mut purse = Purse::new(budget, Parts { share: 0.8, backlog: 0.64 });
        purse.spend(hours(0), 1, Duration::from_secs(1_000));
        assert!(purse.rests(hours(0), 1) > Duration::ZERO);
        purse.hear(hours(0), &Left { budget: "seconds", ..left(1_100.0) });
        assert_eq!((purse.rests(hours(0), 1), purse.left(hours(0), 1)), (Duration::ZERO, 1_100.0));
    }

    proptest! {
        #[test]
        fn the_memory_is_bounded_and_nothing_rests_after_a_quiet_window(
            spent in prop::collection::vec((0u64..20_000, 0u32..500, prop::option::of(0.0f64..1_000.0)), 0..300),
        ) {
            let (mut purse, mut now) = (purse(1_000, DAY), Duration::ZERO);
            for (pause, cost, told) in spent {
                now += Duration::from_secs(pause);
                purse.spend(now, cost, Duration::ZERO);
                if let Some(told) = told {
                    purse.hear(now, &left(told));
                }
                prop_assert!((0.0..=1_000.0).contains(&purse.left(now, 1)));
                prop_assert!(purse.spent.len() <= PARTS as usize + 1);
                prop_assert!(purse.rests(now, 1) <= LOOK.1 && purse.backlog_rests(now, 1) <= LOOK.1);
            }
            prop_assert_eq!(purse.rests(now + DAY, 1), Duration::ZERO);
            prop_assert_eq!(purse.backlog_rests(now + DAY, 1), Duration::ZERO);
        }
    }
}
