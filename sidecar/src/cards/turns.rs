//! Whose card is being made: one at a time per call, so many at once over all.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tieline_engine::ids::{CallId, ProjectId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Cards made at once; each lasts as long as a ringing phone's question may.
const AT_ONCE_MAX: usize = 256;
/// Late answers of the CRM waited for at once.
const LATE_MAX: usize = 256;

type Key = (ProjectId, CallId);

/// Whose cards are being made.
pub(crate) struct Turns {
    /// Calls under way, and whether something was reported meanwhile.
    busy: Arc<Mutex<BTreeMap<Key, bool>>>,
    places: Arc<Semaphore>,
    late: Arc<Semaphore>,
    left_out: AtomicU64,
}

/// The turn of one call; it ends when this is dropped.
pub(crate) struct Turn {
    busy: Arc<Mutex<BTreeMap<Key, bool>>>,
    key: Key,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            busy: Arc::default(),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            late: Arc::new(Semaphore::new(LATE_MAX)),
            left_out: AtomicU64::new(0),
        }
    }

    /// A turn for a call. `None`: its card is being made and will be made again, or there is no place.
    pub(crate) fn begin(&self, project: &ProjectId, call: &CallId) -> Option<Turn> {
        let key = (project.clone(), call.clone());
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(again) = busy.get_mut(&key) {
            *again = true;
            return None;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        busy.insert(key.clone(), false);
        Some(Turn { busy: Arc::clone(&self.busy), key, over: false, _place: place })
    }

    /// A place for waiting for the CRM's late answer.
    pub(crate) fn late(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.late).try_acquire_owned().ok()
    }

    /// How many cards were left out because too many were being made.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

impl Turn {
    /// Whether something was reported since the card was begun; asked when it is told.
    pub(crate) fn goes_on(&mut self) -> bool {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let again = busy.get_mut(&self.key).is_some_and(std::mem::take);
        if !again {
            // From here on the call may get a turn of its own.
            busy.remove(&self.key);
            self.over = true;
        }
        again
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_of_a_call_is_made_at_a_time_and_what_came_meanwhile_makes_another() {
        let (turns, project) = (Turns::new(), ProjectId::new("shop"));
        let mut turn = turns.begin(&project, &"1".into()).unwrap();
        assert!(turns.begin(&project, &"1".into()).is_none());
        assert!(turns.begin(&project, &"1".into()).is_none());
        assert!(turn.goes_on());
        assert!(!turn.goes_on());
        assert_eq!(turns.left_out(), 0);
    }

    #[test]
    fn beyond_the_bound_a_card_is_left_out_and_counted() {
        let (turns, project) = (Turns::new(), ProjectId::new("shop"));
        let call = |nr: usize| CallId::new(nr.to_string());
        let taken: Vec<_> = (0..AT_ONCE_MAX).map(|nr| turns.begin(&project, &call(nr)).unwrap()).collect();
        assert!(turns.begin(&project, &call(AT_ONCE_MAX)).is_none());
        assert_eq!(turns.left_out(), 1);
        drop(taken);
        assert!(turns.begin(&project, &call(AT_ONCE_MAX)).is_some());
    }
}
