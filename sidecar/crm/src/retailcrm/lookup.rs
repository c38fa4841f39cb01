//! Looking a client up: customers by written forms of the number, then their orders, and marks.
//!
//! There is no filter for phones; `filter[name]` means "full name or phone" and how it matches is not documented
//! (retailcrm.md 1.2). So each written form of a number costs a request, and the first that shows somebody with
//! the number ends the search.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tieline_engine::{
    client::ClientKey,
    facts::Found,
    ids::RecordId,
    lookup::{LookUp, Sought},
    record::{Kind, Record},
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Retailcrm,
    answers::{self, entries, id_of, text_of},
    auth, marks,
    records::{contact, deal, phones},
    settings::{PhoneForm, Settings},
};

/// The longest page of a list every client knows (retailcrm.md 1.1).
pub(super) const PAGE: &str = "100";
/// Customers of one number whose orders are read, one request each.
const CUSTOMERS_MAX: usize = 3;
/// Order ids or marks in one request for statuses (retailcrm.md 1.1).
pub(super) const STATUSES_MAX: usize = 500;
/// Last digits that make a candidate worth stopping for; whether it is the client is the engine's decision.
const TELLING_DIGITS: usize = 7;

/// Answers a look-up.
pub(super) async fn look_up(crm: &Retailcrm, session: &Session<'_>, ask: &LookUp) -> Result<Found, Trouble> {
    let mut found = Found { at: session.now, ..Found::default() };
    marks::find(crm, session, &ask.marks, &mut found).await?;
    if let Some(sought) = &ask.client {
        let customers = customers(crm, session, sought).await?;
        let zone = crm.zone(session);
        found.records = customers.iter().filter_map(|customer| contact(&crm.settings, customer, zone)).collect();
        if sought.kinds.contains(&Kind::Deal) {
            let orders = orders(crm, session, sought, &found.records).await?;
            found.records.extend(orders);
        }
    }
    Ok(found)
}

/// Customers that may be the client, each once, the newest first.
async fn customers(crm: &Retailcrm, session: &Session<'_>, sought: &Sought) -> Result<Vec<Value>, Trouble> {
    let mut found: Vec<Value> = Vec::new();
    for form in forms(&crm.settings, sought) {
        let query = [("filter[name]", form.as_str()), ("limit", PAGE)];
        found.extend(list(crm, session, "retailcrm.customers.list", "/customers", &query, "customers").await?);
        if found.iter().any(|customer| is_likely(customer, sought)) {
            break;
        }
    }
    let is_found = found.iter().any(|customer| is_likely(customer, sought));
    if let (false, Some(field), Some(chat)) = (is_found, &crm.settings.chat_field, &sought.chat) {
        let filter = format!("filter[customFields][{field}]");
        let query = [(filter.as_str(), chat.as_str()), ("limit", PAGE)];
        found.extend(list(crm, session, "retailcrm.customers.list", "/customers", &query, "customers").await?);
    }
    let mut seen = BTreeSet::new();
    found.retain(|customer| id_of(customer).is_some_and(|id| seen.insert(id)));
    found.sort_by_key(|customer| std::cmp::Reverse(id_of(customer).and_then(|id| id.parse::<u64>().ok())));
    Ok(found)
}

fn is_likely(customer: &Value, sought: &Sought) -> bool {
    phones(customer).iter().any(|phone| resembles(phone, sought))
}

/// The written forms to search for: the one this connection writes, the national one (RC-09), the other
/// international one. A number without a canonical form is searched as it is.
fn forms(settings: &Settings, sought: &Sought) -> Vec<String> {
    let mut forms: Vec<String> = match &sought.key {
        ClientKey::Phone(key) => {
            let digits_of = |spelling: &String| spelling.chars().filter(char::is_ascii_digit).collect::<String>();
            let national =
                sought.spellings.iter().map(digits_of).find(|digits| !digits.is_empty() && digits != key.digits());
            let (own, other) = match settings.phone_form {
                PhoneForm::Digits => (key.digits(), key.as_str()),
                PhoneForm::Plus => (key.as_str(), key.digits()),
            };
            std::iter::once(own.to_owned()).chain(national).chain([other.to_owned()]).collect()
        }
        ClientKey::Text(_) => sought.spellings.clone(),
        ClientKey::Chat(_) | ClientKey::Visit(_) => Vec::new(),
    };
    forms.truncate(settings.search_forms);
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

/// Orders of the customers that may be the client, open and closed.
async fn orders(
    crm: &Retailcrm,
    session: &Session<'_>,
    sought: &Sought,
    contacts: &[Record],
) -> Result<Vec<Record>, Trouble> {
    let by_chat = |contact: &Record| sought.chat.as_ref().is_some_and(|chat| contact.chats.contains(chat));
    let fits =
        |contact: &&Record| by_chat(contact) || contact.phones.iter().any(|phone| resembles(phone.raw(), sought));
    let mut orders = Vec::new();
    for customer in contacts.iter().filter(fits).take(CUSTOMERS_MAX) {
        let query = [("filter[customerId]", customer.id.as_str()), ("limit", PAGE)];
        let found = list(crm, session, "retailcrm.orders.list", "/orders", &query, "orders").await?;
        orders.extend(found.into_iter().map(|order| (order, customer.id.clone())));
    }
    let probed = probe_unknown(crm, session, &orders).await?;
    let is_open = |order: &Value| known_open(crm, order).or_else(|| probed.get(&id_of(order)?).copied());
    let zone = crm.zone(session);
    Ok(orders.iter().filter_map(|(order, customer)| deal(order, customer, is_open(order), zone)).collect())
}

/// Whether an order is open, when its status was learned.
fn known_open(crm: &Retailcrm, order: &Value) -> Option<bool> {
    crm.learned.is_open(&crm.settings, order.get("status")?.as_str()?)
}

/// Orders whose status was not learned, and whether they are open: one request tells it (retailcrm.md 1.4).
async fn probe_unknown(
    crm: &Retailcrm,
    session: &Session<'_>,
    orders: &[(Value, RecordId)],
) -> Result<BTreeMap<String, bool>, Trouble> {
    let is_unknown = |order: &&(Value, RecordId)| known_open(crm, &order.0).is_none();
    let ids: Vec<String> = orders.iter().filter(is_unknown).filter_map(|(order, _)| id_of(order)).collect();
    let mut open = BTreeMap::new();
    for chunk in ids.chunks(STATUSES_MAX) {
        let query: Vec<_> = chunk.iter().map(|id| ("ids[]", id.as_str())).collect();
        let all = list(crm, session, "retailcrm.orders.statuses", "/orders/statuses", &query, "orders").await?;
        let is_open = |order: &Value| Some(!crm.settings.closed_groups.contains(&text_of(order.get("group")?)?));
        open.extend(all.iter().filter_map(|order| Some((id_of(order)?, is_open(order)?))));
    }
    Ok(open)
}

/// A reading request for a list; a list that is not there is empty.
pub(super) async fn list(
    crm: &Retailcrm,
    session: &Session<'_>,
    name: &'static str,
    path: &str,
    query: &[(&str, &str)],
    key: &str,
) -> Result<Vec<Value>, Trouble> {
    let answer = answers::read(session, auth::get(&crm.settings, name, path, query)).await?;
    Ok(answer.map_or(Vec::new(), |answer| entries(answer.get(key)).into_iter().cloned().collect()))
}

/// A piece of a path.
pub(super) fn in_path(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
    utf8_percent_encode(text, KEPT).to_string()
}
