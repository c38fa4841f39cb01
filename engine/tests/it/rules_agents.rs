//! Which users of the CRM the agents are: SP-14, G17.

use tieline_engine::{
    agents::{Agent, Agents, Binding},
    ids::{AgentId, UserId},
    next::End,
    record::{CrmUser, Kind},
    scenario::Scenario,
};

use super::{
    desk::Desk,
    office::{self, OLENA, incoming},
};

fn user(id: &str, name: &str, active: bool) -> CrmUser {
    CrmUser { id: UserId::from(id), name: name.into(), email: None, phones: Vec::new(), active }
}

fn agent(id: &str, name: &str, user: Option<&str>) -> Agent {
    Agent { id: id.to_owned(), name: name.into(), crm_user: user.map(UserId::from), ..Agent::default() }
}

#[test]
fn g_17_each_agent_is_told_who_they_are_or_why_they_are_nobody() {
    let users = [
        user("u1", "Olena Petrenko", true),
        user("u2", "Petrenko Olena", true),
        user("u3", "Bohdan Kravets", true),
        user("u4", "Taras Melnyk", false),
    ];
    let staff = [
        agent("bohdan", "Bohdan Ivanovych Kravets", None),
        agent("olena", "Olena Petrenko", None),
        agent("olena2", "Olena Petrenko", Some("u2")),
        agent("taras", "Taras Melnyk", None),
        agent("gone", "Anybody", Some("u4")),
    ];
    let agents = Agents::new(staff.to_vec(), None, None);
    let plan = office::ukraine();
    let told: Vec<Binding<'_>> = agents.bindings(&users, &plan).into_iter().map(|(_, binding)| binding).collect();
    let [u1, u2, u3, u4] = ["u1", "u2", "u3", "u4"].map(UserId::from);
    let expected = [
        Binding::User(&u3),
        Binding::Ambiguous(vec![&u1, &u2]),
        Binding::User(&u2),
        Binding::Nobody,
        Binding::NotActive(&u4),
    ];
    assert_eq!(told, expected);
}

#[test]
fn binding_gives_nobody_a_user_that_the_report_does_not_name() {
    let users =
        [user("u1", "Olena Petrenko", true), user("u2", "Olena Petrenko", true), user("u3", "Iryna Bondar", true)];
    let staff = ["Olena Petrenko", "Iryna Bondar", "Nobody Here"].map(|name| agent(name, name, None));
    let mut agents = Agents::new(staff.to_vec(), None, None);
    let plan = office::ukraine();
    let told: Vec<Option<UserId>> = agents
        .bindings(&users, &plan)
        .into_iter()
        .map(|(_, binding)| match binding {
            Binding::User(user) => Some(user.clone()),
            Binding::NotActive(_) | Binding::Ambiguous(_) | Binding::Nobody => None,
        })
        .collect();
    agents.bind(&users, &plan);
    let bound: Vec<Option<UserId>> = agents.list().iter().map(|agent| agent.crm_user.clone()).collect();
    assert_eq!(bound, told);
    assert_eq!(bound, [None, Some(UserId::from("u3")), None]);
}

#[test]
fn sp_14_an_employee_the_crm_does_not_know_is_unmapped_and_the_senior_manager_stands_in() {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    let assigned = Agent { crm_user: Some(UserId::from("u9")), ..agent("iryna", "Iryna Bondar", None) };
    let other = Agent { sips: vec![OLENA.to_owned()], ..agent("olena", "Olena Petrenko", None) };
    desk.policy.agents = Agents::new(vec![assigned, other], Some(AgentId::from("iryna")), None);
    desk.policy.agents.bind(&[user("u9", "Iryna Bondar", true)], &office::ukraine());
    let unbound: Vec<&str> = desk.policy.agents.unbound().map(|agent| agent.id.as_str()).collect();
    assert_eq!(unbound, ["olena"]);
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    assert_eq!(desk.crm.only(Kind::Deal).record.owner, Some(UserId::from("u9")));
}
