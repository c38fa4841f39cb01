//! What an administrator should know before the first call: what the key may read, whether the searches work, which
//! statuses count as closed, and whether the configured ids exist.

use serde_json::Value;
use tieline_engine::record::Kind;

use crate::{
    dialect::{Finding, Session},
    trouble::Trouble,
};

use super::{
    Remonline,
    answers::{id_of, text_of},
    api,
    lists::{self, Query},
    records::group_of,
    reference::{self, dictionary},
    settings::{Leads, ListStyle},
};

/// A number nobody has: a search for it shows nobody, unless the CRM overlooks the search.
const NOBODY: &str = "0000000000";

/// Looks at the account.
pub(super) async fn inspect(crm: &Remonline, session: &Session<'_>) -> Result<Vec<Finding>, Trouble> {
    let settings = &crm.settings;
    let mut findings = vec![
        employees(crm, session).await?,
        search(crm, session, Kind::Contact).await?,
        orders(crm, session).await?,
        closed(crm, session, Kind::Deal).await?,
    ];
    if settings.leads != Leads::Off {
        findings.push(search(crm, session, Kind::Lead).await?);
        findings.push(closed(crm, session, Kind::Lead).await?);
    }
    let ids = [
        ("branch of orders", "branch_id", settings.branch_id, settings.api.branches()),
        ("type of orders", "order_type", settings.order_type, api::ORDER_TYPES),
        ("type of leads", "lead_type", settings.lead_type, api::LEAD_TYPES),
    ];
    for (about, key, id, path) in ids {
        if let Some(id) = id {
            findings.push(exists(crm, session, (about, key), id, path).await?);
        }
    }
    Ok(findings)
}

fn finding(about: &str, holds: bool, text: impl Into<String>) -> Finding {
    Finding::new(about, holds, &text.into())
}

/// Rows, or why the account does not show them; what would pass by itself is no finding.
fn shown(rows: Result<Vec<Value>, Trouble>) -> Result<Result<Vec<Value>, String>, Trouble> {
    match rows {
        Ok(rows) => Ok(Ok(rows)),
        Err(trouble @ (Trouble::NotAllowed(_) | Trouble::Malformed(_))) => Ok(Err(trouble.to_string())),
        Err(trouble) => Err(trouble),
    }
}

async fn employees(crm: &Remonline, session: &Session<'_>) -> Result<Finding, Trouble> {
    let about = "right to read employees";
    let path = crm.settings.api.employees();
    let rows = dictionary(crm, session, "remonline.employees.list", path, &Query::new()).await;
    Ok(match shown(rows)? {
        Err(text) => finding(about, false, format!("{text}; agents stay unbound until the key may read them")),
        Ok(rows) if rows.is_empty() => finding(about, false, "none is shown; give the key's employee full access"),
        Ok(rows) => finding(about, true, format!("{} are shown", rows.len())),
    })
}

/// A search that shows somebody for a number nobody has is overlooked, and every call would read a page of
/// strangers.
async fn search(crm: &Remonline, session: &Session<'_>, kind: Kind) -> Result<Finding, Trouble> {
    let settings = &crm.settings;
    let (about, name, path, parameter, style) = if kind == Kind::Lead {
        ("search for leads by number", "remonline.leads.list", api::LEADS, "client_phones", ListStyle::Brackets)
    } else {
        let path = settings.api.people();
        ("search for clients by number", "remonline.people.list", path, "phones", settings.phone_query)
    };
    let mut query = Query::new();
    lists::put(&mut query, style, parameter, &[NOBODY.to_owned()]);
    Ok(match shown(lists::rows(settings, session, name, path, &query, 1).await)? {
        Err(text) => finding(about, false, format!("{text}; give the key's employee full access")),
        Ok(rows) if rows.is_empty() => finding(about, true, "a number nobody has shows nobody"),
        Ok(_) if kind == Kind::Lead => {
            finding(about, false, "a number nobody has shows leads, so the search is overlooked; ask the vendor")
        }
        Ok(_) => {
            finding(about, false, "a number nobody has shows clients, so the search is overlooked; change phone_query")
        }
    })
}

async fn orders(crm: &Remonline, session: &Session<'_>) -> Result<Finding, Trouble> {
    let (about, path) = ("right to read orders", crm.settings.api.orders());
    let rows = lists::rows(&crm.settings, session, "remonline.orders.list", path, &Query::new(), 1).await;
    Ok(match shown(rows)? {
        Err(text) => finding(about, false, format!("{text}; give the key's employee full access")),
        Ok(_) => finding(about, true, "orders are shown"),
    })
}

/// Which statuses count as closed (G6).
async fn closed(crm: &Remonline, session: &Session<'_>, kind: Kind) -> Result<Finding, Trouble> {
    let settings = &crm.settings;
    let (about, key, listed) = if kind == Kind::Lead {
        ("closed statuses of leads", "closed_lead_statuses", &settings.closed.leads)
    } else {
        ("closed statuses of orders", "closed_statuses", &settings.closed.orders)
    };
    let Some(statuses) = reference::statuses(crm, session, kind).await? else {
        return Ok(finding(about, false, format!("the statuses are not shown; check the closed ones and set {key}")));
    };
    let is_closed = |status: &&Value| {
        let by_id = id_of(status).is_some_and(|id| listed.contains(&id));
        by_id || group_of(status).is_some_and(|group| settings.closed.groups.contains(&group))
    };
    let shown = |status: &Value| {
        let name = status.get("name").and_then(text_of).unwrap_or_default();
        format!("{} {name}", id_of(status).unwrap_or_default()).trim().to_owned()
    };
    let closed: Vec<String> = statuses.iter().filter(is_closed).map(shown).collect();
    Ok(if closed.is_empty() {
        finding(about, false, format!("none of {} counts as closed; set {key} or closed_groups", statuses.len()))
    } else {
        finding(about, true, closed.join(", "))
    })
}

async fn exists(
    crm: &Remonline,
    session: &Session<'_>,
    (about, key): (&str, &str),
    id: u64,
    path: &str,
) -> Result<Finding, Trouble> {
    let rows = dictionary(crm, session, "remonline.dictionary", path, &Query::new()).await;
    Ok(match shown(rows)? {
        Err(text) => finding(about, false, format!("{text}; whether {key} = {id} exists could not be seen")),
        Ok(rows) if rows.iter().any(|row| id_of(row) == Some(id.to_string())) => {
            finding(about, true, format!("{id} exists"))
        }
        Ok(rows) => {
            let ids: Vec<String> = rows.iter().filter_map(id_of).collect();
            finding(about, false, format!("{id} does not exist; set {key} to one of {}", ids.join(", ")))
        }
    })
}
