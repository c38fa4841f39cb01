//! How slow a CRM is, measured against itself at its best.

use std::{collections::BTreeMap, time::Duration};

use super::level::At;

/// Answers of a kind of request before they are compared.
const KNOWN_AFTER: u32 = 10;
/// How many times its best an answer may take on average before the CRM counts as slow, and by how much at least: a
/// CRM answers in tenths of a second, and twice that is everyday.
const SLOW: f64 = 3.0;
const SLOW_BY: f64 = 0.1;
/// How much of the average one answer is.
const NEWEST: f64 = 0.1;
/// The best is forgotten by so much with each answer, so that a CRM that stays slower is not eased for ever.
const DRIFT: f64 = 1.005;
/// One step down takes this long to show.
const EASE_EVERY: Duration = Duration::from_secs(5);
/// Kinds of requests told apart; dialects have some ten each.
const KINDS_MAX: usize = 64;

/// What is known of a CRM's answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Latency {
    kinds: BTreeMap<&'static str, Kind>,
    /// Average of answers' times in multiples of their kind's best.
    ratio: f64,
    eased_at: Option<At>,
}

#[derive(Clone, Copy, Debug)]
struct Kind {
    best: f64,
    answers: u32,
}

impl Latency {
    /// An answer to a kind of request; says whether it is time to ask for less at once.
    pub(super) fn answered(&mut self, now: At, kind: &'static str, took: Duration) -> bool {
        let took = took.as_secs_f64();
        if !self.kinds.contains_key(kind) && self.kinds.len() >= KINDS_MAX {
            return false;
        }
        let known = self.kinds.entry(kind).or_insert(Kind { best: took, answers: 0 });
        known.answers = known.answers.saturating_add(1);
        known.best = (known.best * DRIFT).min(took).max(0.001);
        if known.answers <= KNOWN_AFTER {
            return false;
        }
        let ratio = if took - known.best < SLOW_BY { 1.0 } else { took / known.best };
        self.ratio += (ratio - self.ratio) * NEWEST;
        let is_time = self.eased_at.is_none_or(|at| now.saturating_sub(at) >= EASE_EVERY);
        let eases = self.ratio > SLOW && is_time;
        if eases {
            self.eased_at = Some(now);
        }
        eases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(latency: &mut Latency, from: u64, count: u64, took: u64) -> usize {
        let at = |second: u64| Duration::from_secs(from + second);
        (0..count).filter(|second| latency.answered(at(*second), "list", Duration::from_millis(took))).count()
    }

    #[test]
    fn a_crm_three_times_slower_than_at_its_best_is_eased_every_few_seconds_until_that_is_its_way() {
        let mut latency = Latency::default();
        assert_eq!(answers(&mut latency, 0, 100, 100), 0);
        assert_eq!(answers(&mut latency, 100, 100, 250), 0, "everyday");
        let eased = answers(&mut latency, 200, 60, 1_000);
        assert!((5..=12).contains(&eased), "{eased}");
        answers(&mut latency, 300, 500, 1_000);
        assert_eq!(answers(&mut latency, 800, 100, 1_000), 0, "it has become its way");
    }

    #[test]
    fn quick_answers_that_become_a_little_slower_are_no_sign() {
        let mut latency = Latency::default();
        answers(&mut latency, 0, 50, 2);
        assert_eq!(answers(&mut latency, 50, 50, 60), 0);
    }
}
