//! What does not stay: by age, and on a person's behalf.

use std::sync::Arc;

use tieline::store::{
    LedgerDay, Piece, Progress, Receipt, State, Store, Written,
    keeping::{Expiry, Forgetting, Person, Purged},
    resend::Selection,
};
use tieline_engine::{
    facts::{OwnRecord, Target},
    ids::{AgentId, CallId, RecordId},
    jiff::Timestamp,
    reason::ReasonCode,
    record::Kind,
    scenario::ClientIs,
};

use super::fixtures::{accept, at, call, day, deal_made, due, ended, finish, in_state, piece, progress, shop, stored};

/// Everything of before a time goes.
fn before(time: Timestamp) -> Expiry {
    let time = Some(time);
    Expiry { written: time, skipped: time, failed: time, bodies: time, own: time, talks: time }
}

async fn today(store: &dyn Store) -> LedgerDay {
    let mut days = store.ledger(&shop(), day(), day()).await.unwrap();
    assert!(days.iter().all(LedgerDay::balances));
    days.remove(0)
}

/// Writes a deal for a call, and remembers it and the talk for the client.
async fn write(store: &dyn Store, id: &str, seconds: i64) {
    let of = stored(store, id).await;
    let own = OwnRecord {
        kind: Kind::Deal,
        id: RecordId::new("7"),
        at: at(seconds),
        owner: None,
        contact: Some(RecordId::new("3")),
        open: true,
    };
    let (written, own, talked) = (vec![deal_made(seconds)], vec![own], Some(AgentId::new("ann")));
    store.save(Progress { written, own, talked, ..progress(&of, State::Written, seconds) }).await.unwrap();
}

fn person(client: &'static str) -> Person {
    let is_theirs = Arc::new(move |call: &tieline_engine::call::Call| {
        call.client.phone.as_ref().is_some_and(|phone| phone.raw() == client)
    });
    Person { project: shop(), lanes: vec![client.to_owned()], is_theirs }
}

async fn with_body(store: &dyn Store, id: &str, seconds: i64) {
    let body = Some(format!("body of {id}"));
    store.accept(Piece { raw: body, ..piece(call(id, id), at(seconds)) }).await.unwrap();
}

pub(crate) async fn each_kind_of_thing_is_removed_by_its_own_age(store: &dyn Store) {
    for (id, state) in [("w", State::Written), ("s", State::Skipped(ReasonCode::StopListed)), ("f", State::Failed)] {
        accept(store, call(id, id), 0).await;
        finish(store, id, state, 1).await;
    }
    accept(store, call("deal", "9"), 0).await;
    write(store, "deal", 10).await;
    with_body(store, "young", 2).await;
    finish(store, "young", State::Written, 20).await;
    let keep = Expiry::default();
    assert_eq!(store.purge(keep, 100).await.unwrap(), Purged::default(), "without ages nothing goes");
    let early = store.purge(before(at(1)), 100).await.unwrap();
    assert_eq!((early.calls, early.talks), (0, 1), "calls that are just as old as that stay; the talk is older");
    let failed = store.purge(Expiry { failed: Some(at(5)), ..keep }, 100).await.unwrap();
    assert_eq!((failed.calls, failed.more), (1, false));
    assert_eq!(store.call(&shop(), &CallId::new("f")).await.unwrap().map(|_| ()), None);
    let rest = store.purge(before(at(15)), 100).await.unwrap();
    assert_eq!((rest.calls, rest.bodies, rest.own, rest.talks), (3, 1, 1, 0));
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), 1, "the young one");
    assert_eq!(store.own(&shop(), "9", Timestamp::MIN).await.unwrap(), tieline::store::OwnOf::default());
    assert_eq!(store.purge(before(at(15)), 100).await.unwrap(), Purged::default());
}

pub(crate) async fn a_portion_is_no_larger_than_asked_for_and_says_that_there_is_more(store: &dyn Store) {
    for nr in 0..25 {
        accept(store, call(&format!("{nr}"), "1"), 0).await;
        finish(store, &format!("{nr}"), State::Written, 1).await;
    }
    let mut removed = Vec::new();
    loop {
        let purged = store.purge(before(at(9)), 10).await.unwrap();
        removed.push(purged.calls);
        if !purged.more {
            break;
        }
    }
    assert_eq!(removed, [10, 10, 5]);
    assert_eq!((today(store).await.received, today(store).await.written), (25, 25));
}

