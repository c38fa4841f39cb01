//! The mode that sends events to SMART CRM's own telephony provider (SM-13, dataverse.md 7).

use std::time::Duration;

use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::{Value, json};
use tieline_crm::{
    Connect, CrmKind, Dialect, Response, SendError, Session, Transport, Trouble, dialect::Limit, transport::Method,
};
use tieline_engine::{
    call::{Direction, Source},
    ids::{CallId, RecordId},
    lookup::{LookUp, SoughtMark},
    note::NotePart,
    phone::Phone,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::{By, ClientIs, Moment, Situation, Treat},
    step::{Action, Announcement, CallEntry, Step, StepKey, StepResult},
};

use super::{
    AGENT, KYIV, RECORDING, always, at, client, complete, done, entry, known, log, mark, missed, outgoing, step,
};
use crate::scripted::{Scripted, Sent};

const BEFORE: (&str, &str) = ("before_call_url", "https://smart.example/before?key=1");
const AFTER: (&str, &str) = ("after_call_url", "https://smart.example/after");
const OUTGOING: (&str, &str) = ("after_outgoing_url", "https://smart.example/outgoing");

fn connection(settings: &[(&str, &str)]) -> Connect {
    let mode = [("mode", "webhook_provider")];
    let all = mode.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Connect { settings: all.collect(), ..Connect::default() }
}

