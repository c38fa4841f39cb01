//! The embedded store: the suite in both homes, and what only a file can go wrong with.

use std::{fs, path::Path};

use futures::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;
use tieline::store::{
    Piece, Receipt, Store, StoreError,
    sqlite::{Bounds, SqliteStore},
};
use tieline_engine::ids::CallId;

use crate::store_suite::{
    fixtures::{accept, at, call, due, ended, in_state, piece, shop, stored},
    property::{event, happens},
};

mod in_memory {
    use super::SqliteStore;

    crate::store_suite::store_suite!((SqliteStore::in_memory().unwrap(), ()));
}

mod in_a_file {
    crate::store_suite::store_suite!(super::in_new_directory());
}

pub(crate) fn in_new_directory() -> (SqliteStore, TempDir) {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open(&directory.path().join("tieline.db")).unwrap();
    (store, directory)
}

/// The files as a power cut would leave them, elsewhere.
pub(crate) fn copy_of(directory: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    for name in ["tieline.db", "tieline.db-wal"] {
        fs::copy(directory.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
}

/// Keeps the store's writer from writing for as long as it lives.
pub(crate) fn hold(path: &Path) -> Connection {
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn what_was_accepted_survives_a_crash() {
    let (store, directory) = in_new_directory();
    for nr in 0..20 {
        accept(&store, ended(&format!("{nr}"), "1"), nr).await;
    }
    let copy = copy_of(&directory);
    let after = SqliteStore::open(&copy.path().join("tieline.db")).unwrap();
    assert_eq!(after.count(&shop(), in_state(&[])).await.unwrap(), 20);
    assert_eq!(due(&after, 30).await, ["0"]);
    assert_eq!(accept(&after, ended("19", "1"), 40).await.receipt, Receipt::Repeated);
}

#[tokio::test]
async fn a_closed_store_is_whole_and_refuses_work() {
    let (store, directory) = in_new_directory();
    accept(&store, call("a", "1"), 0).await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(store.next_due(&shop(), true).await, Err(StoreError::Closed));
    assert_eq!(store.accept(piece(call("b", "1"), at(0))).await, Err(StoreError::Closed));
    let again = SqliteStore::open(&directory.path().join("tieline.db")).unwrap();
    assert_eq!(due(&again, 0).await, ["a"]);
}

#[tokio::test]
async fn many_calls_at_once_share_commits() {
    let (store, directory) = in_new_directory();
    let before = store.commits();
    let held = hold(&directory.path().join("tieline.db"));
    let mut answers: FuturesUnordered<_> =
        (0..500).map(|nr| store.accept(piece(call(&nr.to_string(), "1"), at(0)))).collect();
    assert!(futures::poll!(answers.next()).is_pending(), "nothing is answered before it is on disk");
    drop(held);
    let receipts: Vec<_> = answers.map(|answer| answer.unwrap().receipt).collect().await;
    assert_eq!(receipts, [Receipt::Accepted; 500]);
    assert!(store.commits() - before <= 4, "{} commits", store.commits() - before);
}

#[tokio::test]
async fn a_full_queue_refuses_and_keeps_what_it_took() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tieline.db");
    let store = SqliteStore::open_with(&path, Bounds { queue: 4, ..Bounds::default() }).unwrap();
    let held = hold(&path);
    let mut answers: FuturesUnordered<_> =
        (0..50).map(|nr| store.accept(piece(call(&nr.to_string(), "1"), at(0)))).collect();
    assert_eq!(answers.next().await, Some(Err(StoreError::Full)));
    drop(held);
    let rest: Vec<_> = answers.collect().await;
    let taken = rest.iter().filter(|answer| answer.is_ok()).count();
    assert!(rest.iter().all(|answer| answer.is_ok() || *answer == Err(StoreError::Full)));
    assert!((4..50).contains(&taken));
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), taken as u64);
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing_that_was_answered() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tieline.db");
    let bounds = Bounds { file_bytes: Some(400 << 10), ..Bounds::default() };
    let store = SqliteStore::open_with(&path, bounds).unwrap();
    let (mut taken, mut refused) = (Vec::new(), 0);
    for round in 0..40 {
        let names: Vec<_> = (0..20).map(|nr| format!("{round}.{nr}")).collect();
        let answers = join_all(names.iter().map(|id| store.accept(piece(ended(id, id), at(0))))).await;
        for (id, answer) in names.into_iter().zip(answers) {
            match answer {
                Ok(_) => taken.push(id),
                Err(StoreError::Broken(text)) if text.contains("full") => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(refused > 0 && taken.len() > 100, "{} taken, {refused} refused", taken.len());
    store.close().await.unwrap();
    let roomy = SqliteStore::open(&path).unwrap();
    assert_eq!(roomy.count(&shop(), in_state(&[])).await.unwrap(), taken.len() as u64);
    for id in &taken {
        assert!(roomy.call(&shop(), &CallId::new(id.as_str())).await.unwrap().is_some());
    }
    assert_eq!(accept(&roomy, call("room again", "1"), 0).await.receipt, Receipt::Accepted);
}

#[tokio::test]
async fn a_job_that_fails_takes_nobody_with_it() {
    let (store, directory) = in_new_directory();
    accept(&store, call("damaged", "1"), 0).await;
    let held = hold(&directory.path().join("tieline.db"));
    held.execute("UPDATE calls SET call = '{'", []).unwrap();
    let mut answers: FuturesUnordered<_> =
        ["a", "damaged", "b"].map(|id| store.accept(piece(ended(id, id), at(1)))).into_iter().collect();
    assert!(futures::poll!(answers.next()).is_pending());
    held.execute_batch("COMMIT").unwrap();
    let answers: Vec<_> = answers.collect().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    assert!(answers.iter().any(|answer| matches!(answer, Err(StoreError::Unreadable(_)))));
    assert_eq!(stored(&store, "b").await.call.talk_seconds, 42);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "text").unwrap();
    for place in [directory.path().join("missing/tieline.db"), file.join("tieline.db"), directory.path().to_owned()] {
        let Err(StoreError::Broken(text)) = SqliteStore::open(&place) else { panic!("{}", place.display()) };
        assert!(text.contains(&*directory.path().to_string_lossy()), "{text}");
    }
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let (noise, other) = (directory.path().join("noise"), directory.path().join("other"));
    fs::write(&noise, vec![7; 10_000]).unwrap();
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    for path in [noise, other] {
        let before = fs::read(&path).unwrap();
        assert!(matches!(SqliteStore::open(&path), Err(StoreError::Unreadable(_))), "{}", path.display());
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (store, directory) = in_new_directory();
    accept(&store, call("a", "1"), 0).await;
    store.close().await.unwrap();
    let path = directory.path().join("tieline.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    let Err(StoreError::Unreadable(text)) = SqliteStore::open(&path) else { panic!("opened") };
    assert!(text.contains("1000") && text.contains("newer"), "{text}");
}

#[tokio::test]
async fn two_sidecars_do_not_work_on_one_file() {
    let (store, directory) = in_new_directory();
    let path = directory.path().join("tieline.db");
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Broken(text)) if text.contains("another sidecar")));
    store.close().await.unwrap();
    assert!(SqliteStore::open(&path).is_ok());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let (store, directory) = in_new_directory();
    accept(&store, call("a", "1"), 0).await;
    for name in ["tieline.db", "tieline.db-wal", "tieline.db-shm"] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn bodies_are_kept_for_replay_within_bounds() {
    let store = SqliteStore::in_memory().unwrap();
    let bodies = (0..30).map(|nr| format!("body {nr}")).chain(["x".repeat(100_000)]);
    for (nr, raw) in bodies.enumerate() {
        let mut told = call("a", "1");
        told.talk_seconds = u32::try_from(nr).unwrap();
        store.accept(Piece { raw: Some(raw), ..piece(told, at(0)) }).await.unwrap();
    }
    let kept = store.pieces(&shop(), &CallId::new("a")).await.unwrap();
    assert_eq!(kept, (0..16).map(|nr| format!("body {nr}")).collect::<Vec<_>>());
    assert_eq!(stored(&store, "a").await.call.talk_seconds, 30, "a body too long to keep is taken in all the same");
}

#[tokio::test(start_paused = true)]
async fn in_memory_answers_while_time_stands_still() {
    let store = SqliteStore::in_memory().unwrap();
    assert!(futures::poll!(store.accept(piece(call("a", "1"), at(0)))).is_ready());
    assert!(futures::poll!(store.next_due(&shop(), true)).is_ready());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_work_keeps_the_ledger_balanced_and_the_queue_true(events in prop::collection::vec(event(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { happens(&SqliteStore::in_memory().unwrap(), events).await });
    }
}
