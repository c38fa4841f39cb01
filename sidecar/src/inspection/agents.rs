//! Which agents are users of the CRM, and which are not.

use std::collections::BTreeMap;

use tieline_engine::{
    agents::{Agents, Binding},
    ids::UserId,
    policy::Policy,
    record::CrmUser,
};

use super::Finding;
use crate::driver::connection::Connection;

/// Agents who are nobody in the CRM are unmapped (SP-14): the senior manager stands in for them (G-08).
pub(super) fn findings(connection: &Connection, users: &[CrmUser]) -> Vec<Finding> {
    let policy = &connection.project.policy;
    let mut findings = Vec::new();
    let mut agents_of: BTreeMap<&UserId, Vec<&str>> = BTreeMap::new();
    for (agent, binding) in policy.agents.bindings(users, &policy.plan) {
        match &binding {
            Binding::User(user) => agents_of.entry(user).or_default().push(&agent.id),
            Binding::NotActive(user) if users.is_empty() => agents_of.entry(user).or_default().push(&agent.id),
            Binding::NotActive(_) | Binding::Ambiguous(_) | Binding::Nobody => {
                findings.push(unmapped(&agent.id, &binding));
            }
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("agents", all_mapped(policy, users)));
    }
    let shared = agents_of.iter().filter(|(_, agents)| agents.len() > 1);
    findings.extend(shared.map(|(user, agents)| {
        let text = format!("{} are all user {user}; callers of that user ring the first of them", agents.join(", "));
        Finding::ok("agents of one user", text)
    }));
    findings.push(senior(&connection.policy().agents, users));
    findings
}

fn all_mapped(policy: &Policy, users: &[CrmUser]) -> String {
    match (policy.agents.list().len(), users.len()) {
        (0, _) => "none are configured, so nobody is recognised on a call".to_owned(),
        (agents, 0) => format!("each of the {agents} has a crm_user; the CRM lists no users to compare them with"),
        (agents, _) => format!("each of the {agents} is a user of the CRM"),
    }
}

fn unmapped(agent: &str, binding: &Binding<'_>) -> Finding {
    let text = match binding {
        Binding::NotActive(user) => {
            format!("{agent}: the CRM has no active user {user}; correct crm_user or let the CRM's user be active")
        }
        Binding::Ambiguous(users) => {
            let users: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
            format!("{agent}: several users have this name: {}; set crm_user to one of them", users.join(", "))
        }
        Binding::User(_) | Binding::Nobody => format!(
            "{agent}: no user of the CRM has this e-mail, number or name; assign the employee there, or set crm_user"
        ),
    };
    let about = if matches!(binding, Binding::Ambiguous(_)) { "ambiguous agent" } else { "agent without user" };
    Finding::warning(about, text)
}

fn senior(agents: &Agents, users: &[CrmUser]) -> Finding {
    let about = "senior manager";
    match agents.senior_user() {
        Some(user) if users.is_empty() || users.iter().any(|own| own.active && own.id == *user) => {
            Finding::ok(about, format!("user {user} owns what nobody else does"))
        }
        Some(user) => Finding::warning(about, format!("the CRM has no active user {user}; correct the senior manager")),
        None if agents.names_senior() => {
            Finding::warning(about, "is no user of the CRM, so nobody stands in for others; set the agent's crm_user")
        }
        None => Finding::ok(about, "none is set: what nobody owns has the owner the CRM gives it"),
    }
}
