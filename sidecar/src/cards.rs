//! Caller cards: who wants them, how they are made, and how many are made at once.
//!
//! | what | file |
//! | --- | --- |
//! | a card from what routing or a delivery knows | `cards/made.rs` |
//! | which calls' cards are being made | `cards/turns.rs` |
//! | when they are made for calls that are taken in | `sidecar/announce.rs` |

pub(crate) mod made;
mod turns;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tieline_crm::transport::Transport;
use tieline_engine::{ids::ProjectId, jiff::Timestamp};

pub(crate) use self::turns::Turns;
use crate::{
    clock::Clock,
    driver::wake::Woken,
    project::Project,
    smart_phone::{Contact, SmartPhone},
    watch::{Card, Hub},
};

/// Whom caller cards go to: the watchers of a project, and the platform's Smart Phone where it is configured.
pub struct Cards {
    hub: Arc<Hub>,
    phones: RwLock<BTreeMap<ProjectId, Arc<SmartPhone>>>,
    /// Has what waits for a Smart Phone sent.
    woken: Arc<Woken>,
    /// Whose cards are being made.
    pub(crate) turns: Turns,
}

impl Cards {
    /// Cards for the watchers of a hub.
    #[must_use]
    pub(crate) fn new(hub: Arc<Hub>, woken: Arc<Woken>) -> Self {
        Self { hub, phones: RwLock::default(), woken, turns: Turns::new() }
    }

    /// Takes a project's Smart Phone in, where it has one; one that is configured as before goes on.
    pub(crate) fn connect(&self, project: &Project, transport: &Arc<dyn Transport>, clock: &Arc<dyn Clock>) {
        let Some(config) = &project.smart_phone else { return self.disconnect(&project.id) };
        if self.phone(&project.id).is_some_and(|phone| phone.config() == config) {
            return;
        }
        self.disconnect(&project.id);
        let (transport, clock) = (Arc::clone(transport), Arc::clone(clock));
        let (id, woken) = (project.id.clone(), Arc::clone(&self.woken));
        let phone = Arc::new(SmartPhone::new(id, config.clone(), transport, clock, woken));
        self.phones.write().unwrap_or_else(PoisonError::into_inner).insert(project.id.clone(), phone);
    }

    /// Lets a project's Smart Phone go; what waits for it is not sent.
    pub(crate) fn disconnect(&self, project: &ProjectId) {
        let gone = self.phones.write().unwrap_or_else(PoisonError::into_inner).remove(project);
        if let Some(phone) = gone {
            phone.close();
        }
    }

    /// Every Smart Phone.
    pub(crate) fn phones(&self) -> Vec<Arc<SmartPhone>> {
        self.phones.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A project's Smart Phone.
    #[must_use]
    pub fn phone(&self, project: &ProjectId) -> Option<Arc<SmartPhone>> {
        self.phones.read().unwrap_or_else(PoisonError::into_inner).get(project).cloned()
    }

    /// Whether anybody wants a card of a call under way; to be asked before one is made.
    #[must_use]
    pub fn are_wanted(&self, project: &ProjectId) -> bool {
        self.phone(project).is_some() || self.hub.wants_card(project)
    }

    /// Tells of a call under way.
    pub(crate) fn tell(&self, project: &Project, at: Timestamp, card: Card, visit: Option<&str>) {
        self.tell_phone(project, &card, visit);
        self.hub.show(&project.id, at, card);
    }

    /// Tells the Smart Phone only: the call is over.
    pub(crate) fn tell_phone(&self, project: &Project, card: &Card, visit: Option<&str>) {
        if let Some(phone) = self.phone(&project.id)
            && let Some(contact) = Contact::of(card, phone.config(), &project.policy, visit)
        {
            phone.offer(contact);
        }
    }
}
