//! `kill -9` of the real program at random moments: what it has answered is in the CRM, once.
//!
//! `TIELINE_KILL_ROUNDS` (6) kills more often, `TIELINE_KILL_SEED` (1) elsewhere. The seed fixes calls, spellings,
//! doors and the moments as counts; what is under way when a count is reached is up to the machine.

use std::{env, time::Duration};

use serde_json::json;
use tieline_sandbox::CrmKind;
use tokio::time::{self, Instant};

use crate::{
    crms::{Crms, PROJECTS},
    exchange::{Exchange, LOOK_EVERY, Wire},
    feed::{Feed, Feeding},
    program::Program,
};

/// Calls each project gets in a round.
const CALLS: u64 = 6;
/// Requests a round's calls make at least: for each a look-up and a write.
const REQUESTS: u64 = CALLS * PROJECTS.len() as u64 * 2;
/// Longest time until a round is where the program is to be killed.
const ROUND_BOUND: Duration = Duration::from_secs(30);
/// Longest time until everything is written after the last start: a RemOnline takes eight requests a second.
const SETTLE_BOUND: Duration = Duration::from_secs(120);

/// When the program is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After so many answers to the exchange.
    Taken(usize),
    /// After so many requests at the CRMs.
    Sent(u64),
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_in_the_crm_once_wherever_the_program_is_killed() {
    let (rounds, seed) = (setting("TIELINE_KILL_ROUNDS", 6), setting("TIELINE_KILL_SEED", 1));
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(seed).await);
    fail_now_and_then(&crms).await;
    let config = crms.configure(dir.path());
    let (mut exchange, feed) = (Exchange::new(seed), Feed::default());
    for _ in 0..rounds {
        for (project, _) in PROJECTS {
            feed.add(exchange.calls(project, CALLS));
        }
        let moment = choose(&mut exchange, feed.len());
        let program = Program::start(&config);
        let before = crms.requests().await;
        let mut feeding = feed.begin(&Wire::to(&program));
        until(moment, &crms, before, &mut feeding).await;
        program.kill();
        feeding.give_up().await;
    }
    let program = Program::start(&config);
    let wire = Wire::to(&program);
    feed.begin(&wire).all_taken().await;
    everything_is_written(&wire, &exchange).await;
    crms.hold_exactly(&exchange.calls).await;
    program.kill();
}

/// Faults that leave in doubt what was written.
async fn fail_now_and_then(crms: &Crms) {
    let lost = [
        json!({ "name": "lost_reply", "probability": 0.08, "on": "writes" }),
        json!({ "name": "lost_request", "probability": 0.04, "on": "writes" }),
    ];
    let [reply, request] = &lost;
    let lagging = json!([reply, request, { "name": "search_lag", "ms": 1000 }]);
    for (_, kind) in PROJECTS {
        let faults = if kind == CrmKind::Zoho { json!(lost) } else { lagging.clone() };
        crms.fail(kind, &faults).await;
    }
}

fn choose(exchange: &mut Exchange, reports: usize) -> Moment {
    if exchange.dice.below(3) == 0 {
        Moment::Taken(1 + usize::try_from(exchange.dice.below(reports as u64)).unwrap())
    } else {
        Moment::Sent(1 + exchange.dice.below(REQUESTS))
    }
}

/// Waits for the moment. A round has more to send than is waited for: each of its calls takes a look-up and a write.
async fn until(moment: Moment, crms: &Crms, before: u64, feeding: &mut Feeding) {
    match moment {
        Moment::Taken(count) => feeding.taken(count, ROUND_BOUND).await,
        Moment::Sent(count) => {
            let deadline = Instant::now() + ROUND_BOUND;
            while crms.requests().await < before + count {
                assert!(Instant::now() < deadline, "the CRMs are not asked {count} times in {ROUND_BOUND:?}");
                time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

async fn everything_is_written(wire: &Wire, exchange: &Exchange) {
    for (project, _) in PROJECTS {
        let days = wire.settled(project, SETTLE_BOUND).await;
        assert!(days.iter().all(|day| day.balanced), "{days:?}");
        let made = exchange.calls.iter().filter(|call| call.project == project).count() as u64;
        let count = |what: fn(&tieline_proto::v1::LedgerDay) -> u64| days.iter().map(what).sum::<u64>();
        assert_eq!((count(|day| day.received), count(|day| day.written)), (made, made), "{days:?}");
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
