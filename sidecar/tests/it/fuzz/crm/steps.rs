//! One step of each kind.

use std::collections::BTreeMap;

use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::RecordId,
    note::NotePart,
    phone::Phone,
    record::Abilities,
    scenario::TaskAbout,
    step::{Action, Announcement, CallEntry, Fields, Ref, Task},
};

use super::*;

/// The steps of a call from a new client, then those of a known one, as far as the CRM holds such records.
pub(super) fn all(abilities: &Abilities) -> Vec<Step> {
    let made = |kind: Kind| Some(Ref::Made(StepKey::create(kind)));
    let create = |kind, contact| (StepKey::create(kind), Action::Create { kind, fields: fields(), contact });
    let update = |kind| (StepKey::update(kind), Action::Update { kind, record: known(), fields: custom() });
    let note = |on, version| (StepKey::note(on, version), Action::AddNote { on, record: known(), parts: parts() });
    let task = Task { contact: Some(known()), ..task() };
    let entry = || Box::new(CallEntry { contact: Some(known()), ..entry() });
    let steps = [
        (StepKey::announce(), Action::Announce(Box::new(announcement()))),
        create(Kind::Contact, None),
        create(Kind::Lead, made(Kind::Contact)),
        create(Kind::Deal, made(Kind::Contact)),
        (StepKey::call_record(), Action::LogCall(entry())),
        (StepKey::task(TaskAbout::MissedCall), Action::AddTask(Box::new(task))),
        note(Kind::Contact, 0),
        note(Kind::Deal, 1),
        update(Kind::Contact),
        update(Kind::Lead),
        update(Kind::Deal),
        (StepKey::amend_call_record(2), Action::AmendCall { record: known(), entry: entry() }),
        (StepKey::complete_call_record(), Action::CompleteCall { record: known(), entry: entry() }),
        (StepKey::add_phone(), Action::AddPhone { contact: known(), phone: Some(key()), phone_text: None }),
        (StepKey::close_task(&RecordId::new("7")), Action::CloseTask { task: RecordId::new("7") }),
        (StepKey::visit(), Action::LinkVisit { contact: known(), google_client_id: "1.2".to_owned() }),
    ];
    let reason = || Reason::new(ReasonCode::RowFits);
    let steps = steps.map(|(key, action)| Step { mark: mark(&key), key, action, reason: reason() });
    steps.into_iter().filter(|step| able(step, abilities)).collect()
}

/// The engine orders nothing a CRM cannot hold.
fn able(step: &Step, abilities: &Abilities) -> bool {
    let on = if let Action::AddNote { on, .. } = &step.action { *on } else { step.action.kind() };
    !matches!(on, Kind::Contact | Kind::Lead | Kind::Deal) || abilities.kinds.contains(&on)
}

fn known() -> Ref {
    Ref::Known(RecordId::new("1"))
}

fn key() -> PhoneKey {
    PhoneKey::parse("+380671234567").expect("a key")
}

fn parts() -> Vec<NotePart> {
    vec![NotePart::Talk(12), NotePart::Recording(Private::new("https://rec.example/1.mp3"))]
}

fn custom() -> Fields {
    Fields { custom: BTreeMap::from([("Description".to_owned(), "x".to_owned())]), ..Fields::default() }
}

fn fields() -> Fields {
    Fields {
        name: Some(Private::new("Olha Kanarka")),
        phone: Some(key()),
        owner: Some(UserId::new("1")),
        source: Some("Call".to_owned()),
        marks: BTreeMap::from([("utm_source".to_owned(), "google".to_owned())]),
        ..Fields::default()
    }
}

fn entry() -> CallEntry {
    CallEntry {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        source: Source::Call,
        outcome: Outcome::Answered,
        started_at: Some(at()),
        talk_seconds: 125,
        ring_seconds: 7,
        client: Some(key()),
        client_text: None,
        line: Some(Phone::new("+380441112233")),
        agent: Some(UserId::new("1")),
        agent_code: Some("101".to_owned()),
        recording: Some(Private::new("https://rec.example/1.mp3")),
        contact: None,
        lead: None,
        deal: None,
        parts: parts(),
    }
}

fn announcement() -> Announcement {
    let CallEntry { call, direction, started_at, client, client_text, line, agent, agent_code, .. } = entry();
    Announcement { call, direction, started_at, client, client_text, line, agent, agent_code }
}

fn task() -> Task {
    Task {
        about: TaskAbout::MissedCall,
        name: None,
        board: None,
        owner: Some(UserId::new("1")),
        due_at: Some(at()),
        done: false,
        client: Some(key()),
        client_text: None,
        unmapped_agent: None,
        contact: None,
        lead: None,
        deal: None,
        parts: parts(),
    }
}
