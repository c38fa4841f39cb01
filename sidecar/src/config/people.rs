//! Who works in a project, and its lines: `[[projects.agents]]`, `[[projects.lines]]`, the stop list.
//!
//! Faults never repeat a number or an e-mail; the path and the line say which one it is.

use std::collections::BTreeMap;

use tieline_engine::{
    agents::{Agent, Agents},
    ids::{AgentId, UserId},
    phone::{self, NumberPlan, Phone, Verdict},
    redact::Private,
    stop_list::{Line, StopList},
};

use super::section::Section;

/// The agents and the senior manager.
pub(super) fn agents(project: &mut Section<'_>, plan: Option<&NumberPlan>) -> Agents {
    let mut list = Vec::new();
    for mut section in project.sections("agents") {
        let agent = agent(&mut section, plan);
        section.close();
        list.push((section, agent));
    }
    each_id_once(&list);
    for key in ["sips", "employee_ids", "emails"] {
        each_name_once(&list, key);
    }
    let (senior, senior_user) = senior(project, &list);
    Agents::new(list.into_iter().map(|(_, agent)| agent).collect(), senior, senior_user)
}

/// The project's lines and those for which nothing is written.
pub(super) fn stop_list(project: &mut Section<'_>, plan: Option<&NumberPlan>) -> StopList {
    let read = |mut section: Section<'_>| {
        let number = Phone::new(section.needed("number", "write the line's number as the PBX does"));
        if !number.raw().is_empty() && plan.is_some_and(|plan| !is_number(&number, plan)) {
            section.fault("number", "holds no telephone number; write it as the PBX does");
        }
        let line = Line { number, sip: section.text("sip") };
        section.close();
        line
    };
    let lines = project.sections("lines").into_iter().map(read).collect();
    StopList { lines, entries: project.texts("stop_list") }
}

fn agent(section: &mut Section<'_>, plan: Option<&NumberPlan>) -> Agent {
    let agent = Agent {
        id: section.needed("id", "give the agent a name of your own, such as olena"),
        name: Private::from(section.text("name").unwrap_or_default()),
        emails: section.texts("emails").into_iter().map(Private::from).collect(),
        sips: section.texts("sips"),
        numbers: numbers(section, "numbers", plan),
        other_numbers: numbers(section, "other_numbers", plan),
        extensions: section.texts("extensions"),
        employee_ids: section.texts("employee_ids"),
        crm_user: section.text("crm_user").map(UserId::new),
    };
    let marks = ["name", "emails", "sips", "numbers", "other_numbers", "extensions", "employee_ids"];
    if !marks.into_iter().any(|key| section.peek(key).is_some()) {
        section.fault("", format!("the agent can never be recognised; give at least one of {}", marks.join(", ")));
    }
    agent
}

fn numbers(section: &mut Section<'_>, key: &'static str, plan: Option<&NumberPlan>) -> Vec<Phone> {
    let numbers: Vec<Phone> = section.texts(key).into_iter().map(Phone::new).collect();
    for (index, number) in numbers.iter().enumerate() {
        if plan.is_some_and(|plan| !is_number(number, plan)) {
            section.fault_in(key, index, "holds no telephone number; write it as the PBX does");
        }
    }
    numbers
}

fn is_number(number: &Phone, plan: &NumberPlan) -> bool {
    !matches!(phone::read(number.raw(), plan).verdict, Verdict::NotANumber | Verdict::Withheld)
}

fn each_id_once(list: &[(Section<'_>, Agent)]) {
    let mut first = BTreeMap::new();
    for (index, (section, agent)) in list.iter().enumerate().filter(|(_, (_, agent))| !agent.id.is_empty()) {
        let other = *first.entry(agent.id.as_str()).or_insert(index);
        if other != index {
            section.fault("id", format!("agents[{other}] has this id; each needs its own"));
        }
    }
}

/// What names two agents would always be taken for the first.
fn each_name_once(list: &[(Section<'_>, Agent)], key: &'static str) {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (index, (section, agent)) in list.iter().enumerate() {
        let names: Vec<&str> = match key {
            "sips" => agent.sips.iter().map(String::as_str).collect(),
            "employee_ids" => agent.employee_ids.iter().map(String::as_str).collect(),
            _ => agent.emails.iter().map(Private::expose).collect(),
        };
        for (place, name) in names.into_iter().enumerate() {
            let other = *first.entry(name.to_lowercase()).or_insert(index);
            if other != index {
                section.fault_in(key, place, format!("agents[{other}] has the same one; it can name one agent only"));
            }
        }
    }
}

fn senior(project: &mut Section<'_>, list: &[(Section<'_>, Agent)]) -> (Option<AgentId>, Option<UserId>) {
    let senior = project.text("senior").map(AgentId::new);
    let user = project.text("senior_crm_user").map(UserId::new);
    if senior.is_some() && user.is_some() {
        project.fault("senior_crm_user", "names a senior manager besides senior; keep one of the two");
    }
    if senior.as_ref().is_some_and(|senior| list.iter().all(|(_, agent)| agent.id != senior.as_str())) {
        let ids: Vec<&str> = list.iter().map(|(_, agent)| agent.id.as_str()).collect();
        let known = if ids.is_empty() { "there are none yet".to_owned() } else { ids.join(", ") };
        project.fault("senior", format!("is no agent's id; write one of the agents' ids: {known}"));
    }
    (senior, user)
}
