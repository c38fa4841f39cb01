//! Rules about what a webhook means.

use tieline::intake::{
    Event, IntakeError,
    status::{self, Status},
};
use tieline_engine::call::{Direction, Outcome, Phase, Source};

use super::{all, at, client, leg, line, one, read, sip};

#[test]
fn g_05_every_status_word_has_its_outcome_however_it_is_spelt() {
    // G-05, telephony/events.md 2.3
    let words = [
        ("ANSWERED", Outcome::Answered),
        ("proper", Outcome::Answered),
        ("Repeated", Outcome::Answered),
        ("NO ANSWER", Outcome::NoAnswer),
        ("no-answer", Outcome::NoAnswer),
        ("NO+ANSWER", Outcome::NoAnswer),
        ("BUSY", Outcome::Busy),
        ("FAILED", Outcome::Failed),
        ("NO-FORWARD", Outcome::NoForward),
        ("VOICEMAIL", Outcome::Voicemail),
        ("WRONG_EXTENSION", Outcome::WrongExtension),
        ("NO EXTENSION", Outcome::WrongExtension),
        ("CLIENT_NO_ANSWER", Outcome::ClientNoAnswer),
        ("FAILED FORBIDDEN DESTINATION", Outcome::Forbidden),
        ("DECLINE", Outcome::Declined),
    ];
    for (word, outcome) in words {
        assert_eq!(status::read(word), Status::Ended(outcome), "{word}");
    }
    assert_eq!(status::read("IN_PROGRESS"), Status::NotFinal);
    assert_eq!(status::read("calling"), Status::NotFinal);
    assert_eq!(status::read("ANSWERED BY A FROG"), Status::Unknown);
}

#[test]
fn g_04_no_answer_after_no_time_is_final_only_when_the_webhook_is_for_the_end() {
    let body =
        r#"{"uniqueid": "u", "caller": "380671112233", "disposition": "NO ANSWER", "billsec": 0, "duration": 0}"#;
    let webhook = one(Event::AfterCall, body);
    assert_eq!((webhook.phase, webhook.outcome), (Phase::Ended, Some(Outcome::NoAnswer)));
    let polled = one(Event::Unknown, body);
    assert_eq!((polled.phase, polled.outcome, polled.status), (Phase::Ringing, None, None));
    let rang = one(Event::Unknown, &body.replace("\"duration\": 0", "\"duration\": 20"));
    assert_eq!((rang.phase, rang.outcome), (Phase::Ended, Some(Outcome::NoAnswer)));
}

