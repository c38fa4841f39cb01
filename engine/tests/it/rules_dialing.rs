//! Click to call: SP-06 … SP-09, and agents who click themselves.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tieline_engine::{
    agents::{Agent, Agents},
    dialing::{DialPolicy, Dialling, NoDialling, Presence, Presences, Why, Wish, choose},
    ids::AgentId,
};

use super::office::{self, BOHDAN, OLENA, STRANGER};

fn agents() -> Agents {
    Agents::new(office::staff(), None, None)
}

fn present(told: &[(&str, Presence)]) -> Presences {
    let mut presences = Presences::default();
    for (place, presence) in told {
        presences.set(place, *presence);
    }
    presences
}

fn with_sip(sip: &str) -> DialPolicy {
    DialPolicy { sip: Some(sip.to_owned()), ..DialPolicy::default() }
}

fn anybody(policy: &DialPolicy, told: &[(&str, Presence)], random: u64) -> Result<Dialling, NoDialling> {
    choose(Wish::Anybody, policy, &agents(), &present(told), random)
}

fn olena(told: &[(&str, Presence)]) -> Result<Dialling, NoDialling> {
    let agents = agents();
    choose(Wish::Agent(&agents.list()[0]), &DialPolicy::default(), &agents, &present(told), 0)
}

#[test]
fn sp_06_the_client_is_rung_first_unless_the_project_says_otherwise() {
    let online = [(OLENA, Presence::Online)];
    assert!(anybody(&DialPolicy::default(), &online, 0).unwrap().client_first);
    let agent_first = DialPolicy { client_first: false, ..DialPolicy::default() };
    assert!(!anybody(&agent_first, &online, 0).unwrap().client_first);
}

#[test]
fn sp_07_the_sip_of_the_settings_is_rung_when_it_is_online() {
    let online = [(OLENA, Presence::Online), (BOHDAN, Presence::Online)];
    for random in 0..16 {
        let chosen = anybody(&with_sip(&BOHDAN.to_uppercase()), &online, random).unwrap();
        assert_eq!((chosen.agent, chosen.why), (AgentId::from("bohdan"), Why::Configured));
        assert_eq!(chosen.place, BOHDAN);
    }
}

#[test]
fn sp_08_else_any_sip_of_the_project_that_is_online_by_chance() {
    for own in [Presence::Offline, Presence::Talking, Presence::Away] {
        let online = [(BOHDAN, own), (OLENA, Presence::Online), ("taras-103", Presence::Online)];
        let chosen = |random| anybody(&with_sip(BOHDAN), &online, random).unwrap();
        let places: BTreeSet<String> = (0..16).map(|random| chosen(random).place).collect();
        assert_eq!(places.into_iter().collect::<Vec<_>>(), [OLENA, "taras-103"]);
        assert_eq!(chosen(7), chosen(7), "the same chance chooses the same");
        assert_eq!(chosen(7).why, Why::Chance);
    }
}

#[test]
fn sp_09_with_no_sip_online_nobody_is_rung() {
    let told: [&[(&str, Presence)]; 4] = [
        &[],
        &[(OLENA, Presence::Offline), (BOHDAN, Presence::Offline)],
        &[(OLENA, Presence::Talking), (BOHDAN, Presence::Away)],
        // SP-14: a login of nobody in the project's list takes no part.
        &[(STRANGER, Presence::Online)],
    ];
    for told in told {
        for policy in [DialPolicy::default(), with_sip(OLENA)] {
            assert_eq!(anybody(&policy, told, 3), Err(NoDialling::NobodyOnline));
        }
    }
}

#[test]
fn sp_09_a_named_agent_who_cannot_be_rung_is_not_replaced_by_another() {
    let others = (BOHDAN, Presence::Online);
    assert_eq!(olena(&[(OLENA, Presence::Offline), others]), Err(NoDialling::AgentOffline));
    assert_eq!(olena(&[(OLENA, Presence::Talking), others]), Err(NoDialling::AgentTalking));
    let nowhere = Agent { id: "nowhere".to_owned(), ..Agent::default() };
    let asked = choose(Wish::Agent(&nowhere), &DialPolicy::default(), &agents(), &Presences::default(), 0);
    assert_eq!(asked, Err(NoDialling::NoPlace));
}

#[test]
fn an_agent_who_clicks_is_rung_at_their_own_place_even_when_the_exchange_does_not_tell() {
    for told in [&[][..], &[(OLENA, Presence::Away)], &[(OLENA, Presence::Online)], &[(BOHDAN, Presence::Online)]] {
        let chosen = olena(told).unwrap();
        assert_eq!((chosen.agent, chosen.place.as_str(), chosen.why), (AgentId::from("olena"), OLENA, Why::Named));
    }
}

#[test]
fn of_several_logins_the_one_that_can_be_rung_is_chosen() {
    let sips = ["desk", "mobile"].map(str::to_owned).to_vec();
    let agent = Agent { id: "two".to_owned(), sips, ..Agent::default() };
    let agents = Agents::new(vec![agent], None, None);
    let place = |told: &[(&str, Presence)]| {
        let asked = choose(Wish::Agent(&agents.list()[0]), &DialPolicy::default(), &agents, &present(told), 0);
        asked.map(|chosen| chosen.place)
    };
    assert_eq!(place(&[("desk", Presence::Offline), ("mobile", Presence::Online)]), Ok("mobile".to_owned()));
    let talks = [("desk", Presence::Talking), ("mobile", Presence::Online)];
    assert_eq!(place(&talks), Err(NoDialling::AgentTalking), "the other would ring beside the talk");
    assert_eq!(place(&[("desk", Presence::Offline)]), Ok("mobile".to_owned()), "nobody told of the other");
}

proptest! {
    #[test]
    fn whoever_is_chosen_by_the_project_is_online(
        told in proptest::collection::vec((0_usize..4, 0_usize..4), 0..6),
        configured in proptest::option::of(0_usize..4),
        random in any::<u64>(),
    ) {
        let sips = [OLENA, BOHDAN, "taras-103", STRANGER];
        let told: Vec<_> = told.into_iter().map(|(sip, state)| (sips[sip], Presence::ALL[state])).collect();
        let policy = DialPolicy { sip: configured.map(|sip| sips[sip].to_owned()), client_first: true };
        let ours = agents();
        let known = |sip: &str| ours.list().iter().any(|agent| agent.sips.iter().any(|own| own == sip));
        let present = present(&told);
        let is_online = |sip: &&str| known(sip) && present.of(sip) == Some(Presence::Online);
        match anybody(&policy, &told, random) {
            Ok(chosen) => prop_assert!(is_online(&chosen.place.as_str())),
            Err(refused) => {
                prop_assert_eq!(refused, NoDialling::NobodyOnline);
                prop_assert!(!sips.iter().any(is_online));
            }
        }
    }
}
