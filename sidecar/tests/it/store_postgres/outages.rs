//! A database that is away, comes back, is in the way, or holds what cannot be read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tieline::store::{
    Receipt, State, StateIs, Store, StoreError, Turns,
    postgres::PostgresStore,
    resend::{Resending, Selection},
};
use tieline_engine::{
    ids::CallId,
    reason::{Reason, ReasonCode},
};
use tokio::time;

use super::{LONG, config, in_new_database, open};
use crate::{
    database::{Database, Server},
    store_suite::fixtures::{accept, at, call, day, due, ended, finish, ids, in_state, piece, progress, shop, stored},
};

/// Longest wait for something that is about to happen.
const BOUND: Duration = Duration::from_secs(30);

/// Accepts and delivers until told to stop; says what was answered as stored.
async fn work(store: Arc<PostgresStore>, name: &'static str, over: Arc<AtomicBool>) -> (Vec<String>, u64) {
    let (mut taken, mut refused) = (Vec::new(), 0);
    for nr in 0.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let id = format!("{name} {nr}");
        match store.accept(piece(ended(&id, &(nr % 7).to_string()), at(nr))).await {
            Ok(_) => taken.push(id),
            Err(StoreError::Away(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        let due = store.due(&shop(), at(1_000_000), &[], Turns::all(3)).await;
        for held in due.unwrap_or_default() {
            match store.save(progress(&held, State::Written, 2)).await {
                Ok(()) | Err(StoreError::Away(_) | StoreError::Taken) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    (taken, refused)
}

/// Lets two sidecars work while something happens to the server; what was answered is there afterwards.
async fn nothing_is_lost(database: &Database, happens: impl AsyncFnOnce()) {
    let over = Arc::new(AtomicBool::new(false));
    let (one, two) = (Arc::new(open(database, "one").await), Arc::new(open(database, "two").await));
    let workers = [("a", &one), ("b", &one), ("c", &two), ("d", &two)]
        .map(|(name, store)| tokio::spawn(work(Arc::clone(store), name, Arc::clone(&over))));
    happens().await;
    over.store(true, Ordering::SeqCst);
    let mut taken = 0;
    for worker in workers {
        let (ids, _) = time::timeout(BOUND, worker).await.unwrap().unwrap();
        for id in &ids {
            assert!(one.call(&shop(), &CallId::new(id.as_str())).await.unwrap().is_some(), "{id} is lost");
        }
        taken += ids.len();
    }
    assert!(taken > 20, "{taken}");
    let days = one.ledger(&shop(), day(), day()).await;
    assert!(days.unwrap().iter().all(tieline::store::LedgerDay::balances));
}

/// Returns when so many calls more are stored.
async fn calls_more(database: &Database, count: i64) {
    let client = database.client().await;
    let all = async || client.query_one("SELECT count(*) FROM calls", &[]).await.unwrap().get::<_, i64>(0);
    let before = all().await;
    let more = async {
        while all().await < before + count {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(BOUND, more).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_or_a_crash_of_the_server_under_load_loses_nothing() {
    let server = Server::start();
    let database = server.database().await;
    nothing_is_lost(&database, async || {
        for order in ["restart", "crash"] {
            calls_more(&database, 20).await;
            server.order(order);
        }
        calls_more(&database, 20).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_are_made_anew_and_nothing_is_lost() {
    let database = Database::fresh().await;
    nothing_is_lost(&database, async || {
        let client = database.client().await;
        for _ in 0..4 {
            calls_more(&database, 10).await;
            // Only those of this test: others share the server.
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND application_name = $1";
            client.execute(cut, &[&database.name()]).await.unwrap();
        }
        calls_more(&database, 10).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_transactions_in_each_others_way_is_asked_again() {
    for isolation in ["serializable", r"repeatable\ read"] {
        let database = Database::fresh().await.with_setting("default_transaction_isolation", isolation);
        nothing_is_lost(&database, async || calls_more(&database, 60).await).await;
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_waited_for_and_then_told() {
    let server = Server::start();
    let database = server.database().await;
    let mut config = config(&database, Duration::from_millis(1_500));
    config.patience = Duration::from_millis(300);
    let store = PostgresStore::open(&config, "one".to_owned()).await.unwrap();
    accept(&store, call("a", "1"), 0).await;
    let held = store.due(&shop(), at(1), &[], Turns::all(1)).await.unwrap().remove(0);
    server.order("stop");
    assert!(matches!(store.accept(piece(call("b", "1"), at(1))).await, Err(StoreError::Away(_))));
    assert!(matches!(store.save(progress(&held, State::Written, 1)).await, Err(StoreError::Away(_))));
    let lease = held.claim.clone().unwrap().lease;
    let over = async {
        while !lease.left().is_zero() {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(BOUND, over).await.expect("a sidecar that is cut off stops relying on its claims");
    server.order("start");
    let back = async {
        while store.accept(piece(call("b", "1"), at(1))).await.is_err() {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(BOUND, back).await.unwrap();
    // Nobody has buried it meanwhile, so what it had is still its own.
    store.save(progress(&held, State::Written, 2)).await.unwrap();
    assert_eq!(stored(&store, "a").await.state, State::Written);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let (_store, database) = in_new_database().await;
    let nowhere = Database { url: database.url.replace("host=", "host=/nowhere") };
    let mut config = config(&nowhere, LONG);
    config.patience = Duration::from_millis(200);
    let Err(StoreError::Away(text)) = PostgresStore::open(&config, "one".to_owned()).await else { panic!("opened") };
    assert!(text.contains("/nowhere"), "{text}");
}

#[tokio::test]
async fn work_whose_caller_has_gone_is_done_all_the_same_and_spoils_no_connection() {
    let (store, _database) = in_new_database().await;
    for nr in 0..40_i64 {
        let id = nr.to_string();
        let asked = store.accept(piece(call(&id, &id), at(nr)));
        drop(time::timeout(Duration::from_micros(300), asked).await);
        let due = store.due(&shop(), at(nr), &[], Turns::all(5));
        drop(time::timeout(Duration::from_micros(300), due).await);
    }
    let all = async {
        while store.count(&shop(), in_state(&[])).await.unwrap() < 40 {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(BOUND, all).await.unwrap();
    assert_eq!(accept(&store, call("0", "0"), 50).await.receipt, Receipt::Repeated);
}

/// As a tool or a broken disk leaves it.
async fn damage(database: &Database, id: &str) {
    let sql = "UPDATE calls SET call = '{' WHERE id = $1";
    assert_eq!(database.client().await.execute(sql, &[&id]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_damaged_call_holds_up_nobody_and_is_shown_until_it_is_dropped() {
    let (store, database) = in_new_database().await;
    for (id, client) in [("damaged", "1"), ("behind", "1"), ("other", "2")] {
        accept(&store, ended(id, client), 0).await;
    }
    damage(&database, "damaged").await;
    assert_eq!(due(&store, 1).await, ["other"], "the damaged one is set aside");
    let two = open(&database, "two").await;
    assert_eq!(due(&two, 1).await, ["behind"], "and its client is free for the next call, and for anybody");
    let shown = stored(&store, "damaged").await;
    assert_eq!(shown.state, State::Failed);
    assert!(shown.trouble.as_ref().unwrap().text.contains("damaged (column call"), "{shown:?}");
    let failed = in_state(&[StateIs::Failed]);
    let listed = store.list(&shop(), failed.clone(), 0, 10).await.unwrap();
    assert_eq!(
        (ids(&listed), listed[0].trouble.as_ref().unwrap().reason.as_str()),
        (vec!["damaged".into()], "INTERNAL")
    );
    assert_eq!(store.requeue(&shop(), failed.clone(), at(2)).await, Ok(0), "nobody knows what was written of it");
    let refusal = store.accept(piece(ended("damaged", "1"), at(3))).await;
    assert!(matches!(refusal, Err(StoreError::Unreadable(_))), "{refusal:?}");
    assert!(store.ledger(&shop(), day(), day()).await.unwrap()[0].balances());
    let dropped = store.skip(&shop(), failed, Reason::new(ReasonCode::Dropped), at(4)).await;
    assert_eq!((dropped, stored(&store, "damaged").await.state), (Ok(1), State::Skipped(ReasonCode::Dropped)));
}

async fn step_until_at_rest(store: &PostgresStore, id: u64, seconds: i64) -> Resending {
    while store.step_resend(&shop(), id, at(seconds)).await.unwrap() {}
    store.resending(&shop(), Some(id)).await.unwrap().unwrap()
}

#[tokio::test]
async fn damaged_calls_stop_no_resending_and_count_where_they_stand() {
    let (store, database) = in_new_database().await;
    for id in ["failed", "held", "released", "waits"] {
        accept(&store, ended(id, id), 0).await;
    }
    for id in ["failed", "held", "released"] {
        finish(&store, id, State::Failed, 1).await;
    }
    damage(&database, "failed").await;
    let all = Selection::default();
    assert_eq!(store.survey(&shop(), all.clone(), at(9), u64::MAX).await.unwrap().total(), 3, "it is not chosen");
    let id = store.begin_resend(&shop(), all, at(9)).await.unwrap();
    assert!(store.step_resend(&shop(), id, at(10)).await.unwrap());
    damage(&database, "held").await;
    let counts = step_until_at_rest(&store, id, 10).await.counts;
    assert_eq!((counts.held, counts.waiting, counts.failed), (0, 2, 1), "it is not released");
    damage(&database, "released").await;
    store.order_resend(&shop(), id, true).await.unwrap();
    let counts = step_until_at_rest(&store, id, 11).await.counts;
    assert_eq!((counts.held, counts.waiting, counts.failed), (1, 1, 1), "it is not taken back");
    assert!(due(&store, 12).await.is_empty());
    let counts = store.resending(&shop(), Some(id)).await.unwrap().unwrap().counts;
    assert_eq!((counts.held, counts.waiting, counts.failed), (1, 0, 2), "it is set aside at its turn");
}
