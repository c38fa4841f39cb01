//! Worth of what goes behind live calls, and resendings in portions.

use tieline::store::{
    Filter, Progress, State, StateIs, Store, Turns,
    resend::{Resending, Selection, Survey},
};
use tieline_engine::{
    call::{Call, Direction, Outcome, Phase, Source},
    facts::OwnRecord,
    ids::{CallId, RecordId},
    reason::ReasonCode,
    record::Kind,
};

use super::fixtures::{accept, at, call, deal_made, due, ended, finish, in_state, progress, shop, stored, trouble};

/// A call nobody answered.
fn missed(id: &str, client: &str) -> Call {
    Call { phase: Phase::Ended, outcome: Some(Outcome::NoAnswer), ..call(id, client) }
}

fn outgoing(id: &str, client: &str) -> Call {
    Call { direction: Direction::Outgoing, ..missed(id, client) }
}

/// Makes a client known by an earlier call that is in the CRM.
async fn make_known(store: &dyn Store, client: &str) {
    let id = format!("before {client}");
    accept(store, missed(&id, client), -100).await;
    let of = stored(store, &id).await;
    let own =
        OwnRecord { kind: Kind::Contact, id: RecordId::new("7"), at: at(-90), owner: None, contact: None, open: true };
    store.save(Progress { own: vec![own], ..progress(&of, State::Written, -90) }).await.unwrap();
}

/// What is due, each call finished before the next is asked for.
async fn order(store: &dyn Store, seconds: i64) -> Vec<String> {
    let mut order = Vec::new();
    while let Some(stored) = store.due(&shop(), at(seconds), &[], Turns::all(1)).await.unwrap().into_iter().next() {
        store.save(progress(&stored, State::Written, seconds)).await.unwrap();
        order.push(stored.call.id.as_str().to_owned());
    }
    order
}

async fn step_until_at_rest(store: &dyn Store, id: u64, seconds: i64) -> Resending {
    while store.step_resend(&shop(), id, at(seconds)).await.unwrap() {}
    store.resending(&shop(), Some(id)).await.unwrap().unwrap()
}

/// Failed calls, each of a client of their own.
async fn failed(store: &dyn Store, ids: &[&str]) {
    for id in ids {
        accept(store, missed(id, id), 0).await;
        finish(store, id, State::Failed, 1).await;
    }
}

pub(crate) async fn backlog_goes_by_worth_and_within_equal_worth_by_acceptance(store: &dyn Store) {
    make_known(store, "known").await;
    make_known(store, "also known").await;
    let chat = Call { source: Source::Messenger, ..call("wish", "4") };
    for call in [
        outgoing("attempt", "1"),
        ended("talk of known", "known"),
        ended("talk of new", "2"),
        chat,
        missed("missed by known", "also known"),
        missed("missed by new", "3"),
        missed("missed by another", "5"),
    ] {
        accept(store, call, 0).await;
    }
    store.demote_waiting(&shop()).await.unwrap();
    accept(store, call("live", "6"), 1).await;
    let expected = [
        "live",
        "missed by new",
        "missed by another",
        "wish",
        "missed by known",
        "talk of new",
        "attempt",
        "talk of known",
    ];
    assert_eq!(order(store, 2).await, expected);
}

pub(crate) async fn a_lane_stands_where_its_best_call_belongs_and_keeps_its_order(store: &dyn Store) {
    accept(store, ended("talk", "1"), 0).await;
    accept(store, outgoing("attempt", "2"), 0).await;
    accept(store, missed("missed", "2"), 0).await;
    accept(store, outgoing("last attempt", "2"), 0).await;
    store.demote_waiting(&shop()).await.unwrap();
    assert_eq!(order(store, 1).await, ["attempt", "missed", "talk", "last attempt"]);
}

