//! A large backlog: questions about it read what they answer, not all of it.

use std::time::Duration;

use futures::future::join_all;
use tieline::store::{Store, Turns, resend::Selection};
use tokio::time;

use super::{in_new_database, open};
use crate::store_suite::fixtures::{accept, at, ended, ids, shop};

/// Waiting calls, each of a client of its own.
const CALLS: u64 = 20_000;

/// Makes one stored call many, behind live ones, with every worth.
const MULTIPLY: &str = "INSERT INTO calls (project, id, lane, call, version, facts, state, received_at, changed_at,
        happened_at, day, due_at, retrying, backlog, head, attempts, reasons, written, worth)
    SELECT project, nr::text, nr::text, call, version, facts, state, received_at, changed_at, happened_at, day, due_at,
        false, true, true, 0, reasons, written, 1 + nr % 4
    FROM calls, generate_series(1, $1::bigint) AS nr";

const LANES: &str = "INSERT INTO lanes (project, lane) SELECT project, lane FROM calls ON CONFLICT DO NOTHING";

/// Every second one is held by the first resending, which has chosen already.
const HOLD: &str = "UPDATE calls SET state = 'skipped', skip_code = 'out_of_window', head = false, resend = -1
    WHERE seq % 2 = 0";

const READ: &str = "SELECT
        (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'calls' AND schemaname = current_schema()),
        (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes
            WHERE relname = 'calls' AND schemaname = current_schema())";

#[tokio::test]
async fn whose_turn_it_is_and_what_is_released_is_read_in_order() {
    let (store, database) = in_new_database().await;
    accept(&store, ended("first", "first"), 0).await;
    let id = store.begin_resend(&shop(), Selection::default(), at(0)).await.unwrap();
    assert_eq!(id, 1);
    store.close().await.unwrap();
    let client = database.client().await;
    client.execute(MULTIPLY, &[&i64::try_from(CALLS).unwrap()]).await.unwrap();
    client.batch_execute(&format!("{LANES}; {HOLD}; UPDATE resends SET choosing = NULL")).await.unwrap();
    client.batch_execute("ANALYZE calls; ANALYZE lanes").await.unwrap();
    // What a session has read is counted at its end.
    drop(client);

    let before = read(&database).await;
    let store = open(&database, "two").await;
    for _ in 0..5 {
        let due = store.due(&shop(), at(60), &[], Turns::all(10)).await.unwrap();
        assert_eq!(due.len(), 10);
        assert_eq!(ids(&store.due(&shop(), at(60), &[], Turns::live(10)).await.unwrap()), ["first"]);
        assert!(store.next_due(&shop(), true).await.unwrap().is_some());
        assert!(store.step_resend(&shop(), id, at(60)).await.unwrap());
        let resending = store.resending(&shop(), Some(id)).await.unwrap().unwrap();
        assert!(resending.counts.total() > 0);
    }
    store.close().await.unwrap();
    let after = read(&database).await;
    let (by_scan, by_index) = (after.0 - before.0, after.1 - before.1);
    assert!(by_scan < 1_000, "{by_scan} calls were read by scanning");
    // Of each question some ten times what it answers: 5 times 10 calls, 5 portions of 200.
    assert!(by_index < 40_000, "{by_index} entries of indexes were read");
}

/// A database's autovacuum looks once a minute; until then it would plan for tables that are empty.
#[tokio::test]
async fn the_planner_is_told_when_a_crowd_of_calls_comes_into_a_new_database() {
    let (store, database) = in_new_database().await;
    let names: Vec<String> = (0..300).map(|nr| nr.to_string()).collect();
    join_all(names.iter().map(|name| accept(&store, ended(name, name), 0))).await;
    let client = database.client().await;
    let known = async {
        loop {
            let row =
                client.query_one("SELECT reltuples FROM pg_class WHERE oid = 'calls'::regclass", &[]).await.unwrap();
            if row.get::<_, f32>(0) >= 256.0 {
                return;
            }
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(Duration::from_secs(30), known).await.expect("the planner knows that there are many");
}

/// Calls read by scanning the table, entries read of its indexes.
async fn read(database: &crate::database::Database) -> (i64, i64) {
    // Sessions that ended a moment ago may still be telling.
    let mut last = (-1, -1);
    loop {
        let client = database.client().await;
        let row = client.query_one(READ, &[]).await.unwrap();
        let now = (row.get(0), row.get(1));
        if now == last {
            return now;
        }
        last = now;
        client.query_one("SELECT pg_sleep(0.2)", &[]).await.unwrap();
    }
}
