//! Delivering one call: ask the engine, do what it says, add the answer to the facts, store them, ask again.

use std::{collections::BTreeSet, sync::Arc};

use tieline_crm::trouble::Trouble;
use tieline_engine::{
    facts::{Facts, Found, OwnRecord, StepFact},
    ids::{AgentId, RecordId},
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
    next::{End, Next, Orders, Verdict, next},
    policy::Policy,
    reason::Reason,
    record::Kind,
    scenario::TaskAbout,
    step::{Step, StepKey},
};
use tokio::time;
use tracing::info_span;

use super::{Driver, STORE_PAUSE, connection::Connection, quota::Priority, told};
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
const OWN_SINCE: SignedDuration = SignedDuration::from_hours(30 * 24);

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
        let lane = stored.lane.clone();
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
                tracing::error!(%error, %lane, "what is known of the client could not be read");
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
        let own = driver.store.own(&stored.call.project, &stored.lane, now - OWN_SINCE).await?;
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

    async fn look_up(&mut self, ask: &LookUp) -> Result<(), Trouble> {
        let found = self.driver.callers.look_up(self.connection, &self.stored.lane, ask, self.priority).await?;
        let done = self.done_steps();
        self.facts.learn_found(Found::clone(&found), &self.policy);
        self.note_done(&done, &[], found.at);
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

    fn done_steps(&self) -> BTreeSet<StepKey> {
        self.facts.steps.keys().filter(|key| self.facts.is_done(key)).cloned().collect()
    }

    /// Notes what has become known as done, in the order it was ordered: for the call's report, and the client's
    /// records for the client's next calls.
    fn note_done(&mut self, before: &BTreeSet<StepKey>, steps: &[Step], at: Timestamp) {
        let place = |key: &StepKey| steps.iter().position(|step| step.key == *key);
        let mut news: Vec<StepKey> = self.done_steps().into_iter().filter(|key| !before.contains(key)).collect();
        news.sort_by_key(place);
        for key in news {
            let Some(StepFact::Done { record: id, adopted, .. }) = self.facts.steps.get(&key) else { continue };
            let (id, kind) = (id.clone(), key.kind());
            let made = key.makes().is_some() && !adopted;
            self.note_task(&key, id.as_ref(), at);
            if let Some(id) = id.clone().filter(|_| key == StepKey::create(kind)) {
                let ordered = steps.iter().find(|step| step.key == key).and_then(|step| step.action.owner().cloned());
                let owner = ordered.or_else(|| self.facts.first_seen.as_ref()?.owner.clone());
                let contact = self.contact().filter(|_| kind != Kind::Contact);
                self.own.push(OwnRecord { kind, id, at, owner, contact, open: true });
            }
            let link = id.as_ref().and_then(|id| self.connection.dialect().link(kind, id));
            self.written.push(Written { step: key.as_str().to_owned(), kind, id, made, link, at });
        }
    }

    /// Remembers the task for a missed call, and that one was closed.
    fn note_task(&mut self, key: &StepKey, id: Option<&RecordId>, at: Timestamp) {
        let own = |id: &RecordId, at, open| OwnRecord {
            kind: Kind::Task,
            id: id.clone(),
            at,
            owner: None,
            contact: None,
            open,
        };
        if *key == StepKey::task(TaskAbout::MissedCall) {
            self.own.extend(id.map(|id| own(id, at, true)));
        }
        let closed = self.facts.own.iter().find(|known| *key == StepKey::close_task(&known.id));
        self.own.extend(closed.map(|closed| own(&closed.id, closed.at, false)));
    }

    /// The client's contact, made by this call or known before.
    fn contact(&self) -> Option<RecordId> {
        let made = self.facts.made(&StepKey::create(Kind::Contact));
        made.or_else(|| self.facts.target.as_ref()?.contact.as_ref()).cloned()
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
        let asked = match trouble {
            Trouble::RateLimited { retry_after } => *retry_after,
            _ => None,
        };
        let wait = self.connection.project.connection.retry.wait(attempts, asked, self.driver.clock.random());
        tracing::warn!(%trouble, attempts, "delivery met trouble");
        let kept = KeptTrouble { reason: troubles::reason(trouble).to_owned(), text: trouble.to_string(), at };
        let due_at = at + SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        let mut rest = Rest { state: State::Waiting, due_at, retrying: true, attempts, trouble: Some(kept) };
        match troubles::remedy(trouble) {
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

impl Rest {
    fn waiting(due_at: Timestamp) -> Self {
        Self { state: State::Waiting, due_at, retrying: false, attempts: 0, trouble: None }
    }
}
