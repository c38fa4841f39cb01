//! Looking a client up: contacts by every written form of the number, then their deals, and marks.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tieline_engine::{
    client::ClientKey,
    facts::Found,
    ids::RecordId,
    lookup::{LookUp, Sought},
    record::{Kind, Record},
};

use crate::{dialect::Session, transport::Method, trouble::Trouble};

use super::{
    Sendpulse, answers,
    answers::{id_of, number_of},
    attributes, auth, in_path, marks,
    records::{self, phones},
    settings::{CHAT, PhoneSearch},
};

/// The longest page of a list (sendpulse.md 3.2).
pub(super) const PAGE: u64 = 100;
/// Written forms that cost a request each, where one request cannot hold them all.
pub(super) const REQUESTS_MAX: usize = 3;
/// Contacts of one number whose deals and comments are read, one request each.
pub(super) const CONTACTS_MAX: usize = 3;
/// Last digits that make a candidate worth looking at; whether it is the client is the engine's decision.
const TELLING_DIGITS: usize = 7;

/// What was read of a client: likely contacts, and their deals with the contact of each.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) contacts: Vec<Value>,
    pub(super) deals: Vec<(Value, RecordId)>,
}

/// Answers a look-up.
pub(super) async fn look_up(crm: &Sendpulse, session: &Session<'_>, ask: &LookUp) -> Result<Found, Trouble> {
    let mut found = Found { at: session.now, ..Found::default() };
    let mut seen = Seen::default();
    if let Some(sought) = &ask.client {
        let zone = crm.zone(session);
        let chat_field = chat_field(crm, session, sought).await?;
        let chat = chat_field.as_deref().zip(sought.chat.as_deref());
        seen.contacts = contacts(crm, session, sought, chat).await?;
        let record = |contact: &Value| records::contact(contact, chat_field.as_deref(), zone);
        found.records = seen.contacts.iter().filter_map(record).collect();
        let is_likely = |record: &Record| {
            sought.chat.as_ref().is_some_and(|chat| record.chats.contains(chat))
                || record.phones.iter().any(|phone| resembles(phone.raw(), sought))
        };
        let likely = |contact: &Value| record(contact).is_some_and(|record| is_likely(&record));
        seen.contacts.retain(likely);
        if sought.kinds.contains(&Kind::Deal) {
            seen.deals = deals(crm, session, &seen.contacts).await?;
            found.records.extend(seen.deals.iter().filter_map(|(deal, contact)| records::deal(deal, contact, zone)));
        }
    }
    marks::find(crm, session, ask, &seen, &mut found).await?;
    Ok(found)
}

/// The id of the field that holds messenger dialogues, when one is sought and the field is there.
async fn chat_field(crm: &Sendpulse, session: &Session<'_>, sought: &Sought) -> Result<Option<String>, Trouble> {
    if sought.chat.is_none() || !crm.settings.contact_fields.contains_key(CHAT) {
        return Ok(None);
    }
    let all = attributes::known(crm, session).await?;
    Ok(attributes::chosen(crm, &all, CHAT).map(|field| field.id.clone()))
}

/// Contacts that may be the client, by number; by the messenger dialogue when the number shows nobody.
async fn contacts(
    crm: &Sendpulse,
    session: &Session<'_>,
    sought: &Sought,
    chat: Option<(&str, &str)>,
) -> Result<Vec<Value>, Trouble> {
    let mut found = by_number(crm, session, sought).await?;
    if let Some((field, chat)) = chat.filter(|_| !shows(&found, sought)) {
        found.extend(by_field(crm, session, field, chat).await?);
    }
    let mut seen = BTreeSet::new();
    found.retain(|contact| id_of(contact).is_some_and(|id| seen.insert(id)));
    Ok(found)
}

async fn by_number(crm: &Sendpulse, session: &Session<'_>, sought: &Sought) -> Result<Vec<Value>, Trouble> {
    let forms = forms(crm, sought);
    let mut found = Vec::new();
    match crm.settings.phone_search {
        PhoneSearch::In if !forms.is_empty() => {
            let condition = json!({ "field": "phones", "expression": "in", "value": forms });
            found = get_list(crm, session, json!({ "fieldValueConditions": [condition] })).await?;
        }
        PhoneSearch::In => {}
        PhoneSearch::Phone => {
            for form in forms {
                found.extend(get_list(crm, session, json!({ "phone": form })).await?);
                if shows(&found, sought) {
                    break;
                }
            }
        }
    }
    Ok(found)
}

/// Whether one of the contacts may be the client by its number.
fn shows(contacts: &[Value], sought: &Sought) -> bool {
    contacts.iter().flat_map(phones).any(|phone| resembles(&phone, sought))
}

