//! One process of a sidecar: it may die at any place where it touches the world, and nothing of it acts afterwards.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

/// A process from its start to its end.
pub(super) struct Life {
    over: watch::Sender<bool>,
    killed: AtomicBool,
    /// Places still to be passed before it dies.
    left: Mutex<Option<u64>>,
}

/// A place where a process waits for the world. What happens between two of them cannot be seen from outside, so that
/// dying at these is dying at every await point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Before a request is sent.
    BeforeSending,
    /// The request is on its way and arrives all the same.
    OnTheWay,
    /// The CRM has done it and has not answered.
    CarriedOut,
    /// The answer is there and nothing came of it yet.
    Answered,
    /// Before something is stored.
    BeforeStoring,
    /// It is stored, and the process does not know.
    Stored,
}

impl Place {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::BeforeSending => "before sending",
            Self::OnTheWay => "on the way",
            Self::CarriedOut => "carried out, not answered",
            Self::Answered => "answered, not stored",
            Self::BeforeStoring => "before storing",
            Self::Stored => "stored, not known",
        }
    }
}

impl Life {
    pub(super) fn new() -> Self {
        Self { over: watch::Sender::new(false), killed: AtomicBool::new(false), left: Mutex::new(None) }
    }

    /// Lets it die at the n-th place it passes from now, from 0.
    pub(super) fn die_at(&self, place: u64) {
        *self.left() = Some(place);
    }

    /// Ends it here and now.
    pub(super) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.over.send_replace(true);
    }

    pub(super) fn is_over(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// Counts a place; whether the process dies here.
    pub(super) fn dies_here(&self) -> bool {
        let mut left = self.left();
        match left.as_mut() {
            Some(0) => {
                *left = None;
                drop(left);
                self.kill();
                true
            }
            Some(places) => {
                *places -= 1;
                false
            }
            None => false,
        }
    }

    /// Returns when it is over.
    pub(super) async fn ended(&self) {
        drop(self.over.subscribe().wait_for(|over| *over).await);
    }

    fn left(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
