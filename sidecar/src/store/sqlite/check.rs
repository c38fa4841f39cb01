//! Whether a file is whole, looked at before anything is done with it.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, advice, mark::beside};

/// Pages up to which the indexes are held against their tables, too (4 KiB each: 256 MiB, about two seconds). In
/// longer files only the pages' own order is checked, which takes about as long for ten times as much.
const THOROUGH_PAGES: i64 = 65_536;

/// Reads the whole file. A damaged index could hide a call from the queue, so indexes count as the rest does.
pub(super) fn whole(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let page: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let log = beside(path, "-wal").metadata().map_or(0, |log| log.len());
    let bytes = path.metadata().map_err(|error| advice::of_io(&error))?.len();
    // With a log, the file may end in the middle of a page that the log still has. SQLite itself fills up a page that
    // is cut off.
    if log == 0 && i64::try_from(bytes) != Ok(pages.saturating_mul(page)) {
        return Err(advice::damaged(&format!("it has {bytes} bytes instead of {pages} pages of {page}")));
    }
    let check = if pages <= THOROUGH_PAGES { "integrity_check(1)" } else { "quick_check(1)" };
    let found: String = conn.query_row(&format!("PRAGMA {check}"), [], |row| row.get(0))?;
    // What SQLite says names pages and indexes, never what stands in them.
    if found == "ok" { Ok(()) } else { Err(advice::damaged(&found.replace('\n', " "))) }
}
