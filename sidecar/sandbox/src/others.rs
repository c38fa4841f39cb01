//! The account's other users: people at its screens and other programs, whose requests count against its limits.

use jiff::{SignedDuration, Timestamp};

/// The longest window of a limit that counts single requests, in seconds (dataverse.md 5); what is older is handed
/// over in one.
const SINGLY_SECONDS: f64 = 300.0;

/// How far others have come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    /// Up to here, with what is left over of a whole request.
    until: Option<(Timestamp, f64)>,
}

/// Requests of others at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crowd {
    pub(crate) at: Timestamp,
    pub(crate) requests: u64,
}

impl Others {
    /// What they have asked since they were looked at last, evenly spaced; nothing at first.
    pub(crate) fn since(&mut self, now: Timestamp, per_second: f64) -> Vec<Crowd> {
        let Some((from, left)) = self.until else {
            self.until = Some((now, 0.0));
            return Vec::new();
        };
        let seconds = now.duration_since(from).as_secs_f64().max(0.0);
        let all = left + seconds * per_second;
        self.until = Some((now, all.fract()));
        let singly = all.floor().min(SINGLY_SECONDS * per_second).floor();
        let before = (all.floor() - singly) as u64;
        let back = |requests: f64| {
            let span = SignedDuration::from_secs_f64((requests + all.fract()) / per_second);
            now.checked_sub(span).unwrap_or(from).max(from)
        };
        let bulk = (before > 0).then(|| Crowd { at: back(singly), requests: before });
        let single = (0..singly as u64).rev().map(|ago| Crowd { at: back(ago as f64), requests: 1 });
        bulk.into_iter().chain(single).collect()
    }

    /// They are gone.
    pub(crate) fn leave(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap()
    }

    #[test]
    fn they_come_evenly_and_fractions_are_not_lost() {
        let mut others = Others::default();
        assert!(others.since(at(0), 4.0).is_empty());
        let times = |crowds: Vec<Crowd>| crowds.into_iter().map(|crowd| crowd.at).collect::<Vec<_>>();
        assert_eq!(times(others.since(at(600), 4.0)), [at(250), at(500)]);
        assert_eq!(times(others.since(at(1_000), 4.0)), [at(750), at(1_000)]);
        others.leave();
        assert!(others.since(at(9_000), 4.0).is_empty());
    }

    #[test]
    fn what_is_long_past_comes_in_one() {
        let mut others = Others::default();
        others.since(at(0), 2.0);
        let crowds = others.since(at(3_600_000), 2.0);
        assert_eq!(crowds.iter().map(|crowd| crowd.requests).sum::<u64>(), 7_200);
        assert_eq!((crowds.len(), crowds[0].requests), (601, 6_600));
        assert!(crowds.is_sorted_by_key(|crowd| crowd.at));
    }
}
