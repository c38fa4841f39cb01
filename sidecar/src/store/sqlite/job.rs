//! A piece of work for another thread, with its answer.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

/// Work on a connection, whose answer goes out only after the commit.
pub(super) struct Job(Box<dyn Steps>);

/// How a job's work went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// It may be committed.
    Well,
    /// It must be taken back.
    Failed,
}

impl Job {
    /// A job, and where its answer will come. A job that is dropped unanswered closes the answer's channel. The work
    /// may be done again after it was taken back; the last time counts.
    pub(super) fn new<T: Send + 'static>(
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (sender, answer) = oneshot::channel();
        (Self(Box::new(Parts { work, result: None, sender })), answer)
    }

    /// Does the work.
    pub(super) fn run(&mut self, conn: &Connection) -> Ran {
        self.0.run(conn)
    }

    /// The error of work that failed.
    pub(super) fn error(&self) -> Option<StoreError> {
        self.0.error()
    }

    /// Answers: with the work's result when it is on disk, else with why it is not.
    pub(super) fn answer(self, committed: &Result<(), StoreError>) {
        self.0.answer(committed.clone());
    }
}

trait Steps: Send {
    fn run(&mut self, conn: &Connection) -> Ran;
    fn error(&self) -> Option<StoreError>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Parts<T, W> {
    work: W,
    result: Option<Result<T, StoreError>>,
    sender: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Steps for Parts<T, W>
where
    T: Send,
    W: FnMut(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, conn: &Connection) -> Ran {
        self.result = Some((self.work)(conn));
        if matches!(self.result, Some(Ok(_))) { Ran::Well } else { Ran::Failed }
    }

    fn error(&self) -> Option<StoreError> {
        self.result.as_ref()?.as_ref().err().cloned()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed),
            (Err(error), _) => Err(error),
        };
        // Whoever asked may have gone: a deadline passed, a connection closed. The work stands all the same.
        let _nobody_listens = self.sender.send(answer);
    }
}
