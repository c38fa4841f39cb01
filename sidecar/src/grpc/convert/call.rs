//! A report of a call (call.proto).

use std::{collections::BTreeMap, time::Duration};

use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase, Source, Utm},
    ids::{CallId, ProjectId},
    phone::Phone,
    redact::Private,
};
use tieline_proto::v1;

use super::{
    check::{Check, Violation},
    words,
};
use crate::intake::status::{self, Status};

/// Bounds of call.proto and agent.proto, in bytes.
pub(super) const PROJECT_MAX: usize = 64;
pub(super) const ID_MAX: usize = 128;
pub(super) const NUMBER_MAX: usize = 64;
pub(super) const NAME_MAX: usize = 128;
const MARK_MAX: usize = 256;
const LEGS_MAX: usize = 32;
const RECORDINGS_MAX: usize = 8;

/// The call of a `SyncCallRequest`, and how long the answer is to be held back.
///
/// # Errors
/// Everything that is wrong with the request.
pub fn sync_call(request: &v1::SyncCallRequest) -> Result<(Call, Option<Duration>), Vec<Violation>> {
    let mut check = Check::default();
    let call = required_call(&mut check, request.call.as_ref());
    let wait = check.wait(request.wait_ms);
    check.done((call, wait))
}

/// The call of a `PlanCallRequest`.
///
/// # Errors
/// Everything that is wrong with the request.
pub fn plan_call(request: &v1::PlanCallRequest) -> Result<Call, Vec<Violation>> {
    let mut check = Check::default();
    let call = required_call(&mut check, request.call.as_ref());
    check.done(call)
}

fn required_call(check: &mut Check, call: Option<&v1::Call>) -> Call {
    match call {
        Some(call) => check.within("call", |check| read(check, call)),
        None => {
            check.wrong("call", "is required");
            Call::new(ProjectId::new(""), CallId::new(""), Direction::Incoming)
        }
    }
}

fn read(check: &mut Check, from: &v1::Call) -> Call {
    let project = check.required("project", &from.project, PROJECT_MAX);
    let id = check.id("call_id", &from.call_id, ID_MAX);
    let direction = direction(check, from);
    let mut call = Call::new(ProjectId::new(project), CallId::new(id), direction);
    call.client.phone = number(check, "client_number", &from.client_number);
    call.client.google_client_id = check.text("google_client_id", &from.google_client_id, NAME_MAX);
    call.started_at = check.moment("started_at", from.started_at.as_ref());
    call.answered_at = check.moment("answered_at", from.answered_at.as_ref());
    call.ended_at = check.moment("ended_at", from.ended_at.as_ref());
    if call.started_at.zip(call.ended_at).is_some_and(|(start, end)| end < start) {
        check.wrong("ended_at", "is before started_at");
    }
    call.talk_seconds = from.talk_seconds.unwrap_or_default();
    call.ring_seconds = from.waiting_seconds.unwrap_or_default();
    set_ending(check, &mut call, from);
    call.recording = recordings(check, &from.recording_urls);
    call.recording_expected = from.recording_expected.unwrap_or_default() || call.recording.is_some();
    call.legs = legs(check, from, &call);
    call.pool = check.text("pool", &from.pool, NAME_MAX);
    call.scheme = check.text("scheme", &from.scheme, NAME_MAX);
    call.department = check.text("department", &from.department, NAME_MAX);
    call.utm = utm(check, from.marks.as_ref());
    set_source_and_params(check, &mut call, from);
    call
}

/// Incoming is what a late addition without direction changes nothing by: [`Call::amend`] keeps the later of
/// incoming, outgoing, internal.
fn direction(check: &mut Check, from: &v1::Call) -> Direction {
    let given = words::direction(check.one_of("direction", from.direction));
    let late = matches!(from.phase(), v1::CallPhase::RecordingReady | v1::CallPhase::Amended);
    let says_outcome = from.outcome() != v1::CallOutcome::Unspecified || !from.disposition.trim().is_empty();
    let is_unsaid = v1::CallDirection::try_from(from.direction) == Ok(v1::CallDirection::Unspecified);
    if is_unsaid && (!late || says_outcome) {
        check.wrong("direction", "is required, but for late additions without an outcome");
    }
    given.unwrap_or(Direction::Incoming)
}

