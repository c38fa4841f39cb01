//! Contacts and calls as the CRM's JSON (dataverse.md 2, 4.2, 4.3).

use serde_json::{Map, Value, json};
use tieline_engine::{
    call::{Direction, Outcome},
    jiff::{SignedDuration, Timestamp, tz::TimeZone},
    phone::{Phone, PhoneKey},
    redact::Private,
    step::{CallEntry, Fields, Mark},
};

use super::{
    guid::Guid,
    settings::{Missed, Number, Settings},
    text::{self, fit},
};

/// Longest subject, number and party's name of a call (dataverse.md 2).
const CALL_TEXT_MAX: usize = 200;
/// Longest number and name of a contact.
const CONTACT_TEXT_MAX: usize = 50;
/// Who calls and who is called, among an activity's parties.
const CALL_FROM: u8 = 1;
const CALL_TO: u8 = 2;
/// The binding of a call's Regarding to a contact; two names are in use, this one is the call's own.
const REGARDING: &str = "regardingobjectid_contact_phonecall@odata.bind";
const OWNER: &str = "ownerid@odata.bind";

/// State and status of a row: set together, or the CRM picks the status (dataverse.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) state: u64,
    pub(super) status: u64,
}

impl Status {
    pub(super) const OPEN: Self = Self { state: 0, status: 1 };
    const MADE: Self = Self { state: 1, status: 2 };
    const RECEIVED: Self = Self { state: 1, status: 4 };
    pub(super) const CANCELED: Self = Self { state: 2, status: 3 };

    /// How a call is finished; `None` leaves it open.
    pub(super) fn finished(settings: &Settings, entry: &CallEntry) -> Option<Self> {
        match (entry.outcome.is_answered(), settings.missed) {
            (false, Missed::Open) => None,
            (false, Missed::Canceled) => Some(Self::CANCELED),
            (true, _) | (false, Missed::Completed) => {
                Some(if is_outgoing(entry) { Self::MADE } else { Self::RECEIVED })
            }
        }
    }

    pub(super) fn body(self) -> Map<String, Value> {
        Map::from_iter([
            ("statecode".to_owned(), Value::from(self.state)),
            ("statuscode".to_owned(), Value::from(self.status)),
        ])
    }
}

/// A new contact: the number, and a name only where the telephone side knows one (SM-07).
pub(super) fn contact(settings: &Settings, fields: &Fields, owner: Option<&Guid>) -> Map<String, Value> {
    let mut contact = contact_changes(settings, fields);
    let number = number(fields.phone.as_ref(), fields.phone_text.as_ref());
    if let (Some(column), Some(number)) = (settings.phone_fields.first(), number) {
        contact.insert(column.clone(), Value::from(fit(number, CONTACT_TEXT_MAX)));
    }
    let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(Private::expose);
    put(&mut contact, "lastname", name.map(|name| fit(name.trim(), CONTACT_TEXT_MAX)));
    put(&mut contact, OWNER, owner.map(user));
    contact
}

/// What may be changed in a contact: mapped columns and the dialogue, never what a person may have typed (SM-14).
pub(super) fn contact_changes(settings: &Settings, fields: &Fields) -> Map<String, Value> {
    let mut changes: Map<String, Value> =
        fields.custom.iter().map(|(column, text)| (column.clone(), Value::from(text.as_str()))).collect();
    if let (Some(column), Some(chat)) = (&settings.chat_field, &fields.chat) {
        changes.entry(column.clone()).or_insert_with(|| Value::from(chat.as_str()));
    }
    changes
}

/// Whom a call is linked to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links<'a> {
    pub(super) contact: Option<&'a Guid>,
    pub(super) agent: Option<&'a Guid>,
}

/// A new call. Its state is not among the values: the CRM ignores it there (dataverse.md 2).
pub(super) fn call(
    settings: &Settings,
    entry: &CallEntry,
    mark: &Mark,
    links: Links<'_>,
    zone: &TimeZone,
) -> Map<String, Value> {
    let mut call = Map::new();
    put(&mut call, "subject", Some(subject(settings, entry)));
    put(&mut call, "phonenumber", shown_number(settings, entry).map(|number| fit(number, CALL_TEXT_MAX)));
    // Outgoing is the CRM's default, so incoming must be said (SM-04).
    put(&mut call, "directioncode", Some(is_outgoing(entry)));
    put(&mut call, "actualstart", entry.started_at.map(seconds));
    put(&mut call, "actualend", ended_at(entry).map(seconds));
    put(&mut call, "actualdurationminutes", Some(minutes(entry)));
    put(&mut call, "leftvoicemail", (entry.outcome == Outcome::Voicemail).then_some(true));
    put(&mut call, "description", Some(text::description(&text::lines(entry, zone), mark.as_str())));
    if let (Some(column), Some(link)) = (&settings.recording_field, recording(entry)) {
        put(&mut call, column, Some(link));
    }
    if let Some(column) = &settings.mark_field {
        put(&mut call, column, Some(mark.as_str()));
    }
    put(&mut call, REGARDING, links.contact.map(|contact| format!("/contacts({contact})")));
    put(&mut call, OWNER, links.agent.filter(|_| settings.agent_owns_calls).map(user));
    put(&mut call, "phonecall_activity_parties", parties(settings, entry, links));
    call
}

