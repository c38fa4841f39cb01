//! Threads that read, each with a connection of its own: reading waits for no writing.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use rusqlite::Connection;

use super::{StoreError, job::Job, schema, worker::Worker};

/// Threads: one for the driver's questions while another answers a person's long list.
const THREADS: usize = 2;

/// Starts the threads; they end when every sender is gone and the queue is empty.
pub(super) fn start(path: &Path, queue: usize) -> Result<(SyncSender<Job>, Vec<Worker>), StoreError> {
    let (sender, jobs) = sync_channel(queue);
    let jobs = Arc::new(Mutex::new(jobs));
    let mut workers = Vec::with_capacity(THREADS);
    for nr in 1..=THREADS {
        let conn = schema::open_reader(path)?;
        let jobs = Arc::clone(&jobs);
        workers.push(Worker::start(&format!("store-reader-{nr}"), move || run(&conn, &jobs))?);
    }
    Ok((sender, workers))
}

fn run(conn: &Connection, jobs: &Mutex<Receiver<Job>>) {
    while let Some(mut job) = next(jobs) {
        job.run(conn);
        job.answer(&Ok(()));
    }
}

/// One thread waits for the next job, the others for it: `recv` ends when the senders are gone.
fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
