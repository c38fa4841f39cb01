//! Storing how far calls have come.

use tieline::store::{Filter, OwnOf, Progress, Receipt, State, Store, StoreError, Turns};
use tieline_engine::{
    call::Call,
    facts::{OwnRecord, StepFact},
    ids::{AgentId, CallId, ProjectId, RecordId, UserId},
    reason::{Reason, ReasonCode},
    record::Kind,
    step::{Mark, StepKey},
};

use super::fixtures::{accept, at, call, deal_made, due, ended, progress, shop, stored, trouble};

pub(crate) async fn progress_is_read_back_as_it_was_stored(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let before = stored(store, "a").await;
    let mut facts = before.facts.clone();
    let mark = Mark::of("shop", &CallId::new("a"), &StepKey::create(Kind::Deal));
    facts.steps.insert(StepKey::create(Kind::Deal), StepFact::Uncertain { since: at(3), mark });
    facts.refused_fields.insert("utm".to_owned());
    let reasons = vec![Reason::new(ReasonCode::RowFits).with("row", "3")];
    let told = Progress {
        facts: facts.clone(),
        due_at: at(30),
        retrying: true,
        attempts: 2,
        trouble: Some(trouble("crm_unavailable", 3)),
        reasons: Some(reasons.clone()),
        written: vec![deal_made(3)],
        ..progress(&before, State::Waiting, 3)
    };
    store.save(told).await.unwrap();
    let after = stored(store, "a").await;
    assert_eq!((after.facts.steps, after.facts.refused_fields), (facts.steps, facts.refused_fields));
    assert_eq!((after.state, after.due_at, after.retrying, after.attempts), (State::Waiting, at(30), true, 2));
    assert_eq!((after.trouble, after.reasons), (Some(trouble("crm_unavailable", 3)), reasons));
    assert_eq!((after.written, after.changed_at, after.version), (vec![deal_made(3)], at(3), 1));
}

pub(crate) async fn what_is_not_told_is_kept(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let before = stored(store, "a").await;
    let told = Progress {
        trouble: Some(trouble("crm_unavailable", 3)),
        reasons: Some(vec![Reason::new(ReasonCode::NotFinal)]),
        written: vec![deal_made(3)],
        ..progress(&before, State::Waiting, 3)
    };
    store.save(told).await.unwrap();
    store.save(Progress { written: vec![deal_made(4)], ..progress(&before, State::Written, 4) }).await.unwrap();
    let after = stored(store, "a").await;
    assert_eq!(after.trouble, Some(trouble("crm_unavailable", 3)));
    assert_eq!(after.reasons, [Reason::new(ReasonCode::NotFinal)]);
    assert_eq!(after.written, [deal_made(3), deal_made(4)]);
}

pub(crate) async fn an_amendment_during_delivery_keeps_the_call_waiting(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let read = store.due(&shop(), at(1), &[], Turns::all(1)).await.unwrap().remove(0);
    assert_eq!(accept(store, ended("a", "1"), 2).await.receipt, Receipt::Amended);
    store.save(Progress { written: vec![deal_made(3)], ..progress(&read, State::Written, 3) }).await.unwrap();
    let after = stored(store, "a").await;
    assert_eq!((after.state, after.version, after.due_at), (State::Waiting, 2, at(3)));
    assert_eq!((after.written, after.call.talk_seconds), (vec![deal_made(3)], 42));
    assert_eq!(due(store, 3).await, ["a"]);
    store.save(progress(&stored(store, "a").await, State::Written, 4)).await.unwrap();
    assert_eq!(stored(store, "a").await.state, State::Written);
}

pub(crate) async fn a_call_dropped_during_delivery_stays_dropped(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let read = stored(store, "a").await;
    store.skip(&shop(), Filter::default(), Reason::new(ReasonCode::Dropped), at(1)).await.unwrap();
    store.save(Progress { due_at: at(60), retrying: true, ..progress(&read, State::Waiting, 2) }).await.unwrap();
    assert_eq!(stored(store, "a").await.state, State::Skipped(ReasonCode::Dropped));
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), None);
}

pub(crate) async fn a_call_dropped_while_it_was_written_is_finished(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let read = stored(store, "a").await;
    store.skip(&shop(), Filter::default(), Reason::new(ReasonCode::Dropped), at(1)).await.unwrap();
    let halfway = Progress { written: vec![deal_made(2)], ..progress(&read, State::Waiting, 2) };
    store.save(halfway).await.unwrap();
    assert_eq!(due(store, 2).await, ["a"], "half of it is in the CRM");
}

pub(crate) async fn own_records_are_kept_per_lane_and_replaced_by_id(store: &dyn Store) {
    let own = |id: &str, seconds| OwnRecord {
        kind: Kind::Deal,
        id: RecordId::new(id),
        at: at(seconds),
        owner: Some(UserId::new("5")),
        contact: None,
        open: true,
    };
    accept(store, call("a", "1"), 0).await;
    accept(store, call("b", "2"), 0).await;
    let (one, two) = (stored(store, "a").await, stored(store, "b").await);
    let records = vec![own("7", 1), own("8", 2)];
    store.save(Progress { own: records, ..progress(&one, State::Waiting, 2) }).await.unwrap();
    store.save(Progress { own: vec![own("9", 2)], ..progress(&two, State::Waiting, 2) }).await.unwrap();
    store.save(Progress { own: vec![own("7", 3)], ..progress(&one, State::Written, 3) }).await.unwrap();
    assert_eq!(store.own(&shop(), "1", at(0)).await.unwrap().records, [own("8", 2), own("7", 3)]);
    assert_eq!(store.own(&shop(), "1", at(3)).await.unwrap().records, [own("7", 3)]);
    assert_eq!(store.own(&shop(), "3", at(0)).await.unwrap(), OwnOf::default());
}

pub(crate) async fn the_latest_talk_counts_not_the_latest_delivery(store: &dyn Store) {
    let started = |id: &str, seconds| Call { started_at: Some(at(seconds)), ..ended(id, "1") };
    accept(store, started("old", -900), 0).await;
    accept(store, started("new", -60), 1).await;
    for (id, agent) in [("new", "anna"), ("old", "bohdan")] {
        let talked = Some(AgentId::new(agent));
        let of = stored(store, id).await;
        store.save(Progress { talked, ..progress(&of, State::Written, 2) }).await.unwrap();
    }
    assert_eq!(store.own(&shop(), "1", at(0)).await.unwrap().last_talk, Some(AgentId::new("anna")));
}

pub(crate) async fn the_latest_write_of_a_project_is_known(store: &dyn Store) {
    assert_eq!(store.last_written(&shop()).await.unwrap(), None);
    accept(store, call("a", "1"), 0).await;
    let of = stored(store, "a").await;
    for (written, seconds) in [(vec![deal_made(5), deal_made(7)], 7), (vec![deal_made(6)], 8), (Vec::new(), 9)] {
        store.save(Progress { written, ..progress(&of, State::Waiting, seconds) }).await.unwrap();
    }
    assert_eq!(store.last_written(&shop()).await.unwrap(), Some(at(7)));
    assert_eq!(store.last_written(&ProjectId::new("workshop")).await.unwrap(), None);
}

pub(crate) async fn progress_of_an_unknown_call_is_an_error(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    let mut of = stored(store, "a").await;
    of.call.id = CallId::new("nobody's");
    let answer = store.save(progress(&of, State::Written, 1)).await;
    assert!(matches!(answer, Err(StoreError::Broken(text)) if text.contains("nobody's")));
    assert_eq!(stored(store, "a").await.state, State::Waiting);
}
