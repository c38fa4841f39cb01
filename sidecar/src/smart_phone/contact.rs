//! A client as the platform's contact book takes one (telephony/events.md 2.5, payload 42).

use serde_json::{Value, json};
use tieline_engine::{ids::AgentId, policy::Policy, record::Kind, redact::Private};

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
        let number = card.number.as_ref().map(tieline_engine::phone::PhoneKey::digits);
        let number = number.or_else(|| card.number_text.as_ref().map(tieline_engine::phone::Phone::raw))?.to_owned();
        let name = card.client.name.as_ref().filter(|name| !name.is_blank()).map_or(&*number, Private::expose);
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

/// The owner's ids in the CRM and in the platform. The first must be there: "0" is nobody's (payload 42).
fn owner(owner: Option<&AgentId>, policy: &Policy) -> (String, Option<String>) {
    let agents = policy.agents.list();
    let agent = owner.and_then(|owner| agents.iter().find(|agent| agent.id == owner.as_str()));
    let user = agent.and_then(|agent| agent.crm_user.as_ref()).map(|user| user.as_str().to_owned());
    (user.unwrap_or_else(|| "0".to_owned()), agent.and_then(|agent| agent.employee_ids.first().cloned()))
}
