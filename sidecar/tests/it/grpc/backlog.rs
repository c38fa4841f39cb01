//! Sending kept calls again.

use tieline_engine::ids::{CallId, ProjectId};
use tieline_proto::v1::{
    ActivateConnectionRequest, CallDirection, CallIds, CallState, CancelResendRequest, DropCallsRequest, ErrorReason,
    ResendBacklogRequest, ResendState, ResendWorth, ResumeResendRequest, drop_calls_request::Selection,
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
        let worth = ResendWorth { talked_new: 3, ..ResendWorth::default() };
        assert_eq!((counted.by_worth, counted.resend_id.as_str()), (Some(worth), ""));
        assert!(stream.message().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_selection_narrows_what_is_counted() {
    let house = house_with_kept_calls().await;
    let any = || resend(true);
    for (request, waiting) in [
        (ResendBacklogRequest { missed_only: true, ..any() }, 0),
        (ResendBacklogRequest { new_clients_only: true, ..any() }, 3),
        (ResendBacklogRequest { direction: CallDirection::Outgoing.into(), ..any() }, 0),
        (ResendBacklogRequest { reason: ErrorReason::CrmRejectedData.into(), ..any() }, 0),
        (ResendBacklogRequest { states: vec![CallState::Failed.into()], ..any() }, 0),
        (ResendBacklogRequest { call_ids: vec!["2".to_owned(), "nobody's".to_owned()], ..any() }, 1),
    ] {
        let mut stream = house.sync().resend_backlog(request.clone()).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap().waiting, waiting, "{request:?}");
    }
}

#[tokio::test]
async fn a_resending_is_watched_cancelled_and_resumed_by_its_id() {
    let house = house_with_kept_calls().await;
    let mut stream = house.sync().resend_backlog(resend(false)).await.unwrap().into_inner();
    let id = stream.message().await.unwrap().unwrap().resend_id;
    drop(stream);
    let (project, latest) = ("shop".to_owned(), "latest".to_owned());
    let cancel = CancelResendRequest { project: project.clone(), resend_id: latest.clone() };
    assert_eq!(house.sync().cancel_resend(cancel).await.unwrap().into_inner().resend_id, id);
    let watch = |resend_id: &str| ResendBacklogRequest { resend_id: resend_id.to_owned(), ..resend(false) };
    let last = last_of(&house, watch(&id)).await;
    assert_eq!((last.state(), last.finished), (ResendState::Cancelled, false));
    let resume = ResumeResendRequest { project: project.clone(), resend_id: id.clone() };
    assert_eq!(house.sync().resume_resend(resume).await.unwrap().into_inner().resend_id, id);
    let last = last_of(&house, watch(&latest)).await;
    assert_eq!((last.state(), last.finished, last.sent, last.resend_id), (ResendState::Finished, true, 3, id));

    let unknown = CancelResendRequest { project, resend_id: "77".to_owned() };
    assert_eq!(reason(&house.sync().cancel_resend(unknown).await.unwrap_err()), "UNKNOWN_RESEND");
    assert_eq!(reason(&house.sync().resend_backlog(watch("77")).await.unwrap_err()), "UNKNOWN_RESEND");
}

async fn last_of(house: &House, request: ResendBacklogRequest) -> tieline_proto::v1::ResendBacklogResponse {
    let mut stream = house.sync().resend_backlog(request).await.unwrap().into_inner();
    let mut last = None;
    while let Some(progress) = stream.message().await.unwrap() {
        last = Some(progress);
    }
    last.unwrap()
}

#[tokio::test]
async fn a_selection_that_contradicts_itself_is_refused() {
    let house = House::with_crm("", "").await;
    let any = || resend(false);
    for (request, field) in [
        (ResendBacklogRequest { missed_only: true, direction: CallDirection::Outgoing.into(), ..any() }, "missed_only"),
        (ResendBacklogRequest { direction: CallDirection::Internal.into(), ..any() }, "direction"),
        (ResendBacklogRequest { call_ids: vec!["1".to_owned()], window_days: Some(3), ..any() }, "call_ids"),
        (ResendBacklogRequest { call_ids: vec!["1".to_owned()], missed_only: true, ..any() }, "call_ids"),
        (ResendBacklogRequest { call_ids: vec![String::new()], ..any() }, "call_ids[0]"),
        (ResendBacklogRequest { resend_id: "1".to_owned(), missed_only: true, ..any() }, "resend_id"),
        (ResendBacklogRequest { resend_id: "newest".to_owned(), ..any() }, "resend_id"),
        (ResendBacklogRequest { reason: 999, ..any() }, "reason"),
    ] {
        let status = house.sync().resend_backlog(request.clone()).await.unwrap_err();
        assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, vec![field.to_owned()]), "{request:?}");
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
