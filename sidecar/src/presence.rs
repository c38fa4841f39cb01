//! What the agents' telephones are doing, as the exchange reports it. Kept in memory and forgotten when it is not
//! repeated in time: an exchange that has died leaves nobody online.
//!
//! Only places of the project's own agents are kept, so that what is kept is bounded by the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use tieline_engine::{
    agents::{Agent, Agents, Named},
    call::AgentRef,
    dialing::{self, Presence, Presences},
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
    phone::NumberPlan,
};

/// Everybody's presence, by project.
#[derive(Debug, Default)]
pub struct PresenceBook {
    projects: Mutex<BTreeMap<ProjectId, BTreeMap<String, Seen>>>,
}

/// What an exchange reports.
#[derive(Clone, Debug)]
pub struct PresenceReport {
    /// SIP logins that are not named are offline.
    pub everybody: bool,
    /// Who does what; of an agent named twice the last one counts.
    pub told: Vec<(AgentRef, Presence)>,
    /// When the exchange saw it so.
    pub seen_at: Timestamp,
    /// How long it holds from then.
    pub valid: SignedDuration,
}

/// What a report did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Entries that named an agent.
    pub known: usize,
    /// Positions of entries that named nobody of the list.
    pub unmapped: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    presence: Presence,
    at: Timestamp,
    until: Timestamp,
}

impl PresenceBook {
    /// Takes a report in.
    pub fn note(
        &self,
        project: &ProjectId,
        agents: &Agents,
        plan: &NumberPlan,
        report: &PresenceReport,
        now: Timestamp,
    ) -> Noted {
        let mut noted = Noted::default();
        let mut told: BTreeMap<String, Presence> = BTreeMap::new();
        if report.everybody {
            let logins = agents.list().iter().flat_map(|agent| &agent.sips);
            told.extend(logins.map(|sip| (sip.to_lowercase(), Presence::Offline)));
        }
        for (index, (who, presence)) in report.told.iter().enumerate() {
            let places = named(agents, plan, who);
            if places.is_empty() {
                noted.unmapped.push(index);
            } else {
                noted.known += 1;
            }
            told.extend(places.into_iter().map(|place| (place.to_lowercase(), *presence)));
        }
        // A clock that goes ahead must not shut later reports out.
        let at = report.seen_at.min(now);
        let until = at.saturating_add(report.valid).unwrap_or(at);
        self.write(project, told, |presence| Seen { presence, at, until });
        noted
    }

    /// What is known of a project's telephones now.
    #[must_use]
    pub fn of(&self, project: &ProjectId, now: Timestamp) -> Presences {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let mut presences = Presences::default();
        let Some(seen) = projects.get_mut(project) else { return presences };
        for (place, seen) in seen.iter().filter(|(_, seen)| seen.until > now) {
            presences.set(place, seen.presence);
        }
        presences
    }

    /// Forgets telephones of a project that are of none of these agents.
    pub(crate) fn keep_only(&self, project: &ProjectId, agents: &Agents) {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = projects.get_mut(project) {
            let places = agents.list().iter().flat_map(dialing::places).map(str::to_lowercase);
            let places: BTreeSet<String> = places.collect();
            seen.retain(|place, _| places.contains(place));
        }
    }

    /// Forgets a project's telephones.
    pub(crate) fn remove(&self, project: &ProjectId) {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner).remove(project);
    }

    fn write(&self, project: &ProjectId, told: BTreeMap<String, Presence>, seen: impl Fn(Presence) -> Seen) {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let known = projects.entry(project.clone()).or_default();
        for (place, presence) in told {
            let new = seen(presence);
            if known.get(&place).is_none_or(|old| old.at <= new.at) {
                known.insert(place, new);
            }
        }
    }
}

/// The places a reference names: one SIP login where it is given, else every place of the agent.
fn named<'a>(agents: &'a Agents, plan: &NumberPlan, who: &'a AgentRef) -> Vec<&'a str> {
    let Named::Agent(agent) = agents.find(who, plan) else { return Vec::new() };
    let own = |agent: &'a Agent, login: &str| {
        let login = agent.sips.iter().find(|sip| sip.eq_ignore_ascii_case(login));
        login.map(String::as_str).into_iter().collect()
    };
    who.sip.as_ref().map_or_else(|| dialing::places(agent), |login| own(agent, login))
}

