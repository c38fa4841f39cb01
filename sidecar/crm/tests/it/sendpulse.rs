//! SendPulse's dialect against written answers.

mod contacts;
mod credentials;
mod deals;
mod errors;
mod events;
mod fields;
mod inspect;
mod look_up;
mod marks;
mod notes;
mod reference;
mod refusals;
mod scenario;
mod settings;
mod steps;
mod tasks;

use std::{collections::BTreeMap, sync::LazyLock};

use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::{Value, json};
use tieline_crm::{Connect, CrmKind, Dialect, Session, Transport, Trouble};
use tieline_engine::{
    client::ClientKey,
    facts::Found,
    ids::{CallId, RecordId, UserId},
    jiff::{Timestamp, tz::TimeZone},
    lookup::{LookUp, Sought, SoughtMark},
    phone::PhoneKey,
    reason::{Reason, ReasonCode},
    record::Kind,
    redact::Private,
    step::{Action, Fields, Mark, Ref, Step, StepKey, StepResult},
};

use crate::scripted::{Scripted, Sent};

/// Two hours ahead of UTC in winter.
static KYIV: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Kyiv").unwrap());

/// The fields of the account: what people see is the name.
const ATTRIBUTES: &str = r#"{"data":[
    {"id":71,"name":"UTM source","type":0},{"id":72,"name":"Campaign","type":0},{"id":73,"name":"Messenger","type":0},
    {"id":74,"name":"Tieline","type":0},{"id":75,"name":"Size","type":4,"options":[{"id":1}]},
    {"id":76,"name":"City","type":0}]}"#;
const CHOSEN: (&str, &str) = ("contact_fields", "utm_source = UTM source; chat = Messenger; mark = Tieline");
const NOBODY: (u16, &str) = (200, r#"{"data":{"list":[],"total":0}}"#);

fn connect(settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Connect {
    let text = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let mut all = BTreeMap::from([("responsible_id".to_owned(), "9".to_owned())]);
    all.extend(settings.iter().map(text));
    let secrets = secrets.iter().map(|(key, value)| ((*key).to_owned(), SecretString::from(*value))).collect();
    Connect { settings: all, secrets, ..Connect::default() }
}

/// A dialect with a static key and these settings beside the fallback user.
fn dialect(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    let connect = connect(settings, &[("api_key", "key-1")]);
    tieline_crm::connect(CrmKind::Sendpulse, &connect).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A dialect that has read the account's contact fields.
fn learned(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    let net = Scripted::new([(200, ATTRIBUTES)]);
    block_on(dialect(settings).learn(&session(&net))).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn session(net: &dyn Transport) -> Session<'_> {
    Session { net, token: None, now: at("2026-01-15T10:00:00Z"), zone: &KYIV }
}

fn step(key: StepKey, action: Action) -> Step {
    Step { mark: mark(&key), key, action, reason: Reason::new(ReasonCode::RowFits) }
}

fn mark(key: &StepKey) -> Mark {
    Mark::of("p1", &CallId::new("call-1"), key)
}

fn create(kind: Kind, fields: Fields, contact: Option<&str>) -> Step {
    let contact = contact.map(known);
    step(StepKey::create(kind), Action::Create { kind, fields, contact })
}

fn update(kind: Kind, id: &str, fields: Fields) -> Step {
    step(StepKey::update(kind), Action::Update { kind, record: known(id), fields })
}

/// A caller's values as the engine gives them.
fn caller_fields() -> Fields {
    let (name, owner) = (Some(Private::new("+380671234567")), Some(UserId::new("17")));
    Fields { name, phone: Some(key()), owner, source: Some("Call".to_owned()), ..Fields::default() }
}

fn utm() -> Fields {
    Fields { marks: BTreeMap::from([("utm_source".to_owned(), "google".to_owned())]), ..Fields::default() }
}

fn known(id: &str) -> Ref {
    Ref::Known(RecordId::new(id))
}

fn key() -> PhoneKey {
    PhoneKey::parse("+380671234567").unwrap()
}

fn done(record: Option<&str>) -> StepResult {
    StepResult::Done { record: record.map(RecordId::new) }
}

/// What became of one step.
fn try_step(crm: &dyn Dialect, net: &dyn Transport, step: &Step) -> Result<StepResult, Trouble> {
    let steps = std::slice::from_ref(step);
    let answer = block_on(crm.perform(&session(net), steps))?;
    assert_eq!(answer.results.len(), 1);
    Ok(answer.results[&step.key].clone())
}

/// What became of one step, and the one request it took.
fn perform(crm: &dyn Dialect, step: &Step, status: u16, body: &str) -> (StepResult, Sent) {
    let net = Scripted::new([(status, body)]);
    let result = try_step(crm, &net, step).unwrap();
    let [sent] = &net.sent()[..] else { panic!("one request") };
    (result, sent.clone())
}

fn body(sent: &Sent) -> Value {
    serde_json::from_str(&sent.body).unwrap()
}

/// Method and path of a request, below the prefix of the API.
fn route(sent: &Sent) -> String {
    let path = sent.url.strip_prefix("https://api.sendpulse.com/crm/v1").unwrap();
    format!("{} {path}", sent.method.as_str())
}

fn routes(net: &Scripted) -> Vec<String> {
    net.sent().iter().map(route).collect()
}

fn caller() -> Sought {
    Sought {
        name: None,
        key: ClientKey::Phone(key()),
        spellings: ["+380671234567", "380671234567", "0671234567"].map(str::to_owned).to_vec(),
        chat: None,
        kinds: [Kind::Contact, Kind::Deal].into(),
    }
}

fn ask(client: Option<Sought>, marks: Vec<SoughtMark>) -> LookUp {
    LookUp { client, marks, fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) }
}

fn doubtful(key: StepKey) -> SoughtMark {
    SoughtMark { mark: mark(&key), kind: key.makes().unwrap(), key, since: at("2026-01-15T09:59:00Z") }
}

fn look_up(crm: &dyn Dialect, net: &Scripted, ask: &LookUp) -> Result<Found, Trouble> {
    block_on(crm.look_up(&session(net), ask))
}

/// A page of contacts.
fn page(contacts: &[Value]) -> String {
    json!({"data": {"list": contacts, "total": contacts.len()}}).to_string()
}

/// A contact of the caller without deals.
fn person(id: u64) -> Value {
    json!({
        "id": id, "responsibleId": 17, "firstName": "Ivan", "lastName": "Franko", "dealsQty": 0,
        "phones": [{"id": 1, "phone": "380671234567", "isMain": true}], "emails": [], "attributes": [],
        "comments": [], "createdAt": "2026-01-10T08:00:00+00:00",
    })
}

fn with(mut value: Value, key: &str, inner: Value) -> Value {
    value[key] = inner;
    value
}
