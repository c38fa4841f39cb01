//! What people ask and order.

use tieline::store::{ConnectionState, Filter, KeptToken, Piece, Progress, State, StateIs, Status, Store, StoredCall};
use tieline_engine::{
    call::Call,
    facts::StepFact,
    ids::{CallId, ProjectId},
    reason::{Reason, ReasonCode},
    record::Kind,
    step::StepKey,
};

use super::fixtures::{
    accept, at, call, day, deal_made, due, finish, ids, in_state, piece, progress, shop, stored, trouble, wait,
};

pub(crate) async fn lists_go_on_from_a_position(store: &dyn Store) {
    for id in ["c", "a", "b"] {
        accept(store, call(id, id), 0).await;
    }
    let first = store.list(&shop(), Filter::default(), 0, 2).await.unwrap();
    assert_eq!(ids(&first), ["c", "a"]);
    let rest = store.list(&shop(), Filter::default(), first[1].seq, 2).await.unwrap();
    assert_eq!(ids(&rest), ["b"]);
    assert!(store.list(&ProjectId::new("workshop"), Filter::default(), 0, 9).await.unwrap().is_empty());
}

pub(crate) async fn filters_find_by_state_reason_trouble_time_and_id(store: &dyn Store) {
    let accepted = [("a", Some(-100), 0), ("b", None, 0), ("c", None, 0), ("d", Some(50), 0), ("e", None, 1)];
    for (id, started, seconds) in accepted {
        let started_at = started.map(at);
        accept(store, Call { started_at, ..call(id, id) }, seconds).await;
    }
    finish(store, "a", State::Skipped(ReasonCode::OutOfWindow), 1).await;
    finish(store, "b", State::Skipped(ReasonCode::StopListed), 1).await;
    let of = stored(store, "c").await;
    let told = Progress { trouble: Some(trouble("crm_refused", 1)), ..progress(&of, State::Failed, 1) };
    store.save(told).await.unwrap();
    finish(store, "d", State::Written, 1).await;
    let any = Filter::default;
    let window = || vec![ReasonCode::OutOfWindow];
    for (filter, found) in [
        (any(), "abcde"),
        (in_state(&[StateIs::Waiting]), "e"),
        (in_state(&[StateIs::Failed, StateIs::Written]), "cd"),
        (Filter { skipped_for: window(), ..any() }, "a"),
        (Filter { skipped_for: window(), ..in_state(&[StateIs::Skipped]) }, "a"),
        (Filter { skipped_for: window(), ..in_state(&[StateIs::Skipped, StateIs::Failed]) }, "ac"),
        (Filter { trouble: Some("crm_refused".to_owned()), ..any() }, "c"),
        (Filter { since: Some(at(0)), ..any() }, "bcde"),
        (Filter { until: Some(at(0)), ..any() }, "a"),
        (Filter { since: Some(at(-100)), until: Some(at(50)), ..any() }, "abce"),
        (Filter { accepted_until: Some(at(0)), ..any() }, "abcd"),
        (Filter { ids: Some(vec![CallId::new("b"), CallId::new("x"), CallId::new("a")]), ..any() }, "ab"),
        (Filter { ids: Some(Vec::new()), ..any() }, ""),
    ] {
        let calls = store.list(&shop(), filter.clone(), 0, 100).await.unwrap();
        assert_eq!(ids(&calls).concat(), found, "{filter:?}");
        assert_eq!(store.count(&shop(), filter.clone()).await.unwrap(), found.len() as u64, "{filter:?}");
    }
}

async fn refuse(store: &dyn Store, id: &str) -> StoredCall {
    let mut of = stored(store, id).await;
    let refused = StepFact::Refused { code: "invalid".to_owned(), text: "no such stage".to_owned() };
    of.facts.steps.insert(StepKey::create(Kind::Deal), refused);
    store.save(Progress { attempts: 4, ..progress(&of, State::Failed, 1) }).await.unwrap();
    stored(store, id).await
}

pub(crate) async fn requeued_calls_are_forgiven_and_go_behind(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    accept(store, call("b", "2"), 0).await;
    accept(store, call("w", "3"), 0).await;
    finish(store, "w", State::Written, 1).await;
    assert_eq!(refuse(store, "a").await.facts.refused().count(), 1);
    let failed = in_state(&[StateIs::Failed]);
    assert_eq!(store.requeue(&shop(), failed.clone(), at(9)).await.unwrap(), 1);
    let after = stored(store, "a").await;
    assert_eq!((after.state, after.due_at, after.attempts, after.backlog), (State::Waiting, at(9), 0, true));
    assert_eq!(after.facts.refused().count(), 0);
    assert_eq!(due(store, 9).await, ["b", "a"]);
    assert_eq!(store.requeue(&shop(), failed, at(9)).await.unwrap(), 0);
    assert_eq!(store.requeue(&shop(), Filter::default(), at(9)).await.unwrap(), 2, "all but the written one");
}

