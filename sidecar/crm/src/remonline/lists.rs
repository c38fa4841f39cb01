//! Reading lists page by page, whatever envelope they come in (remonline.md 2.1).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{dialect::Session, trouble::Trouble};

use super::{
    answers::{self, id_of},
    auth,
    settings::{ListStyle, Settings},
};

/// Rows of a page (remonline.md 2.1).
const ROWS: u64 = 50;

/// A query: names and values.
pub(super) type Query = Vec<(String, String)>;

/// Adds a list to a query as the setting has it (remonline.md 2.3).
pub(super) fn put(query: &mut Query, style: ListStyle, name: &str, values: &[String]) {
    match style {
        ListStyle::Brackets => query.extend(values.iter().map(|value| (format!("{name}[]"), value.clone()))),
        ListStyle::Repeated => query.extend(values.iter().map(|value| (name.to_owned(), value.clone()))),
        ListStyle::Comma => query.push((name.to_owned(), values.join(","))),
    }
}

/// The rows of a list, each id once. Where there are more than `pages_max` pages, the first and the last are read:
/// the newest rows are at one end, and which one is not documented. A list that is not there is a fault of the
/// settings: taken for empty, every client would be new.
pub(super) async fn rows(
    settings: &Settings,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
    query: &Query,
    pages_max: u64,
) -> Result<Vec<Value>, Trouble> {
    let rows = rows_if_there(settings, session, name, path, query, pages_max).await?;
    rows.ok_or_else(|| Trouble::Malformed(format!("{name}: not found; check the settings url and api")))
}

/// As [`rows`], for lists not every account has.
pub(super) async fn rows_if_there(
    settings: &Settings,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
    query: &Query,
    pages_max: u64,
) -> Result<Option<Vec<Value>>, Trouble> {
    let request = auth::get(settings, session, name, path, query)?;
    let Some(first) = answers::read(settings.api, session, request).await? else {
        return Ok(None);
    };
    let mut all = of_page(&first);
    for page in others(&first, all.len() as u64, pages_max) {
        let mut query = query.clone();
        query.push(("page".to_owned(), page.to_string()));
        let request = auth::get(settings, session, name, path, &query)?;
        let answer = answers::read(settings.api, session, request).await?;
        let rows = answer.as_ref().map(of_page).unwrap_or_default();
        if rows.is_empty() {
            break;
        }
        all.extend(rows);
    }
    let mut seen = BTreeSet::new();
    all.retain(|row| id_of(row).is_none_or(|id| seen.insert(id)));
    Ok(Some(all))
}

fn of_page(answer: &Value) -> Vec<Value> {
    let list = answer.get("data").unwrap_or(answer);
    list.as_array().cloned().unwrap_or_default()
}

/// The numbers of the other pages to read.
fn others(first: &Value, rows: u64, pages_max: u64) -> Vec<u64> {
    let number = |place: &str| first.pointer(place).and_then(Value::as_u64);
    let limit = number("/paging/limit").filter(|limit| *limit > 0).unwrap_or(ROWS);
    let by_count = || Some(number("/count").or_else(|| number("/paging/count"))?.div_ceil(limit));
    // A list that says nothing of its length goes on as long as its pages are full.
    let unknown = if first.is_object() && rows >= limit { pages_max } else { 1 };
    let total = number("/paging/total_pages").or_else(by_count).unwrap_or(unknown);
    if total <= pages_max {
        return (2..=total).collect();
    }
    let head = pages_max.div_ceil(2);
    (2..=head).chain(total - (pages_max - head) + 1..=total).collect()
}
