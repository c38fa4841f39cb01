//! The two homes of the embedded store: a file with its threads, or memory with none.

use std::{
    fs::{self, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError},
    },
};

use rusqlite::Connection;

use super::{Bounds, StoreError, job::Job, readers, schema, worker::Worker, writer};

/// Where work is done.
pub(super) enum Home {
    /// On the caller's own thread.
    Memory(Mutex<Connection>),
    /// On threads of the file's own.
    File(Mutex<Option<Threads>>),
}

/// A file's threads. Dropping the senders lets the threads finish what is queued and end.
pub(super) struct Threads {
    writes: SyncSender<Job>,
    reads: SyncSender<Job>,
    workers: Vec<Worker>,
}

/// What kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Changes nothing.
    Read,
    /// Changes something.
    Write,
}

impl Home {
    /// A home in memory.
    pub(super) fn memory() -> Result<Self, StoreError> {
        Ok(Self::Memory(Mutex::new(schema::open_memory()?)))
    }

    /// A home in a file.
    pub(super) fn file(path: &Path, bounds: Bounds, commits: Arc<AtomicU64>) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let conn = schema::open_writer(path, bounds.file_bytes).map_err(|error| naming(path, error))?;
        let (reads, mut workers) = readers::start(path, bounds.queue)?;
        let (writes, worker) = writer::start(conn, lock, bounds.queue, commits)?;
        workers.push(worker);
        Ok(Self::File(Mutex::new(Some(Threads { writes, reads, workers }))))
    }

    /// Does work, or has it done.
    pub(super) fn run<'a, T: Send + 'static>(
        &'a self,
        kind: Work,
        commits: &'a AtomicU64,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + 'a {
        let (job, answer) = Job::new(work);
        async move {
            match self {
                Self::Memory(conn) => inline(&conn.lock().unwrap_or_else(PoisonError::into_inner), kind, job, commits),
                Self::File(threads) => send(threads, kind, job)?,
            }
            answer.await.unwrap_or(Err(StoreError::Closed))
        }
    }

    /// Lets the threads finish what is queued, and waits for them. Later work is refused.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let Self::File(threads) = self else { return Ok(()) };
        let taken = threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Threads { writes, reads, workers }) = taken else { return Ok(()) };
        drop((writes, reads));
        for worker in workers {
            worker.ended().await?;
        }
        Ok(())
    }
}

fn inline(conn: &Connection, kind: Work, mut job: Job, commits: &AtomicU64) {
    if kind == Work::Read {
        job.run(conn);
        return job.answer(&Ok(()));
    }
    let mut batch = [job];
    let outcome = writer::write(conn, &mut batch);
    if outcome.is_ok() {
        commits.fetch_add(1, Ordering::Relaxed);
    }
    batch.into_iter().for_each(|job| job.answer(&outcome));
}

fn send(threads: &Mutex<Option<Threads>>, kind: Work, job: Job) -> Result<(), StoreError> {
    let threads = threads.lock().unwrap_or_else(PoisonError::into_inner);
    let threads = threads.as_ref().ok_or(StoreError::Closed)?;
    let queue = if kind == Work::Read { &threads.reads } else { &threads.writes };
    queue.try_send(job).map_err(|error| match error {
        TrySendError::Full(_) => StoreError::Full,
        TrySendError::Disconnected(_) => StoreError::Closed,
    })
}

/// What cannot be opened is a matter for a person, who has to know which file is meant.
fn naming(path: &Path, error: StoreError) -> StoreError {
    let path = path.display();
    match error {
        StoreError::Broken(text) => StoreError::Broken(format!("{path}: {text}")),
        StoreError::Unreadable(text) => StoreError::Unreadable(format!("{path}: {text}")),
        other => other,
    }
}

/// Two sidecars on one file would deliver every call twice, so a file beside it is locked for as long as writing
/// goes on. Its rights do not matter: it stays empty.
fn lock(path: &Path) -> Result<fs::File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let broken = |error| StoreError::Broken(format!("{}: {error}", name.display()));
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&name).map_err(broken)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Broken(format!("{}: another sidecar works on this file", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(broken(error)),
    }
}
