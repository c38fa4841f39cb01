//! Dry run: the look-ups are made, the steps are shown and none is done.

use std::time::Duration;

use tieline_crm::trouble::Trouble;
use tieline_engine::{
    call::Call,
    facts::{Facts, Found},
    ids::RecordId,
    jiff::SignedDuration,
    lookup::LookUp,
    next::{Next, Orders, Verdict, Wait, next},
    step::{Action, Step, StepResult},
};

use super::{Refused, Sidecar, lane};
use crate::driver::quota::Priority;

/// Rounds of asking the engine; see the delivery's bound.
const ROUNDS_MAX: usize = 40;

/// What would be done for a call.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Look-ups made.
    pub look_ups: Vec<PlannedLookUp>,
    /// What would be written, in order.
    pub orders: Vec<Orders>,
    /// How the call would end up.
    pub verdict: Option<Verdict>,
    /// What it would wait for instead.
    pub wait: Option<Wait>,
    /// What kept the plan from being finished.
    pub trouble: Option<Trouble>,
}

/// One look-up made.
#[derive(Clone, Debug)]
pub struct PlannedLookUp {
    /// What was asked.
    pub ask: LookUp,
    /// What was found.
    pub found: Found,
    /// How long it took.
    pub took: Duration,
}

impl Sidecar {
    /// What would be done for a call, given what is stored and what the CRM holds now. Nothing is written or stored.
    ///
    /// # Errors
    /// Unknown project, or the store cannot be read.
    pub async fn plan(&self, piece: Call) -> Result<Plan, Refused> {
        let connection = self.connection(&piece.project)?;
        let policy = connection.policy();
        let stored = self.driver.store.call(&piece.project, &piece.id).await?;
        let (mut call, mut facts) = match stored {
            Some(stored) => (stored.call, stored.facts),
            None => (piece.clone(), Facts::new(self.driver.clock.now())),
        };
        call.amend(piece);
        let lane = lane(&call, &policy);
        let now = self.driver.clock.now();
        facts.own = self.driver.store.own(&call.project, &lane, now - SignedDuration::from_hours(24)).await?.records;
        let mut plan = Plan::default();
        for _ in 0..ROUNDS_MAX {
            facts.now = self.driver.clock.now();
            match next(&call, &policy, &facts) {
                Next::LookUp(ask) => match connection.look_up(&ask, Priority::Live).await {
                    Ok(found) => {
                        let took =
                            Duration::try_from(self.driver.clock.now().duration_since(facts.now)).unwrap_or_default();
                        facts.learn_found(found.clone(), &policy);
                        plan.look_ups.push(PlannedLookUp { ask, found, took });
                    }
                    Err(trouble) => {
                        plan.trouble = Some(trouble);
                        break;
                    }
                },
                Next::Do(orders) => {
                    pretend(&mut facts, &orders);
                    plan.orders.push(*orders);
                }
                Next::Wait(wait) => {
                    plan.wait = Some(wait);
                    break;
                }
                Next::Done(verdict) => {
                    plan.verdict = Some(verdict);
                    break;
                }
            }
        }
        Ok(plan)
    }
}

/// As if the steps had been done: what they make gets a name that says so.
fn pretend(facts: &mut Facts, orders: &Orders) {
    let now = facts.now;
    facts.begin(orders, &orders.steps, now);
    let made = |step: &Step| match &step.action {
        Action::Update { .. }
        | Action::AmendCall { .. }
        | Action::CompleteCall { .. }
        | Action::Announce(_)
        | Action::AddPhone { .. }
        | Action::CloseTask { .. }
        | Action::LinkVisit { .. } => None,
        Action::Create { .. } | Action::LogCall(_) | Action::AddTask(_) | Action::AddNote { .. } => {
            Some(RecordId::new(format!("planned:{}", step.key)))
        }
    };
    let results = orders.steps.iter().map(|step| (step.key.clone(), StepResult::Done { record: made(step) })).collect();
    facts.learn_results(orders, &orders.steps, &results, now);
}
