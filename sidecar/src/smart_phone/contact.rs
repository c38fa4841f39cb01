//! A client as the platform's contact book takes one (telephony/events.md 2.5, payload 42).

use serde_json::{Value, json};
use tieline_engine::{
    ids::AgentId,
    phone::{Phone, PhoneKey},
    policy::Policy,
    record::Kind,
    redact::Private,
};

use super::SmartPhoneConfig;
use crate::watch::Card;

/// A client, ready to be sent.
pub struct Contact {
    /// Digits of the number: one client.
    pub(super) key: String,
    /// The request's body.
    pub(super) body: Vec<u8>,
}

impl Contact {
    /// The client of a card. `None`: the CRM does not know them, or they have no number.
    #[must_use]
    pub fn of(card: &Card, config: &SmartPhoneConfig, policy: &Policy, visit: Option<&str>) -> Option<Self> {
        let record = |kind| card.client.records.iter().find(|(own, ..)| *own == kind);
        let id = |kind| record(kind).map(|(_, id, _)| id.as_str());
        let link = |kind| record(kind).and_then(|(_, _, link)| link.as_deref());
        // One of the two ids must be there.
        id(Kind::Contact).or(id(Kind::Lead))?;
        let reported = card.number_text.as_ref().map(Phone::raw);
        let number = card.number.as_ref().map(PhoneKey::digits).or(reported)?.to_owned();
        let shown = card.number.as_ref().map(PhoneKey::as_str).or(reported).unwrap_or_default();
        let name = card.client.name.as_ref().map(Private::expose).filter(|name| is_name(name, &number));
        let name = name.unwrap_or(shown);
        let (responsible, staff) = owner(card.client.owner.as_ref(), policy);
        let body = json!({ "contacts": [{
            "projectId": config.project_id,
            "fullName": name,
            "origin": config.origin,
            "externalId": id(Kind::Contact),
            "leadId": id(Kind::Lead),
            "responsible": responsible,
            "staffId": staff,
            "contactLink": link(Kind::Contact),
            "leadLink": link(Kind::Lead),
            "dealLink": link(Kind::Deal),
            "googleClientId": visit,
            "contactDirections": [{ "type": "phone", "name": "personal", "value": number }],
            "organizations": [],
        }] });
        Some(Self { key: number, body: Value::to_string(&body).into_bytes() })
    }
}

/// A client nobody has named may stand in the CRM under the number, in any spelling.
fn is_name(name: &str, number: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    !name.trim().is_empty() && (name.chars().any(char::is_alphabetic) || digits(name) != digits(number))
}

/// The owner's ids in the CRM and in the platform. The first must be there: "0" is nobody's (payload 42).
fn owner(owner: Option<&AgentId>, policy: &Policy) -> (String, Option<String>) {
    let agents = policy.agents.list();
    let agent = owner.and_then(|owner| agents.iter().find(|agent| agent.id == owner.as_str()));
    let user = agent.and_then(|agent| agent.crm_user.as_ref()).map(|user| user.as_str().to_owned());
    (user.unwrap_or_else(|| "0".to_owned()), agent.and_then(|agent| agent.employee_ids.first().cloned()))
}
