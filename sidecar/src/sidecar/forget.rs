//! Forgetting a person: what is stored of them goes, and their records in the CRM are named, so that somebody can
//! remove them there.

use std::{sync::Arc, time::Duration};

use tieline_engine::{
    call::{Call, Chat},
    client::{self, ClientKey},
    ids::ProjectId,
    phone::Phone,
    policy::Policy,
};
use tokio::time;

use super::{Refused, Sidecar};
use crate::{
    driver::connection::Connection,
    store::{
        StoreError,
        keeping::{Forgetting, Forgotten, Person},
    },
};

/// How long a delivery under way is waited for: a CRM's usual answer takes a second.
const UNDER_WAY: Duration = Duration::from_secs(10);

/// Who is to be forgotten.
#[derive(Clone, Debug)]
pub enum Who {
    /// Whoever has this number, in any spelling; one that can be read in several ways is matched as text.
    Phone(Phone),
    /// Whoever wrote in this messenger dialogue.
    Chat(Chat),
}

/// A request to forget.
#[derive(Clone, Debug)]
pub struct ForgetAsk {
    /// The project.
    pub project: ProjectId,
    /// The person.
    pub who: Who,
    /// What is to be done.
    pub how: Forgetting,
}

impl Sidecar {
    /// Removes what is stored of a person, or tells what would be.
    ///
    /// # Errors
    /// Unknown project, no number of a person, calls that wait or are being delivered, or the store failed. Nothing
    /// was removed then.
    pub async fn forget(&self, ask: ForgetAsk) -> Result<Forgotten, Refused> {
        let connection = self.connection(&ask.project)?;
        let policy = connection.policy();
        let key = match &ask.who {
            Who::Phone(phone) => client::of_number(phone, &policy.plan).map_err(|_| Refused::NobodysNumber)?,
            Who::Chat(chat) => ClientKey::Chat(chat.clone()),
        };
        let lanes = vec![key.lane()];
        let is_theirs = Arc::new(move |call: &Call| is_client(call, &key, &policy));
        let person = Person { project: ask.project.clone(), lanes: lanes.clone(), is_theirs };
        let _resting = match ask.how {
            Forgetting::Look => None,
            Forgetting::UnlessWaiting | Forgetting::Everything => {
                let resting = self.driver.served.rest(&ask.project, &lanes);
                if time::timeout(UNDER_WAY, resting.begun()).await.is_err() {
                    return Err(Refused::CallsUnderWay(1));
                }
                Some(resting)
            }
        };
        let forgotten = self.driver.store.forget(person, ask.how).await.map_err(|error| match error {
            StoreError::Taken => Refused::CallsUnderWay(1),
            error => error.into(),
        })?;
        if forgotten.done {
            self.forget_in_memory(&connection, &lanes, &forgotten).await;
        } else if ask.how == Forgetting::UnlessWaiting {
            connection.wake.notify_one();
            return Err(Refused::CallsUnderWay(forgotten.waiting));
        }
        let dialect = connection.dialect();
        let records = forgotten.records.into_iter();
        let records = records.map(|((kind, id), kept)| {
            let kept = kept.or_else(|| dialect.link(kind, &id));
            ((kind, id), kept)
        });
        Ok(Forgotten { records: records.collect(), ..forgotten })
    }

    /// Look-ups, own records and caller cards that are kept in memory.
    async fn forget_in_memory(&self, connection: &Connection, lanes: &[String], forgotten: &Forgotten) {
        let (driver, project) = (&self.driver, &connection.project.id);
        for lane in lanes {
            driver.callers.forget_all(project, lane).await;
        }
        driver.hub.forget(project, &forgotten.ids, lanes);
        if let Some(phone) = driver.cards.phone(project) {
            for lane in lanes {
                // Clients are known there by their digits.
                phone.forget(lane.trim_start_matches("text:").trim_start_matches('+'));
            }
        }
        for id in &forgotten.ids {
            driver.outcomes.tell(project, id);
        }
    }
}

/// Whether a call's client is this one, whatever was decided about the call.
fn is_client(call: &Call, key: &ClientKey, policy: &Policy) -> bool {
    let number = call.client.phone.as_ref().and_then(|phone| client::of_number(phone, &policy.plan).ok());
    let chat = call.client.chat.clone().map(ClientKey::Chat);
    number.as_ref() == Some(key) || chat.as_ref() == Some(key)
}
