//! Values as columns: pure, so that every store keeps the same.

use std::fmt::Display;

use serde::Serialize;
use tieline_engine::jiff::Timestamp;

use super::{State, StateIs, StoreError};

/// The columns of `calls` that a call is made of.
pub(super) const COLUMNS: &str = "seq, project, id, call, version, lane, facts, state, skip_code, received_at, \
     changed_at, due_at, retrying, backlog, attempts, trouble, reasons, written, trace";

/// A state's two columns.
pub(super) fn state_columns(state: State) -> (&'static str, Option<&'static str>) {
    match state {
        State::Waiting => ("waiting", None),
        State::Written => ("written", None),
        State::Skipped(code) => ("skipped", Some(code.as_str())),
        State::Failed => ("failed", None),
    }
}

/// A state's first column.
pub(super) fn state_word(state: StateIs) -> &'static str {
    match state {
        StateIs::Waiting => "waiting",
        StateIs::Written => "written",
        StateIs::Skipped => "skipped",
        StateIs::Failed => "failed",
    }
}

/// Room made for a value's JSON: an ended call takes some seven hundred bytes.
const JSON_ROOM: usize = 1024;

/// A value as JSON.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    let mut json = Vec::with_capacity(JSON_ROOM);
    let unfit = |error: &dyn Display| StoreError::Broken(format!("a value cannot be written: {error}"));
    serde_json::to_writer(&mut json, value).map_err(|error| unfit(&error))?;
    String::from_utf8(json).map_err(|error| unfit(&error))
}

/// A time as a column: down to the microsecond.
pub(super) fn micros(time: Timestamp) -> i64 {
    let whole = time.as_microsecond();
    (whole - i64::from(time.subsec_nanosecond() % 1_000 < 0)).max(Timestamp::MIN.as_microsecond())
}

/// A time before which nothing may happen, as a column: up to the microsecond. With [`micros`] for the present, a
/// call is never due too early by the rounding.
pub(super) fn micros_up(time: Timestamp) -> i64 {
    let whole = time.as_microsecond();
    (whole + i64::from(time.subsec_nanosecond() % 1_000 > 0)).min(Timestamp::MAX.as_microsecond())
}

/// A count for a database, whose integers have a sign.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from a database.
pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
