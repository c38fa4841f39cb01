//! What was asked of a CRM, counted.

use std::collections::BTreeMap;

use serde::Serialize;

/// Requests since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All requests that arrived, including those whose connection was cut.
    pub requests: u64,
    /// By method and path with ids replaced.
    pub by_route: BTreeMap<String, u64>,
    /// Credits spent by kind.
    pub by_credit: BTreeMap<String, u64>,
    /// By HTTP status; `dropped` for cut connections.
    pub by_status: BTreeMap<String, u64>,
    /// How often each fault hit.
    pub by_fault: BTreeMap<String, u64>,
}

impl Counts {
    /// How often a route was asked, 0 if never.
    #[must_use]
    pub fn route(&self, pattern: &str) -> u64 {
        self.by_route.get(pattern).copied().unwrap_or(0)
    }

    pub(crate) fn add(map: &mut BTreeMap<String, u64>, key: impl Into<String>, by: u64) {
        *map.entry(key.into()).or_default() += by;
    }
}
