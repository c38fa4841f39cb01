//! Every sample payload that is a webhook body or a polled row.

use tieline::intake::Event;
use tieline_engine::call::{Direction, Outcome, Phase, Source};

use super::{all, at, client, leg, line, one, read, recording, sip};

#[test]
fn p01_a_live_incoming_call_is_the_clients_not_the_lines() {
    let call = one(Event::AfterCall, include_str!("../payloads/01_in_after_call_live_flat.json"));
    assert_eq!(call.id.as_str(), "ua9_-1790775458.2139025");
    assert_eq!(
        (call.direction, call.phase, call.outcome),
        (Direction::Incoming, Phase::Ended, Some(Outcome::Answered))
    );
    assert_eq!(client(&call), Some("+380671112233"));
    assert_eq!(line(&call), Some("380441112233"));
    assert_eq!(sip(&call), Some("testsitecom_manager1"));
    assert_eq!((call.talk_seconds, call.ring_seconds), (3, 11), "14 seconds in all, 3 of them talk");
    let link = "https://app.ringostat.com/recordings/ua9_-1790775458.2139025.wav?token=TOKEN";
    assert_eq!(recording(&call).as_deref(), Some(link));
    assert!(leg(&call).answered);
    assert_eq!(call.started_at, None);
}

#[test]
fn p02_voicemail_is_missed_although_it_has_seconds() {
    // G-05
    let call = one(Event::AfterCall, &with_id(include_str!("../payloads/02_in_voicemail_implementer_test.json")));
    assert_eq!(call.outcome, Some(Outcome::Voicemail));
    assert!(!call.is_answered());
    assert_eq!(call.talk_seconds, 3);
    assert_eq!(recording(&call).as_deref(), Some("https://app.ringostat.com/recordings/v.wav?token=TOKEN"));
    assert!(call.legs.is_empty());
}

#[test]
fn p03_an_outgoing_calls_dst_is_not_the_client_when_e164_is_there() {
    let call = one(Event::AfterOutgoing, include_str!("../payloads/03_out_after_call_implementer_test.json"));
    assert_eq!((call.direction, call.outcome), (Direction::Outgoing, Some(Outcome::Answered)));
    assert_eq!((client(&call), line(&call)), (Some("+380671112233"), Some("380441112233")));
    assert_eq!((call.talk_seconds, call.ring_seconds), (42, 13));
}

#[test]
fn p04_and_p05_say_the_same_flat_and_nested() {
    let flat = one(Event::AfterCall, include_str!("../payloads/04_in_after_call_kb_sample_flattened.json"));
    let nested = one(Event::AfterCall, include_str!("../payloads/05_in_after_call_nested_RECONSTRUCTED.json"));
    for call in [&flat, &nested] {
        assert_eq!(call.id.as_str(), "1111111111.11111111111111111");
        assert_eq!((client(call), line(call)), (Some("380931112233"), Some("380441232323")));
        assert_eq!(leg(call).agent.extension.as_deref(), Some("101"));
        // Local time of the project's zone (G-11).
        assert_eq!(at(call.started_at).as_deref(), Some("2022-01-01T08:16:46Z"));
        assert_eq!(at(call.answered_at).as_deref(), Some("2022-01-01T08:16:56Z"));
        assert_eq!(at(call.ended_at).as_deref(), Some("2022-01-01T08:17:06Z"));
        assert_eq!((call.talk_seconds, call.ring_seconds), (10, 10));
    }
    let email = leg(&nested).agent.email.as_ref().map(|email| email.expose().to_owned());
    assert_eq!(email.as_deref(), Some("email@example.com"));
    assert!(recording(&flat).is_some_and(|link| link.ends_with(".wav?token=")));
}

#[test]
fn p06_a_named_caller_with_the_lines_number_is_neither_client_nor_agent_number() {
    let call = one(Event::AfterOutgoing, include_str!("../payloads/06_out_after_call_kb_sample_classic.json"));
    assert_eq!(call.id.as_str(), "3333333333.3333333", "`record` is an id here, `call_id` counts");
    assert_eq!((client(&call), line(&call)), (Some("380441112233"), Some("380671234567")));
    let agent = &leg(&call).agent;
    assert_eq!((agent.employee_id.as_deref(), agent.number.as_ref(), agent.sip.as_ref()), (Some("1111"), None, None));
    assert_eq!(agent.name.as_ref().map(|name| name.expose()), Some("Ivan Ivanov"));
    assert_eq!((call.talk_seconds, call.ring_seconds), (23, 27));
    assert_eq!(call.department.as_deref(), Some("Sales"));
    assert_eq!(at(call.ended_at).as_deref(), Some("2026-08-08T08:12:01Z"), "50 seconds in all, in Kyiv summer time");
    assert_eq!(recording(&call).as_deref(), Some("https://app.ringostat.com/recordings/x.wav?token=abc"));
}

