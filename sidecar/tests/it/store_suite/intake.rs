//! Taking pieces in.

use tieline::store::{Accepted, Piece, Receipt, State, StateIs, Store, Turns};
use tieline_engine::{
    call::{AgentRef, Call, Leg},
    ids::{CallId, ProjectId},
    reason::ReasonCode,
    redact::Private,
};

use super::fixtures::{accept, at, call, due, ended, finish, in_state, piece, shop, stored};

const NEW: Accepted = Accepted { receipt: Receipt::Accepted, state: State::Waiting };
const MORE: Accepted = Accepted { receipt: Receipt::Amended, state: State::Waiting };

pub(crate) async fn a_call_is_known_after_its_first_piece(store: &dyn Store) {
    assert!(store.call(&shop(), &CallId::new("a")).await.unwrap().is_none());
    assert_eq!(accept(store, call("a", "0671234567"), 0).await, NEW);
    let known = stored(store, "a").await;
    assert_eq!((known.call, known.version, known.lane.as_str()), (call("a", "0671234567"), 1, "0671234567"));
    assert_eq!((known.state, known.received_at, known.due_at), (State::Waiting, at(0), at(0)));
    assert_eq!((known.retrying, known.backlog, known.attempts), (false, false, 0));
    assert_eq!(known.facts.accepted_at, at(0));
}

pub(crate) async fn a_repeat_changes_nothing(store: &dyn Store) {
    accept(store, ended("a", "1"), 0).await;
    finish(store, "a", State::Written, 1).await;
    let before = format!("{:?}", stored(store, "a").await);
    let repeat = accept(store, ended("a", "1"), 2).await;
    assert_eq!(repeat, Accepted { receipt: Receipt::Repeated, state: State::Written });
    assert_eq!(accept(store, call("a", "1"), 3).await.receipt, Receipt::Repeated, "an earlier piece tells nothing new");
    assert_eq!(format!("{:?}", stored(store, "a").await), before);
}

pub(crate) async fn pieces_in_any_order_give_one_call(store: &dyn Store) {
    let mut recorded = call("a", "1");
    recorded.recording = Some(Private::new("https://records.example/a.mp3"));
    let pieces = |id: &str| [call(id, "1"), ended(id, "1"), Call { id: CallId::new(id), ..recorded.clone() }];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (nr, order) in orders.iter().enumerate() {
        for place in order {
            accept(store, pieces(&nr.to_string())[*place].clone(), 0).await;
        }
    }
    let mut calls: Vec<_> = Vec::new();
    for nr in 0..orders.len() {
        calls.push(stored(store, &nr.to_string()).await.call);
        calls[nr].id = CallId::new("a");
    }
    assert!(calls.iter().all(|joined| *joined == calls[0]));
    assert_eq!((calls[0].talk_seconds, calls[0].recording.is_some()), (42, true));
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), 6);
}

pub(crate) async fn legs_out_of_order_are_a_repeat_all_the_same(store: &dyn Store) {
    let leg = |sip: &str, seconds| Leg {
        agent: AgentRef { sip: Some(sip.to_owned()), ..AgentRef::default() },
        started_at: Some(at(seconds)),
        ..Leg::default()
    };
    let mut transferred = call("a", "1");
    transferred.legs = vec![leg("second", 20), leg("first", 10)];
    assert_eq!(accept(store, transferred.clone(), 0).await, NEW);
    assert_eq!(accept(store, transferred, 1).await.receipt, Receipt::Repeated);
}

pub(crate) async fn the_same_id_in_two_projects_is_two_calls(store: &dyn Store) {
    let mut elsewhere = call("a", "1");
    elsewhere.project = ProjectId::new("workshop");
    assert_eq!(accept(store, call("a", "1"), 0).await, NEW);
    assert_eq!(accept(store, elsewhere, 0).await, NEW);
    let theirs = store.due(&ProjectId::new("workshop"), at(0), &[], Turns::all(10)).await.unwrap();
    assert_eq!((due(store, 0).await.len(), theirs.len()), (1, 1));
}

pub(crate) async fn a_recording_opens_a_written_call_again(store: &dyn Store) {
    accept(store, ended("a", "1"), 0).await;
    finish(store, "a", State::Written, 1).await;
    assert!(due(store, 5).await.is_empty());
    let mut recorded = call("a", "1");
    recorded.recording = Some(Private::new("https://records.example/a.mp3"));
    assert_eq!(accept(store, recorded, 5).await, MORE);
    assert_eq!(due(store, 5).await, ["a"]);
    assert_eq!(stored(store, "a").await.version, 2);
}

pub(crate) async fn what_a_person_dropped_stays_dropped(store: &dyn Store) {
    for (id, code, state) in [
        ("a", ReasonCode::Dropped, State::Skipped(ReasonCode::Dropped)),
        ("b", ReasonCode::OutOfWindow, State::Skipped(ReasonCode::OutOfWindow)),
        ("c", ReasonCode::ResendOff, State::Skipped(ReasonCode::ResendOff)),
        ("d", ReasonCode::StopListed, State::Waiting),
    ] {
        accept(store, call(id, id), 0).await;
        finish(store, id, State::Skipped(code), 1).await;
        let amended = accept(store, ended(id, id), 2).await;
        assert_eq!(amended, Accepted { receipt: Receipt::Amended, state });
        assert_eq!(stored(store, id).await.call.talk_seconds, 42, "what it told is kept");
    }
    assert_eq!(due(store, 2).await, ["d"]);
    assert_eq!(store.count(&shop(), in_state(&[StateIs::Skipped])).await.unwrap(), 3);
}

pub(crate) async fn the_day_of_a_call_is_the_day_of_its_first_piece(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let tomorrow = "2026-03-03".parse().unwrap();
    store.accept(Piece { day: tomorrow, ..piece(ended("a", "1"), at(86_400)) }).await.unwrap();
    assert!(store.ledger(&shop(), tomorrow, tomorrow).await.unwrap().is_empty());
}

pub(crate) async fn the_latest_trace_is_kept(store: &dyn Store) {
    let traced = |call, trace: Option<&str>| Piece { trace: trace.map(str::to_owned), ..piece(call, at(0)) };
    store.accept(traced(call("a", "1"), Some("00-first"))).await.unwrap();
    let mut more = call("a", "1");
    more.talk_seconds = 1;
    store.accept(traced(more, Some("00-second"))).await.unwrap();
    store.accept(traced(ended("a", "1"), None)).await.unwrap();
    assert_eq!(stored(store, "a").await.trace.as_deref(), Some("00-second"));
}
