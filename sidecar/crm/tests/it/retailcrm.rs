//! RetailCRM's dialect against written answers.

mod calls;
mod closing;
mod customers;
mod errors;
mod events;
mod inspect;
mod look_up;
mod marks;
mod orders;
mod reference;
mod refusals;
mod register;
mod scenario;
mod settings;
mod tasks;

use std::{collections::BTreeMap, sync::LazyLock};

use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::Value;
use tieline_crm::{Connect, CrmKind, Dialect, Session, Transport, Trouble};
use tieline_engine::{
    client::ClientKey,
    facts::Found,
    ids::{CallId, RecordId},
    jiff::{Timestamp, tz::TimeZone},
    lookup::{LookUp, Sought, SoughtMark},
    phone::PhoneKey,
    reason::{Reason, ReasonCode},
    record::Kind,
    step::{Action, Fields, Mark, Ref, Step, StepKey, StepResult},
};

use crate::scripted::{Scripted, Sent};

/// Two hours ahead of UTC in winter.
static KYIV: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Kyiv").unwrap());

const BASE: &str = "https://demo.retailcrm.pro";

/// A dialect with these settings beside the address and the key.
fn dialect(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    let mut connect = Connect::default();
    connect.settings.insert("url".to_owned(), BASE.to_owned());
    let pairs = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    connect.settings.extend(pairs);
    connect.secrets = BTreeMap::from([("api_key".to_owned(), SecretString::from("key-1"))]);
    tieline_crm::connect(CrmKind::Retailcrm, &connect).unwrap_or_else(|faults| panic!("{faults:?}"))
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

fn known(id: &str) -> Ref {
    Ref::Known(RecordId::new(id))
}

fn key() -> PhoneKey {
    PhoneKey::parse("+380671234567").unwrap()
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
    let mut sent = net.sent();
    assert_eq!(sent.len(), 1);
    (result, sent.remove(0))
}

fn done(record: Option<&str>) -> StepResult {
    StepResult::Done { record: record.map(RecordId::new) }
}

/// The fields of a form.
fn form(sent: &Sent) -> BTreeMap<String, String> {
    serde_urlencoded::from_str(&sent.body).unwrap()
}

/// The JSON in one field of a form.
fn entity(sent: &Sent, field: &str) -> Value {
    serde_json::from_str(&form(sent)[field]).unwrap()
}

/// Who is looked for, as the engine asks.
fn sought(spellings: &[&str]) -> Sought {
    Sought {
        name: None,
        key: ClientKey::Phone(key()),
        spellings: spellings.iter().map(|text| (*text).to_owned()).collect(),
        chat: None,
        kinds: [Kind::Contact, Kind::Deal].into(),
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

/// The addresses asked, below the prefix of the API, with brackets as people write them.
fn asked(net: &Scripted) -> Vec<String> {
    let prefix = format!("{BASE}/api/v5");
    let readable = |sent: &Sent| {
        let url = sent.url.replace("%5B", "[").replace("%5D", "]");
        url.strip_prefix(&prefix).unwrap().to_owned()
    };
    net.sent().iter().map(readable).collect()
}