#[test]
fn p07_an_outgoing_call_is_the_callees() {
    let call = one(Event::AfterOutgoing, include_str!("../payloads/07_out_after_call_kb_sample_v2.json"));
    assert_eq!((client(&call), line(&call)), (Some("380931112233"), Some("380441112233")));
    assert_eq!((call.direction, call.outcome), (Direction::Outgoing, Some(Outcome::Answered)));
    assert!(call.legs.is_empty());
}

#[test]
fn p08_a_callee_that_is_the_line_gives_way_to_full_num() {
    let body = include_str!("../payloads/08_out_callee_equals_line_full_num.json");
    let call = one(Event::AfterOutgoing, &with_id(body));
    assert_eq!((client(&call), line(&call)), (Some("380931112233"), Some("380441112233")));
    assert!(call.legs.is_empty(), "the line is no agent");
    let refused = read(&crate::sample::project(), Event::AfterOutgoing, body).expect_err("neither id nor time");
    assert_eq!(refused.field().as_deref(), Some("uniqueid"));
}

#[test]
fn p09_a_call_that_rings_has_no_outcome() {
    let call = one(Event::BeforeCall, include_str!("../payloads/09_before_call_implementer_test.json"));
    assert_eq!(call.id.as_str(), "test-e2e-1");
    assert_eq!((call.phase, call.outcome), (Phase::Ringing, None));
    assert_eq!((client(&call), line(&call)), (Some("+380671111111"), Some("0800123456")));
    assert_eq!((call.utm.source.as_deref(), call.utm.medium.as_deref()), (Some("google"), Some("cpc")));
}

#[test]
fn p10_a_form_with_the_customers_names_is_read_by_the_projects_names() {
    let names = [
        ("phone", "userfield"),
        ("user_call", "employee_number"),
        ("call_status", "disposition"),
        ("call_recording", "recording_wav"),
    ];
    let project = crate::sample::project_naming(&names);
    let body = include_str!("../payloads/10_custom_named_form_post.urlencoded");
    let call = read(&project, Event::AfterCall, body).expect("a call").remove(0);
    assert_eq!(client(&call), Some("380671112233"));
    assert_eq!((call.direction, call.source), (Direction::Incoming, Source::Callback), "ordered on the site (G-07)");
    assert_eq!(call.outcome, Some(Outcome::Answered));
    assert_eq!(call.status.as_deref(), Some("PROPER"));
    assert_eq!(at(call.started_at).as_deref(), Some("2025-03-01T08:15:00Z"));
    assert_eq!(at(call.ended_at).as_deref(), Some("2025-03-01T08:16:01Z"));
    assert_eq!(leg(&call).agent.employee_id.as_deref(), Some("340000"));
    assert_eq!(call.client.google_client_id.as_deref(), Some("1169999034.1555555510"));
    assert_eq!(call.param("last_utm_medium").as_deref(), Some("cpc"));
    assert_eq!(call.param("ip").as_deref(), Some("10.10.10.10"));
    assert_eq!(call.param("fb_partners_user_id"), None, "an empty parameter says nothing");
    assert_eq!(call.param("derived_call_id").as_deref(), Some("1"), "no id was sent, so we say ours is derived");
}

#[test]
fn p20_a_polled_row_with_default_fields_gets_a_derived_id() {
    let call = one(Event::Unknown, include_str!("../payloads/20_calls_list_default_fields_docs.json"));
    assert_eq!((client(&call), line(&call)), (Some("380441112233"), Some("380931112233")));
    assert!(call.id.as_str().starts_with("derived-") && !call.id.as_str().contains("380"));
}

#[test]
fn p21_rows_tell_missed_from_answered_and_a_link_without_recording_is_none() {
    let calls = all(Event::Unknown, include_str!("../payloads/21_calls_list_all_fields_docs.json"));
    assert_eq!(
        calls.iter().map(|call| call.outcome).collect::<Vec<_>>(),
        [Some(Outcome::NoAnswer), Some(Outcome::Answered)]
    );
    let (missed, answered) = (&calls[0], &calls[1]);
    assert_eq!((client(missed), line(missed)), (Some("380441112233"), Some("380931112233")));
    assert_eq!((recording(missed), missed.recording_expected), (None, false), "has_recording is 0");
    assert!(missed.legs.is_empty(), "employee -1 is nobody");
    assert_eq!(at(missed.started_at).as_deref(), Some("2019-06-02T06:13:43Z"));
    assert_eq!(at(missed.ended_at).as_deref(), Some("2019-06-02T06:14:19Z"));
    assert_eq!(leg(answered).agent.number.as_ref().map(|number| number.raw()), Some("380671112233"));
    assert_eq!(at(answered.answered_at).as_deref(), Some("2019-06-02T06:30:59Z"));
    assert_eq!(answered.pool.as_deref(), Some("Simple nums pool"));
    assert_eq!(answered.scheme.as_deref(), Some("test schema"));
    assert!(recording(answered).is_some() && !answered.utm.says_something(), "placeholders are no marks (G-10)");
    assert_eq!(answered.utm.term.as_deref(), Some("(none)"));
    assert!(answered.param("call_card").is_some());
}

