//! Finding again what may have been written.
//!
//! | step | how it is found |
//! | --- | --- |
//! | contact, one request | by its number with the client's other records; by its mark where a field was chosen for it |
//! | contact, step by step | by its name, without a number, made since; by our number where that is set |
//! | deal | among the client's open deals |
//! | comment | by the mark in the comments of the client's contacts and deals |
//! | task | by the mark in the descriptions of tasks made since |

use serde_json::{Value, json};
use tieline_engine::{
    client::ClientKey,
    facts::Found,
    ids::RecordId,
    jiff::{Timestamp, ToSpan as _},
    lookup::{LookUp, Sought, SoughtMark},
    record::Kind,
    step::Mark,
};

use crate::{dialect::Session, transport::Method, trouble::Trouble};

use super::{
    Sendpulse, answers,
    answers::{entries, id_of},
    attributes, auth,
    lookup::{self, CONTACTS_MAX, PAGE, Seen},
    records,
    settings::{ContactPath, MARK},
    values,
};

/// Seconds by which the CRM's clock may be behind.
const CLOCK_SECONDS: i64 = 60;
/// Pages of lately changed contacts that are searched for a comment whose contact is not named.
const PAGES_MAX: u64 = 3;

/// Adds to `found` which marks were asked about, and where they are.
pub(super) async fn find(
    crm: &Sendpulse,
    session: &Session<'_>,
    ask: &LookUp,
    seen: &Seen,
    found: &mut Found,
) -> Result<(), Trouble> {
    let of_kind = |kind: Kind| ask.marks.iter().filter(move |sought| sought.kind == kind);
    for sought in of_kind(Kind::Contact) {
        contact(crm, session, sought, ask.client.as_ref(), found).await?;
    }
    let notes: Vec<&SoughtMark> = of_kind(Kind::Note).collect();
    if !notes.is_empty() {
        match &ask.client {
            Some(_) => comments_of_client(crm, session, &notes, seen, found).await?,
            None => comments_of_anybody(crm, session, &notes, found).await?,
        }
    }
    let tasks: Vec<&SoughtMark> = of_kind(Kind::Task).collect();
    tasks_since(crm, session, &tasks, found).await
}

/// A contact whose making was not answered. One made in one request stands among the client's records, so that its
/// mark is asked about only where it has a field.
async fn contact(
    crm: &Sendpulse,
    session: &Session<'_>,
    sought: &SoughtMark,
    client: Option<&Sought>,
    found: &mut Found,
) -> Result<(), Trouble> {
    let id = match crm.settings.contact_path {
        ContactPath::OneRequest if !crm.settings.contact_fields.contains_key(MARK) => return Ok(()),
        ContactPath::OneRequest => by_mark_field(crm, session, &sought.mark).await?,
        ContactPath::Steps if crm.settings.external_id => by_external_id(crm, session, &sought.mark).await?,
        ContactPath::Steps => match client {
            Some(client) => bare(crm, session, client, sought.since).await?,
            None => return Ok(()),
        },
    };
    note_down(found, &sought.mark, id);
    Ok(())
}

async fn by_mark_field(crm: &Sendpulse, session: &Session<'_>, mark: &Mark) -> Result<Option<String>, Trouble> {
    let all = attributes::known(crm, session).await?;
    let Some(field) = attributes::chosen(crm, &all, MARK) else {
        return Ok(None);
    };
    let contacts = lookup::by_field(crm, session, &field.id, mark.as_str()).await?;
    Ok(contacts.iter().find(|contact| carries(contact, mark)).and_then(id_of))
}

async fn by_external_id(crm: &Sendpulse, session: &Session<'_>, mark: &Mark) -> Result<Option<String>, Trouble> {
    let path = format!("/contacts/external/{}", values::external_id(mark));
    let request = auth::get(&crm.settings, session, "sendpulse.contacts.external", &path)?;
    let answer = answers::read(crm, session, request).await?;
    Ok(answer.as_ref().and_then(answers::record).and_then(id_of))
}

/// The contact that got no further than its name: the client's own or the number as name, no phone, made since.
async fn bare(
    crm: &Sendpulse,
    session: &Session<'_>,
    client: &Sought,
    since: Timestamp,
) -> Result<Option<String>, Trouble> {
    let given = client.name.as_ref().map(|name| name.expose().to_owned());
    let name = given.unwrap_or_else(|| match &client.key {
        ClientKey::Phone(key) => key.as_str().to_owned(),
        ClientKey::Text(digits) => digits.raw().to_owned(),
        ClientKey::Chat(chat) => chat.joined(),
        ClientKey::Visit(id) => id.clone(),
    });
    let sort = json!({ "fieldName": "id", "direction": "desc" });
    let contacts = lookup::get_list(crm, session, json!({ "firstName": name, "sortBy": sort })).await?;
    let zone = crm.zone(session);
    let earliest = since.checked_sub(CLOCK_SECONDS.seconds()).unwrap_or(since);
    let is_it = |contact: &&Value| {
        let is_new = records::created_at(contact, zone).is_some_and(|at| at >= earliest);
        records::name(contact) == name && records::phones(contact).is_empty() && is_new
    };
    Ok(contacts.iter().find(is_it).and_then(id_of))
}

