//! Rows to values and back.

use rusqlite::Row;
use serde::de::DeserializeOwned;
use tieline_engine::{jiff::Timestamp, reason::ReasonCode};

use super::{State, StoreError, StoredCall, advice};
pub(super) use crate::store::values::{
    COLUMNS, micros, micros_up, signed, state_columns, state_word, to_json, unsigned,
};
use crate::store::{damage::Remains, transition::Standing};

/// A call from a row of [`COLUMNS`], for people: one that is damaged is shown with what is left of it, so that it can
/// be found and dropped.
pub(super) fn stored(row: &Row<'_>) -> Result<StoredCall, StoreError> {
    match whole(row) {
        Err(StoreError::Unreadable(found)) => Ok(remains(row)?.shown(&found)),
        read => read,
    }
}

/// What stands in columns of its own. A state or a time that cannot be read must not hide the rest.
fn remains(row: &Row<'_>) -> Result<Remains, StoreError> {
    let time = |column| time(row, column).unwrap_or(Timestamp::UNIX_EPOCH);
    let standing = Standing {
        state: state(row).unwrap_or(State::Failed),
        due_at: time("due_at"),
        retrying: row.get("retrying")?,
        backlog: row.get("backlog")?,
        attempts: row.get("attempts")?,
    };
    Ok(Remains {
        seq: unsigned(row.get("seq")?),
        project: row.get("project")?,
        id: row.get("id")?,
        version: unsigned(row.get("version")?),
        lane: row.get("lane")?,
        received_at: time("received_at"),
        changed_at: time("changed_at"),
        standing,
    })
}

/// A call from a row of [`COLUMNS`], with nothing of it missing.
pub(super) fn whole(row: &Row<'_>) -> Result<StoredCall, StoreError> {
    Ok(StoredCall {
        seq: unsigned(row.get("seq")?),
        call: json(row, "call")?,
        version: unsigned(row.get("version")?),
        lane: row.get("lane")?,
        facts: json(row, "facts")?,
        state: state(row)?,
        received_at: time(row, "received_at")?,
        changed_at: time(row, "changed_at")?,
        due_at: time(row, "due_at")?,
        retrying: row.get("retrying")?,
        backlog: row.get("backlog")?,
        attempts: row.get("attempts")?,
        trouble: json_if_any(row, "trouble")?,
        reasons: json(row, "reasons")?,
        written: json(row, "written")?,
        trace: row.get("trace")?,
        damaged: false,
        claim: None,
    })
}

/// The state from its two columns.
pub(super) fn state(row: &Row<'_>) -> Result<State, StoreError> {
    let word: String = row.get("state")?;
    Ok(match word.as_str() {
        "waiting" => State::Waiting,
        "written" => State::Written,
        "failed" => State::Failed,
        _ => {
            let code: String = row.get("skip_code")?;
            let known = ReasonCode::ALL.iter().find(|known| known.as_str() == code);
            State::Skipped(*known.ok_or_else(|| StoreError::Unreadable(format!("the reason code {code:?}")))?)
        }
    })
}

/// A column of JSON. The error names the place, not the text: it is about a person.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        let at = error.column();
        StoreError::Unreadable(format!("column {column}, {:?} error at character {at}", error.classify()))
    })
}

fn json_if_any<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>, StoreError> {
    let is_there: bool = row.get_ref(column)? != rusqlite::types::ValueRef::Null;
    is_there.then(|| json(row, column)).transpose()
}

/// A column of time.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    let micros: i64 = row.get(column)?;
    Timestamp::from_microsecond(micros)
        .map_err(|_| StoreError::Unreadable(format!("column {column}, a time out of range")))
}

/// The time of a column's value.
pub(super) fn micros_back(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Unreadable("a time out of range".to_owned()))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        advice::of_sqlite(&error)
    }
}
