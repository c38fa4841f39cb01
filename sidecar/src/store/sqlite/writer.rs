//! The one thread that writes. It takes the jobs that wait, runs them in one transaction, commits once, and answers
//! all: one flush to disk for many calls.
//!
//! A job that fails after it has written something must be taken back alone. Savepoints do that, and cost each job a
//! copy of every page it touches; as such failures are rare, a transaction is tried without them first.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use rusqlite::Connection;

use super::{
    StoreError,
    job::{Job, Ran},
    mark::Mark,
    worker::Worker,
};

/// Jobs per transaction: more would not save flushes that matter, and would make the first one wait longer.
const BATCH: usize = 256;

/// Starts the thread; it ends when every sender is gone and the queue is empty. The store is marked as in
/// use until then.
pub(super) fn start(
    conn: Connection,
    mark: Mark,
    queue: usize,
    commits: Arc<AtomicU64>,
) -> Result<(SyncSender<Job>, Worker), StoreError> {
    let (sender, jobs) = sync_channel(queue);
    let worker = Worker::start("store-writer", move || {
        run(&conn, &jobs, &commits);
        drop(conn);
        mark.closed();
    })?;
    Ok((sender, worker))
}

fn run(conn: &Connection, jobs: &Receiver<Job>, commits: &AtomicU64) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while gather(jobs, &mut batch) {
            // More come while there is somebody to send them: a flush is dearer than one more look.
            thread::yield_now();
        }
        let outcome = write(conn, &mut batch);
        if outcome.is_ok() {
            commits.fetch_add(1, Ordering::Relaxed);
        }
        for job in batch {
            job.answer(&outcome);
        }
    }
}

/// Takes the jobs that wait; says whether there were any, and room is left for more.
fn gather(jobs: &Receiver<Job>, batch: &mut Vec<Job>) -> bool {
    let before = batch.len();
    batch.extend(jobs.try_iter().take(BATCH - before));
    (before + 1..BATCH).contains(&batch.len())
}

/// Runs jobs and commits them together. After an error of the transaction itself nothing of it was stored.
pub(super) fn write(conn: &Connection, batch: &mut [Job]) -> Result<(), StoreError> {
    match transact(conn, batch, together)? {
        Tried::Well => Ok(()),
        Tried::Spoilt => transact(conn, batch, each_apart).map(drop),
    }
}

/// How jobs ran in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    /// What is there is what succeeded.
    Well,
    /// A job failed that had written something.
    Spoilt,
}

/// One transaction, committed unless it is spoilt.
fn transact(
    conn: &Connection,
    batch: &mut [Job],
    run: fn(&Connection, &mut [Job]) -> Result<Tried, StoreError>,
) -> Result<Tried, StoreError> {
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut tried = run(conn, batch);
    if tried == Ok(Tried::Well)
        && let Err(error) = conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]))
    {
        tried = Err(error.into());
    }
    if tried != Ok(Tried::Well) && !conn.is_autocommit() {
        let rolled_back = conn.execute_batch("ROLLBACK");
        // An error met before is the one to tell; a connection that cannot even roll back refuses the next BEGIN.
        if tried.is_ok() {
            rolled_back?;
        }
    }
    tried
}

fn together(conn: &Connection, batch: &mut [Job]) -> Result<Tried, StoreError> {
    for job in batch {
        let changes = conn.total_changes();
        let ran = run_one(conn, job)?;
        if ran == Ran::Failed && conn.total_changes() != changes {
            return Ok(Tried::Spoilt);
        }
    }
    Ok(Tried::Well)
}

fn each_apart(conn: &Connection, batch: &mut [Job]) -> Result<Tried, StoreError> {
    for job in batch {
        conn.prepare_cached("SAVEPOINT job")?.execute([])?;
        if run_one(conn, job)? == Ran::Failed {
            conn.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        conn.prepare_cached("RELEASE job")?.execute([])?;
    }
    Ok(Tried::Well)
}

fn run_one(conn: &Connection, job: &mut Job) -> Result<Ran, StoreError> {
    let ran = job.run(conn);
    if conn.is_autocommit() {
        // SQLite ends the whole transaction by itself on a full disk and the like.
        return Err(job.error().unwrap_or_else(|| StoreError::Broken("the transaction was ended".to_owned())));
    }
    Ok(ran)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn a_job_that_fails_after_writing_takes_back_its_own_writing_only() {
        let conn = schema::open_memory().unwrap();
        let insert = |project: &'static str, answer: Result<(), StoreError>| {
            Job::new(move |conn: &Connection| {
                conn.execute("INSERT INTO connections VALUES (?1, '{}')", [project])?;
                answer.clone()
            })
        };
        let (mut jobs, mut answers): (Vec<_>, Vec<_>) =
            [insert("a", Ok(())), insert("b", Err(StoreError::Full)), insert("c", Ok(()))].into_iter().unzip();
        let outcome = write(&conn, &mut jobs);
        jobs.into_iter().for_each(|job| job.answer(&outcome));
        let answers: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap()).collect();
        assert_eq!(answers, [Ok(()), Err(StoreError::Full), Ok(())]);
        let stored: String =
            conn.query_row("SELECT group_concat(project) FROM connections", [], |row| row.get(0)).unwrap();
        assert_eq!(stored, "a,c");
    }
}