pub(crate) async fn a_missed_call_that_was_answered_later_is_not_urgent(store: &dyn Store) {
    accept(store, missed("missed", "1"), 0).await;
    accept(store, ended("talk", "1"), 10).await;
    accept(store, missed("other", "2"), 20).await;
    store.demote_waiting(&shop()).await.unwrap();
    assert_eq!(order(store, 30).await, ["other", "missed", "talk"]);
}

pub(crate) async fn a_live_call_takes_a_judged_lane_to_the_front_by_acceptance(store: &dyn Store) {
    accept(store, outgoing("attempt", "1"), 0).await;
    accept(store, missed("missed", "2"), 0).await;
    store.demote_waiting(&shop()).await.unwrap();
    accept(store, call("live", "3"), 1).await;
    accept(store, call("live too", "1"), 2).await;
    assert_eq!(order(store, 3).await, ["attempt", "live", "live too", "missed"]);
}

pub(crate) async fn a_survey_counts_by_worth_and_changes_nothing(store: &dyn Store) {
    make_known(store, "known").await;
    failed(store, &["a", "b"]).await;
    accept(store, missed("c", "known"), 0).await;
    accept(store, ended("d", "4"), 0).await;
    accept(store, outgoing("e", "5"), 0).await;
    finish(store, "e", State::Skipped(ReasonCode::OutOfWindow), 1).await;
    accept(store, missed("dropped", "6"), 0).await;
    finish(store, "dropped", State::Skipped(ReasonCode::Dropped), 1).await;
    accept(store, missed("later", "7"), 60).await;
    let of = async |selection| {
        let Survey { by_worth, before } = store.survey(&shop(), selection, at(30), u64::MAX).await.unwrap();
        assert_eq!(before, None);
        by_worth
    };
    let any = Selection::default;
    assert_eq!(of(any()).await, [2, 1, 1, 1]);
    assert_eq!(of(Selection { missed_only: true, ..any() }).await, [2, 1, 0, 0]);
    assert_eq!(of(Selection { new_clients_only: true, ..any() }).await, [2, 0, 1, 1]);
    assert_eq!(of(Selection { direction: Some(Direction::Outgoing), ..any() }).await, [0, 0, 0, 1]);
    assert_eq!(of(Selection { states: vec![StateIs::Failed], ..any() }).await, [2, 0, 0, 0]);
    assert_eq!(of(Selection { ids: Some(vec![CallId::new("a"), CallId::new("d")]), ..any() }).await, [1, 0, 1, 0]);
    assert_eq!(store.open_resendings().await.unwrap(), []);
    assert_eq!(store.count(&shop(), in_state(&[StateIs::Waiting])).await.unwrap(), 3);
}

pub(crate) async fn a_resending_sends_by_worth_whatever_the_calls_were(store: &dyn Store) {
    accept(store, outgoing("waits", "1"), 0).await;
    for (call, state) in [
        (ended("talk", "2"), State::Failed),
        (missed("missed", "3"), State::Skipped(ReasonCode::OutOfWindow)),
        (missed("dropped", "4"), State::Skipped(ReasonCode::Dropped)),
        (missed("off", "5"), State::Skipped(ReasonCode::ResendOff)),
    ] {
        let id = call.id.as_str().to_owned();
        accept(store, call, 0).await;
        finish(store, &id, state, 1).await;
    }
    store.demote_waiting(&shop()).await.unwrap();
    let id = store.begin_resend(&shop(), Selection::default(), at(9)).await.unwrap();
    let begun = store.resending(&shop(), None).await.unwrap().unwrap();
    assert_eq!((begun.id, begun.is_choosing(), begun.counts.total()), (id, true, 0));
    assert_eq!(store.open_resendings().await.unwrap(), [begun]);
    let after = step_until_at_rest(store, id, 10).await;
    assert_eq!((after.counts.waiting, after.counts.held, after.is_finished()), (4, 0, false));
    assert_eq!(order(store, 11).await, ["missed", "off", "talk", "waits"]);
    let done = store.resending(&shop(), Some(id)).await.unwrap().unwrap();
    assert_eq!((done.counts.written, done.counts.left(), done.is_finished()), (4, 0, true));
    assert_eq!(store.open_resendings().await.unwrap(), []);
    assert_eq!(
        store.resending(&tieline_engine::ids::ProjectId::new("workshop"), Some(id)).await.unwrap(),
        None,
        "it is the project's own"
    );
}