pub(crate) async fn requeueing_opens_the_window_s_skips_only_when_named(store: &dyn Store) {
    for (id, code) in [
        ("a", ReasonCode::OutOfWindow),
        ("b", ReasonCode::ResendOff),
        ("c", ReasonCode::Dropped),
        ("d", ReasonCode::NoRow),
    ] {
        accept(store, call(id, id), 0).await;
        finish(store, id, State::Skipped(code), 1).await;
    }
    assert_eq!(store.requeue(&shop(), Filter::default(), at(2)).await.unwrap(), 0);
    assert_eq!(store.requeue(&shop(), in_state(&[StateIs::Skipped]), at(2)).await.unwrap(), 2);
    assert_eq!(due(store, 2).await, ["a", "b"]);
}

pub(crate) async fn a_requeued_call_does_not_hold_a_live_one_up(store: &dyn Store) {
    for (id, client) in [("other", "9"), ("failed", "1"), ("live", "1")] {
        accept(store, call(id, client), 0).await;
    }
    finish(store, "failed", State::Failed, 1).await;
    finish(store, "other", State::Failed, 1).await;
    store.requeue(&shop(), in_state(&[StateIs::Failed]), at(2)).await.unwrap();
    assert_eq!(due(store, 2).await, ["failed", "other"]);
    finish(store, "failed", State::Written, 3).await;
    assert_eq!(due(store, 3).await, ["live", "other"]);
}

pub(crate) async fn skipping_spares_what_is_on_its_way_into_the_crm(store: &dyn Store) {
    for id in ["a", "b", "c", "d"] {
        accept(store, call(id, id), 0).await;
    }
    for (id, state) in [("b", State::Waiting), ("d", State::Failed)] {
        let of = stored(store, id).await;
        store.save(Progress { written: vec![deal_made(1)], ..progress(&of, state, 1) }).await.unwrap();
    }
    finish(store, "c", State::Written, 1).await;
    let reason = Reason::new(ReasonCode::Dropped).with("by", "admin");
    assert_eq!(store.skip(&shop(), Filter::default(), reason.clone(), at(2)).await.unwrap(), 2);
    let dropped = store.list(&shop(), in_state(&[StateIs::Skipped]), 0, 9).await.unwrap();
    assert_eq!(ids(&dropped), ["a", "d"]);
    assert_eq!(dropped[0].reasons, [reason]);
    assert_eq!(due(store, 2).await, ["b"]);
}

pub(crate) async fn skipping_frees_the_lane(store: &dyn Store) {
    accept(store, call("a", "1"), 0).await;
    wait(store, "a", 600, true).await;
    accept(store, call("b", "1"), 1).await;
    assert!(due(store, 1).await.is_empty());
    let only = Filter { ids: Some(vec![CallId::new("a")]), ..Filter::default() };
    store.skip(&shop(), only, Reason::new(ReasonCode::Dropped), at(2)).await.unwrap();
    assert_eq!(due(store, 2).await, ["b"]);
}

pub(crate) async fn changes_of_many_calls_reach_all_of_them(store: &dyn Store) {
    for nr in 0..450 {
        accept(store, call(&format!("{nr}"), &format!("{}", nr % 50)), 0).await;
    }
    assert_eq!(store.demote_waiting(&shop()).await.unwrap(), 450);
    assert_eq!(store.demote_waiting(&shop()).await.unwrap(), 0);
    accept(store, call("live", "7"), 1).await;
    assert_eq!(due(store, 1).await[0], "7", "only the lane of the live call is live again");
    assert_eq!(store.requeue(&shop(), Filter::default(), at(2)).await.unwrap(), 451);
    let all = store.list(&shop(), in_state(&[StateIs::Waiting]), 0, 1_000).await.unwrap();
    assert!(all.iter().all(|stored| stored.due_at == at(2)));
    let live: Vec<_> = all.iter().filter(|stored| !stored.backlog).map(|stored| &stored.lane).collect();
    assert_eq!(
        (live.len(), live.iter().all(|lane| **lane == all[450].lane)),
        (10, true),
        "who waits keeps their place"
    );
    let dropped = Reason::new(ReasonCode::Dropped);
    assert_eq!(store.skip(&shop(), Filter::default(), dropped, at(3)).await.unwrap(), 451);
    assert_eq!(store.next_due(&shop(), true).await.unwrap(), None);
}

