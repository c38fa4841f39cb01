//! People, leads, orders and tasks as the CRM's JSON (remonline.md 2.4, 2.5, 2.6, 2.8).

use serde_json::{Map, Value, json};
use tieline_engine::{
    jiff::{Timestamp, ToSpan as _, tz::TimeZone},
    note::{self, NotePart},
    phone::{Phone, PhoneKey},
    record::Kind,
    redact::Private,
    scenario::TaskAbout,
    step::{Fields, Mark, Task},
};

use super::{
    api::Api,
    settings::{CommentField, CustomKey, PhoneForm, Settings},
};

/// A new person: name and number (RO-03), and what is told of the call in the notes.
pub(super) fn person(settings: &Settings, fields: &Fields, text: String) -> Map<String, Value> {
    let number = number(settings, fields.phone.as_ref(), fields.phone_text.as_ref());
    let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(|name| name.expose().trim());
    // Without a number the dialogue is what finds the client again, and names are what can be searched (G13).
    let chat = fields.chat.as_deref().filter(|chat| number.is_none() && name != Some(*chat));
    let mut person = Map::new();
    put(&mut person, "first_name", name.map(str::to_owned).or_else(|| number.clone()));
    put(&mut person, "last_name", chat);
    if settings.api == Api::Token {
        put(&mut person, "phone", number.map(|number| json!([number])));
    } else {
        let entry = |number: String| {
            let title = "Phone";
            json!([{ "title": title, "phone": number, "notify": false, "has_viber": false, "has_whatsapp": false }])
        };
        put(&mut person, "phones", number.map(entry));
        put(&mut person, "manager_id", fields.owner.as_ref().map(|owner| id(owner.as_str())));
    }
    put(&mut person, "notes", Some(text));
    put(&mut person, "custom_fields", custom(settings, Kind::Contact, fields, true));
    person
}

/// A new lead of a client, or of a number and a name (remonline.md 2.5).
pub(super) fn lead(
    settings: &Settings,
    lead_type: u64,
    fields: &Fields,
    client: Option<&str>,
    text: String,
) -> Map<String, Value> {
    let mut lead = Map::new();
    put(&mut lead, "leadtype_id", Some(lead_type));
    match client {
        Some(client) => put(&mut lead, "client_id", Some(id(client))),
        None => {
            let number = number(settings, fields.phone.as_ref(), fields.phone_text.as_ref());
            let name = fields.name.as_ref().filter(|name| !name.is_blank()).map(Private::expose);
            put(&mut lead, "contact_name", name.map(str::to_owned).or_else(|| number.clone()));
            put(&mut lead, "contact_phone", number);
        }
    }
    put(&mut lead, "branch_id", settings.branch_id);
    put(&mut lead, "manager_id", fields.owner.as_ref().map(|owner| id(owner.as_str())));
    put(&mut lead, "description", Some(text));
    put(&mut lead, "custom_fields", custom(settings, Kind::Lead, fields, true));
    lead
}

/// A new order of a client. The first generation has other names for type and manager (remonline.md 2.6).
pub(super) fn order(
    settings: &Settings,
    (branch, order_type): (u64, u64),
    fields: &Fields,
    client: &str,
    text: String,
) -> Map<String, Value> {
    let is_old = settings.api == Api::Token;
    let (type_key, manager_key) = if is_old { ("order_type", "manager") } else { ("order_type_id", "manager_id") };
    let mut order = Map::new();
    put(&mut order, "branch_id", Some(branch));
    put(&mut order, type_key, Some(order_type));
    put(&mut order, "client_id", Some(id(client)));
    put(&mut order, manager_key, fields.owner.as_ref().map(|owner| id(owner.as_str())));
    put(&mut order, "manager_notes", Some(text));
    put(&mut order, "custom_fields", custom(settings, Kind::Deal, fields, true));
    order
}

/// Mapped fields, and on creation the required ones that nothing is mapped to, which pass when empty.
pub(super) fn custom(settings: &Settings, kind: Kind, fields: &Fields, is_new: bool) -> Option<Value> {
    let mut all = Map::new();
    let required = settings.required_fields.iter().filter(|(of, _)| *of == kind && is_new);
    let empty = required.map(|(_, id)| (id.as_str(), ""));
    let mapped = fields.custom.iter().map(|(name, text)| (bare(name), text.as_str()));
    for (id, text) in empty.chain(mapped) {
        if settings.custom_field_key != CustomKey::Plain {
            all.insert(format!("f{id}"), Value::from(text));
        }
        if settings.custom_field_key != CustomKey::Lettered {
            all.insert(id.to_owned(), Value::from(text));
        }
    }
    Some(Value::Object(all)).filter(|all| all.as_object().is_some_and(|all| !all.is_empty()))
}