/// Contacts by the value of one field.
pub(super) async fn by_field(
    crm: &Sendpulse,
    session: &Session<'_>,
    field: &str,
    value: &str,
) -> Result<Vec<Value>, Trouble> {
    let condition = json!({ "id": super::values::id(field), "expression": "eq", "value": value });
    get_list(crm, session, json!({ "attributes": [condition] })).await
}

/// The first page of contacts that fit every condition of a filter.
pub(super) async fn get_list(crm: &Sendpulse, session: &Session<'_>, filter: Value) -> Result<Vec<Value>, Trouble> {
    Ok(page(crm, session, filter, 0).await?.0)
}

/// One page of contacts, and how many there are on all pages.
pub(super) async fn page(
    crm: &Sendpulse,
    session: &Session<'_>,
    mut filter: Value,
    offset: u64,
) -> Result<(Vec<Value>, u64), Trouble> {
    if let Some(filter) = filter.as_object_mut() {
        filter.insert("limit".to_owned(), PAGE.into());
        filter.insert("offset".to_owned(), offset.into());
    }
    let (name, path) = ("sendpulse.contacts.get_list", "/contacts/get-list");
    let request = auth::send(&crm.settings, session, Method::Post, name, path, &filter)?;
    let answer = answers::read_there(crm, session, request).await?;
    let contacts: Vec<Value> = answers::list(&answer).into_iter().cloned().collect();
    let total = answer.pointer("/data/total").and_then(number_of).unwrap_or(offset + contacts.len() as u64);
    Ok((contacts, total))
}

/// The written forms to search for: the one this connection writes, the same with a plus, then the others. A number
/// without a canonical form is searched as it is.
fn forms(crm: &Sendpulse, sought: &Sought) -> Vec<String> {
    let own = match &sought.key {
        ClientKey::Phone(key) => vec![key.digits().to_owned(), key.as_str().to_owned()],
        ClientKey::Text(_) => Vec::new(),
        ClientKey::Chat(_) | ClientKey::Visit(_) => return Vec::new(),
    };
    let mut forms: Vec<String> = Vec::new();
    for form in own.into_iter().chain(sought.spellings.iter().cloned()) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.truncate(crm.abilities.spellings_max);
    forms
}

/// Whether a stored number could be the client's: the last digits are equal.
fn resembles(stored: &str, sought: &Sought) -> bool {
    let own = match &sought.key {
        ClientKey::Phone(key) => key.digits(),
        ClientKey::Text(digits) => digits.raw(),
        ClientKey::Chat(_) | ClientKey::Visit(_) => return false,
    };
    let last = |text: &str| text.chars().rev().filter(char::is_ascii_digit).take(TELLING_DIGITS).collect::<String>();
    !last(own).is_empty() && last(own) == last(stored)
}

/// Deals of contacts, open and closed. A contact that says it has none costs no request.
async fn deals(crm: &Sendpulse, session: &Session<'_>, contacts: &[Value]) -> Result<Vec<(Value, RecordId)>, Trouble> {
    let has_some = |contact: &&Value| contact.get("dealsQty").and_then(number_of) != Some(0);
    let ids = contacts.iter().filter(has_some).filter_map(id_of).take(CONTACTS_MAX);
    let mut all = Vec::new();
    for id in ids {
        let of_contact = deals_of(crm, session, &id).await?.unwrap_or_default();
        all.extend(of_contact.into_iter().map(|deal| (deal, RecordId::new(id.as_str()))));
    }
    Ok(all)
}

/// The deals of one contact; `None` when the contact is gone.
pub(super) async fn deals_of(
    crm: &Sendpulse,
    session: &Session<'_>,
    contact: &str,
) -> Result<Option<Vec<Value>>, Trouble> {
    let path = format!("/contacts/{}/deals", in_path(contact));
    let request = auth::get(&crm.settings, session, "sendpulse.contacts.deals", &path)?;
    let answer = answers::read(crm, session, request).await?;
    Ok(answer.map(|answer| answers::list(&answer).into_iter().cloned().collect()))
}

/// One contact with its comments.
pub(super) async fn contact_now(crm: &Sendpulse, session: &Session<'_>, id: &str) -> Result<Option<Value>, Trouble> {
    let path = format!("/contacts/{}", in_path(id));
    let request = auth::get(&crm.settings, session, "sendpulse.contacts.get", &path)?;
    let answer = answers::read(crm, session, request).await?;
    Ok(answer.as_ref().and_then(answers::record).cloned())
}

/// One deal with its comments.
pub(super) async fn deal_now(crm: &Sendpulse, session: &Session<'_>, id: &str) -> Result<Option<Value>, Trouble> {
    let path = format!("/deals/{}", in_path(id));
    let request = auth::get(&crm.settings, session, "sendpulse.deals.get", &path)?;
    let answer = answers::read(crm, session, request).await?;
    Ok(answer.as_ref().and_then(answers::record).cloned())
}
