//! The default scenario, situation by situation.

use tieline_engine::{
    call::{Direction, Source},
    scenario::{By, ClientIs, Situation, TaskAbout, TaskPlan, Then, Treat, Who},
};

use super::dialect;

fn situation(direction: Direction, answered: bool, client: ClientIs) -> Situation {
    let by = if answered { By::Owner } else { By::Nobody };
    Situation { source: Source::Call, direction, answered, client, by, open_deal: false }
}

fn then(settings: &[(&str, &str)], situation: Situation) -> Then {
    let scenario = dialect(settings).default_scenario();
    scenario.row(&situation).expect("a row fits").then.clone()
}

fn made(then: &Then) -> (Treat, Treat) {
    (then.contact, then.deal)
}

const BOTH: (Treat, Treat) = (Treat::Create, Treat::Create);
const NOTHING: (Treat, Treat) = (Treat::Nothing, Treat::Nothing);

fn task(about: TaskAbout, to: &[Who], due_minutes: Option<u32>) -> TaskPlan {
    TaskPlan { about, to: to.to_vec(), due_minutes }
}

#[test]
fn rc_18_an_incoming_call_makes_client_and_order_as_configured() {
    let call = situation(Direction::Incoming, true, ClientIs::New);
    assert_eq!(made(&then(&[], call)), BOTH);
    assert_eq!(made(&then(&[("create", "customer")], call)), (Treat::Create, Treat::Nothing));
    assert_eq!(made(&then(&[("create", "order")], call)), (Treat::Nothing, Treat::Create));
    assert!(then(&[], call).call_record);
    assert!(then(&[], call).tasks.is_empty());
}

#[test]
fn rc_16_whoever_answered_owns_what_is_made_unless_the_client_has_an_owner() {
    let call = situation(Direction::Incoming, true, ClientIs::New);
    assert_eq!(then(&[], call).owner, [Who::Owner, Who::Agent, Who::Senior]);
}

#[test]
fn rc_19_a_missed_call_is_a_task_for_the_responsible_on_the_new_or_running_order() {
    for client in [ClientIs::New, ClientIs::Known] {
        let then = then(&[], situation(Direction::Incoming, false, client));
        assert_eq!(made(&then), BOTH);
        assert_eq!(then.tasks, [task(TaskAbout::MissedCall, &[Who::Owner, Who::Senior], Some(240))]);
        assert!(then.call_record);
    }
}

#[test]
fn rc_19_a_colleagues_answer_is_a_task_for_the_responsible() {
    let call = Situation { by: By::Colleague, ..situation(Direction::Incoming, true, ClientIs::Known) };
    assert_eq!(then(&[], call).tasks, [task(TaskAbout::Review, &[Who::Owner], Some(240))]);
}

#[test]
fn rc_19_talks_are_in_the_call_list_or_else_done_tasks() {
    let talk = task(TaskAbout::Talk, &[Who::Agent], None);
    let off = [("call_log", "off")];
    for direction in [Direction::Incoming, Direction::Outgoing] {
        let call = situation(direction, true, ClientIs::Known);
        assert!(then(&[], call).call_record && then(&[], call).tasks.is_empty());
        assert!(!then(&off, call).call_record);
        assert_eq!(then(&off, call).tasks, std::slice::from_ref(&talk));
    }
    let colleague = Situation { by: By::Colleague, ..situation(Direction::Incoming, true, ClientIs::Known) };
    assert_eq!(then(&off, colleague).tasks, [talk, task(TaskAbout::Review, &[Who::Owner], Some(240))]);
    assert!(then(&off, situation(Direction::Outgoing, false, ClientIs::Known)).tasks.is_empty());
}

#[test]
fn an_outgoing_call_is_logged_and_makes_nothing() {
    for answered in [true, false] {
        for client in [ClientIs::New, ClientIs::Known] {
            let then = then(&[], situation(Direction::Outgoing, answered, client));
            assert_eq!((made(&then), then.call_record, then.tasks.is_empty()), (NOTHING, true, true));
        }
    }
}

#[test]
fn g_07_a_callback_is_treated_as_an_incoming_call() {
    let call = situation(Direction::Incoming, false, ClientIs::New);
    assert_eq!(then(&[], Situation { source: Source::Callback, ..call }), then(&[], call));
}

#[test]
fn a_messenger_request_makes_client_order_and_a_task_for_its_sender_and_is_no_call() {
    let request = Situation { source: Source::Messenger, ..situation(Direction::Incoming, true, ClientIs::New) };
    let then = then(&[], request);
    assert_eq!((made(&then), then.call_record), (BOTH, false));
    let tasks: Vec<_> = then.tasks.iter().map(|task| (task.about, task.to.first().copied())).collect();
    assert_eq!(tasks, [(TaskAbout::Messenger, Some(Who::Agent))]);
}

#[test]
fn rows_have_names_of_their_own() {
    let rows = dialect(&[]).default_scenario().rows;
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}
