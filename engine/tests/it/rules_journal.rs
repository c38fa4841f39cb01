//! One record for every call: SM-01, SM-06, SM-07, SM-09, SM-12; and what hangs on the client: RO-04.

use serde_json::json;
use tieline_engine::{
    call::Direction,
    ids::UserId,
    next::End,
    record::{Abilities, Kind},
    step::Ref,
};

use super::{
    desk::Desk,
    office::{self, CLIENT, OLENA, TestCall, incoming, outgoing},
};

/// Contact and call record only; contacts of new clients stay without a name.
fn desk() -> Desk {
    let rows = json!([
        { "name": "incoming", "when": { "direction": "incoming" },
          "then": { "contact": "create", "call_record": true, "moment": "ringing" } },
        { "name": "outgoing", "then": { "contact": "create", "call_record": true } },
    ]);
    let mut desk = Desk::new(office::policy(office::scenario(rows)));
    desk.policy.abilities = Abilities {
        amends_call_record: true,
        leaves_contacts_unnamed: true,
        search_lag_seconds: 2,
        ..Abilities::new([Kind::Contact, Kind::CallRecord])
    };
    desk
}

fn calls() -> [TestCall; 4] {
    let talk = |call: TestCall| call.answered_by(OLENA);
    let failed = |call: TestCall| call.with(|call| call.legs = vec![office::leg(OLENA, false)]).missed();
    [talk(incoming("a")), failed(incoming("a")), talk(outgoing("a")), failed(outgoing("a"))]
}

#[test]
fn sm_01_sm_06_sm_07_sm_12_each_of_the_eight_cases_is_one_record_on_one_contact() {
    for call in calls() {
        for known in [true, false] {
            let mut desk = desk();
            desk.bundle = 1;
            let before = known.then(|| desk.crm.seed(Kind::Contact, CLIENT, Some("u2")));
            let direction = call.0.direction;
            assert_eq!(desk.deliver(call.clone().done()), End::Written, "{direction:?}, known: {known}");
            let contact = desk.crm.only(Kind::Contact).record.clone();
            assert!(before.is_none_or(|before| before == contact.id), "a known contact is used again");
            assert!(known || contact.name.is_none(), "a new one has no name");
            let [entry] = desk.crm.entries()[..] else { panic!("one record: {direction:?}, known: {known}") };
            assert_eq!((entry.contact.clone(), entry.direction), (Some(Ref::Known(contact.id)), direction));
            if call.0.is_answered() {
                assert_eq!(entry.agent, Some(UserId::from("u1")), "whoever talked is the other side");
            }
        }
    }
}

#[test]
fn sm_09_an_outgoing_call_makes_contact_and_record_only_after_it() {
    let mut desk = desk();
    desk.report(outgoing("a").picked_up_by(OLENA).done());
    assert!(desk.crm.done.is_empty(), "nothing is made while it goes on");
    desk.deliver(outgoing("a").answered_by(OLENA).done());
    let [entry] = desk.crm.entries()[..] else { panic!("one record") };
    assert_eq!(entry.direction, Direction::Outgoing);
    desk.crm.only(Kind::Contact);
}

#[test]
fn ro_04_lead_and_order_of_a_new_client_hang_on_the_contact_made_with_them() {
    let row = json!({ "name": "all", "then": { "contact": "create", "lead": "create", "deal": "create" } });
    for bundle in [1, 2, usize::MAX] {
        let mut desk = Desk::new(office::policy(office::scenario(json!([row]))));
        desk.bundle = bundle;
        desk.deliver(incoming("a").missed().done());
        let contact = Some(desk.crm.only(Kind::Contact).record.id.clone());
        let hang_on = [Kind::Lead, Kind::Deal].map(|kind| desk.crm.only(kind).record.contact.clone());
        assert_eq!(hang_on, [contact.clone(), contact], "{bundle} steps to a request");
    }
}
