//! Whole calls through the real engine: how many requests an event costs (zoho.md 10), and that nothing is doubled.

use std::collections::BTreeMap;

use futures::executor::block_on;
use serde_json::{Value, json};
use tieline_crm::{Dialect, Trouble};
use tieline_engine::{
    agents::{Agent, Agents},
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    facts::Facts,
    ids::{CallId, ProjectId, UserId},
    jiff::{SignedDuration, tz::TimeZone},
    next::{End, Next, next},
    phone::{NumberPlan, Phone, Region},
    policy::Policy,
};

use super::support::{composite, duplicate, executed, in_data, in_session, learned, not_executed, now, written};
use crate::scripted::Scripted;

fn policy(dialect: &dyn Dialect) -> Policy {
    let plan = NumberPlan::new(Region::parse("UA").unwrap());
    let agent = Agent {
        id: "anna".to_owned(),
        sips: vec!["office_anna".to_owned()],
        crm_user: Some(UserId::new("411")),
        ..Agent::default()
    };
    Policy {
        agents: Agents::new(vec![agent], None, Some(UserId::new("400"))),
        ..Policy::new(plan, TimeZone::UTC, dialect.abilities().clone(), dialect.default_scenario())
    }
}

fn call(outcome: Outcome) -> Call {
    let mut call = Call::new(ProjectId::new("p"), CallId::new("call-1"), Direction::Incoming);
    call.client.phone = Some(Phone::new("0671234567"));
    call.line = Some(Phone::new("+380441112233"));
    (call.started_at, call.phase, call.outcome) = (Some(now()), Phase::Ended, Some(outcome));
    if outcome == Outcome::Answered {
        let agent = AgentRef { sip: Some("office_anna".to_owned()), ..AgentRef::default() };
        call.legs.push(Leg { agent, answered: true, talk_seconds: 30, ..Leg::default() });
        call.talk_seconds = 30;
    }
    call
}

/// Does what the engine says until it waits for something that has not been said, or is done.
fn drive(dialect: &dyn Dialect, call: &Call, facts: &mut Facts, net: &Scripted) -> Option<End> {
    let policy = policy(dialect);
    for _ in 0..20 {
        match next(call, &policy, facts) {
            Next::LookUp(ask) => {
                let found = in_session(net, |session| block_on(dialect.look_up(session, &ask))).unwrap();
                facts.learn_found(tieline_engine::facts::Found { at: facts.now, ..found }, &policy);
            }
            Next::Do(orders) => {
                let steps = &orders.steps[..dialect.bundle(&orders.steps)];
                facts.begin(&orders, steps, facts.now);
                match in_session(net, |session| block_on(dialect.perform(session, steps))) {
                    Ok(answer) => facts.learn_results(&orders, steps, &answer.results, facts.now),
                    Err(trouble) => panic!("{trouble}"),
                }
            }
            Next::Wait(_) => return None,
            Next::Done(verdict) => return Some(verdict.end),
        }
    }
    panic!("the engine goes round in circles");
}

fn made(id: &str) -> Value {
    executed(201, serde_json::from_str(&written(id)).unwrap())
}

fn rows(rows: Value) -> Value {
    executed(200, json!({ "data": rows, "info": {} }))
}

fn nobody() -> String {
    composite(&vec![executed(204, Value::Null); 3])
}

fn names(net: &Scripted) -> Vec<&'static str> {
    net.sent().into_iter().map(|sent| sent.name).collect()
}

#[test]
fn z_40_a_missed_call_of_somebody_new_takes_one_look_up_and_one_write() {
    let done = composite(&[made("58"), made("81"), made("91")]);
    let net = Scripted::new([(200, nobody().as_str()), (200, done.as_str())]);
    let mut facts = Facts::new(now());
    assert_eq!(drive(&*learned(&[]), &call(Outcome::NoAnswer), &mut facts, &net), Some(End::Written));
    assert_eq!(names(&net), ["zoho.composite.read", "zoho.composite.write"]);
}

#[test]
fn z_38_a_lead_is_made_at_pick_up_and_the_rest_at_the_end() {
    let done = composite(&[made("81"), made("91")]);
    let net = Scripted::new([(200, nobody().as_str()), (201, written("58").as_str()), (200, done.as_str())]);
    let dialect = learned(&[]);
    let mut facts = Facts::new(now());
    let ended = call(Outcome::Answered);
    let picked_up = Call { phase: Phase::PickedUp, outcome: None, ..ended.clone() };
    assert_eq!(drive(&*dialect, &picked_up, &mut facts, &net), None);
    assert_eq!(names(&net), ["zoho.composite.read", "zoho.leads.create"]);
    assert_eq!(drive(&*dialect, &ended, &mut facts, &net), Some(End::Written));
    let last: Value = serde_json::from_str(&net.sent()[2].body).unwrap();
    let subs = last["__composite_requests"].as_array().unwrap();
    assert_eq!(subs.len(), 2, "the call and the finished task");
    assert!(subs.iter().all(|sub| sub["body"]["data"][0]["What_Id"] == json!({ "id": "58" })));
}

