//! Messenger requests: what they need, and what they lack.

use std::sync::Arc;

use tieline_proto::v1::{
    AgentRef, CallState, EntityKind, GetCallRequest, MessengerChannel, PushMessengerLeadRequest, Receipt,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::house::{Away, House, fields, reason};

const READY: &str = "[projects.messenger]\nsip_account = true\nbots = [\"telegram\"]";

fn pushed(channel: MessengerChannel) -> PushMessengerLeadRequest {
    PushMessengerLeadRequest {
        project: "shop".to_owned(),
        dialogue_id: "d1".to_owned(),
        channel: channel.into(),
        chat_id: "4711".to_owned(),
        taken_by: Some(AgentRef { sip_login: "shop_one".to_owned(), ..AgentRef::default() }),
        ..PushMessengerLeadRequest::default()
    }
}

fn cause(status: &Status) -> (Code, String, Option<String>) {
    let info = status.get_details_error_info().unwrap();
    (status.code(), info.reason, info.metadata.get("cause").cloned())
}

async fn refused(keys: &str, connection: &str, channel: MessengerChannel) -> Option<String> {
    let house = House::over(Arc::new(Away), keys, connection).await;
    let (code, reason, cause) = cause(&house.sync().push_messenger_lead(pushed(channel)).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "MESSENGER_UNAVAILABLE"));
    cause
}

#[tokio::test]
async fn z_27_what_messengers_lack_is_named() {
    use MessengerChannel::{Telegram, Viber};
    assert_eq!(refused(READY, "active = false", Telegram).await.as_deref(), Some("connection_inactive"));
    assert_eq!(refused("", "", Telegram).await.as_deref(), Some("no_sip_account"));
    assert_eq!(refused(READY, "", Viber).await.as_deref(), Some("no_bot"));
}

#[tokio::test]
async fn z_29_a_dialogue_nobody_took_is_refused() {
    let house = House::over(Arc::new(Away), READY, "").await;
    for taken_by in [None, Some(AgentRef::default())] {
        let request = PushMessengerLeadRequest { taken_by, ..pushed(MessengerChannel::Telegram) };
        let status = house.sync().push_messenger_lead(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "DIALOGUE_NOT_TAKEN"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_messenger_request_is_told_at_once() {
    let house = House::over(Arc::new(Away), READY, "").await;
    let status = house.sync().push_messenger_lead(PushMessengerLeadRequest::default()).await.unwrap_err();
    let mut fields = fields(&status);
    fields.sort();
    assert_eq!(fields, ["channel", "chat_id", "dialogue_id", "project"]);
}

#[tokio::test]
async fn z_30_z_32_only_the_press_writes_and_only_once() {
    let house = House::with_crm(READY, "").await;
    let asked = GetCallRequest { project: "shop".to_owned(), call_id: "d1".to_owned() };
    let before = house.sync().get_call(asked).await.unwrap_err();
    assert_eq!(reason(&before), "UNKNOWN_CALL", "arriving and taking a dialogue tell the CRM nothing");

    let request = PushMessengerLeadRequest { wait_ms: Some(30_000), ..pushed(MessengerChannel::Telegram) };
    let pressed = house.sync().push_messenger_lead(request.clone()).await.unwrap().into_inner();
    assert_eq!(pressed.state(), CallState::Written);
    let written = pressed.report.unwrap().written;
    let kinds: Vec<_> = written.iter().map(|written| written.record.as_ref().unwrap().kind()).collect();
    assert!(kinds.contains(&EntityKind::Contact) && kinds.contains(&EntityKind::Deal), "{kinds:?}");

    let closed = house.sync().push_messenger_lead(request).await.unwrap().into_inner();
    assert_eq!((closed.state(), closed.report.unwrap().written), (CallState::Written, written));
}

#[tokio::test]
async fn a_second_press_for_the_same_dialogue_repeats() {
    let house = House::over(Arc::new(Away), READY, "").await;
    let request = PushMessengerLeadRequest {
        sent_at: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
        ..pushed(MessengerChannel::Telegram)
    };
    let first = house.sync().push_messenger_lead(request.clone()).await.unwrap().into_inner();
    let second = house.sync().push_messenger_lead(request).await.unwrap().into_inner();
    assert_eq!((first.receipt(), second.receipt()), (Receipt::Accepted, Receipt::Repeated));
    assert_eq!((first.state(), &first.call_id), (CallState::Waiting, &second.call_id));
}
