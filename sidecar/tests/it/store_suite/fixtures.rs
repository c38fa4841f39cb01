//! Calls, pieces and progress for claims about stores.

use std::sync::Arc;

use tieline::store::{
    Accepted, Filter, KeptTrouble, Piece, Progress, State, StateIs, Store, StoredCall, Turns, Written,
};
use tieline_engine::{
    call::{Call, Direction, Outcome, Phase},
    ids::{CallId, ProjectId, RecordId},
    jiff::{SignedDuration, Timestamp, civil::Date},
    phone::Phone,
    record::Kind,
};

/// The project of most claims.
pub(crate) fn shop() -> ProjectId {
    ProjectId::new("shop")
}

/// A time, in seconds after the claim's beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-03-02T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// The day of [`at`].
pub(crate) fn day() -> Date {
    "2026-03-02".parse().unwrap()
}

/// A ringing call of a client.
pub(crate) fn call(id: &str, client: &str) -> Call {
    let mut call = Call::new(shop(), CallId::new(id), Direction::Incoming);
    call.client.phone = Some(Phone::new(client));
    call
}

/// The end of that call.
pub(crate) fn ended(id: &str, client: &str) -> Call {
    let mut call = call(id, client);
    (call.phase, call.outcome, call.talk_seconds) = (Phase::Ended, Some(Outcome::Answered), 42);
    call
}

/// A piece as intake makes it: the lane is the client's number.
pub(crate) fn piece(call: Call, at: Timestamp) -> Piece {
    Piece { call, lane_of: Arc::new(lane_of), at, day: day(), raw: None, trace: None }
}

/// The lane of a call.
pub(crate) fn lane_of(call: &Call) -> String {
    call.client.phone.as_ref().map_or_else(|| format!("call {}", call.id), |phone| phone.raw().to_owned())
}

/// Takes a call in.
pub(crate) async fn accept(store: &dyn Store, call: Call, seconds: i64) -> Accepted {
    store.accept(piece(call, at(seconds))).await.unwrap()
}

/// A stored call.
pub(crate) async fn stored(store: &dyn Store, id: &str) -> StoredCall {
    store.call(&shop(), &CallId::new(id)).await.unwrap().unwrap()
}

/// Ids of the calls whose turn it is.
pub(crate) async fn due(store: &dyn Store, seconds: i64) -> Vec<String> {
    ids(&store.due(&shop(), at(seconds), &[], Turns::all(100)).await.unwrap())
}

/// Ids of calls.
pub(crate) fn ids(calls: &[StoredCall]) -> Vec<String> {
    calls.iter().map(|stored| stored.call.id.as_str().to_owned()).collect()
}

/// Progress of a call that brings it into a state.
pub(crate) fn progress(of: &StoredCall, state: State, seconds: i64) -> Progress {
    Progress {
        project: of.call.project.clone(),
        call: of.call.id.clone(),
        version: of.version,
        facts: of.facts.clone(),
        state,
        due_at: at(seconds),
        retrying: false,
        attempts: 0,
        trouble: None,
        reasons: None,
        written: Vec::new(),
        own: Vec::new(),
        talked: None,
        claim: of.claim.clone(),
        rests: true,
        at: at(seconds),
    }
}

/// Brings a call into a state.
pub(crate) async fn finish(store: &dyn Store, id: &str, state: State, seconds: i64) {
    store.save(progress(&stored(store, id).await, state, seconds)).await.unwrap();
}

/// Makes a call wait until a time, for a retry or for facts.
pub(crate) async fn wait(store: &dyn Store, id: &str, until: i64, retrying: bool) {
    let before = stored(store, id).await;
    store.save(Progress { due_at: at(until), retrying, ..progress(&before, State::Waiting, 0) }).await.unwrap();
}

/// A deal made in the CRM.
pub(crate) fn deal_made(seconds: i64) -> Written {
    Written {
        step: "create.deal".to_owned(),
        kind: Kind::Deal,
        id: Some(RecordId::new("7")),
        made: true,
        link: None,
        at: at(seconds),
    }
}

/// Trouble of a kind.
pub(crate) fn trouble(reason: &str, seconds: i64) -> KeptTrouble {
    KeptTrouble { reason: reason.to_owned(), text: "the CRM said so".to_owned(), at: at(seconds) }
}

/// A filter by state.
pub(crate) fn in_state(states: &[StateIs]) -> Filter {
    Filter { states: states.to_vec(), ..Filter::default() }
}
