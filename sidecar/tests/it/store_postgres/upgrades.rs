//! Versions of the schema, and programs of two versions side by side.

use tieline::store::{Store, StoreError, Turns, postgres::PostgresStore};

use super::{LONG, config, in_new_database, open};
use crate::{
    database::Database,
    store_suite::fixtures::{accept, call, due, shop},
};

#[tokio::test(flavor = "multi_thread")]
async fn sidecars_that_start_at_once_on_an_empty_database_make_its_schema_once() {
    let database = Database::fresh().await;
    let opened = (0..6).map(|nr| {
        let config = config(&database, LONG);
        tokio::spawn(async move { PostgresStore::open(&config, nr.to_string()).await })
    });
    for store in futures::future::join_all(opened).await {
        store.unwrap().unwrap();
    }
    let steps = database.client().await.query("SELECT version FROM tieline_schema", &[]).await.unwrap();
    let mut versions: Vec<i32> = steps.iter().map(|step| step.get(0)).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=i32::try_from(versions.len()).unwrap()).collect::<Vec<_>>(), "each step is taken once");
    assert!(!versions.is_empty());
}

#[tokio::test]
async fn a_newer_schema_that_serves_this_program_is_worked_on() {
    let (one, database) = in_new_database().await;
    let client = database.client().await;
    client.batch_execute("ALTER TABLE calls ADD COLUMN mood TEXT").await.unwrap();
    client.batch_execute("INSERT INTO tieline_schema (version, serves, program) VALUES (8, 1, 'newer')").await.unwrap();
    accept(&one, call("a", "1"), 0).await;
    let two = open(&database, "two").await;
    accept(&two, call("b", "2"), 0).await;
    assert_eq!(due(&two, 1).await, ["a", "b"]);
}

#[tokio::test]
async fn a_newer_schema_that_does_not_serve_this_program_is_refused() {
    let (store, database) = in_new_database().await;
    store.close().await.unwrap();
    let client = database.client().await;
    client.batch_execute("INSERT INTO tieline_schema (version, serves, program) VALUES (9, 9, 'newer')").await.unwrap();
    let opened = PostgresStore::open(&config(&database, LONG), "two".to_owned()).await;
    let Err(StoreError::Unreadable(text)) = opened else { panic!("opened") };
    assert!(text.contains("version 9") && text.contains("newer program"), "{text}");
}

#[tokio::test]
async fn a_sidecar_that_an_upgrade_leaves_behind_lets_go_of_its_clients() {
    let database = Database::fresh().await;
    let lease = std::time::Duration::from_millis(1_500);
    let one = super::open_for(&database, "one", lease).await;
    accept(&one, call("a", "1"), 0).await;
    let held = one.due(&shop(), crate::store_suite::fixtures::at(1), &[], Turns::all(1)).await.unwrap().remove(0);
    let client = database.client().await;
    client.batch_execute("INSERT INTO tieline_schema (version, serves, program) VALUES (9, 9, 'newer')").await.unwrap();
    let over = async {
        while !held.claim.as_ref().unwrap().lease.left().is_zero() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), over).await.expect("it does not live on");
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_database_as_it_was() {
    let database = Database::fresh().await;
    let client = database.client().await;
    client.batch_execute("CREATE TABLE sidecars (theirs TEXT)").await.unwrap();
    let opened = PostgresStore::open(&config(&database, LONG), "one".to_owned()).await;
    let Err(StoreError::Broken(text)) = opened else { panic!("opened") };
    assert!(text.contains("sidecars") && text.contains("already exists"), "{text}");
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()";
    assert_eq!(client.query_one(tables, &[]).await.unwrap().get::<_, i64>(0), 1);
    client.batch_execute("DROP TABLE sidecars").await.unwrap();
    open(&database, "one").await;
}
