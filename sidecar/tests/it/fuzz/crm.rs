//! Answers of every CRM, mutated: whatever comes is classified, and nothing of it is repeated.
//!
//! An input is a letter for what is asked of the dialect, and the answers it gets (`exchange.rs`). Good answers are
//! those of the simulated CRMs.

use std::{collections::BTreeSet, time::Duration};

use bad_input::Fuzz;
use futures::FutureExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tieline_crm::{CrmKind, Dialect, Grant, Session, Trouble, dialect::Exchange};
use tieline_engine::{
    client::ClientKey,
    ids::{CallId, UserId},
    jiff::{Timestamp, tz::TimeZone},
    lookup::{LookUp, Sought, SoughtMark},
    phone::PhoneKey,
    reason::{Reason, ReasonCode},
    record::Kind,
    redact::Private,
    step::{Mark, Step, StepKey, StepResult},
};

use super::exchange::{Playback, Recorder};

mod account;
mod steps;

/// What is asked of a dialect, by its letter.
const ASKS: &[u8] = b"glmpPufLiI";
/// What the CRM knows of the client, and no text for administrators may repeat.
const PRIVATE: [&str; 4] = ["380671234567", "0671234567", "Olha Kanarka", "rec.example"];

const WORDS: &[&str] = &[
    "Olha Kanarka",
    "+380671234567",
    "id",
    "data",
    "code",
    "status",
    "message",
    "errors",
    "error",
    "success",
    "details",
    "duplicate_record",
    "DUPLICATE_DATA",
    "INVALID_TOKEN",
    "MANDATORY_NOT_FOUND",
    "0x80040237",
    "@odata.nextLink",
    "more_records",
    "pagination",
    "totalPageCount",
    "retry-after: 99999999999999999999",
    "retry-after: -1",
    "content-type: multipart/mixed; boundary=",
    "HTTP/1.1 412 Precondition Failed\r\n",
    "Content-ID: 1\r\n",
    "--batchresponse_",
    "\n200 \n",
    "\u{1e}200 \n{}",
    "\u{1e}429 retry-after: 3\n",
    "\u{1e}401 \n{}",
    "\u{1e}404 \n",
    "\u{1e}0 \n",
    "\u{1e}1 \n",
    "\u{1e}500 \n<html>",
    "2026-11-22T07:15:00+02:00",
    "2026-11-22 07:15:00",
];

/// A dialect before and after it has learned its account.
struct Desk {
    fresh: Box<dyn Dialect>,
    learned: Box<dyn Dialect>,
    token: Option<Grant>,
    seeds: Vec<Vec<u8>>,
}

fn hold(kind: CrmKind, name: &'static str) {
    let desk = desk(kind);
    let fuzz = Fuzz::new(name).seeds(desk.seeds.clone()).words(WORDS).cases(1_500);
    fuzz.within(Duration::from_secs(3)).run(|input| {
        let (ask, answers) = input.split_first().map_or((b'l', input), |(ask, answers)| (*ask, answers));
        let net = Playback::new(answers);
        let outcome = asked(&desk, ask, &net);
        private(&desk, &outcome.text, ask);
        outcome.kind
    });
}

#[test]
fn any_answer_of_dataverse_is_classified() {
    hold(CrmKind::Dataverse, "dataverse");
}

#[test]
fn any_answer_of_remonline_is_classified() {
    hold(CrmKind::Remonline, "remonline");
}

#[test]
fn any_answer_of_retailcrm_is_classified() {
    hold(CrmKind::Retailcrm, "retailcrm");
}

#[test]
fn any_answer_of_sendpulse_is_classified() {
    hold(CrmKind::Sendpulse, "sendpulse");
}

#[test]
fn any_answer_of_zoho_is_classified() {
    hold(CrmKind::Zoho, "zoho");
}

/// What came of an ask.
#[derive(Default)]
struct Outcome {
    /// Its kind, for the search of new ones.
    kind: String,
    /// Everything in it that is shown to people who look after the sidecar.
    text: String,
}