/// A custom field's id without the letter some requests have before it.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix('f').filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(name)
}

/// The text of a new record: the notes that go along, else the advertising marks; the dialogue; our marks at the end.
pub(super) fn told(fields: &Fields, notes: &[&[NotePart]], marks: &[&Mark], zone: &TimeZone) -> String {
    let mut lines: Vec<String> = notes.iter().map(|parts| note::render(parts, zone)).collect();
    if notes.is_empty() {
        lines.extend(fields.marks.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.extend(fields.google_client_id.iter().map(|id| format!("Google client id: {id}")));
    }
    lines.extend(fields.chat.iter().map(|chat| format!("Dialogue: {chat}")));
    lines.push(marks.iter().map(|mark| format!("[{}]", mark.as_str())).collect::<Vec<_>>().join(" "));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A comment on an existing record.
pub(super) fn comment(settings: &Settings, on: Kind, parts: &[NotePart], zone: &TimeZone) -> Map<String, Value> {
    let text = note::render(parts, zone);
    // Leads have the first generation's field (remonline.md 2.5).
    let is_lead = on == Kind::Lead && settings.comment_field == CommentField::Comment;
    let field = if is_lead { CommentField::Message } else { settings.comment_field };
    let mut comment = Map::new();
    put(&mut comment, "comment", (field != CommentField::Message).then(|| text.clone()));
    put(&mut comment, "message", (field != CommentField::Comment).then_some(text));
    put(&mut comment, "is_private", Some(settings.comments_private));
    comment
}

/// A task on an order, lead or client, its mark at the end of the description.
pub(super) fn task(
    settings: &Settings,
    task: &Task,
    mark: &Mark,
    (assignee, on): (&str, Option<(Kind, &str)>),
    (now, zone): (Timestamp, &TimeZone),
) -> Map<String, Value> {
    let due = task.due_at.or_else(|| talk_end(&task.parts)).unwrap_or(now);
    let description = [note::render(&task.parts, zone), format!("[{}]", mark.as_str())];
    let description: Vec<String> = description.into_iter().filter(|text| !text.is_empty()).collect();
    let mut all = Map::new();
    put(&mut all, "title", Some(title(settings, task)));
    put(&mut all, "deadline", Some(due.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
    put(&mut all, "assignees", Some(json!([id(assignee)])));
    put(&mut all, "description", Some(description.join("\n")));
    let object = |(kind, record): (Kind, &str)| Some(json!({ "id": id(record), "type": object_type(kind)? }));
    put(&mut all, "rel_obj", on.and_then(object));
    all
}

/// What a task hangs on, by the CRM's numbers (remonline.md 2.8).
fn object_type(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Deal => Some(2),
        Kind::Lead => Some(3),
        Kind::Contact => Some(4),
        Kind::Task | Kind::CallRecord | Kind::Note => None,
    }
}

/// The project's name of it, else our words.
fn title(settings: &Settings, task: &Task) -> String {
    let done = if task.done { "Done: " } else { "" };
    if let Some(name) = task.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        return format!("{done}{name}");
    }
    let about = match task.about {
        TaskAbout::MissedCall => "Missed call, call back",
        TaskAbout::Talk => "Talk",
        TaskAbout::Review => "A colleague answered your client",
        TaskAbout::CheckSettings => "A call was taken by somebody who is not in the list of agents, check the settings",
        TaskAbout::Messenger => "Messenger request",
    };
    let who = number(settings, task.client.as_ref(), task.client_text.as_ref());
    format!("{done}{about}{}", who.map_or(String::new(), |number| format!(": {number}")))
}

/// When a talk was over, by the call's own words.
fn talk_end(parts: &[NotePart]) -> Option<Timestamp> {
    let start = parts.iter().find_map(|part| if let NotePart::StartedAt(at) = part { Some(*at) } else { None })?;
    let talk = parts.iter().find_map(|part| if let NotePart::Talk(seconds) = part { Some(*seconds) } else { None });
    start.checked_add(i64::from(talk.unwrap_or(0)).seconds()).ok()
}

/// A client's number as this connection writes them.
fn number(settings: &Settings, key: Option<&PhoneKey>, text: Option<&Phone>) -> Option<String> {
    let written = key.map(|key| match settings.phone_form {
        PhoneForm::Digits => key.digits(),
        PhoneForm::Plus => key.as_str(),
    });
    written.or_else(|| text.map(Phone::raw)).map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned)
}

/// Ids are numbers on the wire; one that is none is passed as the text it is.
pub(super) fn id(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

pub(super) fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