#[test]
fn p22_outgoing_rows_have_the_client_in_caller_or_in_dst() {
    let calls = all(Event::Unknown, include_str!("../payloads/22_calls_list_live_outgoing_two_shapes.json"));
    for call in &calls {
        assert_eq!(call.direction, Direction::Outgoing);
        assert_eq!(client(call), Some("380671112233"));
        assert_eq!(sip(call), Some("testsitecom_manager1"));
        assert_eq!(call.outcome, Some(Outcome::Answered));
        assert_eq!(call.line_sip.as_deref(), Some("testsitecom_manager1"));
        assert_eq!(line(call), None);
    }
    assert_eq!((calls[0].talk_seconds, calls[0].ring_seconds), (212, 8));
}

#[test]
fn p23_a_row_seen_while_talking_is_not_final_and_its_later_form_completes_it() {
    // G-04
    let calls = all(Event::Unknown, include_str!("../payloads/23_calls_list_live_in_progress_then_final.json"));
    let later = calls.iter().find(|call| call.outcome.is_some()).expect("the final row");
    let early = calls.iter().find(|call| call.outcome.is_none()).expect("the early row");
    assert_eq!((calls.len(), early.id.as_str()), (2, later.id.as_str()));
    assert_ne!(early.phase, Phase::Ended);
    let mut joined = early.clone();
    joined.amend(later.clone());
    assert_eq!((joined.outcome, joined.phase), (Some(Outcome::Answered), Phase::Ended));
    assert_eq!(joined.status.as_deref(), Some("REPEATED"), "the early word does not stand against the final one");
    assert_eq!((client(&joined), joined.talk_seconds), (Some("380671112233"), 425));
}

#[test]
fn p24_transit_rows_have_the_agent_in_caller_number_or_connected_with() {
    let calls = all(Event::Unknown, include_str!("../payloads/24_calls_list_transit_rows.json"));
    let number = |index: usize| leg(&calls[index]).agent.number.as_ref().map(|number| number.raw().to_owned());
    assert_eq!((calls[0].direction, client(&calls[0])), (Direction::Outgoing, Some("380501112233")));
    assert_eq!(number(0).as_deref(), Some("380671110001"));
    assert_eq!(leg(&calls[0]).agent.employee_id.as_deref(), Some("107"));
    assert_eq!((calls[1].direction, client(&calls[1])), (Direction::Incoming, Some("380501112233")));
    assert_eq!(number(1).as_deref(), Some("380671110002"));
    assert_eq!((line(&calls[0]), line(&calls[1])), (None, None), "neither row names a line");
}

#[test]
fn p25_rows_of_one_id_are_pieces_of_one_call() {
    let calls = all(Event::Unknown, include_str!("../payloads/25_calls_list_batch_with_duplicate_uniqueid.json"));
    assert_eq!(calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["u1", "u1", "u2"]);
    let mut joined = calls[0].clone();
    joined.amend(calls[1].clone());
    assert_eq!((joined.talk_seconds, client(&joined)), (130, Some("+380671234567")));
    assert_eq!((client(&calls[2]), sip(&calls[2])), (Some("380671234567"), Some("testsite_sip")));
    assert_eq!(calls[2].outcome, None, "no answer after no time at all may still ring (G-04)");
}

#[test]
fn p26_a_relays_escaped_rows_name_client_line_and_agent() {
    let calls = all(Event::Unknown, include_str!("../payloads/26_third_party_relay_rows_html_escaped.json"));
    let (out, missed) = (&calls[0], &calls[1]);
    assert_eq!((out.id.as_str(), out.direction), ("pl5_-id1235453.9876543", Direction::Outgoing));
    assert_eq!(
        (client(out), line(out), sip(out)),
        (Some("48500000002"), Some("48500000001"), Some("testsitecom_Kontakt"))
    );
    assert_eq!((out.talk_seconds, out.ring_seconds), (7, 10));
    assert!(recording(out).is_some_and(|link| link.starts_with("https://")));
    assert_eq!(missed.outcome, Some(Outcome::NoForward));
    assert_eq!((client(missed), line(missed)), (Some("48500000003"), Some("48500000001")));
    assert_eq!(at(missed.started_at).as_deref(), Some("2026-04-11T10:47:28Z"));
}

/// The same object with an id of its own.
fn with_id(body: &str) -> String {
    body.replacen('{', "{\"uniqueid\": \"u1\",", 1)
}
