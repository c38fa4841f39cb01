//! Whose turn it is.

use tieline::store::{State, StateIs, Store, Turns};
use tieline_engine::{call::Call, ids::ProjectId, jiff::SignedDuration};

use super::fixtures::{accept, at, call, due, ended, finish, ids, in_state, piece, shop, stored, wait};

pub(crate) async fn one_call_per_lane_in_order_of_acceptance(store: &dyn Store) {
    for (id, client) in [("b", "2"), ("a", "1"), ("c", "2"), ("d", "3")] {
        accept(store, call(id, client), 0).await;
    }
    assert_eq!(due(store, 0).await, ["b", "a", "d"]);
    assert_eq!(ids(&store.due(&shop(), at(0), &[], Turns::all(2)).await.unwrap()), ["b", "a"]);
    finish(store, "b", State::Written, 1).await;
    assert_eq!(due(store, 1).await, ["a", "c", "d"]);
}

pub(crate) async fn busy_lanes_are_left_out(store: &dyn Store) {
    for (id, client) in [("a", "1"), ("b", "2"), ("c", "2")] {
        accept(store, call(id, client), 0).await;
    }
    let free = store.due(&shop(), at(0), &["2".to_owned(), "9".to_owned()], Turns::all(10)).await.unwrap();
    assert_eq!(ids(&free), ["a"]);
}

pub(crate) async fn live_calls_go_before_backlog(store: &dyn Store) {
    accept(store, call("old", "1"), 0).await;
    accept(store, call("older", "2"), 0).await;
    assert_eq!(store.demote_waiting(&shop()).await.unwrap(), 2);
    accept(store, call("live", "3"), 5).await;
    assert_eq!(due(store, 5).await, ["live", "old", "older"]);
    assert!(stored(store, "old").await.backlog);
}

pub(crate) async fn live_calls_are_given_without_the_backlog_when_only_they_are_wanted(store: &dyn Store) {
    // More than are looked through by time.
    for nr in 0..300 {
        accept(store, call(&format!("old {nr}"), &format!("1{nr}")), 0).await;
    }
    accept(store, call("older", "2"), 0).await;
    store.demote_waiting(&shop()).await.unwrap();
    assert!(store.due(&shop(), at(5), &[], Turns::live(10)).await.unwrap().is_empty());
    for (id, client) in [("live", "3"), ("soon", "4"), ("joins", "2")] {
        accept(store, call(id, client), 5).await;
    }
    let live = |limit| store.due(&shop(), at(5), &[], Turns::live(limit));
    assert_eq!(ids(&live(10).await.unwrap()), ["older", "live", "soon"], "a client's live call takes the others along");
    assert_eq!(ids(&live(2).await.unwrap()), ["older", "live"]);
}

pub(crate) async fn a_live_call_takes_its_lane_s_backlog_along(store: &dyn Store) {
    for (id, client) in [("x", "9"), ("a", "1"), ("b", "1")] {
        accept(store, call(id, client), 0).await;
    }
    store.demote_waiting(&shop()).await.unwrap();
    accept(store, call("c", "1"), 5).await;
    assert_eq!(due(store, 5).await, ["a", "x"], "the same client's calls keep their order, and none is late");
    finish(store, "a", State::Written, 6).await;
    assert_eq!(due(store, 6).await, ["b", "x"]);
}

pub(crate) async fn a_retry_holds_its_lane_back(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    wait(store, "a", 60, true).await;
    accept(store, call("b", "1"), 1).await;
    accept(store, call("c", "2"), 1).await;
    assert_eq!(due(store, 59).await, ["c"]);
    assert_eq!(due(store, 60).await, ["a", "c"]);
    finish(store, "a", State::Failed, 60).await;
    assert_eq!(due(store, 60).await, ["b", "c"]);
}

pub(crate) async fn waiting_for_facts_does_not_hold_the_lane_back(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    accept(store, call("b", "1"), 0).await;
    assert_eq!(due(store, 1).await, ["a"]);
    wait(store, "a", 60, false).await;
    assert_eq!(due(store, 1).await, ["b"]);
    assert_eq!(due(store, 60).await, ["a"], "when its time has come it goes first");
    wait(store, "a", 90, true).await;
    assert_eq!(due(store, 61).await, [""; 0]);
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), Some(at(90)));
}

