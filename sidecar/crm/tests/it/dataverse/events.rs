//! Whole calls through the engine with the default scenario: how many requests each costs (dataverse.md 5).

use futures::executor::block_on;
use tieline_crm::{Dialect, Session, Trouble};
use tieline_engine::{
    agents::{Agent, Agents},
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    facts::Facts,
    ids::{CallId, ProjectId, UserId},
    jiff::{SignedDuration, Timestamp},
    next::{End, Next, next},
    phone::{NumberPlan, Phone, Region},
    policy::Policy,
    redact::Private,
};

use super::{AGENT, CONTACT, KYIV, RECORDING, all_done, at, dialect, operations, session};
use crate::scripted::Scripted;

const START: &str = "2026-11-22T08:00:00Z";
const NOBODY: (u16, &str) = (200, r#"{"value":[]}"#);

fn policy(crm: &dyn Dialect) -> Policy {
    let plan = NumberPlan::new(Region::parse("UA").unwrap());
    let mut policy = Policy::new(plan, KYIV.clone(), crm.abilities().clone(), crm.default_scenario());
    let agent = Agent {
        id: "iryna".into(),
        sips: vec!["iryna".to_owned()],
        crm_user: Some(UserId::new(AGENT)),
        ..Agent::default()
    };
    policy.agents = Agents::new(vec![agent], None, None);
    policy
}

fn ringing(direction: Direction) -> Call {
    let mut call = Call::new(ProjectId::new("p1"), CallId::new("call-1"), direction);
    call.client.phone = Some(Phone::new("0671234567"));
    call.line = Some(Phone::new("+380441112233"));
    call.started_at = Some(at(START));
    call
}

fn ended(direction: Direction, outcome: Outcome, recording: Option<&str>) -> Call {
    let mut call = ringing(direction);
    (call.phase, call.outcome, call.ended_at) = (Phase::Ended, Some(outcome), Some(at("2026-11-22T08:01:20Z")));
    call.recording = recording.map(Private::new);
    let agent = AgentRef { sip: Some("iryna".to_owned()), ..AgentRef::default() };
    call.legs.push(Leg { agent, answered: outcome.is_answered(), talk_seconds: 73, ..Leg::default() });
    call.talk_seconds = 73;
    call
}

/// Drives a call until the engine waits or is done, a second a turn.
fn drive(crm: &dyn Dialect, call: &Call, net: &Scripted, facts: &mut Facts, from: Timestamp) -> Option<End> {
    let policy = policy(crm);
    for turn in 0..20 {
        facts.now = from + SignedDuration::from_secs(turn);
        let session = Session { now: facts.now, ..session(net) };
        match next(call, &policy, facts) {
            Next::LookUp(ask) => {
                let found = block_on(crm.look_up(&session, &ask)).unwrap();
                facts.learn_found(found, &policy);
            }
            Next::Do(orders) => {
                let steps = &orders.steps[..crm.bundle(&orders.steps)];
                facts.begin(&orders, steps, session.now);
                match block_on(crm.perform(&session, steps)) {
                    Ok(answer) => facts.learn_results(&orders, steps, &answer.results, session.now),
                    Err(Trouble::Uncertain(_)) => facts.answer_lost(steps, session.now),
                    Err(trouble) => panic!("{trouble}"),
                }
            }
            Next::Wait(_) => return None,
            Next::Done(verdict) => return Some(verdict.end),
        }
    }
    panic!("the call does not come to an end");
}

fn names(net: &Scripted) -> Vec<&'static str> {
    net.sent().iter().map(|sent| sent.name.strip_prefix("dataverse.").unwrap()).collect()
}

