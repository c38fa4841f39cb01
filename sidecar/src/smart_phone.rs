//! The platform's Smart Phone: agents see a client's name and links in it when the platform was told of the client
//! before. Nothing can ask for them, so they are pushed right after a match or a creation (G22).
//!
//! Contacts wait in memory and are sent one after the other. What cannot be sent is given up and counted: the
//! client's next call offers it again, and nothing else depends on it.

mod contact;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tieline_crm::transport::{Method, Request, SendError, Transport};
use tieline_engine::{ids::ProjectId, retry::RetryPolicy};
use tokio::time;

use self::queue::Queue;
pub use self::{contact::Contact, queue::Counted};
use crate::{
    clock::Clock,
    driver::wake::{Wish, Woken},
};

/// Where the platform takes contacts (telephony/events.md 2.5).
pub const URL: &str = "https://api.ringostat.net/minicrm/contacts/sync";
/// Attempts for one contact: with the waits below, about two minutes.
const ATTEMPTS_MAX: u32 = 8;
/// Waits between them.
const WAITS: RetryPolicy = RetryPolicy { first_ms: 1_000, longest_ms: 60_000 };
/// Longest wait the platform may ask for.
const ASKED_MAX: Duration = Duration::from_secs(5 * 60);

/// A project in the telephone platform, for its Smart Phone.
#[derive(Clone, Debug)]
pub struct SmartPhoneConfig {
    /// Where contacts are sent.
    pub url: String,
    /// The platform's key to the project.
    pub auth_key: SecretString,
    /// The platform's id of the project.
    pub project_id: u64,
    /// The CRM's name as the platform shows it.
    pub origin: String,
}

impl PartialEq for SmartPhoneConfig {
    fn eq(&self, other: &Self) -> bool {
        let plain = |config: &Self| (config.url.clone(), config.project_id, config.origin.clone());
        plain(self) == plain(other) && self.auth_key.expose_secret() == other.auth_key.expose_secret()
    }
}

/// Tells a project's Smart Phone of clients.
pub struct SmartPhone {
    project: ProjectId,
    config: SmartPhoneConfig,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    queue: Mutex<Queue>,
    woken: Arc<Woken>,
    is_over: AtomicBool,
}

/// What became of one request.
enum Answer {
    Taken,
    Refused(String),
    Later(String, Option<Duration>),
}

impl SmartPhone {
    /// Nobody was told of yet.
    #[must_use]
    pub(crate) fn new(
        project: ProjectId,
        config: SmartPhoneConfig,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        woken: Arc<Woken>,
    ) -> Self {
        let (queue, is_over) = (Mutex::default(), AtomicBool::new(false));
        Self { project, config, transport, clock, queue, woken, is_over }
    }

    /// The project in the platform.
    #[must_use]
    pub fn config(&self) -> &SmartPhoneConfig {
        &self.config
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &ProjectId {
        &self.project
    }

    /// Has a contact sent, unless the platform knows it just so. Waits for nothing.
    pub fn offer(&self, contact: Contact) {
        if self.queue().offer(contact, self.clock.now()) {
            self.woken.enlist(Wish::Tell, &self.project);
        }
    }

    /// Sends nothing of a client any more that waits still, and does not remember what was sent. What the platform has
    /// is removed there.
    pub(crate) fn forget(&self, key: &str) {
        self.queue().forget(key);
    }

    /// What became of contacts since the start, and how many wait.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.queue().counted()
    }

    /// Sends what waits, until nothing does.
    pub(crate) async fn send_waiting(&self) {
        while let Some(contact) = self.next() {
            self.deliver(contact).await;
        }
    }

    /// Sends nothing more than what is being sent.
    pub(crate) fn close(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn next(&self) -> Option<Contact> {
        if self.is_over.load(Ordering::Relaxed) { None } else { self.queue().next() }
    }

    /// Sends one contact, as often as it takes and within bounds.
    async fn deliver(&self, contact: Contact) {
        for attempts in 1.. {
            let (why, asked) = match self.send(&contact).await {
                Answer::Taken => return self.queue().sent(&contact, self.clock.now()),
                Answer::Refused(why) => return self.give_up(attempts, &why),
                Answer::Later(why, asked) => (why, asked),
            };
            if attempts >= ATTEMPTS_MAX || self.is_over.load(Ordering::Relaxed) {
                return self.give_up(attempts, &why);
            }
            let asked = asked.map(|asked| asked.min(ASKED_MAX));
            time::sleep(WAITS.wait(attempts, asked, self.clock.random())).await;
        }
    }

    fn give_up(&self, attempts: u32, why: &str) {
        self.queue().failed();
        tracing::warn!(project.id = %self.project, attempts, why, "a client could not be told to the Smart Phone; it is offered again at the client's next call");
    }

    async fn send(&self, contact: &Contact) -> Answer {
        let request = Request::new(Method::Post, "smart_phone.contacts.sync", self.config.url.clone());
        let mut request = request.with_body("application/json", contact.body.clone());
        request.headers.push(("x-project-id", self.config.project_id.to_string()));
        match self.transport.send(request.authorized("auth-key", "", &self.config.auth_key)).await {
            Ok(response) => match response.status {
                200..300 => told(&response.body),
                408 | 425 | 429 | 500.. => {
                    Answer::Later(format!("the platform answers {}", response.status), response.retry_after())
                }
                status => Answer::Refused(format!("the platform answers {status}")),
            },
            Err(SendError::NotSent(_)) => Answer::Later("the platform cannot be reached".to_owned(), None),
            Err(SendError::NoAnswer(_)) => Answer::Later("the platform did not answer".to_owned(), None),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The platform's errors may come with status 200 (telephony/events.md 2.5). Its text may name the client and is not
/// repeated.
fn told(body: &[u8]) -> Answer {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return Answer::Taken };
    let has_error = answer.get("error").is_some_and(|error| !matches!(error, Value::Null | Value::Bool(false)));
    if has_error || answer.get("success") == Some(&Value::Bool(false)) {
        return Answer::Refused("the platform answers with an error".to_owned());
    }
    Answer::Taken
}
