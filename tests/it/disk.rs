//! The real program on a disk that is full: what it has answered is in the CRM, once.

use std::{path::PathBuf, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    crash::everything_is_settled,
    crms::{Crms, PROJECTS, STORE},
    exchange::{Door, Exchange, Report, Wire},
    feed::Feed,
    program::Program,
    tally::Tally,
};

/// A disk that holds some dozens of calls.
const ROOM: u64 = 3 << 20;
/// Calls that fill it for certain.
const MANY: usize = 2_000;
/// Longest time for a stop in good order.
const STOP_BOUND: Duration = Duration::from_secs(7);

struct Place {
    crms: Crms,
    config: PathBuf,
    exchange: Exchange,
    feed: Feed,
    _dir: TempDir,
}

impl Place {
    async fn new(seed: u64) -> Self {
        let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(seed).await);
        let config = crms.configure(dir.path());
        Self { crms, config, exchange: Exchange::new(seed), feed: Feed::default(), _dir: dir }
    }

    /// Reports calls until some were refused for want of room; those are to be repeated.
    async fn fill(&mut self, wire: &Wire) -> Vec<Report> {
        let mut refused = Vec::new();
        for nr in 0..MANY {
            let (project, _) = PROJECTS[nr % PROJECTS.len()];
            for report in self.exchange.calls(project, 1) {
                if !wire.send(&report).await {
                    refused.push(report);
                }
            }
            let by = |door: Door| refused.iter().filter(|report| report.door == door).count();
            if by(Door::Webhook) >= 3 && by(Door::Grpc) >= 3 {
                self.feed.add(refused.clone());
                return refused;
            }
        }
        panic!("the disk was never full");
    }

    /// Everything is taken, written and held once.
    async fn finish(&self, program: Program) {
        let wire = Wire::to(&program);
        self.feed.begin(&wire).all_taken().await;
        everything_is_settled(&wire, &self.exchange).await.unwrap();
        let ended = program.terminate(STOP_BOUND);
        assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_costs_nothing_and_needs_no_restart() {
    let mut place = Place::new(6).await;
    let program = Program::start_short_of_disk(&place.config, ROOM);
    let wire = Wire::to(&program);
    let mut told = Vec::new();
    for report in place.fill(&wire).await {
        // What was written meanwhile may have made room for it.
        let Some((status, why, again)) = wire.refusal(&report).await else { continue };
        let (code, reason) = match report.door {
            Door::Webhook => ("503 Service Unavailable", ""),
            Door::Grpc => ("Unavailable", "STORE_UNAVAILABLE"),
        };
        told.push(report.door);
        assert!(status == code && why.starts_with(reason) && again >= 1, "{status}, {why}, again in {again} s");
    }
    assert!(told.contains(&Door::Webhook) && told.contains(&Door::Grpc), "{told:?}");
    program.give_disk();
    place.finish(program).await;
    place.crms.hold_exactly(&place.exchange.calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_killed_on_a_full_disk_has_lost_nothing_it_answered() {
    let (mut place, mut tally) = (Place::new(8).await, Tally::new());
    let program = Program::start_short_of_disk(&place.config, ROOM);
    place.fill(&Wire::to(&program)).await;
    let log = program.kill();
    tally.killed("full_disk");
    assert!(log.contains(STORE) && log.contains("disk"), "the log names the file and what it lacks: {log}");
    place.finish(Program::start(&place.config)).await;
    let found = place.crms.audit(&place.exchange.calls).await;
    tally.report("full_disk", json!({ "store": "sqlite" }), &place.crms, &place.exchange, &found).await;
    found.is_clean();
}
