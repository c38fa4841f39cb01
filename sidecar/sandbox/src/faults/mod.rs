//! Faults by name: when each hits.
//!
//! What a fault does to a reply is the CRM's own business; here is only whether it hits
//! the request at hand. All chance comes from the seed.

mod catalogue;
mod spec;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use catalogue::{FaultEntry, FaultName, catalogue};
pub use spec::{FaultSpec, On, OutageMode};

use crate::{
    kind::CrmKind,
    rng::Rng,
    simulator::{Class, Route, Strikes},
};

/// More than anyone needs at once; a bound against a runaway script.
const MOST_FAULTS: usize = 32;

/// The faults switched on for one CRM.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    active: Vec<Active>,
    rng: Rng,
}

#[derive(Clone, Debug)]
struct Active {
    spec: FaultSpec,
    from: Timestamp,
    until: Option<Timestamp>,
    matched: u32,
    hits: u32,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { active: Vec::new(), rng: Rng::new(seed ^ 0xFA17) }
    }

    /// Switches one more fault on, from `now`.
    pub(crate) fn add(&mut self, kind: CrmKind, now: Timestamp, spec: FaultSpec) -> Result<(), BadFault> {
        spec.check(kind)?;
        if self.active.len() >= MOST_FAULTS {
            return Err(BadFault(format!("at most {MOST_FAULTS} faults at once")));
        }
        let from = later(now, spec.after_seconds.unwrap_or(0));
        let until = spec.for_seconds.map(|seconds| later(from, seconds));
        self.active.push(Active { spec, from, until, matched: 0, hits: 0 });
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    pub(crate) fn remove(&mut self, name: FaultName) {
        self.active.retain(|fault| fault.spec.name != name);
    }

    /// The faults as switched on, whether or not they still hit.
    pub(crate) fn specs(&self) -> Vec<FaultSpec> {
        self.active.iter().map(|fault| fault.spec.clone()).collect()
    }

    /// Which faults hit this request; each hit counts against the fault's `times`.
    pub(crate) fn strike(&mut self, now: Timestamp, route: &Route, target: &str) -> Strikes {
        let mut strikes = Strikes::default();
        for fault in &mut self.active {
            if fault.aims_at(route.class, target) && fault.hits_now(now, &mut self.rng) {
                strikes.names.insert(fault.spec.name, fault.spec.clone());
            }
        }
        strikes
    }
}

impl Active {
    fn aims_at(&self, class: Class, target: &str) -> bool {
        let on = self.spec.on.unwrap_or_else(|| self.spec.name.default_on());
        on.covers(class) && self.spec.path.as_ref().is_none_or(|part| target.contains(part.as_str()))
    }

    fn hits_now(&mut self, now: Timestamp, rng: &mut Rng) -> bool {
        if now < self.from || self.until.is_some_and(|until| now >= until) {
            return false;
        }
        if self.spec.times.is_some_and(|times| self.hits >= times) {
            return false;
        }
        self.matched = self.matched.saturating_add(1);
        if self.matched <= self.spec.skip.unwrap_or(0) {
            return false;
        }
        let turn = self.spec.every_nth.is_none_or(|nth| self.matched.is_multiple_of(nth));
        let hit = turn && self.spec.probability.is_none_or(|probability| rng.chance(probability));
        self.hits += u32::from(hit);
        hit
    }
}

/// A fault that cannot be switched on as described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFault(pub String);

impl fmt::Display for BadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadFault {}

fn later(from: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    from.checked_add(span).unwrap_or(Timestamp::MAX)
}
