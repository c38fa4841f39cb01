//! Calls, tasks, notes and visits as the CRM's JSON (retailcrm.md 1.2, 1.3, 1.6, 1.7).

use serde_json::{Map, Value, json};
use tieline_engine::{
    call::{Direction, Outcome, Source},
    jiff::{Timestamp, ToSpan as _, tz::TimeZone},
    note::{self, NotePart},
    phone::Phone,
    redact::Private,
    scenario::TaskAbout,
    step::{CallEntry, Mark, Task},
};

use super::{
    settings::Settings,
    values::{SOURCE_KEYS, id, number, put},
};

/// A call for the call list. The CRM finds its customer by the number, which is therefore written as customers'
/// numbers are. The mark is its name, so that a second upload is reported as a duplicate.
pub(super) fn call(settings: &Settings, entry: &CallEntry, mark: &Mark, clock: Clock<'_>) -> Option<Value> {
    let mut call = Map::new();
    let is_out = entry.source == Source::Call && entry.direction == Direction::Outgoing;
    let mut source = Map::new();
    for part in &entry.parts {
        match part {
            NotePart::Mark(name, value) => {
                let key = SOURCE_KEYS.iter().find(|(mark, _)| mark == name).map(|(_, key)| *key);
                source.extend(key.map(|key| (key.to_owned(), Value::from(value.as_str()))));
            }
            NotePart::GoogleClientId(id) => put(&mut call, "clientId", Some(id.as_str())),
            _ => {}
        }
    }
    put(&mut call, "date", Some(clock.seconds(entry.started_at.unwrap_or(clock.now))));
    put(&mut call, "type", Some(if is_out { "out" } else { "in" }));
    put(&mut call, "phone", Some(number(settings, entry.client.as_ref(), entry.client_text.as_ref())?));
    match (&entry.agent, &entry.agent_code) {
        (Some(user), _) => put(&mut call, "userId", Some(id(user.as_str()))),
        (None, code) => put(&mut call, "code", code.as_deref()),
    }
    put(&mut call, "result", Some(result(entry.outcome)));
    put(&mut call, "duration", Some(entry.talk_seconds));
    put(&mut call, "durationWaiting", Some(entry.ring_seconds));
    put(&mut call, "externalId", Some(mark.as_str()));
    put(&mut call, "recordUrl", entry.recording.as_ref().filter(|link| !link.is_blank()).map(Private::expose));
    put(&mut call, "externalPhone", entry.line.as_ref().map(Phone::raw));
    put(&mut call, "site", settings.site.as_deref());
    put(&mut call, "source", Some(source).filter(|source| !source.is_empty()));
    Some(Value::Object(call))
}

/// The call list's words; the hang-up event spells one of them differently (retailcrm.md 1.7).
fn result(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Busy => "busy",
        Outcome::Failed | Outcome::NoForward | Outcome::WrongExtension => "failed",
        Outcome::Forbidden => "not allowed",
        Outcome::NoAnswer | Outcome::Declined | Outcome::ClientNoAnswer | Outcome::Voicemail => "no answer",
    }
}

/// A task on an order, else on a customer. The mark ends its text, which is what the CRM searches tasks by.
pub(super) fn task(
    settings: &Settings,
    task: &Task,
    mark: &Mark,
    performer: &str,
    on: On<'_>,
    clock: Clock<'_>,
) -> Value {
    let mut all = Map::new();
    let due = task.due_at.or_else(|| talk_end(&task.parts)).unwrap_or(clock.now);
    let (key, record) = match on {
        On::Order(record) => ("order", record),
        On::Customer(record) => ("customer", record),
    };
    put(&mut all, "text", Some(task_text(settings, task, mark)));
    put(&mut all, "performerId", Some(id(performer)));
    put(&mut all, "datetime", Some(clock.minutes(due)));
    let commentary = note::render(&task.parts, clock.texts);
    put(&mut all, "commentary", Some(commentary).filter(|text| !text.is_empty()));
    put(&mut all, key, Some(json!({ "id": id(record) })));
    put(&mut all, "complete", (task.done && settings.completes_tasks).then_some(true));
    Value::Object(all)
}

/// What a task hangs on.
#[derive(Clone, Copy)]
pub(super) enum On<'a> {
    Order(&'a str),
    Customer(&'a str),
}

/// The project's name of it, else our words; the mark last.
fn task_text(settings: &Settings, task: &Task, mark: &Mark) -> String {
    let named = task.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let text = named.map_or_else(|| usual_text(settings, task), str::to_owned);
    let done = if task.done { "Done: " } else { "" };
    format!("{done}{text} [{}]", mark.as_str())
}

fn usual_text(settings: &Settings, task: &Task) -> String {
    let about = match task.about {
        TaskAbout::MissedCall => "Missed call, call back",
        TaskAbout::Talk => "Talk",
        TaskAbout::Review => "A colleague answered your client",
        TaskAbout::CheckSettings => "A call was taken by somebody who is not in the list of agents, check the settings",
        TaskAbout::Messenger => "Messenger request",
    };
    let who = number(settings, task.client.as_ref(), task.client_text.as_ref());
    let who = who.map_or(String::new(), |number| format!(": {number}"));
    format!("{about}{who}")
}

/// When a talk was over, by the call's own words.
fn talk_end(parts: &[NotePart]) -> Option<Timestamp> {
    let start = parts.iter().find_map(|part| if let NotePart::StartedAt(at) = part { Some(*at) } else { None })?;
    let talk = parts.iter().find_map(|part| if let NotePart::Talk(seconds) = part { Some(*seconds) } else { None });
    start.checked_add(i64::from(talk.unwrap_or(0)).seconds()).ok()
}

/// A note on a customer, ended by its mark: notes have no external id.
pub(super) fn note(parts: &[NotePart], mark: &Mark, customer: &str, clock: Clock<'_>) -> Value {
    let text = format!("{}\n[{}]", note::render(parts, clock.texts), mark.as_str());
    json!({ "text": text.trim_start(), "customer": { "id": id(customer) } })
}

/// A Google client id for a customer.
pub(super) fn visit(settings: &Settings, google_client_id: &str, customer: &str) -> Value {
    let mut visit = Map::new();
    put(&mut visit, "value", Some(google_client_id));
    put(&mut visit, "site", settings.site.as_deref());
    put(&mut visit, "customer", Some(json!({ "id": id(customer) })));
    json!([visit])
}

/// Now, the account's zone for fields that hold times without one, and the project's zone for texts.
#[derive(Clone, Copy)]
pub(super) struct Clock<'a> {
    pub(super) now: Timestamp,
    pub(super) account: &'a TimeZone,
    pub(super) texts: &'a TimeZone,
}

impl Clock<'_> {
    /// `Y-m-d H:i:s`
    fn seconds(self, at: Timestamp) -> String {
        at.to_zoned(self.account.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `Y-m-d H:i`, as tasks have it.
    fn minutes(self, at: Timestamp) -> String {
        at.to_zoned(self.account.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}
