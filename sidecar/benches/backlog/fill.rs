//! A month of calls nobody wrote to the CRM.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use tieline::store::{ConnectionState, Piece, Status, Store as _, sqlite::SqliteStore};
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::{CallId, ProjectId},
    jiff::{SignedDuration, Timestamp, tz::TimeZone},
    phone::Phone,
    redact::Private,
};

/// Pieces under way at once: as many as one transaction takes, twice.
const AT_ONCE: usize = 512;
/// Calls of one client, on average.
const CALLS_OF_A_CLIENT: u64 = 4;

/// Takes calls in as a sidecar whose connection is suspended does, and tells how long that took.
pub(crate) async fn fill(db: &Path, calls: u64) -> Duration {
    let begun = Instant::now();
    let store = SqliteStore::open(db).expect("a store");
    let project = ProjectId::new("shop");
    let state = ConnectionState { status: Status::Suspended, since: Timestamp::now(), why: None, keep_data: true };
    store.put_connection(&project, state).await.expect("a connection");
    let now = Timestamp::now();
    let taken_in = stream::iter(0..calls).map(|nr| {
        let (store, project) = (&store, &project);
        async move { store.accept(piece(project, nr, calls, now)).await.expect("a call is taken in") }
    });
    taken_in.buffer_unordered(AT_ONCE).for_each(async |_| {}).await;
    store.close().await.expect("the store closes");
    begun.elapsed()
}

/// About four hundred bytes, as an exchange tells of a call. Every fifth call is missed, every tenth an agent's own.
fn piece(project: &ProjectId, nr: u64, calls: u64, now: Timestamp) -> Piece {
    let ago = i64::try_from((calls - nr) * 29 * 86_400 / calls.max(1)).unwrap_or(0);
    let at = now - SignedDuration::from_secs(ago);
    let direction = if nr % 10 == 7 { Direction::Outgoing } else { Direction::Incoming };
    let outcome = if nr.is_multiple_of(5) { Outcome::NoAnswer } else { Outcome::Answered };
    let client = (nr.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % (calls / CALLS_OF_A_CLIENT).max(1);
    let mut call = Call::new(project.clone(), CallId::new(format!("1763276400.{nr}")), direction);
    call.client.phone = Some(Phone::new(format!("38067{client:07}")));
    call.client.google_client_id = Some("1182736451.1763270000".to_owned());
    call.line = Some(Phone::new("0443330000"));
    (call.phase, call.outcome) = (Phase::Ended, Some(outcome));
    (call.started_at, call.ended_at) = (Some(at), Some(at + SignedDuration::from_secs(60)));
    let talks = outcome == Outcome::Answered;
    call.talk_seconds = if talks { 49 } else { 0 };
    let agent = AgentRef { sip: Some("shop_one".to_owned()), ..AgentRef::default() };
    call.legs = vec![Leg { agent, talk_seconds: call.talk_seconds, answered: talks, ..Leg::default() }];
    call.recording = talks.then(|| Private::new(format!("https://records.example.org/2026/11/16/1763276400.{nr}.mp3")));
    call.utm.source = Some("google".to_owned());
    call.utm.medium = Some("cpc".to_owned());
    let lane_of = |call: &Call| call.client.phone.as_ref().map(|phone| format!("+{}", phone.raw())).unwrap_or_default();
    let day = at.to_zoned(TimeZone::UTC).date();
    Piece { call, lane_of: Arc::new(lane_of), at, day, raw: None, trace: None }
}
