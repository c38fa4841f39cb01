//! The limiter against CRMs that allow less than their page says, in simulated time.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use tieline_crm::dialect::Limit;

use super::super::{limiter::Figures, *};

/// Seeded chance: SplitMix64.
struct Dice(u64);

impl Dice {
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A CRM that refuses what goes beyond hidden limits.
struct Hidden {
    /// Requests in any second, others' included; some CRMs count in whole seconds of the clock instead.
    per_second: u32,
    by_clock: bool,
    at_once: u32,
    /// Others' requests a second, at random times.
    others: f64,
    latency: f64,
    asks: Option<Duration>,
}

impl Default for Hidden {
    fn default() -> Self {
        Self { per_second: 10, by_clock: false, at_once: 1_000, others: 0.0, latency: 0.2, asks: None }
    }
}

/// What came of a run.
#[derive(Debug, Default)]
struct Run {
    sent: Vec<f64>,
    refused: Vec<f64>,
    most_at_once: u32,
}

impl Run {
    fn between(times: &[f64], from: f64, to: f64) -> impl Iterator<Item = &f64> {
        times.iter().filter(move |at| (from..to).contains(*at))
    }

    /// Requests taken a second, and refused ones among a hundred sent.
    fn rate(&self, from: f64, to: f64) -> (f64, f64) {
        let (sent, refused) =
            (Self::between(&self.sent, from, to).count(), Self::between(&self.refused, from, to).count());
        ((sent - refused) as f64 / (to - from), refused as f64 * 100.0 / (sent as f64).max(1.0))
    }
}

/// A limiter that always has more to send, before a CRM that may change with time.
struct Stage {
    limiter: Limiter,
    dice: Dice,
    now: f64,
    /// Answers on their way: when, to what, and whether refused.
    under_way: BTreeMap<(u64, usize), (Admission, bool)>,
    seen: VecDeque<f64>,
    others_at: f64,
    told: Option<Duration>,
    run: Run,
}

const MICROS: f64 = 1_000_000.0;

fn at(seconds: f64) -> Duration {
    Duration::from_micros((seconds * MICROS).round() as u64)
}

impl Stage {
    fn new(quota: &Quota, seed: u64) -> Self {
        Self {
            limiter: Limiter::new(quota, Share::default(), Share::default()),
            dice: Dice(seed),
            now: 0.0,
            under_way: BTreeMap::new(),
            seen: VecDeque::new(),
            others_at: 0.0,
            told: None,
            run: Run::default(),
        }
    }

    fn figures(&mut self) -> Figures {
        self.limiter.figures(at(self.now))
    }

    /// Goes on until a time; `demand` requests a second are wanted at most.
    fn play(&mut self, crm: &Hidden, until: f64, demand: f64) {
        let mut wanted_at = self.now;
        while self.now < until {
            let due = self.under_way.first_key_value().map(|(key, _)| key.0 as f64 / MICROS);
            let wish = Wish { class: Class::General, priority: Priority::Backlog, weight: 1, cost: 1, kind: "test" };
            let next = if wanted_at > self.now {
                wanted_at
            } else {
                match self.limiter.admit(at(self.now), wish, 0) {
                    Ok(admission) => {
                        self.send(crm, admission);
                        wanted_at = self.now + 1.0 / demand;
                        continue;
                    }
                    Err(Held::Until(then)) => then.as_secs_f64().max(self.now + 1.0 / MICROS),
                    Err(Held::UntilAnswer) => due.expect("who waits for an answer has a request under way"),
                }
            };
            self.now = due.map_or(next, |due| due.min(next)).min(until);
            self.answers();
        }
    }

    /// Waits for what is under way.
    fn drain(&mut self) {
        while let Some((key, _)) = self.under_way.last_key_value() {
            self.now = self.now.max(key.0 as f64 / MICROS);
            self.answers();
        }
    }

    fn send(&mut self, crm: &Hidden, admission: Admission) {
        while crm.others > 0.0 && self.others_at <= self.now {
            self.others_at += -(1.0 - self.dice.part()).ln() / crm.others;
            if crm.takes(&mut self.seen, self.others_at.min(self.now)) {
                self.seen.push_back(self.others_at.min(self.now));
            }
        }
        let beside = u32::try_from(self.under_way.len()).unwrap();
        let taken = beside < crm.at_once && crm.takes(&mut self.seen, self.now);
        if taken {
            self.seen.push_back(self.now);
        } else {
            self.run.refused.push(self.now);
        }
        self.run.sent.push(self.now);
        self.run.most_at_once = self.run.most_at_once.max(beside + 1);
        let latency = crm.latency * (0.5 + self.dice.part());
        let key = (((self.now + latency) * MICROS) as u64, self.run.sent.len());
        self.under_way.insert(key, (admission, !taken));
        self.told = crm.asks;
    }

