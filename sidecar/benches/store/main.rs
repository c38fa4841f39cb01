//! What durable accept costs on PostgreSQL, as a ratio to the least it could: the same bytes inserted and committed by
//! one statement into a table with nothing but a key, in one run, on the same server with every flush on.
//! `cargo bench -p tieline --bench store`; the server comes from `tests/postgres`.
//!
//! The last row goes through the door: `SyncCall` against a bare tonic service that appends the request's bytes to a table
//! of its own, all that waits by one statement and flush.
//!
//! Criterion times our side; within each of its samples the yardstick runs first, with as many records, and the table at
//! the end holds the medians over those pairs.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark is a program for a terminal"
)]

mod append;
#[path = "../../tests/it/database.rs"]
mod database;
#[allow(dead_code, reason = "shared with another benchmark")]
#[path = "../doors/duel.rs"]
mod duel;
#[path = "../doors/house.rs"]
mod house;
#[path = "../doors/yardstick.rs"]
mod yardstick;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use criterion::{Criterion, SamplingMode, Throughput};
use futures::future::join_all;
use secrecy::SecretString;
use tieline::store::{
    Piece, Store,
    postgres::{PostgresConfig, PostgresStore},
};
use tieline_engine::{
    call::{Call, Direction, Outcome, Phase},
    ids::{CallId, ProjectId},
    jiff::{Timestamp, tz::TimeZone},
    phone::Phone,
};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Statement};

use self::{
    database::{Database, Server},
    duel::{Ask, Duel},
    house::House,
    yardstick::Yardstick,
};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections of either side.
const CONNECTIONS: usize = 8;
/// Bytes of a yardstick's record: those of a call as it is stored.
const RECORD_BYTES: usize = 400;

fn main() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (runtime, server) = (Runtime::new().expect("a runtime"), Server::start_flushing());
    let bench = Arc::new(runtime.block_on(async { Bench::open(&server.database().await).await }));
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("store");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(6));
    let mut table = Vec::new();
    for (name, streams) in [("accept, 1 at a time", 1), ("accept, 64 at a time", 64)] {
        let pairs = Arc::new(Mutex::new(Vec::new()));
        group.throughput(Throughput::Elements(streams));
        group.bench_function(name, |bencher| {
            let (bench, pairs) = (&bench, &pairs);
            bencher.to_async(&runtime).iter_custom(|rounds| {
                let (bench, pairs) = (Arc::clone(bench), Arc::clone(pairs));
                async move {
                    let yardstick = bench.time(rounds, streams, Side::Bare).await;
                    let ours = bench.time(rounds, streams, Side::Ours).await;
                    let rate = |time: Duration| (rounds * streams) as f64 / time.as_secs_f64();
                    pairs.lock().unwrap().push((rate(ours), rate(yardstick)));
                    ours
                }
            });
        });
        table.push((name, pairs));
    }
    group.finish();
    let (_house, duel) = runtime.block_on(door(&server));
    let duels = [Arc::new(duel)];
    duel::measure(&mut criterion, &runtime, &duels);
    criterion.final_summary();
    println!("| calls a second | ours | one insert and commit each | ratio |\n|---|---|---|---|");
    for (name, pairs) in table {
        let pairs = pairs.lock().unwrap();
        let median = |value: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = pairs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        let (ours, bare) = (median(|pair| pair.0), median(|pair| pair.1));
        println!("| {name} | {ours:.0} | {bare:.0} | {:.2} |", median(|pair| pair.0 / pair.1));
    }
    duel::table(&duels);
}

/// A sidecar on the database against a bare server on it.
async fn door(server: &Server) -> (House, Duel) {
    let house = House::open(Some(format!("url = \"{}\"", server.database().await.url))).await;
    let appends = append::to_postgres(&server.database().await).await;
    let yardstick = Yardstick::open(house.routed.clone(), appends).await;
    let (name, ours) = ("SyncCall durable on PostgreSQL, 64 at a time", house.client.clone());
    let duel = Duel::new(name, Ask::Sync, 64, None, ours, yardstick.client);
    (house, duel)
}

#[derive(Clone, Copy)]
enum Side {
    Ours,
    Bare,
}

struct Bench {
    store: PostgresStore,
    bare: Vec<(Client, Statement)>,
    nr: AtomicU64,
}

impl Bench {
    async fn open(database: &Database) -> Self {
        let mut config = PostgresConfig::new(&SecretString::from(database.url.clone())).expect("an address");
        config.connections = CONNECTIONS;
        let store = PostgresStore::open(&config, "bench".to_owned()).await.expect("a store");
        let client = database.client().await;
        client.batch_execute("CREATE TABLE bare (id TEXT PRIMARY KEY, record TEXT NOT NULL)").await.expect("a table");
        let mut bare = Vec::new();
        for _ in 0..CONNECTIONS {
            let client = database.client().await;
            let insert = client.prepare("INSERT INTO bare (id, record) VALUES ($1, $2)").await.expect("a statement");
            bare.push((client, insert));
        }
        Self { store, bare, nr: AtomicU64::new(0) }
    }

    async fn time(&self, rounds: u64, streams: u64, side: Side) -> Duration {
        let begun = Instant::now();
        let stream = async |stream| {
            for _ in 0..rounds {
                let nr = self.nr.fetch_add(1, Ordering::Relaxed);
                match side {
                    Side::Ours => drop(self.store.accept(piece(nr)).await.expect("an answer")),
                    Side::Bare => self.insert(stream, nr).await,
                }
            }
        };
        join_all((0..streams).map(stream)).await;
        begun.elapsed()
    }

    /// Statements sent over one connection follow each other; each is a transaction of its own.
    async fn insert(&self, stream: u64, nr: u64) {
        let (client, insert) = &self.bare[usize::try_from(stream).unwrap() % self.bare.len()];
        client.execute(insert, &[&nr.to_string(), &"x".repeat(RECORD_BYTES)]).await.expect("an insert");
    }
}

/// An answered call that just ended.
fn piece(nr: u64) -> Piece {
    let mut call = Call::new(ProjectId::new("shop"), CallId::new(format!("1763276400.{nr}")), Direction::Incoming);
    call.client.phone = Some(Phone::new(format!("38067{:07}", nr % 10_000_000)));
    (call.phase, call.outcome, call.talk_seconds) = (Phase::Ended, Some(Outcome::Answered), 49);
    let lane_of = |call: &Call| call.client.phone.as_ref().map(|phone| phone.raw().to_owned()).unwrap_or_default();
    let at = Timestamp::now();
    let day = at.to_zoned(TimeZone::UTC).date();
    Piece { call, lane_of: Arc::new(lane_of), at, day, raw: None, trace: None }
}
