//! Facts: what is known about one call's way into the CRM. Stored after every answer, they are the call's state.

mod absorb;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{RecordId, UserId},
    next::PEOPLE,
    record::{Kind, Record},
    scenario::ClientIs,
    step::{CallEntry, Fields, Mark, StepKey},
};

pub(crate) use absorb::proof_lag;

/// Seconds for which a request may still take effect after its answer was given up, or after its sender died.
pub(crate) const IN_FLIGHT_SECONDS: u32 = 5;

/// What is known about one call's way into the CRM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The time of asking; the caller sets it before each `next`. Not part of the state.
    #[serde(skip)]
    pub now: Timestamp,
    /// Records this sidecar made or adopted for the same client lately; the caller loads them before the
    /// first `next`. They bridge the CRM's search lag (field.md 5.5). Not part of the state.
    #[serde(skip)]
    pub own: Vec<OwnRecord>,
    /// When the call was first accepted.
    pub accepted_at: Timestamp,
    /// The latest look-up's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// The records this call works on, fixed when the first step was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Steps that were begun, and what is known of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<StepKey, StepFact>,
    /// The call list entry as last written, for telling whether later facts change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<CallEntry>,
    /// Optional fields the CRM refused, left out from then on.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub refused_fields: BTreeSet<String>,
    /// How often later facts were brought into the CRM.
    pub changes: u32,
    /// How the client stood in the CRM when the first step was ordered: what we make ourselves does not turn a
    /// new client into a known one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<FirstSeen>,
    /// What the orders under way tell of the call, until all of it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<Telling>,
    /// Call and visit data last written into the client's records, for telling whether later facts change them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub written: BTreeMap<Kind, Fields>,
    /// Records the CRM says are gone.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<RecordId>,
}

/// The answer to a look-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// When it was asked.
    pub at: Timestamp,
    /// Candidates, unchecked: the engine accepts a record only when its own key is the client's.
    pub records: Vec<Record>,
    /// Marks asked about and where they were found; a mark asked about and missing here is absent so far.
    pub marks: BTreeMap<Mark, RecordId>,
    /// Marks that were asked about.
    pub asked: BTreeSet<Mark>,
}

/// A record this sidecar made or adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRecord {
    /// Contact, lead, deal, or the task for a missed call.
    pub kind: Kind,
    /// The CRM's id.
    pub id: RecordId,
    /// When it was made.
    pub at: Timestamp,
    /// Its owner at that time.
    pub owner: Option<UserId>,
    /// The contact it hangs on.
    pub contact: Option<RecordId>,
    /// A task that is not closed; other records are always open.
    #[serde(default = "yes")]
    pub open: bool,
}

fn yes() -> bool {
    true
}

/// How the client stood in the CRM before this call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSeen {
    /// Whether the CRM knew the client.
    pub client: ClientIs,
    /// Whether an open deal or lead was there.
    pub open_deal: bool,
    /// The owner of the open lead, else deal, else contact (RT-01).
    pub owner: Option<UserId>,
}

/// The call list entry under way, and the steps that are to tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The entry as it will be.
    pub entry: Option<CallEntry>,
    /// Notes still to be written before all of it is told.
    pub notes: BTreeSet<StepKey>,
    /// The entry as orders before told it, as long as it is not known to be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<CallEntry>,
}

/// The records a call works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Whether the CRM knew the client before this call.
    pub client: ClientIs,
    /// The client's contact.
    pub contact: Option<RecordId>,
    /// The open lead.
    pub lead: Option<RecordId>,
    /// The open deal.
    pub deal: Option<RecordId>,
    /// The latest closed deal: a task may still hang on it (RC-13).
    pub closed_deal: Option<RecordId>,
    /// Whether closed leads were seen.
    pub closed_lead: bool,
    /// Whether an open deal or lead was there before this call.
    pub open_deal: bool,
    /// The owner before this call: of the open lead, else deal, else contact (RT-01).
    pub owner: Option<UserId>,
}

impl Target {
    /// The record of a kind, when there was one.
    #[must_use]
    pub fn record(&self, kind: Kind) -> Option<&RecordId> {
        match kind {
            Kind::Contact => self.contact.as_ref(),
            Kind::Lead => self.lead.as_ref(),
            Kind::Deal => self.deal.as_ref(),
            Kind::Task | Kind::CallRecord | Kind::Note => None,
        }
    }
}

/// What is known of a step that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum StepFact {
    /// It is about to be sent, or was sent and no answer came: it may have happened.
    Uncertain {
        /// When it was sent, or when its answer was given up.
        since: Timestamp,
        /// What to look for.
        mark: Mark,
    },
    /// It happened.
    Done {
        /// Id of what was made or changed, where the CRM gives one.
        record: Option<RecordId>,
        /// The record was there already and is used.
        adopted: bool,
        /// When.
        at: Timestamp,
    },
    /// The CRM refuses it; a person must act.
    Refused {
        /// The CRM's code.
        code: String,
        /// What the CRM said.
        text: String,
    },
}

impl Facts {
    /// The record a step made or adopted.
    #[must_use]
    pub fn made(&self, key: &StepKey) -> Option<&RecordId> {
        match self.steps.get(key) {
            Some(StepFact::Done { record, .. }) => record.as_ref(),
            _ => None,
        }
    }

    /// Whether a step needs nothing more: it happened.
    #[must_use]
    pub fn is_done(&self, key: &StepKey) -> bool {
        matches!(self.steps.get(key), Some(StepFact::Done { .. }))
    }

    /// Whether the CRM refuses a step.
    #[must_use]
    pub fn is_refused(&self, key: &StepKey) -> bool {
        matches!(self.steps.get(key), Some(StepFact::Refused { .. }))
    }

    /// The contact, lead or deal this very call made: it was not there before.
    #[must_use]
    pub fn made_here(&self, kind: Kind) -> Option<&RecordId> {
        match self.steps.get(&StepKey::create(kind)) {
            Some(StepFact::Done { record, adopted: false, .. }) => record.as_ref(),
            _ => None,
        }
    }

    /// Whether another call of the client has made records since this one looked: an earlier one that waited for its
    /// end, while this one waited for the CRM. What was decided upon no longer holds.
    pub(crate) fn is_overtaken(&self) -> bool {
        let Some(found) = &self.found else { return false };
        let is_news = |own: &&OwnRecord| own.at > found.at && own.at <= self.now && PEOPLE.contains(&own.kind);
        let mut news = self.own.iter().filter(is_news);
        self.target.is_some() && news.any(|own| self.made(&StepKey::create(own.kind)) != Some(&own.id))
    }

    /// Steps that may have happened.
    pub fn uncertain(&self) -> impl Iterator<Item = (&StepKey, Timestamp, &Mark)> {
        self.steps.iter().filter_map(|(key, fact)| match fact {
            StepFact::Uncertain { since, mark } => Some((key, *since, mark)),
            StepFact::Done { .. } | StepFact::Refused { .. } => None,
        })
    }

    /// Steps the CRM refuses.
    pub fn refused(&self) -> impl Iterator<Item = (&StepKey, &str, &str)> {
        self.steps.iter().filter_map(|(key, fact)| match fact {
            StepFact::Refused { code, text } => Some((key, code.as_str(), text.as_str())),
            StepFact::Done { .. } | StepFact::Uncertain { .. } => None,
        })
    }
}
