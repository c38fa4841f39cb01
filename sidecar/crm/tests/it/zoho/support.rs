//! What the tests of this CRM share: connections, sessions, steps, answers.

use std::{collections::BTreeMap, time::Duration};

use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::{Value, json};
use tieline_crm::{Answer, Connect, CrmKind, Dialect, Grant, Session, Trouble, connect};
use tieline_engine::{
    call::{Direction, Outcome, Source},
    facts::Found,
    ids::{CallId, RecordId, UserId},
    jiff::{Timestamp, tz::TimeZone},
    lookup::LookUp,
    note::NotePart,
    phone::{Phone, PhoneKey},
    reason::{Reason, ReasonCode},
    record::Kind,
    redact::Private,
    scenario::TaskAbout,
    step::{Action, CallEntry, Fields, Mark, Ref, Step, StepKey, StepResult, Task},
};

use super::organisation::{fields_of, pipeline};
use crate::scripted::Scripted;

/// A connection with nothing but what it needs, and the given settings.
pub(super) fn settings(more: &[(&str, &str)]) -> Connect {
    let plain = [("client_id", "1000.CLIENT"), ("data_center", "eu")];
    let plain = plain.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let secret = |key: &str, value: &str| (key.to_owned(), SecretString::from(value.to_owned()));
    Connect {
        settings: plain.collect(),
        secrets: BTreeMap::from([secret("client_secret", "s&cret"), secret("refresh_token", "1000.refresh")]),
        ..Connect::default()
    }
}

pub(super) fn dialect(more: &[(&str, &str)]) -> Box<dyn Dialect> {
    connect(CrmKind::Zoho, &settings(more)).unwrap()
}