#[cfg(test)]
mod tests {
    use tieline_engine::phone::Region;

    use super::*;

    const VALID: SignedDuration = SignedDuration::from_secs(60);

    struct Office {
        book: PresenceBook,
        agents: Agents,
        plan: NumberPlan,
        project: ProjectId,
    }

    impl Office {
        fn new() -> Self {
            let agent = |id: &str, sips: &[&str], extensions: &[&str]| Agent {
                id: id.to_owned(),
                sips: sips.iter().map(|sip| (*sip).to_owned()).collect(),
                extensions: extensions.iter().map(|extension| (*extension).to_owned()).collect(),
                ..Agent::default()
            };
            let list = vec![agent("one", &["shop_one", "shop_mobile"], &["101"]), agent("two", &[], &["102"])];
            Self {
                book: PresenceBook::default(),
                agents: Agents::new(list, None, None),
                plan: NumberPlan::new(Region::parse("UA").unwrap_or_else(|_| unreachable!("a region"))),
                project: ProjectId::new("shop"),
            }
        }

        fn report(&self, everybody: bool, told: &[(AgentRef, Presence)], seen: i64, now: i64) -> Noted {
            let report = PresenceReport { everybody, told: told.to_vec(), seen_at: second(seen), valid: VALID };
            self.book.note(&self.project, &self.agents, &self.plan, &report, second(now))
        }

        fn of(&self, place: &str, now: i64) -> Option<Presence> {
            self.book.of(&self.project, second(now)).of(place)
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn sip(login: &str) -> AgentRef {
        AgentRef { sip: Some(login.to_owned()), ..AgentRef::default() }
    }

    fn extension(extension: &str) -> AgentRef {
        AgentRef { extension: Some(extension.to_owned()), ..AgentRef::default() }
    }

    #[test]
    fn what_is_not_repeated_in_time_is_forgotten() {
        let office = Office::new();
        office.report(false, &[(sip("shop_one"), Presence::Online)], 0, 0);
        assert_eq!((office.of("SHOP_ONE", 59), office.of("shop_one", 60)), (Some(Presence::Online), None));
        office.report(false, &[(sip("shop_one"), Presence::Online)], 59, 59);
        assert_eq!(office.of("shop_one", 60), Some(Presence::Online));
    }

    #[test]
    fn who_is_not_in_a_report_of_everybody_is_offline_and_changes_leave_the_others() {
        let office = Office::new();
        office.report(true, &[(sip("shop_one"), Presence::Online)], 0, 0);
        assert_eq!(office.of("shop_mobile", 0), Some(Presence::Offline));
        assert_eq!(office.of("102", 0), None, "nobody asked an agent without a login");
        office.report(false, &[(extension("102"), Presence::Away)], 1, 1);
        assert_eq!((office.of("102", 1), office.of("shop_one", 1)), (Some(Presence::Away), Some(Presence::Online)));
        office.report(false, &[(extension("101"), Presence::Talking)], 2, 2);
        assert_eq!(office.of("shop_mobile", 2), Some(Presence::Talking), "without a login it is all of them");
    }

    #[test]
    fn a_report_that_was_overtaken_changes_nothing() {
        let office = Office::new();
        office.report(false, &[(sip("shop_one"), Presence::Offline)], 10, 10);
        office.report(true, &[(sip("shop_one"), Presence::Online)], 9, 11);
        assert_eq!(office.of("shop_one", 11), Some(Presence::Offline));
        office.report(false, &[(sip("shop_one"), Presence::Online)], 99, 12);
        office.report(false, &[(sip("shop_one"), Presence::Offline)], 13, 13);
        assert_eq!(office.of("shop_one", 13), Some(Presence::Offline), "a clock ahead shuts nobody out");
    }

    #[test]
    fn strangers_are_told_and_not_kept() {
        let office = Office::new();
        let told = [(sip("stranger"), Presence::Online), (sip("shop_one"), Presence::Online)];
        assert_eq!(office.report(false, &told, 0, 0), Noted { known: 1, unmapped: vec![0] });
        assert_eq!(office.of("stranger", 0), None);
        let stray = AgentRef { extension: Some("101".to_owned()), ..sip("stranger") };
        assert_eq!(office.report(false, &[(stray, Presence::Online)], 0, 0).unmapped, [0]);
    }
}
