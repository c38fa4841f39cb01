//! Looking up: a client's contacts, leads and deals, and marks of steps that may have happened. By COQL only: the
//! search of Zoho does not show what was just written (zoho.md 0.1).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_engine::{
    facts::Found,
    ids::RecordId,
    jiff::SignedDuration,
    lookup::{LookUp, Sought, SoughtMark},
    phone::Phone,
    record::{Kind, Record},
    redact::Private,
};

use super::{
    answers::{self, Intent, ReadError},
    coql,
    schema::{Module, Schema},
    settings::{DealLookup, Settings},
    wire::{Call, SUBS_MAX, Wire},
};
use crate::{dialect::Session, transport::Method, trouble::Trouble};

/// The CRM's clock may be behind ours by this much when the time of a mark is compared.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// One query and what its rows are.
struct Query {
    what: What,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    People(Module),
    Marks(Module),
}

type Rows = BTreeMap<What, Result<Vec<Value>, ReadError>>;

/// Looks a client and marks up.
pub(super) async fn look_up(
    settings: &Settings,
    schema: &Schema,
    session: &Session<'_>,
    ask: &LookUp,
) -> Result<Found, Trouble> {
    let asking = Asking { wire: Wire { settings, session }, schema };
    let mut found = Found { at: session.now, ..Found::default() };
    let joins = settings.deal_lookup == DealLookup::Join && schema.joins_deals;
    let mut rows = asking.run(asking.queries(ask, joins)).await?;
    if let Some(sought) = &ask.client {
        let people = asking.people(sought, joins, &mut rows).await?;
        found.records = people.into_iter().filter(|record| sought.kinds.contains(&record.kind)).collect();
    }
    for module in marked_modules(&ask.marks) {
        let rows = rows.remove(&What::Marks(module)).unwrap_or_else(|| Ok(Vec::new())).map_err(|e| e.trouble)?;
        for sought in ask.marks.iter().filter(|sought| Module::of(sought.kind) == module) {
            found.asked.insert(sought.mark.clone());
            let carries = |row: &&Value| mark_text(row, module).is_some_and(|text| text.contains(sought.mark.as_str()));
            if let Some(id) = rows.iter().find(carries).and_then(|row| answers::record_id(row, "id")) {
                found.marks.insert(sought.mark.clone(), id);
            }
        }
    }
    Ok(found)
}

struct Asking<'a> {
    wire: Wire<'a>,
    schema: &'a Schema,
}

