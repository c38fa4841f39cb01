//! SMART CRM's dialect against written answers, in both of its modes.

mod auth;
mod bundles;
mod calls;
mod contacts;
mod errors;
mod events;
mod late;
mod look_up;
mod reference;
mod refusals;
mod scenario;
mod settings;
mod webhooks;

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use futures::executor::block_on;
use secrecy::SecretString;
use serde_json::Value;
use tieline_crm::{Connect, CrmKind, Dialect, Grant, Response, Session, Transport, Trouble};
use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::{CallId, RecordId, UserId},
    jiff::{Timestamp, tz::TimeZone},
    note::NotePart,
    phone::{Phone, PhoneKey},
    reason::{Reason, ReasonCode},
    record::Kind,
    redact::Private,
    step::{Action, CallEntry, Fields, Mark, Ref, Step, StepKey, StepResult},
};

use crate::scripted::{Scripted, Sent};

/// Two hours ahead of UTC in winter.
static KYIV: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Kyiv").unwrap());
static GRANT: LazyLock<Grant> =
    LazyLock::new(|| Grant { token: SecretString::from("t-1"), lives: Duration::from_secs(3599), api_base: None });

const BASE: &str = "https://contoso.crm4.dynamics.com";
const API: &str = "https://contoso.crm4.dynamics.com/api/data/v9.2/";
/// A contact, and an agent, that are in the CRM already.
const CONTACT: &str = "22222222-2222-2222-2222-222222222222";
const AGENT: &str = "77777777-7777-7777-7777-777777777777";
const RECORDING: &str = "https://rec.example/1.mp3";

fn settings(pairs: &[(&str, &str)]) -> Connect {
    let own = [("url", BASE), ("tenant", "contoso.onmicrosoft.com"), ("client_id", "app-1")];
    let settings = own.iter().chain(pairs).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let secrets = BTreeMap::from([("client_secret".to_owned(), SecretString::from("s-1"))]);
    Connect { settings, secrets, ..Connect::default() }
}

