//! The only source of time and chance: injected, so that a test can run a week in a second.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
};

use tieline_engine::jiff::Timestamp;

/// Time and chance.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// A number nobody can guess; for jitter, not for secrets.
    fn random(&self) -> u64;
}

/// The machine's clock and the standard library's seed of chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn random(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }
}
