//! Looking a client up: people by spellings of the number, then leads by the same, then the orders of those people.
//!
//! How the CRM compares numbers is not documented (remonline.md 2.4), so every spelling worth asking for goes into
//! one request, and the engine compares what comes back by the whole number.

use std::collections::BTreeSet;

use tieline_engine::{
    client::ClientKey,
    facts::Found,
    ids::RecordId,
    lookup::{LookUp, Sought},
    record::{Kind, Record},
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Remonline, api,
    lists::{self, Query},
    marks,
    records::Row,
    settings::{Leads, ListStyle},
};

/// Pages of one search that are read at most: two hundred orders of one client.
const PAGES_MAX: u64 = 4;
/// Clients of one number whose orders are read; one request takes them all.
const CLIENTS_MAX: usize = 10;
/// Last digits that make a candidate worth reading its orders; whether it is the client is the engine's decision.
const TELLING_DIGITS: usize = 7;

/// Answers a look-up.
pub(super) async fn look_up(crm: &Remonline, session: &Session<'_>, ask: &LookUp) -> Result<Found, Trouble> {
    let mut found = Found { at: session.now, ..Found::default() };
    let mut rows = Vec::new();
    if let Some(sought) = &ask.client {
        let marks: BTreeSet<Kind> = ask.marks.iter().map(|sought| sought.kind).collect();
        rows = Search { crm, session, sought, marks }.rows().await?;
        let of = |row: &Row| row.record(&crm.settings, &crm.learned, sought.chat.as_deref());
        found.records = rows.iter().filter_map(of).collect();
        lend_numbers(&mut found.records);
    }
    marks::find(crm, session, ask, &rows, &mut found).await?;
    Ok(found)
}

/// A lead that shows no number has its client's.
fn lend_numbers(records: &mut [Record]) {
    let contacts: Vec<Record> = records.iter().filter(|record| record.kind == Kind::Contact).cloned().collect();
    for lead in records.iter_mut().filter(|record| record.kind == Kind::Lead && record.phones.is_empty()) {
        let client = contacts.iter().find(|contact| lead.contact.as_ref() == Some(&contact.id));
        lead.phones = client.map(|client| client.phones.clone()).unwrap_or_default();
        lead.chats = client.map(|client| client.chats.clone()).unwrap_or_default();
    }
}

/// One client's search.
struct Search<'a> {
    crm: &'a Remonline,
    session: &'a Session<'a>,
    sought: &'a Sought,
    /// Kinds whose marks are sought.
    marks: BTreeSet<Kind>,
}

