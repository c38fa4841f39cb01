//! The default scenario, situation by situation.

use std::collections::BTreeSet;

use tieline_engine::{
    call::{Direction, Source},
    record::Kind,
    scenario::{By, ClientIs, Situation, TaskAbout, TaskPlan, Then, Treat, Who},
};

use super::{dialect, try_connect};

fn situation(direction: Direction, answered: bool, client: ClientIs) -> Situation {
    let by = if answered { By::Owner } else { By::Nobody };
    Situation { source: Source::Call, direction, answered, client, by, open_deal: false }
}

fn then(settings: &[(&str, &str)], situation: Situation) -> Then {
    dialect(settings).default_scenario().row(&situation).expect("a row fits").then.clone()
}

fn made(then: &Then) -> [Treat; 3] {
    [then.contact, then.lead, then.deal]
}

const ALL: [Treat; 3] = [Treat::Create; 3];
const NOTHING: [Treat; 3] = [Treat::Nothing; 3];
const PEOPLE: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Deal];

#[test]
fn ro_01_an_incoming_call_makes_exactly_the_set() {
    for set in 1..8_usize {
        let words = ["client", "lead", "order"];
        let chosen: Vec<&str> =
            words.into_iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, word)| word).collect();
        let list = chosen.join(" , ");
        let ids = [("create", list.as_str()), ("branch_id", "1"), ("order_type", "2"), ("lead_type", "3")];
        let scenario = try_connect(&ids, "k").unwrap().default_scenario();
        for answered in [true, false] {
            let row = scenario.row(&situation(Direction::Incoming, answered, ClientIs::New)).unwrap();
            let expected = words.map(|word| if chosen.contains(&word) { Treat::Create } else { Treat::Nothing });
            assert_eq!(made(&row.then), expected, "{list}");
        }
    }
}

#[test]
fn ro_02_ro_11_every_record_of_the_number_gets_the_call() {
    for direction in [Direction::Incoming, Direction::Outgoing] {
        for answered in [true, false] {
            let then = then(&[], situation(direction, answered, ClientIs::Known));
            assert_eq!((then.notes.as_slice(), then.call_record), (&PEOPLE[..], false));
        }
    }
}

#[test]
fn ro_06_ro_07_ro_09_ro_10_a_known_client_with_nothing_open_gets_lead_and_order_anew() {
    assert_eq!(made(&then(&[], situation(Direction::Incoming, true, ClientIs::Known))), ALL);
}

#[test]
fn ro_16_who_talked_is_responsible_else_the_senior_manager() {
    assert_eq!(then(&[], situation(Direction::Incoming, true, ClientIs::New)).owner, [Who::Agent, Who::Senior]);
    assert_eq!(then(&[], situation(Direction::Incoming, false, ClientIs::Known)).owner, [Who::Owner, Who::Senior]);
}

#[test]
fn g7_an_outgoing_call_to_a_new_number_makes_the_set_only_where_set() {
    for answered in [true, false] {
        let new = situation(Direction::Outgoing, answered, ClientIs::New);
        assert_eq!(made(&then(&[], new)), NOTHING);
        assert_eq!(made(&then(&[("create_on_outgoing", "true")], new)), ALL);
        let known = situation(Direction::Outgoing, answered, ClientIs::Known);
        assert_eq!(made(&then(&[("create_on_outgoing", "true")], known)), NOTHING);
    }
}

#[test]
fn a_missed_call_is_a_task_only_where_set() {
    let missed = situation(Direction::Incoming, false, ClientIs::New);
    assert_eq!(then(&[], missed).tasks, []);
    let to = vec![Who::Owner, Who::Senior];
    let task = TaskPlan { about: TaskAbout::MissedCall, to, due_minutes: Some(240) };
    let on = [("missed_call_task", "true")];
    assert_eq!(then(&on, missed).tasks, [task]);
    assert_eq!(then(&on, situation(Direction::Incoming, true, ClientIs::New)).tasks, []);
}

#[test]
fn g_07_a_callback_is_treated_as_an_incoming_call() {
    let call = situation(Direction::Incoming, false, ClientIs::New);
    assert_eq!(then(&[], Situation { source: Source::Callback, ..call }), then(&[], call));
}

#[test]
fn a_messenger_request_makes_the_set_for_who_owns_the_client_or_sent_it() {
    let request = Situation { source: Source::Messenger, ..situation(Direction::Incoming, true, ClientIs::New) };
    let then = then(&[], request);
    assert_eq!((made(&then), then.owner.as_slice()), (ALL, &[Who::Owner, Who::Agent, Who::Senior][..]));
}

#[test]
fn rows_have_names_of_their_own() {
    let rows = dialect(&[("create_on_outgoing", "true")]).default_scenario().rows;
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}
