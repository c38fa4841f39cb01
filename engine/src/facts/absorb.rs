//! Adding answers to the facts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Facts, FirstSeen, Found, IN_FLIGHT_SECONDS, OwnRecord, StepFact, Telling};
use crate::{
    ids::RecordId,
    next::{Orders, PEOPLE},
    policy::Policy,
    record::{Kind, Record},
    step::{Action, CallEntry, Fields, Step, StepKey, StepResult},
};

impl Facts {
    /// Facts of a call that has just been accepted.
    #[must_use]
    pub fn new(accepted_at: Timestamp) -> Self {
        Self { accepted_at, now: accepted_at, ..Self::default() }
    }

    /// Writes down that steps are about to be sent. Store the facts before sending: after a crash they say
    /// that these steps may have happened.
    pub fn begin(&mut self, orders: &Orders, steps: &[Step], now: Timestamp) {
        let target = &orders.target;
        self.first_seen.get_or_insert_with(|| FirstSeen {
            client: target.client,
            open_deal: target.open_deal,
            owner: target.owner.clone(),
        });
        self.target = Some(target.clone());
        let notes = orders.steps.iter().map(|step| step.key.clone()).filter(StepKey::is_note).collect();
        let earlier = self.telling.take().filter(|_| self.entry.is_none());
        let earlier = earlier.and_then(|telling| telling.earlier.or(telling.entry));
        self.telling = Some(Telling { entry: orders.entry.clone(), notes, earlier });
        for step in steps {
            self.steps.insert(step.key.clone(), StepFact::Uncertain { since: now, mark: step.mark.clone() });
            // A record that is found by its mark later holds this; see `undone` for one that is not.
            if let Action::Create { kind, fields, .. } = &step.action {
                self.written.insert(*kind, Fields::default().with(fields));
            }
        }
    }

    /// Takes back [`Facts::begin`] for steps that certainly did not happen.
    pub fn not_sent(&mut self, steps: &[Step]) {
        for step in steps {
            if matches!(self.steps.get(&step.key), Some(StepFact::Uncertain { .. })) {
                self.undone(&step.key);
            }
        }
    }

    /// A step certainly did not happen.
    fn undone(&mut self, key: &StepKey) {
        self.steps.remove(key);
        if let Some(kind) = key.makes() {
            self.written.remove(&kind);
        }
    }

    /// Notes that the answer to steps that were begun was given up at `now`: until then they may have been under way.
    pub fn answer_lost(&mut self, steps: &[Step], now: Timestamp) {
        for step in steps {
            if let Some(StepFact::Uncertain { since, .. }) = self.steps.get_mut(&step.key) {
                *since = now.max(*since);
            }
        }
    }

    /// Adds what the CRM answered to steps that were begun. A step without a result was not done.
    pub fn learn_results(
        &mut self,
        orders: &Orders,
        steps: &[Step],
        results: &BTreeMap<StepKey, StepResult>,
        now: Timestamp,
    ) {
        self.not_sent(steps);
        let left_out = self.refused_fields.clone();
        for step in steps {
            if let Some(result) = results.get(&step.key) {
                self.learn_result(orders, step, result, &left_out, now);
            }
        }
    }

    fn learn_result(
        &mut self,
        orders: &Orders,
        step: &Step,
        result: &StepResult,
        left_out: &BTreeSet<String>,
        now: Timestamp,
    ) {
        match result {
            StepResult::Done { record } => self.did(step, record.clone(), now),
            StepResult::DoneBefore { record } => self.did_before(step, record.clone(), now),
            StepResult::Exists(existing) => self.adopt(orders, step, existing, now),
            // Left out already and refused again: leaving it out does not help.
            StepResult::FieldRefused { field, text } if left_out.contains(field) => self.refuse(step, field, text),
            StepResult::FieldRefused { field, .. } => {
                self.refused_fields.insert(field.clone());
            }
            // What was told is told; a record somebody removed since is not made again for a late recording.
            StepResult::TargetGone { .. } if self.only_adds_to_told(&step.key) => self.did(step, None, now),
            StepResult::TargetGone { kind } => {
                if !self.forget_target(*kind) {
                    self.refuse(step, "target_gone", kind.as_str());
                }
            }
            StepResult::Refused { code, text } => self.refuse(step, code, text),
        }
    }

    fn did(&mut self, step: &Step, record: Option<RecordId>, now: Timestamp) {
        self.done(&step.key, record, false, now);
        if let Action::Create { kind, fields, .. } | Action::Update { kind, fields, .. } = &step.action {
            let written = self.written.entry(*kind).or_default();
            *written = written.with(fields);
        }
    }

