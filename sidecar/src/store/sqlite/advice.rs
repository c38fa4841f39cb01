//! What SQLite and the system say, with what to do about it. `docs/recovery.md` tells the same at length.

use std::io::{self, ErrorKind};

use rusqlite::ErrorCode;

use super::StoreError;

/// An error of SQLite.
pub(super) fn of_sqlite(error: &rusqlite::Error) -> StoreError {
    let Some(code) = error.sqlite_error_code() else {
        // Not from SQLite: a column has another type than this version expects.
        return StoreError::Unreadable(error.to_string());
    };
    let todo = match code {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => return damaged(&error.to_string()),
        ErrorCode::DiskFull => "make room on its disk; calls are taken again at once, without a restart",
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            "let the sidecar's user write the file and its directory, and mount the disk for writing"
        }
        ErrorCode::CannotOpen => "check that the directory is there and that the sidecar's user may write it",
        ErrorCode::SystemIoFailure => "check the disk's room, its quota and its health; the system's log says more",
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "end the other program that works on the file",
        _ => return StoreError::Broken(error.to_string()),
    };
    StoreError::Broken(format!("{error}; {todo}"))
}

/// An error of the system.
pub(super) fn of_io(error: &io::Error) -> StoreError {
    let todo = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on its disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "let the sidecar's user write the file and its directory, and mount the disk for writing"
        }
        ErrorKind::NotFound => "make the directory",
        _ => return StoreError::Broken(error.to_string()),
    };
    StoreError::Broken(format!("{error}; {todo}"))
}

/// The file is not as SQLite left it.
pub(super) fn damaged(found: &str) -> StoreError {
    StoreError::Unreadable(format!(
        "the file is damaged: {found}; repair it or put a backup in its place, or move it away to begin with an \
         empty one (docs/recovery.md)"
    ))
}
