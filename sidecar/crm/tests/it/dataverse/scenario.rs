//! The default scenario (rules.md 4.4).

use tieline_engine::{
    call::{Direction, Source},
    record::Kind,
    scenario::{By, ClientIs, Moment, Situation, Then, Treat},
};

use super::dialect;

fn then(direction: Direction, answered: bool, client: ClientIs) -> Then {
    let by = if answered { By::Owner } else { By::Nobody };
    let situation = Situation { source: Source::Call, direction, answered, client, by, open_deal: false };
    dialect(&[]).default_scenario().row(&situation).unwrap().then.clone()
}

/// Seed 002's eight cases.
fn cases() -> Vec<(Direction, bool, ClientIs)> {
    let clients = |direction, answered| [ClientIs::Known, ClientIs::New].map(|client| (direction, answered, client));
    let outcomes = |direction| [true, false].into_iter().flat_map(move |answered| clients(direction, answered));
    [Direction::Incoming, Direction::Outgoing].into_iter().flat_map(outcomes).collect()
}

#[test]
fn sm_01_sm_12_each_of_the_eight_cases_makes_one_call_record_and_nothing_else() {
    assert_eq!(cases().len(), 8);
    for (direction, answered, client) in cases() {
        let then = then(direction, answered, client);
        assert!(then.call_record);
        assert_eq!((then.lead, then.deal), (Treat::Nothing, Treat::Nothing));
        assert!(then.tasks.is_empty() && then.notes.is_empty());
    }
}

#[test]
fn sm_06_sm_07_a_contact_is_made_where_there_is_none_and_owned_by_nobody_in_particular() {
    for (direction, answered, client) in cases() {
        let then = then(direction, answered, client);
        assert_eq!(then.contact, Treat::Create);
        assert!(then.owner.is_empty());
    }
    assert!(dialect(&[]).abilities().leaves_contacts_unnamed);
}

#[test]
fn sm_08_sm_09_the_contact_is_made_at_the_ring_or_after_an_outgoing_call() {
    for (direction, answered, client) in cases() {
        let moment = if direction == Direction::Incoming { Moment::Ringing } else { Moment::Ended };
        assert_eq!(then(direction, answered, client).moment, moment);
    }
}

#[test]
fn sm_08_a_callback_counts_as_incoming_and_a_messenger_request_makes_nothing() {
    let situation = |source| Situation {
        source,
        direction: Direction::Incoming,
        answered: true,
        client: ClientIs::New,
        by: By::Owner,
        open_deal: false,
    };
    let scenario = dialect(&[]).default_scenario();
    assert_eq!(scenario.row(&situation(Source::Callback)).unwrap().name, "incoming");
    assert!(scenario.row(&situation(Source::Messenger)).is_none());
    assert!(!dialect(&[]).abilities().kinds.contains(&Kind::Task));
}
