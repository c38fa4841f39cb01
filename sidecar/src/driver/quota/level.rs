//! One figure between a floor and the documented ceiling: cut at a refusal, grown back with time.

use std::time::Duration;

/// Time since the limiter was made.
pub(super) type At = Duration;

/// What a cut leaves: CUBIC's factor (RFC 9438, 4.6), which gives up less than halving; and less when the last cut is
/// long past, since then the figure is about right and only a chance burst of others' went over it.
const CUT_TO: f64 = 0.7;
const CUT_RARELY_TO: f64 = 0.8;
/// The plateau lies a little below what was refused, so that growing back spends its time under the limit.
const PLATEAU: f64 = 0.95;
/// Requests a plateau is to last at least: together with the way from the plateau to the next refusal about 1.6 times
/// as many, which keeps refusals below one in a hundred.
const PLATEAU_REQUESTS: f64 = 80.0;
/// Shortest and longest way back to the plateau, in seconds: growth is slow, and quiet heals within half an hour
/// whatever happened (the floor is a twentieth, so the ceiling is reached after less than five plateaus).
const PLATEAU_SECONDS: (f64, f64) = (30.0, 300.0);
/// The lowest share of the ceiling a figure is cut to.
const FLOOR: f64 = 0.05;

/// A figure that adapts.
#[derive(Clone, Debug)]
pub(super) struct Level {
    ceiling: f64,
    cut: Option<Cut>,
}

/// The last cut: growth follows a cubic from `to` through the plateau to the ceiling.
#[derive(Clone, Copy, Debug)]
struct Cut {
    at: At,
    to: f64,
    plateau: f64,
    seconds: f64,
}

impl Level {
    /// At its ceiling: the CRM's page is believed until the CRM says otherwise.
    pub(super) fn new(ceiling: f64) -> Self {
        Self { ceiling, cut: None }
    }

    /// The most it can be.
    pub(super) fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// The figure now: never above the ceiling, never below the floor, never falling by itself.
    pub(super) fn value(&self, now: At) -> f64 {
        let Some(cut) = self.cut else { return self.ceiling };
        let passed = now.saturating_sub(cut.at).as_secs_f64() / cut.seconds;
        let grown = cut.plateau + (cut.plateau - cut.to) * (passed - 1.0).powi(3);
        grown.clamp(self.floor(), self.ceiling)
    }

    /// A refusal: what was used (in this figure's unit) is taken for too much. Growth begins at `from`; `rate` is how
    /// many requests a second go at this level, which says how long the plateau has to be.
    pub(super) fn refuse(&mut self, now: At, from: At, used: f64, rate: f64) {
        let value = self.value(now);
        // What was asked for while little was used may be somebody else's rush: not more than half is given up for it.
        let base = used.clamp(value / 2.0, value);
        let seconds = (PLATEAU_REQUESTS / rate.max(f64::MIN_POSITIVE)).clamp(PLATEAU_SECONDS.0, PLATEAU_SECONDS.1);
        let is_rare = self.cut.is_some_and(|cut| now.saturating_sub(cut.at).as_secs_f64() > cut.seconds);
        let keep = if is_rare { CUT_RARELY_TO } else { CUT_TO };
        self.set(from, base * keep, base * PLATEAU, seconds);
    }

    /// The CRM is getting slow: a tenth is given up, not below a part of the ceiling.
    pub(super) fn ease(&mut self, now: At, keep: f64) {
        let value = self.value(now);
        if value > self.ceiling * keep {
            self.set(now, (value * 0.9).max(self.ceiling * keep), value, PLATEAU_SECONDS.0);
        }
    }

    fn set(&mut self, at: At, to: f64, plateau: f64, seconds: f64) {
        let to = to.clamp(self.floor(), self.ceiling);
        // A way up there must be, also from the floor.
        let plateau = plateau.max(to + self.ceiling * 0.01).min(self.ceiling * 1.01);
        self.cut = Some(Cut { at, to, plateau, seconds });
    }

    fn floor(&self) -> f64 {
        self.ceiling * FLOOR
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: f64) -> At {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_refusal_costs_a_third_and_is_grown_back_slowly_then_beyond() {
        let mut level = Level::new(10.0);
        level.refuse(at(0.0), at(0.0), 10.0, 10.0);
        let over_time = [0.0, 15.0, 30.0, 45.0, 60.0].map(|seconds| (level.value(at(seconds)) * 10.0).round() / 10.0);
        assert_eq!(over_time, [7.0, 9.2, 9.5, 9.8, 10.0]);
    }

    #[test]
    fn little_use_gives_up_half_at_most() {
        let mut level = Level::new(10.0);
        level.refuse(at(0.0), at(0.0), 1.0, 1.0);
        assert!((level.value(at(0.0)) - 3.5).abs() < 1e-9);
    }

    #[test]
    fn a_slow_crm_is_eased_gently_and_not_for_ever() {
        let mut level = Level::new(20.0);
        for second in 0..100 {
            level.ease(at(f64::from(second)), 0.25);
        }
        assert!((5.0..5.3).contains(&level.value(at(99.0))), "{level:?}");
        assert!(level.value(at(99.0 + 1_500.0)) > 19.99);
    }

    proptest! {
        #[test]
        fn whatever_happens_it_stays_in_bounds_never_falls_by_itself_and_reaches_the_ceiling_in_half_an_hour(
            ceiling in 0.5f64..100.0,
            cuts in prop::collection::vec((0.0f64..500.0, 0.0f64..200.0, 0.0f64..200.0, any::<bool>()), 0..30),
        ) {
            let (mut level, mut now) = (Level::new(ceiling), 0.0);
            for (pause, used, rate, eases) in cuts {
                let mut before = level.value(at(now));
                for step in 1..=10 {
                    let value = level.value(at(now + pause * f64::from(step) / 10.0));
                    prop_assert!(value >= before - 1e-9 && value <= ceiling && value >= ceiling * FLOOR);
                    before = value;
                }
                now += pause;
                if eases { level.ease(at(now), 0.25) } else { level.refuse(at(now), at(now), used, rate) }
            }
            prop_assert!(level.value(at(now + 1_800.0)) >= ceiling * 0.999);
        }
    }
}