fn hooks(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    tieline_crm::connect(CrmKind::Dataverse, &connection(settings)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn all() -> Box<dyn Dialect> {
    hooks(&[BEFORE, AFTER, OUTGOING])
}

fn session(net: &dyn Transport) -> Session<'_> {
    Session { net, token: None, now: at("2026-11-22T08:05:00Z"), zone: &KYIV }
}

fn try_step(crm: &dyn Dialect, net: &dyn Transport, step: &Step) -> Result<StepResult, Trouble> {
    let answer = block_on(crm.perform(&session(net), std::slice::from_ref(step)))?;
    Ok(answer.results[&step.key].clone())
}

/// The one request a step takes.
fn sent(crm: &dyn Dialect, step: &Step) -> Sent {
    let net = Scripted::new([(200, "ok")]);
    try_step(crm, &net, step).unwrap();
    net.sent().remove(0)
}

fn ringing() -> Step {
    let ringing = Announcement {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        started_at: Some(at("2026-11-22T08:00:00Z")),
        client: Some(client()),
        client_text: None,
        line: Some(Phone::new("+380441112233")),
        agent: None,
        agent_code: Some("101".to_owned()),
    };
    step(StepKey::announce(), Action::Announce(Box::new(ringing)))
}

fn amend(entry: CallEntry) -> Step {
    step(StepKey::amend_call_record(1), Action::AmendCall { record: known("call-1"), entry: Box::new(entry) })
}

fn body(sent: &Sent) -> Value {
    serde_json::from_str(&sent.body).unwrap()
}

#[test]
fn sm_13_each_event_goes_to_its_own_address() {
    let crm = all();
    let url = |step: &Step| sent(&*crm, step).url;
    assert_eq!(url(&ringing()), BEFORE.1);
    assert_eq!(url(&log(entry())), AFTER.1);
    assert_eq!(url(&log(missed())), AFTER.1);
    assert_eq!(url(&log(outgoing())), OUTGOING.1);
    assert_eq!(url(&amend(outgoing())), OUTGOING.1);
}

#[test]
fn sm_13_an_event_without_an_address_is_not_told() {
    let crm = hooks(&[AFTER]);
    assert!(!crm.abilities().announces_ringing);
    let nothing = Scripted::new([]);
    assert_eq!(try_step(&*crm, &nothing, &log(outgoing())).unwrap(), done("call-1"));
    assert_eq!(try_step(&*crm, &nothing, &ringing()).unwrap(), StepResult::Done { record: None });
}

#[test]
fn an_event_tells_the_call_in_words_of_its_own_by_default() {
    let ended = sent(&*all(), &log(CallEntry { source: Source::Callback, ..entry() }));
    assert_eq!(ended.method, Method::Post);
    assert!(ended.headers.contains(&("content-type", "application/json".to_owned())));
    let wanted = json!({
        "event": "after_call", "call_id": "call-1", "direction": "incoming", "client": "+380671234567",
        "line": "+380441112233", "agent": AGENT, "agent_code": "101", "started_at": "2026-11-22T08:00:00Z",
        "status": "answered", "talk_seconds": "73", "ring_seconds": "7", "recording": RECORDING,
    });
    assert_eq!(body(&ended), wanted);
    let before = body(&sent(&*all(), &ringing()));
    assert_eq!(
        (&before["event"], &before["status"], &before["agent_code"]),
        (&json!("before_call"), &json!(""), &json!("101"))
    );
}

#[test]
fn parameters_have_the_receivers_names() {
    let template = ("template", "number={client_digits}&who={agent}/{agent_code}&fixed=pbx-1&at={started_unix}");
    let form =
        hooks(&[AFTER, template, ("body", "form"), ("param.src", "{utm_source}"), ("param.ga", "{google_client_id}")]);
    let mut entry = entry();
    entry.parts.push(NotePart::GoogleClientId("1.2".to_owned()));
    let told = sent(&*form, &log(entry));
    let wanted = format!("number=380671234567&who={AGENT}%2F101&fixed=pbx-1&at=1795334400&ga=1.2&src=google");
    assert_eq!(told.body, wanted);
    assert!(told.headers.contains(&("content-type", "application/x-www-form-urlencoded".to_owned())));
    let single = hooks(&[AFTER, ("param.callType", "{direction} ({source})")]);
    assert_eq!(body(&sent(&*single, &log(super::entry()))), json!({ "callType": "incoming (call)" }));
}

#[test]
fn a_get_carries_parameters_behind_those_of_the_address() {
    let crm = hooks(&[BEFORE, AFTER, ("method", "get"), ("template", "n={client}")]);
    let before = sent(&*crm, &ringing());
    assert_eq!(
        (before.method, before.url.as_str()),
        (Method::Get, "https://smart.example/before?key=1&n=%2B380671234567")
    );
    assert!(before.body.is_empty());
    assert_eq!(sent(&*crm, &log(entry())).url, "https://smart.example/after?n=%2B380671234567");
}

#[test]
fn a_later_recording_is_the_same_event_with_the_same_call_id() {
    let crm = all();
    assert!(crm.abilities().amends_call_record && !crm.abilities().completes_call_record);
    let first = body(&sent(&*crm, &log(CallEntry { recording: None, ..entry() })));
    let later = body(&sent(&*crm, &amend(entry())));
    assert_eq!(first["recording"], "");
    assert_eq!((&later["recording"], &later["call_id"]), (&json!(RECORDING), &first["call_id"]));
    let net = Scripted::new([(204, "")]);
    assert_eq!(try_step(&*crm, &net, &log(entry())).unwrap(), done("call-1"));
}

#[test]
fn a_secret_travels_in_the_header_of_choice() {
    let with_secret = |settings: &[(&str, &str)]| {
        let mut connection = connection(settings);
        connection.secrets.insert("secret".to_owned(), SecretString::from("Bearer s-2"));
        let crm = tieline_crm::connect(CrmKind::Dataverse, &connection).unwrap_or_else(|faults| panic!("{faults:?}"));
        sent(&*crm, &log(entry())).authorization
    };
    assert_eq!(with_secret(&[AFTER]).as_deref(), Some("authorization: Bearer s-2"));
    let own = with_secret(&[AFTER, ("secret_header", "x-api-key")]);
    assert_eq!(own.as_deref(), Some("x-api-key: Bearer s-2"));
    assert_eq!(sent(&*all(), &log(entry())).authorization, None);
}

#[test]
fn a_look_up_is_answered_without_a_request() {
    let key = StepKey::call_record();
    let since = at("2026-11-22T08:00:00Z");
    let sought = SoughtMark { mark: mark(&key), key: key.clone(), kind: Kind::CallRecord, since };
    let ask = LookUp { client: None, marks: vec![sought], fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) };
    let (crm, nothing) = (all(), Scripted::new([]));
    let found = block_on(crm.look_up(&session(&nothing), &ask)).unwrap();
    assert_eq!((found.at, found.asked), (at("2026-11-22T08:05:00Z"), [mark(&key)].into()));
    assert!(found.marks.is_empty() && found.records.is_empty());
    assert!(block_on(crm.grant(&nothing)).unwrap().is_none());
    assert!(block_on(crm.users(&session(&nothing))).unwrap().is_empty());
    assert!(block_on(crm.fields(&session(&nothing))).unwrap().is_empty());
    assert!(block_on(crm.learn(&session(&nothing))).unwrap().abilities().announces_ringing);
    assert_eq!(crm.link(Kind::Contact, &RecordId::new("1")), None);
}