pub(crate) async fn a_removed_call_stays_counted_and_comes_again_as_a_new_one(store: &dyn Store) {
    for (id, state) in [
        ("a", State::Written),
        ("b", State::Skipped(ReasonCode::StopListed)),
        ("c", State::Failed),
        ("d", State::Skipped(ReasonCode::StopListed)),
        ("e", State::Waiting),
    ] {
        accept(store, call(id, id), 0).await;
        finish(store, id, state, 1).await;
    }
    let all = today(store).await;
    store.purge(before(at(5)), 3).await.unwrap();
    assert_eq!(today(store).await, all);
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), 1);
    assert_eq!(accept(store, call("a", "a"), 9).await.receipt, Receipt::Accepted);
    assert_eq!((today(store).await.received, today(store).await.waiting), (6, 2));
    finish(store, "a", State::Written, 10).await;
    store.purge(before(at(11)), 3).await.unwrap();
    assert_eq!((today(store).await.received, today(store).await.written), (6, 2), "sums add up");
}

pub(crate) async fn waiting_calls_and_their_bodies_are_never_removed(store: &dyn Store) {
    with_body(store, "a", 0).await;
    accept(store, call("b", "b"), 0).await;
    finish(store, "b", State::Written, 1).await;
    accept(store, ended("b", "b"), 2).await;
    assert_eq!(store.purge(before(at(1_000_000)), 100).await.unwrap(), Purged::default());
    assert_eq!(due(store, 3).await, ["a", "b"], "also one that was opened again");
}

pub(crate) async fn a_forgotten_person_leaves_sums_and_the_names_of_their_records(store: &dyn Store) {
    for (id, client) in [("a", "1"), ("b", "1"), ("other", "2")] {
        accept(store, call(id, client), 0).await;
    }
    write(store, "a", 1).await;
    let mut of = stored(store, "b").await;
    of.facts.target = Some(Target {
        client: ClientIs::Known,
        contact: Some(RecordId::new("5")),
        lead: None,
        deal: None,
        closed_deal: Some(RecordId::new("6")),
        closed_lead: false,
        open_deal: false,
        owner: None,
    });
    let link = Some("https://crm.example/calls/8".to_owned());
    let record = Written { kind: Kind::CallRecord, id: Some(RecordId::new("8")), link: link.clone(), ..deal_made(2) };
    store.save(Progress { written: vec![record], ..progress(&of, State::Written, 2) }).await.unwrap();
    write(store, "other", 3).await;
    let all = today(store).await;

    let seen = store.forget(person("1"), Forgetting::Look).await.unwrap();
    assert_eq!((seen.done, seen.calls, seen.waiting), (false, 2, 0));
    let done = store.forget(person("1"), Forgetting::UnlessWaiting).await.unwrap();
    assert_eq!((done.done, done.calls, &done.records), (true, 2, &seen.records));
    let records: Vec<_> = done.records.iter().map(|((kind, id), link)| (*kind, id.as_str(), link.clone())).collect();
    let found = [(Kind::Contact, "3"), (Kind::Contact, "5"), (Kind::Deal, "6"), (Kind::Deal, "7")];
    for (kind, id) in found {
        assert!(records.contains(&(kind, id, None)), "{kind:?} {id} of {records:?}");
    }
    assert!(records.contains(&(Kind::CallRecord, "8", link)));
    assert_eq!(records.len(), 5);

    assert_eq!(today(store).await, all, "the day balances as before");
    assert_eq!(store.own(&shop(), "1", Timestamp::MIN).await.unwrap(), tieline::store::OwnOf::default());
    assert_eq!(store.own(&shop(), "2", Timestamp::MIN).await.unwrap().records.len(), 1, "others are not touched");
    let again = store.forget(person("1"), Forgetting::UnlessWaiting).await.unwrap();
    assert_eq!((again.done, again.calls, again.records.len()), (true, 0, 0));
}

pub(crate) async fn nothing_is_forgotten_while_a_call_waits_unless_it_may_be_dropped(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    finish(store, "a", State::Written, 1).await;
    accept(store, call("b", "1"), 2).await;
    let refused = store.forget(person("1"), Forgetting::UnlessWaiting).await.unwrap();
    assert_eq!((refused.done, refused.calls, refused.waiting), (false, 2, 1));
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), 2);
    assert_eq!(due(store, 3).await, ["b"]);
    let done = store.forget(person("1"), Forgetting::Everything).await.unwrap();
    assert!(done.done);
    let day = today(store).await;
    assert_eq!((day.received, day.written, day.skipped.get("forgotten"), day.waiting), (2, 1, Some(&1), 0));
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), None);
    accept(store, call("c", "1"), 4).await;
    assert_eq!(due(store, 4).await, ["c"], "the client's next call is served as any other's");
}

