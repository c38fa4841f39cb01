//! The default scenario, situation by situation.

use tieline_engine::{
    call::{Direction, Source},
    record::Kind,
    scenario::{By, ClientIs, Moment, Situation, TaskAbout, Then, Treat, Who},
};

use super::dialect;

const DEALS: [(&str, &str); 3] = [("create", "contact,deal"), ("pipeline_id", "5"), ("step_id", "6")];

fn situation(direction: Direction, answered: bool, client: ClientIs) -> Situation {
    let by = if answered { By::Owner } else { By::Nobody };
    Situation { source: Source::Call, direction, answered, client, by, open_deal: false }
}

fn then(settings: &[(&str, &str)], situation: &Situation) -> Then {
    dialect(settings).default_scenario().row(situation).expect("a row fits").then.clone()
}

fn every(direction: Direction) -> Vec<Situation> {
    let all = [(true, ClientIs::New), (true, ClientIs::Known), (false, ClientIs::New), (false, ClientIs::Known)];
    all.map(|(answered, client)| situation(direction, answered, client)).to_vec()
}

#[test]
fn sp_01_an_incoming_call_makes_the_contact_while_it_rings() {
    for call in every(Direction::Incoming) {
        let then = then(&[], &call);
        assert_eq!((then.contact, then.deal, then.moment), (Treat::CreateAndUpdate, Treat::Nothing, Moment::Ringing));
    }
}

#[test]
fn sp_04_every_call_is_a_comment_on_the_contact_and_on_the_deal_where_there_are_deals() {
    for call in every(Direction::Incoming).into_iter().chain(every(Direction::Outgoing)) {
        assert_eq!(then(&[], &call).notes, [Kind::Contact]);
        let with_deals = then(&DEALS, &call);
        assert_eq!((with_deals.notes, with_deals.deal), (vec![Kind::Contact, Kind::Deal], Treat::Create));
    }
}

#[test]
fn sp_05_an_outgoing_call_is_logged_and_a_new_number_becomes_a_contact() {
    for call in every(Direction::Outgoing) {
        let then = then(&[], &call);
        assert_eq!((then.contact, then.moment), (Treat::CreateAndUpdate, Moment::Ended));
        assert!(then.tasks.is_empty());
    }
}

#[test]
fn sp_10_only_a_missed_call_makes_a_task() {
    for call in every(Direction::Incoming) {
        let tasks = then(&[], &call).tasks;
        let about: Vec<_> = tasks.iter().map(|task| (task.about, task.due_minutes)).collect();
        let expected = if call.answered { vec![] } else { vec![(TaskAbout::MissedCall, Some(240))] };
        assert_eq!(about, expected);
        assert!(tasks.iter().all(|task| task.to == [Who::Owner, Who::Senior]));
    }
}

#[test]
fn a_messenger_request_makes_the_contact_and_a_comment() {
    let request = Situation { source: Source::Messenger, ..situation(Direction::Incoming, true, ClientIs::New) };
    let then = then(&[], &request);
    assert_eq!((then.contact, then.notes, then.tasks.len()), (Treat::CreateAndUpdate, vec![Kind::Contact], 0));
}

#[test]
fn g_07_a_callback_is_treated_as_an_incoming_call() {
    let call = situation(Direction::Incoming, false, ClientIs::New);
    let callback = Situation { source: Source::Callback, ..call };
    assert_eq!(then(&[], &callback), then(&[], &call));
}

#[test]
fn rows_have_names_of_their_own() {
    let rows = dialect(&DEALS).default_scenario().rows;
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}
