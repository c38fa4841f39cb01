//! What would be done for a call, as the contract says it (sync_call.proto).

use tieline_engine::{ids::RecordId, next::End, reason::ReasonCode, record::Kind};
use tieline_proto::v1::{CallState, PlanCallResponse};

use super::convert;
use crate::{driver::connection::Connection, sidecar::Plan};

/// The answer.
pub(super) fn answer(plan: &Plan, connection: &Connection) -> PlanCallResponse {
    let dialect = connection.dialect();
    let link = |kind: Kind, id: &RecordId| dialect.link(kind, id);
    let zone = &connection.project.policy.zone;
    let lookups = plan.look_ups.iter().flat_map(|made| convert::lookups(&made.ask, &made.found, made.took, &link));
    let steps = plan.orders.iter().flat_map(|orders| convert::planned_steps(&orders.steps, zone, &link));
    let of_orders = plan.orders.iter().flat_map(|orders| &orders.reasons);
    let of_verdict = plan.verdict.iter().flat_map(|verdict| &verdict.reasons);
    let waiting = plan.wait.iter().map(|wait| &wait.reason);
    let reasons: Vec<_> = of_orders.chain(of_verdict).chain(waiting).collect();
    let decided = match plan.verdict.as_ref().map(|verdict| verdict.end) {
        Some(End::Skipped(code)) => reasons.iter().rev().find(|reason| reason.code == code),
        Some(End::Written) => reasons.iter().rev().find(|reason| reason.code == ReasonCode::Written),
        Some(End::Failed) | None => None,
    };
    let state = plan.verdict.as_ref().map_or(CallState::Waiting, |verdict| convert::expected_state(verdict.end));
    PlanCallResponse {
        lookups: lookups.collect(),
        steps: steps.collect(),
        explanation: reasons.iter().map(|reason| convert::decision(reason, None)).collect(),
        expected_state: state.into(),
        state_reason: decided.or(reasons.last()).map(|reason| convert::decision(reason, None)),
    }
}
