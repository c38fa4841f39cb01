//! Rows to values and back.

use rusqlite::Row;
use serde::de::DeserializeOwned;
use tieline_engine::{
    call::{Call, Direction},
    facts::Facts,
    ids::{CallId, ProjectId},
    jiff::Timestamp,
    reason::ReasonCode,
};

use super::{KeptTrouble, State, StoreError, StoredCall, advice};
pub(super) use crate::store::values::{micros, micros_up, signed, state_columns, state_word, to_json, unsigned};

/// The columns [`stored`] reads, of `calls`.
pub(super) const COLUMNS: &str = "seq, project, id, call, version, lane, facts, state, skip_code, received_at, changed_at, due_at, \
     retrying, backlog, attempts, trouble, reasons, written, trace";

/// The error reason of a call that cannot be read (error_reason.proto).
pub(super) const DAMAGED: &str = "INTERNAL";

const DAMAGE: &str = "what is stored of the call is damaged";

/// A call from a row of [`COLUMNS`], for people: one that is damaged is shown with what is left of it, so that it can
/// be found and dropped.
pub(super) fn stored(row: &Row<'_>) -> Result<StoredCall, StoreError> {
    match whole(row) {
        Err(StoreError::Unreadable(found)) => remains(row, &found),
        read => read,
    }
}

/// What is kept with a call that cannot be read.
pub(super) fn damage(found: &str, at: Timestamp) -> KeptTrouble {
    let text = format!("{DAMAGE} ({found}); look for it in the CRM, then drop it here");
    KeptTrouble { reason: DAMAGED.to_owned(), text, at }
}

/// Whether only the remains of a call were read. Nothing but dropping may be done with it: what was written for it is
/// not known any more.
pub(super) fn is_damaged(stored: &StoredCall) -> bool {
    stored.trouble.as_ref().is_some_and(|trouble| trouble.reason == DAMAGED && trouble.text.starts_with(DAMAGE))
}

/// What stands in columns of its own.
fn remains(row: &Row<'_>, found: &str) -> Result<StoredCall, StoreError> {
    let (project, id): (String, String) = (row.get("project")?, row.get("id")?);
    let (received_at, changed_at) = (time(row, "received_at")?, time(row, "changed_at")?);
    Ok(StoredCall {
        seq: unsigned(row.get("seq")?),
        call: Call::new(ProjectId::new(project), CallId::new(id), Direction::Incoming),
        version: unsigned(row.get("version")?),
        lane: row.get("lane")?,
        facts: Facts::new(received_at),
        state: state(row)?,
        received_at,
        changed_at,
        due_at: time(row, "due_at")?,
        retrying: row.get("retrying")?,
        backlog: row.get("backlog")?,
        attempts: row.get("attempts")?,
        trouble: Some(damage(found, changed_at)),
        reasons: Vec::new(),
        written: Vec::new(),
        trace: None,
        claim: None,
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
