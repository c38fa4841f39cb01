//! Whole calls through the engine with the default scenario: how many requests each costs (retailcrm.md 1.10).

use futures::executor::block_on;
use tieline_crm::{Dialect, Session, Trouble, transport::SendError};
use tieline_engine::{
    agents::{Agent, Agents},
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    facts::Facts,
    ids::{CallId, ProjectId, UserId},
    jiff::ToSpan as _,
    next::{End, Next, next},
    phone::{NumberPlan, Phone, Region},
    policy::Policy,
};

use super::{KYIV, at, dialect, session};
use crate::scripted::Scripted;

const NOW: &str = "2026-01-15T10:00:00Z";
const NOBODY: (u16, &str) = (200, r#"{"success":true,"customers":[]}"#);
const PERSON: (u16, &str) = (
    200,
    r#"{"success":true,"customers":[{"id":5,"managerId":17,"phones":[{"number":"0671234567"}],"customFields":[]}]}"#,
);
const OPEN: (u16, &str) =
    (200, r#"{"success":true,"orders":[{"id":9,"status":"new","customer":{"id":5},"managerId":17}]}"#);
const NO_ORDERS: (u16, &str) = (200, r#"{"success":true,"orders":[]}"#);
const STATUSES: (u16, &str) = (200, r#"{"success":true,"statuses":{"new":{"code":"new","group":"new"}}}"#);
const GROUPS: (u16, &str) = (200, r#"{"success":true,"statusGroups":{}}"#);
const SETTINGS: (u16, &str) = (200, r#"{"success":true,"settings":{}}"#);
const MADE: (u16, &str) = (201, r#"{"success":true,"id":5}"#);
const LOGGED: (u16, &str) = (200, r#"{"success":true,"processedCallsCount":1}"#);

/// A dialect that knows its statuses.
fn crm(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    let net = Scripted::new([STATUSES, GROUPS, SETTINGS]);
    block_on(dialect(settings).learn(&session(&net))).unwrap()
}

fn policy(crm: &dyn Dialect) -> Policy {
    let agent = |id: &str, user: &str| Agent {
        id: id.to_owned(),
        sips: vec![id.to_owned()],
        crm_user: Some(UserId::new(user)),
        ..Agent::default()
    };
    let plan = NumberPlan::new(Region::parse("UA").unwrap());
    let mut policy = Policy::new(plan, KYIV.clone(), crm.abilities().clone(), crm.default_scenario());
    let agents = vec![agent("iryna", "17"), agent("taras", "18")];
    policy.agents = Agents::new(agents, None, Some(UserId::new("1")));
    policy
}

fn call(direction: Direction, outcome: Outcome, agent: Option<&str>) -> Call {
    let mut call = Call::new(ProjectId::new("p1"), CallId::new("call-1"), direction);
    call.client.phone = Some(Phone::new("380671234567"));
    call.phase = Phase::Ended;
    call.outcome = Some(outcome);
    call.started_at = Some(at("2026-01-15T09:58:00Z"));
    call.ended_at = Some(at("2026-01-15T09:59:00Z"));
    call.legs.extend(agent.map(|sip| Leg {
        agent: AgentRef { sip: Some(sip.to_owned()), ..AgentRef::default() },
        answered: outcome.is_answered(),
        ..Leg::default()
    }));
    call
}

/// Drives a call to its end and gives the names of the requests.
fn drive(crm: &dyn Dialect, call: &Call, net: &Scripted) -> (End, Vec<&'static str>) {
    let mut facts = Facts::new(at("2026-01-15T09:59:00Z"));
    let end = drive_on(crm, call, net, NOW, &mut facts).unwrap();
    (end, names(net))
}

fn names(net: &Scripted) -> Vec<&'static str> {
    let name = |name: &'static str| name.strip_prefix("retailcrm.").unwrap();
    net.sent().iter().map(|sent| name(sent.name)).collect()
}

/// Drives a call until it ends or the transport fails; every turn takes a second.
fn drive_on(crm: &dyn Dialect, call: &Call, net: &Scripted, from: &str, facts: &mut Facts) -> Result<End, Trouble> {
    let policy = policy(crm);
    for turn in 0..20 {
        facts.now = at(from) + turn.seconds();
        let session = Session { now: facts.now, ..session(net) };
        match next(call, &policy, facts) {
            Next::LookUp(ask) => {
                let found = block_on(crm.look_up(&session, &ask))?;
                facts.learn_found(found, &policy);
            }
            Next::Do(orders) => {
                let steps = &orders.steps[..crm.bundle(&orders.steps)];
                facts.begin(&orders, steps, session.now);
                let answer = block_on(crm.perform(&session, steps))?;
                facts.learn_results(&orders, steps, &answer.results, session.now);
            }
            Next::Wait(wait) => panic!("{wait:?}"),
            Next::Done(verdict) => return Ok(verdict.end),
        }
    }
    panic!("the call does not come to an end");
}

fn names_of<const N: usize>(call: &Call, answers: [(u16, &str); N]) -> Vec<&'static str> {
    let (end, names) = drive(&*crm(&[]), call, &Scripted::new(answers));
    assert_eq!(end, End::Written);
    names
}

const SEARCH: &str = "customers.list";

#[test]
fn a_new_caller_who_was_answered_costs_the_pages_four_requests_and_the_second_form() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    let names = names_of(&call, [NOBODY, NOBODY, MADE, MADE, LOGGED]);
    assert_eq!(names, [SEARCH, SEARCH, "customers.create", "orders.create", "telephony.calls.upload"]);
    let frugal = crm(&[("search_forms", "1")]);
    assert_eq!(drive(&*frugal, &call, &Scripted::new([NOBODY, MADE, MADE, LOGGED])).1.len(), 4);
}

#[test]
fn rc_15_a_google_client_id_costs_one_request_more() {
    let mut call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    call.client.google_client_id = Some("1.2".to_owned());
    let visit = (201, r#"{"success":true}"#);
    let names = names_of(&call, [NOBODY, NOBODY, MADE, MADE, LOGGED, visit]);
    assert_eq!(names.len(), 6);
    assert_eq!(names[5], "client_ids.upload");
}

#[test]
fn a_known_client_with_an_open_order_costs_three_requests() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    let names = names_of(&call, [PERSON, OPEN, LOGGED]);
    assert_eq!(names, [SEARCH, "orders.list", "telephony.calls.upload"]);
}

#[test]
fn a_known_client_without_an_open_order_costs_four() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    let names = names_of(&call, [PERSON, NO_ORDERS, MADE, LOGGED]);
    assert_eq!(names, [SEARCH, "orders.list", "orders.create", "telephony.calls.upload"]);
}

#[test]
fn rc_19_a_missed_call_costs_one_task_more() {
    let call = call(Direction::Incoming, Outcome::NoAnswer, None);
    let names = names_of(&call, [NOBODY, NOBODY, MADE, MADE, LOGGED, MADE]);
    assert_eq!((names.len(), names[5]), (6, "tasks.create"));
    let names = names_of(&call, [PERSON, OPEN, LOGGED, MADE]);
    assert_eq!(names, [SEARCH, "orders.list", "telephony.calls.upload", "tasks.create"]);
}

#[test]
fn rc_19_a_colleagues_answer_costs_one_task_more() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("taras"));
    let names = names_of(&call, [PERSON, OPEN, LOGGED, MADE]);
    assert_eq!(names[3], "tasks.create");
}

#[test]
fn rc_12_no_order_made_and_none_earlier_means_no_task() {
    let call = call(Direction::Incoming, Outcome::NoAnswer, None);
    let net = Scripted::new([NOBODY, NOBODY, MADE, LOGGED]);
    let (end, names) = drive(&*crm(&[("create", "customer")]), &call, &net);
    assert_eq!((end, names.contains(&"tasks.create")), (End::Written, false));
}

#[test]
fn rc_13_an_order_that_exists_gets_the_task_though_none_is_made() {
    let call = call(Direction::Incoming, Outcome::NoAnswer, None);
    let net = Scripted::new([PERSON, OPEN, LOGGED, MADE]);
    let (_, names) = drive(&*crm(&[("create", "customer")]), &call, &net);
    assert_eq!(names, [SEARCH, "orders.list", "telephony.calls.upload", "tasks.create"]);
    assert!(net.sent()[3].body.contains("%22order%22%3A%7B%22id%22%3A9%7D"));
}

#[test]
fn rc_19_without_the_call_list_a_talk_is_a_done_task() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    let net = Scripted::new([PERSON, OPEN, MADE]);
    let (end, names) = drive(&*crm(&[("call_log", "off")]), &call, &net);
    assert_eq!((end, names), (End::Written, vec![SEARCH, "orders.list", "tasks.create"]));
}

#[test]
fn an_outgoing_call_to_a_known_client_is_logged() {
    let call = call(Direction::Outgoing, Outcome::Answered, Some("iryna"));
    assert_eq!(names_of(&call, [PERSON, NO_ORDERS, LOGGED])[2], "telephony.calls.upload");
}

#[test]
fn a_creation_whose_answer_was_lost_is_found_by_its_mark_and_not_repeated() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    let crm = crm(&[]);
    let mut facts = Facts::new(at("2026-01-15T09:59:00Z"));
    let lost = Scripted::new([NOBODY, NOBODY, (502, "")]);
    let trouble = drive_on(&*crm, &call, &lost, NOW, &mut facts);
    assert!(matches!(trouble, Err(Trouble::Uncertain(_))));
    let customer = (200, r#"{"success":true,"customer":{"id":5}}"#);
    let again = Scripted::new([customer, PERSON, NO_ORDERS, MADE, LOGGED]);
    assert_eq!(drive_on(&*crm, &call, &again, "2026-01-15T10:00:05Z", &mut facts), Ok(End::Written));
    let expected = ["customers.get", SEARCH, "orders.list", "orders.create", "telephony.calls.upload"];
    assert_eq!(names(&again), expected);
}

#[test]
fn a_look_up_that_does_not_come_through_changes_nothing() {
    let call = call(Direction::Incoming, Outcome::Answered, Some("iryna"));
    let mut facts = Facts::new(at("2026-01-15T09:59:00Z"));
    let net = Scripted::failing(SendError::NoAnswer("timed out".to_owned()));
    let trouble = drive_on(&*crm(&[]), &call, &net, NOW, &mut facts);
    assert!(matches!(trouble, Err(Trouble::Unavailable(_))));
    assert!(facts.steps.is_empty());
}
