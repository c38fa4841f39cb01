//! What does not stay: calls whose time is over, and people who are to be forgotten. Of either only the ledger's sums
//! stay, so that every day goes on balancing.

use std::{collections::BTreeMap, fmt, sync::Arc};

use tieline_engine::{
    call::Call,
    facts::{Facts, OwnRecord},
    ids::{ProjectId, RecordId},
    jiff::Timestamp,
    record::Kind,
};

use super::{State, StoredCall, Written};

/// From when on things are kept, each by its own age; `None` keeps all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// Written calls, by their last change. Resendings with nothing left to do, by their beginning, once no call of
    /// theirs is stored.
    pub written: Option<Timestamp>,
    /// Skipped calls, by their last change.
    pub skipped: Option<Timestamp>,
    /// Failed calls, by their last change.
    pub failed: Option<Timestamp>,
    /// Bodies as received, of calls that do not wait.
    pub bodies: Option<Timestamp>,
    /// Records made or adopted for a client.
    pub own: Option<Timestamp>,
    /// Who last talked with a client.
    pub talks: Option<Timestamp>,
}

impl Expiry {
    /// The finished states' column values, with the time from which on each is kept.
    pub(super) fn calls(&self) -> impl Iterator<Item = (&'static str, Timestamp)> {
        let all = [("written", self.written), ("skipped", self.skipped), ("failed", self.failed)];
        all.into_iter().filter_map(|(state, before)| Some((state, before?)))
    }
}

/// How much was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Calls, with their bodies.
    pub calls: u64,
    /// Bodies of calls that stay.
    pub bodies: u64,
    /// Records made or adopted.
    pub own: u64,
    /// Who last talked with a client.
    pub talks: u64,
    /// There may be more to remove.
    pub more: bool,
}

impl Purged {
    /// What was removed so far and now; whether there is more is what was found now.
    #[must_use]
    pub fn and(self, now: Self) -> Self {
        Self {
            calls: self.calls + now.calls,
            bodies: self.bodies + now.bodies,
            own: self.own + now.own,
            talks: self.talks + now.talks,
            more: now.more,
        }
    }
}

/// A person, as calls tell of them.
#[derive(Clone)]
pub struct Person {
    /// Of which project.
    pub project: ProjectId,
    /// The person's lanes.
    pub lanes: Vec<String>,
    /// Whether a call that was written about nobody, and so has a lane of its own, is with them.
    pub is_theirs: Arc<dyn Fn(&Call) -> bool + Send + Sync>,
}

/// What is to be done with a person's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgetting {
    /// Nothing: only look.
    Look,
    /// Remove it, unless a call waits.
    UnlessWaiting,
    /// Remove it, waiting calls too; those count as skipped, with the reason `forgotten`.
    Everything,
}

impl Forgetting {
    /// Whether it may be done while so many calls wait.
    pub(super) fn goes_on(self, waiting: u64) -> bool {
        match self {
            Self::Look => false,
            Self::UnlessWaiting => waiting == 0,
            Self::Everything => true,
        }
    }
}

/// What is, or was, stored of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// It was removed.
    pub done: bool,
    /// Calls, waiting ones included.
    pub calls: u64,
    /// Of them waiting.
    pub waiting: u64,
    /// The person's records in the CRM: kind, id, and a link for a person where one is known.
    pub records: BTreeMap<(Kind, RecordId), Option<String>>,
    /// The calls, for what is kept of them elsewhere.
    pub ids: Vec<tieline_engine::ids::CallId>,
}

impl Forgotten {
    /// Adds a call and the records it tells of.
    pub(super) fn add(&mut self, stored: &StoredCall) {
        self.calls += 1;
        self.waiting += u64::from(stored.state == State::Waiting);
        self.ids.push(stored.call.id.clone());
        self.add_found(&stored.facts);
        for Written { kind, id, link, .. } in &stored.written {
            if let Some(id) = id {
                let kept = self.records.entry((*kind, id.clone())).or_default();
                *kept = link.clone().or_else(|| kept.take());
            }
        }
    }

    /// Adds a record made or adopted for the person.
    pub(super) fn add_own(&mut self, own: &OwnRecord) {
        for (kind, id) in [(own.kind, Some(&own.id)), (Kind::Contact, own.contact.as_ref())] {
            if let Some(id) = id {
                self.records.entry((kind, id.clone())).or_default();
            }
        }
    }

    /// The records a call worked on are the person's, also where nothing was changed in them.
    fn add_found(&mut self, facts: &Facts) {
        let Some(target) = &facts.target else { return };
        let found = [Kind::Contact, Kind::Lead, Kind::Deal].map(|kind| (kind, target.record(kind)));
        for (kind, id) in found.into_iter().chain([(Kind::Deal, target.closed_deal.as_ref())]) {
            if let Some(id) = id {
                self.records.entry((kind, id.clone())).or_default();
            }
        }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("project", &self.project).finish_non_exhaustive()
    }
}
