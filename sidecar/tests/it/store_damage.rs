//! Disks that are full and files that are damaged: said clearly, nothing silently dropped, a way out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bad_input::Random;
use rusqlite::Connection;
use tempfile::TempDir;
use tieline::store::{
    Filter, Receipt, State, StateIs, Store, StoreError, Turns,
    sqlite::{Bounds, SqliteStore},
};
use tieline_engine::{
    ids::CallId,
    reason::{Reason, ReasonCode},
};

use crate::{
    store_sqlite::{copy_of, hold, in_new_directory},
    store_suite::fixtures::{accept, at, day, due, ended, ids, in_state, piece, shop, stored},
};

const CALLS: usize = 40;

/// A store's file with calls in it, closed in good order.
async fn filled() -> (PathBuf, TempDir) {
    let (store, directory) = in_new_directory();
    for nr in 0..CALLS {
        accept(&store, ended(&format!("{nr}"), &format!("38067000{nr:04}")), 0).await;
    }
    store.close().await.unwrap();
    (directory.path().join("tieline.db"), directory)
}

fn refused(path: &Path) -> String {
    match SqliteStore::open(path) {
        Err(StoreError::Unreadable(text)) => text,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

#[tokio::test]
async fn calls_are_taken_again_when_the_disk_has_room_without_a_restart() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tieline.db");
    let store = SqliteStore::open_with(&path, Bounds { file_bytes: Some(600 << 10), ..Bounds::default() }).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE filler AS SELECT zeroblob(300000) AS bytes").unwrap();
    let mut taken = 0_u64;
    let refusal = loop {
        match store.accept(piece(ended(&taken.to_string(), "1"), at(0))).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 10_000, "the disk is never full");
    };
    let StoreError::Broken(text) = refusal else { panic!("{refusal}") };
    for told in [&*path.to_string_lossy(), "full", "make room"] {
        assert!(text.contains(told), "{told} is not told: {text}");
    }
    assert_eq!(store.count(&shop(), in_state(&[])).await, Ok(taken), "what was answered is still read");
    other.execute_batch("DROP TABLE filler").unwrap();
    assert_eq!(accept(&store, ended("after", "1"), 1).await.receipt, Receipt::Accepted);
    assert!(store.ledger(&shop(), day(), day()).await.unwrap()[0].balances());
}

#[tokio::test]
async fn a_truncated_file_is_refused_and_left_alone() {
    let (path, directory) = filled().await;
    let whole = fs::read(&path).unwrap();
    for kept in [0, 1, 99, 512, 4_095, 4_096, 4_097, 20_480, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        fs::write(&path, &whole[..kept]).unwrap();
        let text = refused(&path);
        assert!(text.contains(&*directory.path().to_string_lossy()) && text.contains("backup"), "{kept}: {text}");
        assert_eq!(fs::read(&path).unwrap(), &whole[..kept], "left as it was for whoever repairs it");
    }
    fs::write(&path, whole).unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap().count(&shop(), in_state(&[])).await, Ok(CALLS as u64));
}

#[tokio::test]
async fn a_flipped_byte_is_refused_or_costs_no_call() {
    let (path, _directory) = filled().await;
    let whole = fs::read(&path).unwrap();
    let mut random = Random::seeded(4711);
    let (mut refusals, mut marked) = (0, 0);
    for _ in 0..300 {
        let mut damaged = whole.clone();
        let at = random.below(whole.len());
        damaged[at] ^= 1 << random.below(8);
        fs::write(&path, &damaged).unwrap();
        match SqliteStore::open(&path) {
            Err(StoreError::Unreadable(_)) => refusals += 1,
            Err(other) => panic!("byte {at}: {other}"),
            Ok(store) => match holds_every_call(&store, at).await {
                Some(failed) => marked += failed,
                None => refusals += 1,
            },
        }
        for beside in ["-wal", "-shm", ".lock"] {
            drop(fs::remove_file(format!("{}{beside}", path.display())));
        }
    }
    assert!(refusals > 10 && marked > 10, "{refusals} refused, {marked} calls marked as damaged");
}

/// Every call is listed, and either has its turn or is among the failed ones. Returns how many are there; `None`: where
/// the byte was part of a column's name, the first question is refused.
async fn holds_every_call(store: &SqliteStore, byte: usize) -> Option<usize> {
    let all = Filter::default();
    let turns = match store.due(&shop(), at(10), &[], Turns::all(100)).await {
        Ok(turns) => turns,
        Err(StoreError::Unreadable(found)) if found.contains("no such column") => {
            store.close().await.unwrap();
            return None;
        }
        Err(error) => panic!("byte {byte}: {error}"),
    };
    let listed = store.list(&shop(), all, 0, 100).await.unwrap_or_else(|error| panic!("byte {byte}: {error}"));
    let failed = listed.iter().filter(|stored| stored.state == State::Failed).count();
    assert_eq!((listed.len(), turns.len() + failed), (CALLS, CALLS), "byte {byte}");
    store.close().await.unwrap();
    Some(failed)
}

#[tokio::test]
async fn a_log_cut_or_damaged_in_the_middle_keeps_all_before_it() {
    let (store, directory) = in_new_directory();
    for nr in 0..CALLS {
        accept(&store, ended(&format!("{nr}"), "1"), 0).await;
    }
    let copy = copy_of(&directory);
    let log = fs::read(copy.path().join("tieline.db-wal")).unwrap();
    let mut before = 0;
    for twentieth in 1..=20 {
        let cut = log.len() * twentieth / 20;
        let kept = left_of(&copy, &log[..cut]).await;
        assert!(kept >= before, "a longer log holds less");
        before = kept;
        let mut flipped = log.clone();
        flipped[cut - 1] ^= 0x10;
        let kept = left_of(&copy, &flipped).await;
        assert!(kept <= before, "what stands behind the damage is not trusted");
    }
    assert_eq!(before, CALLS);
}

