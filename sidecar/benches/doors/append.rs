//! What a bare server keeps its records by: the sidecar's own group commit, or the least a file costs that keeps what
//! was answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use rusqlite::Connection;
use tempfile::TempDir;
use tieline::store::{Piece, Store as _, sqlite::SqliteStore};
use tieline_engine::{
    call::Call,
    ids::CallId,
    jiff::{Timestamp, tz::TimeZone},
    phone::Phone,
};

use super::{
    house,
    yardstick::{self, Append, Appends},
};

/// The call of `house::ended` as it is stored.
const CALL: &str = r#"{"id":"","project":"inbox","direction":"incoming","source":"call","phase":"ended",
    "client":{"google_client_id":"1182736451.1763270000"},"line":"0443330000",
    "started_at":"2026-11-22T21:36:11.230093391Z","answered_at":"2026-11-22T21:36:21.230093492Z",
    "ended_at":"2026-11-22T21:37:10.230093542Z","outcome":"answered","talk_seconds":49,"ring_seconds":10,
    "legs":[{"agent":{"sip":"shop_one"},"answered_at":"2026-11-22T21:36:21.230093492Z",
        "ended_at":"2026-11-22T21:37:10.230093542Z","talk_seconds":49,"answered":true,
        "recording":"https://records.example.org/2026/11/16/1763276400.53722.mp3"}],
    "recording":"https://records.example.org/2026/11/16/1763276400.53722.mp3","recording_expected":true,
    "pool":"site","utm":{"source":"google","medium":"cpc"},"params":{}}"#;

/// Records per commit at most, as in the sidecar's own writer.
const BATCH: usize = 256;

/// Opens a store as the sidecar's and takes the same call into it again and again, under an id and a number of its own.
pub(crate) fn to_store() -> Appends {
    let dir = house::directory();
    let store = Arc::new(SqliteStore::open(&dir.path().join("calls.db")).expect("a store"));
    let call: Call = serde_json::from_str(CALL).expect("a call");
    let (counted, dir) = (AtomicU64::new(0), Arc::new(dir));
    Box::new(move |_| {
        let nr = counted.fetch_add(1, Ordering::Relaxed);
        let (piece, store, dir) = (piece(&call, nr), Arc::clone(&store), Arc::clone(&dir));
        Box::pin(async move {
            let kept = store.accept(piece).await.is_ok();
            drop(dir);
            kept
        })
    })
}

fn piece(call: &Call, nr: u64) -> Piece {
    let mut call = Call { id: CallId::new(format!("1763276400.{nr}")), ..call.clone() };
    call.client.phone = Some(Phone::new(format!("38067{nr:07}")));
    let lane_of = |call: &Call| call.client.phone.as_ref().map(|phone| phone.raw().to_owned()).unwrap_or_default();
    let at = Timestamp::now();
    Piece { call, lane_of: Arc::new(lane_of), at, day: at.to_zoned(TimeZone::UTC).date(), raw: None, trace: None }
}

/// One thread, one table, one flush for all that waits.
pub(crate) fn to_table() -> Appends {
    let dir = house::directory();
    let conn = Connection::open(dir.path().join("bare.db")).expect("a database");
    conn.pragma_update(None, "journal_mode", "wal").expect("a write-ahead log");
    conn.pragma_update(None, "synchronous", "full").expect("a flush per commit");
    conn.pragma_update(None, "wal_autocheckpoint", 4_000).expect("the sidecar's own checkpoints");
    conn.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)", []).expect("a table");
    let (appends, queue) = sync_channel(4_096);
    thread::spawn(move || write(&conn, &queue, &dir));
    yardstick::handed(move |append| appends.try_send(append).is_ok())
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
