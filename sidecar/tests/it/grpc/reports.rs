//! Reports of calls: what is refused, what is answered, what becomes of them.

use std::sync::Arc;

use tieline_proto::v1::{CallState, EntityKind, GetCallRequest, PlanCallRequest, Receipt, SyncCallRequest};
use tonic::Code;

use crate::house::{Away, House, ended, fields, reason, report};

#[tokio::test]
async fn everything_that_is_wrong_with_a_report_is_told_at_once() {
    let house = House::over(Arc::new(Away), "", "").await;
    let mut call = ended("", "0671234567");
    call.project = String::new();
    call.phase = 0;
    call.direction = 77;
    call.pool = "x".repeat(129);
    let status = house.sync().sync_call(SyncCallRequest { call: Some(call), wait_ms: Some(30_001) }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "INVALID_FIELD");
    let mut fields = fields(&status);
    fields.sort();
    assert_eq!(fields, ["call.call_id", "call.direction", "call.phase", "call.pool", "call.project", "wait_ms"]);
}

#[tokio::test]
async fn a_report_for_a_project_nobody_configured_is_refused_by_name() {
    let house = House::over(Arc::new(Away), "", "").await;
    let mut call = ended("1", "0671234567");
    call.project = "elsewhere".to_owned();
    let status = house.sync().sync_call(report(call)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "UNKNOWN_PROJECT"));
}

#[tokio::test]
async fn a_repeat_says_so_and_a_report_with_more_in_it_amends() {
    let house = House::over(Arc::new(Away), "", "").await;
    let mut receipts = Vec::new();
    let first = ended("1", "0671234567");
    let more = tieline_proto::v1::Call { scheme: "Sales".to_owned(), ..first.clone() };
    for call in [first.clone(), first, more] {
        receipts.push(house.sync().sync_call(report(call)).await.unwrap().into_inner().receipt());
    }
    assert_eq!(receipts, [Receipt::Accepted, Receipt::Repeated, Receipt::Amended]);
}

#[tokio::test]
async fn a_call_of_a_connection_that_is_off_is_held_and_nobody_waits_for_it() {
    let house = House::over(Arc::new(Away), "", "active = false").await;
    let request = SyncCallRequest { call: Some(ended("1", "0671234567")), wait_ms: Some(30_000) };
    let answer = house.sync().sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Held);
    let asked = GetCallRequest { project: "shop".to_owned(), call_id: "1".to_owned() };
    let kept = house.sync().get_call(asked).await.unwrap().into_inner().report.unwrap();
    assert_eq!((kept.state(), kept.state_reason.unwrap().code.as_str()), (CallState::Held, "connection_inactive"));
}

#[tokio::test]
async fn a_call_nobody_reported_is_unknown() {
    let house = House::over(Arc::new(Away), "", "").await;
    let asked = GetCallRequest { project: "shop".to_owned(), call_id: "1".to_owned() };
    let status = house.sync().get_call(asked).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "UNKNOWN_CALL"));
}

#[tokio::test]
async fn who_waits_for_a_call_learns_what_was_written() {
    let house = House::with_crm("", "").await;
    let request = SyncCallRequest { call: Some(ended("1", "0671234567")), wait_ms: Some(30_000) };
    let answer = house.sync().sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Written);
    let kinds: Vec<_> =
        answer.report.unwrap().written.into_iter().map(|written| written.record.unwrap().kind()).collect();
    assert!(kinds.contains(&EntityKind::Contact) && kinds.contains(&EntityKind::Deal), "{kinds:?}");
}

#[tokio::test]
async fn a_plan_shows_the_steps_and_stores_nothing() {
    let house = House::with_crm("", "").await;
    let planned = PlanCallRequest { call: Some(ended("1", "0671234567")) };
    let plan = house.sync().plan_call(planned).await.unwrap().into_inner();
    assert_eq!(plan.expected_state(), CallState::Written);
    assert!(plan.steps.iter().any(|step| step.kind() == EntityKind::Contact));
    assert!(!plan.lookups.is_empty());
    let asked = GetCallRequest { project: "shop".to_owned(), call_id: "1".to_owned() };
    assert_eq!(reason(&house.sync().get_call(asked).await.unwrap_err()), "UNKNOWN_CALL");
}

#[tokio::test]
async fn a_plan_against_a_crm_that_is_away_says_that_it_is() {
    let house = House::over(Arc::new(Away), "", "").await;
    let planned = PlanCallRequest { call: Some(ended("1", "0671234567")) };
    let status = house.sync().plan_call(planned).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "CRM_UNAVAILABLE"));
}