pub(crate) async fn facts_waited_for_make_the_call_due(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    accept(store, call("b", "2"), 0).await;
    wait(store, "a", 60, false).await;
    wait(store, "b", 60, true).await;
    accept(store, ended("a", "1"), 5).await;
    accept(store, ended("b", "2"), 5).await;
    assert_eq!(due(store, 5).await, ["a"], "the CRM's trouble is not over by facts");
}

pub(crate) async fn a_call_that_changes_lanes_sets_its_old_lane_free(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    accept(store, call("b", "1"), 0).await;
    accept(store, call("c", "380671234567"), 0).await;
    wait(store, "a", 60, true).await;
    assert_eq!(due(store, 1).await, ["c"]);
    let moved = Call { client: call("a", "380671234567").client, ..ended("a", "1") };
    accept(store, moved, 1).await;
    assert_eq!(stored(store, "a").await.lane, "380671234567");
    assert_eq!(due(store, 1).await, ["b"], "it takes its place in the new lane, and its retry with it");
}

pub(crate) async fn the_next_due_time_passes_over_calls_behind_a_retry(store: &dyn Store) {
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), None);
    accept(store, call("a", "1"), 0).await;
    wait(store, "a", 60, true).await;
    accept(store, call("b", "1"), 1).await;
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), Some(at(60)), "b cannot be delivered before a");
    accept(store, call("c", "2"), 2).await;
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), Some(at(2)));
    for id in ["c", "a", "b"] {
        finish(store, id, State::Written, 70).await;
    }
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), None);
}

pub(crate) async fn a_call_put_back_between_others_leaves_no_head_behind_a_retry(store: &dyn Store) {
    for id in ["a", "b", "c"] {
        accept(store, call(id, "1"), 0).await;
    }
    finish(store, "b", State::Failed, 1).await;
    wait(store, "a", 5, false).await;
    wait(store, "c", 40, false).await;
    store.requeue(&shop(), in_state(&[StateIs::Failed]), at(6)).await.unwrap();
    assert_eq!(due(store, 6).await, ["a"]);
    wait(store, "a", 90, true).await;
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), Some(at(90)), "nobody can be delivered before a");
    assert_eq!(due(store, 50).await, [""; 0]);
}

pub(crate) async fn many_lanes_due_are_still_answered_in_order(store: &dyn Store) {
    let expected: Vec<_> = (0..700).map(|nr| format!("call {nr:03}")).collect();
    for id in &expected {
        accept(store, call(id, id), 700 - i64::from(id.ends_with('0'))).await;
    }
    let calls = store.due(&shop(), at(700), &[], Turns::all(500)).await.unwrap();
    assert_eq!(ids(&calls), expected[..500]);
    for id in &expected[..500] {
        finish(store, id, State::Written, 700).await;
    }
    let calls = store.due(&shop(), at(700), &[], Turns::all(500)).await.unwrap();
    assert_eq!(ids(&calls), expected[500..]);
}

pub(crate) async fn a_call_is_never_due_before_its_time(store: &dyn Store) {
    let nanosecond = SignedDuration::from_nanos(1);
    let exact = at(10) + nanosecond;
    store.accept(piece(call("a", "1"), exact)).await.unwrap();
    assert!(store.due(&shop(), at(10), &[], Turns::all(10)).await.unwrap().is_empty());
    let next = store.next_due(&shop(), true).await.unwrap().unwrap();
    assert!(next >= exact && next <= exact + SignedDuration::from_micros(1));
    assert_eq!(ids(&store.due(&shop(), next, &[], Turns::all(10)).await.unwrap()), ["a"]);
}

pub(crate) async fn projects_with_a_call_to_come_are_named_once(store: &dyn Store) {
    assert!(store.queued().await.unwrap().is_empty());
    for (project, id) in [("b", "1"), ("b", "2"), ("a", "1"), ("c", "1")] {
        let mut call = call(id, id);
        call.project = ProjectId::new(project);
        store.accept(piece(call, at(0))).await.unwrap();
    }
    accept(store, call("1", "1"), 0).await;
    finish(store, "1", State::Written, 1).await;
    let queued = store.queued().await.unwrap();
    assert_eq!(queued, ["a", "b", "c"].map(ProjectId::new));
}
