//! Answers: what became of a call, what would be done, what a day brought.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tieline::{
    grpc::convert::{self, Counts},
    store::{ConnectionState, KeptTrouble, LedgerDay, State, Status, StoredCall, Written},
};
use tieline_engine::{
    call::{Call, Direction},
    client::ClientKey,
    facts::{Facts, Found},
    ids::{CallId, ProjectId, RecordId, UserId},
    jiff::{Timestamp, civil::date, tz::TimeZone},
    lookup::{LookUp, Sought},
    next::End,
    note::NotePart,
    phone::PhoneKey,
    reason::{Reason, ReasonCode},
    record::{Kind, Record},
    redact::Private,
    scenario::TaskAbout,
    step::{Action, Fields, Mark, Ref, Step, StepKey, Task},
};
use tieline_proto::v1::{self, CallState, EntityKind, ErrorReason, StepAction};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a moment")
}

fn stored(state: State) -> StoredCall {
    StoredCall {
        seq: 1,
        call: Call::new(ProjectId::new("acme"), CallId::new("u1"), Direction::Incoming),
        version: 1,
        lane: "+380671112233".to_owned(),
        facts: Facts::default(),
        state,
        received_at: at(0),
        changed_at: at(5),
        due_at: at(60),
        retrying: false,
        backlog: false,
        attempts: 0,
        trouble: None,
        reasons: vec![Reason::new(ReasonCode::RowFits).with("row", "missed"), Reason::new(ReasonCode::NotFinal)],
        written: Vec::new(),
        trace: None,
        damaged: false,
        claim: None,
    }
}

fn connection(status: Status) -> ConnectionState {
    ConnectionState { status, since: at(-100), why: None, keep_data: true }
}

fn code(decision: Option<&v1::Decision>) -> Option<&str> {
    decision.map(|decision| decision.code.as_str())
}

#[test]
fn a_waiting_call_says_when_it_is_tried_and_one_of_a_switched_off_connection_is_held() {
    let call = stored(State::Waiting);
    let report = convert::report(&call, Some(&connection(Status::Active)));
    assert_eq!((report.state(), code(report.state_reason.as_ref())), (CallState::Waiting, Some("not_final")));
    assert_eq!(report.next_attempt_at, Some(convert::moment(at(60))));
    assert_eq!(report.explanation.len(), 2);
    assert_eq!(report.explanation[0].text, "This row of the scenario decides (row = missed)");
    for (status, word) in [(Status::Inactive, "connection_inactive"), (Status::Suspended, "connection_suspended")] {
        let report = convert::report(&call, Some(&connection(status)));
        assert_eq!((report.state(), code(report.state_reason.as_ref())), (CallState::Held, Some(word)));
        assert_eq!(report.next_attempt_at, None);
    }
}

#[test]
fn a_failed_attempt_is_told_until_one_succeeds() {
    let trouble = KeptTrouble { reason: "CRM_UNAVAILABLE".to_owned(), text: "no answer".to_owned(), at: at(4) };
    let troubled = StoredCall { attempts: 3, trouble: Some(trouble), ..stored(State::Waiting) };
    let report = convert::report(&troubled, None);
    let error = report.last_error.expect("an error");
    assert_eq!((error.reason(), error.actor(), report.attempts), (ErrorReason::CrmUnavailable, v1::Actor::Crm, 3));
    assert_eq!(code(report.state_reason.as_ref()), Some("crm_unavailable"));
    let past = StoredCall { attempts: 0, ..troubled };
    assert_eq!(convert::report(&past, None).last_error, None);
}

#[test]
fn a_skipped_call_says_why_and_a_written_one_what() {
    let skipped = convert::report(&stored(State::Skipped(ReasonCode::StopListed)), None);
    assert_eq!((skipped.state(), code(skipped.state_reason.as_ref())), (CallState::Skipped, Some("stop_listed")));
    let record = Written {
        step: "create.lead".to_owned(),
        kind: Kind::Lead,
        id: Some(RecordId::new("77")),
        made: true,
        link: Some("https://crm.example.com/77".to_owned()),
        at: at(3),
    };
    let written = StoredCall { written: vec![record], ..stored(State::Written) };
    let report = convert::report(&written, None);
    assert_eq!((report.state(), report.next_attempt_at.is_none()), (CallState::Written, true));
    let record = report.written[0].record.as_ref().expect("a record");
    assert_eq!(
        (record.kind(), record.id.as_str(), report.written[0].action()),
        (EntityKind::Lead, "77", StepAction::Create)
    );
}

#[test]
fn an_explanation_is_bounded_to_its_latest() {
    let many = (0..150).map(|index| Reason::new(ReasonCode::KeyDiffers).with("record", index.to_string()));
    let call = StoredCall { reasons: many.collect(), ..stored(State::Written) };
    let explanation = convert::report(&call, None).explanation;
    assert_eq!((explanation.len(), explanation[99].data["record"].as_str()), (100, "149"));
}