    /// The CRM holds what an earlier attempt told; what has come to be known since is still to be told.
    fn did_before(&mut self, step: &Step, record: Option<RecordId>, now: Timestamp) {
        let told = self.telling.as_ref().and_then(|telling| telling.earlier.clone());
        self.did(step, record, now);
        if let Some(told) = told.filter(|_| step.key.writes_entry()) {
            self.entry = Some(told);
        }
    }

    fn refuse(&mut self, step: &Step, code: &str, text: &str) {
        self.steps.insert(step.key.clone(), StepFact::Refused { code: code.to_owned(), text: text.to_owned() });
    }

    /// The record a step was to make is there already.
    fn adopt(&mut self, orders: &Orders, step: &Step, existing: &Record, now: Timestamp) {
        let is_person = PEOPLE.contains(&existing.kind);
        if step.key.makes() != Some(existing.kind) {
            return self.refuse(step, "exists", existing.kind.as_str());
        }
        self.done(&step.key, Some(existing.id.clone()), is_person, now);
        if is_person {
            let (kind, id) = (existing.kind, existing.id.clone());
            let (owner, contact) = (existing.owner.clone(), existing.contact.clone());
            self.own.push(OwnRecord { kind, id, at: now, owner, contact, open: true });
            // What hangs on that record is not known yet, and the client was known after all.
            (self.found, self.target, self.first_seen) = (None, None, None);
        } else {
            self.entry.clone_from(&orders.entry);
        }
    }

    /// Adds a look-up's answer: steps it proves are done, steps it disproves may be tried again.
    pub fn learn_found(&mut self, found: Found, policy: &Policy) {
        if self.is_overtaken() {
            self.target = None;
        }
        let lag = proof_lag(policy);
        let uncertain: Vec<_> = self.uncertain().map(|(key, since, mark)| (key.clone(), since, mark.clone())).collect();
        for (key, since, mark) in uncertain {
            if let Some(record) = found.marks.get(&mark) {
                self.done(&key, Some(record.clone()), false, found.at);
            } else if found.at >= since + lag {
                // Either its mark was asked for and is absent, or the client's records were read again and
                // the next decision sees whether one is there.
                self.undone(&key);
            }
            if PEOPLE.contains(&key.makes().unwrap_or(Kind::Note)) {
                self.target = None;
            }
        }
        self.found = Some(found);
    }

    /// Lets refused steps be tried again, when a person has removed the cause.
    pub fn forgive(&mut self) {
        self.steps.retain(|_, fact| !matches!(fact, StepFact::Refused { .. }));
        self.refused_fields.clear();
    }

    /// A step happened. What the CRM holds of the call now is known with the entry itself, or with the last note
    /// that tells it.
    fn done(&mut self, key: &StepKey, record: Option<RecordId>, adopted: bool, at: Timestamp) {
        self.steps.insert(key.clone(), StepFact::Done { record, adopted, at });
        let Some(telling) = &mut self.telling else { return };
        let was_note = telling.notes.remove(key);
        if key.writes_entry() || (was_note && telling.notes.is_empty()) {
            let entry = telling.entry.clone();
            let told = |entry: &Option<CallEntry>| entry.as_ref().map(CallEntry::told);
            self.changes += u32::from(self.entry.is_some() && told(&self.entry) != told(&entry));
            self.entry = entry;
        }
    }

    fn only_adds_to_told(&self, key: &StepKey) -> bool {
        self.entry.is_some() && (key.is_repeatable() || key.is_later_note())
    }

    /// A record the call worked on is gone: look again, without it. Answers whether that changes anything.
    fn forget_target(&mut self, kind: Kind) -> bool {
        let key = StepKey::create(kind);
        let made = self.made(&key).cloned();
        let known = self.target.as_ref().and_then(|target| {
            let closed = target.closed_deal.as_ref().filter(|_| kind == Kind::Deal);
            target.record(kind).or(closed).cloned()
        });
        // What the call made itself is what its steps point at; another one of the client's may well be there.
        let is_news = |id: &RecordId| !self.gone.contains(id);
        let Some(gone) = made.filter(is_news).or(known.filter(is_news)) else { return false };
        self.gone.insert(gone);
        self.steps.remove(&key);
        self.written.remove(&kind);
        (self.found, self.target, self.first_seen) = (None, None, None);
        true
    }
}

/// How long after a step was begun a look-up that does not show it proves that it did not happen: it may have taken
/// effect late, and the search shows it later still.
pub(crate) fn proof_lag(policy: &Policy) -> SignedDuration {
    SignedDuration::from_secs(i64::from(policy.abilities.search_lag_seconds) + i64::from(IN_FLIGHT_SECONDS))
}
