//! A call as the telephone side tells it, in pieces that may come late, twice and in any order.

mod amend;
mod param;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{CallId, ProjectId},
    phone::Phone,
    redact::Private,
};

pub use self::param::FreeParams;
pub(crate) use self::param::Scope;

/// One conversation attempt, or one messenger request (then `source` says so).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The PBX's id; the same id always means the same call (G-03).
    pub id: CallId,
    /// Whose call it is.
    pub project: ProjectId,
    /// Seen from the project.
    pub direction: Direction,
    /// What brought the client here.
    pub source: Source,
    /// The furthest moment reported so far.
    pub phase: Phase,
    /// The person outside.
    pub client: Client,
    /// The project's own line: the number dialled on an incoming call, the caller id on an outgoing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<Phone>,
    /// The SIP login of that line, where the PBX names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_sip: Option<String>,
    /// When it began to ring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When somebody answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When the last leg ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How it ended; `None` while it is not final (G-04).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The status word as the PBX wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Seconds of talk.
    pub talk_seconds: u32,
    /// Seconds of ringing.
    pub ring_seconds: u32,
    /// Who took or made the call, as reported; one agent may stand here under several names. [`Call::talks`]
    /// puts them together.
    pub legs: Vec<Leg>,
    /// Link to the recording of the whole call, when legs have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Private>,
    /// The PBX says a recording will follow.
    pub recording_expected: bool,
    /// Name of the number pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Name of the forwarding scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Department of the agent, as the PBX names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Advertising marks.
    pub utm: Utm,
    /// Anything else the PBX wants to be available to rules and mappings.
    pub params: FreeParams,
}

/// Seen from the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The client called.
    Incoming,
    /// An agent called.
    Outgoing,
    /// Both ends belong to the project (G-02).
    Internal,
}

/// What brought the client here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A plain call.
    Call,
    /// A call-back ordered on the site; counts as incoming (G-07).
    Callback,
    /// A messenger dialogue sent to the CRM by an agent (Z-30).
    Messenger,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It rings.
    Ringing,
    /// Somebody answered.
    PickedUp,
    /// It is over.
    Ended,
}

/// How a call ended. The order is the order of trust when two reports differ: a later one in this list wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody answered.
    NoAnswer,
    /// The forwarding scheme did not work.
    NoForward,
    /// Wrong or missing extension in the voice menu.
    WrongExtension,
    /// The client hung up or was declined.
    Declined,
    /// Call-back: the client did not pick up.
    ClientNoAnswer,
    /// All places were busy.
    Busy,
    /// The forwarding target was unreachable.
    Failed,
    /// The destination is blocked.
    Forbidden,
    /// Went to voicemail: missed, even with seconds of talk (G-05).
    Voicemail,
    /// Two people talked.
    Answered,
}

impl Outcome {
    /// Two people talked.
    #[must_use]
    pub fn is_answered(self) -> bool {
        self == Self::Answered
    }
}

/// The person outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The number as the source spelt it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The name, when the telephone side knows one (a chat title, a form).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Private>,
    /// Google Analytics client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub google_client_id: Option<String>,
    /// The messenger dialogue, for messenger requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
}

/// A messenger dialogue: the key of a client without a phone (G13).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Chat {
    /// `telegram`, `viber`, `facebook`, …
    pub channel: String,
    /// The messenger's id of the dialogue.
    pub id: String,
}

/// One agent's part of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Who.
    pub agent: AgentRef,
    /// When it began to ring at this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When this agent answered; `None` when they did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When this leg ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Seconds of talk of this leg.
    pub talk_seconds: u32,
    /// Whether this agent talked.
    pub answered: bool,
    /// Link to this leg's recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Private>,
}

/// An agent as the PBX names one: any of these, most exact first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgentRef {
    /// Employee id of the PBX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Private>,
    /// SIP login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip: Option<String>,
    /// Telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Phone>,
    /// Internal extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Private>,
}

impl AgentRef {
    /// Names nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Advertising marks as sent; placeholders such as `(none)` are kept as values (G-10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utm {
    /// `utm_source`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `utm_content`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// `utm_term`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

impl Utm {
    /// The five marks with their usual names, in their usual order.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("utm_source", self.source.as_deref()),
            ("utm_medium", self.medium.as_deref()),
            ("utm_campaign", self.campaign.as_deref()),
            ("utm_content", self.content.as_deref()),
            ("utm_term", self.term.as_deref()),
        ]
    }

    /// Whether any mark says something: placeholders do not count (G-10).
    #[must_use]
    pub fn says_something(&self) -> bool {
        self.pairs().iter().any(|(_, mark)| mark.is_some_and(|mark| !is_placeholder(mark)))
    }
}

/// The telephone platform's words for "no mark" (telephony/events.md 2.2; `none)` is a typo of theirs seen live).
pub(crate) fn is_placeholder(mark: &str) -> bool {
    let bare: String = mark.trim().chars().filter(|c| !matches!(c, '(' | ')')).collect();
    matches!(bare.to_lowercase().as_str(), "" | "direct" | "none" | "not set")
}

impl Call {
    /// A call with nothing known but its name and direction.
    #[must_use]
    pub fn new(project: ProjectId, id: CallId, direction: Direction) -> Self {
        Self {
            id,
            project,
            direction,
            source: Source::Call,
            phase: Phase::Ringing,
            client: Client::default(),
            line: None,
            line_sip: None,
            started_at: None,
            answered_at: None,
            ended_at: None,
            outcome: None,
            status: None,
            talk_seconds: 0,
            ring_seconds: 0,
            legs: Vec::new(),
            recording: None,
            recording_expected: false,
            pool: None,
            scheme: None,
            department: None,
            utm: Utm::default(),
            params: FreeParams::default(),
        }
    }

    /// Whether two people talked; a messenger request counts as answered by whoever took it.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.source == Source::Messenger || self.outcome.is_some_and(Outcome::is_answered)
    }

    /// The direction scenarios and call lists show: everything but an agent's own call came from the client (G-07).
    #[must_use]
    pub fn seen_as(&self) -> Direction {
        if self.source == Source::Call { self.direction } else { Direction::Incoming }
    }

    /// The agent the call belongs to: the first who talked, else the first who was tried (RC-14).
    #[must_use]
    pub fn main_leg(&self) -> Option<Leg> {
        let mut legs = self.talks();
        let main = legs.iter().position(|leg| leg.answered).unwrap_or(0);
        (main < legs.len()).then(|| legs.swap_remove(main))
    }

    /// The recording shown first: the main leg's, else the whole call's (RC-14).
    #[must_use]
    pub fn main_recording(&self) -> Option<Private> {
        let of_leg = self.main_leg().and_then(|leg| leg.recording).filter(|link| !link.is_blank());
        of_leg.or_else(|| self.recording.clone()).filter(|link| !link.is_blank())
    }
}
