//! The default scenario against the rules and the matrix.

use tieline_engine::{
    call::{Direction, Source},
    scenario::{By, ClientIs, Moment, Row, Situation, TaskAbout, Treat, Who},
};

use super::support::dialect;

fn row(source: Source, direction: Direction, answered: bool, client: ClientIs, by: By) -> Row {
    let situation = Situation { source, direction, answered, client, by, open_deal: client == ClientIs::Known };
    dialect(&[]).default_scenario().row(&situation).cloned().expect("every situation has a row")
}

fn call(direction: Direction, answered: bool, client: ClientIs, by: By) -> Row {
    row(Source::Call, direction, answered, client, by)
}

fn tasks(row: &Row) -> Vec<(TaskAbout, &[Who], Option<u32>)> {
    row.then.tasks.iter().map(|task| (task.about, task.to.as_slice(), task.due_minutes)).collect()
}

#[test]
fn z_38_new_incoming_answered_makes_a_lead_at_pick_up_and_a_finished_task() {
    let row = call(Direction::Incoming, true, ClientIs::New, By::Owner);
    assert!(row.then.lead.creates());
    assert_eq!((row.then.contact, row.then.deal), (Treat::Nothing, Treat::Nothing));
    assert_eq!((row.then.moment, row.then.call_record), (Moment::PickedUp, true));
    assert_eq!(row.then.owner, [Who::Agent, Who::Senior]);
    assert_eq!(tasks(&row), [(TaskAbout::Talk, &[Who::Agent, Who::Senior][..], None)]);
}

#[test]
fn z_39_the_owners_own_talk_is_a_finished_task() {
    let row = call(Direction::Incoming, true, ClientIs::Known, By::Owner);
    assert_eq!(tasks(&row), [(TaskAbout::Talk, &[Who::Agent, Who::Owner, Who::Senior][..], None)]);
    assert!(row.then.call_record && !row.then.lead.creates());
}

#[test]
fn z_39_g_12_a_colleagues_talk_is_looked_at_by_the_owner_within_four_hours() {
    let row = call(Direction::Incoming, true, ClientIs::Known, By::Colleague);
    let expected = [(TaskAbout::Talk, &[Who::Agent][..], None), (TaskAbout::Review, &[Who::Owner][..], Some(240))];
    assert_eq!(tasks(&row), expected);
}

#[test]
fn z_40_missed_and_new_is_a_lead_and_a_task_for_the_senior_manager() {
    let row = call(Direction::Incoming, false, ClientIs::New, By::Nobody);
    assert!(row.then.lead.creates() && row.then.call_record);
    assert_eq!(row.then.owner, [Who::Senior]);
    assert_eq!(tasks(&row), [(TaskAbout::MissedCall, &[Who::Senior][..], Some(240))]);
}

#[test]
fn g_20_missed_and_known_is_a_task_for_the_owner() {
    let row = call(Direction::Incoming, false, ClientIs::Known, By::Nobody);
    assert_eq!(tasks(&row), [(TaskAbout::MissedCall, &[Who::Owner, Who::Senior][..], Some(240))]);
    assert!(!row.then.lead.creates());
}

#[test]
fn g_20_outgoing_calls_are_logged_and_make_a_lead_only_of_a_talk_with_somebody_new() {
    let then = |answered, client| call(Direction::Outgoing, answered, client, By::Owner).then;
    assert!(then(true, ClientIs::New).lead.creates() && then(true, ClientIs::New).call_record);
    assert_eq!(then(false, ClientIs::New), tieline_engine::scenario::Then::default());
    for answered in [true, false] {
        let known = then(answered, ClientIs::Known);
        assert!(known.call_record && known.tasks.is_empty());
        assert_eq!(known.lead, Treat::Nothing);
    }
}

#[test]
fn g_07_a_call_back_is_an_incoming_call() {
    let row = row(Source::Callback, Direction::Incoming, true, ClientIs::New, By::Owner);
    assert_eq!(row.name, "incoming_answered_new");
}

#[test]
fn z_34_z_35_g_12_a_messenger_request_is_a_lead_and_a_task_for_the_owner_or_the_sender() {
    for (client, creates) in [(ClientIs::New, true), (ClientIs::Known, false)] {
        let row = row(Source::Messenger, Direction::Incoming, true, client, By::Owner);
        assert_eq!(row.then.lead.creates(), creates);
        let to = &[Who::Owner, Who::Agent, Who::Senior][..];
        assert_eq!(tasks(&row), [(TaskAbout::Messenger, to, Some(240))]);
        assert!(!row.then.call_record);
    }
}

#[test]
fn every_row_has_a_name_of_its_own() {
    let rows = dialect(&[]).default_scenario().rows;
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}
