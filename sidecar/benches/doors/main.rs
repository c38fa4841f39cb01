//! What the doors cost, as ratios to the least a tonic server could do, in one run, so that they hold on any machine:
//! `cargo bench -p tieline --bench doors`.
//!
//! - `RouteCall` for a caller looked up before, against a tonic service that only gives back the same answer.
//! - `SyncCall`, answered when the call is on disk, against a tonic service that answers after the same group commit:
//!   it hands a call that is ready to a store of its own, and reads, checks and decides nothing.
//! - `SyncCall` against the least that could be called durable: the service appends the request's bytes to a table
//!   with no index through one writer, which commits what has queued up in one flush.
//!
//! Server and client share the process and its two or more threads; each pair has the same messages, the same bounds
//! of a connection, the same telemetry and the same directory. Criterion times our side; within each of its samples
//! the yardstick runs first, with as many requests, and the table at the end holds the medians over those pairs.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark is a program for a terminal")]

mod append;
mod duel;
mod house;
mod yardstick;

use std::sync::Arc;

use criterion::Criterion;
use tieline::telemetry::{self, Telemetry};
use tokio::runtime::Runtime;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use self::{
    duel::{Ask, Client, Duel},
    house::House,
    yardstick::Yardstick,
};

fn main() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = Runtime::new().expect("a runtime");
    // What `tieline serve` runs with when its configuration does not say otherwise.
    let telemetry = Telemetry { level: "info".to_owned(), ..Telemetry::default() };
    let _guard = telemetry::start(&telemetry).expect("telemetry");
    let house = runtime.block_on(House::open(None));
    let bare = |appends| runtime.block_on(Yardstick::open(house.routed.clone(), appends)).client;
    let (same, least) = (bare(append::to_store()), bare(append::to_table()));
    let duel = |name, ask, streams, target, yardstick: &Client| {
        Arc::new(Duel::new(name, ask, streams, target, house.client.clone(), yardstick.clone()))
    };
    let duels = [
        duel("RouteCall warm, 1 at a time", Ask::Route, 1, Some(0.8), &same),
        duel("RouteCall warm, 64 at a time", Ask::Route, 64, Some(0.8), &same),
        duel("SyncCall durable, 64 at a time, of the same group commit", Ask::Sync, 64, Some(0.7), &same),
        duel("SyncCall durable, 64 at a time, of appending bytes", Ask::Sync, 64, None, &least),
    ];
    let mut criterion = Criterion::default().configure_from_args();
    duel::measure(&mut criterion, &runtime, &duels);
    criterion.final_summary();
    duel::table(&duels);
}