/// Comments of the client's contacts and deals: as the lists show them, then as each record does.
async fn comments_of_client(
    crm: &Sendpulse,
    session: &Session<'_>,
    notes: &[&SoughtMark],
    seen: &Seen,
    found: &mut Found,
) -> Result<(), Trouble> {
    for record in seen.contacts.iter().chain(seen.deals.iter().map(|(deal, _)| deal)) {
        collect(record, notes, found);
    }
    let ids = seen.contacts.iter().filter_map(id_of).take(CONTACTS_MAX);
    for id in ids {
        if notes.iter().all(|note| found.marks.contains_key(&note.mark)) {
            break;
        }
        if let Some(contact) = lookup::contact_now(crm, session, &id).await? {
            collect(&contact, notes, found);
        }
    }
    for id in seen.deals.iter().filter_map(|(deal, _)| id_of(deal)).take(CONTACTS_MAX) {
        if notes.iter().all(|note| found.marks.contains_key(&note.mark)) {
            break;
        }
        if let Some(deal) = lookup::deal_now(crm, session, &id).await? {
            collect(&deal, notes, found);
        }
    }
    found.asked.extend(notes.iter().map(|note| note.mark.clone()));
    Ok(())
}

/// Comments of contacts that changed since: all there is to go by when the client is not named. The filter takes
/// days only, and in which zone is not known.
async fn comments_of_anybody(
    crm: &Sendpulse,
    session: &Session<'_>,
    notes: &[&SoughtMark],
    found: &mut Found,
) -> Result<(), Trouble> {
    let since = notes.iter().map(|note| note.since).min().unwrap_or(session.now);
    let from = day_before(since).strftime("%Y-%m-%d").to_string();
    let filter = json!({ "updateFrom": from, "sortBy": { "fieldName": "id", "direction": "desc" } });
    for number in 0..PAGES_MAX {
        let (contacts, total) = lookup::page(crm, session, filter.clone(), number * PAGE).await?;
        for contact in &contacts {
            collect(contact, notes, found);
        }
        let is_all = contacts.is_empty() || (number + 1) * PAGE >= total;
        if is_all || notes.iter().all(|note| found.marks.contains_key(&note.mark)) {
            break;
        }
    }
    found.asked.extend(notes.iter().map(|note| note.mark.clone()));
    Ok(())
}

/// Marks in the comments of one contact or deal.
fn collect(record: &Value, notes: &[&SoughtMark], found: &mut Found) {
    let comments = record.get("comments").map_or(Vec::new(), |comments| match comments.get("data") {
        Some(inner) => entries(inner),
        None => entries(comments),
    });
    for note in notes {
        let id = comments.iter().find(|comment| carries(comment, &note.mark)).and_then(|comment| id_of(comment));
        found.marks.extend(id.map(|id| (note.mark.clone(), RecordId::new(id))));
    }
}

/// Tasks made since, in one request for all marks; one more where the CRM does not know the filter, which the reference
/// does not name.
async fn tasks_since(
    crm: &Sendpulse,
    session: &Session<'_>,
    sought: &[&SoughtMark],
    found: &mut Found,
) -> Result<(), Trouble> {
    let Some(since) = sought.iter().map(|task| task.since).min() else {
        return Ok(());
    };
    let from = day_before(since).strftime("%Y-%m-%d %H:%M").to_string();
    let (name, path) = ("sendpulse.tasks.list", "/tasks/list");
    let list = async |body: Value| {
        let request = auth::send(&crm.settings, session, Method::Post, name, path, &body)?;
        answers::read_there(crm, session, request).await
    };
    let answer = match list(json!({ "createdAtFrom": from })).await {
        Err(Trouble::Malformed(_)) => list(json!({ "limit": PAGE })).await?,
        answer => answer?,
    };
    let tasks = answers::list(&answer);
    for task in sought {
        let id = tasks.iter().find(|entry| carries(entry, &task.mark)).and_then(|entry| id_of(entry));
        note_down(found, &task.mark, id);
    }
    Ok(())
}

/// Far enough back for every zone.
fn day_before(at: Timestamp) -> Timestamp {
    at.checked_sub(24.hours()).unwrap_or(at)
}

fn note_down(found: &mut Found, mark: &Mark, id: Option<String>) {
    found.asked.insert(mark.clone());
    found.marks.extend(id.map(|id| (mark.clone(), RecordId::new(id))));
}

/// Whether a record holds a mark, in whichever of its texts.
fn carries(record: &Value, mark: &Mark) -> bool {
    record.to_string().contains(mark.as_str())
}
