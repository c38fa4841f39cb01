//! Finding again what may have been written: each kind of record carries its step's mark in another place.

use serde_json::Value;
use tieline_engine::{facts::Found, ids::RecordId, lookup::SoughtMark, record::Kind, step::Mark};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Retailcrm,
    answers::{self, id_of, text_of},
    auth,
    lookup::{STATUSES_MAX, in_path, list},
};

/// The record of a kind that carries a mark, for a step whose mark the CRM says is taken.
pub(super) async fn by_mark_now(
    crm: &Retailcrm,
    session: &Session<'_>,
    kind: Kind,
    mark: &Mark,
) -> Result<Option<RecordId>, Trouble> {
    match kind {
        Kind::Contact => customer_by_mark(crm, session, mark).await,
        _ => Ok(orders_by_marks(crm, session, &[mark]).await?.into_iter().next().map(|(_, id)| id)),
    }
}

/// Adds to `found` which marks were asked about, and where they are.
pub(super) async fn find(
    crm: &Retailcrm,
    session: &Session<'_>,
    sought: &[SoughtMark],
    found: &mut Found,
) -> Result<(), Trouble> {
    let is_order = |sought: &&SoughtMark| sought.kind == Kind::Deal;
    let orders: Vec<&Mark> = sought.iter().filter(is_order).map(|sought| &sought.mark).collect();
    for chunk in orders.chunks(STATUSES_MAX) {
        found.marks.extend(orders_by_marks(crm, session, chunk).await?);
    }
    for sought in sought {
        let record = match sought.kind {
            Kind::Contact => customer_by_mark(crm, session, &sought.mark).await?,
            Kind::Task => text_search(crm, session, &TASKS, &sought.mark).await?,
            Kind::Note => text_search(crm, session, &NOTES, &sought.mark).await?,
            // A second upload of a call is reported as a duplicate, so it may be counted as absent and repeated.
            Kind::Deal | Kind::CallRecord | Kind::Lead => None,
        };
        found.marks.extend(record.map(|record| (sought.mark.clone(), record)));
        found.asked.insert(sought.mark.clone());
    }
    Ok(())
}

async fn customer_by_mark(crm: &Retailcrm, session: &Session<'_>, mark: &Mark) -> Result<Option<RecordId>, Trouble> {
    let mut query = vec![("by", "externalId")];
    query.extend(crm.settings.site.as_deref().map(|site| ("site", site)));
    let path = format!("/customers/{}", in_path(mark.as_str()));
    let answer = answers::read(session, auth::get(&crm.settings, "retailcrm.customers.get", &path, &query)).await?;
    Ok(answer.as_ref().and_then(|answer| id_of(answer.get("customer")?)).map(RecordId::new))
}

async fn orders_by_marks(
    crm: &Retailcrm,
    session: &Session<'_>,
    marks: &[&Mark],
) -> Result<Vec<(Mark, RecordId)>, Trouble> {
    let query: Vec<_> = marks.iter().map(|mark| ("externalIds[]", mark.as_str())).collect();
    let orders = list(crm, session, "retailcrm.orders.statuses", "/orders/statuses", &query, "orders").await?;
    let pair = |order: &Value| {
        let external = text_of(order.get("externalId")?)?;
        let mark = marks.iter().find(|mark| mark.as_str() == external)?;
        Some(((*mark).clone(), RecordId::new(id_of(order)?)))
    };
    Ok(orders.iter().filter_map(pair).collect())
}

/// A list that is searched by a text of its records.
struct Texts {
    name: &'static str,
    path: &'static str,
    key: &'static str,
}

const TASKS: Texts = Texts { name: "retailcrm.tasks.list", path: "/tasks", key: "tasks" };
const NOTES: Texts = Texts { name: "retailcrm.customers.notes.list", path: "/customers/notes", key: "notes" };

async fn text_search(
    crm: &Retailcrm,
    session: &Session<'_>,
    texts: &Texts,
    mark: &Mark,
) -> Result<Option<RecordId>, Trouble> {
    let query = [("filter[text]", mark.as_str())];
    let all = list(crm, session, texts.name, texts.path, &query, texts.key).await?;
    let carries =
        |entry: &&Value| entry.get("text").and_then(Value::as_str).is_some_and(|text| text.contains(mark.as_str()));
    Ok(all.iter().find(carries).and_then(id_of).map(RecordId::new))
}
