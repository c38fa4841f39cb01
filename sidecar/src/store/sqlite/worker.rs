//! A thread whose end can be awaited.

use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use super::StoreError;

/// A running thread.
pub(super) struct Worker {
    handle: JoinHandle<()>,
    ended: oneshot::Receiver<()>,
}

impl Worker {
    /// Starts a thread.
    pub(super) fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<Self, StoreError> {
        let (end, ended) = oneshot::channel();
        let handle = Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                body();
                drop(end);
            })
            .map_err(|error| StoreError::Broken(format!("no thread {name}: {error}")))?;
        Ok(Self { handle, ended })
    }

    /// Waits for the end of the thread.
    pub(super) async fn ended(self) -> Result<(), StoreError> {
        // Nothing is ever sent: the channel closes when the body has returned, and then joining takes no time.
        let _closed = self.ended.await;
        self.handle.join().map_err(|_| StoreError::Broken("a thread of the store failed".to_owned()))
    }
}
