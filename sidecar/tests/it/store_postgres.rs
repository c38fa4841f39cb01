//! The shared store: the suite, and what only a database that several sidecars share can go wrong with.

mod claims;
mod large;
mod outages;
mod over_tls;
mod upgrades;

use std::time::Duration;

use futures::{StreamExt as _, stream::FuturesUnordered};
use proptest::prelude::*;
use secrecy::SecretString;
use tieline::store::{
    Piece, Receipt, Store, StoreError,
    postgres::{PostgresConfig, PostgresStore},
};
use tieline_engine::ids::CallId;

use crate::{
    database::Database,
    store_suite::{
        fixtures::{accept, at, call, ended, in_state, piece, shop, stored},
        property::{event, happens},
    },
};

mod the_suite {
    crate::store_suite::store_suite!(super::in_new_database().await);
}

/// A lease no test outlives, unless it means to.
const LONG: Duration = Duration::from_secs(60);

async fn in_new_database() -> (PostgresStore, Database) {
    let database = Database::fresh().await;
    (open(&database, "one").await, database)
}

fn config(database: &Database, lease: Duration) -> PostgresConfig {
    // Fails only when another test has installed it before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut config = PostgresConfig::new(&SecretString::from(database.url.clone())).unwrap();
    (config.connections, config.lease) = (4, lease);
    config
}

async fn open(database: &Database, name: &str) -> PostgresStore {
    open_for(database, name, LONG).await
}

async fn open_for(database: &Database, name: &str, lease: Duration) -> PostgresStore {
    PostgresStore::open(&config(database, lease), name.to_owned()).await.unwrap()
}

#[tokio::test]
async fn what_was_accepted_is_there_for_every_sidecar() {
    let (one, database) = in_new_database().await;
    for nr in 0..20 {
        accept(&one, ended(&format!("{nr}"), "1"), nr).await;
    }
    let two = open(&database, "two").await;
    assert_eq!(two.count(&shop(), in_state(&[])).await.unwrap(), 20);
    assert_eq!(accept(&two, ended("19", "1"), 40).await.receipt, Receipt::Repeated);
    assert_eq!(stored(&two, "7").await.call, stored(&one, "7").await.call);
}

#[tokio::test]
async fn many_calls_at_once_share_commits() {
    let (store, database) = in_new_database().await;
    let mut other = database.client().await;
    let held = other.transaction().await.unwrap();
    held.execute("LOCK TABLE lanes IN SHARE MODE", &[]).await.unwrap();
    let mut answers: FuturesUnordered<_> =
        (0..500).map(|nr| store.accept(piece(call(&nr.to_string(), "1"), at(0)))).collect();
    assert!(futures::poll!(answers.next()).is_pending(), "nothing is answered before it is stored");
    held.commit().await.unwrap();
    let receipts: Vec<_> = answers.map(|answer| answer.unwrap().receipt).collect().await;
    assert_eq!(receipts, [Receipt::Accepted; 500]);
    assert!(store.commits() <= 5, "{} commits", store.commits());
}

#[tokio::test]
async fn a_full_queue_refuses_and_keeps_what_it_took() {
    let database = Database::fresh().await;
    let mut config = config(&database, LONG);
    config.queue = 4;
    let store = PostgresStore::open(&config, "one".to_owned()).await.unwrap();
    let answers: Vec<_> = (0..50).map(|nr| store.accept(piece(call(&nr.to_string(), "1"), at(0)))).collect();
    let answers = futures::future::join_all(answers).await;
    let taken = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(answers.iter().all(|answer| answer.is_ok() || *answer == Err(StoreError::Full)));
    assert!((4..50).contains(&taken), "{taken}");
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), taken as u64);
}

#[tokio::test]
async fn a_piece_that_cannot_be_stored_takes_nobody_with_it() {
    let (store, _database) = in_new_database().await;
    let answers = ["a", "zero \0 character", "b"].map(|id| store.accept(piece(ended(id, "1"), at(1))));
    let answers = futures::future::join_all(answers).await;
    assert!(matches!(&*answers, [Ok(_), Err(StoreError::Broken(_)), Ok(_)]), "{answers:?}");
    assert_eq!(stored(&store, "b").await.call.talk_seconds, 42);
}

#[tokio::test]
async fn a_closed_store_is_whole_and_refuses_work() {
    let (store, database) = in_new_database().await;
    accept(&store, call("a", "1"), 0).await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(store.next_due(&shop(), true).await, Err(StoreError::Closed));
    assert_eq!(store.accept(piece(call("b", "1"), at(0))).await, Err(StoreError::Closed));
    let again = open(&database, "two").await;
    assert_eq!(crate::store_suite::fixtures::due(&again, 0).await, ["a"]);
}

#[tokio::test]
async fn bodies_are_kept_for_replay_within_bounds() {
    let (store, _database) = in_new_database().await;
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

#[tokio::test]
async fn a_password_is_shown_by_nothing() {
    let url = SecretString::from("postgres://somebody:s3cret@db.example.com/calls".to_owned());
    let config = PostgresConfig::new(&url).unwrap();
    assert!(config.has_password());
    let shown = format!("{config:?} {}", config.place());
    assert!(shown.contains("db.example.com") && !shown.contains("s3cret"), "{shown}");
    let wrong = SecretString::from("postgres://somebody:s3cret@db.example.com:port/calls".to_owned());
    assert!(!PostgresConfig::new(&wrong).unwrap_err().contains("s3cret"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_work_keeps_the_ledger_balanced_and_the_queue_true(events in prop::collection::vec(event(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (store, _database) = in_new_database().await;
            happens(&store, events).await;
        });
    }
}