    fn answers(&mut self) {
        while let Some(entry) = self.under_way.first_entry().filter(|entry| entry.key().0 as f64 / MICROS <= self.now) {
            let (admission, refused) = entry.remove();
            let limit = refused.then_some(Limit::Unknown);
            let meter = Meter { refused: limit, wait: self.told.filter(|_| refused), left: Vec::new() };
            self.limiter.end(at(self.now), &admission, Heard::Answer(&meter));
        }
    }
}

impl Hidden {
    fn takes(&self, seen: &mut VecDeque<f64>, now: f64) -> bool {
        let counts = |at: f64| if self.by_clock { at.floor() == now.floor() } else { at > now - 1.0 };
        while seen.front().is_some_and(|at| !counts(*at)) {
            seen.pop_front();
        }
        seen.len() < self.per_second as usize
    }
}

fn quota(per_second: u32, concurrency: u32) -> Quota {
    Quota { per_second, telephony_per_second: per_second, concurrency, budgets: Vec::new() }
}

#[test]
fn alone_it_takes_its_share_and_is_never_refused() {
    let mut stage = Stage::new(&quota(10, 10), 1);
    stage.play(&Hidden::default(), 600.0, 1e9);
    let (rate, refused) = stage.run.rate(0.0, 600.0);
    assert!((7.9..8.1).contains(&rate), "{rate}");
    assert_eq!(refused, 0.0);
}

#[test]
fn under_a_lower_hidden_limit_it_converges_with_few_refusals_and_recovers_after_quiet() {
    for (per_second, by_clock, seed) in [(6, false, 1), (4, false, 2), (2, false, 3), (4, true, 4), (1, false, 5)] {
        let crm = Hidden { per_second, by_clock, ..Hidden::default() };
        let mut stage = Stage::new(&quota(10, 10), seed);
        stage.play(&crm, 3_600.0, 1e9);
        let (rate, refused) = stage.run.rate(300.0, 3_600.0);
        println!(
            "limit {per_second}: {rate:.2}/s, {refused:.2} % refused, {:.2} % at first",
            stage.run.rate(0.0, 300.0).1
        );
        assert!(refused < 1.0, "limit {per_second}: {refused} % refused");
        assert!(rate > f64::from(per_second) * 0.7, "limit {per_second}: {rate}");
        stage.play(&Hidden::default(), 3_600.0 + 1_800.0, 1.0);
        let figures = stage.figures();
        assert_eq!((figures.per_second, figures.at_once), (8.0, 8), "limit {per_second}");
    }
}

/// Others who come at random fill a second now and then however little we send: with four a second on average, every
/// hundredth second is full without us. Few refusals are worth more than the last free place.
#[test]
fn others_at_random_times_are_left_their_room_with_few_refusals() {
    for (others, at_least, seed) in [(1.0, 4.5, 1), (2.0, 3.0, 1), (3.0, 1.5, 2)] {
        let crm = Hidden { others, ..Hidden::default() };
        let mut stage = Stage::new(&quota(10, 10), seed);
        stage.play(&crm, 3_600.0, 1e9);
        let (rate, refused) = stage.run.rate(300.0, 3_600.0);
        println!(
            "others {others}: {rate:.2}/s, {refused:.2} % refused, {:.2} % at first",
            stage.run.rate(0.0, 300.0).1
        );
        assert!(refused < 2.0, "others {others}: {refused} % refused");
        assert!(rate > at_least, "others {others}: {rate}");
    }
}

#[test]
fn a_lower_limit_of_requests_at_once_is_found_too() {
    let crm = Hidden { at_once: 4, latency: 1.0, ..Hidden::default() };
    let mut stage = Stage::new(&quota(10, 20), 1);
    stage.play(&crm, 3_600.0, 1e9);
    let (rate, refused) = stage.run.rate(300.0, 3_600.0);
    println!("at once 4: {rate:.2}/s, {refused:.2} % refused");
    assert!(refused < 2.0, "{refused}");
    assert!(rate > 2.0, "{rate}");
}

#[test]
fn sidecars_adapt_their_parts_and_stay_below_what_is_free_together() {
    let crm = Hidden { per_second: 5, ..Hidden::default() };
    let mut stages = [Stage::new(&quota(10, 10), 1), Stage::new(&quota(10, 10), 2)];
    let (mut sent, mut refused) = (0, 0);
    for second in 1..=3_600 {
        for turn in 0..2 {
            let stage = &mut stages[turn];
            stage.limiter.share_among(2);
            stage.play(&crm, f64::from(second) - 0.5 + 0.5 * turn as f64, 1e9);
            let seen = stage.seen.clone();
            stages[1 - turn].seen = seen;
        }
        if second == 300 {
            (sent, refused) = totals(&stages);
        }
    }
    let (all, all_refused) = totals(&stages);
    let (sent, refused) = ((all - sent) as f64, (all_refused - refused) as f64);
    println!(
        "two sidecars under 5 a second: {:.2}/s, {:.2} % refused",
        (sent - refused) / 3_300.0,
        refused * 100.0 / sent
    );
    assert!(refused < sent * 0.02, "{refused} of {sent}");
    assert!(sent > 3_300.0 * 2.5, "{sent}");
    let parts = stages.each_mut().map(|stage| stage.figures());
    assert!(parts.iter().all(|part| part.per_second_most == 4.0 && part.at_once <= 4), "{parts:?}");
}

fn totals(stages: &[Stage]) -> (usize, usize) {
    let sum = |of: fn(&Stage) -> usize| stages.iter().map(of).sum();
    (sum(|stage| stage.run.sent.len()), sum(|stage| stage.run.refused.len()))
}

#[test]
fn a_crm_that_refuses_everything_is_asked_once_a_minute() {
    let mut stage = Stage::new(&quota(10, 10), 1);
    stage.play(&Hidden { per_second: 0, ..Hidden::default() }, 3_600.0, 1e9);
    assert!(stage.run.sent.len() < 80, "{}", stage.run.sent.len());
    assert!(Run::between(&stage.run.sent, 600.0, 3_600.0).count() >= 38);
}

#[test]
fn a_told_time_is_waited_out_and_not_a_moment_longer() {
    let crm = Hidden { per_second: 0, asks: Some(Duration::from_secs(37)), ..Hidden::default() };
    let mut stage = Stage::new(&quota(10, 10), 1);
    stage.play(&crm, 300.0, 1e9);
    // What was under way at the first refusal is refused with it.
    let probes: Vec<f64> = Run::between(&stage.run.sent, 5.0, 300.0).copied().collect();
    assert!(probes.len() >= 6, "{probes:?}");
    assert!(probes.windows(2).all(|two| (37.0..37.5).contains(&(two[1] - two[0]))), "{probes:?}");
}

#[test]
fn a_slow_crm_is_asked_less_at_once_and_more_again_when_it_is_quick() {
    let mut stage = Stage::new(&quota(1_000, 40), 1);
    stage.play(&Hidden { per_second: 1_000, ..Hidden::default() }, 60.0, 50.0);
    assert_eq!(stage.figures().at_once, 32);
    stage.play(&Hidden { per_second: 1_000, latency: 2.0, ..Hidden::default() }, 120.0, 50.0);
    let slow = stage.figures().at_once;
    assert!((8..=24).contains(&slow), "{slow}");
    stage.play(&Hidden { per_second: 1_000, ..Hidden::default() }, 700.0, 50.0);
    assert_eq!(stage.figures().at_once, 32);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the CRM does: what is sent stays below the page's figures, nobody waits for ever (a stage that cannot
    /// go on panics), and half an hour of quiet restores everything.
    #[test]
    fn it_stays_in_bounds_never_stops_and_recovers(
        seed in any::<u64>(),
        documented in 1u32..30,
        concurrency in 1u32..30,
        phases in prop::collection::vec((0u32..30, 1u32..30, 0.0f64..20.0, 0.01f64..3.0, prop::option::of(0u64..90)), 1..6),
    ) {
        let mut stage = Stage::new(&quota(documented, concurrency), seed);
        for (per_second, at_once, others, latency, asks) in phases {
            let asks = asks.map(Duration::from_secs);
            let crm = Hidden { per_second, by_clock: false, at_once, others, latency, asks };
            let until = stage.now + 120.0;
            stage.play(&crm, until, 1e9);
        }
        let most = documented as usize;
        for times in stage.run.sent.windows(most + 1) {
            prop_assert!(times[most] - times[0] >= 1.0 - 1e-5, "{times:?}");
        }
        prop_assert!(stage.run.most_at_once <= Share::default().of(concurrency));
        let rested = stage.now + 7_300.0;
        let crm = Hidden { per_second: documented, at_once: concurrency, latency: 0.05, ..Hidden::default() };
        stage.play(&crm, rested, 0.2);
        stage.drain();
        let figures = stage.figures();
        prop_assert_eq!(figures.per_second, f64::from(documented) * 0.8);
        prop_assert_eq!(figures.at_once, Share::default().of(concurrency));
        prop_assert_eq!(figures.in_use, 0);
    }
}
