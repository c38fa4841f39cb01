//! Tasks and the moment of making: Z-38 … Z-40, RC-11 … RC-13, RC-18, RC-19, with their scenarios as data.

use serde_json::json;
use tieline_engine::{
    ids::{RecordId, UserId},
    jiff::SignedDuration,
    next::End,
    reason::ReasonCode,
    record::Kind,
    scenario::TaskAbout,
    step::{Ref, Task},
};

use super::{
    desk::Desk,
    office::{self, BOHDAN, CLIENT, OLENA, incoming, outgoing},
};

/// Zoho's default: a lead at pick-up, owned by who answered.
fn zoho() -> Desk {
    let open = |about: &str, to: &str| json!({ "about": about, "to": [to], "due_minutes": 240 });
    let talk = json!({ "about": "talk", "to": ["agent"] });
    Desk::new(office::policy(office::scenario(json!([
        { "name": "colleague", "when": { "answered": true, "client": "known", "by": "colleague" },
          "then": { "lead": "create_and_update", "call_record": true, "tasks": [talk, open("review", "owner")] } },
        { "name": "answered", "when": { "answered": true },
          "then": { "lead": "create_and_update", "call_record": true, "tasks": [talk], "owner": ["agent", "senior"],
                    "moment": "picked_up" } },
        { "name": "missed", "when": { "answered": false },
          "then": { "lead": "create_and_update", "call_record": true, "tasks": [open("missed_call", "senior")], "owner": ["senior"] } },
    ]))))
}

