//! Caller cards: who wants them, how they are made, and how many are made at once.
//!
//! | what | file |
//! | --- | --- |
//! | a card from what routing or a delivery knows | `cards/made.rs` |
//! | which calls' cards are being made | `cards/turns.rs` |
//! | when they are made for calls that are taken in | `sidecar/announce.rs` |

pub(crate) mod made;
mod turns;

use std::{collections::BTreeMap, sync::Arc};

use tieline_crm::transport::Transport;
use tieline_engine::{ids::ProjectId, jiff::Timestamp};

pub(crate) use self::turns::Turns;
use crate::{
    clock::Clock,
    project::Project,
    smart_phone::{Contact, SmartPhone},
    watch::{Card, Hub},
};

/// Whom caller cards go to: the watchers of a project, and the platform's Smart Phone where it is configured.
pub struct Cards {
    hub: Arc<Hub>,
    phones: BTreeMap<ProjectId, Arc<SmartPhone>>,
    /// Whose cards are being made.
    pub(crate) turns: Turns,
}

impl Cards {
    /// Cards for the watchers of a hub.
    #[must_use]
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub, phones: BTreeMap::new(), turns: Turns::new() }
    }

    /// Takes a project's Smart Phone in, where it has one.
    pub(crate) fn connect(&mut self, project: &Project, transport: &Arc<dyn Transport>, clock: &Arc<dyn Clock>) {
        if let Some(config) = &project.smart_phone {
            let (transport, clock) = (Arc::clone(transport), Arc::clone(clock));
            let phone = SmartPhone::new(project.id.clone(), config.clone(), transport, clock);
            self.phones.insert(project.id.clone(), Arc::new(phone));
        }
    }

    /// Every Smart Phone.
    pub(crate) fn phones(&self) -> impl Iterator<Item = &Arc<SmartPhone>> {
        self.phones.values()
    }

    /// A project's Smart Phone.
    #[must_use]
    pub fn phone(&self, project: &ProjectId) -> Option<&Arc<SmartPhone>> {
        self.phones.get(project)
    }

    /// Whether anybody wants a card of a call under way; to be asked before one is made.
    #[must_use]
    pub fn are_wanted(&self, project: &ProjectId) -> bool {
        self.phones.contains_key(project) || self.hub.wants_card(project)
    }

    /// Tells of a call under way.
    pub(crate) fn tell(&self, project: &Project, at: Timestamp, card: Card, visit: Option<&str>) {
        self.tell_phone(project, &card, visit);
        self.hub.show(&project.id, at, card);
    }

    /// Tells the Smart Phone only: the call is over.
    pub(crate) fn tell_phone(&self, project: &Project, card: &Card, visit: Option<&str>) {
        let phone = self.phones.get(&project.id);
        if let Some(phone) = phone
            && let Some(contact) = Contact::of(card, phone.config(), &project.policy, visit)
        {
            phone.offer(contact);
        }
    }
}
