//! Delivering one call: ask the engine, do what it says, add the answer to the facts, store them, ask again.

mod noted;

use std::{sync::Arc, time::Duration};

use tieline_crm::trouble::Trouble;
use tieline_engine::{
    facts::{Facts, OwnRecord},
    ids::AgentId,
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
    next::{End, Next, Orders, Verdict, next},
    policy::Policy,
    reason::Reason,
};
use tokio::time;
use tracing::info_span;

use super::{
    Driver,
    connection::Connection,
    quota::{Priority, TOLD_PAUSE_MAX},
    round::STORE_PAUSE,
    told,
};
use crate::{
    store::{KeptTrouble, Progress, State, StoreError, StoredCall, Written},
    telemetry,
    troubles::{self, Remedy},
};

/// Rounds of asking the engine in one go. The longest way known is below fifteen; the bound keeps a mistake from
/// turning for ever.
const ROUNDS_MAX: usize = 40;
/// How far back records made by us are loaded: longer than any search lag, and as long as anybody calls back for a
/// missed call.
const BRIDGED_SINCE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One call on its way.
struct Delivery<'a> {
    driver: &'a Driver,
    connection: &'a Connection,
    policy: Arc<Policy>,
    stored: StoredCall,
    facts: Facts,
    priority: Priority,
    written: Vec<Written>,
    own: Vec<OwnRecord>,
    reasons: Option<Vec<Reason>>,
}

/// How a delivery rests.
struct Rest {
    state: State,
    due_at: Timestamp,
    retrying: bool,
    attempts: u32,
    trouble: Option<KeptTrouble>,
}

/// Delivers a call as far as it can go now. A store that fails leaves the call as it was stored last: it will be
/// taken up again, after a pause, as a disk that is full stays so for a while.
pub(super) async fn deliver(driver: &Driver, connection: &Connection, stored: StoredCall) {
    let span = info_span!("call.deliver", project.id = %stored.call.project, call.id = %stored.call.id, state = tracing::field::Empty);
    let trace = stored.trace.clone();
    let run = async {
        match Delivery::new(driver, connection, stored).await {
            Ok(mut delivery) => match delivery.run().await {
                Ok(state) => {
                    tracing::Span::current().record("state", tracing::field::debug(state));
                    told::card(driver, connection, &delivery.stored, &delivery.facts).await;
                    if state != State::Waiting {
                        driver.outcomes.tell(&delivery.stored.call.project, &delivery.stored.call.id);
                        told::finished(driver, connection, &delivery.stored.call, state);
                    }
                }
                Err(StoreError::Taken) => tracing::warn!("another sidecar has taken over the client and goes on"),
                Err(error) => {
                    tracing::error!(%error, "the call's progress could not be stored; it is taken up again");
                    time::sleep(STORE_PAUSE).await;
                }
            },
            Err(error) => {
                tracing::error!(%error, "what is known of the client could not be read");
                time::sleep(STORE_PAUSE).await;
            }
        }
    };
    telemetry::traced(span, trace.as_deref(), run).await;
}

impl<'a> Delivery<'a> {
    async fn new(driver: &'a Driver, connection: &'a Connection, stored: StoredCall) -> Result<Self, StoreError> {
        let now = driver.clock.now();
        if stored.claim.as_ref().is_some_and(|claim| claim.moved) {
            // Another sidecar has written for the client since this one has looked.
            driver.callers.forget(&stored.call.project, &stored.lane).await;
            driver.callers.own.forget(&stored.call.project, &stored.lane).await;
        }
        let own = driver.store.own(&stored.call.project, &stored.lane, now - BRIDGED_SINCE).await?;
        let mut facts = stored.facts.clone();
        facts.own = own.records;
        let priority = if stored.backlog { Priority::Backlog } else { Priority::Live };
        let policy = connection.policy();
        let (written, own) = (Vec::new(), Vec::new());
        Ok(Self { driver, connection, policy, stored, facts, priority, written, own, reasons: None })
    }

