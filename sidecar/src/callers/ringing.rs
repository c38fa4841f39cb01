//! Look-ups for ringing phones on their way: equal ones are asked once, but they do not queue up behind a delivery that
//! asks the same with less hurry.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use moka::future::Cache;
use tieline_crm::trouble::Trouble;

use super::{CALLERS_MAX, Kept, Key};

pub(super) struct Ringing {
    asking: Cache<Key, Kept>,
    /// Clients asked for, and whether something was written for them meanwhile.
    under_way: Mutex<BTreeMap<Key, bool>>,
}

impl Ringing {
    pub(super) fn new() -> Self {
        Self { asking: Cache::new(CALLERS_MAX), under_way: Mutex::default() }
    }

    /// Asks, or waits for who asks already. What is found is put among `current` unless it was out of date when it
    /// came.
    pub(super) async fn ask(
        &self,
        key: &Key,
        asking: impl Future<Output = Result<Kept, Trouble>>,
        current: &Cache<Key, Kept>,
    ) -> Result<Kept, Arc<Trouble>> {
        let asked = async {
            let under_way = UnderWay::new(self, key);
            let found = asking.await?;
            if under_way.is_current() {
                current.insert(key.clone(), found.clone()).await;
            }
            Ok(found)
        };
        let found = self.asking.try_get_with(key.clone(), asked).await;
        self.asking.invalidate(key).await;
        found
    }

    /// Something is being written for a client.
    pub(super) fn forget(&self, key: &Key) {
        if let Some(is_old) = self.under_way().get_mut(key) {
            *is_old = true;
        }
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<Key, bool>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct UnderWay<'r> {
    ringing: &'r Ringing,
    key: &'r Key,
}

impl<'r> UnderWay<'r> {
    fn new(ringing: &'r Ringing, key: &'r Key) -> Self {
        ringing.under_way().insert(key.clone(), false);
        Self { ringing, key }
    }

    fn is_current(&self) -> bool {
        self.ringing.under_way().get(self.key) == Some(&false)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.ringing.under_way().remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use tieline_engine::ids::ProjectId;
    use tokio::sync::oneshot;

    use super::{super::Looked, *};

    fn nobody() -> Kept {
        Kept { by: 1, forgotten: 0, looked: Arc::new(Looked::default()) }
    }

    #[tokio::test]
    async fn an_answer_that_is_older_than_a_write_is_given_and_not_kept() {
        let (ringing, current) = (Ringing::new(), Cache::new(10));
        let key = (ProjectId::new("shop"), "380671110001".to_owned());
        for written in [false, true] {
            current.invalidate(&key).await;
            let (answer, answered) = oneshot::channel();
            let asking = async { answered.await.map_err(|_| Trouble::Unavailable("gone".to_owned())) };
            let asked = ringing.ask(&key, asking, &current);
            let crm = async {
                tokio::task::yield_now().await;
                if written {
                    ringing.forget(&key);
                }
                assert!(answer.send(nobody()).is_ok());
            };
            assert!(tokio::join!(asked, crm).0.is_ok());
            assert_eq!(current.get(&key).await.is_none(), written);
            assert!(ringing.under_way().is_empty());
        }
    }

    #[tokio::test]
    async fn equal_questions_are_asked_once_and_again_when_they_were_answered() {
        let (ringing, current) = (Ringing::new(), Cache::new(10));
        let key = (ProjectId::new("shop"), "380671110001".to_owned());
        let asked = Mutex::new(0);
        let ask = || async {
            *asked.lock().unwrap() += 1;
            tokio::task::yield_now().await;
            Ok(nobody())
        };
        let (one, two) = tokio::join!(ringing.ask(&key, ask(), &current), ringing.ask(&key, ask(), &current));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(*asked.lock().unwrap(), 1);
        assert!(ringing.ask(&key, ask(), &current).await.is_ok());
        assert_eq!(*asked.lock().unwrap(), 2);
    }
}