impl Asking<'_> {
    fn queries(&self, ask: &LookUp, joins: bool) -> Vec<Query> {
        let mut queries = Vec::new();
        if let Some(sought) = &ask.client {
            let by_contact = sought.kinds.contains(&Kind::Deal) && !joins;
            for module in [Module::Contacts, Module::Leads] {
                if sought.kinds.contains(&module.kind()) || (module == Module::Contacts && by_contact) {
                    queries.extend(self.people_query(module, sought));
                }
            }
            if sought.kinds.contains(&Kind::Deal) && joins {
                queries.extend(self.deals_by_number(sought));
            }
        }
        queries.extend(marked_modules(&ask.marks).into_iter().map(|module| self.marks_query(module, &ask.marks)));
        queries
    }

    /// Sends the queries: in one request each, or up to five in one.
    async fn run(&self, queries: Vec<Query>) -> Result<Rows, Trouble> {
        let mut rows = Rows::new();
        let size = if self.wire.settings.composite_reads { SUBS_MAX } else { 1 };
        for chunk in queries.chunks(size) {
            if let [query] = chunk {
                rows.insert(query.what, self.one(&query.text).await);
                continue;
            }
            for (query, result) in chunk.iter().zip(self.several(chunk).await?) {
                rows.insert(query.what, result);
            }
        }
        Ok(rows)
    }

    async fn one(&self, query: &str) -> Result<Vec<Value>, ReadError> {
        let body = json!({ "select_query": query });
        let call = Call { method: Method::Post, name: "zoho.coql", path: "/crm/v8/coql", body: Some(&body) };
        answers::items("zoho.coql", self.wire.send(Intent::Read, call).await?, "data")
    }

    async fn several(&self, queries: &[Query]) -> Result<Vec<Result<Vec<Value>, ReadError>>, Trouble> {
        let name = "zoho.composite.read";
        let sub = |(index, query): (usize, &Query)| {
            json!({
                "sub_request_id": format!("s{index}"), "method": "POST", "uri": "/crm/v8/coql",
                "body": { "select_query": query.text },
            })
        };
        let subs = queries.iter().enumerate().map(sub).collect();
        let answered = self.wire.composite(Intent::Read, name, subs).await?;
        let rows = answered.into_iter().map(|sub| match sub.reply {
            Some(reply) if reply.status == 429 => Err(Trouble::RateLimited { retry_after: None }.into()),
            Some(reply) => answers::items(name, reply, "data"),
            None => Err(Trouble::Unavailable(format!("{} at {name}", sub.code)).into()),
        });
        Ok(rows.collect())
    }

    /// Contacts or leads by number, by our key, by dialogue; `None` when there is nothing to ask by.
    fn people_query(&self, module: Module, sought: &Sought) -> Option<Query> {
        let condition = coql::any(self.conditions(module, sought))?;
        let condition = match module {
            Module::Leads => coql::both(&condition, "Converted__s = false"),
            _ => condition,
        };
        let settings = self.wire.settings;
        let mut select = vec!["id".to_owned()];
        let own = ["Full_Name", "Owner", "Created_Time", "Modified_Time"];
        select.extend(own.into_iter().filter(|name| self.schema.readable(module, name)).map(str::to_owned));
        select.extend(self.schema.phone_fields(module).into_iter().map(str::to_owned));
        for name in [&settings.phone_key_field, &settings.chat_field] {
            let known = self.schema.field(module, name).map(|field| field.name.clone());
            select.extend(known.filter(|known| !select.contains(known)));
        }
        let text = coql::query(&select, module.api(), &condition, Some("Modified_Time"));
        Some(Query { what: What::People(module), text })
    }

    fn conditions(&self, module: Module, sought: &Sought) -> Vec<String> {
        let settings = self.wire.settings;
        let spellings = || sought.spellings.iter().map(String::as_str);
        let phones = self.schema.phone_fields(module).into_iter();
        let mut conditions: Vec<String> = phones.filter_map(|field| coql::one_of(field, spellings())).collect();
        let key = self.schema.field(module, &settings.phone_key_field).zip(sought.key.phone());
        conditions.extend(key.map(|(field, key)| coql::is(&field.name, key.digits())));
        let chat = self.schema.field(module, &settings.chat_field).zip(sought.chat.as_deref());
        conditions.extend(chat.map(|(field, chat)| coql::is(&field.name, chat)));
        conditions
    }

    /// Deals through their contact's numbers.
    fn deals_by_number(&self, sought: &Sought) -> Option<Query> {
        let fields = joined_phones(self.schema);
        let spellings = || sought.spellings.iter().map(String::as_str);
        let condition = coql::any(fields.iter().filter_map(|field| coql::one_of(field, spellings())).collect())?;
        Some(self.deals_query(&condition, fields))
    }

    fn deals_query(&self, condition: &str, more: Vec<String>) -> Query {
        let mut select = vec!["id".to_owned()];
        let own = ["Deal_Name", "Stage", "Owner", "Contact_Name", "Created_Time", "Modified_Time"];
        select.extend(own.into_iter().filter(|name| self.schema.readable(Module::Deals, name)).map(str::to_owned));
        select.extend(more);
        let text = coql::query(&select, Module::Deals.api(), condition, Some("Created_Time"));
        Query { what: What::People(Module::Deals), text }
    }

    /// Contacts, leads and deals of the rows; deals are asked for by contact where the join is not taken.
    async fn people(&self, sought: &Sought, joins: bool, rows: &mut Rows) -> Result<Vec<Record>, Trouble> {
        let mut records = Vec::new();
        for module in [Module::Contacts, Module::Leads] {
            let rows = rows.remove(&What::People(module)).unwrap_or_else(|| Ok(Vec::new())).map_err(|e| e.trouble)?;
            records.extend(rows.iter().filter_map(|row| self.person(module, row)));
        }
        let deals = match rows.remove(&What::People(Module::Deals)) {
            Some(Err(error)) if error.code.as_deref() == Some("INVALID_QUERY") => self.deals_of(&records).await?,
            Some(rows) => rows.map_err(|error| error.trouble)?,
            None if sought.kinds.contains(&Kind::Deal) && !joins => self.deals_of(&records).await?,
            None => Vec::new(),
        };
        records.extend(deals.iter().filter_map(|row| self.deal(row)));
        Ok(records)
    }

    async fn deals_of(&self, records: &[Record]) -> Result<Vec<Value>, Trouble> {
        let contacts = records.iter().filter(|record| record.kind == Kind::Contact).map(|record| record.id.as_str());
        let Some(condition) = coql::one_of("Contact_Name", contacts) else { return Ok(Vec::new()) };
        let query = self.deals_query(&condition, Vec::new());
        self.one(&query.text).await.map_err(|error| error.trouble)
    }

    fn marks_query(&self, module: Module, marks: &[SoughtMark]) -> Query {
        let zone = self.wire.session.zone;
        let (field, marks) = (mark_field(module), marks.iter().filter(|sought| Module::of(sought.kind) == module));
        let texts = marks.clone().map(|sought| coql::holds(field, sought.mark.as_str())).collect();
        let oldest = marks.map(|sought| sought.since).min().unwrap_or(self.wire.session.now);
        let since = coql::since("Created_Time", oldest - CLOCKS_DIFFER, zone);
        let condition = coql::any(texts).map_or_else(|| since.clone(), |texts| coql::both(&texts, &since));
        let select = ["id".to_owned(), field.to_owned()];
        Query { what: What::Marks(module), text: coql::query(&select, module.api(), &condition, None) }
    }

    fn person(&self, module: Module, row: &Value) -> Option<Record> {
        let settings = self.wire.settings;
        let mut record = record(module.kind(), row)?;
        record.name = answers::text(row, "Full_Name").map(Private::new);
        let phones = self.schema.phone_fields(module).into_iter().filter_map(|field| answers::text(row, field));
        record.phones = phones.map(Phone::new).collect();
        let key = self.schema.field(module, &settings.phone_key_field);
        let key = key.and_then(|field| answers::text(row, &field.name));
        record.phones.extend(key.map(|digits| Phone::new(format!("+{}", digits.trim_start_matches('+')))));
        let chat = self.schema.field(module, &settings.chat_field);
        record.chats.extend(chat.and_then(|field| answers::text(row, &field.name)));
        Some(record)
    }

    fn deal(&self, row: &Value) -> Option<Record> {
        let mut record = record(Kind::Deal, row)?;
        record.name = answers::text(row, "Deal_Name").map(Private::new);
        record.contact = answers::record_id(row, "Contact_Name");
        record.open = !answers::text(row, "Stage").is_some_and(|stage| self.schema.is_closed(&stage));
        let phones = joined_phones(self.schema).into_iter().filter_map(|field| joined_text(row, &field));
        record.phones = phones.map(Phone::new).collect();
        Some(record)
    }
}