pub(crate) async fn the_ledger_balances_by_day(store: &dyn Store) {
    for (id, state) in [
        ("a", State::Written),
        ("b", State::Skipped(ReasonCode::StopListed)),
        ("c", State::Skipped(ReasonCode::InternalCall)),
        ("d", State::Skipped(ReasonCode::StopListed)),
        ("e", State::Failed),
        ("f", State::Waiting),
    ] {
        accept(store, call(id, id), 0).await;
        finish(store, id, state, 1).await;
    }
    let tomorrow = "2026-03-03".parse().unwrap();
    store.accept(Piece { day: tomorrow, ..piece(call("g", "g"), at(86_400)) }).await.unwrap();
    let days = store.ledger(&shop(), day(), tomorrow).await.unwrap();
    assert!(days.iter().all(tieline::store::LedgerDay::balances));
    assert_eq!(days.iter().map(|day| (day.day, day.received)).collect::<Vec<_>>(), [(day(), 6), (tomorrow, 1)]);
    let first = &days[0];
    assert_eq!((first.written, first.failed, first.waiting), (1, 1, 1));
    let skipped: Vec<_> = first.skipped.iter().map(|(code, calls)| (code.as_str(), *calls)).collect();
    assert_eq!(skipped, [("internal_call", 1), ("stop_listed", 2)]);
    assert_eq!(store.ledger(&shop(), tomorrow, tomorrow).await.unwrap().len(), 1);
}

pub(crate) async fn connections_and_tokens_are_kept_per_project(store: &dyn Store) {
    assert_eq!(store.connection(&shop()).await.unwrap(), None);
    assert!(store.token(&shop()).await.unwrap().is_none());
    let active = ConnectionState { status: Status::Active, since: at(0), why: None, keep_data: true };
    let why = Some(trouble("crm_credentials", 1));
    let suspended = ConnectionState { status: Status::Suspended, since: at(1), why, keep_data: true };
    for state in [active, suspended.clone()] {
        store.put_connection(&shop(), state).await.unwrap();
    }
    for (sealed, expires_at) in [(vec![1, 2], at(60)), (vec![0, 255], at(120))] {
        store.put_token(&shop(), KeptToken { sealed, expires_at }).await.unwrap();
    }
    assert_eq!(store.connection(&shop()).await.unwrap(), Some(suspended));
    let token = store.token(&shop()).await.unwrap().unwrap();
    assert_eq!((token.sealed, token.expires_at), (vec![0, 255], at(120)));
    assert_eq!(store.connection(&ProjectId::new("workshop")).await.unwrap(), None);
}

pub(crate) async fn the_states_of_all_connections_are_read_at_once_and_first_ones_replace_none(store: &dyn Store) {
    let state = |status| ConnectionState { status, since: at(0), why: None, keep_data: true };
    assert!(store.connections().await.unwrap().is_empty());
    store.put_connection(&shop(), state(Status::Suspended)).await.unwrap();
    let ids: Vec<_> = (0..300).map(|nr| ProjectId::new(format!("p{nr}"))).chain([shop()]).collect();
    let first = ids.iter().map(|id| (id.clone(), state(Status::Active))).collect();
    store.add_connections(first).await.unwrap();
    let states = store.connections().await.unwrap();
    assert_eq!(states.len(), 301);
    assert_eq!(states[&shop()], state(Status::Suspended));
    assert!(ids.iter().filter(|id| **id != shop()).all(|id| states[id] == state(Status::Active)));
}

pub(crate) async fn the_figures_of_many_projects_are_those_of_each(store: &dyn Store) {
    let skipped = State::Skipped(ReasonCode::InternalCall);
    for (id, state) in [("a", State::Written), ("b", skipped), ("c", State::Failed), ("d", State::Failed)] {
        accept(store, call(id, id), 0).await;
        finish(store, id, state, 1).await;
    }
    accept(store, call("e", "e"), 2).await;
    accept(store, call("f", "f"), 3).await;
    let tomorrow = "2026-03-03".parse().unwrap();
    let other = ProjectId::new("other");
    let mut elsewhere = call("a", "a");
    elsewhere.project = other.clone();
    store.accept(Piece { day: tomorrow, ..piece(elsewhere, at(86_400)) }).await.unwrap();
    let nobody = ProjectId::new("nobody");
    let asked = vec![(shop(), day()), (other.clone(), tomorrow), (nobody.clone(), day())];
    let figures = store.figures(asked).await.unwrap();
    for (project, day) in [(shop(), day()), (other.clone(), tomorrow)] {
        let day = store.ledger(&project, day, day).await.unwrap().pop();
        assert!(day.is_some());
        assert_eq!(figures[&project].day, day);
        assert_eq!(figures[&project].last_received, store.last_received(&project).await.unwrap());
        assert_eq!(figures[&project].last_written, store.last_written(&project).await.unwrap());
    }
    let shop = &figures[&shop()];
    assert_eq!((shop.waiting, shop.failed, shop.oldest), (2, 2, Some(at(2))));
    assert_eq!((figures[&other].waiting, figures[&other].failed), (1, 0));
    assert_eq!(figures.get(&nobody).cloned().unwrap_or_default(), tieline::store::Figures::default());
}
