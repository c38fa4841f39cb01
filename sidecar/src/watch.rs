//! What happens at the telephones, for those who watch: caller cards, finished calls, wishes to dial.
//!
//! The latest events of each project are kept in memory, so that a watcher whose connection broke goes on where it
//! was. What is older, or from before a restart, is gone: the watcher is told so, and nothing durable depends on it.
//! Cards are kept only while somebody is interested: making them costs something, and they are about people.

mod channel;
mod hub;
mod watcher;

use std::sync::Arc;

use tieline_engine::{
    call::{Direction, Phase},
    ids::{AgentId, CallId, RecordId},
    jiff::Timestamp,
    phone::{Phone, PhoneKey},
    record::Kind,
    redact::Private,
};

pub use self::{
    hub::{From, Hub, Told},
    watcher::{Seen, Watcher},
};
use crate::store::State;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client is calling or talking: what is known of them. Told by [`Hub::show`].
    Card(Arc<Card>),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The call it is about; empty when the exchange has no id for it yet.
    pub call: CallId,
    /// Seen from the project.
    pub direction: Direction,
    /// It rings, or somebody answered.
    pub phase: Phase,
    /// The client's canonical number, where there is one.
    pub number: Option<PhoneKey>,
    /// The client's number as reported.
    pub number_text: Option<Phone>,
    /// Who is rung or talks, when that is known.
    pub agent: Option<AgentId>,
    /// What the CRM has of the client.
    pub client: Client,
}

/// What the CRM has of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Whether the CRM knows the client; `None` when it could not be asked.
    pub known: Option<bool>,
    /// The client's name in the CRM.
    pub name: Option<Private>,
    /// Who is responsible for the client, when it is an agent of the list.
    pub owner: Option<AgentId>,
    /// The client's open records with links for a person.
    pub records: Vec<(Kind, RecordId, Option<String>)>,
    /// A link to the form of a new deal with the client.
    pub new_deal: Option<String>,
}

impl Card {
    /// This card told after another one of the same call: what is known is not forgotten, and a call does not ring
    /// again after somebody answered.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        self.phase = self.phase.max(earlier.phase);
        self.agent = self.agent.or_else(|| earlier.agent.clone());
        if self.client.known.is_none() {
            self.client.clone_from(&earlier.client);
        }
        self
    }
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
