//! Looking a client up by number, and rows by the ids we would have given them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tieline_engine::{
    facts::Found,
    ids::{RecordId, UserId},
    jiff::Timestamp,
    lookup::{LookUp, Sought, SoughtMark},
    phone::Phone,
    record::{Kind, Record},
    redact::Private,
};

use super::{guid::Guid, wire::Wire};
use crate::trouble::Trouble;

/// Contacts of one number that are read; the engine chooses among them.
const CONTACTS_MAX: usize = 50;

/// Answers a look-up.
pub(super) async fn look_up(wire: &Wire<'_>, ask: &LookUp) -> Result<Found, Trouble> {
    let mut found = Found { at: wire.session.now, ..Found::default() };
    find_marks(wire, &ask.marks, &mut found).await?;
    if let Some(sought) = ask.client.as_ref().filter(|sought| is_asked(sought)) {
        found.records = by_number(wire, &sought.spellings, sought.chat.as_deref()).await?;
    }
    Ok(found)
}

fn is_asked(sought: &Sought) -> bool {
    sought.kinds.contains(&Kind::Contact)
}

/// Active contacts with one of the spellings, the oldest first. By equality: a search for endings would scan the
/// table, which the CRM throttles (dataverse.md 4.1).
pub(super) async fn by_number(
    wire: &Wire<'_>,
    spellings: &[String],
    chat: Option<&str>,
) -> Result<Vec<Record>, Trouble> {
    let settings = wire.settings;
    let mut terms: Vec<String> = Vec::new();
    for column in &settings.phone_fields {
        terms.extend(spellings.iter().map(|spelling| format!("{column} eq {}", quoted(spelling))));
    }
    if let (Some(column), Some(chat)) = (&settings.chat_field, chat) {
        terms.push(format!("{column} eq {}", quoted(chat)));
    }
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let mut columns = vec!["contactid", "fullname"];
    columns.extend(settings.phone_fields.iter().chain(&settings.chat_field).map(String::as_str));
    columns.extend(["_ownerid_value", "createdon", "modifiedon"]);
    let filter = format!("statecode eq 0 and ({})", terms.join(" or "));
    let path = format!(
        "contacts?$select={}&$filter={}&$orderby={}&$top={CONTACTS_MAX}",
        columns.join(","),
        in_query(&filter),
        in_query("createdon asc")
    );
    let answer = wire.get("dataverse.contacts.list", &path).await?;
    Ok(answer.as_ref().map_or(&[][..], rows).iter().filter_map(|row| contact(wire, row)).collect())
}

fn contact(wire: &Wire<'_>, row: &Value) -> Option<Record> {
    let text = |column: &str| row.get(column).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let time = |column: &str| text(column)?.parse::<Timestamp>().ok();
    let mut record = Record::new(Kind::Contact, RecordId::new(text("contactid")?.to_ascii_lowercase()));
    record.phones = wire.settings.phone_fields.iter().filter_map(|column| text(column)).map(Phone::new).collect();
    record.name = text("fullname").map(Private::from);
    record.owner = text("_ownerid_value").map(|owner| UserId::new(owner.to_ascii_lowercase()));
    (record.created_at, record.modified_at) = (time("createdon"), time("modifiedon"));
    record.chats = wire.settings.chat_field.iter().filter_map(|column| text(column)).map(str::to_owned).collect();
    Some(record)
}

/// The rows of a list.
pub(super) fn rows(answer: &Value) -> &[Value] {
    answer.get("value").and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// Each mark is an id: asking whether the rows are there takes one request.
async fn find_marks(wire: &Wire<'_>, marks: &[SoughtMark], found: &mut Found) -> Result<(), Trouble> {
    let asked: Vec<(&SoughtMark, Guid, String)> = marks.iter().filter_map(mark_path).collect();
    let Some((_, seed, _)) = asked.first() else { return Ok(()) };
    let paths: Vec<String> = asked.iter().map(|(_, _, path)| path.clone()).collect();
    let there = wire.there(&paths, seed).await?;
    for ((sought, row, _), there) in asked.iter().zip(there) {
        found.asked.insert(sought.mark.clone());
        if there {
            found.marks.insert(sought.mark.clone(), row.record());
        }
    }
    Ok(())
}

fn mark_path(sought: &SoughtMark) -> Option<(&SoughtMark, Guid, String)> {
    let (set, id) = set_of(Some(sought.kind))?;
    let row = Guid::of(&sought.mark);
    let path = row_path(set, id, &row);
    Some((sought, row, path))
}

/// The table of a kind of record, and its key.
pub(super) fn set_of(kind: Option<Kind>) -> Option<(&'static str, &'static str)> {
    match kind? {
        Kind::Contact => Some(("contacts", "contactid")),
        Kind::CallRecord => Some(("phonecalls", "activityid")),
        Kind::Lead | Kind::Deal | Kind::Task | Kind::Note => None,
    }
}

/// A row's address, for asking whether it is there.
pub(super) fn row_path(set: &str, id: &str, row: &Guid) -> String {
    format!("{set}({row})?$select={id}")
}

/// A text in a filter: quotes in it are doubled.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value in the query: a plus would be a blank there.
pub(super) fn in_query(text: &str) -> String {
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'(').remove(b')').remove(b'\'');
    utf8_percent_encode(text, KEPT).to_string()
}
