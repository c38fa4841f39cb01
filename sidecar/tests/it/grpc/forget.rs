//! Forgetting a person over a real port.

use std::sync::Arc;

use tieline_proto::v1::{
    CallState, DeactivateConnectionRequest, ForgetChat, ForgetRequest, GetCallRequest, GetLedgerRequest,
    MessengerChannel, SyncCallRequest, forget_request::Person,
};
use tonic::Code;

use crate::house::{Away, House, ended, fields, reason, report};

fn forget(phone: &str) -> ForgetRequest {
    ForgetRequest {
        project: "shop".to_owned(),
        person: Some(Person::Phone(phone.to_owned())),
        ..ForgetRequest::default()
    }
}

#[tokio::test]
async fn a_person_is_forgotten_by_any_spelling_and_their_records_are_named() {
    let house = House::with_crm("", "").await;
    let call = SyncCallRequest { wait_ms: Some(20_000), ..report(ended("c-1", "0671234567")) };
    let written = house.sync().sync_call(call).await.unwrap().into_inner();
    assert_eq!(written.report.unwrap().state(), CallState::Written);
    let seen = ForgetRequest { dry_run: true, ..forget("+38 (067) 123-45-67") };
    let seen = house.admin().forget(seen).await.unwrap().into_inner();
    assert_eq!((seen.forgotten, seen.calls), (false, 1));
    let done = house.admin().forget(forget("380671234567")).await.unwrap().into_inner();
    assert_eq!((done.forgotten, done.calls, &done.records), (true, 1, &seen.records));
    assert!(!done.records.is_empty() && done.records.iter().all(|record| !record.id.is_empty()));
    assert!(done.records.iter().any(|record| record.url.starts_with("http")), "{:?}", done.records);
    let asked = GetCallRequest { project: "shop".to_owned(), call_id: "c-1".to_owned() };
    let status = house.sync().get_call(asked).await.unwrap_err();
    assert_eq!(reason(&status), "UNKNOWN_CALL");
    let days = house.admin().get_ledger(GetLedgerRequest::default()).await.unwrap().into_inner().days;
    assert_eq!(days.iter().map(|day| (day.received, day.written, day.balanced)).collect::<Vec<_>>(), [(1, 1, true)]);
    let again = house.admin().forget(forget("0671234567")).await.unwrap().into_inner();
    assert_eq!((again.forgotten, again.calls), (true, 0));
}

#[tokio::test]
async fn a_person_whose_calls_wait_is_forgotten_only_when_they_may_be_dropped() {
    let house = House::over(Arc::new(Away), "", "").await;
    let off = DeactivateConnectionRequest { project: "shop".to_owned(), ..DeactivateConnectionRequest::default() };
    house.admin().deactivate_connection(off).await.unwrap();
    house.sync().sync_call(report(ended("c-1", "0671234567"))).await.unwrap();
    let status = house.admin().forget(forget("0671234567")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "CALLS_UNDER_WAY"));
    let drop = ForgetRequest { drop_waiting: true, ..forget("0671234567") };
    let done = house.admin().forget(drop).await.unwrap().into_inner();
    assert_eq!((done.forgotten, done.calls, done.waiting), (true, 1, 1));
    let days = house.admin().get_ledger(GetLedgerRequest::default()).await.unwrap().into_inner().days;
    let day = days.first().unwrap();
    assert_eq!((day.received, day.skipped, day.skipped_by[0].code.as_str()), (1, 1, "forgotten"));
}

#[tokio::test]
async fn nobody_is_forgotten_by_what_names_nobody() {
    let house = House::over(Arc::new(Away), "", "").await;
    let status = house.admin().forget(ForgetRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["project", "person"]);
    let status = house.admin().forget(forget("anonymous")).await.unwrap_err();
    assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, vec!["phone".to_owned()]));
    let chat = ForgetChat { channel: MessengerChannel::Unspecified.into(), chat_id: String::new() };
    let status =
        house.admin().forget(ForgetRequest { person: Some(Person::Chat(chat)), ..forget("") }).await.unwrap_err();
    assert_eq!(fields(&status), ["chat.channel", "chat.chat_id"]);
}