fn asked(desk: &Desk, ask: u8, net: &Playback) -> Outcome {
    let session = session(net, desk.token.as_ref());
    let (fresh, learned) = (&*desk.fresh, &*desk.learned);
    let mut outcome = match ask {
        b'g' => of(now(fresh.grant(net)), |grant| format!("{}", grant.is_some())),
        b'm' => of(now(learned.look_up(&session, &marks())), |found| format!("{} marks", found.marks.len().min(3))),
        b'p' => performed(fresh, &session),
        b'P' => performed(learned, &session),
        b'u' => of(now(learned.users(&session)), |users| format!("{} users", users.len().min(3))),
        b'f' => of(now(learned.fields(&session)), |fields| format!("{} fields", fields.len().min(3))),
        b'L' => match now(fresh.learn(&session)) {
            Ok(learned) => found(&*learned, &session),
            Err(trouble) => troubled(&trouble),
        },
        b'i' => inspected(learned, &session),
        b'I' => of(now(learned.register(&session, &exchange())), |done| format!("{done:?}")),
        _ => found(learned, &session),
    };
    outcome.kind = format!("{} {}", char::from(ask), outcome.kind);
    outcome
}

fn found(dialect: &dyn Dialect, session: &Session<'_>) -> Outcome {
    of(now(dialect.look_up(session, &look_up())), |found| {
        let kinds: BTreeSet<Kind> = found.records.iter().map(|record| record.kind).collect();
        let links = found.records.iter().filter_map(|record| dialect.link(record.kind, &record.id)).count();
        format!("{kinds:?} {}", links > 0)
    })
}

fn inspected(dialect: &dyn Dialect, session: &Session<'_>) -> Outcome {
    match now(dialect.inspect(session)) {
        Ok(findings) => {
            let text = findings.iter().map(|finding| format!("{}: {}\n", finding.about, finding.text)).collect();
            let holds: Vec<bool> = findings.iter().map(|finding| finding.holds).collect();
            Outcome { kind: format!("{holds:?}"), text }
        }
        Err(trouble) => troubled(&trouble),
    }
}

/// All steps, bundle by bundle, until one meets trouble.
fn performed(dialect: &dyn Dialect, session: &Session<'_>) -> Outcome {
    let steps = steps::all(dialect.abilities());
    let (mut rest, mut outcome) = (steps.as_slice(), Outcome::default());
    while !rest.is_empty() {
        let (bundle, later) = rest.split_at(dialect.bundle(rest).clamp(1, rest.len()));
        match now(dialect.perform(session, bundle)) {
            Ok(answer) => {
                let keys: BTreeSet<&StepKey> = bundle.iter().map(|step| &step.key).collect();
                assert!(answer.results.keys().all(|key| keys.contains(key)), "a result of a step nobody asked for");
                answer.results.values().for_each(|result| told(result, &mut outcome));
            }
            Err(trouble) => {
                let Outcome { kind, text } = troubled(&trouble);
                outcome.kind.push_str(&kind);
                outcome.text.push_str(&text);
                break;
            }
        }
        rest = later;
    }
    outcome
}

fn told(result: &StepResult, outcome: &mut Outcome) {
    let (kind, text) = match result {
        StepResult::Done { record } => (if record.is_some() { "d" } else { "D" }, String::new()),
        StepResult::DoneBefore { record } => (if record.is_some() { "b" } else { "B" }, String::new()),
        StepResult::Exists(_) => ("e", String::new()),
        StepResult::FieldRefused { field, text } => ("f", format!("{field} {text}")),
        StepResult::TargetGone { .. } => ("g", String::new()),
        StepResult::Refused { code, text } => ("r", format!("{code} {text}")),
    };
    outcome.kind.push_str(kind);
    outcome.text.push_str(&text);
}

fn of<T>(result: Result<T, Trouble>, kind: impl Fn(T) -> String) -> Outcome {
    match result {
        Ok(value) => Outcome { kind: kind(value), text: String::new() },
        Err(trouble) => troubled(&trouble),
    }
}

fn troubled(trouble: &Trouble) -> Outcome {
    let text = trouble.to_string();
    let words: String = text.chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect();
    Outcome { kind: words, text }
}

