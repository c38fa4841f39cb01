//! Whole calls through the engine with the default scenario: what each costs (sendpulse.md 3.6).

use futures::executor::block_on;
use tieline_crm::{Dialect, Session, Trouble};
use tieline_engine::{
    agents::{Agent, Agents},
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    facts::Facts,
    ids::{CallId, ProjectId, UserId},
    jiff::ToSpan as _,
    next::{End, Next, next},
    phone::{NumberPlan, Phone, Region},
    policy::{MissedTask, Policy},
    step::Place,
};

use super::{KYIV, NOBODY, at, body, learned, page, person, routes, session};
use crate::scripted::Scripted;

const MADE: (u16, &str) = (200, r#"{"data":{"id":5}}"#);
const COMMENTED: (u16, &str) = (200, r#"{"data":{"id":44,"text":"…"}}"#);
const TASK: (u16, &str) = (201, r#"{"data":{"id":81}}"#);
const SEARCH: &str = "POST /contacts/get-list";
const CREATE: &str = "POST /contacts";
const COMMENT: &str = "POST /contacts/5/comments";
const DEALS: [(&str, &str); 3] = [("create", "contact,deal"), ("pipeline_id", "5"), ("step_id", "6")];

fn policy(crm: &dyn Dialect) -> Policy {
    let plan = NumberPlan::new(Region::parse("UA").unwrap());
    let mut policy = Policy::new(plan, KYIV.clone(), crm.abilities().clone(), crm.default_scenario());
    let iryna = Agent {
        id: "iryna".to_owned(),
        sips: vec!["iryna".to_owned()],
        crm_user: Some(UserId::new("17")),
        ..Agent::default()
    };
    policy.agents = Agents::new(vec![iryna], None, Some(UserId::new("1")));
    policy
}

/// The four values of SP-10.
fn tasks_on() -> MissedTask {
    MissedTask {
        name: Some("Call back".to_owned()),
        board: Some(Place { pipeline: Some("3".to_owned()), stage: "4".to_owned() }),
        owner: Some(UserId::new("17")),
        due_minutes: Some(60),
        ..MissedTask::default()
    }
}

fn call(direction: Direction, outcome: Outcome) -> Call {
    let mut call = Call::new(ProjectId::new("p1"), CallId::new("call-1"), direction);
    call.client.phone = Some(Phone::new("380671234567"));
    call.phase = Phase::Ended;
    call.outcome = Some(outcome);
    call.started_at = Some(at("2026-01-15T09:58:00Z"));
    call.ended_at = Some(at("2026-01-15T09:59:00Z"));
    let agent = AgentRef { sip: Some("iryna".to_owned()), ..AgentRef::default() };
    let answered = outcome.is_answered();
    call.legs.extend(answered.then(|| Leg { agent, answered, ..Leg::default() }));
    call
}

/// Drives a call until it ends, waits or fails; every turn takes a second.
fn drive(
    crm: &dyn Dialect,
    call: &Call,
    policy: &Policy,
    facts: &mut Facts,
    from: &str,
    net: &Scripted,
) -> Result<Option<End>, Trouble> {
    for turn in 0..20 {
        facts.now = at(from) + turn.seconds();
        let session = Session { now: facts.now, ..session(net) };
        match next(call, policy, facts) {
            Next::LookUp(ask) => {
                let found = block_on(crm.look_up(&session, &ask))?;
                facts.learn_found(found, policy);
            }
            Next::Do(orders) => {
                let steps = &orders.steps[..crm.bundle(&orders.steps)];
                facts.begin(&orders, steps, session.now);
                let answer = block_on(crm.perform(&session, steps))?;
                facts.learn_results(&orders, steps, &answer.results, session.now);
            }
            Next::Wait(_) => return Ok(None),
            Next::Done(verdict) => return Ok(Some(verdict.end)),
        }
    }
    panic!("the call does not come to an end");
}

const NOW: &str = "2026-01-15T10:00:00Z";

fn facts() -> Facts {
    Facts::new(at("2026-01-15T09:59:00Z"))
}

fn routes_of<const N: usize>(
    settings: &[(&str, &str)],
    call: &Call,
    missed: MissedTask,
    answers: [(u16, &str); N],
) -> Vec<String> {
    let crm = learned(settings);
    let policy = Policy { missed_task: missed, ..policy(&*crm) };
    let net = Scripted::new(answers);
    let end = drive(&*crm, call, &policy, &mut facts(), NOW, &net);
    assert_eq!(end, Ok(Some(End::Written)));
    routes(&net)
}

#[test]
fn a_new_caller_costs_three_requests() {
    let call = call(Direction::Incoming, Outcome::Answered);
    let asked = routes_of(&[], &call, MissedTask::default(), [NOBODY, MADE, COMMENTED]);
    assert_eq!(asked, [SEARCH, CREATE, COMMENT]);
}

#[test]
fn a_deal_costs_itself_and_its_comment() {
    let call = call(Direction::Incoming, Outcome::Answered);
    let deal = (200, r#"{"data":{"id":31}}"#);
    let asked = routes_of(&DEALS, &call, MissedTask::default(), [NOBODY, MADE, deal, COMMENTED, COMMENTED]);
    assert_eq!(asked, [SEARCH, CREATE, "POST /deals", COMMENT, "POST /deals/31/comments"]);
}

#[test]
fn sp_02_a_known_client_costs_two_requests_and_no_new_contact() {
    let call = call(Direction::Incoming, Outcome::Answered);
    let known = page(&[person(5)]);
    let asked = routes_of(&[], &call, MissedTask::default(), [(200, &known), COMMENTED]);
    assert_eq!(asked, [SEARCH, COMMENT]);
}

#[test]
fn sp_01_the_contact_is_made_while_it_rings_and_the_comment_follows_at_the_end() {
    let mut ringing = call(Direction::Incoming, Outcome::Answered);
    (ringing.phase, ringing.outcome, ringing.ended_at) = (Phase::Ringing, None, None);
    ringing.legs.clear();
    let (crm, mut facts) = (learned(&[]), facts());
    let policy = policy(&*crm);
    let net = Scripted::new([NOBODY, MADE]);
    assert_eq!(drive(&*crm, &ringing, &policy, &mut facts, "2026-01-15T09:59:00Z", &net), Ok(None));
    assert_eq!(routes(&net), [SEARCH, CREATE]);
    let net = Scripted::new([COMMENTED]);
    let ended = call(Direction::Incoming, Outcome::Answered);
    assert_eq!(drive(&*crm, &ended, &policy, &mut facts, NOW, &net), Ok(Some(End::Written)));
    assert_eq!(routes(&net), [COMMENT]);
}

#[test]
fn sp_05_outgoing_calls_are_logged_and_make_the_contact() {
    for outcome in [Outcome::Answered, Outcome::NoAnswer] {
        let call = call(Direction::Outgoing, outcome);
        let asked = routes_of(&[], &call, tasks_on(), [NOBODY, MADE, COMMENTED]);
        assert_eq!(asked, [SEARCH, CREATE, COMMENT]);
    }
}

#[test]
fn sp_10_a_missed_call_costs_one_task_more_with_the_projects_values() {
    let crm = learned(&[]);
    let policy = Policy { missed_task: tasks_on(), ..policy(&*crm) };
    let net = Scripted::new([NOBODY, MADE, TASK, COMMENTED]);
    let call = call(Direction::Incoming, Outcome::NoAnswer);
    assert_eq!(drive(&*crm, &call, &policy, &mut facts(), NOW, &net), Ok(Some(End::Written)));
    let sent = net.sent();
    let task = body(sent.iter().find(|sent| sent.name == "sendpulse.tasks.create").unwrap());
    assert_eq!((&task["boardId"], &task["stepId"], &task["responsibleId"]), (&3.into(), &4.into(), &17.into()));
    assert_eq!((&task["name"], &task["finishAt"]), (&"Call back".into(), &"2026-01-15 12:59".into()));
    assert_eq!(task["connections"]["contactIds"], serde_json::json!([5]));
}

#[test]
fn sp_11_without_a_board_or_a_name_a_missed_call_makes_no_task() {
    let call = call(Direction::Incoming, Outcome::NoAnswer);
    let without =
        [MissedTask::default(), MissedTask { board: None, ..tasks_on() }, MissedTask { name: None, ..tasks_on() }];
    for missed in without {
        let asked = routes_of(&[], &call, missed, [NOBODY, MADE, COMMENTED]);
        assert_eq!(asked, [SEARCH, CREATE, COMMENT]);
    }
}

#[test]
fn sp_12_data_of_a_visit_of_a_known_client_cost_one_request() {
    let mut call = call(Direction::Incoming, Outcome::Answered);
    call.utm.source = Some("google".to_owned());
    let known = page(&[person(5)]);
    let chosen = [("contact_fields", "utm_source = UTM source")];
    let asked = routes_of(&chosen, &call, MissedTask::default(), [(200, &known), (201, "{}"), COMMENTED]);
    assert_eq!(asked, [SEARCH, "POST /contacts/5/attributes/batch", COMMENT]);
    assert_eq!(routes_of(&[], &call, MissedTask::default(), [(200, &known), COMMENTED]), [SEARCH, COMMENT]);
}

#[test]
fn a_contact_whose_answer_was_lost_is_not_made_twice() {
    let call = call(Direction::Incoming, Outcome::Answered);
    let (crm, mut facts) = (learned(&[]), facts());
    let policy = policy(&*crm);
    let lost = Scripted::new([NOBODY, (502, "")]);
    let trouble = drive(&*crm, &call, &policy, &mut facts, NOW, &lost);
    assert!(matches!(trouble, Err(Trouble::Uncertain(_))));
    let known = page(&[person(5)]);
    let again = Scripted::new([(200, &known), COMMENTED]);
    let end = drive(&*crm, &call, &policy, &mut facts, "2026-01-15T10:01:00Z", &again);
    assert_eq!((end, routes(&again)), (Ok(Some(End::Written)), vec![SEARCH.to_owned(), COMMENT.to_owned()]));
}

#[test]
fn a_comment_whose_answer_was_lost_is_found_by_its_mark() {
    let call = call(Direction::Incoming, Outcome::Answered);
    let (crm, mut facts) = (learned(&[]), facts());
    let policy = policy(&*crm);
    let known = page(&[person(5)]);
    let lost = Scripted::new([(200, known.as_str()), (502, "")]);
    let trouble = drive(&*crm, &call, &policy, &mut facts, NOW, &lost);
    assert!(matches!(trouble, Err(Trouble::Uncertain(_))));
    let message = body(&lost.sent()[1])["message"].clone();
    let commented = super::with(person(5), "comments", serde_json::json!([{"id": 44, "text": message}]));
    let again = Scripted::new([(200, &page(&[commented]))]);
    let end = drive(&*crm, &call, &policy, &mut facts, "2026-01-15T10:01:00Z", &again);
    assert_eq!((end, routes(&again)), (Ok(Some(End::Written)), vec![SEARCH.to_owned()]));
}