/// Phase, outcome and word. What is not final says neither outcome nor word (G-04).
fn set_ending(check: &mut Check, call: &mut Call, from: &v1::Call) {
    let given: v1::CallPhase = check.one_of("phase", from.phase);
    let phase = words::phase(given);
    if phase.is_none() && v1::CallPhase::try_from(from.phase).is_ok() {
        check.wrong("phase", "is required");
    }
    let outcome: v1::CallOutcome = check.one_of("outcome", from.outcome);
    let word = check.text("disposition", &from.disposition, NUMBER_MAX);
    let by_word = word.as_deref().map(status::read);
    let goes_on = outcome == v1::CallOutcome::InProgress
        || (outcome == v1::CallOutcome::Unspecified && by_word == Some(Status::NotFinal));
    let phase = phase.unwrap_or(Phase::Ringing);
    let is_final = from.is_final.unwrap_or(phase == Phase::Ended) && !goes_on;
    if !is_final {
        let talks = call.talk_seconds > 0 || call.answered_at.is_some() || outcome == v1::CallOutcome::Answered;
        let reached = if talks { Phase::PickedUp } else { Phase::Ringing };
        call.phase = if phase == Phase::Ended { reached } else { phase };
        return;
    }
    let talked = if call.talk_seconds > 0 { Outcome::Answered } else { Outcome::NoAnswer };
    call.phase = Phase::Ended;
    call.outcome = words::outcome(outcome).or_else(|| match by_word? {
        Status::Ended(outcome) => Some(outcome),
        Status::Unknown => Some(talked),
        Status::NotFinal => None,
    });
    call.status = word;
}

fn recordings(check: &mut Check, links: &[String]) -> Option<Private> {
    if links.len() > RECORDINGS_MAX {
        check.wrong("recording_urls", format!("has more than {RECORDINGS_MAX} entries"));
    }
    let read = |(index, link): (usize, &String)| check.link(&format!("recording_urls[{index}]"), link);
    let links: Vec<Option<String>> = links.iter().take(RECORDINGS_MAX).enumerate().map(read).collect();
    links.into_iter().flatten().next().map(Private::new)
}

fn legs(check: &mut Check, from: &v1::Call, call: &Call) -> Vec<Leg> {
    if from.legs.len() > LEGS_MAX {
        check.wrong("legs", format!("has more than {LEGS_MAX} entries"));
    }
    if from.legs.is_empty() {
        return from.agent.as_ref().and_then(|of| the_only_leg(check, of, call)).into_iter().collect();
    }
    let each = from.legs.iter().take(LEGS_MAX).enumerate();
    each.map(|(index, of)| check.within(&format!("legs[{index}]"), |check| leg(check, of))).collect()
}

fn leg(check: &mut Check, from: &v1::Leg) -> Leg {
    let agent = from.agent.as_ref().map(|of| check.within("agent", |check| agent(check, of))).unwrap_or_default();
    if agent.is_empty() {
        check.wrong("agent", "is required: a leg is known by its agent");
    }
    let answered_at = check.moment("answered_at", from.answered_at.as_ref());
    let outcome: v1::CallOutcome = check.one_of("outcome", from.outcome);
    let answered = match outcome {
        v1::CallOutcome::Unspecified | v1::CallOutcome::InProgress => answered_at.is_some(),
        outcome => outcome == v1::CallOutcome::Answered,
    };
    Leg {
        agent,
        started_at: check.moment("started_at", from.started_at.as_ref()),
        answered_at,
        ended_at: check.moment("ended_at", from.ended_at.as_ref()),
        talk_seconds: from.talk_seconds.unwrap_or_default(),
        answered,
        recording: check.link("recording_url", &from.recording_url).map(Private::new),
    }
}

