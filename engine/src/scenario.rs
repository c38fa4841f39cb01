//! The scenario: which situation makes which records. Ordered rows, the first that fits wins.

mod standard;

use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Direction, Phase, Source},
    record::Kind,
};

/// Ordered rows; the first whose `when` fits decides. No row: nothing is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scenario {
    /// The rows, most particular first.
    pub rows: Vec<Row>,
}

/// One row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// A name for explanations, unique in the scenario.
    pub name: String,
    /// The situations it is for.
    #[serde(default)]
    pub when: When,
    /// What is done.
    pub then: Then,
}

/// A pattern of situations; what is left out fits anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Call, callback or messenger.
    pub source: Option<Source>,
    /// Incoming or outgoing.
    pub direction: Option<Direction>,
    /// Whether two people talked.
    pub answered: Option<bool>,
    /// Whether the CRM knew the client before this call.
    pub client: Option<ClientIs>,
    /// Who talked.
    pub by: Option<By>,
    /// Whether an open deal or lead was there.
    pub open_deal: Option<bool>,
}

/// Whether the CRM knew the client before this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientIs {
    /// No record with the client's key.
    New,
    /// At least one.
    Known,
}

/// Who talked to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The owner of the client's record.
    Owner,
    /// Another agent of the list.
    Colleague,
    /// Somebody the list does not know (G-08).
    Unmapped,
    /// Nobody.
    Nobody,
}

/// What a row does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Then {
    /// The client's contact.
    pub contact: Treat,
    /// The lead.
    pub lead: Treat,
    /// The deal.
    pub deal: Treat,
    /// Whether the CRM's call list gets the call.
    pub call_record: bool,
    /// Kinds whose record gets the call as a note, where the CRM can hold one.
    pub notes: Vec<Kind>,
    /// Tasks to add.
    pub tasks: Vec<TaskPlan>,
    /// Who owns what is created: the first of these that is somebody.
    pub owner: Vec<Who>,
    /// When records of the client may be made; tasks, notes and the call record always wait for the end.
    pub moment: Moment,
}

/// What happens to one kind of record: the two ticks of the matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treat {
    /// Neither tick.
    #[default]
    Nothing,
    /// Update the open one, never create (Z-09).
    Update,
    /// Use the open one as it is; create when there is none.
    Create,
    /// Update the open one; create when there is none.
    CreateAndUpdate,
}

impl Treat {
    /// May make a new record.
    #[must_use]
    pub fn creates(self) -> bool {
        matches!(self, Self::Create | Self::CreateAndUpdate)
    }

    /// Writes call and visit data into an existing one.
    #[must_use]
    pub fn updates(self) -> bool {
        matches!(self, Self::Update | Self::CreateAndUpdate)
    }
}

/// A task to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskPlan {
    /// What it is about.
    pub about: TaskAbout,
    /// For whom: the first of these that is somebody.
    pub to: Vec<Who>,
    /// Minutes until it is due; `None` makes it a finished one.
    #[serde(default)]
    pub due_minutes: Option<u32>,
}

/// What a task is about. One call makes at most one task of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskAbout {
    /// Call back a client nobody talked to.
    MissedCall,
    /// A talk that took place, with its recording.
    Talk,
    /// A colleague answered the owner's client: look at it (G-12).
    Review,
    /// The agent is not in the list: check the settings (G-08).
    CheckSettings,
    /// A messenger request (Z-35).
    Messenger,
}

impl TaskAbout {
    /// Its name in step keys and configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissedCall => "missed_call",
            Self::Talk => "talk",
            Self::Review => "review",
            Self::CheckSettings => "check_settings",
            Self::Messenger => "messenger",
        }
    }
}

/// A person by part played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The agent of the main leg.
    Agent,
    /// The owner of the client's open deal, lead or contact, in this order (RT-01).
    Owner,
    /// The senior manager.
    Senior,
}

/// The first moment at which the client's records may be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At the first ring (SM-08).
    Ringing,
    /// When somebody answers (Z-38).
    PickedUp,
    /// When it is over.
    #[default]
    Ended,
}

impl Moment {
    /// Whether a call has come this far.
    #[must_use]
    pub fn reached(self, phase: Phase) -> bool {
        match self {
            Self::Ringing => true,
            Self::PickedUp => phase >= Phase::PickedUp,
            Self::Ended => phase == Phase::Ended,
        }
    }
}

/// Everything a row can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// Call, callback or messenger.
    pub source: Source,
    /// Incoming or outgoing; a callback is incoming (G-07).
    pub direction: Direction,
    /// Whether two people talked (so far).
    pub answered: bool,
    /// Whether the CRM knew the client before this call.
    pub client: ClientIs,
    /// Who talked.
    pub by: By,
    /// Whether an open deal or lead was there before this call.
    pub open_deal: bool,
}

impl Situation {
    /// The parts of a situation the call itself tells.
    #[must_use]
    pub fn of(call: &Call, client: ClientIs, by: By, open_deal: bool) -> Self {
        let answered = call.is_answered() || call.phase == Phase::PickedUp;
        Self { source: call.source, direction: call.seen_as(), answered, client, by, open_deal }
    }
}

impl Scenario {
    /// The first row that fits.
    #[must_use]
    pub fn row(&self, situation: &Situation) -> Option<&Row> {
        self.rows.iter().find(|row| row.when.fits(situation))
    }

    /// Whether any row may act before the call is over.
    #[must_use]
    pub fn acts_before_end(&self, phase: Phase) -> bool {
        self.rows.iter().any(|row| row.then.moment != Moment::Ended && row.then.moment.reached(phase))
    }
}

impl When {
    /// Whether a situation is one of these. A callback fits rows for calls: it counts as incoming (G-07).
    #[must_use]
    pub fn fits(&self, situation: &Situation) -> bool {
        let source = self.source.is_none_or(|source| {
            source == situation.source || (source == Source::Call && situation.source == Source::Callback)
        });
        source
            && self.direction.is_none_or(|direction| direction == situation.direction)
            && self.answered.is_none_or(|answered| answered == situation.answered)
            && self.client.is_none_or(|client| client == situation.client)
            && self.by.is_none_or(|by| by == situation.by)
            && self.open_deal.is_none_or(|open| open == situation.open_deal)
    }
}