pub(crate) async fn calls_nobody_was_written_about_are_forgotten_too(store: &dyn Store) {
    for (id, client) in [("a", "1"), ("b", "2")] {
        let lane_of = Arc::new(|call: &tieline_engine::call::Call| format!("call:{}", call.id));
        store.accept(Piece { lane_of, ..piece(call(id, client), at(0)) }).await.unwrap();
        finish(store, id, State::Skipped(ReasonCode::StopListed), 1).await;
    }
    let done = store.forget(person("1"), Forgetting::UnlessWaiting).await.unwrap();
    assert_eq!((done.calls, done.ids), (1, vec![CallId::new("a")]));
    assert_eq!(store.count(&shop(), in_state(&[])).await.unwrap(), 1);
    assert_eq!(today(store).await.skipped.get("stop_listed"), Some(&2));
}

pub(crate) async fn the_latest_acceptance_is_known(store: &dyn Store) {
    assert_eq!(store.last_received(&shop()).await.unwrap(), None);
    accept(store, call("a", "1"), 0).await;
    accept(store, call("b", "2"), 60).await;
    finish(store, "b", State::Written, 61).await;
    accept(store, ended("a", "1"), 90).await;
    assert_eq!(store.last_received(&shop()).await.unwrap(), Some(at(60)), "a later report of a call is no new call");
}

/// Resends what failed or was left out; works until it has nothing to do at once.
async fn resend(store: &dyn Store, seconds: i64) -> u64 {
    let id = store.begin_resend(&shop(), Selection::default(), at(seconds)).await.unwrap();
    while store.step_resend(&shop(), id, at(seconds)).await.unwrap() {}
    id
}

/// Which of some resendings are still known.
async fn known(store: &dyn Store, ids: &[u64]) -> Vec<u64> {
    let mut known = Vec::new();
    for id in ids {
        known.extend(store.resending(&shop(), Some(*id)).await.unwrap().map(|resending| resending.id));
    }
    known
}

pub(crate) async fn an_old_resending_goes_when_it_has_nothing_to_do_and_no_call_is_left(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    finish(store, "a", State::Failed, 1).await;
    let finished = resend(store, 2).await;
    finish(store, "a", State::Written, 3).await;
    accept(store, call("b", "2"), 4).await;
    finish(store, "b", State::Failed, 5).await;
    let holds = store.begin_resend(&shop(), Selection::default(), at(6)).await.unwrap();
    assert!(store.step_resend(&shop(), holds, at(6)).await.unwrap());
    store.order_resend(&shop(), holds, true).await.unwrap();
    assert!(!store.step_resend(&shop(), holds, at(7)).await.unwrap());
    let chooses = store.begin_resend(&shop(), Selection::default(), at(8)).await.unwrap();
    let (all, keep) = ([finished, holds, chooses], Expiry::default());

    store.purge(Expiry { failed: Some(at(3)), ..keep }, 100).await.unwrap();
    store.purge(Expiry { written: Some(at(3)), ..keep }, 100).await.unwrap();
    assert_eq!(known(store, &all).await, all, "its call is as old as that and stays");
    assert_eq!(store.purge(Expiry { written: Some(at(50)), ..keep }, 100).await.unwrap().calls, 1);
    assert_eq!(known(store, &all).await, [holds, chooses], "what is held may be sent yet");
    assert_eq!(store.purge(Expiry { failed: Some(at(50)), ..keep }, 100).await.unwrap().calls, 1);
    store.purge(Expiry { written: Some(at(6)), ..keep }, 100).await.unwrap();
    assert_eq!(known(store, &all).await, [holds, chooses], "it is as old as that");
    store.purge(before(at(50)), 100).await.unwrap();
    assert_eq!(known(store, &all).await, [chooses], "one that has begun goes on, however old");
}

pub(crate) async fn old_resendings_go_a_portion_at_a_time(store: &dyn Store) {
    let mut all = Vec::new();
    for nr in 0..5 {
        all.push(resend(store, nr).await);
    }
    let mut left = Vec::new();
    loop {
        let purged = store.purge(before(at(9)), 2).await.unwrap();
        assert_eq!(Purged { more: false, ..purged }, Purged::default(), "they are not counted");
        left.push(known(store, &all).await.len());
        if !purged.more {
            break;
        }
    }
    assert_eq!(left, [3, 1, 0]);
    assert!(resend(store, 10).await > all[4], "a number is used once");
}
