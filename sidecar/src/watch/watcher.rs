//! Somebody who watches: from a place on, every event once, and what is gone as a gap.

use std::sync::Arc;

use tokio::{sync::watch, time::Instant};

use super::{Placed, channel::Channel, hub::From};

/// Somebody who watches.
pub struct Watcher {
    channel: Arc<Channel>,
    news: watch::Receiver<u64>,
    seen: u64,
    /// It comes from another run: how much it missed is not known.
    is_lost: bool,
}

/// What a watcher sees next.
#[derive(Clone, Debug)]
pub enum Seen {
    /// An event.
    Event(Placed),
    /// Events are gone that the watcher has not seen; how many at most, where that is known.
    Missed(Option<u64>),
    /// The project is gone; nothing comes any more.
    Over,
}

impl Watcher {
    /// `None`: the place is none there has been.
    pub(super) fn new(channel: Arc<Channel>, from: From) -> Option<Self> {
        let news = channel.latest.subscribe();
        let (seen, is_lost) = {
            let mut kept = channel.kept();
            let latest = *news.borrow();
            let place = match from {
                From::Now => (latest, false),
                From::After(nr) if nr <= latest => (nr, false),
                From::After(_) => return None,
                From::AnotherRun => (kept.events.front().map_or(latest, |oldest| oldest.nr - 1), true),
            };
            kept.watchers += 1;
            place
        };
        Some(Self { channel, news, seen, is_lost })
    }

    /// The place up to which everything was seen.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The next event, as soon as there is one. Nothing is lost when it is not awaited to the end.
    pub async fn next(&mut self) -> Seen {
        loop {
            if let Some(seen) = self.ready() {
                return seen;
            }
            // The channel lives as long as this watcher holds it.
            drop(self.news.changed().await);
        }
    }

    fn ready(&mut self) -> Option<Seen> {
        if std::mem::take(&mut self.is_lost) {
            return Some(Seen::Missed(None));
        }
        let kept = self.channel.kept();
        let latest = *self.news.borrow_and_update();
        let at = kept.events.partition_point(|placed| placed.nr <= self.seen);
        let next = kept.events.get(at);
        let before = next.map_or(latest, |next| next.nr - 1);
        if self.seen < before {
            let missed = before - self.seen;
            self.seen = before;
            return Some(Seen::Missed(Some(missed)));
        }
        let Some(next) = next.cloned() else { return kept.is_over.then_some(Seen::Over) };
        self.seen = next.nr;
        Some(Seen::Event(next))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut kept = self.channel.kept();
        kept.watchers = kept.watchers.saturating_sub(1);
        kept.left_at = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tieline_engine::{
        call::{Direction, Phase},
        ids::{AgentId, CallId, ProjectId},
        jiff::Timestamp,
    };
    use tokio::time;

    use super::*;
    use crate::{
        store::State,
        watch::{Card, Client, Event, Hub, channel::KEPT},
    };

    fn hub() -> (Hub, ProjectId) {
        (Hub::new("run".to_owned()), ProjectId::new("shop"))
    }

    fn finish(hub: &Hub, project: &ProjectId, nr: u64) {
        let event = Event::Finished { call: CallId::new(nr.to_string()), state: State::Written, agent: None };
        hub.tell(project, Timestamp::UNIX_EPOCH, event);
    }

    fn card(call: &str) -> Card {
        Card {
            call: call.into(),
            direction: Direction::Incoming,
            phase: Phase::Ringing,
            number: None,
            number_text: None,
            agent: None,
            client: Client::default(),
        }
    }

    fn show(hub: &Hub, project: &ProjectId, card: Card) {
        hub.show(project, Timestamp::UNIX_EPOCH, card);
    }

    #[tokio::test]
    async fn a_watcher_that_comes_back_goes_on_and_is_told_what_it_missed() {
        let (hub, project) = hub();
        for nr in 1..=KEPT as u64 + 3 {
            finish(&hub, &project, nr);
        }
        let mut back = hub.watch(&project, From::After(2)).unwrap();
        assert!(matches!(back.next().await, Seen::Missed(Some(1))));
        assert!(matches!(back.next().await, Seen::Event(Placed { nr: 4, .. })));
        let mut fresh = hub.watch(&project, From::Now).unwrap();
        finish(&hub, &project, 0);
        let last = KEPT as u64 + 4;
        assert!(matches!(fresh.next().await, Seen::Event(Placed { nr, .. }) if nr == last));
        assert!(hub.watch(&project, From::After(last + 1)).is_none());
    }

    #[tokio::test]
    async fn a_watcher_of_another_run_is_told_so_and_sees_what_is_kept() {
        let (hub, project) = hub();
        finish(&hub, &project, 1);
        let mut back = hub.watch(&project, From::AnotherRun).unwrap();
        assert!(matches!(back.next().await, Seen::Missed(None)));
        assert!(matches!(back.next().await, Seen::Event(Placed { nr: 1, .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn cards_are_kept_for_ten_minutes_after_the_last_watcher_and_then_missed() {
        let (hub, project) = hub();
        assert!(!hub.wants_card(&project), "nobody watches");
        let watcher = hub.watch(&project, From::Now).unwrap();
        let seen = watcher.seen();
        drop(watcher);
        time::advance(Duration::from_secs(599)).await;
        show(&hub, &project, card("1"));
        time::advance(Duration::from_secs(2)).await;
        show(&hub, &project, card("2"));
        assert!(!hub.wants_card(&project));
        let mut back = hub.watch(&project, From::After(seen)).unwrap();
        assert!(
            matches!(back.next().await, Seen::Event(Placed { event: Event::Card(card), .. }) if card.call.as_str() == "1")
        );
        assert!(matches!(back.next().await, Seen::Missed(Some(2))));
    }

    #[tokio::test]
    async fn a_card_is_told_again_only_when_it_changed_and_never_says_less() {
        let (hub, project) = hub();
        let mut watcher = hub.watch(&project, From::Now).unwrap();
        let agent = Some(AgentId::new("olha"));
        let known = Client { known: Some(true), name: Some("Iryna".into()), ..Client::default() };
        show(&hub, &project, Card { agent: agent.clone(), client: known.clone(), ..card("1") });
        show(&hub, &project, card("1"));
        show(&hub, &project, Card { phase: Phase::PickedUp, ..card("1") });
        show(&hub, &project, card("1"));
        assert_eq!(hub.told(&project).cards, 2);
        drop(watcher.next().await);
        let Seen::Event(Placed { event: Event::Card(second), .. }) = watcher.next().await else { panic!("no card") };
        assert_eq!(*second, Card { agent, client: known, phase: Phase::PickedUp, ..card("1") });
        assert_eq!(hub.watchers(&project), 1);
    }
}
