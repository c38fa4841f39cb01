//! The values of what is made or updated, and the people it is given to.

use std::collections::BTreeMap;

use super::plan::Known;
use crate::{
    agents::Named,
    client::ClientKey,
    ids::UserId,
    mapping,
    reason::{Reason, ReasonCode},
    record::Kind,
    redact::Private,
    rules,
    scenario::{By, Then, Who},
    step::{Fields, Place},
};

/// What a new record holds.
pub(super) fn new_fields(known: &Known<'_>, then: &Then, kind: Kind, reasons: &mut Vec<Reason>) -> Fields {
    let owner = owner(known, then, reasons);
    let place = (kind == Kind::Deal).then(|| place(known, reasons)).flatten();
    let name = match kind {
        Kind::Contact if known.policy.abilities.leaves_contacts_unnamed => given_name(known),
        _ => Some(name(known, kind)),
    };
    if kind == Kind::Contact && known.policy.abilities.makes_contacts_bare {
        return Fields { name, owner, ..Fields::default() };
    }
    let (phone, phone_text) = (known.key.phone().cloned(), known.key.text().cloned());
    let source = Some(known.policy.texts.source.clone());
    Fields { name, phone, phone_text, owner, place, source, ..visit_fields(known, kind) }
}

/// What may be written into a record that exists already: marks and mapped values, nothing an agent may have typed.
pub(super) fn visit_fields(known: &Known<'_>, kind: Kind) -> Fields {
    let call = known.call;
    let mut custom = mapping::values(&known.policy.mappings, kind, call);
    custom.retain(|field, _| !known.facts.refused_fields.contains(field));
    let marks: BTreeMap<String, String> = call
        .utm
        .pairs()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .filter(|(name, value)| !value.trim().is_empty() && !known.facts.refused_fields.contains(name))
        .collect();
    let apart = known.policy.abilities.takes_visits || known.facts.refused_fields.contains("google_client_id");
    let google_client_id = call.client.google_client_id.clone().filter(|_| !apart);
    let chat = call.client.chat.as_ref().map(crate::call::Chat::joined);
    Fields { marks, google_client_id, chat, custom, ..Fields::default() }
}

/// A person's name, or a deal's title (G14).
fn name(known: &Known<'_>, kind: Kind) -> Private {
    let number = match known.key {
        ClientKey::Phone(key) => key.as_str().to_owned(),
        ClientKey::Text(digits) => digits.raw().to_owned(),
        ClientKey::Chat(chat) => chat.joined(),
        ClientKey::Visit(id) => id.clone(),
    };
    let person = given_name(known).unwrap_or_else(|| Private::new(number));
    if kind == Kind::Deal {
        return Private::new(format!("{} {}", known.policy.texts.deal_name_prefix, person.expose()));
    }
    person
}

/// The client's name as the call tells it.
fn given_name(known: &Known<'_>) -> Option<Private> {
    known.call.client.name.clone().filter(|name| !name.is_blank())
}

/// Where a new deal is placed: the first rule that fits, else the CRM's default.
fn place(known: &Known<'_>, reasons: &mut Vec<Reason>) -> Option<Place> {
    let rule = rules::placing(&known.policy.stage_rules, known.call, &known.policy.plan);
    reasons.push(match rule {
        Some(rule) => Reason::new(ReasonCode::StageRule).with("rule", rule.name.as_str()),
        None => Reason::new(ReasonCode::DefaultStage),
    });
    rule.map(|rule| rule.place.clone())
}

fn owner(known: &Known<'_>, then: &Then, reasons: &mut Vec<Reason>) -> Option<UserId> {
    let usual = [Who::Owner, Who::Agent, Who::Senior];
    let chain = if then.owner.is_empty() { &usual[..] } else { &then.owner };
    let found = chain.iter().find_map(|who| Some((*who, user(known, *who)?)));
    let code = match found {
        Some((Who::Agent, _)) => ReasonCode::OwnerIsAgent,
        Some((Who::Owner, _)) => ReasonCode::OwnerKept,
        Some((Who::Senior, _)) => ReasonCode::SeniorStandsIn,
        None => ReasonCode::NoOwner,
    };
    reasons.push(Reason::new(code));
    found.map(|(_, user)| user)
}

/// The first of a chain who is somebody; the senior manager at last (G-08, G19).
pub(super) fn first(known: &Known<'_>, chain: &[Who]) -> Option<UserId> {
    chain.iter().chain(&[Who::Senior]).find_map(|who| user(known, *who))
}

fn user(known: &Known<'_>, who: Who) -> Option<UserId> {
    match who {
        Who::Agent => match known.agent() {
            Named::Agent(agent) => agent.crm_user.clone(),
            Named::Unmapped(_) | Named::Nobody => None,
        },
        Who::Owner => known.target.owner.clone(),
        Who::Senior => known.policy.agents.senior_user().cloned(),
    }
}

/// The SIP login, number or name of an agent nobody knows, for the senior manager's eyes (G-08).
pub(super) fn unmapped(known: &Known<'_>) -> Option<String> {
    if known.by() != By::Unmapped {
        return None;
    }
    let agent = &known.leg()?.agent;
    let number = || agent.number.as_ref().map(|number| number.raw().to_owned());
    let name = || agent.name.as_ref().map(|name| name.expose().to_owned());
    agent
        .sip
        .clone()
        .or_else(number)
        .or_else(|| agent.extension.clone())
        .or_else(name)
        .or_else(|| agent.employee_id.clone())
}