impl Search<'_> {
    async fn rows(&self) -> Result<Vec<Row>, Trouble> {
        let mut rows = self.people().await?;
        if self.wants_leads(&rows) {
            rows.extend(self.leads().await?);
            self.add_clients_of_leads(&mut rows);
        }
        if self.sought.kinds.contains(&Kind::Deal) {
            rows.extend(self.orders(&rows).await?);
        }
        Ok(rows)
    }

    /// People that may be the client, each once.
    async fn people(&self) -> Result<Vec<Row>, Trouble> {
        let (name, path) = ("remonline.people.list", self.crm.settings.api.people());
        let mut people = self.by_number(Kind::Contact, name, path, "phones").await?;
        if !people.iter().any(|row| self.is_likely(row))
            && let Some(query) = self.chat_query("names")
        {
            people.extend(self.read(Kind::Contact, name, path, &query).await?);
        }
        let mut seen = BTreeSet::new();
        people.retain(|row| row.id().is_some_and(|id| seen.insert(id)));
        Ok(people)
    }

    async fn leads(&self) -> Result<Vec<Row>, Trouble> {
        let name = "remonline.leads.list";
        if let (true, Some(query)) = (self.forms().is_empty(), self.chat_query("client_names")) {
            return self.read(Kind::Lead, name, api::LEADS, &query).await;
        }
        self.by_number(Kind::Lead, name, api::LEADS, "client_phones").await
    }

    fn wants_leads(&self, people: &[Row]) -> bool {
        let settings = &self.crm.settings;
        let smallest = || {
            let is_known = people.iter().any(|row| self.is_likely(row));
            is_known || !settings.create.client || self.marks.contains(&Kind::Lead)
        };
        self.sought.kinds.contains(&Kind::Lead)
            && match settings.leads {
                Leads::Search => true,
                Leads::OfClients => smallest(),
                Leads::Off => false,
            }
    }

    /// The search for people may miss whom the search for leads shows (remonline.md 2.4: not reliable enough).
    fn add_clients_of_leads(&self, rows: &mut Vec<Row>) {
        let mut known: BTreeSet<RecordId> =
            rows.iter().filter(|row| row.kind == Kind::Contact).filter_map(Row::id).collect();
        let shown = rows.iter().filter(|row| row.kind == Kind::Lead).filter_map(|lead| lead.value.get("client"));
        let clients: Vec<Row> = shown.filter_map(|client| Row::new(Kind::Contact, client.clone())).collect();
        rows.extend(clients.into_iter().filter(|row| row.id().is_some_and(|id| known.insert(id))));
    }

    /// Orders of the people that may be the client, open and closed. When one of ours is sought and its client does
    /// not show, they are searched by number.
    async fn orders(&self, rows: &[Row]) -> Result<Vec<Row>, Trouble> {
        let (name, path) = ("remonline.orders.list", self.crm.settings.api.orders());
        let people = rows.iter().filter(|row| row.kind == Kind::Contact && self.is_likely(row));
        let ids: Vec<String> =
            people.filter_map(Row::id).take(CLIENTS_MAX).map(|id| id.as_str().to_owned()).collect();
        if !ids.is_empty() {
            let mut query = Query::new();
            lists::put(&mut query, self.crm.settings.id_query, "clients_ids", &ids);
            return self.read(Kind::Deal, name, path, &query).await;
        }
        if self.marks.contains(&Kind::Deal) {
            return self.by_number(Kind::Deal, name, path, "client_phones").await;
        }
        Ok(Vec::new())
    }

    /// Searches by spellings: all in one request, or one each until somebody shows.
    async fn by_number(
        &self,
        kind: Kind,
        name: &'static str,
        path: &str,
        parameter: &str,
    ) -> Result<Vec<Row>, Trouble> {
        let forms = self.forms();
        let together = self.crm.settings.search_together;
        let mut found = Vec::new();
        for forms in forms.chunks(if together { forms.len().max(1) } else { 1 }) {
            let mut query = Query::new();
            lists::put(&mut query, self.style(kind), parameter, forms);
            found.extend(self.read(kind, name, path, &query).await?);
            if found.iter().any(|row| self.is_likely(row)) {
                break;
            }
        }
        Ok(found)
    }

    async fn read(&self, kind: Kind, name: &'static str, path: &str, query: &Query) -> Result<Vec<Row>, Trouble> {
        let rows = lists::rows(&self.crm.settings, self.session, name, path, query, PAGES_MAX).await?;
        Ok(rows.into_iter().filter_map(|value| Row::new(kind, value)).collect())
    }

    /// Leads have the first generation's queries whatever the others have (remonline.md 2.3).
    fn style(&self, kind: Kind) -> ListStyle {
        if kind == Kind::Lead { ListStyle::Brackets } else { self.crm.settings.phone_query }
    }

    fn chat_query(&self, parameter: &str) -> Option<Query> {
        let chat = self.sought.chat.clone()?;
        let kind = if parameter == "names" { Kind::Contact } else { Kind::Lead };
        let mut query = Query::new();
        lists::put(&mut query, self.style(kind), parameter, &[chat]);
        Some(query)
    }

    /// The spellings to ask for, the digits first (remonline.md 2.4: E.164 digits, then national ones). A number
    /// without a canonical form is asked for as it is.
    fn forms(&self) -> Vec<String> {
        let digits_of = |text: &String| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let own = self.sought.key.phone().map(|key| key.digits().to_owned());
        let national = own.as_ref().and_then(|own| {
            self.sought.spellings.iter().map(digits_of).find(|digits| !digits.is_empty() && digits != own)
        });
        let mut seen = BTreeSet::new();
        let all = own.into_iter().chain(national).chain(self.sought.spellings.iter().cloned());
        all.filter(|form| seen.insert(form.clone())).take(self.crm.settings.search_forms).collect()
    }

    /// Whether a row could be the client's: the last digits of a number are equal, or it carries the dialogue.
    fn is_likely(&self, row: &Row) -> bool {
        let own = match &self.sought.key {
            ClientKey::Phone(key) => last_digits(key.digits()),
            ClientKey::Text(digits) => last_digits(digits.raw()),
            ClientKey::Chat(_) | ClientKey::Visit(_) => String::new(),
        };
        let by_number = !own.is_empty() && row.phones().iter().any(|phone| last_digits(phone) == own);
        by_number || self.sought.chat.as_ref().is_some_and(|chat| row.carries(chat))
    }
}

fn last_digits(text: &str) -> String {
    text.chars().rev().filter(char::is_ascii_digit).take(TELLING_DIGITS).collect()
}
