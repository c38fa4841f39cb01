//! Requests: what is read from them, and everything that is wrong with them.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use prost_types::Timestamp;
use tieline::grpc::convert::{self, PushRefused, Violation};
use tieline_engine::{
    call::{Call, Direction, Outcome, Phase, Source},
    jiff,
};
use tieline_proto::v1::{self, CallDirection, CallOutcome, CallPhase, CallSource, MessengerChannel};

fn ended() -> v1::Call {
    v1::Call {
        project: "acme".into(),
        call_id: "ua9_-1.1".into(),
        phase: CallPhase::Ended.into(),
        direction: CallDirection::Incoming.into(),
        client_number: "+380 67 111 22 33".into(),
        project_number: "380441112233".into(),
        outcome: CallOutcome::Answered.into(),
        talk_seconds: Some(23),
        waiting_seconds: Some(7),
        started_at: Some(Timestamp { seconds: 1_790_000_000, nanos: 500_000_000 }),
        ..v1::Call::default()
    }
}

fn sync(call: v1::Call) -> Result<Call, Vec<Violation>> {
    convert::sync_call(&v1::SyncCallRequest { call: Some(call), wait_ms: None }).map(|(call, _)| call)
}

fn read(call: v1::Call) -> Call {
    sync(call).expect("a call")
}

fn wrong(call: v1::Call) -> Vec<String> {
    sync(call).expect_err("violations").into_iter().map(|violation| violation.field).collect()
}

fn agent(sip: &str) -> v1::AgentRef {
    v1::AgentRef { sip_login: sip.into(), ..v1::AgentRef::default() }
}

#[test]
fn a_report_becomes_the_same_call() {
    let call = read(v1::Call {
        disposition: "PROPER".into(),
        agent: Some(agent("acme_olha")),
        recording_urls: vec!["https://r.example.com/1.wav".into(), "https://r.example.com/1.ogg".into()],
        pool: "site".into(),
        marks: Some(v1::UtmMarks { source: "google".into(), ..v1::UtmMarks::default() }),
        visit: Some(v1::Visit { landing_url: "https://example.com/".into(), ..v1::Visit::default() }),
        params: BTreeMap::from([("landing".into(), "theirs".into()), ("colour".into(), "red".into())]),
        ..ended()
    });
    assert_eq!((call.project.as_str(), call.id.as_str()), ("acme", "ua9_-1.1"));
    assert_eq!((call.direction, call.source, call.phase), (Direction::Incoming, Source::Call, Phase::Ended));
    assert_eq!((call.outcome, call.status.as_deref()), (Some(Outcome::Answered), Some("PROPER")));
    assert_eq!((call.talk_seconds, call.ring_seconds), (23, 7));
    assert_eq!(call.client.phone.as_ref().map(|phone| phone.raw()), Some("+380 67 111 22 33"));
    assert_eq!(call.line.as_ref().map(|line| line.raw()), Some("380441112233"));
    assert_eq!(call.started_at.map(|at| at.as_millisecond()), Some(1_790_000_000_500));
    assert_eq!(
        call.recording.as_ref().map(|link| link.expose()),
        Some("https://r.example.com/1.wav"),
        "the preferred one"
    );
    assert_eq!(
        (call.legs.len(), call.legs[0].agent.sip.as_deref(), call.legs[0].answered),
        (1, Some("acme_olha"), true)
    );
    assert_eq!((call.pool.as_deref(), call.utm.source.as_deref()), (Some("site"), Some("google")));
    assert_eq!(call.param("landing").as_deref(), Some("https://example.com/"), "a field goes before a parameter");
    assert_eq!(call.param("colour").as_deref(), Some("red"));
}

#[test]
fn every_wrong_field_is_named_with_its_path() {
    let fields = wrong(v1::Call {
        project: String::new(),
        call_id: "with blanks".into(),
        phase: 77,
        direction: 0,
        client_number: "3".repeat(65),
        outcome: 99,
        recording_urls: vec!["https://fine.example.com".into(), "ftp://no.example.com".into()],
        started_at: Some(Timestamp { seconds: i64::MAX, nanos: 0 }),
        legs: vec![v1::Leg { agent: Some(agent("a")), ..v1::Leg::default() }, v1::Leg::default()],
        params: BTreeMap::from([("long".into(), "x".repeat(1025))]),
        ..ended()
    });
    let expected = [
        "call.project",
        "call.call_id",
        "call.direction",
        "call.client_number",
        "call.started_at",
        "call.phase",
        "call.outcome",
        "call.recording_urls[1]",
        "call.legs[1].agent",
        "call.params[long]",
    ];
    assert_eq!(fields, expected);
    let nothing =
        convert::sync_call(&v1::SyncCallRequest { call: None, wait_ms: Some(30_001) }).expect_err("violations");
    let fields: Vec<&str> = nothing.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["call", "wait_ms"]);
}