fn record(kind: Kind, row: &Value) -> Option<Record> {
    let id: RecordId = answers::record_id(row, "id")?;
    let mut record = Record::new(kind, id);
    record.owner = answers::owner(row);
    record.created_at = answers::time(row, "Created_Time");
    record.modified_at = answers::time(row, "Modified_Time");
    Some(record)
}

/// The numbers of a deal's contact, as a query names them.
pub(super) fn joined_phones(schema: &Schema) -> Vec<String> {
    let usual = ["Phone", "Mobile"].into_iter().filter(|name| schema.readable(Module::Contacts, name));
    usual.map(|name| format!("Contact_Name.{name}")).collect()
}

/// A value of the deal's contact, under its dotted name or inside the contact.
fn joined_text(row: &Value, field: &str) -> Option<String> {
    let inside = || {
        let (lookup, name) = field.split_once('.')?;
        answers::text(row.get(lookup)?, name)
    };
    answers::text(row, field).or_else(inside)
}

/// The modules whose records carry marks that can be asked for, without repetition. Contacts, leads and deals are
/// found by their number instead.
fn marked_modules(marks: &[SoughtMark]) -> Vec<Module> {
    let carries = [Module::Calls, Module::Tasks, Module::Notes];
    carries.into_iter().filter(|module| marks.iter().any(|sought| Module::of(sought.kind) == *module)).collect()
}

fn mark_field(module: Module) -> &'static str {
    if module == Module::Notes { "Note_Title" } else { "Subject" }
}

fn mark_text(row: &Value, module: Module) -> Option<String> {
    answers::text(row, mark_field(module))
}
