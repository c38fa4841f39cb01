//! Several of the real program on one PostgreSQL database: they share the work, and one may be killed at any time.
//!
//! `TIELINE_KILL_ROUNDS` (3) kills more often, `TIELINE_KILL_SEED` (1) elsewhere; see `crash.rs`. `TIELINE_TAKEOVERS` (1)
//! measures more take-overs.

use std::{path::PathBuf, time::Duration};

use serde_json::json;
use tempfile::TempDir;
use tieline_proto::v1::{
    ActivateConnectionRequest, CallState, ConnectionState, DeactivateConnectionRequest, GetCallRequest,
    ListConnectionsRequest, RouteBasis, RouteCallRequest, admin_service_client::AdminServiceClient,
    sync_service_client::SyncServiceClient,
};
use tokio::time::{self, Instant};
use tonic::transport::Channel;

use crate::{
    crash::{everything_is_settled, setting},
    crms::{Crms, PROJECTS},
    database::Database,
    exchange::{Exchange, LOOK_EVERY, Wire},
    feed::Feed,
    program::Program,
    tally::Tally,
};

/// Calls each project gets in a round.
const CALLS: u64 = 8;
/// `lease_seconds` of the configuration: the shortest there is.
const LEASE: Duration = Duration::from_secs(5);
/// Longest time for anything that takes a moment.
const BOUND: Duration = Duration::from_secs(30);

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
    let (mut exchange, feed, mut tally) = (Exchange::new(seed), Feed::default(), Tally::new());
    let mut stays = Program::start(&place.config);
    for _ in 0..rounds {
        let victim = Program::start(&place.config);
        PROJECTS.iter().for_each(|(project, _)| feed.add(exchange.calls(project, CALLS)));
        let before = place.crms.requests().await;
        let (by_one, by_other) = (feed.begin(&Wire::to(&stays)), feed.begin(&Wire::to(&victim)));
        requests_beyond(&place.crms, before + 1 + exchange.dice.below(CALLS * 4)).await;
        victim.kill();
        tally.killed("one_of_two");
        by_other.give_up().await;
        by_one.all_taken().await;
        feed.begin(&Wire::to(&stays)).all_taken().await;
        // The next to be killed is the one that has stayed.
        let fresh = Program::start(&place.config);
        std::mem::replace(&mut stays, fresh).kill();
        tally.killed("one_of_two");
    }
    let balanced = everything_is_settled(&Wire::to(&stays), &exchange).await;
    let found = place.crms.audit(&exchange.calls).await;
    let more = json!({ "store": "postgresql", "programs": 2, "rounds": rounds, "seed": seed });
    tally.report("kills", more, &place.crms, &exchange, &found).await;
    found.is_clean();
    balanced.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_a_killed_program_are_taken_over_within_its_lease() {
    let place = Place::new(7).await;
    let (mut exchange, feed, mut tally) = (Exchange::new(7), Feed::default(), Tally::new());
    let (mut asked, mut wrote) = (Vec::new(), Vec::new());
    for nr in 0..setting("TIELINE_TAKEOVERS", 1) {
        for (project, _) in PROJECTS {
            // The first is being written when the program dies; the second is left for the other.
            feed.add(exchange.calls_of_one(project, nr, 2));
        }
        let took = place.take_over(&exchange, &feed).await;
        asked.push(took.asked.as_secs_f64());
        wrote.push(took.wrote.as_secs_f64());
        tally.killed("holder");
    }
    let found = place.crms.audit(&exchange.calls).await;
    let more = json!({
        "store": "postgresql",
        "lease_seconds": LEASE.as_secs(),
        "seconds_to_first_request": asked,
        "seconds_to_first_write": wrote,
    });
    tally.report("takeover", more, &place.crms, &exchange, &found).await;
    found.is_clean();
    // A beat more, and a busy machine.
    let within = (LEASE + Duration::from_secs(10)).as_secs_f64();
    assert!(asked.iter().all(|seconds| *seconds < within), "{asked:?}");
}