/// RetailCRM: orders; a task always hangs on one.
fn retail(contact: &str, order: &str) -> Desk {
    let rows = json!([
        { "name": "missed", "when": { "answered": false }, "then": { "contact": contact, "deal": order, "call_record": true,
          "tasks": [{ "about": "missed_call", "to": ["owner"], "due_minutes": 60 }] } },
        { "name": "colleague", "when": { "answered": true, "by": "colleague" }, "then": { "contact": contact, "deal": order,
          "call_record": true, "tasks": [{ "about": "review", "to": ["owner"], "due_minutes": 60 }] } },
        { "name": "answered", "when": { "answered": true }, "then": { "contact": contact, "deal": order, "call_record": true,
          "tasks": [{ "about": "talk", "to": ["agent"] }] } },
    ]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    desk.policy.abilities.task_needs = Some(Kind::Deal);
    desk
}

fn with_order(mut desk: Desk, open: bool) -> (Desk, RecordId) {
    let contact = desk.crm.seed(Kind::Contact, CLIENT, Some("u1"));
    let order = desk.crm.seed(Kind::Deal, "", Some("u1"));
    desk.crm.edit(&order, |record| (record.contact, record.open) = (Some(contact), open));
    (desk, order)
}

fn told(task: &Task) -> (TaskAbout, Option<&str>, bool) {
    (task.about, task.owner.as_ref().map(UserId::as_str), task.done)
}

#[test]
fn z_38_a_new_clients_answered_call_makes_a_lead_at_pick_up_and_a_done_task() {
    let mut desk = zoho();
    assert_eq!(desk.report(incoming("a").utm("google").done()).waits_for(), ReasonCode::NotFinal);
    assert!(desk.crm.done.is_empty(), "nothing while it rings");
    desk.wait(10);
    assert_eq!(desk.report(incoming("a").picked_up_by(OLENA).done()).waits_for(), ReasonCode::NotFinal);
    let lead = desk.crm.only(Kind::Lead).clone();
    assert_eq!(lead.record.owner, Some(UserId::from("u1")));
    assert_eq!(lead.fields.marks.get("utm_source").map(String::as_str), Some("google"));
    assert!(desk.crm.tasks().is_empty() && desk.crm.entries().is_empty());
    desk.wait(80);
    let ended = incoming("a").answered_by(OLENA).recorded("https://records.example/1");
    assert_eq!(desk.report(ended.done()).end(), End::Written);
    let [task] = desk.crm.tasks()[..] else { panic!("one task") };
    assert_eq!(told(task), (TaskAbout::Talk, Some("u1"), true));
    assert_eq!(task.lead, Some(Ref::Known(lead.record.id)));
    assert!(format!("{:?}", task.parts).contains("Recording"));
    assert_eq!(desk.crm.entries().len(), 1);
}

#[test]
fn z_38_our_own_lead_does_not_make_the_client_a_known_one() {
    let mut desk = zoho();
    desk.report(incoming("a").picked_up_by(OLENA).done());
    desk.wait(3_600);
    desk.report(incoming("a").answered_by(BOHDAN).done());
    desk.crm.only(Kind::Lead);
    assert!(desk.ordered.iter().all(|orders| orders.situation.client == tieline_engine::scenario::ClientIs::New));
}

#[test]
fn z_39_by_the_owner_a_done_task_by_another_also_an_open_one_four_hours_later() {
    let mut by_owner = zoho();
    by_owner.crm.seed(Kind::Lead, CLIENT, Some("u1"));
    by_owner.deliver(incoming("a").answered_by(OLENA).done());
    let tasks: Vec<_> = by_owner.crm.tasks().into_iter().map(told).collect();
    assert_eq!(tasks, [(TaskAbout::Talk, Some("u1"), true)]);

    let mut by_another = zoho();
    by_another.crm.seed(Kind::Lead, CLIENT, Some("u1"));
    let call = incoming("a").answered_by(BOHDAN).done();
    by_another.now = call.ended_at.expect("an end");
    by_another.deliver(call.clone());
    let tasks: Vec<_> = by_another.crm.tasks().into_iter().map(told).collect();
    assert_eq!(tasks, [(TaskAbout::Talk, Some("u2"), true), (TaskAbout::Review, Some("u1"), false)]);
    let due = by_another.crm.tasks()[1].due_at;
    assert_eq!(due, call.ended_at.map(|at| at + SignedDuration::from_hours(4)));
    by_another.crm.only(Kind::Lead);
}

#[test]
fn z_40_a_new_clients_missed_call_makes_a_lead_and_a_task_for_the_top_manager() {
    let mut desk = zoho();
    desk.deliver(incoming("a").missed().done());
    assert_eq!(desk.crm.only(Kind::Lead).record.owner, Some(UserId::from("u9")));
    let [task] = desk.crm.tasks()[..] else { panic!("one task") };
    assert_eq!(told(task), (TaskAbout::MissedCall, Some("u9"), false));
}

#[test]
fn rc_11_a_task_carries_the_order() {
    let mut desk = retail("create", "create");
    desk.deliver(incoming("a").missed().done());
    let order = desk.crm.only(Kind::Deal).record.id.clone();
    assert_eq!(desk.crm.tasks()[0].deal, Some(Ref::Made(tieline_engine::step::StepKey::create(Kind::Deal))));
    assert_eq!(desk.facts("a").made(&tieline_engine::step::StepKey::create(Kind::Deal)), Some(&order));
}

#[test]
fn rc_12_without_any_order_there_is_no_task_and_the_reason_says_so() {
    let mut desk = retail("create", "nothing");
    assert_eq!(desk.deliver(incoming("a").missed().done()), End::Written);
    desk.crm.only(Kind::Contact);
    assert!(desk.crm.tasks().is_empty());
    assert!(desk.ordered[0].reasons.iter().any(|reason| reason.code == ReasonCode::NoTaskWithoutRecord));
}

#[test]
fn rc_13_an_earlier_order_carries_the_task_even_a_closed_one() {
    for open in [true, false] {
        let (mut desk, order) = with_order(retail("create", "nothing"), open);
        desk.deliver(incoming("a").missed().done());
        let [task] = desk.crm.tasks()[..] else { panic!("one task") };
        assert_eq!(task.deal, Some(Ref::Known(order)), "open: {open}");
    }
}

#[test]
fn rc_18_client_order_or_both_are_made_as_configured() {
    for (contact, order, made) in
        [("create", "nothing", (1, 0)), ("nothing", "create", (0, 1)), ("create", "create", (1, 1))]
    {
        let mut desk = retail(contact, order);
        desk.deliver(incoming("a").answered_by(OLENA).done());
        assert_eq!((desk.crm.of(Kind::Contact).len(), desk.crm.of(Kind::Deal).len()), made);
    }
}

#[test]
fn rc_19_missed_is_an_open_task_for_the_responsible_success_a_closed_one() {
    let missed = |known: bool| {
        let mut desk = retail("create", "create");
        if known {
            desk = with_order(desk, true).0;
        }
        desk.deliver(incoming("a").missed().done());
        let [task] = desk.crm.tasks()[..] else { panic!("one task") };
        (task.about, task.owner.clone(), task.done)
    };
    assert_eq!(missed(true), (TaskAbout::MissedCall, Some(UserId::from("u1")), false));
    assert_eq!(
        missed(false),
        (TaskAbout::MissedCall, Some(UserId::from("u9")), false),
        "G19: nobody is responsible yet"
    );

    let colleague = |by: &str| {
        let (mut desk, _) = with_order(retail("create", "create"), true);
        desk.deliver(incoming("a").answered_by(by).done());
        desk.crm.tasks().into_iter().map(|task| (task.about, task.owner.clone(), task.done)).collect::<Vec<_>>()
    };
    assert_eq!(colleague(BOHDAN), [(TaskAbout::Review, Some(UserId::from("u1")), false)]);
    assert_eq!(colleague(OLENA), [(TaskAbout::Talk, Some(UserId::from("u1")), true)]);

    let (mut out, _) = with_order(retail("create", "create"), true);
    out.deliver(outgoing("a").answered_by(OLENA).recorded("https://records.example/1").done());
    let [task] = out.crm.tasks()[..] else { panic!("one task") };
    assert_eq!(told(task), (TaskAbout::Talk, Some("u1"), true));
    assert!(format!("{:?}", task.parts).contains("Recording"));
}

#[test]
fn a_task_named_twice_by_a_row_is_made_once() {
    let task = json!({ "about": "missed_call", "to": ["senior"], "due_minutes": 10 });
    let check = json!({ "about": "check_settings", "to": ["owner"], "due_minutes": 10 });
    let row = json!({ "name": "r", "then": { "contact": "create", "notes": ["contact", "contact"], "tasks": [task, task, check] } });
    let mut desk = Desk::new(office::policy(office::scenario(json!([row]))));
    desk.deliver(incoming("a").answered_by(office::STRANGER).done());
    assert_eq!((desk.crm.tasks().len(), desk.crm.notes().len()), (2, 1));
}