/// A dialect that has learnt an organisation with every optional field and one pipeline.
pub(super) fn learned(more: &[(&str, &str)]) -> Box<dyn Dialect> {
    let fields = |module: &str| json!({ "fields": fields_of(module) }).to_string();
    let net = Scripted::new([
        (200, fields("Contacts").as_str()),
        (200, fields("Leads").as_str()),
        (200, fields("Deals").as_str()),
        (200, fields("Calls").as_str()),
        (200, r#"{"layouts":[{"id":"901"}]}"#),
        (200, pipeline().to_string().as_str()),
        (204, ""),
    ]);
    learn(&*dialect(more), &net).unwrap()
}

pub(super) fn learn(dialect: &dyn Dialect, net: &Scripted) -> Result<Box<dyn Dialect>, Trouble> {
    in_session(net, |session| block_on(dialect.learn(session)))
}

/// 22 November 2026, 09:15 in Kyiv.
pub(super) fn now() -> Timestamp {
    "2026-11-22T07:15:00Z".parse().unwrap()
}

pub(super) fn in_session<T>(net: &Scripted, work: impl FnOnce(&Session<'_>) -> T) -> T {
    let zone = TimeZone::get("Europe/Kyiv").unwrap();
    let token = SecretString::from("1000.access".to_owned());
    let grant = Grant { token, lives: Duration::from_secs(3600), api_base: Some("https://www.zohoapis.eu".to_owned()) };
    work(&Session { net, token: Some(&grant), now: now(), zone: &zone })
}

pub(super) fn look_up(dialect: &dyn Dialect, net: &Scripted, ask: &LookUp) -> Result<Found, Trouble> {
    in_session(net, |session| block_on(dialect.look_up(session, ask)))
}

pub(super) fn perform(dialect: &dyn Dialect, net: &Scripted, steps: &[Step]) -> Result<Answer, Trouble> {
    in_session(net, |session| block_on(dialect.perform(session, steps)))
}

pub(super) fn key() -> PhoneKey {
    PhoneKey::parse("+380671234567").unwrap()
}

/// A step as the engine makes it.
pub(super) fn step(key: StepKey, action: Action) -> Step {
    let mark = mark(&key);
    Step { key, mark, action, reason: Reason::new(ReasonCode::RowFits) }
}

pub(super) fn mark(key: &StepKey) -> Mark {
    Mark::of("p", &CallId::new("call-1"), key)
}

pub(super) fn new_fields() -> Fields {
    Fields {
        name: Some(Private::new("+380671234567")),
        phone: Some(key()),
        owner: Some(UserId::new("411")),
        source: Some("Call".to_owned()),
        marks: BTreeMap::from([("utm_source".to_owned(), "google".to_owned())]),
        google_client_id: Some("555.777".to_owned()),
        ..Fields::default()
    }
}

pub(super) fn create(kind: Kind, fields: Fields, contact: Option<Ref>) -> Step {
    step(StepKey::create(kind), Action::Create { kind, fields, contact })
}

pub(super) fn update(kind: Kind, id: &str, fields: Fields) -> Step {
    let record = Ref::Known(RecordId::new(id));
    step(StepKey::update(kind), Action::Update { kind, record, fields })
}

/// An answered incoming call of 125 seconds, on nothing yet.
pub(super) fn entry() -> CallEntry {
    CallEntry {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        source: Source::Call,
        outcome: Outcome::Answered,
        started_at: Some(now()),
        talk_seconds: 125,
        ring_seconds: 7,
        client: Some(key()),
        client_text: None,
        line: Some(Phone::new("+380441112233")),
        agent: Some(UserId::new("411")),
        agent_code: None,
        recording: Some(Private::new("https://rec.example/1.mp3")),
        contact: None,
        lead: None,
        deal: None,
        parts: vec![NotePart::Talk(125)],
    }
}

pub(super) fn log_call(entry: CallEntry) -> Step {
    step(StepKey::call_record(), Action::LogCall(Box::new(entry)))
}

pub(super) fn task(about: TaskAbout) -> Task {
    Task {
        about,
        name: None,
        board: None,
        owner: Some(UserId::new("411")),
        due_at: None,
        done: true,
        client: Some(key()),
        client_text: None,
        unmapped_agent: None,
        contact: None,
        lead: None,
        deal: None,
        parts: vec![NotePart::Talk(125)],
    }
}

pub(super) fn add_task(task: Task) -> Step {
    step(StepKey::task(task.about), Action::AddTask(Box::new(task)))
}

pub(super) fn known(id: &str) -> Option<Ref> {
    Some(Ref::Known(RecordId::new(id)))
}

pub(super) fn made(kind: Kind) -> Option<Ref> {
    Some(Ref::Made(StepKey::create(kind)))
}

/// The answer to a record that was written.
pub(super) fn written(id: &str) -> String {
    json!({ "data": [{ "code": "SUCCESS", "details": { "id": id }, "message": "record added", "status": "success" }] })
        .to_string()
}

/// The answer of one request inside a composite.
pub(super) fn executed(status: u16, body: Value) -> Value {
    json!({
        "code": "SUCCESS", "message": "composite sub request executed successfully", "status": "success",
        "details": { "response": { "status_code": status, "headers": {}, "body": body } },
    })
}

/// A request of a composite that was not executed or was undone.
pub(super) fn not_executed(code: &str) -> Value {
    json!({ "code": code, "details": { "rollbacked_by_sub_request_index": 0 }, "message": "", "status": "error" })
}

pub(super) fn composite(items: &[Value]) -> String {
    json!({ "__composite_requests": items }).to_string()
}

/// The JSON a request carried.
pub(super) fn body(net: &Scripted, index: usize) -> Value {
    serde_json::from_str(&net.sent()[index].body).unwrap()
}

/// The one record a request carried.
pub(super) fn record(net: &Scripted) -> Value {
    body(net, 0)["data"][0].clone()
}

/// Sends one step, which is done, and returns what was sent.
pub(super) fn sent(dialect: &dyn Dialect, step: &Step) -> (Scripted, Value) {
    let net = Scripted::new([(201, written("57").as_str())]);
    let answer = perform(dialect, &net, std::slice::from_ref(step)).unwrap();
    let done = StepResult::Done { record: Some(RecordId::new("57")) };
    assert_eq!(answer.results, BTreeMap::from([(step.key.clone(), done)]));
    let record = record(&net);
    (net, record)
}

/// An answer with one item.
pub(super) fn in_data(item: &Value) -> String {
    json!({ "data": [item] }).to_string()
}

/// An error of an item or of a whole answer.
pub(super) fn error(code: &str, details: &Value) -> Value {
    json!({ "code": code, "details": details, "message": "a text with +380671234567", "status": "error" })
}

/// The refusal of a second record of a number.
pub(super) fn duplicate() -> Value {
    error(
        "DUPLICATE_DATA",
        &json!({
            "api_name": "Phone_Key", "json_path": "$.data[0].Phone_Key", "id": "622", "more_records": false,
            "duplicate_record": {
                "Owner": { "name": "Pranav", "id": "454", "zuid": "750" },
                "module": { "api_name": "Contacts", "id": "1" }, "id": "622",
            },
        }),
    )
}

/// The CRM named a record that is there already.
#[track_caller]
pub(super) fn assert_exists(result: &StepResult, kind: Kind, id: &str, owner: Option<&str>) {
    let StepResult::Exists(record) = result else { panic!("an existing record is expected, not {result:?}") };
    assert_eq!((record.kind, &record.id), (kind, &RecordId::new(id)));
    assert_eq!(record.owner, owner.map(UserId::from));
}
