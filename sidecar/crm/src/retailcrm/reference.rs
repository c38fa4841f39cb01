//! What the account consists of: statuses and their groups, the time zone, users, fields (retailcrm.md 1.5).

use std::collections::BTreeMap;

use serde_json::Value;
use tieline_engine::{
    ids::UserId,
    jiff::tz::TimeZone,
    phone::Phone,
    record::{CrmField, CrmUser, Kind},
    redact::Private,
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Retailcrm,
    answers::{self, entries, id_of, text_of},
    auth,
    lookup::PAGE,
    settings::Settings,
};

/// Pages of a list that are read at most: ten thousand users or fields are more than any account has.
const PAGES_MAX: u32 = 100;

/// What was learned about the account.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    /// Group by status.
    groups: BTreeMap<String, String>,
    /// The zone times are written in.
    pub(super) zone: Option<TimeZone>,
}

impl Learned {
    /// Whether orders of a status are open; `None` when the status is not known.
    pub(super) fn is_open(&self, settings: &Settings, status: &str) -> Option<bool> {
        self.groups.get(status).map(|group| !settings.closed_groups.contains(group))
    }
}

/// Reads which group each status is in, and the account's zone.
pub(super) async fn learn(crm: &Retailcrm, session: &Session<'_>) -> Result<Learned, Trouble> {
    let statuses = dictionary(crm, session, "retailcrm.reference.statuses", "/reference/statuses").await?;
    let groups = dictionary(crm, session, "retailcrm.reference.status_groups", "/reference/status-groups").await?;
    Ok(Learned { groups: by_status(&statuses, &groups), zone: account_zone(crm, session).await? })
}

async fn dictionary(crm: &Retailcrm, session: &Session<'_>, name: &'static str, path: &str) -> Result<Value, Trouble> {
    let answer = answers::read(session, auth::get(&crm.settings, name, path, &[])).await?;
    answer.ok_or_else(|| Trouble::Malformed(format!("{name}: not found")))
}

/// A status names its group; where one does not, the group that lists it counts.
fn by_status(statuses: &Value, groups: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for group in entries(groups.get("statusGroups")) {
        let Some(code) = group.get("code").and_then(text_of) else {
            continue;
        };
        let listed = entries(group.get("statuses")).into_iter().filter_map(text_of);
        all.extend(listed.map(|status| (status, code.clone())));
    }
    let pair = |status: &&Value| Some((text_of(status.get("code")?)?, text_of(status.get("group")?)?));
    all.extend(entries(statuses.get("statuses")).iter().filter_map(pair));
    all
}

/// The account's zone. A key without the right to read the settings is usual, and no call should wait for it: what
/// was known before stays, and without anything the project's zone stands in.
async fn account_zone(crm: &Retailcrm, session: &Session<'_>) -> Result<Option<TimeZone>, Trouble> {
    let request = auth::get(&crm.settings, "retailcrm.settings.get", "/settings", &[]);
    let answer = match answers::read(session, request).await {
        Err(Trouble::NotAllowed(_) | Trouble::Malformed(_) | Trouble::Unavailable(_)) => None,
        other => other?,
    };
    Ok(answer.as_ref().and_then(zone_of).or_else(|| crm.learned.zone.clone()))
}

/// The zone the account's settings name.
pub(super) fn zone_of(settings: &Value) -> Option<TimeZone> {
    TimeZone::get(settings.pointer("/settings/timezone/value")?.as_str()?).ok()
}

/// The users.
pub(super) async fn users(crm: &Retailcrm, session: &Session<'_>) -> Result<Vec<CrmUser>, Trouble> {
    let users = pages(crm, session, "retailcrm.users.list", "/users", "users").await?;
    Ok(users.iter().filter_map(user).collect())
}

fn user(user: &Value) -> Option<CrmUser> {
    let part = |key: &str| user.get(key).and_then(Value::as_str).map(str::trim).filter(|part| !part.is_empty());
    let name = [part("firstName"), part("lastName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(CrmUser {
        id: UserId::new(id_of(user)?),
        name: Private::new(name),
        email: part("email").map(Private::from),
        phones: user.get("phone").and_then(text_of).map(Phone::new).into_iter().collect(),
        active: user.get("active").and_then(Value::as_bool).unwrap_or(true),
    })
}

/// The custom fields of customers and orders. Built-in fields are not listed: nothing may be mapped to them (Z-03).
pub(super) async fn fields(crm: &Retailcrm, session: &Session<'_>) -> Result<Vec<CrmField>, Trouble> {
    let fields = pages(crm, session, "retailcrm.custom_fields.list", "/custom-fields", "customFields").await?;
    Ok(fields.iter().filter_map(field).collect())
}

fn field(field: &Value) -> Option<CrmField> {
    let entity = match field.get("entity")?.as_str()? {
        "customer" => Kind::Contact,
        "order" => Kind::Deal,
        _ => return None,
    };
    let text = field.get("type").and_then(Value::as_str) == Some("string");
    Some(CrmField { entity, name: text_of(field.get("code")?)?, custom: true, text, length_max: None })
}

async fn pages(
    crm: &Retailcrm,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
    key: &str,
) -> Result<Vec<Value>, Trouble> {
    let mut all = Vec::new();
    for page in 1..=PAGES_MAX {
        let number = page.to_string();
        let query = [("limit", PAGE), ("page", number.as_str())];
        let answer = answers::read(session, auth::get(&crm.settings, name, path, &query)).await?;
        let Some(answer) = answer else { break };
        let list = entries(answer.get(key));
        let is_empty = list.is_empty();
        all.extend(list.into_iter().cloned());
        let total = answer.pointer("/pagination/totalPageCount").and_then(Value::as_u64).unwrap_or(1);
        if is_empty || u64::from(page) >= total {
            break;
        }
    }
    Ok(all)
}