pub(crate) async fn a_resending_takes_only_what_its_selection_says(store: &dyn Store) {
    make_known(store, "known").await;
    failed(store, &["a", "b"]).await;
    accept(store, missed("of known", "known"), 0).await;
    finish(store, "of known", State::Failed, 1).await;
    let selection = Selection { new_clients_only: true, ..Selection::default() };
    let id = store.begin_resend(&shop(), selection, at(9)).await.unwrap();
    failed(store, &["later"]).await;
    accept(store, missed("much later", "9"), 20).await;
    finish(store, "much later", State::Failed, 21).await;
    assert_eq!(step_until_at_rest(store, id, 30).await.counts.total(), 3);
    assert_eq!(order(store, 31).await, ["a", "b", "later"]);
}

pub(crate) async fn a_large_resending_goes_into_the_queue_a_few_at_a_time(store: &dyn Store) {
    for nr in 0..1_250 {
        accept(store, missed(&format!("{nr}"), &format!("{nr}")), 0).await;
    }
    let reason = tieline_engine::reason::Reason::new(ReasonCode::OutOfWindow);
    store.skip(&shop(), Filter::default(), reason, at(1)).await.unwrap();
    let id = store.begin_resend(&shop(), Selection::default(), at(9)).await.unwrap();
    let after = step_until_at_rest(store, id, 10).await;
    assert_eq!((after.counts.waiting, after.counts.held), (1_000, 250));
    for stored in store.due(&shop(), at(10), &[], Turns::all(300)).await.unwrap() {
        store.save(progress(&stored, State::Written, 10)).await.unwrap();
    }
    let after = step_until_at_rest(store, id, 11).await;
    assert_eq!((after.counts.written, after.counts.waiting, after.counts.held), (300, 950, 0));
    assert_eq!(due(store, 11).await.first().map(String::as_str), Some("300"), "in order of acceptance");
}

pub(crate) async fn a_cancelled_resending_puts_everything_back_where_it_was(store: &dyn Store) {
    failed(store, &["failed"]).await;
    let of = stored(store, "failed").await;
    store.save(Progress { trouble: Some(trouble("crm_refused", 1)), ..progress(&of, State::Failed, 1) }).await.unwrap();
    accept(store, missed("waits", "2"), 0).await;
    accept(store, missed("kept", "3"), 0).await;
    finish(store, "kept", State::Skipped(ReasonCode::OutOfWindow), 1).await;
    failed(store, &["begun", "done"]).await;
    let id = store.begin_resend(&shop(), Selection::default(), at(9)).await.unwrap();
    step_until_at_rest(store, id, 10).await;
    let of = stored(store, "begun").await;
    store.save(Progress { written: vec![deal_made(11)], ..progress(&of, State::Waiting, 11) }).await.unwrap();
    finish(store, "done", State::Written, 11).await;

    assert!(!store.order_resend(&shop(), id + 1, true).await.unwrap(), "there is none");
    assert!(store.order_resend(&shop(), id, true).await.unwrap());
    let after = step_until_at_rest(store, id, 12).await;
    assert!(after.is_at_rest() && !after.is_finished());
    assert_eq!((after.counts.held, after.counts.waiting, after.counts.written), (3, 1, 1));
    for (call, state) in [
        ("failed", State::Failed),
        ("waits", State::Skipped(ReasonCode::ResendCancelled)),
        ("kept", State::Skipped(ReasonCode::OutOfWindow)),
        ("begun", State::Waiting),
        ("done", State::Written),
    ] {
        assert_eq!(stored(store, call).await.state, state, "{call}");
    }
    assert_eq!(stored(store, "failed").await.trouble, Some(trouble("crm_refused", 1)));
    assert_eq!(due(store, 13).await, ["begun"]);
    assert_eq!(store.open_resendings().await.unwrap(), []);
}