#[test]
fn a_violation_never_repeats_the_value() {
    let violations = sync(v1::Call { client_number: "380671112233".repeat(9), ..ended() }).expect_err("too long");
    assert!(violations.iter().all(|violation| !violation.description.contains("38067")));
}

#[test]
fn an_end_before_the_start_is_a_contradiction() {
    let early = Some(Timestamp { seconds: 1_789_999_999, nanos: 0 });
    assert_eq!(wrong(v1::Call { ended_at: early, ..ended() }), ["call.ended_at"]);
}

#[test]
fn only_late_additions_may_leave_the_direction_out_and_then_change_nothing_by_it() {
    let late = v1::Call {
        phase: CallPhase::RecordingReady.into(),
        direction: 0,
        outcome: 0,
        recording_urls: vec!["https://r.example.com/1.wav".into()],
        ..ended()
    };
    let mut call = read(v1::Call { direction: CallDirection::Outgoing.into(), ..ended() });
    call.amend(read(late.clone()));
    assert_eq!((call.direction, call.outcome), (Direction::Outgoing, Some(Outcome::Answered)));
    assert!(call.main_recording().is_some());
    assert_eq!(wrong(v1::Call { outcome: CallOutcome::Busy.into(), ..late.clone() }), ["call.direction"]);
    assert_eq!(wrong(v1::Call { phase: CallPhase::BeforeCall.into(), ..late }), ["call.direction"]);
}

#[test]
fn a_disposition_is_read_when_no_outcome_is_given() {
    let of = |disposition: &str, talk| {
        read(v1::Call { outcome: 0, disposition: disposition.into(), talk_seconds: Some(talk), ..ended() }).outcome
    };
    assert_eq!(of("NO_FORWARD", 0), Some(Outcome::NoForward));
    assert_eq!(of("VOICEMAIL", 9), Some(Outcome::Voicemail));
    assert_eq!(of("word of their own", 9), Some(Outcome::Answered));
    assert_eq!(of("word of their own", 0), Some(Outcome::NoAnswer));
    assert_eq!(of("", 9), None);
    let both = v1::Call { disposition: "BUSY".into(), ..ended() };
    assert_eq!(read(both).outcome, Some(Outcome::Answered), "the outcome goes before the word");
}

#[test]
fn what_is_not_final_says_neither_outcome_nor_word() {
    // G-04
    let row = v1::Call {
        is_final: Some(false),
        outcome: 0,
        disposition: "NO ANSWER".into(),
        talk_seconds: Some(0),
        ..ended()
    };
    let call = read(row.clone());
    assert_eq!((call.phase, call.outcome, call.status), (Phase::Ringing, None, None));
    let in_progress =
        read(v1::Call { outcome: CallOutcome::InProgress.into(), answered_at: ended().started_at, ..ended() });
    assert_eq!((in_progress.phase, in_progress.outcome), (Phase::PickedUp, None));
    let over = read(v1::Call { is_final: Some(true), phase: CallPhase::PickedUp.into(), ..ended() });
    assert_eq!((over.phase, over.outcome), (Phase::Ended, Some(Outcome::Answered)));
}

#[test]
fn a_callback_is_incoming_and_keeps_both_numbers() {
    // G-07
    let callback = v1::Call { source: CallSource::Callback.into(), caller_id_number: "380445556677".into(), ..ended() };
    let call = read(callback.clone());
    assert_eq!((call.source, call.direction), (Source::Callback, Direction::Incoming));
    assert_eq!(call.param("substitution_type").as_deref(), Some("callback"));
    assert_eq!(call.line.as_ref().map(|line| line.raw()), Some("380441112233"));
    assert_eq!(call.param("outbound_number").as_deref(), Some("380445556677"));
    assert_eq!(wrong(v1::Call { direction: CallDirection::Outgoing.into(), ..callback.clone() }), ["call.source"]);
    let outgoing = read(v1::Call { source: 0, direction: CallDirection::Outgoing.into(), ..callback });
    assert_eq!(outgoing.line.as_ref().map(|line| line.raw()), Some("380445556677"));
}

