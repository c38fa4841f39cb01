//! Projects that are kept in the store.

use tieline::store::{
    ConnectionState, KeptToken, Progress, State, StateIs, Status, Store,
    projects::{KeptProject, ProjectPut, Put, Removal, Removed},
    resend::Selection,
};
use tieline_engine::{ids::ProjectId, reason::ReasonCode};

use super::fixtures::{accept, at, call, day, deal_made, due, finish, in_state, progress, shop, stored};

fn draft(id: &str, text: &str) -> ProjectPut {
    // What is sealed never looks the same twice.
    let sealed = format!("sealed {id} {text}").into_bytes();
    ProjectPut { id: ProjectId::new(id), text: text.to_owned(), sealed, over: None, at: at(0) }
}

async fn put(store: &dyn Store, draft: ProjectPut) -> u64 {
    match store.put_project(draft).await.unwrap() {
        Put::Done(revision) => revision,
        another => panic!("{another:?}"),
    }
}

fn removal(over: Option<u64>, drop_waiting: bool) -> Removal {
    Removal { id: shop(), over, drop_waiting, at: at(9) }
}

pub(crate) async fn a_project_is_read_back_as_it_was_put(store: &dyn Store) {
    assert_eq!(store.project(&shop()).await.unwrap(), None);
    let draft = ProjectPut { sealed: vec![0, 255, 39], at: at(3), ..draft("shop", "zone = 'Ü'\n") };
    let revision = put(store, draft).await;
    let kept = KeptProject {
        id: shop(),
        text: "zone = 'Ü'\n".to_owned(),
        sealed: vec![0, 255, 39],
        revision,
        updated_at: at(3),
    };
    assert_eq!(store.project(&shop()).await.unwrap(), Some(kept.clone()));
    assert_eq!(store.projects("", 9).await.unwrap(), [kept]);
}

pub(crate) async fn nobody_s_change_of_a_project_is_lost(store: &dyn Store) {
    let new = |text: &str, over| ProjectPut { over: Some(over), ..draft("shop", text) };
    assert_eq!(store.put_project(new("a", 7)).await.unwrap(), Put::Another(0), "there is none");
    let first = put(store, new("b", 0)).await;
    assert_eq!(store.put_project(new("c", 0)).await.unwrap(), Put::Another(first), "there is one already");
    let second = put(store, new("d", first)).await;
    assert_eq!(store.put_project(new("e", first)).await.unwrap(), Put::Another(second));
    assert_eq!(store.remove_project(removal(Some(first), false)).await.unwrap(), Removed::Another(second));
    assert_eq!(store.project(&shop()).await.unwrap().unwrap().text, "d");
    let last = put(store, draft("shop", "f")).await;
    assert!(first < second && second < last);
}

pub(crate) async fn a_revision_is_used_once_also_after_a_removal(store: &dyn Store) {
    let first = put(store, draft("shop", "a")).await;
    let other = put(store, draft("workshop", "a")).await;
    assert_eq!(store.remove_project(removal(Some(first), false)).await.unwrap(), Removed::Done { dropped: 0 });
    assert_eq!(store.remove_project(removal(None, false)).await.unwrap(), Removed::NotThere);
    let again = put(store, draft("shop", "b")).await;
    assert!(first < other && other < again);
    let revisions = store.project_revisions().await.unwrap();
    assert_eq!(revisions, [(shop(), again), (ProjectId::new("workshop"), other)].into());
}

pub(crate) async fn projects_are_listed_by_id_in_pages(store: &dyn Store) {
    for id in ["b", "a-1", "B", "a_1", "a"] {
        put(store, draft(id, "x")).await;
    }
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.projects(&after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.id.as_str().to_owned();
        ids.extend(page.into_iter().map(|kept| kept.id.as_str().to_owned()));
    }
    assert_eq!(ids, ["B", "a", "a-1", "a_1", "b"]);
}

