//! Rows to values and back.

use serde::de::DeserializeOwned;
use tieline_engine::{
    jiff::{Timestamp, civil::Date},
    reason::ReasonCode,
};
use tokio_postgres::Row;

pub(super) use super::super::values::COLUMNS;
use super::{
    super::{State, StoreError, StoredCall, damage::Remains, transition::Standing, values::unsigned},
    trouble::Trouble,
};

/// A call from a row of [`COLUMNS`], for people: one that is damaged is shown with what is left of it.
pub(super) fn stored(row: &Row) -> Result<StoredCall, Trouble> {
    match whole(row) {
        Err(Trouble::Final(StoreError::Unreadable(found))) => Ok(remains(row)?.shown(&found)),
        read => read,
    }
}

/// What stands in columns of its own. A state or a time that cannot be read must not hide the rest.
fn remains(row: &Row) -> Result<Remains, Trouble> {
    let time = |column| time(row, column).unwrap_or(Timestamp::UNIX_EPOCH);
    let standing = Standing {
        state: state(row).unwrap_or(State::Failed),
        due_at: time("due_at"),
        retrying: row.try_get("retrying")?,
        backlog: row.try_get("backlog")?,
        attempts: attempts(row)?,
    };
    Ok(Remains {
        seq: unsigned(row.try_get("seq")?),
        project: row.try_get("project")?,
        id: row.try_get("id")?,
        version: unsigned(row.try_get("version")?),
        lane: row.try_get("lane")?,
        received_at: time("received_at"),
        changed_at: time("changed_at"),
        standing,
    })
}

/// A call from a row of [`COLUMNS`], with nothing of it missing.
pub(super) fn whole(row: &Row) -> Result<StoredCall, Trouble> {
    let standing = standing(row)?;
    Ok(StoredCall {
        seq: unsigned(row.try_get("seq")?),
        call: json(row, "call")?,
        version: unsigned(row.try_get("version")?),
        lane: row.try_get("lane")?,
        facts: json(row, "facts")?,
        state: standing.state,
        received_at: time(row, "received_at")?,
        changed_at: time(row, "changed_at")?,
        due_at: standing.due_at,
        retrying: standing.retrying,
        backlog: standing.backlog,
        attempts: standing.attempts,
        trouble: json_if_any(row, "trouble")?,
        reasons: json(row, "reasons")?,
        written: json(row, "written")?,
        trace: row.try_get("trace")?,
        damaged: false,
        claim: None,
    })
}

/// The part of a call that moves it through the queue.
pub(super) fn standing(row: &Row) -> Result<Standing, Trouble> {
    Ok(Standing {
        state: state(row)?,
        due_at: time(row, "due_at")?,
        retrying: row.try_get("retrying")?,
        backlog: row.try_get("backlog")?,
        attempts: attempts(row)?,
    })
}

fn attempts(row: &Row) -> Result<u32, Trouble> {
    Ok(u32::try_from(row.try_get::<_, i64>("attempts")?).unwrap_or(u32::MAX))
}

fn state(row: &Row) -> Result<State, Trouble> {
    let word: &str = row.try_get("state")?;
    Ok(match word {
        "waiting" => State::Waiting,
        "written" => State::Written,
        "failed" => State::Failed,
        _ => {
            let code: &str = row.try_get("skip_code")?;
            let known = ReasonCode::ALL.iter().find(|known| known.as_str() == code);
            State::Skipped(*known.ok_or_else(|| StoreError::Unreadable(format!("the reason code {code:?}")))?)
        }
    })
}

/// A column of JSON. The error names the place, not the text: it is about a person.
pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, Trouble> {
    parsed(row.try_get(column)?, column)
}

fn json_if_any<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, Trouble> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| parsed(text, column)).transpose()
}

fn parsed<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, Trouble> {
    serde_json::from_str(text).map_err(|error| {
        let at = error.column();
        StoreError::Unreadable(format!("column {column}, {:?} error at character {at}", error.classify())).into()
    })
}

/// A column of time.
pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp, Trouble> {
    let micros: i64 = row.try_get(column)?;
    Timestamp::from_microsecond(micros)
        .map_err(|_| StoreError::Unreadable(format!("column {column}, a time out of range")).into())
}

/// A day as a column.
pub(super) fn day_number(day: Date) -> i32 {
    // Before our era the digits would count the wrong way; no call is from there, but a question may begin there.
    if day.year() < 0 {
        return 0;
    }
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

/// A day from its column.
pub(super) fn day(number: i32) -> Result<Date, Trouble> {
    let part = |number: i32| i8::try_from(number).unwrap_or(0);
    let year = i16::try_from(number / 10_000).unwrap_or(0);
    Date::new(year, part(number / 100 % 100), part(number % 100))
        .map_err(|_| StoreError::Unreadable(format!("the day {number}")).into())
}