#[test]
fn what_the_receiver_answers_decides_who_acts() {
    let crm = all();
    let outcome = |status: u16| try_step(&*crm, &Scripted::new([(status, "+380671234567")]), &log(entry()));
    for status in [401, 403] {
        assert!(matches!(outcome(status), Err(Trouble::CredentialsDead(_))));
    }
    for status in [302, 404, 405, 410] {
        assert!(matches!(outcome(status), Err(Trouble::NotAllowed(_))));
    }
    for status in [408, 500, 502, 504] {
        assert!(matches!(outcome(status), Err(Trouble::Uncertain(_))));
    }
    assert!(matches!(outcome(503), Err(Trouble::Unavailable(_))));
    assert!(matches!(outcome(422), Ok(StepResult::Refused { code, .. }) if code == "http_422"));
    for status in [429, 503] {
        let net = always(status, &[("retry-after", "9")], "");
        let limited = Trouble::RateLimited { retry_after: Some(Duration::from_secs(9)) };
        assert_eq!(try_step(&*crm, &net, &log(entry())).unwrap_err(), limited);
        let headers = vec![("retry-after".to_owned(), "9".to_owned())];
        let meter = crm.meter(&Response { status, headers, body: Vec::new() });
        assert_eq!((meter.refused, meter.wait), (Some(Limit::Unknown), Some(Duration::from_secs(9))));
    }
    let lost = Scripted::failing(SendError::NoAnswer("cut".to_owned()));
    assert_eq!(try_step(&*crm, &lost, &log(entry())).unwrap_err(), Trouble::Uncertain("cut".to_owned()));
}

#[test]
fn steps_go_one_by_one_and_others_are_refused() {
    let crm = all();
    assert_eq!((crm.bundle(&[]), crm.bundle(&[log(entry()), log(entry())])), (0, 1));
    let result = try_step(&*crm, &Scripted::new([]), &complete(known("call-1"), entry())).unwrap();
    assert!(matches!(result, StepResult::Refused { code, .. } if code == "not_supported"));
}

#[test]
fn faults_of_the_settings_are_told_at_once() {
    let faults = |settings: &[(&str, &str)]| {
        let faults = tieline_crm::connect(CrmKind::Dataverse, &connection(settings)).err().expect("a fault");
        faults.into_iter().map(|fault| fault.key).collect::<Vec<_>>()
    };
    assert_eq!(faults(&[]), ["after_call_url"]);
    let wrong =
        [("after_call_url", "http://smart.example"), ("method", "put"), ("template", "n={phone}"), ("url", "x")];
    assert_eq!(faults(&wrong), ["url", "after_call_url", "method", "template"]);
    assert_eq!(faults(&[AFTER, ("template", "a={client}&a={line}")]), ["template"]);
    assert_eq!(faults(&[AFTER, ("template", "a={client")]), ["template"]);
    assert_eq!(faults(&[AFTER, ("template", "a=1"), ("param.a", "2")]), ["template"]);
}

#[test]
fn the_default_scenario_tells_every_call_and_makes_nothing() {
    let scenario = all().default_scenario();
    for (direction, moment) in [(Direction::Incoming, Moment::Ringing), (Direction::Outgoing, Moment::Ended)] {
        let situation = Situation {
            source: Source::Call,
            direction,
            answered: false,
            client: ClientIs::New,
            by: By::Nobody,
            open_deal: false,
        };
        let then = &scenario.row(&situation).unwrap().then;
        assert_eq!((then.contact, then.call_record, then.moment), (Treat::Nothing, true, moment));
    }
}

#[test]
fn an_inspection_says_which_events_are_told() {
    let nothing = Scripted::new([]);
    let crm = hooks(&[AFTER, OUTGOING]);
    let findings = block_on(crm.inspect(&session(&nothing))).unwrap();
    let told: Vec<bool> = findings.iter().map(|finding| finding.holds).collect();
    assert_eq!(told, [false, true, true]);
    assert_eq!(crm.quota().per_second, 10);
}
