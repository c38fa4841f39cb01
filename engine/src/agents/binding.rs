//! Which user of the CRM an agent is.

use super::{Agent, has_email, names};
use crate::{ids::UserId, phone::NumberPlan, record::CrmUser};

/// Which user of the CRM an agent is, or why none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding<'a> {
    /// This one: as configured, or else found by e-mail, number or name.
    User(&'a UserId),
    /// The configured user is not among the CRM's active ones.
    NotActive(&'a UserId),
    /// Several users have the agent's name and nothing else tells them apart (G17).
    Ambiguous(Vec<&'a UserId>),
    /// Nobody is the agent.
    Nobody,
}

impl<'a> Binding<'a> {
    /// The user, when there is exactly one.
    pub(super) fn user(&self) -> Option<&'a UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::NotActive(_) | Self::Ambiguous(_) | Self::Nobody => None,
        }
    }
}

/// By what is configured, else e-mail, then number, then name.
pub(super) fn of<'a>(agent: &'a Agent, users: &'a [CrmUser], plan: &NumberPlan) -> Binding<'a> {
    let active = || users.iter().filter(|user| user.active);
    if let Some(configured) = &agent.crm_user {
        let is_there = active().any(|user| user.id == *configured);
        return if is_there { Binding::User(configured) } else { Binding::NotActive(configured) };
    }
    let by_email = active().find(|user| user.email.as_ref().is_some_and(|email| has_email(&agent.emails, email)));
    let by_number = || active().find(|user| user.phones.iter().any(|phone| agent.has_number(phone, plan)));
    if let Some(user) = by_email.or_else(by_number) {
        return Binding::User(&user.id);
    }
    let same_name = active().filter(|user| names::same_person(user.name.expose(), agent.name.expose()));
    let same_name: Vec<&UserId> = same_name.map(|user| &user.id).collect();
    match same_name.as_slice() {
        [] => Binding::Nobody,
        [user] => Binding::User(user),
        _ => Binding::Ambiguous(same_name),
    }
}