#[test]
fn z_39_a_known_client_costs_one_look_up_and_one_write_and_no_new_lead() {
    let contact = json!([{ "id": "57", "Phone": "+38-067-123-4567", "Owner": { "id": "999" } }]);
    let found = composite(&[rows(contact), executed(204, Value::Null), executed(204, Value::Null)]);
    let done = composite(&[made("81"), made("91"), made("92")]);
    let net = Scripted::new([(200, found.as_str()), (200, done.as_str())]);
    let mut facts = Facts::new(now());
    assert_eq!(drive(&*learned(&[]), &call(Outcome::Answered), &mut facts, &net), Some(End::Written));
    let sent: Value = serde_json::from_str(&net.sent()[1].body).unwrap();
    let subs = sent["__composite_requests"].as_array().unwrap();
    let owners: Vec<&str> = subs.iter().map(|sub| sub["body"]["data"][0]["Owner"]["id"].as_str().unwrap()).collect();
    assert_eq!(owners, ["411", "411", "999"], "call and talk are the agent's, the review is the owner's");
}

#[test]
fn a_lost_race_is_one_more_look_up_and_no_second_lead() {
    let taken = duplicate();
    let mut taken: Value = taken;
    taken["details"]["duplicate_record"]["module"]["api_name"] = json!("Leads");
    let refused = executed(400, serde_json::from_str(&in_data(&taken)).unwrap());
    let stopped = not_executed("PROCESSING_STOPPED");
    let undone = composite(&[refused, stopped.clone(), stopped]);
    let lead = json!([{ "id": "622", "Phone": "0671234567", "Owner": { "id": "454" } }]);
    let found = composite(&[executed(204, Value::Null), rows(lead), executed(204, Value::Null)]);
    let done = composite(&[made("81"), made("91")]);
    let net =
        Scripted::new([(200, nobody().as_str()), (400, undone.as_str()), (200, found.as_str()), (200, done.as_str())]);
    let mut facts = Facts::new(now());
    assert_eq!(drive(&*learned(&[]), &call(Outcome::NoAnswer), &mut facts, &net), Some(End::Written));
    let last: Value = serde_json::from_str(&net.sent()[3].body).unwrap();
    let task = &last["__composite_requests"][1]["body"]["data"][0];
    assert_eq!(task["Owner"], json!({ "id": "454" }), "the owner of the record that was there");
}

#[test]
fn a_lost_answer_is_looked_for_before_anything_is_repeated() {
    let dialect = learned(&[]);
    let call = call(Outcome::NoAnswer);
    let mut facts = Facts::new(now());
    let net = Scripted::new([(200, nobody().as_str()), (200, "<html>")]);
    let policy = policy(&*dialect);
    let Next::LookUp(ask) = next(&call, &policy, &facts) else { panic!("the client is asked for") };
    let found = in_session(&net, |session| block_on(dialect.look_up(session, &ask))).unwrap();
    facts.learn_found(found, &policy);
    let Next::Do(orders) = next(&call, &policy, &facts) else { panic!("the lead is made") };
    facts.begin(&orders, &orders.steps, facts.now);
    let lost = in_session(&net, |session| block_on(dialect.perform(session, &orders.steps)));
    assert!(matches!(lost, Err(Trouble::Uncertain(_))));
    facts.now += SignedDuration::from_secs(60);
    let marks: BTreeMap<&str, &str> = orders.steps.iter().map(|step| (step.key.as_str(), step.mark.as_str())).collect();
    let lead = json!([{ "id": "58", "Phone": "+380671234567", "Owner": { "id": "400" } }]);
    let found = composite(&[
        executed(204, Value::Null),
        rows(lead),
        executed(204, Value::Null),
        rows(json!([{ "id": "81", "Subject": format!("Incoming call [{}]", marks["call_record"]) }])),
        rows(json!([{ "id": "91", "Subject": format!("Call back [{}]", marks["task.missed_call"]) }])),
    ]);
    let net = Scripted::new([(200, found.as_str())]);
    assert_eq!(drive(&*dialect, &call, &mut facts, &net), Some(End::Written));
    assert_eq!(names(&net), ["zoho.composite.read"], "all of it had happened");
}
