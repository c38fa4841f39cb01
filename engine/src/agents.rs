//! The employees: recognising them on a call, and binding them to users of the CRM.

mod binding;
mod names;

pub use binding::Binding;

use serde::{Deserialize, Serialize};

use crate::{
    call::AgentRef,
    ids::{AgentId, UserId},
    phone::{self, NumberPlan, Phone, PhoneKey},
    record::CrmUser,
    redact::Private,
};

/// An employee of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// Name in the project's own list; explanations use it.
    pub id: String,
    /// Full name.
    pub name: Private,
    /// E-mails.
    pub emails: Vec<Private>,
    /// SIP logins, the main one first.
    pub sips: Vec<String>,
    /// Numbers the agent is rung at, the main one first.
    pub numbers: Vec<Phone>,
    /// Numbers of the agent that are recognised too, but never rung (G-09).
    pub other_numbers: Vec<Phone>,
    /// Internal extensions.
    pub extensions: Vec<String>,
    /// Employee ids of the PBX.
    pub employee_ids: Vec<String>,
    /// The user of the CRM, when given; else bound by e-mail, number, name.
    pub crm_user: Option<UserId>,
}

/// Everybody who works here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agents {
    list: Vec<Agent>,
    senior: Option<AgentId>,
    senior_user: Option<UserId>,
}

/// Whom an [`AgentRef`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// An agent of the list.
    Agent(&'a Agent),
    /// Somebody the list does not know (G-08).
    Unmapped(&'a AgentRef),
    /// Nobody: nothing was given.
    Nobody,
}

impl Agents {
    /// A list with a senior manager by agent id, or directly by CRM user.
    #[must_use]
    pub fn new(list: Vec<Agent>, senior: Option<AgentId>, senior_user: Option<UserId>) -> Self {
        Self { list, senior, senior_user }
    }

    /// Everybody, in the order of the configuration.
    #[must_use]
    pub fn list(&self) -> &[Agent] {
        &self.list
    }

    /// Whether the project names a senior manager.
    #[must_use]
    pub fn names_senior(&self) -> bool {
        self.senior.is_some() || self.senior_user.is_some()
    }

    /// The CRM user of the senior manager: the fallback owner (G-08).
    #[must_use]
    pub fn senior_user(&self) -> Option<&UserId> {
        let of_agent = |id: &AgentId| self.list.iter().find(|agent| agent.id == id.as_str());
        self.senior_user.as_ref().or_else(|| self.senior.as_ref().and_then(of_agent)?.crm_user.as_ref())
    }

    /// Whom a reference names: by employee id, e-mail, SIP login, number, extension, name, in this order (field.md 2.17).
    #[must_use]
    pub fn find<'a>(&'a self, who: &'a AgentRef, plan: &NumberPlan) -> Named<'a> {
        if who.is_empty() {
            return Named::Nobody;
        }
        let tests: [&dyn Fn(&Agent) -> bool; 6] = [
            &|agent| who.employee_id.as_ref().is_some_and(|id| agent.employee_ids.contains(id)),
            &|agent| who.email.as_ref().is_some_and(|email| has_email(&agent.emails, email)),
            &|agent| who.sip.as_ref().is_some_and(|sip| agent.sips.iter().any(|own| own.eq_ignore_ascii_case(sip))),
            &|agent| who.number.as_ref().is_some_and(|number| agent.has_number(number, plan)),
            &|agent| who.extension.as_ref().is_some_and(|ext| agent.extensions.contains(ext)),
            &|agent| who.name.as_ref().is_some_and(|name| names::same_person(name.expose(), agent.name.expose())),
        ];
        let found = tests.iter().find_map(|test| self.list.iter().find(|agent| test(agent)));
        found.map_or(Named::Unmapped(who), Named::Agent)
    }

    /// Whether a client's number is really an agent's (G-06).
    #[must_use]
    pub fn owns_number(&self, number: &Phone, plan: &NumberPlan) -> bool {
        self.owns(number, phone::read(number.raw(), plan).key(), plan)
    }

    /// As [`Agents::owns_number`], for a number whose key is known.
    pub(crate) fn owns(&self, number: &Phone, key: Option<&PhoneKey>, plan: &NumberPlan) -> bool {
        self.list.iter().any(|agent| agent.answers_to(number, key, plan))
    }

    /// The agent bound to a CRM user.
    #[must_use]
    pub fn by_user(&self, user: &UserId) -> Option<&Agent> {
        self.list.iter().find(|agent| agent.crm_user.as_ref() == Some(user))
    }

    /// Binds agents without a CRM user to the users a CRM has: by e-mail, then number, then name;
    /// a name two users share binds nobody (G17, RO-16).
    pub fn bind(&mut self, users: &[CrmUser], plan: &NumberPlan) {
        for agent in self.list.iter_mut().filter(|agent| agent.crm_user.is_none()) {
            agent.crm_user = binding::of(agent, users, plan).user().cloned();
        }
    }

    /// Which user each agent is, or why none, in the order of the list.
    #[must_use]
    pub fn bindings<'a>(&'a self, users: &'a [CrmUser], plan: &NumberPlan) -> Vec<(&'a Agent, Binding<'a>)> {
        self.list.iter().map(|agent| (agent, binding::of(agent, users, plan))).collect()
    }

    /// Agents that have no CRM user, to be reported before going live.
    pub fn unbound(&self) -> impl Iterator<Item = &Agent> {
        self.list.iter().filter(|agent| agent.crm_user.is_none())
    }
}

impl Agent {
    /// Whether a number is one of this agent's, main or other (G-09).
    #[must_use]
    pub fn has_number(&self, number: &Phone, plan: &NumberPlan) -> bool {
        self.answers_to(number, phone::read(number.raw(), plan).key(), plan)
    }

    fn answers_to(&self, number: &Phone, key: Option<&PhoneKey>, plan: &NumberPlan) -> bool {
        self.numbers
            .iter()
            .chain(&self.other_numbers)
            .any(|own| own.raw() == number.raw() || (key.is_some() && phone::read(own.raw(), plan).key() == key))
    }

    /// What the PBX can ring: the main SIP login, else the main number, else the main extension.
    #[must_use]
    pub fn place_to_ring(&self) -> Option<&str> {
        let number = self.numbers.first().map(Phone::raw);
        self.sips.first().map(String::as_str).or(number).or(self.extensions.first().map(String::as_str))
    }
}

fn has_email(emails: &[Private], email: &Private) -> bool {
    emails.iter().any(|own| own.expose().trim().eq_ignore_ascii_case(email.expose().trim()))
}
