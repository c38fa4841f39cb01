//! What the account consists of: statuses, employees, custom fields (remonline.md 2.6 … 2.8).

use std::collections::BTreeMap;

use serde_json::Value;
use tieline_engine::{
    ids::UserId,
    phone::Phone,
    record::{CrmField, CrmUser, Kind},
    redact::Private,
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Remonline,
    answers::{id_of, text_of},
    api,
    lists::{self, Query},
    records::group_of,
    settings::Leads,
    values::bare,
};

/// Pages of a dictionary that are read at most: a thousand employees, statuses or fields.
const PAGES_MAX: u64 = 20;

/// What was learned about the account.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    orders: BTreeMap<String, String>,
    leads: BTreeMap<String, String>,
}

impl Learned {
    /// The group of a status, for rows that do not show it.
    pub(super) fn group(&self, kind: Kind, status: &str) -> Option<String> {
        let groups = if kind == Kind::Lead { &self.leads } else { &self.orders };
        groups.get(status).cloned()
    }
}

/// Reads which group each status is in. An account that does not show its statuses is read without: rows usually
/// carry their status' group.
pub(super) async fn learn(crm: &Remonline, session: &Session<'_>) -> Result<Learned, Trouble> {
    let mut learned = Learned::default();
    for kind in [Kind::Deal, Kind::Lead] {
        if kind == Kind::Lead && crm.settings.leads == Leads::Off {
            continue;
        }
        let Some(statuses) = statuses(crm, session, kind).await? else { continue };
        let group = |status: &Value| Some((id_of(status)?, group_of(status)?));
        let groups = if kind == Kind::Lead { &mut learned.leads } else { &mut learned.orders };
        groups.extend(statuses.iter().filter_map(group));
    }
    Ok(learned)
}

/// The statuses of orders or leads; `None` where they cannot be read.
pub(super) async fn statuses(
    crm: &Remonline,
    session: &Session<'_>,
    kind: Kind,
) -> Result<Option<Vec<Value>>, Trouble> {
    let lead = ("remonline.leads.statuses", api::LEAD_STATUSES);
    let order = ("remonline.orders.statuses", crm.settings.api.order_statuses());
    let (name, path) = if kind == Kind::Lead { lead } else { order };
    if_shown(dictionary(crm, session, name, path, &Query::new()).await)
}

/// A list that is short enough to be read whole.
pub(super) async fn dictionary(
    crm: &Remonline,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
    query: &Query,
) -> Result<Vec<Value>, Trouble> {
    lists::rows(&crm.settings, session, name, path, query, PAGES_MAX).await
}

/// What the account does not show, or shows in a shape nobody knows, is no reason to stop.
pub(super) fn if_shown<T>(answer: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Trouble::NotAllowed(_) | Trouble::Malformed(_)) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// The employees.
pub(super) async fn users(crm: &Remonline, session: &Session<'_>) -> Result<Vec<CrmUser>, Trouble> {
    let path = crm.settings.api.employees();
    let employees = dictionary(crm, session, "remonline.employees.list", path, &Query::new()).await?;
    Ok(employees.iter().filter_map(user).collect())
}

fn user(employee: &Value) -> Option<CrmUser> {
    let text = |key: &str| employee.get(key).and_then(text_of);
    let name = [text("first_name"), text("last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = Some(name).filter(|name| !name.is_empty()).or_else(|| text("name")).unwrap_or_default();
    let deleted = employee.get("deleted").and_then(Value::as_bool).unwrap_or(false);
    Some(CrmUser {
        id: UserId::new(id_of(employee)?),
        name: Private::new(name),
        email: text("email").map(Private::from),
        phones: text("phone").map(Phone::new).into_iter().collect(),
        active: !deleted,
    })
}

/// The custom fields of orders and leads as listed, and those the settings declare: of clients' fields no list was
/// found. Built-in fields are not among them, since nothing may be mapped there (Z-03).
pub(super) async fn fields(crm: &Remonline, session: &Session<'_>) -> Result<Vec<CrmField>, Trouble> {
    let mut all = listed(crm, session, Kind::Deal, api::ORDER_FIELDS, &Query::new()).await?;
    if let Some(lead_type) = crm.settings.lead_type {
        let query = vec![("leadtype_id".to_owned(), lead_type.to_string())];
        all.extend(listed(crm, session, Kind::Lead, api::LEAD_FIELDS, &query).await?);
    }
    for (kind, id) in &crm.settings.custom_fields {
        let declared = text_field(*kind, id, true);
        all.retain(|field| (field.entity, &field.name) != (*kind, &declared.name));
        all.push(declared);
    }
    Ok(all)
}

async fn listed(
    crm: &Remonline,
    session: &Session<'_>,
    kind: Kind,
    path: &str,
    query: &Query,
) -> Result<Vec<CrmField>, Trouble> {
    let rows = if_shown(dictionary(crm, session, "remonline.custom_fields.list", path, query).await)?;
    let field = |row: &Value| {
        let id = id_of(row)?;
        // Types 1 to 3 are texts (remonline.md 2.8).
        let text = row.get("type").and_then(Value::as_u64).is_some_and(|kind| (1..=3).contains(&kind));
        Some(text_field(kind, bare(&id), text))
    };
    Ok(rows.unwrap_or_default().iter().filter_map(field).collect())
}

fn text_field(entity: Kind, id: &str, text: bool) -> CrmField {
    CrmField { entity, name: format!("f{id}"), custom: true, text, length_max: None }
}