    async fn run(&mut self) -> Result<State, StoreError> {
        for _ in 0..ROUNDS_MAX {
            self.facts.now = self.driver.clock.now();
            if self.gives_way() {
                // It keeps its place: the driver takes it up when the backlog goes on.
                let rest = Rest { retrying: true, attempts: self.stored.attempts, ..Rest::waiting(self.facts.now) };
                return self.rest(rest).await;
            }
            let decision = info_span!("engine.next").in_scope(|| next(&self.stored.call, &self.policy, &self.facts));
            let trouble = match decision {
                Next::LookUp(ask) => self.look_up(&ask).await.err(),
                Next::Do(orders) => self.perform(&orders).await?.err(),
                Next::Wait(wait) => {
                    self.reasons = Some(vec![wait.reason]);
                    // While a write is in doubt, the client's next call must not overtake this one.
                    let retrying = self.facts.uncertain().next().is_some();
                    return self.rest(Rest { retrying, ..Rest::waiting(wait.until) }).await;
                }
                Next::Done(verdict) => return self.done(verdict).await,
            };
            if let Some(trouble) = trouble {
                return self.troubled(&trouble).await;
            }
        }
        let text = format!("no end after {ROUNDS_MAX} rounds; please report this call");
        self.troubled(&Trouble::Malformed(text)).await
    }

    /// A call of the backlog is put off when the CRM's budget is kept for live calls, unless something of it is written.
    fn gives_way(&self) -> bool {
        self.priority == Priority::Backlog && self.facts.steps.is_empty() && self.connection.backlog_rests()
    }

    async fn look_up(&mut self, ask: &LookUp) -> Result<(), Trouble> {
        let looked = self.driver.callers.look_up(self.connection, &self.stored.lane, ask, self.priority).await?;
        let done = self.done_steps();
        self.facts.learn_found(looked.found.clone(), &self.policy);
        self.note_done(&done, &[], looked.found.at);
        Ok(())
    }

    /// Writes down what is about to be sent, sends it, and learns what came of it.
    async fn perform(&mut self, orders: &Orders) -> Result<Result<(), Trouble>, StoreError> {
        let count = self.connection.bundle(&orders.steps).min(orders.steps.len());
        let (steps, _) = orders.steps.split_at(count);
        let now = self.driver.clock.now();
        self.facts.begin(orders, steps, now);
        self.reasons = Some(orders.reasons.clone());
        let rest = Rest { attempts: self.stored.attempts, ..Rest::waiting(now) };
        self.save(rest, false).await?;
        self.driver.callers.forget(&self.stored.call.project, &self.stored.lane).await;
        let lease = self.stored.claim.as_ref().map(|claim| claim.lease.clone());
        let answer = self.connection.perform(steps, self.priority, lease).await;
        // Whoever asked while the write was on its way may have been told how it was before.
        self.driver.callers.forget(&self.stored.call.project, &self.stored.lane).await;
        let at = self.driver.clock.now();
        Ok(match answer {
            Ok(answer) => {
                let done = self.done_steps();
                self.facts.learn_results(orders, steps, &answer.results, at);
                self.note_done(&done, steps, at);
                Ok(())
            }
            Err(trouble) if troubles::remedy(&trouble) == Remedy::LookThenRepeat => {
                self.facts.answer_lost(steps, at);
                Err(trouble)
            }
            Err(trouble) => {
                self.facts.not_sent(steps);
                Err(trouble)
            }
        })
    }

    async fn done(&mut self, verdict: Verdict) -> Result<State, StoreError> {
        let state = match verdict.end {
            End::Written => State::Written,
            End::Skipped(code) => State::Skipped(code),
            End::Failed => State::Failed,
        };
        let at = self.driver.clock.now();
        let trouble = (state == State::Failed).then(|| KeptTrouble {
            reason: troubles::REJECTED.to_owned(),
            text: verdict.reasons.last().map(Reason::render).unwrap_or_default(),
            at,
        });
        self.reasons = Some(verdict.reasons);
        self.rest(Rest { state, due_at: at, retrying: false, attempts: 0, trouble }).await
    }

