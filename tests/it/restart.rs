//! Stopping in good order, and data directories the program must not work on.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tokio::time::{self, Instant};

use crate::{
    crms::{Crms, PROJECTS, STORE},
    exchange::{Exchange, LOOK_EVERY, Wire},
    feed::Feed,
    program::{Program, refuses},
};

/// `drain_seconds` of the configuration and what closing takes on a busy machine.
const STOP_BOUND: Duration = Duration::from_secs(2 + 5);
/// Longest time for anything else.
const BOUND: Duration = Duration::from_secs(60);
/// Calls each project gets.
const CALLS: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_ends_in_time_and_loses_nothing() {
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(3).await);
    let config = crms.configure(dir.path());
    let (mut exchange, feed) = (Exchange::new(3), Feed::default());
    PROJECTS.iter().for_each(|(project, _)| feed.add(exchange.calls(project, CALLS)));
    let program = Program::start(&config);
    let mut feeding = feed.begin(&Wire::to(&program));
    feeding.taken(5, BOUND).await;
    let ended = program.terminate(STOP_BOUND);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    feeding.give_up().await;
    finish(&config, &crms, &exchange, &feed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_outlast_the_stop_are_cut_and_taken_up_by_the_next_start() {
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(4).await);
    let config = crms.configure(dir.path());
    let (mut exchange, feed) = (Exchange::new(4), Feed::default());
    let slow = json!([{ "name": "slow", "ms": 10_000, "on": "writes" }]);
    for (project, kind) in PROJECTS {
        crms.fail(kind, &slow).await;
        feed.add(exchange.calls(project, CALLS));
    }
    let program = Program::start(&config);
    feed.begin(&Wire::to(&program)).all_taken().await;
    writes_hang(&crms).await;
    let ended = program.terminate(STOP_BOUND);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    assert!(ended.took >= Duration::from_secs(2), "what was under way got no time: {:?}", ended.took);
    for (_, kind) in PROJECTS {
        crms.fail(kind, &json!([])).await;
    }
    finish(&config, &crms, &exchange, &feed).await;
}

/// Waits until a write is under way at each of the CRMs.
async fn writes_hang(crms: &Crms) {
    let deadline = Instant::now() + BOUND;
    for (_, kind) in PROJECTS {
        while crms.hits(kind, "slow").await == 0 {
            assert!(Instant::now() < deadline, "nothing is written to {kind}");
            time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Starts again and waits until every call is where it belongs.
async fn finish(config: &Path, crms: &Crms, exchange: &Exchange, feed: &Feed) {
    let program = Program::start(config);
    let wire = Wire::to(&program);
    feed.begin(&wire).all_taken().await;
    for (project, _) in PROJECTS {
        let days = wire.settled(project, BOUND).await;
        assert!(days.iter().all(|day| day.balanced && day.received == day.written), "{days:?}");
    }
    crms.hold_exactly(&exchange.calls).await;
    assert_eq!(program.terminate(STOP_BOUND).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_named() {
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(1).await);
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [read_only(dir.path()), dir.path().join("missing"), file] {
        let store = place.join(STORE);
        let ended = refuses(&crms.configure_with(dir.path(), &store));
        assert_eq!(ended.status.code(), Some(1), "{}", ended.log);
        assert!(ended.log.contains(&store.display().to_string()), "{store:?} is not named: {}", ended.log);
    }
}

/// A directory nobody can write to: who may write into any may not write into the system's own.
fn read_only(parent: &Path) -> PathBuf {
    let place = parent.join("read-only");
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(place.join("probe"), "").is_ok() { PathBuf::from("/sys") } else { place }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_named_left_alone_and_advised_on() {
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(1).await);
    let config = crms.configure(dir.path());
    let store = dir.path().join(STORE);
    Program::start(&config).terminate(STOP_BOUND);
    let good = fs::read(&store).unwrap();
    let (half, _) = good.split_at(good.len() / 2);
    let overwritten = [&[0xA5; 4096], good.split_at(4096).1].concat();
    for damaged in [half, &overwritten, b"not a database, but a note of somebody's"] {
        fs::write(&store, damaged).unwrap();
        let ended = refuses(&config);
        assert_eq!(ended.status.code(), Some(1), "{}", ended.log);
        for told in [store.display().to_string().as_str(), "backup", "move it away"] {
            assert!(ended.log.contains(told), "{told:?} is not told: {}", ended.log);
        }
        assert_eq!(fs::read(&store).unwrap(), damaged, "whoever repairs it needs it as it is");
    }
    fs::write(&store, good).unwrap();
    assert_eq!(Program::start(&config).terminate(STOP_BOUND).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_calls_is_refused_until_the_first_is_gone() {
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(5).await);
    let config = crms.configure(dir.path());
    let (mut exchange, feed) = (Exchange::new(5), Feed::default());
    let first = Program::start(&config);
    let second = refuses(&config);
    assert_eq!(second.status.code(), Some(1), "{}", second.log);
    let store = dir.path().join(STORE).display().to_string();
    assert!(second.log.contains(&store) && second.log.contains("another sidecar"), "{}", second.log);
    PROJECTS.iter().for_each(|(project, _)| feed.add(exchange.calls(project, 1)));
    feed.begin(&Wire::to(&first)).all_taken().await;
    first.kill();
    finish(&config, &crms, &exchange, &feed).await;
}
