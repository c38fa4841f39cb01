//! Several of the real program on one PostgreSQL database: they share the work, and one may be killed at any time.
//!
//! `TIELINE_KILL_ROUNDS` (3) kills more often, `TIELINE_KILL_SEED` (1) elsewhere; see `crash.rs`.

use std::{env, path::PathBuf, time::Duration};

use serde_json::json;
use tempfile::TempDir;
use tieline_proto::v1::{
    ActivateConnectionRequest, CallState, ConnectionState, DeactivateConnectionRequest, GetCallRequest,
    ListConnectionsRequest, admin_service_client::AdminServiceClient, sync_service_client::SyncServiceClient,
};
use tieline_sandbox::CrmKind;
use tokio::time::{self, Instant};
use tonic::transport::Channel;

use crate::{
    crms::{Crms, PROJECTS},
    database::Database,
    exchange::{Exchange, LOOK_EVERY, Wire},
    feed::Feed,
    program::Program,
};

/// Calls each project gets in a round.
const CALLS: u64 = 8;
/// `lease_seconds` of the configuration: the shortest there is.
const LEASE: Duration = Duration::from_secs(5);
/// Longest time for anything that takes a moment.
const BOUND: Duration = Duration::from_secs(30);
/// Longest time until everything is written: a RetailCRM takes ten requests a second.
const SETTLE_BOUND: Duration = Duration::from_secs(120);

/// CRMs, a database, and the configuration all programs share.
struct Place {
    crms: Crms,
    config: PathBuf,
    _dir: TempDir,
}