pub(crate) async fn a_project_goes_with_its_state_and_token_and_leaves_its_calls(store: &dyn Store) {
    put(store, draft("shop", "a")).await;
    let state = ConnectionState { status: Status::Inactive, since: at(0), why: None, keep_data: true };
    store.put_connection(&shop(), state).await.unwrap();
    store.put_token(&shop(), KeptToken { sealed: vec![1], expires_at: at(60) }).await.unwrap();
    accept(store, call("a", "1"), 0).await;
    assert_eq!(store.remove_project(removal(None, false)).await.unwrap(), Removed::CallsWait(1));
    assert!(store.connection(&shop()).await.unwrap().is_some() && store.token(&shop()).await.unwrap().is_some());
    finish(store, "a", State::Written, 1).await;
    assert_eq!(store.remove_project(removal(None, false)).await.unwrap(), Removed::Done { dropped: 0 });
    assert!(store.connection(&shop()).await.unwrap().is_none() && store.token(&shop()).await.unwrap().is_none());
    assert_eq!(store.last_written(&shop()).await.unwrap(), None);
    assert_eq!(stored(store, "a").await.state, State::Written);
}

pub(crate) async fn waiting_calls_of_a_project_that_goes_are_dropped_and_counted(store: &dyn Store) {
    put(store, draft("shop", "a")).await;
    for (id, client) in [("a", "1"), ("b", "1"), ("half", "2"), ("failed", "3")] {
        accept(store, call(id, client), 0).await;
    }
    let half = stored(store, "half").await;
    let begun = Progress { written: vec![deal_made(1)], ..progress(&half, State::Waiting, 1) };
    store.save(begun).await.unwrap();
    finish(store, "failed", State::Failed, 1).await;
    assert_eq!(store.remove_project(removal(None, true)).await.unwrap(), Removed::Done { dropped: 3 });
    assert_eq!(store.count(&shop(), in_state(&[StateIs::Waiting])).await.unwrap(), 0);
    assert_eq!(stored(store, "half").await.state, State::Skipped(ReasonCode::Dropped));
    assert_eq!(stored(store, "failed").await.state, State::Failed);
    let days = store.ledger(&shop(), day(), day()).await.unwrap();
    assert_eq!((days[0].received, days[0].skipped["dropped"], days[0].failed), (4, 3, 1));
    assert!(days[0].balances());
    put(store, draft("shop", "b")).await;
    accept(store, call("later", "1"), 10).await;
    assert_eq!(due(store, 10).await, ["later"], "the lane is free for a project of the same name");
}

pub(crate) async fn a_project_that_comes_again_does_not_go_on_with_its_old_resendings(store: &dyn Store) {
    put(store, draft("shop", "a")).await;
    for id in ["a", "b"] {
        accept(store, call(id, id), 0).await;
        finish(store, id, State::Failed, 1).await;
    }
    let holds = store.begin_resend(&shop(), Selection::default(), at(2)).await.unwrap();
    assert!(store.step_resend(&shop(), holds, at(2)).await.unwrap(), "it has chosen");
    let chooses = store.begin_resend(&shop(), Selection::default(), at(3)).await.unwrap();
    let other = store.begin_resend(&ProjectId::new("workshop"), Selection::default(), at(3)).await.unwrap();
    let removed = store.remove_project(removal(None, false)).await.unwrap();
    assert_eq!(removed, Removed::Done { dropped: 0 }, "what is held does not wait");
    put(store, draft("shop", "b")).await;
    let open: Vec<u64> = store.open_resendings().await.unwrap().iter().map(|resending| resending.id).collect();
    assert_eq!(open, [other], "another project's goes on");
    for id in [holds, chooses] {
        assert!(!store.step_resend(&shop(), id, at(10)).await.unwrap());
        let ended = store.resending(&shop(), Some(id)).await.unwrap().unwrap();
        assert!(ended.is_at_rest() && !ended.is_choosing() && ended.counts.waiting == 0, "{ended:?}");
    }
    assert!(due(store, 10).await.is_empty());
    assert_eq!(store.count(&shop(), in_state(&[StateIs::Failed])).await.unwrap(), 2, "they are where they were");
}
