//! Random work against a store, checked after every step against the plain meaning of the trait.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tieline::store::{Filter, Progress, State, StateIs, Store, StoredCall, Turns};
use tieline_engine::{
    ids::CallId,
    reason::{Reason, ReasonCode},
};

use super::fixtures::{at, call, day, deal_made, ids, in_state, piece, progress, shop};

/// Something that happens to a store.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A piece comes: which call, whose, how long they have talked. A greater client number moves the call.
    Piece(u8, u8, u32),
    /// The first call that is due ends: how.
    End(u8),
    /// The first call that is due waits: how many seconds, for a retry or for facts.
    Wait(i64, bool),
    /// The first call that is due is amended while it is delivered.
    AmendedMeanwhile,
    /// The first call that is due is dropped while it is delivered; whether something was written.
    DroppedMeanwhile(bool),
    /// Everything or what is named is put back.
    Requeue(bool),
    /// One call is dropped.
    Skip(u8),
    /// The waiting calls become backlog.
    Demote,
    /// Time passes.
    Pass(i64),
}

/// Any event.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..8_u8, 0..3_u8, 0..3_u32).prop_map(|(id, client, talk)| Event::Piece(id, client, talk)),
        4 => (0..4_u8).prop_map(Event::End),
        4 => (0..40_i64, any::<bool>()).prop_map(|(seconds, retrying)| Event::Wait(seconds, retrying)),
        1 => Just(Event::AmendedMeanwhile),
        1 => any::<bool>().prop_map(Event::DroppedMeanwhile),
        1 => any::<bool>().prop_map(Event::Requeue),
        1 => (0..8_u8).prop_map(Event::Skip),
        1 => Just(Event::Demote),
        3 => (0..30_i64).prop_map(Event::Pass),
    ]
}

/// Lets events happen; after each, the ledger balances and the queue answers what its meaning says.
pub(crate) async fn happens(store: &dyn Store, events: Vec<Event>) {
    let (mut now, mut accepted) = (0, BTreeSet::new());
    for event in events {
        if let Event::Piece(id, ..) = event {
            accepted.insert(id);
        }
        if let Event::Pass(seconds) = event {
            now += seconds;
        }
        happen(store, &event, now).await;
        check_ledger(store, accepted.len() as u64).await;
        check_queue(store, now).await;
    }
}

async fn happen(store: &dyn Store, event: &Event, now: i64) {
    let first = store.due(&shop(), at(now), &[], Turns::all(1)).await.unwrap().pop();
    match (event, first) {
        (Event::Piece(id, client, talk), _) => tell(store, &id.to_string(), *client, *talk, now).await,
        (Event::End(how), Some(first)) => {
            let code = [ReasonCode::StopListed, ReasonCode::OutOfWindow][usize::from(how % 2)];
            let state = [State::Written, State::Failed, State::Skipped(code)][usize::from(how % 3)];
            store.save(progress(&first, state, now)).await.unwrap();
        }
        (Event::Wait(seconds, retrying), Some(first)) => {
            let wait =
                Progress { due_at: at(now + seconds), retrying: *retrying, ..progress(&first, State::Waiting, now) };
            store.save(wait).await.unwrap();
        }
        (Event::AmendedMeanwhile, Some(first)) => {
            tell(store, first.call.id.as_str(), 0, first.call.talk_seconds + 1, now).await;
            store.save(progress(&first, State::Written, now)).await.unwrap();
        }
        (Event::DroppedMeanwhile(in_crm), Some(first)) => {
            drop_call(store, first.call.id.as_str(), now).await;
            let written = if *in_crm { vec![deal_made(now)] } else { Vec::new() };
            store.save(Progress { written, ..progress(&first, State::Waiting, now) }).await.unwrap();
        }
        (Event::Requeue(all), _) => {
            let filter = if *all { Filter::default() } else { in_state(&[StateIs::Skipped, StateIs::Failed]) };
            store.requeue(&shop(), filter, at(now)).await.unwrap();
        }
        (Event::Skip(id), _) => drop_call(store, &id.to_string(), now).await,
        (Event::Demote, _) => drop(store.demote_waiting(&shop()).await.unwrap()),
        (Event::Pass(_), _) | (_, None) => {}
    }
}

async fn tell(store: &dyn Store, id: &str, client: u8, talk: u32, now: i64) {
    let mut told = call(id, &client.to_string());
    told.talk_seconds = talk;
    store.accept(piece(told, at(now))).await.unwrap();
}

async fn drop_call(store: &dyn Store, id: &str, now: i64) {
    let only = Filter { ids: Some(vec![CallId::new(id)]), ..Filter::default() };
    store.skip(&shop(), only, Reason::new(ReasonCode::Dropped), at(now)).await.unwrap();
}

async fn check_ledger(store: &dyn Store, accepted: u64) {
    let days = store.ledger(&shop(), day(), day()).await.unwrap();
    assert!(days.iter().all(tieline::store::LedgerDay::balances), "{days:?}");
    assert_eq!(days.iter().map(|day| day.received).sum::<u64>(), accepted);
}

async fn check_queue(store: &dyn Store, now: i64) {
    let waiting = store.list(&shop(), in_state(&[StateIs::Waiting]), 0, 1_000).await.unwrap();
    for busy in [vec![], vec!["0".to_owned(), "2".to_owned()]] {
        let due = store.due(&shop(), at(now), &busy, Turns::all(100)).await.unwrap();
        assert_eq!(ids(&due), ids(&plainly_due(&waiting, now, &busy)), "now {now}, {waiting:?}");
    }
    let is_due = !plainly_due(&waiting, now, &[]).is_empty();
    let next = store.next_due(&shop(), true).await.unwrap();
    assert_eq!(next.is_some_and(|next| next <= at(now)), is_due, "next {next:?}, now {now}, {waiting:?}");
    assert_eq!(next.is_none(), waiting.is_empty());
}

/// The trait's words, one by one.
fn plainly_due(waiting: &[StoredCall], now: i64, busy: &[String]) -> Vec<StoredCall> {
    let lanes: BTreeSet<_> = waiting.iter().map(|stored| &stored.lane).filter(|lane| !busy.contains(lane)).collect();
    let turn = |lane: &String| {
        let mut lane = waiting.iter().filter(|stored| stored.lane == *lane);
        lane.find(|stored| stored.retrying || stored.due_at <= at(now)).filter(|stored| stored.due_at <= at(now))
    };
    let mut due: Vec<_> = lanes.into_iter().filter_map(turn).cloned().collect();
    due.sort_by_key(|stored| (stored.backlog, stored.seq));
    due
}