/// How long it takes after a kill until another program goes on for a client of each project.
struct TakeOver {
    /// Until it has asked all their CRMs about them.
    asked: Duration,
    /// Until it has written for all of them: what may have been written is looked for first, until the CRM must show it.
    wrote: Duration,
}

impl Place {
    /// Kills one of two programs while it writes for a client of each project.
    async fn take_over(&self, exchange: &Exchange, feed: &Feed) -> TakeOver {
        let slow = json!({ "name": "slow", "ms": 20_000, "on": "writes" });
        self.crms.add_everywhere(&slow).await;
        let before = self.writes().await;
        let victim = Program::start(&self.config);
        feed.begin(&Wire::to(&victim)).all_taken().await;
        self.beyond(&before, Self::writes).await;
        let heir = Program::start(&self.config);
        self.learned_by(&heir).await;
        let requests = self.requests().await;
        victim.kill();
        let killed = Instant::now();
        self.crms.clear_everywhere("slow").await;
        // It hits the writes, so that they are counted, and does not hold them up.
        self.crms.add_everywhere(&json!({ "name": "slow", "ms": 1, "on": "writes" })).await;
        let before = self.writes().await;
        self.beyond(&requests, Self::requests).await;
        let asked = killed.elapsed();
        self.beyond(&before, Self::writes).await;
        let wrote = killed.elapsed();
        everything_is_settled(&Wire::to(&heir), exchange).await.unwrap();
        self.crms.clear_everywhere("slow").await;
        TakeOver { asked, wrote }
    }

    /// Waits until a program knows each CRM, so that what it asks from then on is about calls.
    async fn learned_by(&self, program: &Program) {
        let channel = Channel::from_shared(format!("http://{}", program.grpc)).unwrap().timeout(BOUND).connect_lazy();
        let mut sync = SyncServiceClient::new(channel);
        for (project, _) in PROJECTS {
            let ask = RouteCallRequest {
                project: project.to_owned(),
                client_number: "380441234567".to_owned(),
                ..RouteCallRequest::default()
            };
            let deadline = Instant::now() + BOUND;
            while sync.route_call(ask.clone()).await.unwrap().into_inner().basis() == RouteBasis::Fallback {
                assert!(Instant::now() < deadline, "{project} is not learned");
            }
        }
    }

    /// Requests that have arrived at each CRM.
    async fn requests(&self) -> Vec<u64> {
        let mut requests = Vec::new();
        for (_, kind) in PROJECTS {
            requests.push(self.crms.requests_of(kind).await);
        }
        requests
    }

    /// Writes that have arrived at each CRM, as long as all of them are slow.
    async fn writes(&self) -> Vec<u64> {
        let mut writes = Vec::new();
        for (_, kind) in PROJECTS {
            writes.push(self.crms.hits(kind, "slow").await);
        }
        writes
    }

    /// Waits until more has arrived at each CRM.
    async fn beyond(&self, before: &[u64], count: impl AsyncFn(&Self) -> Vec<u64>) {
        let deadline = Instant::now() + BOUND;
        let mut now = count(self).await;
        while now.iter().zip(before).any(|(now, before)| now <= before) {
            assert!(Instant::now() < deadline, "nothing more arrives at a CRM: {before:?}, {now:?}");
            time::sleep(LOOK_EVERY).await;
            now = count(self).await;
        }
    }
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
    everything_is_settled(&Wire::to(&one), &exchange).await.unwrap();
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

/// Waits until the CRMs were asked more often than that.
async fn requests_beyond(crms: &Crms, count: u64) {
    let deadline = Instant::now() + BOUND;
    while crms.requests().await <= count {
        assert!(Instant::now() < deadline, "the CRMs are not asked more than {count} times in {BOUND:?}");
        time::sleep(LOOK_EVERY).await;
    }
}
