//! When the real program is killed: what it is doing then.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::time;

use crate::{
    crms::{Crms, PROJECTS},
    exchange::{Dice, LOOK_EVERY, Wire},
    feed::{Feed, Feeding},
    program::{Program, killed_after},
    tally::Tally,
};

/// Longest time until a round is where the program is to be killed.
const ROUND_BOUND: Duration = Duration::from_secs(60);
/// How long the CRMs' token servers take when the program is to be killed meanwhile.
const SLOW_TOKEN_MS: u64 = 300;
/// How long writes take when the program is to be killed while it stops: longer than `drain_seconds`.
const SLOW_WRITE_MS: u64 = 5_000;
/// `drain_seconds` of the configuration.
const DRAIN: Duration = Duration::from_secs(2);
/// After which every access token is dead, and no token server remembers the last ones it gave out.
const TOKENS_AGE_SECONDS: u64 = 3_601;

/// What the program is doing when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It takes calls in.
    Accept,
    /// It writes to the CRMs.
    Delivery,
    /// It asks for access tokens.
    TokenRefresh,
    /// It sends what was kept while its connections were off.
    Resend,
    /// It starts, after a kill; what the one before it left is to be taken up.
    StartUp,
    /// It was told to stop and lets end what is under way.
    Shutdown,
}

impl Moment {
    pub(crate) const ALL: [Self; 6] =
        [Self::Accept, Self::Delivery, Self::TokenRefresh, Self::Resend, Self::StartUp, Self::Shutdown];

    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Delivery => "delivery",
            Self::TokenRefresh => "token_refresh",
            Self::Resend => "resend",
            Self::StartUp => "start_up",
            Self::Shutdown => "shutdown",
        }
    }
}

/// One life of the program, from its start to its kill.
pub(crate) struct Round<'a> {
    pub(crate) config: &'a Path,
    pub(crate) crms: &'a Crms,
    pub(crate) feed: &'a Feed,
    pub(crate) dice: &'a mut Dice,
    pub(crate) tally: &'a mut Tally,
    /// Requests that the calls of the round make at least.
    pub(crate) requests: u64,
}

impl Round<'_> {
    /// Starts the program, gives it the calls, and kills it at the moment.
    pub(crate) async fn play(mut self, moment: Moment) {
        let begun = Instant::now();
        let program = Program::start(self.config);
        let start_takes = begun.elapsed();
        let wire = Wire::to(&program);
        let reached = match moment {
            Moment::Accept | Moment::StartUp => self.accepting(&wire).await,
            Moment::Delivery => self.delivering(&wire).await,
            Moment::TokenRefresh => self.asking_for_tokens(&wire).await,
            Moment::Resend => self.sending_again(&wire).await,
            Moment::Shutdown => self.writing(&wire).await,
        };
        let feeding = match reached {
            Ok(feeding) => feeding,
            Err(why) => panic!("{moment:?}: {why}\n{}\n{}", wire.connections().await, program.kill()),
        };
        if moment == Moment::Shutdown {
            return self.stopping(program, feeding).await;
        }
        program.kill();
        feeding.give_up().await;
        self.crms.clear_everywhere("slow").await;
        if moment == Moment::StartUp {
            self.tally.killed(Moment::Accept.name());
            killed_after(self.config, start_takes.mul_f64(self.dice.share()));
        }
        self.tally.killed(moment.name());
    }

    async fn accepting(&mut self, wire: &Wire) -> Result<Feeding, String> {
        let count = 1 + self.dice.below(self.feed.len() as u64);
        let mut feeding = self.feed.begin(wire);
        feeding.taken(usize::try_from(count).unwrap(), ROUND_BOUND).await;
        Ok(feeding)
    }

    async fn delivering(&mut self, wire: &Wire) -> Result<Feeding, String> {
        let before = self.crms.requests().await;
        let feeding = self.feed.begin(wire);
        let more = self.dice.below(self.requests);
        self.requests_beyond(before + more).await?;
        Ok(feeding)
    }

    async fn asking_for_tokens(&mut self, wire: &Wire) -> Result<Feeding, String> {
        let before = self.crms.hits_anywhere("slow").await;
        self.crms.add_everywhere(&json!({ "name": "slow", "ms": SLOW_TOKEN_MS, "on": "auth" })).await;
        self.crms.pass(TOKENS_AGE_SECONDS).await;
        let feeding = self.feed.begin(wire);
        self.slow_beyond(before).await?;
        // Before the token comes, or right after.
        time::sleep(Duration::from_millis(self.dice.below(SLOW_TOKEN_MS + 100))).await;
        Ok(feeding)
    }

    async fn sending_again(&mut self, wire: &Wire) -> Result<Feeding, String> {
        for (project, _) in PROJECTS {
            wire.switch_off(project).await;
        }
        self.feed.begin(wire).all_taken().await;
        let before = self.crms.requests().await;
        for (project, _) in PROJECTS {
            wire.switch_on(project, ROUND_BOUND).await;
        }
        let more = self.dice.below(self.requests);
        self.requests_beyond(before + more).await?;
        Ok(self.feed.begin(wire))
    }

    async fn writing(&mut self, wire: &Wire) -> Result<Feeding, String> {
        let before = self.crms.hits_anywhere("slow").await;
        self.crms.add_everywhere(&json!({ "name": "slow", "ms": SLOW_WRITE_MS, "on": "writes" })).await;
        let feeding = self.feed.begin(wire);
        self.slow_beyond(before).await?;
        Ok(feeding)
    }

    async fn stopping(self, program: Program, feeding: Feeding) {
        if program.killed_in_stop(DRAIN.mul_f64(self.dice.share())) {
            self.tally.killed(Moment::Shutdown.name());
        }
        feeding.give_up().await;
        self.crms.clear_everywhere("slow").await;
    }

    /// Waits until the CRMs were asked more often than that.
    async fn requests_beyond(&self, count: u64) -> Result<(), String> {
        let deadline = Instant::now() + ROUND_BOUND;
        while self.crms.requests().await <= count {
            if Instant::now() > deadline {
                return Err(format!("the CRMs are not asked more than {count} times in {ROUND_BOUND:?}"));
            }
            time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until a slow request is under way.
    async fn slow_beyond(&self, hits: u64) -> Result<(), String> {
        let deadline = Instant::now() + ROUND_BOUND;
        while self.crms.hits_anywhere("slow").await <= hits {
            if Instant::now() > deadline {
                return Err(format!("no CRM is asked for what is slow in {ROUND_BOUND:?}"));
            }
            time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}
