//! Sending kept calls again.

use tieline_engine::ids::{CallId, ProjectId};
use tieline_proto::v1::{
    ActivateConnectionRequest, CallIds, CallState, DropCallsRequest, ErrorReason, ResendBacklogRequest,
    drop_calls_request::Selection,
};
use tonic::Code;

use crate::house::{House, ended, fields, reason, report};

const IDS: [&str; 3] = ["1", "2", "3"];

fn resend(dry_run: bool) -> ResendBacklogRequest {
    ResendBacklogRequest { project: "shop".to_owned(), dry_run, ..ResendBacklogRequest::default() }
}

/// A sidecar whose connection was off for three calls and then switched on without sending them.
async fn house_with_kept_calls() -> House {
    let house = House::with_crm("", "active = false").await;
    for (index, id) in IDS.iter().enumerate() {
        house.sync().sync_call(report(ended(id, &format!("067123450{index}")))).await.unwrap();
    }
    let off = resend(false);
    assert_eq!(reason(&house.sync().resend_backlog(off).await.unwrap_err()), "CONNECTION_INACTIVE");
    let on = ActivateConnectionRequest { project: "shop".to_owned(), keep_data: Some(false), ..Default::default() };
    let on = house.admin().activate_connection(on).await.unwrap().into_inner();
    assert_eq!((on.resent, on.left_out), (0, 3));
    house
}

async fn until_written(house: &House) {
    let project = ProjectId::new("shop");
    for id in IDS.map(CallId::new) {
        let mut listener = house.sidecar().driver().outcomes.listen();
        while house.sidecar().report(&project, &id).await.unwrap().state != tieline::store::State::Written {
            listener.maybe_finished(&project, &id).await;
        }
    }
}

#[tokio::test]
async fn counting_changes_nothing_and_is_one_message() {
    let house = house_with_kept_calls().await;
    for _ in 0..2 {
        let mut stream = house.sync().resend_backlog(resend(true)).await.unwrap().into_inner();
        let counted = stream.message().await.unwrap().unwrap();
        assert_eq!((counted.total, counted.waiting, counted.skipped, counted.finished), (3, 3, 0, true));
        assert!(stream.message().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn who_stops_watching_does_not_stop_the_sending() {
    let house = house_with_kept_calls().await;
    let stream = house.sync().resend_backlog(resend(false)).await.unwrap();
    drop(stream);
    until_written(&house).await;
}

#[tokio::test]
async fn who_watches_to_the_end_sees_everything_sent() {
    let house = house_with_kept_calls().await;
    let mut stream = house.sync().resend_backlog(resend(false)).await.unwrap().into_inner();
    let mut last = None;
    while let Some(progress) = stream.message().await.unwrap() {
        assert_eq!(progress.total, progress.sent + progress.skipped + progress.failed + progress.waiting);
        last = Some(progress);
    }
    let last = last.unwrap();
    assert_eq!((last.finished, last.total, last.sent), (true, 3, 3));
}

#[tokio::test]
async fn a_window_or_a_state_that_cannot_be_is_refused() {
    let house = House::with_crm("", "").await;
    let wrong = ResendBacklogRequest {
        window_days: Some(0),
        states: vec![CallState::Written.into()],
        ..ResendBacklogRequest::default()
    };
    let status = house.sync().resend_backlog(wrong).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(fields(&status), ["project", "window_days", "states[0]"]);
}

#[tokio::test]
async fn calls_that_did_not_fail_are_not_dropped_and_said_to_be_so() {
    let house = house_with_kept_calls().await;
    let ids = CallIds { call_ids: ["1", "no such call"].map(str::to_owned).to_vec() };
    let request = DropCallsRequest {
        project: "shop".to_owned(),
        selection: Some(Selection::Ids(ids)),
        reason: "a test".to_owned(),
    };
    let answer = house.admin().drop_calls(request).await.unwrap().into_inner();
    assert_eq!(answer.dropped, 0);
    let reasons: Vec<_> = answer.refused.iter().map(|refused| refused.reason()).collect();
    assert_eq!(reasons, [ErrorReason::CallNotFailed, ErrorReason::UnknownCall]);
}
