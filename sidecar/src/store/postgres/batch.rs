//! Accepting pieces of calls: those that come together are stored together, by one transaction of two ways there and
//! back, and one flush on the server.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{mpsc, oneshot};

use super::{
    super::{Accepted, Piece, StoreError},
    accept::{self, Ready},
    growth::Growth,
    home::{Home, Mode},
};

/// Pieces per transaction: more would not save flushes that matter, and would make the first one wait longer.
const BATCH: usize = 256;

/// Transactions at once: while the server flushes one, the next is made.
const WRITERS: usize = 2;

/// Where a piece's answer comes; a channel that closes without one means that the store is closed.
pub(super) type Answer = oneshot::Receiver<Result<Accepted, StoreError>>;

/// A piece with where its answer goes.
struct Job {
    ready: Ready,
    answer: oneshot::Sender<Result<Accepted, StoreError>>,
}

/// Takes pieces to be stored.
pub(super) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Starts to write; it ends when this is dropped and the queue is empty.
    pub(super) fn start(
        home: &Home,
        queue: usize,
        commits: &Arc<AtomicU64>,
    ) -> (Self, Vec<tokio::task::JoinHandle<()>>) {
        let (sender, jobs) = mpsc::channel(queue);
        let (jobs, growth) = (Arc::new(tokio::sync::Mutex::new(jobs)), Arc::new(Growth::new()));
        let write = |_| tokio::spawn(run(home.clone(), Arc::clone(&jobs), Arc::clone(commits), Arc::clone(&growth)));
        (Self(sender), (0..WRITERS).map(write).collect())
    }

    /// Queues a piece and says where its answer comes. It is refused when too many wait already.
    pub(super) fn accept(&self, piece: Piece) -> Result<Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Job { ready: Ready::new(piece)?, answer };
        self.0.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Full,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        Ok(answered)
    }
}

async fn run(
    home: Home,
    jobs: Arc<tokio::sync::Mutex<mpsc::Receiver<Job>>>,
    commits: Arc<AtomicU64>,
    growth: Arc<Growth>,
) {
    loop {
        let mut batch = Vec::new();
        // One writer waits for the next piece, the other for it.
        if jobs.lock().await.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        while !batch.is_empty() {
            let later = repeats(&mut batch);
            let pieces = batch.len();
            write(&home, batch, &commits).await;
            growth.stored(&home, pieces);
            batch = later;
        }
    }
}

/// Takes out what tells of a call that an earlier piece tells of: that one is stored first.
fn repeats(batch: &mut Vec<Job>) -> Vec<Job> {
    let mut seen = BTreeSet::new();
    let mut first = |job: &mut Job| !seen.insert(job.ready.id());
    batch.extract_if(.., |job| first(job)).collect()
}

async fn write(home: &Home, batch: Vec<Job>, commits: &AtomicU64) {
    let (ready, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.ready, job.answer)).unzip();
    let ready = Arc::new(ready);
    let stored = store(home, &ready, commits).await;
    let outcomes = match stored {
        Ok(accepted) => accepted.into_iter().map(Ok).collect(),
        Err(error @ (StoreError::Away(_) | StoreError::Closed)) => vec![Err(error); ready.len()],
        Err(error) if ready.len() == 1 => vec![Err(error)],
        // One of them is at fault; the others must not suffer for it.
        Err(_) => each_apart(home, &ready, commits).await,
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // Whoever asked may have gone: a deadline passed, a connection closed. The work stands all the same.
        let _nobody_listens = answer.send(outcome);
    }
}

async fn each_apart(home: &Home, ready: &[Ready], commits: &AtomicU64) -> Vec<Result<Accepted, StoreError>> {
    let mut outcomes = Vec::with_capacity(ready.len());
    for one in ready {
        let stored = store(home, &Arc::new(vec![one.clone()]), commits).await;
        outcomes.push(stored.and_then(|mut all| all.pop().ok_or(StoreError::Closed)));
    }
    outcomes
}

/// Stores pieces of different calls.
async fn store(home: &Home, ready: &Arc<Vec<Ready>>, commits: &AtomicU64) -> Result<Vec<Accepted>, StoreError> {
    let lanes = accept::lanes_of(ready);
    let ready = Arc::clone(ready);
    let accepted = home
        .here(Mode::Commits, &|client| {
            let (ready, lanes) = (Arc::clone(&ready), Arc::clone(&lanes));
            Box::pin(async move { accept::accept(client, &ready, &lanes).await })
        })
        .await?;
    commits.fetch_add(1, Ordering::Relaxed);
    Ok(accepted)
}
