//! Contacts, deals, comments and tasks as the CRM's JSON (sendpulse.md 3.2 to 3.4).

use serde_json::{Map, Value, json};
use tieline_engine::{
    jiff::{Timestamp, tz::TimeZone},
    note::{self, NotePart},
    phone::{Phone, PhoneKey},
    redact::Private,
    scenario::TaskAbout,
    step::{Fields, Mark, Place, Task},
};

use super::{attributes::Filled, settings::Settings};

/// The longest comment and the longest deal name in characters (sendpulse.md 3.2, 3.3).
const COMMENT_MAX: usize = 65_535;
const DEAL_NAME_MAX: usize = 255;

/// A new contact in one request.
pub(super) fn contact(settings: &Settings, fields: &Fields, filled: &[Filled]) -> Value {
    let mut contact = person(settings, fields);
    let number = number(fields.phone.as_ref(), fields.phone_text.as_ref());
    put(&mut contact, "phones", number.map(|number| json!([number])));
    put(&mut contact, "attributes", Some(filled).filter(|filled| !filled.is_empty()).map(attributes));
    Value::Object(contact)
}

/// A new contact of which only name and owner are taken, and a number of ours where that is set.
pub(super) fn bare_contact(settings: &Settings, fields: &Fields, mark: &Mark) -> Value {
    let mut contact = person(settings, fields);
    put(&mut contact, "externalContactId", settings.external_id.then(|| external_id(mark).to_string()));
    Value::Object(contact)
}

fn person(settings: &Settings, fields: &Fields) -> Map<String, Value> {
    let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(|name| name.expose().to_owned());
    let name = name.or_else(|| number(fields.phone.as_ref(), fields.phone_text.as_ref()));
    let mut contact = Map::new();
    put(&mut contact, "responsibleId", Some(owner(settings, fields)));
    put(&mut contact, "firstName", name);
    contact
}

/// Values for contact fields.
pub(super) fn attributes(filled: &[Filled]) -> Value {
    filled.iter().map(|field| json!({ "attributeId": id(&field.id), "value": field.value })).collect()
}

/// A new deal of a contact.
pub(super) fn deal(settings: &Settings, fields: &Fields, place: (&str, &str), contact: &str) -> Value {
    let mut deal = Map::new();
    let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(Private::expose);
    put(&mut deal, "pipelineId", Some(id(place.0)));
    put(&mut deal, "stepId", Some(id(place.1)));
    put(&mut deal, "responsibleId", Some(owner(settings, fields)));
    put(&mut deal, "name", name.map(|name| name.chars().take(DEAL_NAME_MAX).collect::<String>()));
    put(&mut deal, "contact", Some(json!([id(contact)])));
    Value::Object(deal)
}

/// A comment, ended by its mark.
pub(super) fn comment(parts: &[NotePart], mark: &Mark, zone: &TimeZone) -> Value {
    json!({ "message": marked(&note::render(parts, zone), mark) })
}

/// What a task stands on: board and step, and the records it hangs on.
pub(super) struct Stand<'a> {
    pub(super) board: &'a str,
    pub(super) step: &'a str,
    pub(super) contact: Option<&'a str>,
    pub(super) deal: Option<&'a str>,
}

/// The zones of a task's deadline and of its text.
#[derive(Clone, Copy)]
pub(super) struct Zones<'a> {
    pub(super) account: &'a TimeZone,
    pub(super) texts: &'a TimeZone,
}

/// A task; its mark ends the description, since the name is the project's own (SP-10).
pub(super) fn task(settings: &Settings, task: &Task, mark: &Mark, stand: &Stand<'_>, zones: Zones<'_>) -> Value {
    let owner = task.owner.as_ref().map_or(settings.responsible.as_str(), |owner| owner.as_str());
    let name = task.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let mut connections = Map::new();
    put(&mut connections, "contactIds", stand.contact.map(|contact| json!([id(contact)])));
    put(&mut connections, "dealIds", stand.deal.map(|deal| json!([id(deal)])));
    let mut all = Map::new();
    put(&mut all, "name", Some(name.unwrap_or_else(|| about(task.about))));
    put(&mut all, "boardId", Some(id(stand.board)));
    put(&mut all, "stepId", Some(id(stand.step)));
    put(&mut all, "responsibleId", Some(id(owner)));
    put(&mut all, "description", Some(marked(&description(task, zones.texts), mark)));
    put(&mut all, "finishAt", task.due_at.map(|due| minutes(due, zones.account)));
    put(&mut all, "connections", Some(connections).filter(|connections| !connections.is_empty()));
    Value::Object(all)
}

/// Who called and what of it; what the name does not say stands here.
fn description(task: &Task, zone: &TimeZone) -> String {
    let who = number(task.client.as_ref(), task.client_text.as_ref());
    let about = task.name.as_ref().map(|_| about(task.about).to_owned());
    let text = Some(note::render(&task.parts, zone)).filter(|text| !text.is_empty());
    about.into_iter().chain(who).chain(text).collect::<Vec<_>>().join("\n")
}

fn about(about: TaskAbout) -> &'static str {
    match about {
        TaskAbout::MissedCall => "Missed call, call back",
        TaskAbout::Talk => "Talk",
        TaskAbout::Review => "A colleague answered your client",
        TaskAbout::CheckSettings => "A call was taken by somebody who is not in the list of agents, check the settings",
        TaskAbout::Messenger => "Messenger request",
    }
}

/// Where a project places things: a pipeline or board, and a step; the text names what is missing.
pub(super) fn place(place: Option<&Place>) -> Option<(&str, &str)> {
    let place = place?;
    Some((place.pipeline.as_deref()?, place.stage.as_str()))
}

fn owner(settings: &Settings, fields: &Fields) -> Value {
    id(fields.owner.as_ref().map_or(settings.responsible.as_str(), |owner| owner.as_str()))
}

/// A text that ends with its mark, cut so that the mark stays.
fn marked(text: &str, mark: &Mark) -> String {
    let end = format!("\n[{}]", mark.as_str());
    let kept: String = text.chars().take(COMMENT_MAX - end.len()).collect();
    format!("{kept}{end}").trim_start().to_owned()
}

/// A client's number as it is written and searched first: digits without a plus (sendpulse.md 3.2).
pub(super) fn number(key: Option<&PhoneKey>, text: Option<&Phone>) -> Option<String> {
    let written = key.map(PhoneKey::digits).or_else(|| text.map(Phone::raw));
    written.map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned)
}

/// A mark as the whole number that paths of external ids take (sendpulse.md 3.2): 53 bits, which every JSON reader
/// keeps exactly. FNV-1a over the mark's text.
pub(super) fn external_id(mark: &Mark) -> u64 {
    let hash = mark
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash ^ (hash >> 53)) & ((1 << 53) - 1)
}

/// `Y-m-d H:i` (sendpulse.md 3.4).
fn minutes(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Ids are numbers on the wire; one that is none is passed as the text it is.
pub(super) fn id(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