    /// Trouble ends this attempt; what is to come of it stands in one table.
    async fn troubled(&mut self, trouble: &Trouble) -> Result<State, StoreError> {
        // Whoever has the client now knows better what came of it.
        if self.stored.claim.as_ref().is_some_and(|claim| claim.lease.left().is_zero()) {
            return Err(StoreError::Taken);
        }
        let at = self.driver.clock.now();
        let attempts = self.stored.attempts.saturating_add(1);
        let asked = asked(trouble);
        let wait = self.connection.project.connection.retry.wait(attempts, asked, self.driver.clock.random());
        tracing::warn!(%trouble, attempts, "delivery met trouble");
        let kept = KeptTrouble { reason: troubles::reason(trouble).to_owned(), text: trouble.to_string(), at };
        let due_at = at + SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        let mut rest = Rest { state: State::Waiting, due_at, retrying: true, attempts, trouble: Some(kept) };
        match troubles::remedy(trouble) {
            // The gate has seen a refusal for a limit itself and pauses; one of the token's host it has not.
            Remedy::Repeat if matches!(trouble, Trouble::RateLimited { retry_after: None }) && self.is_closed() => {}
            Remedy::Repeat => self.connection.gate.close_for(asked.unwrap_or(wait.min(super::PAUSE_MAX))),
            Remedy::LookThenRepeat => {}
            Remedy::Suspend => {
                self.connection.suspend(trouble).await?;
                rest.due_at = at;
            }
            Remedy::Fail => (rest.state, rest.retrying) = (State::Failed, false),
        }
        self.rest(rest).await
    }

    fn is_closed(&self) -> bool {
        !self.connection.gate.closed_for().is_zero()
    }

    async fn rest(&mut self, rest: Rest) -> Result<State, StoreError> {
        let state = rest.state;
        self.save(rest, true).await?;
        Ok(state)
    }

    /// `ends`: the delivery does, and the client is set free.
    async fn save(&mut self, rest: Rest, ends: bool) -> Result<(), StoreError> {
        let talked = (rest.state == State::Written).then(|| self.talked()).flatten();
        let progress = Progress {
            project: self.stored.call.project.clone(),
            call: self.stored.call.id.clone(),
            version: self.stored.version,
            facts: self.facts.clone(),
            state: rest.state,
            due_at: rest.due_at,
            retrying: rest.retrying,
            attempts: rest.attempts,
            trouble: rest.trouble,
            reasons: self.reasons.take(),
            written: std::mem::take(&mut self.written),
            own: std::mem::take(&mut self.own),
            talked,
            claim: self.stored.claim.clone(),
            rests: ends,
            at: self.driver.clock.now(),
        };
        let tells_of_client = !progress.own.is_empty() || progress.talked.is_some();
        self.driver.store.save(progress).await?;
        if tells_of_client {
            self.driver.callers.own.forget(&self.stored.call.project, &self.stored.lane).await;
        }
        Ok(())
    }

    /// The agent who talked with the client, for routing by calls (RT-03).
    fn talked(&self) -> Option<AgentId> {
        use tieline_engine::agents::Named;
        let leg = self.stored.call.talks().into_iter().rev().find(|leg| leg.answered)?;
        match self.policy.agents.find(&leg.agent, &self.policy.plan) {
            Named::Agent(agent) => Some(AgentId::new(agent.id.clone())),
            Named::Unmapped(_) | Named::Nobody => None,
        }
    }
}

/// For how long a CRM wants to be left alone, as far as that is believed.
fn asked(trouble: &Trouble) -> Option<Duration> {
    match trouble {
        Trouble::RateLimited { retry_after } => retry_after.map(|asked| asked.min(TOLD_PAUSE_MAX)),
        _ => None,
    }
}

impl Rest {
    fn waiting(due_at: Timestamp) -> Self {
        Self { state: State::Waiting, due_at, retrying: false, attempts: 0, trouble: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crm_that_wants_to_be_left_alone_for_ever_is_asked_again_after_an_hour() {
        let limited = |seconds| Trouble::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(asked(&limited(u64::MAX)), Some(Duration::from_secs(3_600)));
        assert_eq!(asked(&limited(7)), Some(Duration::from_secs(7)));
        assert_eq!(asked(&Trouble::RateLimited { retry_after: None }), None);
    }
}