/// Opens a copy of the file with a log, and returns how many calls there are: the first ones, without a gap.
async fn left_of(copy: &TempDir, log: &[u8]) -> usize {
    let place = copy_of(copy);
    fs::write(place.path().join("tieline.db-wal"), log).unwrap();
    let store = SqliteStore::open(&place.path().join("tieline.db")).unwrap();
    let listed = ids(&store.list(&shop(), Filter::default(), 0, 100).await.unwrap());
    assert_eq!(listed, (0..listed.len()).map(|nr| nr.to_string()).collect::<Vec<_>>());
    store.close().await.unwrap();
    listed.len()
}

#[tokio::test]
async fn a_log_that_was_taken_away_is_missed() {
    let (store, directory) = in_new_directory();
    accept(&store, ended("a", "1"), 0).await;
    let copy = copy_of(&directory);
    let (path, log) = (copy.path().join("tieline.db"), copy.path().join("tieline.db-wal"));
    let lock = copy.path().join("tieline.db.lock");
    fs::copy(directory.path().join("tieline.db.lock"), &lock).unwrap();
    let taken = copy.path().join("taken");
    fs::rename(&log, &taken).unwrap();
    let text = refused(&path);
    for told in [&*log.to_string_lossy(), &*lock.to_string_lossy(), "put it back", "delete"] {
        assert!(text.contains(told), "{told} is not told: {text}");
    }
    fs::rename(&taken, &log).unwrap();
    let back = SqliteStore::open(&path).unwrap();
    assert_eq!(due(&back, 1).await, ["a"]);
    back.close().await.unwrap();

    // Two connections that close at once may both leave it to the other to remove the log.
    drop(fs::remove_file(&log));
    fs::write(&lock, "open\n").unwrap();
    refused(&path);
    fs::remove_file(&lock).unwrap();
    SqliteStore::open(&path).unwrap();
}

#[tokio::test]
async fn a_file_that_was_taken_away_from_its_log_is_missed() {
    let (store, directory) = in_new_directory();
    accept(&store, ended("a", "1"), 0).await;
    let copy = copy_of(&directory);
    let path = copy.path().join("tieline.db");
    fs::remove_file(&path).unwrap();
    let text = refused(&path);
    assert!(text.contains("tieline.db-wal") && text.contains("put it back"), "{text}");
    assert!(copy.path().join("tieline.db-wal").exists() && !path.exists(), "left alone");
}

#[tokio::test]
async fn a_damaged_call_holds_up_nobody_and_is_shown_until_it_is_dropped() {
    let (store, directory) = in_new_directory();
    for id in ["damaged", "behind", "other"] {
        accept(&store, ended(id, if id == "other" { "2" } else { "1" }), 0).await;
    }
    let held = hold(&directory.path().join("tieline.db"));
    held.execute("UPDATE calls SET call = '{' WHERE id = 'damaged'", []).unwrap();
    held.execute_batch("COMMIT").unwrap();
    assert_eq!(due(&store, 1).await, ["other"], "the damaged one is set aside");
    assert_eq!(due(&store, 1).await, ["behind", "other"], "and its client's next call has its turn");
    let shown = stored(&store, "damaged").await;
    assert_eq!(shown.state, State::Failed);
    assert!(shown.trouble.as_ref().unwrap().text.contains("damaged"), "{shown:?}");
    let failed = in_state(&[StateIs::Failed]);
    assert_eq!(ids(&store.list(&shop(), failed.clone(), 0, 10).await.unwrap()), ["damaged"]);
    assert_eq!(store.requeue(&shop(), failed.clone(), at(2)).await, Ok(0), "nobody knows what was written of it");
    let refusal = store.accept(piece(ended("damaged", "1"), at(3))).await;
    assert!(matches!(refusal, Err(StoreError::Unreadable(text)) if text.contains("tieline.db")));
    assert!(store.ledger(&shop(), day(), day()).await.unwrap()[0].balances());
    let dropped = store.skip(&shop(), failed, Reason::new(ReasonCode::Dropped), at(4)).await;
    assert_eq!((dropped, stored(&store, "damaged").await.state), (Ok(1), State::Skipped(ReasonCode::Dropped)));
    assert!(store.call(&shop(), &CallId::new("other")).await.unwrap().is_some());
}

/// As after a step back to an older version and forward again.
#[tokio::test]
async fn a_call_that_was_set_aside_is_retried_once_it_can_be_read_again() {
    let (store, directory) = in_new_directory();
    accept(&store, ended("a", "1"), 0).await;
    let change = |sql: &str| {
        let held = hold(&directory.path().join("tieline.db"));
        held.execute(sql, []).unwrap();
        held.execute_batch("COMMIT").unwrap();
    };
    change("UPDATE calls SET facts = replace(facts, '{', '{\"of\":\"tomorrow\"}{') WHERE id = 'a'");
    assert!(due(&store, 1).await.is_empty());
    assert_eq!(stored(&store, "a").await.state, State::Failed);
    change("UPDATE calls SET facts = replace(facts, '{\"of\":\"tomorrow\"}', '') WHERE id = 'a'");
    assert_eq!(store.requeue(&shop(), in_state(&[StateIs::Failed]), at(2)).await, Ok(1));
    assert_eq!(due(&store, 2).await, ["a"]);
}
