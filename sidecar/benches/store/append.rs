//! The least a database costs that keeps what was answered: one table, one statement and flush for all that waits, and
//! the next one made while the server flushes.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};
use tokio_postgres::Client;

use super::{
    database::Database,
    yardstick::{self, Append, Appends},
};

/// Records per commit at most, as in the sidecar's own writer.
const BATCH: usize = 256;
/// Commits at once, as in the sidecar's own writer.
const WRITERS: usize = 2;

/// Makes a table and takes records into it.
pub(crate) async fn to_postgres(database: &Database) -> Appends {
    let client = database.client().await;
    let table = "CREATE TABLE log (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body BYTEA NOT NULL)";
    client.batch_execute(table).await.expect("a table");
    let (appends, queue) = mpsc::channel(4_096);
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..WRITERS {
        tokio::spawn(write(database.client().await, Arc::clone(&queue)));
    }
    yardstick::handed(move |append| appends.try_send(append).is_ok())
}

async fn write(client: Client, queue: Arc<Mutex<mpsc::Receiver<Append>>>) {
    let insert = client.prepare("INSERT INTO log (body) SELECT unnest($1::BYTEA[])").await.expect("a statement");
    loop {
        let mut batch = Vec::new();
        if queue.lock().await.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        let (bodies, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        client.execute(&insert, &[&bodies]).await.expect("a commit");
        for answer in answers {
            answer.send(()).expect("somebody waits");
        }
    }
}
