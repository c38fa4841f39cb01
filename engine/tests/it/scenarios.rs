//! Any scenario, any CRM, any trouble: the call ends, and what it leaves is what it would have left without trouble.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};
use tieline_engine::{
    next::End,
    record::{Abilities, Kind},
    scenario::{By, ClientIs, Moment, Row, Scenario, TaskAbout, TaskPlan, Then, Treat, When, Who},
};

use super::{
    crm::Fault,
    desk::{Desk, Rest},
    office::{self, BOHDAN, CLIENT, OLENA, STRANGER, TestCall, incoming, outgoing},
};

const KINDS: [Kind; 6] = [Kind::Contact, Kind::Lead, Kind::Deal, Kind::Task, Kind::CallRecord, Kind::Note];

fn treat() -> impl Strategy<Value = Treat> {
    select(vec![Treat::Nothing, Treat::Update, Treat::Create, Treat::CreateAndUpdate])
}

fn who() -> impl Strategy<Value = Vec<Who>> {
    vec(select(vec![Who::Agent, Who::Owner, Who::Senior]), 0..3)
}

fn task() -> impl Strategy<Value = TaskPlan> {
    let about = select(vec![TaskAbout::MissedCall, TaskAbout::Talk, TaskAbout::Review, TaskAbout::CheckSettings]);
    (about, who(), option::of(0..500_u32)).prop_map(|(about, to, due_minutes)| TaskPlan { about, to, due_minutes })
}

prop_compose! {
    fn row()(
        treats in [treat(), treat(), treat()],
        call_record in any::<bool>(),
        notes in subsequence(vec![Kind::Contact, Kind::Lead, Kind::Deal], 0..3),
        tasks in vec(task(), 0..3),
        owner in who(),
        moment in select(vec![Moment::Ringing, Moment::PickedUp, Moment::Ended]),
        answered in option::of(any::<bool>()),
        client in option::of(select(vec![ClientIs::New, ClientIs::Known])),
        by in option::of(select(vec![By::Owner, By::Colleague, By::Unmapped, By::Nobody])),
        open_deal in option::of(any::<bool>()),
    ) -> Row {
        let [contact, lead, deal] = treats;
        let when = When { answered, client, by, open_deal, ..When::default() };
        Row { name: "r".to_owned(), when, then: Then { contact, lead, deal, call_record, notes, tasks, owner, moment } }
    }
}

prop_compose! {
    fn abilities()(
        kinds in subsequence(KINDS.to_vec(), 0..=6),
        notes_on in subsequence(vec![Kind::Contact, Kind::Lead, Kind::Deal], 0..=3),
        amends_call_record in any::<bool>(),
        task_needs in option::of(select(vec![Kind::Contact, Kind::Lead, Kind::Deal])),
        search_lag_seconds in select(vec![0_u32, 3, 40]),
        takes_visits in any::<bool>(),
    ) -> Abilities {
        let notes_on = notes_on.into_iter().collect();
        Abilities { notes_on, amends_call_record, task_needs, search_lag_seconds, takes_visits, ..Abilities::new(kinds) }
    }
}

/// What stood in the CRM before: contact, open and closed lead, open and closed deal.
fn furnish(desk: &mut Desk, there: &BTreeSet<usize>) {
    let contact = there.contains(&0).then(|| desk.crm.seed(Kind::Contact, "067 123 45 67", Some("u1")));
    for (index, kind, open) in
        [(1, Kind::Lead, true), (2, Kind::Lead, false), (3, Kind::Deal, true), (4, Kind::Deal, false)]
    {
        if there.contains(&index) {
            let id = desk.crm.seed(kind, CLIENT, Some("u2"));
            desk.crm.edit(&id, |record| (record.open, record.contact) = (open, contact.clone()));
        }
    }
}

/// The call's pieces in their usual order.
fn pieces(kind: u8) -> Vec<TestCall> {
    let visit = |call: TestCall| call.utm("google").with(|call| call.client.google_client_id = Some("1.2".to_owned()));
    let ended = match kind {
        0 => incoming("a").answered_by(OLENA),
        1 => incoming("a").answered_by(STRANGER),
        2 => incoming("a").answered_by(BOHDAN),
        3 => outgoing("a").answered_by(OLENA),
        4 => return vec![visit(office::messenger("a", "viber", "5", OLENA).from(CLIENT))],
        _ => incoming("a").missed(),
    };
    let late = ended.clone().recorded("https://records.example/1");
    let picked_up = ended.clone().with(|call| {
        (call.phase, call.outcome, call.ended_at) = (tieline_engine::call::Phase::PickedUp, None, None);
    });
    let answered = ended.0.is_answered();
    let first = TestCall(tieline_engine::call::Call { legs: Vec::new(), ..ended.0.clone() }).with(|call| {
        (call.phase, call.outcome, call.ended_at) = (tieline_engine::call::Phase::Ringing, None, None);
        call.talk_seconds = 0;
    });
    [Some(first), answered.then_some(picked_up), Some(visit(ended)), Some(late)].into_iter().flatten().collect()
}

/// How the call ended, what there is of each kind, and what was done, in no order.
type Left = (End, Vec<usize>, BTreeSet<String>);

fn run(desk: &mut Desk, kind: u8) -> Left {
    let mut end = None;
    for piece in pieces(kind) {
        // The next piece comes when what the one before asks for is done: what is made of a call that was answered
        // while its ring was still in doubt is another matter.
        end = match desk.report_beyond_doubt(piece.done()) {
            Rest::Done(verdict) => Some(verdict.end),
            Rest::Wait(_) => None,
        };
    }
    let people = [Kind::Contact, Kind::Lead, Kind::Deal].map(|kind| desk.crm.of(kind).len());
    let papers = [Kind::Task, Kind::CallRecord, Kind::Note]
        .map(|kind| desk.crm.papers.iter().filter(|paper| paper.kind == kind).count());
    let done = desk.crm.done.iter().map(|(_, key)| key.as_str().to_owned()).collect();
    (end.expect("an end"), people.into_iter().chain(papers).collect(), done)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trouble_on_the_way_changes_nothing_of_what_is_left_in_the_end(
        rows in vec(row(), 1..4),
        abilities in abilities(),
        there in subsequence(vec![0_usize, 1, 2, 3, 4], 0..=5),
        kind in 0..6_u8,
        faults in vec(select(vec![Fault::LostAnswer, Fault::LostRequest, Fault::OnlyFirst]), 0..6),
        bundle in 1..5_usize,
        dies_with_requests in any::<bool>(),
    ) {
        let mut policy = office::policy(Scenario { rows });
        policy.abilities = abilities;
        let there = there.into_iter().collect();
        let mut calm = Desk::new(policy.clone());
        furnish(&mut calm, &there);
        let mut troubled = Desk::new(policy);
        furnish(&mut troubled, &there);
        (troubled.bundle, troubled.dies_with_requests) = (bundle, dies_with_requests);
        troubled.crm.faults = faults.into();
        let expected = run(&mut calm, kind);
        prop_assert_eq!(run(&mut troubled, kind), expected);
        for person in &troubled.crm.people {
            prop_assert!(!person.deleted);
            let hangs = person.record.contact.as_ref();
            prop_assert!(hangs.is_none_or(|id| troubled.crm.person(id).record.kind == Kind::Contact));
        }
    }
}
