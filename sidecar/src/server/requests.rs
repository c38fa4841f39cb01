//! How many requests came in, by door, method and outcome, and how long they took.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Which way a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// gRPC.
    Grpc,
    /// HTTP.
    Http,
}

impl Door {
    /// The door's name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

/// Requests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    /// How many.
    pub count: u64,
    /// Seconds all of them took together.
    pub seconds: f64,
}

/// Door, method and outcome; names are the program's own, so that there are only so many.
pub type Kind = (Door, &'static str, &'static str);

/// Counts requests since the start.
#[derive(Debug, Default)]
pub struct Requests {
    counted: Mutex<BTreeMap<Kind, Counted>>,
}

impl Requests {
    /// Counts one.
    pub fn count(&self, door: Door, method: &'static str, outcome: &'static str, took: Duration) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counted.entry((door, method, outcome)).or_default();
        entry.count += 1;
        entry.seconds += took.as_secs_f64();
    }

    /// What was counted so far.
    #[must_use]
    pub fn counted(&self) -> BTreeMap<Kind, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