pub(crate) async fn a_resumed_resending_does_the_rest_once(store: &dyn Store) {
    failed(store, &["a", "b", "c", "d"]).await;
    accept(store, missed("waits", "2"), 0).await;
    let id = store.begin_resend(&shop(), Selection::default(), at(9)).await.unwrap();
    step_until_at_rest(store, id, 10).await;
    finish(store, "a", State::Written, 11).await;
    store.order_resend(&shop(), id, true).await.unwrap();
    step_until_at_rest(store, id, 12).await;
    let reason = tieline_engine::reason::Reason::new(ReasonCode::Dropped);
    store
        .skip(&shop(), Filter { ids: Some(vec![CallId::new("b")]), ..Filter::default() }, reason, at(13))
        .await
        .unwrap();
    accept(store, Call { talk_seconds: 9, ..missed("c", "c") }, 14).await;

    assert!(store.order_resend(&shop(), id, false).await.unwrap());
    let after = step_until_at_rest(store, id, 15).await;
    assert_eq!((after.counts.held, after.counts.waiting), (0, 3), "{:?}", after.counts);
    assert_eq!((after.counts.written, after.counts.skipped), (1, 1), "who was dropped meanwhile stays so");
    assert_eq!(order(store, 16).await, ["c", "d", "waits"], "who was opened by later facts is live");
    assert!(store.resending(&shop(), Some(id)).await.unwrap().unwrap().is_finished());
}

pub(crate) async fn a_resending_cancelled_while_it_chooses_goes_on_choosing(store: &dyn Store) {
    for nr in 0..450 {
        accept(store, missed(&format!("{nr}"), &format!("{nr}")), 0).await;
    }
    let reason = tieline_engine::reason::Reason::new(ReasonCode::ResendOff);
    store.skip(&shop(), Filter::default(), reason, at(1)).await.unwrap();
    let id = store.begin_resend(&shop(), Selection::default(), at(9)).await.unwrap();
    assert!(store.step_resend(&shop(), id, at(10)).await.unwrap());
    store.order_resend(&shop(), id, true).await.unwrap();
    let cancelled = step_until_at_rest(store, id, 11).await;
    assert_eq!((cancelled.is_choosing(), cancelled.counts.total()), (true, 200));
    assert_eq!(due(store, 11).await.len(), 0);
    store.order_resend(&shop(), id, false).await.unwrap();
    let resumed = step_until_at_rest(store, id, 12).await;
    assert_eq!((resumed.is_choosing(), resumed.counts.waiting), (false, 450));
}

pub(crate) async fn a_later_resending_takes_over_and_a_forgotten_call_leaves_the_count_whole(store: &dyn Store) {
    use std::sync::Arc;
    use tieline::store::keeping::{Forgetting, Person};
    failed(store, &["a", "b"]).await;
    let first = store.begin_resend(&shop(), Selection::default(), at(9)).await.unwrap();
    step_until_at_rest(store, first, 10).await;
    let second = store.begin_resend(&shop(), Selection::default(), at(11)).await.unwrap();
    step_until_at_rest(store, second, 12).await;
    let first = store.resending(&shop(), Some(first)).await.unwrap().unwrap();
    assert_eq!((first.counts.total(), first.is_finished()), (0, true));
    let person = Person { project: shop(), lanes: vec!["a".to_owned()], is_theirs: Arc::new(|_| false) };
    assert!(store.forget(person, Forgetting::Everything).await.unwrap().done);
    let second = store.resending(&shop(), Some(second)).await.unwrap().unwrap();
    assert_eq!((second.counts.waiting, second.counts.skipped, second.counts.total()), (1, 1, 2));
}
