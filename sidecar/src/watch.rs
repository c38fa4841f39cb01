//! What happens at the telephones, for those who watch: caller cards, finished calls, wishes to dial.
//!
//! The latest events of each project are kept in memory, so that a watcher whose connection broke goes on where it
//! was. What is older, or from before a restart, is gone: the watcher is told so, and nothing durable depends on it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tieline_engine::{
    agents::Agent,
    call::Direction,
    ids::{AgentId, CallId, ProjectId, RecordId},
    jiff::Timestamp,
    phone::{Phone, PhoneKey},
    record::Kind,
    redact::Private,
};
use tokio::sync::watch;

use crate::store::State;

/// Events of one project kept for watchers that come back.
const KEPT: usize = 1_024;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client is calling or talking: what is known of them.
    Card(Box<Card>),
    /// A call came to its end in the CRM.
    Finished {
        /// Which call.
        call: CallId,
        /// Written, skipped or failed.
        state: State,
        /// Who talked, when it is an agent of the list.
        agent: Option<AgentId>,
    },
    /// Somebody wants a call to be made: the exchange should dial.
    Dial(Box<Dial>),
}

/// What is known of a caller, for the agent's screen.
#[derive(Clone, Debug)]
pub struct Card {
    /// The call it is about.
    pub call: CallId,
    /// Seen from the project.
    pub direction: Direction,
    /// The client's canonical number, where there is one.
    pub number: Option<PhoneKey>,
    /// The client's number as reported.
    pub number_text: Option<Phone>,
    /// The client's name in the CRM.
    pub name: Option<Private>,
    /// Whether the CRM knows the client; `None` when it could not be asked.
    pub known: Option<bool>,
    /// Who is responsible for the client.
    pub owner: Option<Agent>,
    /// Who is rung or talks, when that is known.
    pub agent: Option<AgentId>,
    /// The client's open records with links for a person.
    pub records: Vec<(Kind, RecordId, Option<String>)>,
    /// A link to the form of a new deal with the client.
    pub new_deal: Option<String>,
}

/// A wish to call a client.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The sidecar's id of the wish: the same wish always has the same one.
    pub id: String,
    /// Who is to talk.
    pub agent: AgentId,
    /// The SIP login or number at which the agent is rung.
    pub agent_place: String,
    /// Whom to call.
    pub client: Phone,
    /// Ring the client before the agent (SP-06).
    pub client_first: bool,
    /// The line to call from, where the wish names one.
    pub line: Option<Phone>,
    /// The telephone platform was asked already and rings both: who watches only shows it.
    pub carried_out: bool,
}

/// An event with its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Counts a project's events of this run of the sidecar from 1.
    pub nr: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Everybody who watches, and what there was to see lately.
pub struct Hub {
    /// Tells this run of the sidecar from others, so that a place of another run is known as such.
    run: String,
    projects: Mutex<BTreeMap<ProjectId, Arc<Channel>>>,
}

struct Channel {
    kept: Mutex<VecDeque<Placed>>,
    latest: watch::Sender<u64>,
}

impl Hub {
    /// Nothing happened yet; `run` is a name no other run has.
    #[must_use]
    pub fn new(run: String) -> Self {
        Self { run, projects: Mutex::default() }
    }

    /// The name of this run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Tells the watchers of a project.
    pub fn tell(&self, project: &ProjectId, at: Timestamp, event: Event) {
        let channel = self.channel(project);
        let mut kept = channel.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let nr = *channel.latest.borrow() + 1;
        kept.push_back(Placed { nr, at, event });
        if kept.len() > KEPT {
            kept.pop_front();
        }
        channel.latest.send_replace(nr);
    }

    /// Watches a project from after a place; 0 is from the oldest kept, `None` from now on.
    #[must_use]
    pub fn watch(&self, project: &ProjectId, after: Option<u64>) -> Watcher {
        let channel = self.channel(project);
        let news = channel.latest.subscribe();
        let seen = after.unwrap_or_else(|| *news.borrow());
        Watcher { channel, news, seen }
    }

    /// Whether anybody watches a project now.
    #[must_use]
    pub fn is_watched(&self, project: &ProjectId) -> bool {
        self.channel(project).latest.receiver_count() > 0
    }

    fn channel(&self, project: &ProjectId) -> Arc<Channel> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Channel { kept: Mutex::default(), latest: watch::channel(0).0 });
        Arc::clone(projects.entry(project.clone()).or_insert_with(new))
    }
}

/// Somebody who watches.
pub struct Watcher {
    channel: Arc<Channel>,
    news: watch::Receiver<u64>,
    seen: u64,
}

/// What a watcher sees next.
#[derive(Clone, Debug)]
pub enum Seen {
    /// An event.
    Event(Placed),
    /// So many events are gone that the watcher has not seen.
    Missed(u64),
}

impl Watcher {
    /// The next event, as soon as there is one.
    pub async fn next(&mut self) -> Seen {
        loop {
            if let Some(seen) = self.kept() {
                return seen;
            }
            // The channel lives as long as this watcher holds it.
            drop(self.news.changed().await);
        }
    }

    fn kept(&mut self) -> Option<Seen> {
        let kept = self.channel.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.news.mark_unchanged();
        let oldest = kept.front()?.nr;
        if self.seen + 1 < oldest {
            let missed = oldest - 1 - self.seen;
            self.seen = oldest - 1;
            return Some(Seen::Missed(missed));
        }
        let at = usize::try_from(self.seen + 1 - oldest).ok()?;
        let next = kept.get(at)?.clone();
        self.seen = next.nr;
        Some(Seen::Event(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(nr: u64) -> Event {
        Event::Finished { call: CallId::new(nr.to_string()), state: State::Written, agent: None }
    }

    #[tokio::test]
    async fn a_watcher_that_comes_back_goes_on_and_is_told_what_it_missed() {
        let (hub, project) = (Hub::new("run".to_owned()), ProjectId::new("shop"));
        for nr in 1..=KEPT as u64 + 3 {
            hub.tell(&project, Timestamp::UNIX_EPOCH, finished(nr));
        }
        let mut back = hub.watch(&project, Some(2));
        assert!(matches!(back.next().await, Seen::Missed(1)));
        assert!(matches!(back.next().await, Seen::Event(Placed { nr: 4, .. })));
        let mut fresh = hub.watch(&project, None);
        hub.tell(&project, Timestamp::UNIX_EPOCH, finished(0));
        let last = KEPT as u64 + 4;
        assert!(matches!(fresh.next().await, Seen::Event(Placed { nr, .. }) if nr == last));
    }
}
