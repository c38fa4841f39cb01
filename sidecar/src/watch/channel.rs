//! One project's events: those kept, and the latest card of each call.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tieline_engine::{ids::CallId, jiff::Timestamp};
use tokio::{sync::watch, time::Instant};

use super::{Card, Event, Placed, hub::Told};

/// Events of one project kept for watchers that come back.
pub(super) const KEPT: usize = 1_024;
/// Calls whose latest card is remembered: more than ring in a project at once.
const SHOWN: usize = 1_024;
/// How long after the last watcher left cards are still kept for it (sync_service.proto: "ten minutes").
const LINGER: Duration = Duration::from_secs(10 * 60);

pub(super) struct Channel {
    kept: Mutex<Kept>,
    pub(super) latest: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct Kept {
    pub(super) events: VecDeque<Placed>,
    shown: BTreeMap<CallId, Arc<Card>>,
    shown_order: VecDeque<CallId>,
    pub(super) watchers: usize,
    pub(super) left_at: Option<Instant>,
    pub(super) told: Told,
    /// The project is gone.
    pub(super) is_over: bool,
}

impl Channel {
    pub(super) fn new() -> Self {
        Self { kept: Mutex::default(), latest: watch::channel(0).0 }
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Places an event behind the others.
    pub(super) fn push(&self, kept: &mut Kept, at: Timestamp, event: Event) {
        match &event {
            Event::Card(_) => kept.told.cards += 1,
            Event::Finished { call, .. } => {
                kept.told.finished += 1;
                kept.forget(call);
            }
            Event::Dial(_) => kept.told.dials += 1,
        }
        let nr = *self.latest.borrow() + 1;
        kept.events.push_back(Placed { nr, at, event });
        if kept.events.len() > KEPT {
            kept.events.pop_front();
        }
        self.latest.send_replace(nr);
    }

    /// Tells those who watch that nothing comes any more.
    pub(super) fn close(&self) {
        self.kept().is_over = true;
        self.latest.send_modify(|_| {});
    }

    /// Leaves a place empty: whoever comes back knows that something was there. Where nobody ever watched, nobody
    /// can come back.
    pub(super) fn pass_over(&self, kept: &Kept) {
        if kept.left_at.is_some() {
            self.latest.send_modify(|latest| *latest += 1);
        }
    }
}

impl Kept {
    /// Whether cards are wanted: somebody watches, or may come back.
    pub(super) fn is_watched(&self) -> bool {
        self.watchers > 0 || self.left_at.is_some_and(|left_at| left_at.elapsed() < LINGER)
    }

    /// The card as it is to be shown; `None` when the call's latest one says the same.
    pub(super) fn news(&mut self, card: Card) -> Option<Arc<Card>> {
        if card.call.as_str().is_empty() {
            return Some(Arc::new(card));
        }
        let earlier = self.shown.get(&card.call);
        let card = match earlier {
            Some(earlier) => card.after(earlier),
            None => card,
        };
        if earlier.is_some_and(|earlier| **earlier == card) {
            return None;
        }
        let card = Arc::new(card);
        if self.shown.insert(card.call.clone(), Arc::clone(&card)).is_none() {
            self.shown_order.push_back(card.call.clone());
        }
        while self.shown.len() > SHOWN
            && let Some(oldest) = self.shown_order.pop_front()
        {
            self.shown.remove(&oldest);
        }
        Some(card)
    }

    /// Drops the cards of calls and of a client; the places they had are known to be gone.
    pub(super) fn forget_client(&mut self, calls: &[CallId], lanes: &[String]) {
        let is_client = |card: &Card| {
            let key = card.number.as_ref().map(|key| key.as_str().to_owned());
            let text = card.number_text.as_ref().map(|text| format!("text:{}", text.raw()));
            calls.contains(&card.call) || [key, text].iter().flatten().any(|lane| lanes.contains(lane))
        };
        for call in calls {
            self.forget(call);
        }
        self.shown.retain(|_, card| !is_client(card));
        let shown = &self.shown;
        self.shown_order.retain(|call| shown.contains_key(call));
        self.events.retain(|placed| match &placed.event {
            Event::Card(card) => !is_client(card),
            Event::Finished { .. } | Event::Dial(_) => true,
        });
    }

    fn forget(&mut self, call: &CallId) {
        if self.shown.remove(call).is_some() {
            self.shown_order.retain(|shown| shown != call);
        }
    }
}
