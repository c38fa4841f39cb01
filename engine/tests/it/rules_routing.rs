//! Where a ringing call goes: RC-05 … RC-08, RT-01 … RT-03, RT-05, RT-06. RT-04 is the sidecar's.

use tieline_engine::{
    agents::Agents,
    facts::{Facts, Found},
    ids::{AgentId, UserId},
    matching,
    reason::ReasonCode,
    record::{Kind, Record},
    routing::{Block, Caller, Responsible, Route, RoutePolicy, Stop, route},
    scenario::Scenario,
};

use super::{
    crm::TestCrm,
    office::{self, BOHDAN, CLIENT, OLENA, incoming},
};

fn agents() -> Agents {
    Agents::new(office::staff(), None, None)
}

/// RC-08: the responsible, the usual places, voicemail.
fn scheme(responsible: Responsible) -> RoutePolicy {
    let places = Block::Places(vec!["sales".to_owned(), "380501110002".to_owned()]);
    RoutePolicy { blocks: vec![Block::Responsible, places, Block::Voicemail], responsible }
}

fn ring(places: &[&str]) -> Stop {
    Stop::Ring(places.iter().map(|&place| place.to_owned()).collect())
}

fn owned_by(user: &str) -> Caller {
    Caller { known: Some(true), owner: Some(UserId::from(user)), last_talk: None }
}

fn by_owner(caller: &Caller) -> Route {
    route(&scheme(Responsible::ByOwner), &agents(), caller)
}

#[test]
fn rc_05_before_ringing_the_crm_is_asked_by_number() {
    let policy = office::policy(Scenario::standard());
    let ask = tieline_engine::next::caller_look_up(&incoming("a").done(), &policy).expect("a look-up");
    let sought = ask.client.expect("a client");
    assert!(sought.spellings.iter().any(|spelling| spelling.contains(CLIENT)));
    assert!(!ask.fresh && ask.marks.is_empty(), "a kept answer will do for a ringing phone");
    assert_eq!(tieline_engine::next::caller_look_up(&incoming("a").from("101").done(), &policy), None);
}

#[test]
fn rc_06_a_known_clients_manager_is_rung_first() {
    let route = by_owner(&owned_by("u1"));
    assert_eq!(route.stops.first(), Some(&ring(&[OLENA])));
    assert_eq!((route.agent, route.reason.code), (Some(AgentId::from("olena")), ReasonCode::RouteToOwner));
}

#[test]
fn rc_07_a_new_number_goes_to_the_next_block() {
    let route = by_owner(&Caller { known: Some(false), ..Caller::default() });
    assert_eq!(route.stops.first(), Some(&ring(&["sales", "380501110002"])));
    assert_eq!((route.agent, route.reason.code), (None, ReasonCode::RouteNewClient));
}

#[test]
fn rc_08_who_does_not_answer_is_followed_by_the_next_blocks() {
    let stops = by_owner(&owned_by("u2")).stops;
    assert_eq!(stops, [ring(&[BOHDAN]), ring(&["sales", "380501110002"]), Stop::Voicemail]);
}

/// The owner a look-up leads to.
fn owner_of(records: &[(Kind, bool, &str)]) -> Option<UserId> {
    let mut crm = TestCrm::default();
    for (kind, open, owner) in records {
        let id = crm.seed(*kind, CLIENT, Some(owner));
        crm.edit(&id, |record| record.open = *open);
    }
    let records: Vec<Record> = crm.people.iter().map(|person| person.record.clone()).collect();
    let policy = office::policy(Scenario::standard());
    let key = tieline_engine::client::identify(&incoming("a").done(), &policy).expect("a client");
    let found = Found { at: office::noon(), records, ..Found::default() };
    matching::target(&key, None, &policy, &Facts::new(office::noon()), &found).0.owner
}

#[test]
fn rt_01_open_lead_then_open_deal_then_contact() {
    let (lead, deal, contact) = ((Kind::Lead, true, "u1"), (Kind::Deal, true, "u2"), (Kind::Contact, true, "u9"));
    assert_eq!(owner_of(&[contact, deal, lead]), Some(UserId::from("u1")));
    assert_eq!(owner_of(&[contact, deal]), Some(UserId::from("u2")));
    assert_eq!(owner_of(&[contact]), Some(UserId::from("u9")));
    assert_eq!(owner_of(&[]), None);
}

#[test]
fn rt_02_closed_leads_and_deals_are_skipped() {
    let (lead, deal, contact) = ((Kind::Lead, false, "u1"), (Kind::Deal, false, "u2"), (Kind::Contact, true, "u9"));
    assert_eq!(owner_of(&[lead, deal, contact]), Some(UserId::from("u9")));
    assert_eq!(owner_of(&[lead, (Kind::Deal, true, "u2"), contact]), Some(UserId::from("u2")));
    assert_eq!(owner_of(&[lead, deal]), None);
}

#[test]
fn rt_03_by_calls_the_last_to_talk_is_rung_even_when_the_crm_is_silent() {
    let last_talk = Some(AgentId::from("bohdan"));
    for caller in [Caller { last_talk: last_talk.clone(), ..owned_by("u1") }, Caller { last_talk, ..Caller::default() }]
    {
        let route = route(&scheme(Responsible::ByCalls), &agents(), &caller);
        assert_eq!(route.stops.first(), Some(&ring(&[BOHDAN])));
        assert_eq!(route.reason.code, ReasonCode::RouteByLastTalk);
    }
    let never_talked = route(&scheme(Responsible::ByCalls), &agents(), &owned_by("u1"));
    assert_eq!(never_talked.stops.first(), Some(&ring(&[OLENA])));
}

#[test]
fn rt_05_without_an_answer_in_time_the_scheme_goes_on() {
    let unknown = Caller::default();
    let route_without_blocks = route(&RoutePolicy::default(), &agents(), &unknown);
    assert_eq!(route_without_blocks.stops, []);
    assert_eq!(route_without_blocks.reason.code, ReasonCode::RouteUnknown);
    assert_eq!(by_owner(&unknown).stops.len(), 2);
}

#[test]
fn rt_06_an_owner_who_cannot_be_rung_is_passed_over() {
    assert_eq!(by_owner(&owned_by("u77")).stops.first(), Some(&ring(&["sales", "380501110002"])));
    let mut staff = office::staff();
    (staff[0].sips, staff[0].numbers) = (Vec::new(), Vec::new());
    let route = route(&scheme(Responsible::ByOwner), &Agents::new(staff, None, None), &owned_by("u1"));
    assert_eq!((route.stops.len(), route.agent), (2, None));
    assert_eq!(route.reason.code, ReasonCode::RouteOwnerUnmapped);
}

#[test]
fn a_scheme_without_the_responsible_names_nobody() {
    let policy = RoutePolicy { blocks: vec![Block::Voicemail], responsible: Responsible::ByOwner };
    let route = route(&policy, &agents(), &owned_by("u1"));
    assert_eq!((route.stops, route.agent), (vec![Stop::Voicemail], None));
}