/// Texts for people who look after the sidecar repeat neither clients nor secrets, and are short.
/// An inspection shows what the account's own lists are called, such as statuses, whatever somebody has called them.
fn private(desk: &Desk, text: &str, ask: u8) {
    for word in PRIVATE.into_iter().filter(|_| ask != b'i') {
        assert!(!text.contains(word), "{word} is repeated: {text}");
    }
    let token = desk.token.as_ref().map(|grant| grant.token.expose_secret());
    assert!(token.is_none_or(|token| !text.contains(token)), "the token is repeated: {text}");
    assert!(account::SECRETS.iter().all(|secret| !text.contains(secret)), "a secret is repeated: {text}");
    assert!(text.len() < 20_000, "{} bytes of text", text.len());
}

/// The dialects of an account, with what a simulated CRM answers them.
fn desk(kind: CrmKind) -> Desk {
    let fresh = account::dialect(kind);
    let net = Recorder::new(account::sim(kind), at());
    let token = now(fresh.grant(&net)).expect("a token");
    let mut seeds = vec![seed(b'g', &net)];
    let learned = now(fresh.learn(&session(&net, token.as_ref()))).expect("an account");
    seeds.push(seed(b'L', &net));
    let mut desk = Desk { fresh: account::dialect(kind), learned, token, seeds };
    for dialect in [&desk.learned, &desk.fresh] {
        let session = session(&net, desk.token.as_ref());
        performed(&**dialect, &session);
        desk.seeds.push(seed(b'P', &net));
        found(&**dialect, &session);
        desk.seeds.push(seed(b'l', &net));
        now(dialect.look_up(&session, &marks())).expect("marks");
        desk.seeds.push(seed(b'm', &net));
        inspected(&**dialect, &session);
        desk.seeds.push(seed(b'i', &net));
        drop((now(dialect.users(&session)), now(dialect.fields(&session))));
        desk.seeds.push(seed(b'u', &net));
    }
    drop(now(desk.learned.register(&session(&net, desk.token.as_ref()), &exchange())));
    desk.seeds.push(seed(b'I', &net));
    let answers: Vec<Vec<u8>> = desk.seeds.iter().map(|seed| seed[1..].to_vec()).collect();
    desk.seeds.extend(ASKS.iter().zip(answers.iter().cycle()).map(|(ask, answers)| [&[*ask], &answers[..]].concat()));
    desk
}

fn seed(ask: u8, net: &Recorder) -> Vec<u8> {
    [vec![ask], net.taken()].concat()
}

fn session<'a>(net: &'a dyn tieline_crm::Transport, token: Option<&'a Grant>) -> Session<'a> {
    Session { net, token, now: at(), zone: account::zone() }
}

fn look_up() -> LookUp {
    let key = PhoneKey::parse("+380671234567").expect("a key");
    let sought = Sought {
        key: ClientKey::Phone(key),
        spellings: ["+380671234567", "380671234567", "0671234567"].map(str::to_owned).into(),
        chat: None,
        name: Some(Private::new("Olha Kanarka")),
        kinds: [Kind::Contact, Kind::Lead, Kind::Deal].into(),
    };
    LookUp { client: Some(sought), marks: Vec::new(), fresh: true, reason: Reason::new(ReasonCode::RowFits) }
}

/// Every step's mark, as after a crash.
fn marks() -> LookUp {
    let keys = [
        (StepKey::create(Kind::Contact), Kind::Contact),
        (StepKey::create(Kind::Lead), Kind::Lead),
        (StepKey::create(Kind::Deal), Kind::Deal),
        (StepKey::call_record(), Kind::CallRecord),
        (StepKey::note(Kind::Contact, 0), Kind::Note),
    ];
    let sought = |(key, kind): (StepKey, Kind)| SoughtMark { mark: mark(&key), key, kind, since: at() };
    LookUp { marks: keys.map(sought).into(), ..look_up() }
}

fn mark(key: &StepKey) -> Mark {
    Mark::of("p", &CallId::new("call-1"), key)
}

fn exchange() -> Exchange {
    let extensions = [(UserId::new("1"), "101".to_owned())].into();
    Exchange { make_call_url: "https://pbx.example/call".to_owned(), extensions }
}

fn at() -> Timestamp {
    "2026-11-22T07:15:00Z".parse().expect("a moment")
}

/// A dialect waits for its transport only, and these transports answer at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a dialect that waits for nothing")
}
