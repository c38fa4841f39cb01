//! Opening the file: its rights, its settings, its migrations.

use std::{fs, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use super::{StoreError, advice, check};

/// Marks the file as ours ("TIEL"), so that another program's database is never taken for an empty store.
const APPLICATION_ID: i64 = 0x5449_454C;

/// Steps from an empty file to the newest schema; `user_version` counts those taken. Steps are only ever added.
const STEPS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

/// How long a statement waits for a lock. Only a person's tool can hold one: the sidecar has one writer.
const BUSY: Duration = Duration::from_secs(5);

/// Pages of the write-ahead log after which a commit copies them into the file (4 KiB each: 16 MiB). SQLite's own
/// 1,000 makes every few hundredth commit slow under load.
const CHECKPOINT_PAGES: u32 = 4_000;

/// The write-ahead log is cut back to this many bytes after a load that made it longer.
const LOG_BYTES: u32 = 64 << 20;

/// Statements kept prepared per connection: a little more than the store has.
const STATEMENTS: usize = 64;

/// Opens the file for writing, makes it when it is not there, and brings it to the newest schema.
pub(super) fn open_writer(path: &Path, bytes_max: Option<u64>) -> Result<Connection, StoreError> {
    make_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    // A file that is refused is left as it was: closing it would otherwise copy its log into it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    check_identity(&conn)?;
    check::whole(&conn, path)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    conn.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    settle(&mut conn)?;
    if let Some(bytes) = bytes_max {
        limit(&conn, bytes)?;
    }
    Ok(conn)
}

/// Opens the file for reading, after [`open_writer`].
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    // Not SQLITE_OPEN_READ_ONLY: a reader of a write-ahead log keeps its shared index up to date.
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "query_only", true)?;
    keep_statements(&conn)?;
    Ok(conn)
}

/// A store without a file.
pub(super) fn open_memory() -> Result<Connection, StoreError> {
    let mut conn = Connection::open_in_memory()?;
    settle(&mut conn)?;
    Ok(conn)
}

/// The settings both homes share, then the schema.
fn settle(conn: &mut Connection) -> Result<(), StoreError> {
    conn.pragma_update(None, "foreign_keys", true)?;
    keep_statements(conn)?;
    migrate(conn)
}

/// Statements are planned once: by default SQLite plans one that uses a partial index anew for every new value.
fn keep_statements(conn: &Connection) -> Result<(), StoreError> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken = pragma(&tx, "user_version")?;
    let Some(steps) = usize::try_from(taken).ok().and_then(|taken| STEPS.get(taken..)) else {
        return Err(StoreError::Unreadable(format!(
            "its schema is version {taken}, this program knows versions up to {}: run the newer program",
            STEPS.len()
        )));
    };
    for step in steps {
        tx.execute_batch(step)?;
    }
    if !steps.is_empty() {
        tx.pragma_update(None, "user_version", STEPS.len() as i64)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(tx.commit()?)
}

/// An empty file or ours, before anything is changed in it.
fn check_identity(conn: &Connection) -> Result<(), StoreError> {
    let objects: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if objects > 0 && pragma(conn, "application_id")? != APPLICATION_ID {
        return Err(StoreError::Unreadable(
            "the file is another program's database; name another file in the configuration".to_owned(),
        ));
    }
    Ok(())
}

fn limit(conn: &Connection, bytes: u64) -> Result<(), StoreError> {
    let page = pragma(conn, "page_size")?.max(1).unsigned_abs();
    let pages = i64::try_from((bytes / page).max(1)).unwrap_or(i64::MAX);
    Ok(conn.pragma_update(None, "max_page_count", pages)?)
}

fn pragma(conn: &Connection, name: &str) -> Result<i64, StoreError> {
    Ok(conn.pragma_query_value(None, name, |row| row.get(0))?)
}

/// Makes the file readable by its owner only, before anything is in it: it holds personal data. SQLite gives the
/// write-ahead log the same rights.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(advice::of_io(&error)),
    }
}
