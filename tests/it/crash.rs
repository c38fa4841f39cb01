//! `kill -9` of the real program at random moments: what it has answered is in the CRM, once.
//!
//! `TIELINE_KILL_ROUNDS` (6) kills more often, `TIELINE_KILL_SEED` (1) elsewhere. The seed fixes calls, spellings,
//! doors and the moments as counts; what is under way when a count is reached is up to the machine. What is found goes to
//! the file that `TIELINE_REPORT` names.

use std::{env, time::Duration};

use serde_json::json;
use tieline_sandbox::CrmKind;

use crate::{
    crms::{Crms, PROJECTS},
    exchange::{Dice, Exchange, Wire},
    feed::Feed,
    moment::{Moment, Round},
    program::Program,
    tally::Tally,
};

/// Calls each project gets in a round.
const CALLS: u64 = 4;
/// Requests a round's calls make at least: for each a look-up and a write.
const REQUESTS: u64 = CALLS * PROJECTS.len() as u64 * 2;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_in_the_crm_once_wherever_the_program_is_killed() {
    let (rounds, seed) = (setting("TIELINE_KILL_ROUNDS", 6), setting("TIELINE_KILL_SEED", 1));
    let (dir, crms) = (tempfile::tempdir().unwrap(), Crms::start(seed).await);
    fail_now_and_then(&crms).await;
    let config = crms.configure(dir.path());
    let (mut exchange, feed, mut tally) = (Exchange::new(seed), Feed::default(), Tally::new());
    for moment in moments(rounds, &mut exchange.dice) {
        for (project, _) in PROJECTS {
            feed.add(exchange.calls(project, CALLS));
        }
        let (crms, feed, dice, tally) = (&crms, &feed, &mut exchange.dice, &mut tally);
        Round { config: &config, crms, feed, dice, tally, requests: REQUESTS }.play(moment).await;
    }
    let program = Program::start(&config);
    let wire = Wire::to(&program);
    feed.begin(&wire).all_taken().await;
    let balanced = everything_is_settled(&wire, &exchange).await;
    let found = crms.audit(&exchange.calls).await;
    let more = json!({ "store": "sqlite", "programs": 1, "rounds": rounds, "seed": seed });
    tally.report("kills", more, &crms, &exchange, &found).await;
    found.is_clean();
    balanced.unwrap();
    program.kill();
}

/// So many moments, each kind as often as the others, in an order of its own for every turn.
fn moments(rounds: u64, dice: &mut Dice) -> Vec<Moment> {
    let mut moments = Vec::new();
    while (moments.len() as u64) < rounds {
        let mut turn = Moment::ALL.to_vec();
        while !turn.is_empty() {
            let next = dice.below(turn.len() as u64);
            moments.push(turn.swap_remove(usize::try_from(next).unwrap()));
        }
    }
    moments.truncate(usize::try_from(rounds).unwrap());
    moments
}

/// Faults that leave in doubt what was written, and some that do not.
async fn fail_now_and_then(crms: &Crms) {
    let mut faults = vec![
        json!({ "name": "lost_reply", "probability": 0.08, "on": "writes" }),
        json!({ "name": "lost_request", "probability": 0.04, "on": "writes" }),
        json!({ "name": "internal_error", "probability": 0.02 }),
        // More of them, and the quota rightly gives way further than the test has time for.
        json!({ "name": "rate_limit", "probability": 0.004, "ms": 300 }),
        json!({ "name": "html_error_page", "probability": 0.01, "on": "api" }),
    ];
    crms.fail(CrmKind::Zoho, &json!(faults)).await;
    faults.push(json!({ "name": "search_lag", "ms": 1000 }));
    for (_, kind) in PROJECTS.into_iter().filter(|(_, kind)| *kind != CrmKind::Zoho) {
        crms.fail(kind, &json!(faults)).await;
    }
}

/// Waits until nothing waits; the error is a ledger that does not say what was made.
pub(crate) async fn everything_is_settled(wire: &Wire, exchange: &Exchange) -> Result<(), String> {
    for (project, _) in PROJECTS {
        let made = exchange.calls.iter().filter(|call| call.project == project).count() as u64;
        // A RetailCRM is asked eight times a second and a call takes up to ten requests, some of them again.
        let days = wire.settled(project, Duration::from_secs(120 + made * 3)).await;
        let count = |what: fn(&tieline_proto::v1::LedgerDay) -> u64| days.iter().map(what).sum::<u64>();
        let written = (count(|day| day.received), count(|day| day.written)) == (made, made);
        if !written || !days.iter().all(|day| day.balanced) {
            return Err(format!("{project} has made {made} calls: {days:?}"));
        }
    }
    Ok(())
}

/// A number from the environment.
pub(crate) fn setting(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