impl Place {
    async fn new(seed: u64) -> Self {
        let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(seed).await);
        let database = Database::fresh().await;
        let store = format!("url = \"{}\"\nlease_seconds = {}\nconnections = 4", database.url, LEASE.as_secs());
        let config = crms.configure_store(dir.path(), &store);
        Self { crms, config, _dir: dir }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_in_the_crm_once_though_one_of_two_programs_is_killed() {
    let (rounds, seed) = (setting("TIELINE_KILL_ROUNDS", 3), setting("TIELINE_KILL_SEED", 1));
    let place = Place::new(seed).await;
    let lost = json!([{ "name": "lost_reply", "probability": 0.08, "on": "writes" }]);
    for (_, kind) in PROJECTS {
        place.crms.fail(kind, &lost).await;
    }
    let (mut exchange, feed) = (Exchange::new(seed), Feed::default());
    let mut stays = Program::start(&place.config);
    for _ in 0..rounds {
        let victim = Program::start(&place.config);
        PROJECTS.iter().for_each(|(project, _)| feed.add(exchange.calls(project, CALLS)));
        let before = place.crms.requests().await;
        let (by_one, by_other) = (feed.begin(&Wire::to(&stays)), feed.begin(&Wire::to(&victim)));
        requests_beyond(&place.crms, before + 1 + exchange.dice.below(CALLS * 4)).await;
        victim.kill();
        by_other.give_up().await;
        by_one.all_taken().await;
        feed.begin(&Wire::to(&stays)).all_taken().await;
        // The next to be killed is the one that has stayed.
        let fresh = Program::start(&place.config);
        drop(std::mem::replace(&mut stays, fresh));
    }
    everything_is_written(&stays, &exchange).await;
    place.crms.hold_exactly(&exchange.calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_a_killed_program_are_taken_over_within_its_lease() {
    let place = Place::new(7).await;
    let slow = json!([{ "name": "slow", "ms": 20_000, "on": "writes" }]);
    for (_, kind) in PROJECTS {
        place.crms.fail(kind, &slow).await;
    }
    let (mut exchange, feed) = (Exchange::new(7), Feed::default());
    let victim = Program::start(&place.config);
    PROJECTS.iter().for_each(|(project, _)| feed.add(exchange.calls(project, 1)));
    feed.begin(&Wire::to(&victim)).all_taken().await;
    for (_, kind) in PROJECTS {
        hangs(&place.crms, kind).await;
    }
    let heir = Program::start(&place.config);
    victim.kill();
    let killed = Instant::now();
    for (_, kind) in PROJECTS {
        place.crms.fail(kind, &json!([])).await;
    }
    let before = place.crms.requests().await;
    requests_beyond(&place.crms, before).await;
    // A beat more, the CRM's search lag before a doubtful write is done again, and a busy machine.
    assert!(killed.elapsed() < LEASE + Duration::from_secs(10), "{:?}", killed.elapsed());
    everything_is_written(&heir, &exchange).await;
    place.crms.hold_exactly(&exchange.calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_program_knows_every_call_and_every_change_of_a_connection() {
    let place = Place::new(9).await;
    let (one, two) = (Program::start(&place.config), Program::start(&place.config));
    let channel = |program: &Program| Channel::from_shared(format!("http://{}", program.grpc)).unwrap().connect_lazy();
    let (mut at_one, mut at_two) = (AdminServiceClient::new(channel(&one)), AdminServiceClient::new(channel(&two)));
    let mut sync = SyncServiceClient::new(channel(&two));
    let project = PROJECTS[0].0.to_owned();
    let off = DeactivateConnectionRequest { project: project.clone(), ..DeactivateConnectionRequest::default() };
    at_one.deactivate_connection(off).await.unwrap();
    comes_into(&mut at_two, &project, ConnectionState::Inactive).await;
    let (mut exchange, feed) = (Exchange::new(9), Feed::default());
    feed.add(exchange.calls(PROJECTS[0].0, 3));
    feed.begin(&Wire::to(&one)).all_taken().await;
    for call in &exchange.calls {
        let ask = GetCallRequest { project: project.clone(), call_id: call.id.clone() };
        let report = sync.get_call(ask).await.unwrap().into_inner().report.unwrap();
        assert_eq!(report.state(), CallState::Held, "{report:?}");
    }
    let on = ActivateConnectionRequest { project: project.clone(), ..ActivateConnectionRequest::default() };
    at_two.activate_connection(on).await.unwrap();
    comes_into(&mut at_one, &project, ConnectionState::Active).await;
    // It leaves in good order, and what it had begun is finished by the other.
    assert_eq!(two.terminate(BOUND).status.code(), Some(0));
    everything_is_written(&one, &exchange).await;
    place.crms.hold_exactly(&exchange.calls).await;
}

/// Waits until a program knows of a connection's state.
async fn comes_into(admin: &mut AdminServiceClient<Channel>, project: &str, state: ConnectionState) {
    let ask = ListConnectionsRequest { project: project.to_owned(), ..ListConnectionsRequest::default() };
    let deadline = Instant::now() + BOUND;
    loop {
        let connections = admin.list_connections(ask.clone()).await.unwrap().into_inner().connections;
        if connections.iter().all(|connection| connection.state() == state) {
            return;
        }
        assert!(Instant::now() < deadline, "{connections:?}");
        time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until a write is under way.
async fn hangs(crms: &Crms, kind: CrmKind) {
    let deadline = Instant::now() + BOUND;
    while crms.hits(kind, "slow").await == 0 {
        assert!(Instant::now() < deadline, "nothing is written to {kind}");
        time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until the CRMs were asked more often than that.
async fn requests_beyond(crms: &Crms, count: u64) {
    let deadline = Instant::now() + BOUND;
    while crms.requests().await <= count {
        assert!(Instant::now() < deadline, "the CRMs are not asked more than {count} times in {BOUND:?}");
        time::sleep(LOOK_EVERY).await;
    }
}

async fn everything_is_written(program: &Program, exchange: &Exchange) {
    let wire = Wire::to(program);
    for (project, _) in PROJECTS {
        let days = wire.settled(project, SETTLE_BOUND).await;
        assert!(days.iter().all(|day| day.balanced), "{days:?}");
        let made = exchange.calls.iter().filter(|call| call.project == project).count() as u64;
        assert_eq!(days.iter().map(|day| day.written).sum::<u64>(), made, "{days:?}");
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