#[test]
fn planned_steps_show_values_and_name_what_earlier_steps_make() {
    let step = |key: StepKey, action| Step {
        mark: Mark::of("acme", &CallId::new("u1"), &key),
        key,
        action,
        reason: Reason::new(ReasonCode::NewClient),
    };
    let fields = Fields {
        name: Some(Private::new("Olena")),
        phone: PhoneKey::parse("+380671112233"),
        owner: Some(UserId::new("5")),
        marks: BTreeMap::from([("utm_source".to_owned(), "google".to_owned())]),
        custom: BTreeMap::from([("Colour__c".to_owned(), "red".to_owned())]),
        ..Fields::default()
    };
    let task = Task {
        name: Some("Call back".to_owned()),
        board: None,
        about: TaskAbout::MissedCall,
        owner: None,
        due_at: Some(at(0)),
        done: false,
        client: None,
        client_text: None,
        unmapped_agent: None,
        contact: Some(Ref::Known(RecordId::new("planned:create.contact"))),
        lead: None,
        deal: Some(Ref::Known(RecordId::new("9"))),
        parts: vec![NotePart::StartedAt(at(0))],
    };
    let steps = [
        step(StepKey::create(Kind::Contact), Action::Create { kind: Kind::Contact, fields, contact: None }),
        step(
            StepKey::update(Kind::Deal),
            Action::Update { kind: Kind::Deal, record: Ref::Known(RecordId::new("9")), fields: Fields::default() },
        ),
        step(StepKey::task(TaskAbout::MissedCall), Action::AddTask(Box::new(task))),
        step(
            StepKey::note(Kind::Lead, 0),
            Action::AddNote { on: Kind::Lead, record: Ref::Made(StepKey::create(Kind::Lead)), parts: Vec::new() },
        ),
    ];
    let link = |_: Kind, id: &RecordId| Some(format!("https://crm.example.com/{}", id.as_str()));
    let planned = convert::planned_steps(&steps, &TimeZone::UTC, &link);
    let values = |index: usize| -> Vec<(&str, &str)> {
        planned[index].fields.iter().map(|field| (field.key.as_str(), field.value.as_str())).collect()
    };
    assert_eq!(
        values(0),
        [("name", "Olena"), ("phone", "+380671112233"), ("owner", "5"), ("utm_source", "google"), ("Colour__c", "red")]
    );
    assert_eq!((planned[0].action(), planned[0].target.as_ref()), (StepAction::Create, None));
    let target = planned[1].target.as_ref().expect("a target");
    assert_eq!(
        (planned[1].action(), target.id.as_str(), target.url.as_str()),
        (StepAction::Update, "9", "https://crm.example.com/9")
    );
    assert!(values(2).contains(&("contact", "new contact")) && values(2).contains(&("deal", "9")));
    assert!(values(2).contains(&("text", "2026-09-21 14:13:20")));
    assert_eq!((planned[3].kind(), values(3)), (EntityKind::Note, vec![("lead", "new lead")]));
    assert_eq!(code(planned[0].reason.as_ref()), Some("new_client"));
}

#[test]
fn a_look_up_is_shown_for_each_kind_of_record() {
    let key = PhoneKey::parse("+380671112233").expect("a key");
    let sought = Sought {
        key: ClientKey::Phone(key),
        spellings: Vec::new(),
        chat: None,
        name: None,
        kinds: BTreeSet::from([Kind::Contact, Kind::Lead]),
    };
    let asked =
        LookUp { client: Some(sought), marks: Vec::new(), fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) };
    let found = Found { records: vec![Record::new(Kind::Lead, RecordId::new("4"))], ..Found::default() };
    let shown = convert::lookups(&asked, &found, Duration::from_millis(12), &|_, _| None);
    let seen: Vec<(EntityKind, usize)> = shown.iter().map(|lookup| (lookup.kind(), lookup.found.len())).collect();
    assert_eq!(seen, [(EntityKind::Contact, 0), (EntityKind::Lead, 1)]);
    assert!(shown.iter().all(|lookup| lookup.by == "phone" && lookup.took_ms == 12));
    assert_eq!(convert::expected_state(End::Skipped(ReasonCode::NoRow)), CallState::Skipped);
}

#[test]
fn a_day_lists_its_skips_most_frequent_first_and_says_whether_it_balances() {
    let skipped = BTreeMap::from([("internal_call".to_owned(), 1), ("stop_listed".to_owned(), 4)]);
    let day = LedgerDay { day: date(2026, 3, 29), received: 9, written: 3, skipped, waiting: 1, failed: 0 };
    let shown = convert::ledger_day(&ProjectId::new("acme"), &day);
    assert_eq!((shown.day.as_str(), shown.skipped, shown.balanced), ("2026-03-29", 5, true));
    assert_eq!(
        shown.skipped_by.iter().map(|skip| skip.code.as_str()).collect::<Vec<_>>(),
        ["stop_listed", "internal_call"]
    );
    assert!(!convert::ledger_day(&ProjectId::new("acme"), &LedgerDay { received: 10, ..day }).balanced);
}

#[test]
fn a_suspended_connection_says_who_must_act() {
    let why = KeptTrouble { reason: "CRM_CREDENTIALS_REJECTED".to_owned(), text: "invalid code".to_owned(), at: at(0) };
    let state = ConnectionState { why: Some(why), ..connection(Status::Suspended) };
    let shown = convert::connection(&crate::sample::project(), &state, Counts { backlog: 7, ..Counts::default() });
    assert_eq!((shown.state(), shown.backlog, shown.keep_data), (v1::ConnectionState::Suspended, 7, true));
    let failure = shown.suspended_by.expect("a failure");
    assert_eq!((failure.reason(), failure.actor()), (ErrorReason::CrmCredentialsRejected, v1::Actor::Administrator));
}

#[test]
fn a_moment_before_1970_counts_its_fraction_forward() {
    let moment = convert::moment(Timestamp::new(-1, -250_000_000).expect("a moment"));
    assert_eq!((moment.seconds, moment.nanos), (-2, 750_000_000));
}
