//! Changing existing records: mapped fields and nothing else, and what the abilities exclude.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieline_crm::Trouble;
use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::CallId,
    record::Kind,
    redact::Private,
    step::{Action, Announcement, CallEntry, Fields, Step, StepKey, StepResult},
};

use super::{body, caller_fields, dialect, done, known, line, list, perform, step, try_step};
use crate::scripted::Scripted;

/// Everything an update could hold, and more than the engine ever gives.
fn update(kind: Kind) -> Step {
    let custom = BTreeMap::from([("f12".to_owned(), "google".to_owned()), ("f13".to_owned(), "cpc".to_owned())]);
    let fields = Fields { custom, chat: Some("telegram:77".to_owned()), ..caller_fields() };
    step(StepKey::update(kind), Action::Update { kind, record: known("5"), fields })
}

fn custom() -> Value {
    json!({"f12": "google", "f13": "cpc"})
}

#[test]
fn what_an_agent_typed_is_never_sent() {
    let sent = |api: &str, kind| {
        let (result, sent) = perform(&*dialect(&[("api", api)]), &update(kind), 200, "");
        assert_eq!(result, done(Some("5")));
        (line(&sent), body(&sent))
    };
    let only = json!({"custom_fields": custom()});
    assert_eq!(sent("bearer", Kind::Contact), ("PATCH /contacts/people/5".to_owned(), only.clone()));
    assert_eq!(sent("v2", Kind::Contact), ("PATCH /v2/contacts/people/5".to_owned(), only.clone()));
    assert_eq!(sent("bearer", Kind::Deal), ("PATCH /orders/5".to_owned(), only.clone()));
    assert_eq!(sent("v2", Kind::Deal), ("PATCH /v2/orders/5".to_owned(), only));
    let old = json!({"id": 5, "custom_fields": custom(), "token": "tok-1"});
    assert_eq!(sent("token", Kind::Contact), ("PUT /clients/".to_owned(), old));
}

#[test]
fn an_update_without_mapped_fields_costs_no_request() {
    let fields = Fields { marks: BTreeMap::from([("utm_source".to_owned(), "x".to_owned())]), ..Fields::default() };
    let step = step(StepKey::update(Kind::Lead), Action::Update { kind: Kind::Lead, record: known("5"), fields });
    assert_eq!(try_step(&*dialect(&[]), &Scripted::new([]), &step), Ok(done(Some("5"))));
}

#[test]
fn fields_that_cannot_be_changed_alone_are_left_out() {
    let unchangeable = [(dialect(&[]), Kind::Lead), (dialect(&[("api", "token")]), Kind::Deal)];
    for (crm, kind) in unchangeable {
        let result = try_step(&*crm, &Scripted::new([]), &update(kind)).unwrap();
        assert!(matches!(result, StepResult::FieldRefused { field, .. } if field == "f12"));
    }
}

#[test]
fn a_lead_may_be_changed_with_the_status_it_has() {
    let crm = dialect(&[("change_leads", "true")]);
    for row in [json!({"id": 5, "status": {"id": 8}}), json!({"id": 5, "status_id": 8}), json!({"id": 5, "status": 8})]
    {
        let leads = list(&[json!({"id": 4, "status_id": 1}), row]);
        let net = Scripted::new([(200, leads.as_str()), (200, "{}")]);
        assert_eq!(try_step(&*crm, &net, &update(Kind::Lead)), Ok(done(Some("5"))));
        let sent = net.sent();
        assert_eq!((line(&sent[0]), line(&sent[1])), ("GET /lead/?ids%5B%5D=5".to_owned(), "PUT /lead/".to_owned()));
        assert_eq!(body(&sent[1]), json!({"lead_id": 5, "status_id": 8, "custom_fields": custom()}));
    }
    let (gone, odd) = (list(&[]), list(&[json!({"id": 5})]));
    let result = try_step(&*crm, &Scripted::new([(200, gone.as_str())]), &update(Kind::Lead));
    assert_eq!(result, Ok(StepResult::TargetGone { kind: Kind::Lead }));
    let result = try_step(&*crm, &Scripted::new([(200, odd.as_str())]), &update(Kind::Lead));
    assert!(matches!(result, Err(Trouble::Malformed(_))));
}

#[test]
fn an_update_of_what_is_gone_says_so() {
    let result = try_step(&*dialect(&[]), &Scripted::new([(404, "{}")]), &update(Kind::Deal));
    assert_eq!(result, Ok(StepResult::TargetGone { kind: Kind::Deal }));
}

#[test]
fn what_the_abilities_exclude_is_refused() {
    let entry = CallEntry {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        source: Source::Call,
        outcome: Outcome::Answered,
        started_at: None,
        talk_seconds: 0,
        ring_seconds: 0,
        client: None,
        client_text: None,
        line: None,
        agent: None,
        agent_code: None,
        recording: Some(Private::new("https://rec.example/a.mp3")),
        contact: None,
        lead: None,
        deal: None,
        parts: Vec::new(),
    };
    let announcement = Announcement {
        call: CallId::new("call-1"),
        direction: Direction::Incoming,
        started_at: None,
        client: None,
        client_text: None,
        line: None,
        agent: None,
        agent_code: None,
    };
    let entry = Box::new(entry);
    let actions = [
        Action::LogCall(entry.clone()),
        Action::AmendCall { record: known("1"), entry: entry.clone() },
        Action::CompleteCall { record: known("1"), entry },
        Action::Announce(Box::new(announcement)),
        Action::AddPhone { contact: known("1"), phone: None, phone_text: None },
        Action::LinkVisit { contact: known("1"), google_client_id: "1.2".to_owned() },
        Action::Create { kind: Kind::Task, fields: Fields::default(), contact: None },
    ];
    for action in actions {
        let result = try_step(&*dialect(&[]), &Scripted::new([]), &step(StepKey::visit(), action)).unwrap();
        assert!(matches!(result, StepResult::Refused { code, .. } if code == "not_supported"));
    }
}