#[test]
fn legs_say_who_talked() {
    // RC-14
    let leg = |sip: &str, seconds, outcome: CallOutcome| v1::Leg {
        agent: Some(agent(sip)),
        started_at: Some(Timestamp { seconds, nanos: 0 }),
        outcome: outcome.into(),
        talk_seconds: Some(5),
        recording_url: format!("https://r.example.com/{sip}"),
        ..v1::Leg::default()
    };
    let legs = vec![
        leg("acme_first", 1_790_000_010, CallOutcome::NoAnswer),
        leg("acme_second", 1_790_000_020, CallOutcome::Answered),
    ];
    let call = read(v1::Call { legs, agent: Some(agent("acme_ignored")), ..ended() });
    let main = call.main_leg().expect("a leg");
    assert_eq!((call.legs.len(), main.agent.sip.as_deref()), (2, Some("acme_second")));
    assert_eq!(call.main_recording().as_ref().map(|link| link.expose()), Some("https://r.example.com/acme_second"));
}

fn push() -> v1::PushMessengerLeadRequest {
    v1::PushMessengerLeadRequest {
        project: "acme".into(),
        dialogue_id: "d-1".into(),
        channel: MessengerChannel::Telegram.into(),
        chat_id: "chat-7".into(),
        chat_name: "Olena".into(),
        message: "Is it in stock?".into(),
        taken_by: Some(agent("acme_olha")),
        wait_ms: Some(1500),
        ..v1::PushMessengerLeadRequest::default()
    }
}

#[test]
fn a_messenger_request_becomes_a_call_of_whoever_took_it() {
    // Z-30, Z-31
    let now = jiff::Timestamp::from_second(1_790_000_000).expect("a moment");
    let (call, wait) = convert::push_messenger_lead(&push(), now).expect("a call");
    assert_eq!((call.source, call.phase), (Source::Messenger, Phase::Ended));
    assert_eq!(call.id, convert::messenger_id("telegram", "d-1"));
    assert!(call.is_answered() && call.legs[0].answered);
    let chat = call.client.chat.as_ref().expect("a chat");
    assert_eq!((chat.channel.as_str(), chat.id.as_str()), ("telegram", "chat-7"));
    assert_eq!((call.client.phone.as_ref(), call.started_at), (None, Some(now)), "no phone was asked for");
    assert_eq!(call.param("message").as_deref(), Some("Is it in stock?"));
    assert_eq!(wait, Some(Duration::from_millis(1500)));
}

#[test]
fn a_dialogue_nobody_took_is_refused_but_wrong_fields_are_told_first() {
    // Z-29
    let now = jiff::Timestamp::UNIX_EPOCH;
    let untaken = v1::PushMessengerLeadRequest { taken_by: None, ..push() };
    assert_eq!(convert::push_messenger_lead(&untaken, now), Err(PushRefused::DialogueNotTaken));
    let blank = v1::PushMessengerLeadRequest { taken_by: Some(agent("")), ..push() };
    assert_eq!(convert::push_messenger_lead(&blank, now), Err(PushRefused::DialogueNotTaken));
    let wrong = v1::PushMessengerLeadRequest { channel: 0, chat_id: String::new(), ..untaken };
    let Err(PushRefused::Invalid(violations)) = convert::push_messenger_lead(&wrong, now) else {
        panic!("fields are wrong");
    };
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["channel", "chat_id"]);
}

#[test]
fn a_question_where_to_ring_may_lack_id_and_number() {
    let request = v1::RouteCallRequest { project: "acme".into(), ..v1::RouteCallRequest::default() };
    let call = convert::route_call(&request).expect("a call");
    assert_eq!((call.phase, call.client.phone), (Phase::Ringing, None));
    let nameless = convert::route_call(&v1::RouteCallRequest::default()).expect_err("violations");
    assert_eq!(nameless.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>(), ["project"]);
}

proptest! {
    #[test]
    fn any_numbers_and_texts_are_a_call_or_violations(
        (phase, direction, source, outcome) in (any::<i32>(), -1..5_i32, -1..5_i32, -1..13_i32),
        (small_phase, is_final) in (-1..8_i32, any::<Option<bool>>()),
        (seconds, nanos) in (any::<i64>(), any::<i32>()),
        texts in prop::collection::vec("\\PC{0,70}", 6),
    ) {
        let call = v1::Call {
            phase: if seconds % 2 == 0 { phase } else { small_phase },
            direction, source, outcome, is_final,
            ended_at: Some(Timestamp { seconds, nanos }),
            call_id: texts[0].clone(),
            client_number: texts[1].clone(),
            disposition: texts[2].clone(),
            recording_urls: vec![texts[3].clone()],
            params: BTreeMap::from([(texts[4].clone(), texts[5].clone())]),
            ..ended()
        };
        match sync(call) {
            Ok(call) => prop_assert!(!call.id.as_str().is_empty()),
            Err(violations) => prop_assert!(violations.iter().all(|wrong| wrong.field.starts_with("call."))),
        }
    }
}
