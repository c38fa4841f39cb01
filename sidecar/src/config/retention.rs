//! `[retention]`: how long things are kept.

use super::section::Section;
use crate::retention::Retention;

/// Longest time, in days: ten years.
const DAYS_MAX: i64 = 3_650;

pub(super) fn retention(mut section: Section<'_>) -> Option<Retention> {
    let mut days = |key, default| match section.number::<u32>(key, default, 0..=DAYS_MAX) {
        0 => None,
        days => Some(days),
    };
    let retention = Retention {
        written: days("written_days", 90),
        skipped: days("skipped_days", 90),
        failed: days("failed_days", 0),
        bodies: days("bodies_days", 14),
        own_records: days("own_records_days", 90),
        talks: days("talks_days", 365),
    };
    section.close();
    Some(retention)
}
