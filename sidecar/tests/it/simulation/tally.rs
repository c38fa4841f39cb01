//! What was played, counted: for the command's report.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::json;

use super::watch::Promise;

/// Counts of one run or of many.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) seeds: u64,
    pub(super) accepted: u64,
    pub(super) crashes: u64,
    /// Where processes died.
    places: BTreeMap<String, u64>,
    /// Faults injected, by name.
    faults: BTreeMap<String, u64>,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) contacts_per_client_max: u64,
    pub(super) longest_drain: Duration,
    pub(super) failed: Vec<u64>,
}

impl Tally {
    pub(super) fn count(&mut self, fault: &str) {
        self.count_times(fault, 1);
    }

    pub(super) fn count_if(&mut self, happened: bool, fault: &str) {
        self.count_times(fault, u64::from(happened));
    }

    pub(super) fn count_times(&mut self, fault: &str, times: u64) {
        if times > 0 {
            *self.faults.entry(fault.to_owned()).or_default() += times;
        }
    }

    /// A process died at a place.
    pub(super) fn crash(&mut self, place: &str) {
        self.crashes += 1;
        *self.places.entry(place.to_owned()).or_default() += 1;
    }

    /// A seed failed.
    pub(super) fn fail(&mut self, seed: u64, of: Promise) {
        self.seeds += 1;
        self.failed.push(seed);
        self.lost += u64::from(of == Promise::NothingLost);
        self.doubled += u64::from(of == Promise::NothingDoubled);
    }

    /// How often a fault was injected.
    pub(super) fn times(&self, fault: &str) -> u64 {
        self.faults.get(fault).copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.accepted += other.accepted;
        self.crashes += other.crashes;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.contacts_per_client_max = self.contacts_per_client_max.max(other.contacts_per_client_max);
        self.longest_drain = self.longest_drain.max(other.longest_drain);
        self.failed.extend(&other.failed);
        for (sum, parts) in [(&mut self.places, &other.places), (&mut self.faults, &other.faults)] {
            for (name, times) in parts {
                *sum.entry(name.clone()).or_default() += times;
            }
        }
    }

    /// One line for the reliability report.
    pub(super) fn json(&self) -> String {
        let line = json!({
            "part": "simulation", "seeds": self.seeds, "accepted": self.accepted, "crashes": self.crashes,
            "faults": self.faults, "lost": self.lost, "doubled": self.doubled,
            "contacts_per_client_max": self.contacts_per_client_max,
            "longest_drain_seconds": self.longest_drain.as_secs_f64(),
        });
        line.to_string()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seeds run            {}", self.seeds)?;
        writeln!(f, "calls accepted       {}", self.accepted)?;
        writeln!(f, "crashes              {}", self.crashes)?;
        for (place, times) in &self.places {
            writeln!(f, "  {place:<26} {times}")?;
        }
        writeln!(f, "faults injected      {}", self.faults.values().sum::<u64>())?;
        for (name, times) in &self.faults {
            writeln!(f, "  {name:<26} {times}")?;
        }
        writeln!(f, "lost                 {}", self.lost)?;
        writeln!(f, "doubled              {}", self.doubled)?;
        writeln!(f, "contacts per client  max {}", self.contacts_per_client_max)?;
        writeln!(f, "longest drain        {:.1} s of virtual time", self.longest_drain.as_secs_f64())
    }
}
