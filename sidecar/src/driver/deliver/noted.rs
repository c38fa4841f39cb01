//! What of a delivery is noted as written: for the call's report, and for the client's next calls.

use std::collections::BTreeSet;

use tieline_engine::{
    facts::{OwnRecord, StepFact},
    ids::RecordId,
    jiff::Timestamp,
    record::Kind,
    scenario::TaskAbout,
    step::{Step, StepKey},
};

use super::Delivery;
use crate::store::Written;

impl Delivery<'_> {
    pub(super) fn done_steps(&self) -> BTreeSet<StepKey> {
        self.facts.steps.keys().filter(|key| self.facts.is_done(key)).cloned().collect()
    }

    /// Notes what has become known as done, in the order it was ordered: for the call's report, and the client's
    /// records for the client's next calls.
    pub(super) fn note_done(&mut self, before: &BTreeSet<StepKey>, steps: &[Step], at: Timestamp) {
        let place = |key: &StepKey| steps.iter().position(|step| step.key == *key);
        let mut news: Vec<StepKey> = self.done_steps().into_iter().filter(|key| !before.contains(key)).collect();
        news.sort_by_key(place);
        for key in news {
            let Some(StepFact::Done { record: id, adopted, .. }) = self.facts.steps.get(&key) else { continue };
            let (id, kind) = (id.clone(), key.kind());
            let made = key.makes().is_some() && !adopted;
            self.note_task(&key, id.as_ref(), at);
            if let Some(id) = id.clone().filter(|_| key == StepKey::create(kind)) {
                let ordered = steps.iter().find(|step| step.key == key).and_then(|step| step.action.owner().cloned());
                let owner = ordered.or_else(|| self.facts.first_seen.as_ref()?.owner.clone());
                let contact = self.contact().filter(|_| kind != Kind::Contact);
                self.own.push(OwnRecord { kind, id, at, owner, contact, open: true });
            }
            let link = id.as_ref().and_then(|id| self.connection.dialect().link(kind, id));
            self.written.push(Written { step: key.as_str().to_owned(), kind, id, made, link, at });
        }
    }

    /// Remembers the task for a missed call, and that one was closed.
    fn note_task(&mut self, key: &StepKey, id: Option<&RecordId>, at: Timestamp) {
        let own = |id: &RecordId, at, open| OwnRecord {
            kind: Kind::Task,
            id: id.clone(),
            at,
            owner: None,
            contact: None,
            open,
        };
        if *key == StepKey::task(TaskAbout::MissedCall) {
            self.own.extend(id.map(|id| own(id, at, true)));
        }
        let closed = self.facts.own.iter().find(|known| *key == StepKey::close_task(&known.id));
        self.own.extend(closed.map(|closed| own(&closed.id, closed.at, false)));
    }

    /// The client's contact, made by this call or known before.
    fn contact(&self) -> Option<RecordId> {
        let made = self.facts.made(&StepKey::create(Kind::Contact));
        made.or_else(|| self.facts.target.as_ref()?.contact.as_ref()).cloned()
    }
}
