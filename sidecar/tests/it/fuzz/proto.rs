//! Messages of the contract. An input is the message's number and its bytes.

use bad_input::Fuzz;
use prost::Message;
use prost_types::Timestamp;
use tieline::grpc::convert::{self, PushRefused, Violation};
use tieline_proto::v1::{self, CallDirection, CallOutcome, CallPhase, MessengerChannel};

fn call() -> v1::Call {
    v1::Call {
        project: "acme".into(),
        call_id: "ua9_-1.1".into(),
        phase: CallPhase::Ended.into(),
        direction: CallDirection::Incoming.into(),
        client_number: "+380671112233".into(),
        project_number: "380441112233".into(),
        outcome: CallOutcome::Answered.into(),
        disposition: "PROPER".into(),
        talk_seconds: Some(23),
        started_at: Some(Timestamp { seconds: 1_790_000_000, nanos: 500_000_000 }),
        ended_at: Some(Timestamp { seconds: 1_790_000_030, nanos: 0 }),
        recording_urls: vec!["https://r.example.com/1.wav".into()],
        agent: Some(agent()),
        legs: vec![v1::Leg { agent: Some(agent()), talk_seconds: Some(5), ..v1::Leg::default() }],
        marks: Some(v1::UtmMarks { source: "google".into(), ..v1::UtmMarks::default() }),
        visit: Some(v1::Visit { landing_url: "https://example.com/".into(), ..v1::Visit::default() }),
        params: [("colour".to_owned(), "red".to_owned())].into(),
        ..v1::Call::default()
    }
}

fn agent() -> v1::AgentRef {
    v1::AgentRef { sip_login: "acme_olha".into(), email: "olha@example.com".into(), ..v1::AgentRef::default() }
}

fn lead() -> v1::PushMessengerLeadRequest {
    v1::PushMessengerLeadRequest {
        project: "acme".into(),
        channel: MessengerChannel::Telegram.into(),
        dialogue_id: "d-1".into(),
        chat_id: "chat-1".into(),
        phone: "380671112233".into(),
        taken_by: Some(agent()),
        ..v1::PushMessengerLeadRequest::default()
    }
}

fn seeds() -> [Vec<u8>; 4] {
    let numbered = |number: u8, bytes: Vec<u8>| [vec![number], bytes].concat();
    let route = v1::RouteCallRequest {
        project: "acme".into(),
        call_id: "c".into(),
        client_number: "380671112233".into(),
        ..v1::RouteCallRequest::default()
    };
    [
        numbered(0, v1::SyncCallRequest { call: Some(call()), wait_ms: Some(100) }.encode_to_vec()),
        numbered(1, v1::PlanCallRequest { call: Some(call()) }.encode_to_vec()),
        numbered(2, route.encode_to_vec()),
        numbered(3, lead().encode_to_vec()),
    ]
}

#[test]
fn any_message_is_taken_or_refused_with_every_fault() {
    Fuzz::new("proto").seeds(seeds()).cases(8_000).run(|input| {
        let (number, bytes) = input.split_first().map_or((0, input), |(number, bytes)| (*number, bytes));
        let read = match number % 4 {
            0 => v1::SyncCallRequest::decode(bytes).map(|ask| convert::sync_call(&ask).map(drop)),
            1 => v1::PlanCallRequest::decode(bytes).map(|ask| convert::plan_call(&ask).map(drop)),
            2 => v1::RouteCallRequest::decode(bytes).map(|ask| convert::route_call(&ask).map(drop)),
            _ => v1::PushMessengerLeadRequest::decode(bytes).map(|ask| pushed(&ask)),
        };
        match read {
            Err(_) => "no message".to_owned(),
            Ok(Ok(())) => format!("taken {}", number % 4),
            Ok(Err(violations)) => {
                violations.iter().for_each(told);
                let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
                format!("{number} {fields:?}")
            }
        }
    });
}

/// A fault has its place and says what is right; it is no echo of what was sent.
fn told(violation: &Violation) {
    assert!(!violation.field.is_empty() && !violation.description.is_empty());
    assert!(violation.field.len() < 200 && violation.description.len() < 300, "{violation:?}");
}

fn pushed(ask: &v1::PushMessengerLeadRequest) -> Result<(), Vec<Violation>> {
    let at = jiff::Timestamp::constant(1_795_331_700, 0);
    match convert::push_messenger_lead(ask, at) {
        Ok(_) | Err(PushRefused::DialogueNotTaken) => Ok(()),
        Err(PushRefused::Invalid(violations)) => Err(violations),
    }
}

/// Ways to spoil a report, each with the field it spoils; none touches another's.
type Spoil = (&'static str, fn(&mut v1::Call));

const SPOILS: &[Spoil] = &[
    ("call.project", |call| call.project.clear()),
    ("call.call_id", |call| call.call_id = "with blank".into()),
    ("call.client_number", |call| call.client_number = "1".repeat(65)),
    ("call.started_at", |call| call.started_at = Some(Timestamp { seconds: i64::MAX, nanos: -1 })),
    ("call.direction", |call| call.direction = 77),
    ("call.outcome", |call| call.outcome = -5),
    ("call.phase", |call| call.phase = 99),
    ("call.recording_urls[0]", |call| call.recording_urls[0] = "javascript:1".into()),
    ("call.legs[0].agent", |call| call.legs[0].agent = None),
    ("call.pool", |call| call.pool = "p".repeat(129)),
    ("call.marks.source", |call| call.marks.as_mut().expect("marks").source = "s".repeat(257)),
    ("call.visit.user_agent", |call| call.visit.as_mut().expect("a visit").user_agent = "u".repeat(513)),
];

#[test]
fn every_set_of_faults_is_told_whole() {
    for set in 0_u32..1 << SPOILS.len() {
        let chosen: Vec<&Spoil> = (0..SPOILS.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| &SPOILS[bit]).collect();
        let mut report = call();
        chosen.iter().for_each(|(_, spoil)| spoil(&mut report));
        let request = v1::SyncCallRequest { call: Some(report), wait_ms: None };
        let told = convert::sync_call(&request).err().unwrap_or_default();
        for (field, _) in &chosen {
            assert!(told.iter().any(|violation| violation.field == *field), "{field} of {set:b} is not told: {told:?}");
        }
        assert_eq!(told.is_empty(), chosen.is_empty(), "{told:?}");
    }
}