/// Call From and Call To (SM-02). Who is no row stands by number or by name.
fn parties(settings: &Settings, entry: &CallEntry, links: Links<'_>) -> Option<Value> {
    let (client_mask, agent_mask) = if is_outgoing(entry) { (CALL_TO, CALL_FROM) } else { (CALL_FROM, CALL_TO) };
    let client = links.contact.map(|contact| ("partyid_contact@odata.bind", format!("/contacts({contact})")));
    let agent = links.agent.map(|agent| ("partyid_systemuser@odata.bind", user(agent)));
    let by_name = |name: Option<&str>| {
        let name = name.map(str::trim).filter(|name| settings.names_unknown && !name.is_empty())?;
        Some(("unresolvedpartyname", fit(name, CALL_TEXT_MAX)))
    };
    let line = entry.line.as_ref().map(Phone::raw).or(entry.agent_code.as_deref());
    let client = client.or_else(|| by_name(number(entry.client.as_ref(), entry.client_text.as_ref())));
    let agent = agent.or_else(|| by_name(line));
    let party = |mask: u8, (column, value): (&str, String)| json!({ "participationtypemask": mask, column: value });
    let mut all: Vec<Value> = client.map(|who| party(client_mask, who)).into_iter().collect();
    all.extend(agent.map(|who| party(agent_mask, who)));
    all.sort_by_key(|party| party.get("participationtypemask").and_then(Value::as_u64));
    (!all.is_empty()).then_some(Value::Array(all))
}

fn subject(settings: &Settings, entry: &CallEntry) -> String {
    let words = if is_outgoing(entry) { &settings.subject_outgoing } else { &settings.subject_incoming };
    let number = number(entry.client.as_ref(), entry.client_text.as_ref()).unwrap_or_default();
    fit(format!("{words} {number}").trim(), CALL_TEXT_MAX)
}

/// The number dialled, or the client's (SM-03). A line nobody told is no reason for an empty field.
fn shown_number<'a>(settings: &Settings, entry: &'a CallEntry) -> Option<&'a str> {
    let client = number(entry.client.as_ref(), entry.client_text.as_ref());
    let line = entry.line.as_ref().map(|line| line.raw().trim()).filter(|line| !line.is_empty());
    if is_outgoing(entry) || settings.number == Number::Client { client } else { line.or(client) }
}

/// The link to the recording, when there is one.
pub(super) fn recording(entry: &CallEntry) -> Option<&str> {
    entry.recording.as_ref().filter(|link| !link.is_blank()).map(Private::expose)
}

/// Minutes of talk, a begun one counting whole (dataverse.md 4.3: 73 seconds are 2 minutes).
pub(super) fn minutes(entry: &CallEntry) -> u64 {
    u64::from(entry.talk_seconds.div_ceil(60))
}

/// When it ended.
pub(super) fn ended_at(entry: &CallEntry) -> Option<Timestamp> {
    let lasted = i64::from(entry.ring_seconds) + i64::from(entry.talk_seconds);
    entry.started_at?.checked_add(SignedDuration::from_secs(lasted)).ok()
}

/// A time in UTC, to the second.
pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn is_outgoing(entry: &CallEntry) -> bool {
    entry.direction == Direction::Outgoing
}

/// A client's number as it is written: the canonical one, else as spelt.
pub(super) fn number<'a>(key: Option<&'a PhoneKey>, text: Option<&'a Phone>) -> Option<&'a str> {
    key.map(PhoneKey::as_str).or_else(|| text.map(|text| text.raw().trim())).filter(|number| !number.is_empty())
}

/// The address of a user. By `systemuserid=…` it would be refused (dataverse.md 2).
fn user(id: &Guid) -> String {
    format!("/systemusers({id})")
}

pub(super) fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
