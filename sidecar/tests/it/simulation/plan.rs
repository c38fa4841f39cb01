//! What a seed means: which CRM, how many sidecars, in which manner. Everything else of a run is drawn from it, too.

use std::time::Duration;

use tieline_sandbox::CrmKind;

/// Seeds with one sidecar before one with two.
const TWO_EVERY: u64 = 4;
/// Seeds of a CRM before one in which the CRM is away for a week.
const WEEK_EVERY: u64 = 80;

/// What is played with a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) kind: CrmKind,
    pub(super) sidecars: usize,
    pub(super) manner: Manner,
}

/// In which manner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Twenty minutes of calls under faults of every kind.
    Storm,
    /// The CRM is away for a week; the calls of a week wait for it.
    Week,
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let kinds = CrmKind::all();
        let (round, nr) = (seed / kinds.len() as u64, seed % kinds.len() as u64);
        let manner = if round % WEEK_EVERY == WEEK_EVERY - 2 { Manner::Week } else { Manner::Storm };
        let sidecars = if round % TWO_EVERY == TWO_EVERY - 1 { 2 } else { 1 };
        Self { seed, kind: kinds[usize::try_from(nr).unwrap()], sidecars, manner }
    }

    /// Longest wait between two attempts.
    pub(super) fn retry_longest(self) -> Duration {
        match self.manner {
            Manner::Storm => Duration::from_secs(60),
            Manner::Week => Duration::from_secs(600),
        }
    }
}

/// The command that plays a seed again.
pub(super) fn replay(seed: u64) -> String {
    format!("tests/simulation {seed}")
}