fn person() -> String {
    format!(r#"{{"value":[{{"contactid":"{CONTACT}","telephone1":"067 123 45 67"}}]}}"#)
}

#[test]
fn sm_06_a_known_clients_call_costs_a_look_up_and_a_batch() {
    let (person, done) = (person(), all_done(2));
    for direction in [Direction::Incoming, Direction::Outgoing] {
        for outcome in [Outcome::Answered, Outcome::NoAnswer] {
            let net = Scripted::new([(200, person.as_str()), (200, done.as_str())]);
            let mut facts = Facts::new(at(START));
            let call = ended(direction, outcome, Some(RECORDING));
            let end = drive(&*dialect(&[]), &call, &net, &mut facts, at("2026-11-22T08:02:00Z"));
            assert_eq!((end, names(&net)), (Some(End::Written), vec!["contacts.list", "batch"]));
            assert!(operations(&net.sent()[1])[0].1.to_string().contains(&format!("/contacts({CONTACT})")));
        }
    }
}

#[test]
fn sm_09_an_outgoing_call_to_a_new_client_makes_contact_and_record_in_one_batch() {
    let done = all_done(3);
    for outcome in [Outcome::Answered, Outcome::NoAnswer] {
        let net = Scripted::new([NOBODY, (200, done.as_str())]);
        let mut facts = Facts::new(at(START));
        let call = ended(Direction::Outgoing, outcome, Some(RECORDING));
        let end = drive(&*dialect(&[]), &call, &net, &mut facts, at("2026-11-22T08:02:00Z"));
        assert_eq!((end, names(&net)), (Some(End::Written), vec!["contacts.list", "batch"]));
        let operations = operations(&net.sent()[1]);
        assert_eq!(operations[0].1.to_string(), r#"{"telephone1":"+380671234567"}"#);
        assert_eq!(operations[1].1["phonenumber"], "+380671234567");
    }
}

#[test]
fn sm_08_a_new_callers_contact_is_made_at_the_ring_and_the_record_after_it() {
    let done = all_done(2);
    let net = Scripted::new([NOBODY, (204, ""), (200, done.as_str())]);
    let (crm, mut facts) = (dialect(&[]), Facts::new(at(START)));
    assert_eq!(drive(&*crm, &ringing(Direction::Incoming), &net, &mut facts, at(START)), None);
    assert_eq!(names(&net), ["contacts.list", "contacts.create"]);
    let call = ended(Direction::Incoming, Outcome::Answered, Some(RECORDING));
    let end = drive(&*crm, &call, &net, &mut facts, at("2026-11-22T08:02:00Z"));
    assert_eq!((end, names(&net).pop()), (Some(End::Written), Some("batch")));
}

#[test]
fn sm_10_a_call_waits_open_for_its_recording_and_is_finished_with_it() {
    let person = person();
    let open = r#"{"description":"Talk: 1:13","statecode":0,"statuscode":1,"actualdurationminutes":2}"#;
    let done = all_done(2);
    let net = Scripted::new([(200, person.as_str()), (204, ""), (200, open), (200, done.as_str())]);
    let (crm, mut facts) = (dialect(&[]), Facts::new(at(START)));
    let waiting = ended(Direction::Incoming, Outcome::Answered, None);
    assert_eq!(drive(&*crm, &waiting, &net, &mut facts, at("2026-11-22T08:02:00Z")), None);
    assert_eq!(names(&net), ["contacts.list", "phonecalls.create"]);
    let call = ended(Direction::Incoming, Outcome::Answered, Some(RECORDING));
    let end = drive(&*crm, &call, &net, &mut facts, at("2026-11-22T08:05:00Z"));
    assert_eq!((end, &names(&net)[2..]), (Some(End::Written), &["phonecalls.get", "batch"][..]));
    let operations = operations(&net.sent()[3]);
    assert!(operations[0].1["description"].as_str().unwrap().contains(RECORDING));
}

#[test]
fn sm_10_a_recording_after_the_completion_reopens_the_call() {
    let (person, two, three) = (person(), all_done(2), all_done(3));
    let closed = r#"{"description":"Talk: 1:13","statecode":1,"statuscode":4,"actualdurationminutes":2}"#;
    let answers = [(200, person.as_str()), (200, two.as_str()), (200, closed), (200, three.as_str())];
    let (crm, mut facts, net) = (dialect(&[]), Facts::new(at(START)), Scripted::new(answers));
    let silent = ended(Direction::Incoming, Outcome::Answered, None);
    // The patience for recordings is over when the call is first seen.
    assert_eq!(drive(&*crm, &silent, &net, &mut facts, at("2026-11-22T09:00:00Z")), Some(End::Written));
    assert_eq!(names(&net), ["contacts.list", "batch"]);
    let call = ended(Direction::Incoming, Outcome::Answered, Some(RECORDING));
    assert_eq!(drive(&*crm, &call, &net, &mut facts, at("2026-11-22T10:00:00Z")), Some(End::Written));
    let states: Vec<_> = operations(&net.sent()[3]).iter().map(|(_, body)| body["statecode"].clone()).collect();
    assert_eq!(states, [serde_json::json!(0), serde_json::Value::Null, serde_json::json!(1)]);
}

#[test]
fn sm_01_a_lost_answer_leads_to_a_look_and_never_to_a_second_row() {
    let part = "--batchresponse_1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"id\":1}\r\n";
    let (there, person) = (format!("{part}{part}--batchresponse_1--"), person());
    let text = r"2026-11-22 10:00:00\nType: outgoing call\nStatus: no answer";
    let closed = format!(r#"{{"description":"{text}","statecode":1,"statuscode":2,"actualdurationminutes":2}}"#);
    let call = ended(Direction::Outgoing, Outcome::NoAnswer, None);
    let answers = [NOBODY, (502, ""), (200, there.as_str()), (200, person.as_str()), (200, closed.as_str())];
    let (crm, mut facts, net) = (dialect(&[]), Facts::new(at(START)), Scripted::new(answers));
    let end = drive(&*crm, &call, &net, &mut facts, at("2026-11-22T08:02:00Z"));
    assert_eq!(end, Some(End::Written));
    assert_eq!(names(&net), ["contacts.list", "batch", "rows", "contacts.list", "phonecalls.get"]);
}

#[test]
fn sm_13_the_provider_hears_of_the_ring_the_end_and_the_recording() {
    let mut connection = tieline_crm::Connect::default();
    let settings = [
        ("mode", "webhook_provider"),
        ("before_call_url", "https://smart.example/before"),
        ("after_call_url", "https://smart.example/after"),
        ("template", "id={call_id}&record={recording}"),
        ("body", "form"),
    ];
    connection.settings.extend(settings.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let crm = tieline_crm::connect(tieline_crm::CrmKind::Dataverse, &connection).unwrap();
    let (mut facts, net) = (Facts::new(at(START)), Scripted::new([(200, ""), (200, ""), (200, "")]));
    assert_eq!(drive(&*crm, &ringing(Direction::Incoming), &net, &mut facts, at(START)), None);
    let silent = ended(Direction::Incoming, Outcome::Answered, None);
    assert_eq!(drive(&*crm, &silent, &net, &mut facts, at("2026-11-22T08:02:00Z")), Some(End::Written));
    let call = ended(Direction::Incoming, Outcome::Answered, Some("r"));
    assert_eq!(drive(&*crm, &call, &net, &mut facts, at("2026-11-22T08:05:00Z")), Some(End::Written));
    let told: Vec<String> = net.sent().iter().map(|sent| format!("{} {}", sent.url, sent.body)).collect();
    let (before, after) = ("https://smart.example/before", "https://smart.example/after");
    let wanted = [
        format!("{before} id=call-1&record="),
        format!("{after} id=call-1&record="),
        format!("{after} id=call-1&record=r"),
    ];
    assert_eq!(told, wanted);
}
