//! RemOnline's dialect against written answers.

mod auth;
mod comments;
mod creations;
mod errors;
mod events;
mod inspect;
mod look_up;
mod marks;
mod reference;
mod refusals;
mod scenario;
mod settings;
mod tasks;
mod updates;

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::{Value, json};
use tieline_crm::{Connect, CrmKind, Dialect, Fault, Grant, Session, Transport, Trouble};
use tieline_engine::{
    call::{Direction, Outcome, Source},
    client::ClientKey,
    facts::Found,
    ids::{CallId, RecordId, UserId},
    jiff::{Timestamp, tz::TimeZone},
    lookup::{LookUp, Sought, SoughtMark},
    note::NotePart,
    phone::PhoneKey,
    reason::{Reason, ReasonCode},
    record::Kind,
    redact::Private,
    step::{Action, Fields, Mark, Ref, Step, StepKey, StepResult},
};

use crate::scripted::{Scripted, Sent};

/// Two hours ahead of UTC in winter.
static KYIV: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Kyiv").unwrap());
/// The token of the first generation.
static TOKEN: LazyLock<Grant> =
    LazyLock::new(|| Grant { token: SecretString::from("tok-1"), lives: Duration::from_secs(600), api_base: None });

const BASE: &str = "https://api.roapp.io";
const OLD_BASE: &str = "https://api.remonline.app";
/// What the sample rows of these tests were made with.
const EVERYTHING: &[(&str, &str)] =
    &[("create", "client,lead,order"), ("branch_id", "11"), ("order_type", "22"), ("lead_type", "33")];

fn try_connect(settings: &[(&str, &str)], key: &str) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    let pairs = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let secrets = BTreeMap::from([("api_key".to_owned(), SecretString::from(key))]);
    tieline_crm::connect(CrmKind::Remonline, &Connect { settings: pairs.collect(), secrets, ..Connect::default() })
}

/// A dialect that makes everything, with these settings beside.
fn dialect(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    let all: Vec<_> = EVERYTHING.iter().chain(settings).copied().collect();
    try_connect(&all, "key-1").unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn session(net: &dyn Transport) -> Session<'_> {
    Session { net, token: Some(&TOKEN), now: at("2026-01-15T10:00:00Z"), zone: &KYIV }
}

fn step(key: StepKey, action: Action) -> Step {
    Step { mark: mark(&key), key, action, reason: Reason::new(ReasonCode::RowFits) }
}

fn mark(key: &StepKey) -> Mark {
    Mark::of("p1", &CallId::new("call-1"), key)
}

/// The mark of making a record of a kind.
fn made_mark(kind: Kind) -> Mark {
    mark(&StepKey::create(kind))
}

fn create(kind: Kind, fields: Fields, contact: Option<&str>) -> Step {
    let contact = contact.map(known);
    step(StepKey::create(kind), Action::Create { kind, fields, contact })
}

/// A note on the record of the same list, or on a known one.
fn note(on: Kind, record: Option<&str>) -> Step {
    let record = record.map_or_else(|| Ref::Made(StepKey::create(on)), known);
    step(StepKey::note(on, 0), Action::AddNote { on, record, parts: parts() })
}

fn known(id: &str) -> Ref {
    Ref::Known(RecordId::new(id))
}

fn key() -> PhoneKey {
    PhoneKey::parse("+380671234567").unwrap()
}

/// What a new client's fields hold.
fn caller_fields() -> Fields {
    Fields {
        name: Some(Private::new("Olena Koval")),
        phone: Some(key()),
        owner: Some(UserId::new("17")),
        ..Fields::default()
    }
}

/// A call in words: every one of the five (RO-15).
fn parts() -> Vec<NotePart> {
    vec![
        NotePart::StartedAt(at("2026-01-15T09:58:00Z")),
        NotePart::Type(Direction::Incoming, Source::Call),
        NotePart::Status(Outcome::Answered),
        NotePart::Recording(Private::new("https://rec.example/a.mp3")),
        NotePart::Mark("utm_source".to_owned(), "google".to_owned()),
    ]
}

const TOLD: &str = "2026-01-15 11:58:00\nType: incoming call\nStatus: answered\n\
    Recording: https://rec.example/a.mp3\nutm_source: google";

fn try_steps(crm: &dyn Dialect, net: &dyn Transport, steps: &[Step]) -> Result<BTreeMap<StepKey, StepResult>, Trouble> {
    Ok(block_on(crm.perform(&session(net), steps))?.results)
}

/// What became of one step.
fn try_step(crm: &dyn Dialect, net: &dyn Transport, step: &Step) -> Result<StepResult, Trouble> {
    let results = try_steps(crm, net, std::slice::from_ref(step))?;
    assert_eq!(results.len(), 1);
    Ok(results[&step.key].clone())
}

/// What became of one step, and the one request it took.
fn perform(crm: &dyn Dialect, step: &Step, status: u16, body: &str) -> (StepResult, Sent) {
    let net = Scripted::new([(status, body)]);
    let result = try_step(crm, &net, step).unwrap();
    let mut sent = net.sent();
    assert_eq!(sent.len(), 1);
    (result, sent.remove(0))
}

fn done(record: Option<&str>) -> StepResult {
    StepResult::Done { record: record.map(RecordId::new) }
}

/// The JSON of a request.
fn body(sent: &Sent) -> Value {
    assert_eq!(sent.headers, [("content-type", "application/json".to_owned())]);
    serde_json::from_str(&sent.body).unwrap()
}

/// A request's method and its path below the address.
fn line(sent: &Sent) -> String {
    let path = sent.url.strip_prefix(BASE).or_else(|| sent.url.strip_prefix(OLD_BASE)).unwrap();
    format!("{} {path}", sent.method.as_str())
}

/// Who is looked for, as the engine asks.
fn sought(spellings: &[&str]) -> Sought {
    Sought {
        name: None,
        key: ClientKey::Phone(key()),
        spellings: spellings.iter().map(|text| (*text).to_owned()).collect(),
        chat: None,
        kinds: [Kind::Contact, Kind::Lead, Kind::Deal].into(),
    }
}

fn caller() -> Sought {
    sought(&["+380671234567", "380671234567", "0671234567"])
}

fn ask(client: Option<Sought>, marks: Vec<SoughtMark>) -> LookUp {
    LookUp { client, marks, fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) }
}

fn look_up(crm: &dyn Dialect, net: &Scripted, ask: &LookUp) -> Result<Found, Trouble> {
    block_on(crm.look_up(&session(net), ask))
}

/// The reading requests, below the address, with brackets and plus signs as people write them.
fn asked(net: &Scripted) -> Vec<String> {
    let readable =
        |sent: &Sent| line(sent).trim_start_matches("GET ").replace("%5B", "[").replace("%5D", "]").replace("%2B", "+");
    net.sent().iter().map(readable).collect()
}

/// A list in the envelope of the first two generations.
fn list(rows: &[Value]) -> String {
    json!({"data": rows, "count": rows.len(), "success": true}).to_string()
}

const NOBODY: &str = r#"{"data":[],"count":0,"success":true}"#;
const MADE: &str = r#"{"data":{"id":75},"success":true}"#;