/// A call with one agent is one leg of its own times.
fn the_only_leg(check: &mut Check, of: &v1::AgentRef, call: &Call) -> Option<Leg> {
    let agent = check.within("agent", |check| agent(check, of));
    let answered = call.phase == Phase::PickedUp || call.outcome == Some(Outcome::Answered);
    let leg = Leg {
        agent,
        answered,
        answered_at: call.answered_at.filter(|_| answered),
        ended_at: call.ended_at,
        talk_seconds: if answered { call.talk_seconds } else { 0 },
        recording: call.recording.clone().filter(|_| answered),
        started_at: None,
    };
    (!leg.agent.is_empty()).then_some(leg)
}

/// An employee (agent.proto).
pub(super) fn agent(check: &mut Check, from: &v1::AgentRef) -> AgentRef {
    AgentRef {
        employee_id: check.text("employee_id", &from.employee_id, 64),
        email: check.text("email", &from.email, 254).map(Private::new),
        sip: check.text("sip_login", &from.sip_login, 128),
        number: number(check, "number", &from.number),
        extension: check.text("extension", &from.extension, 32),
        name: check.text("name", &from.name, 256).map(Private::new),
    }
}

pub(super) fn number(check: &mut Check, field: &str, value: &str) -> Option<Phone> {
    check.text(field, value, NUMBER_MAX).map(Phone::new)
}

pub(super) fn utm(check: &mut Check, marks: Option<&v1::UtmMarks>) -> Utm {
    let Some(marks) = marks else {
        return Utm::default();
    };
    check.within("marks", |check| Utm {
        source: check.text("source", &marks.source, MARK_MAX),
        medium: check.text("medium", &marks.medium, MARK_MAX),
        campaign: check.text("campaign", &marks.campaign, MARK_MAX),
        content: check.text("content", &marks.content, MARK_MAX),
        term: check.text("term", &marks.term, MARK_MAX),
    })
}

/// Source, line and parameters; fields go before free parameters of the same name. The names are the platform's
/// (telephony/events.md 2.2), so that rules do not care which way a call came.
fn set_source_and_params(check: &mut Check, call: &mut Call, from: &v1::Call) {
    let (source, insertion) = words::source(check.one_of("source", from.source));
    call.source = source;
    if source == Source::Callback && call.direction != Direction::Incoming {
        check.wrong("source", "is callback, so the direction must be incoming");
    }
    let project_number = number(check, "project_number", &from.project_number);
    let caller_id = number(check, "caller_id_number", &from.caller_id_number);
    let (first, second) = match call.direction {
        Direction::Incoming => (project_number, caller_id),
        Direction::Outgoing | Direction::Internal => (caller_id, project_number),
    };
    let outbound = second.as_ref().filter(|_| call.direction == Direction::Incoming && first.is_some());
    call.params.extend(outbound.map(|number| ("outbound_number".to_owned(), number.raw().to_owned())));
    call.line = first.or(second);
    call.params.extend(insertion.map(|word| ("substitution_type".to_owned(), word.to_owned())));
    let card = check.link("call_card_url", &from.call_card_url);
    call.params.extend(card.map(|link| ("call_card".to_owned(), link)));
    call.params.extend(from.visit.as_ref().map(|visit| self::visit(check, visit)).unwrap_or_default());
    for (name, value) in check.params("params", &from.params) {
        call.params.entry(name).or_insert(value);
    }
}

fn visit(check: &mut Check, from: &v1::Visit) -> BTreeMap<String, String> {
    let fields = [
        ("landing", "landing_url", &from.landing_url, 2048),
        ("refferrer", "referrer_url", &from.referrer_url, 2048),
        ("last_page", "last_page_url", &from.last_page_url, 2048),
        ("remote_ip", "ip", &from.ip, 64),
        ("user_agent", "user_agent", &from.user_agent, 512),
        ("session_id", "session_id", &from.session_id, 128),
    ];
    check.within("visit", |check| {
        let read = |(name, field, value, max): (&str, &str, &String, usize)| {
            Some((name.to_owned(), check.text(field, value, max)?))
        };
        fields.into_iter().filter_map(read).collect()
    })
}
