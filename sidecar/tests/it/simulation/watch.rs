//! What must hold at every moment of a run (the invariants of field.md 3), checked at every write the CRM receives and
//! every turn the store gives out.

mod records;

use std::collections::BTreeMap;

use tieline::store::StoredCall;
use tieline_engine::{
    call::Call,
    ids::CallId,
    jiff::Timestamp,
    record::Kind,
    scenario::TaskAbout,
    step::{Mark, StepKey},
};
use tieline_sandbox::{Audit, Change, CrmKind};

use self::records::Records;

/// Notes on one record that marks are known for: the first and some later ones.
const NOTES: u32 = 12;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) of: Promise,
    pub(super) text: String,
}

/// Which promise is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// What was accepted is written, skipped for a reason, or failed and visible.
    NothingLost,
    /// Nothing is written twice; a client has one contact made by us.
    NothingDoubled,
    /// Order, marks, the ledger, what others typed, time.
    Rest,
}

/// Watches a run.
pub(super) struct Watch {
    /// Calls the exchange has told of, with their clients.
    calls: BTreeMap<CallId, String>,
    marks: BTreeMap<String, CallId>,
    /// Writes whose senders wait for an answer.
    under_way: BTreeMap<u64, CallId>,
    sent: u64,
    records: Records,
    violations: Vec<Violation>,
    pub(super) contacts_max: u64,
}

impl Watch {
    pub(super) fn new(kind: CrmKind) -> Self {
        Self {
            calls: BTreeMap::new(),
            marks: BTreeMap::new(),
            under_way: BTreeMap::new(),
            sent: 0,
            records: Records::new(kind),
            violations: Vec::new(),
            contacts_max: 0,
        }
    }

    /// The exchange is about to tell of a call.
    pub(super) fn knows(&mut self, call: &Call) {
        let client = call.client.phone.as_ref().map(|phone| tail(phone.raw())).unwrap_or_default();
        if self.calls.insert(call.id.clone(), client).is_none() {
            for key in keys() {
                let mark = Mark::of(call.project.as_str(), &call.id, &key);
                self.marks.insert(mark.as_str().to_owned(), call.id.clone());
            }
        }
    }

    /// Which call and client a body is about, where it carries a mark.
    pub(super) fn about(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let call = marks_in(&text).find_map(|mark| self.marks.get(mark));
        call.map(|call| format!(" for {call} of {}", self.calls[call])).unwrap_or_default()
    }

    /// A write is sent: no other one for its client may be under way.
    pub(super) fn sends(&mut self, body: &[u8]) -> Option<u64> {
        let call = marks_in(&String::from_utf8_lossy(body)).find_map(|mark| self.marks.get(mark).cloned())?;
        let client = self.calls.get(&call);
        if let Some(other) = self.under_way.values().find(|other| self.calls.get(*other) == client) {
            let text = format!("{call} is written while a write of {other}, of the same client, is under way");
            self.breaks(Promise::Rest, text);
        }
        self.sent += 1;
        self.under_way.insert(self.sent, call);
        Some(self.sent)
    }

    /// Its sender waits no longer.
    pub(super) fn sent(&mut self, nr: u64) {
        self.under_way.remove(&nr);
    }

    /// The store gives turns out: one per client, and nobody before an earlier call that is due or waits for a retry.
    pub(super) fn takes_turns(&mut self, due: &[StoredCall], waiting: &[StoredCall], busy: &[String], now: Timestamp) {
        for (nr, turn) in due.iter().enumerate() {
            if busy.contains(&turn.lane) || due.iter().take(nr).any(|other| other.lane == turn.lane) {
                self.breaks(Promise::Rest, format!("{} has its turn while its client is served", turn.call.id));
            }
            let holds = |other: &&StoredCall| other.retrying || other.due_at <= now;
            let mut earlier = waiting.iter().filter(|other| other.lane == turn.lane && other.seq < turn.seq);
            if let Some(first) = earlier.find(holds) {
                let text = format!("{} has its turn before {}, of the same client", turn.call.id, first.call.id);
                self.breaks(Promise::Rest, text);
            }
        }
    }

    /// Something changed in the CRM.
    pub(super) fn changed(&mut self, changes: &[Change], audit: &Audit) {
        for change in changes {
            if let Some(text) = self.records.note(change, &self.marks, &self.calls) {
                self.breaks(Promise::Rest, text);
            }
        }
        for doubled in &audit.doubled_clients {
            let ours = self.records.ours(&doubled.entity, &doubled.ids);
            self.contacts_max = self.contacts_max.max(ours);
            if ours > 1 {
                self.breaks(Promise::NothingDoubled, format!("{ours} records made by us for one client: {doubled:?}"));
            }
        }
        if self.contacts_max == 0 && self.records.any_client() {
            self.contacts_max = 1;
        }
        for doubled in audit.doubled_calls.iter().chain(&audit.doubled_tasks) {
            self.breaks(Promise::NothingDoubled, format!("written twice: {doubled:?}"));
        }
    }

    /// An invariant does not hold.
    pub(super) fn breaks(&mut self, of: Promise, text: String) {
        self.violations.push(Violation { of, text });
    }

    /// The first one that did not hold.
    pub(super) fn violation(&self) -> Option<&Violation> {
        self.violations.first()
    }

    /// Whether the exchange has told of a call.
    pub(super) fn calls(&self) -> impl Iterator<Item = &CallId> {
        self.calls.keys()
    }
}

/// Every step that makes something.
fn keys() -> impl Iterator<Item = StepKey> {
    let people = [Kind::Contact, Kind::Lead, Kind::Deal];
    let abouts =
        [TaskAbout::MissedCall, TaskAbout::Talk, TaskAbout::Review, TaskAbout::CheckSettings, TaskAbout::Messenger];
    let notes = people.into_iter().flat_map(|on| (0..NOTES).map(move |nr| StepKey::note(on, nr)));
    people
        .into_iter()
        .map(StepKey::create)
        .chain(abouts.into_iter().map(StepKey::task))
        .chain([StepKey::call_record()])
        .chain(notes)
}

/// The marks in a text: `tl-` and sixteen letters and digits.
fn marks_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("tl-").filter_map(|(at, _)| {
        let mark = text.get(at..at + 19)?;
        mark.bytes().skip(3).all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).then_some(mark)
    })
}

/// The last nine digits of a number.
fn tail(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(9)).collect()
}
