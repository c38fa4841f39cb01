//! What can go wrong between here and the database, and whether trying again helps.

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::{Error, error::SqlState};

use super::StoreError;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another transaction was in the way, and nothing happened: try again.
    Crossed(String),
    /// The connection is of no use any more; what was begun may have happened, and may be done again.
    Lost(String),
    /// Trying again gives the same.
    Final(StoreError),
}

impl Trouble {
    /// What is told after trying again has not helped.
    pub(super) fn given_up(self) -> StoreError {
        match self {
            Self::Crossed(text) | Self::Lost(text) => StoreError::Away(text),
            Self::Final(error) => error,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let text = told(&error);
        match error.code() {
            Some(code) if crosses(code) => Self::Crossed(text),
            Some(code) if passes(code) => Self::Lost(text),
            Some(_) => Self::Final(StoreError::Broken(text)),
            // Without a code it is no answer of the database: the connection broke, or was never made.
            None if is_unreadable(&error) => Self::Final(StoreError::Unreadable(text)),
            None => Self::Lost(text),
        }
    }
}

impl From<PoolError> for Trouble {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            PoolError::Closed => Self::Final(StoreError::Closed),
            PoolError::Timeout(_) => Self::Lost("no connection became free in time".to_owned()),
            other => Self::Final(StoreError::Broken(other.to_string())),
        }
    }
}

/// Whether another transaction was in the way.
fn crosses(code: &SqlState) -> bool {
    let crossing = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        // The same row was made a moment before.
        SqlState::UNIQUE_VIOLATION,
    ];
    crossing.contains(code)
}

/// Whether a new connection may have what this one was refused: the server is being stopped, started or replaced, or
/// takes no more connections.
fn passes(code: &SqlState) -> bool {
    let passing = [
        SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::QUERY_CANCELED,
        // A connection of a pooler in between that has forgotten a statement, or a plan that a migration has outdated.
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::FEATURE_NOT_SUPPORTED,
    ];
    passing.contains(code) || code.code().starts_with("08")
}

/// Tokio-postgres gives no kinds; a value that is not what this version expects has an error of reading inside.
fn is_unreadable(error: &Error) -> bool {
    let text = error.to_string();
    text.starts_with("error deserializing") || text.starts_with("invalid column")
}

/// The message without its details: those quote values, which are about people.
fn told(error: &Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => std::error::Error::source(error).map_or_else(|| error.to_string(), |inner| format!("{error}: {inner}")),
    }
}
