//! What the account consists of: users and contact fields.

use serde_json::Value;
use tieline_engine::{
    ids::UserId,
    record::{CrmField, CrmUser, Kind},
    redact::Private,
};

use crate::{dialect::Session, trouble::Trouble};

use super::{Sendpulse, answers, answers::id_of, attributes, auth};

/// The users. The list holds those only who have accepted their invitation.
pub(super) async fn users(crm: &Sendpulse, session: &Session<'_>) -> Result<Vec<CrmUser>, Trouble> {
    let request = auth::get(&crm.settings, session, "sendpulse.users", "/users")?;
    let answer = answers::read_there(crm, session, request).await?;
    Ok(answers::list(&answer).into_iter().filter_map(user).collect())
}

/// The vendor's description spells the parts of the name in small letters, unlike those of contacts.
fn user(user: &Value) -> Option<CrmUser> {
    let text = |key: &str| user.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let parts = [text("firstname").or_else(|| text("firstName")), text("lastname").or_else(|| text("lastName"))];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = Some(name).filter(|name| !name.is_empty()).or_else(|| text("name").map(str::to_owned));
    Some(CrmUser {
        id: UserId::new(id_of(user)?),
        name: Private::new(name.unwrap_or_default()),
        email: text("email").map(Private::from),
        phones: Vec::new(),
        active: true,
    })
}

/// The contact fields. Deals have fields by pipeline, which mappings do not reach.
pub(super) async fn fields(crm: &Sendpulse, session: &Session<'_>) -> Result<Vec<CrmField>, Trouble> {
    let all = attributes::read(crm, session).await?;
    let field = |attribute: attributes::Attribute| CrmField {
        entity: Kind::Contact,
        name: attribute.name,
        custom: attribute.is_custom,
        text: attribute.is_text,
        length_max: Some(attributes::LENGTH_MAX),
    };
    Ok(all.into_iter().map(field).collect())
}
