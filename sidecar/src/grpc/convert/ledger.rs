//! A day's balance (ledger.proto).

use std::cmp::Reverse;

use tieline_engine::ids::ProjectId;
use tieline_proto::v1;

use crate::store::LedgerDay;

/// A project's day.
#[must_use]
pub fn ledger_day(project: &ProjectId, day: &LedgerDay) -> v1::LedgerDay {
    let count = |(code, count): (&String, &u64)| v1::SkippedCount { code: code.clone(), count: *count };
    let mut skipped_by: Vec<_> = day.skipped.iter().map(count).collect();
    // Stable, so that equal counts stay in the order of their codes.
    skipped_by.sort_by_key(|skipped| Reverse(skipped.count));
    v1::LedgerDay {
        project: project.as_str().to_owned(),
        day: day.day.to_string(),
        received: day.received,
        written: day.written,
        skipped: day.skipped.values().sum(),
        skipped_by,
        waiting: day.waiting,
        failed: day.failed,
        balanced: day.balances(),
    }
}
