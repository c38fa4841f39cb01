//! The least a file costs that keeps what was answered: one thread, one table, one flush for all that waits.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{
    house,
    yardstick::{Append, Appends},
};

/// Records per commit at most, as in the sidecar's own writer.
const BATCH: usize = 256;

/// Opens a table and takes records into it.
pub(crate) fn to_file() -> Appends {
    let dir = house::directory();
    let conn = Connection::open(dir.path().join("bare.db")).expect("a database");
    conn.pragma_update(None, "journal_mode", "wal").expect("a write-ahead log");
    conn.pragma_update(None, "synchronous", "full").expect("a flush per commit");
    conn.pragma_update(None, "wal_autocheckpoint", 4_000).expect("the sidecar's own checkpoints");
    conn.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)", []).expect("a table");
    let (appends, queue) = sync_channel(4_096);
    thread::spawn(move || write(&conn, &queue, &dir));
    Box::new(move |append| appends.try_send(append).is_ok())
}

fn write(conn: &Connection, queue: &Receiver<Append>, _dir: &TempDir) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(BATCH - 1));
        let run = |sql| conn.prepare_cached(sql).expect("a statement");
        run("BEGIN IMMEDIATE").execute([]).expect("a transaction");
        for (body, _) in &batch {
            run("INSERT INTO log (body) VALUES (?1)").execute([body]).expect("a row");
        }
        run("COMMIT").execute([]).expect("a commit");
        for (_, answer) in batch {
            answer.send(()).expect("somebody waits");
        }
    }
}