fn dialect(pairs: &[(&str, &str)]) -> Box<dyn Dialect> {
    tieline_crm::connect(CrmKind::Dataverse, &settings(pairs)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn session(net: &dyn Transport) -> Session<'_> {
    Session { net, token: Some(&GRANT), now: at("2026-11-22T08:05:00Z"), zone: &KYIV }
}

fn step(key: StepKey, action: Action) -> Step {
    Step { mark: mark(&key), key, action, reason: Reason::new(ReasonCode::RowFits) }
}

fn mark(key: &StepKey) -> Mark {
    Mark::of("p1", &CallId::new("call-1"), key)
}

/// The id the dialect gives what a step makes, as it shows itself in the step's request.
fn row(key: &StepKey) -> String {
    let made = if *key == StepKey::call_record() { log(entry()) } else { create(Fields::default()) };
    let net = Scripted::new([(204, "")]);
    perform(&*dialect(&[]), &net, &[made]).unwrap();
    let url = net.sent().remove(0).url;
    url.split_once('(').unwrap().1.trim_end_matches(')').to_owned()
}

fn client() -> PhoneKey {
    PhoneKey::parse("+380671234567").unwrap()
}

fn create(fields: Fields) -> Step {
    step(StepKey::create(Kind::Contact), Action::Create { kind: Kind::Contact, fields, contact: None })
}

/// A contact as the default scenario makes it.
fn create_plain() -> Step {
    create(Fields { phone: Some(client()), source: Some("Call".to_owned()), ..Fields::default() })
}

fn update(fields: Fields) -> Step {
    let action = Action::Update { kind: Kind::Contact, record: known(CONTACT), fields };
    step(StepKey::update(Kind::Contact), action)
}

fn log(entry: CallEntry) -> Step {
    step(StepKey::call_record(), Action::LogCall(Box::new(entry)))
}

fn complete(record: Ref, entry: CallEntry) -> Step {
    step(StepKey::complete_call_record(), Action::CompleteCall { record, entry: Box::new(entry) })
}

fn known(id: &str) -> Ref {
    Ref::Known(RecordId::new(id))
}

/// A minute and 13 seconds of talk, on a known contact, by a known agent.
fn entry() -> CallEntry {
    let started_at = at("2026-11-22T08:00:00Z");
    CallEntry {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        source: Source::Call,
        outcome: Outcome::Answered,
        started_at: Some(started_at),
        talk_seconds: 73,
        ring_seconds: 7,
        client: Some(client()),
        client_text: None,
        line: Some(Phone::new("+380441112233")),
        agent: Some(UserId::new(AGENT)),
        agent_code: Some("101".to_owned()),
        recording: Some(Private::new(RECORDING)),
        contact: Some(known(CONTACT)),
        lead: None,
        deal: None,
        parts: vec![
            NotePart::StartedAt(started_at),
            NotePart::Type(Direction::Incoming, Source::Call),
            NotePart::Status(Outcome::Answered),
            NotePart::Talk(73),
            NotePart::Recording(Private::new(RECORDING)),
            NotePart::Mark("utm_source".to_owned(), "google".to_owned()),
        ],
    }
}

fn outgoing() -> CallEntry {
    CallEntry { direction: Direction::Outgoing, ..entry() }
}

/// Nobody answered, nobody is known.
fn missed() -> CallEntry {
    CallEntry {
        outcome: Outcome::NoAnswer,
        talk_seconds: 0,
        agent: None,
        agent_code: None,
        recording: None,
        parts: vec![NotePart::Status(Outcome::NoAnswer)],
        ..entry()
    }
}

fn perform(crm: &dyn Dialect, net: &dyn Transport, steps: &[Step]) -> Result<BTreeMap<StepKey, StepResult>, Trouble> {
    block_on(crm.perform(&session(net), steps)).map(|answer| answer.results)
}

/// The values a step sends in a request of its own.
fn body_of(crm: &dyn Dialect, step: &Step) -> Value {
    let net = Scripted::new([(204, "")]);
    perform(crm, &net, std::slice::from_ref(step)).unwrap();
    json(&net.sent().remove(0))
}

fn json(sent: &Sent) -> Value {
    serde_json::from_str(&sent.body).unwrap()
}

fn done(id: &str) -> StepResult {
    StepResult::Done { record: Some(RecordId::new(id)) }
}

/// The requests, as method and path.
fn asked(net: &Scripted) -> Vec<String> {
    let line = |sent: &Sent| format!("{} {}", sent.method.as_str(), sent.url.strip_prefix(API).unwrap());
    net.sent().iter().map(line).collect()
}

/// The operations of a batch, each as its first line and its values.
fn operations(sent: &Sent) -> Vec<(String, Value)> {
    let parts = sent.body.split("Content-Transfer-Encoding: binary").skip(1);
    let operation = |part: &str| {
        let line = part.lines().find(|line| line.contains(" HTTP/1.1")).unwrap();
        let body = part.lines().find(|line| line.starts_with('{')).unwrap();
        let line = line.replace("/api/data/v9.2/", "").replace(" HTTP/1.1", "");
        (line, serde_json::from_str(body).unwrap())
    };
    parts.map(operation).collect()
}

/// A batch's answer in which every operation of a change set worked.
fn all_done(count: usize) -> String {
    let mut text =
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n".to_owned();
    for id in 1..=count {
        text.push_str(&format!(
            "--changesetresponse_2\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\
             Content-ID: {id}\r\n\r\nHTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\n\
             Location: {API}contacts({CONTACT})\r\nOData-EntityId: {API}contacts({CONTACT})\r\n\r\n\r\n"
        ));
    }
    text.push_str("--changesetresponse_2--\r\n--batchresponse_1--\r\n");
    text
}

/// A batch's answer when one operation failed.
fn failed(status: u16, error: &str) -> String {
    format!(
        "--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
         HTTP/1.1 {status} Failed\r\nREQ_ID: 5ce81078-bd2a-4cd4-bb31-a83f1e2d0b30\r\n\
         Content-Type: application/json; odata.metadata=minimal\r\nOData-Version: 4.0\r\n\r\n{error}\r\n\
         --batchresponse_1--\r\n"
    )
}

fn error(code: &str, message: &str) -> String {
    serde_json::json!({ "error": { "code": code, "message": message } }).to_string()
}

/// A transport whose every answer is the same, with headers.
struct Always(Response);

impl Transport for Always {
    fn send<'a>(
        &'a self,
        _request: tieline_crm::Request,
    ) -> tieline_crm::transport::BoxFuture<'a, Result<Response, tieline_crm::SendError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

fn always(status: u16, headers: &[(&str, &str)], body: &str) -> Always {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Always(Response { status, headers, body: body.as_bytes().to_vec() })
}