#[test]
fn g_04_a_call_in_progress_is_never_final() {
    for word in ["IN PROGRESS", "CALLING"] {
        let body = format!(r#"{{"uniqueid": "u", "caller": "380671112233", "disposition": "{word}", "billsec": 5}}"#);
        for event in [Event::AfterCall, Event::Unknown] {
            let call = one(event, &body);
            assert_eq!((call.outcome, call.status.as_deref()), (None, None), "{word}");
            assert_ne!(call.phase, Phase::Ended);
        }
    }
}

#[test]
fn an_unknown_status_word_after_a_call_is_judged_by_talk_and_kept() {
    let body = |talk: u32| {
        format!(r#"{{"uniqueid": "u", "caller": "380671112233", "status": "NEW WORD", "billsec": {talk}}}"#)
    };
    let talked = one(Event::AfterCall, &body(4));
    assert_eq!((talked.outcome, talked.status.as_deref()), (Some(Outcome::Answered), Some("NEW WORD")));
    assert_eq!(one(Event::AfterCall, &body(0)).outcome, Some(Outcome::NoAnswer));
}

#[test]
fn an_agent_who_picks_up_is_on_the_call_before_it_ends() {
    let body =
        r#"{"uniqueid": "u", "E164": "380671112233", "connected_with": "testsitecom_manager1", "call_type": "in"}"#;
    let call = one(Event::PickUp, body);
    assert_eq!((call.phase, call.outcome, sip(&call)), (Phase::PickedUp, None, Some("testsitecom_manager1")));
    assert!(leg(&call).answered);
}

#[test]
fn g_07_a_callback_is_an_incoming_call() {
    let call =
        one(Event::AfterCall, r#"{"uniqueid": "u", "type": "callback", "caller": "380671112233", "billsec": "9"}"#);
    assert_eq!((call.direction, call.source), (Direction::Incoming, Source::Callback));
    assert_eq!(call.param("call_type").as_deref(), Some("callback"));
}

#[test]
fn g_06_the_projects_line_is_never_the_client() {
    // G-06: 380443330000 is the sample project's line, here in a spelling of its own.
    let incoming = r#"{"uniqueid": "u", "call_type": "in", "E164": "+38 044 333-00-00", "caller": "380671112233"}"#;
    assert_eq!(client(&one(Event::AfterCall, incoming)), Some("380671112233"));
    let dialled = r#"{"uniqueid": "u", "call_type": "in", "dst": "380671112233"}"#;
    assert_eq!(client(&one(Event::AfterCall, dialled)), None, "dst is not the client of an incoming call");
    let outgoing = r#"{"uniqueid": "u", "call_type": "out", "caller": "testsitecom_manager1", "dst": "0443330000"}"#;
    let call = one(Event::AfterOutgoing, outgoing);
    assert_eq!((client(&call), line(&call)), (None, Some("0443330000")));
    let same_line = r#"{"uniqueid": "u", "call_type": "out", "outbound_number": "380441112233", "callee": "+380 44 111 22 33", "dst": "380671112233"}"#;
    assert_eq!(client(&one(Event::AfterOutgoing, same_line)), Some("380671112233"));
}

#[test]
fn g_06_an_agents_number_as_client_is_left_for_the_engine_to_refuse() {
    let call = one(Event::AfterCall, r#"{"uniqueid": "u", "call_type": "in", "caller": "380671110001"}"#);
    assert_eq!(client(&call), Some("380671110001"));
}

#[test]
fn g_02_a_call_between_logins_and_extensions_is_internal() {
    for body in [
        r#"{"uniqueid": "u", "call_type": "out", "caller": "testsitecom_manager1", "dst": "testsitecom_manager2"}"#,
        r#"{"uniqueid": "u", "call_type": "out", "caller": "\"Olha\" <testsitecom_manager1>", "callee": "102"}"#,
        r#"{"uniqueid": "u", "call_type": "in", "caller": "101", "dst": "testsitecom_manager2"}"#,
        r#"{"uniqueid": "u", "call_type": "in", "caller": "testsitecom_manager1", "dst": "380443330000"}"#,
        r#"{"uniqueid": "u", "call_type": "internal", "caller": "101", "dst": "102"}"#,
    ] {
        assert_eq!(one(Event::Unknown, body).direction, Direction::Internal, "{body}");
    }
    let outside = r#"{"uniqueid": "u", "call_type": "out", "caller": "testsitecom_manager1", "dst": "380671112233"}"#;
    assert_eq!(one(Event::Unknown, outside).direction, Direction::Outgoing);
}

#[test]
fn a_hidden_number_is_passed_on_for_the_engine_to_name() {
    let call =
        one(Event::AfterCall, r#"{"uniqueid": "u", "call_type": "in", "caller": "anonymous", "dst": "380441112233"}"#);
    assert_eq!((client(&call), line(&call)), (Some("anonymous"), Some("380441112233")));
}

#[test]
fn a_type_that_is_not_said_follows_from_the_webhook_or_the_ends() {
    let body = r#"{"uniqueid": "u", "caller": "380671112233", "dst": "380501112233"}"#;
    assert_eq!(client(&one(Event::AfterCall, body)), Some("380671112233"));
    assert_eq!(client(&one(Event::AfterOutgoing, body)), Some("380501112233"));
    assert_eq!(one(Event::Unknown, body).direction, Direction::Incoming);
    let from_login = r#"{"uniqueid": "u", "caller": "<testsitecom_manager1>", "dst": "380501112233"}"#;
    assert_eq!(one(Event::Unknown, from_login).direction, Direction::Outgoing);
    let refused = read(&crate::sample::project(), Event::AfterCall, r#"{"uniqueid": "u", "type": "sideways"}"#);
    assert!(matches!(refused, Err(IntakeError::BadValue { name, .. }) if name == "type"));
}

#[test]
fn a_derived_id_is_the_same_for_every_spelling_and_another_for_another_second() {
    // field.md 2.22
    let on_line = |caller: &str, line: &str, second: u32| {
        let body = format!(r#"{{"caller": "{caller}", "dst": "{line}", "calldate": "2026-01-02 10:00:0{second}"}}"#);
        one(Event::AfterCall, &body).id
    };
    let id = |caller: &str, second: u32| on_line(caller, "380441112233", second);
    assert_eq!(id("380671112233", 1), id("+38 (067) 111-22-33", 1));
    assert_ne!(id("380671112233", 1), id("380671112233", 2));
    assert_ne!(id("380671112233", 1), id("380671112234", 1));
    assert_ne!(id("380671112233", 1), on_line("380671112233", "380441112244", 1));
}

#[test]
fn in_transit_the_dialled_number_is_the_clients_whatever_else_is_said() {
    let body = r#"{"uniqueid": "u", "call_type": "transitout", "dst": "380501112233", "E164": "380671110001", "caller_number": "380671110001"}"#;
    assert_eq!(client(&one(Event::Unknown, body)), Some("380501112233"));
}

#[test]
fn a_stop_listed_login_stops_its_own_calls_and_those_of_its_line() {
    // Z-23, Z-24
    let mut project = crate::sample::project();
    let stop_list = &mut std::sync::Arc::make_mut(&mut project.policy).stop_list;
    stop_list.lines[0].sip = Some("testsitecom_fmc".to_owned());
    stop_list.entries = vec!["testsitecom_fmc".to_owned()];
    let stops = |body: &str| {
        let call = read(&project, Event::AfterOutgoing, body).expect("a call").remove(0);
        project.policy.stop_list.stops(&call, &project.policy.plan).is_some()
    };
    let by = |login: &str, line: &str| {
        format!(r#"{{"uniqueid": "u", "caller": "{login}", "callee": "380671112233", "outbound_number": "{line}"}}"#)
    };
    assert!(stops(&by("testsitecom_manager1", "380443330000")), "the line is the listed login's");
    assert!(stops(&by("testsitecom_fmc", "380445550000")), "the call is made from the listed login");
    assert!(!stops(&by("testsitecom_manager1", "380445550000")));
}

#[test]
fn the_root_goes_before_the_nested_block_and_the_query() {
    let nested = r#"{"uniqueid": "root", "billsec": "", "additional_call_data": {"uniqueid": "nested", "billsec": 7, "E164": "380671112233"}}"#;
    let call = one(Event::AfterCall, nested);
    assert_eq!((call.id.as_str(), call.talk_seconds), ("root", 7), "an empty value at the root says nothing");
    assert_eq!(client(&call), Some("380671112233"));
}

#[test]
fn a_wrapper_around_rows_is_opened() {
    let row = r#"{"uniqueid": "u", "caller": "380671112233", "billsec": "3"}"#;
    let bodies = [
        format!(r#"{{"data": {row}}}"#),
        format!(r#"{{"status": "ok", "calls": [{row}]}}"#),
        format!(r#"{{"while_talking": {row}}}"#),
    ];
    for body in bodies {
        let calls = all(Event::Unknown, &body);
        assert_eq!(calls.len(), 1, "{body}");
        assert_eq!((client(&calls[0]), calls[0].outcome), (Some("380671112233"), Some(Outcome::Answered)));
    }
    assert!(all(Event::Unknown, "[]").is_empty());
}

#[test]
fn a_total_in_milliseconds_is_seconds() {
    let call = one(
        Event::AfterCall,
        r#"{"uniqueid": "u", "caller": "380671112233", "calldate": "2026-01-02T10:00:00Z", "duration_ms": "36400", "billsec": 6}"#,
    );
    assert_eq!((call.talk_seconds, call.ring_seconds), (6, 30));
    assert_eq!(at(call.ended_at).as_deref(), Some("2026-01-02T10:00:36Z"));
}

#[test]
fn a_recording_that_is_announced_is_expected() {
    let call =
        one(Event::AfterCall, r#"{"uniqueid": "u", "caller": "380671112233", "billsec": 6, "has_recording": "1"}"#);
    assert!(call.recording_expected && call.recording.is_none());
}
