//! From a row's parameters to a call.

use tieline_engine::{
    call::{AgentRef, Call, Client, Leg, Outcome, Phase, Utm},
    ids::CallId,
    jiff::{SignedDuration, Timestamp},
    redact::Private,
};

use super::{
    Event, IntakeError, derived_id,
    end::End,
    link,
    names::{self, Param},
    params::Params,
    sides::{self, Sides},
    status::{self, Status},
};
use crate::project::Project;

/// Says that the call's id is ours (field.md 2.22).
const DERIVED_PARAM: &str = "derived_call_id";
/// Longest call id, as in the gRPC contract.
const ID_MAX: usize = 128;

/// The call a row tells of.
pub(super) fn call(params: Params, event: Event, project: &Project) -> Result<Call, IntakeError> {
    let policy = &project.policy;
    let sides = sides::read(&params, event, policy)?;
    let started_at = params.moment(Param::CallDate, &policy.zone)?;
    let spans = spans(&params)?;
    let ending = ending(&params, event, &spans);
    let given = given_id(&params)?;
    let derived = given.is_none();
    let derive = || derived_id::derive(sides.client.as_ref(), sides.line.as_ref(), started_at, &policy.plan);
    let id = given.or_else(derive).ok_or_else(|| params.without_id())?;

    let mut call = Call::new(project.id.clone(), id, sides.direction);
    call.phase = ending.phase;
    call.outcome = ending.outcome;
    call.status = ending.status.map(str::to_owned);
    call.started_at = started_at;
    set_times(&mut call, &spans);
    set_recording(&mut call, &params);
    set_sides(&mut call, sides, &params);
    call.pool = params.owned(Param::Pool);
    call.scheme = params.owned(Param::Scheme);
    call.department = params.owned(Param::Department);
    call.utm = utm(&params);
    call.client.google_client_id = params.owned(Param::GoogleClientId);
    let kept = names::ALSO_KEPT.iter().filter_map(|(param, name)| Some(((*name).to_owned(), params.owned(*param)?)));
    call.params.extend(kept);
    if derived {
        call.params.insert(DERIVED_PARAM.to_owned(), "1".to_owned());
    }
    call.params.extend(params.free);
    Ok(call)
}

/// The platform's id. `record` holds it in old webhooks and a link in others (payload 06).
fn given_id(params: &Params) -> Result<Option<CallId>, IntakeError> {
    let Some(id) = params.all(Param::CallId).find(|text| link::read(text).is_none()) else {
        return Ok(None);
    };
    match id.len() <= ID_MAX && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Some(CallId::new(id))),
        false => Err(params.refuse(
            Param::CallId,
            "is not 1 to 128 visible ASCII characters",
            "send the platform's own uniqueid, unchanged",
        )),
    }
}

/// Lengths of time in seconds: talk, ringing, both together.
struct Spans {
    talk: Option<u32>,
    ring: Option<u32>,
    total: Option<u32>,
}

/// The ringing is what of the total is not talk, where it is not given.
fn spans(params: &Params) -> Result<Spans, IntakeError> {
    let talk = params.count(Param::TalkSeconds)?;
    let millis = params.count(Param::TotalMillis)?.map(|millis| millis / 1000);
    let total = params.count(Param::TotalSeconds)?.or(millis);
    let ring = params.count(Param::RingSeconds)?;
    let rest = || Some(total?.saturating_sub(talk?));
    Ok(Spans { talk, ring: ring.or_else(rest), total })
}

/// How far a call came and how it ended.
struct Ending<'a> {
    phase: Phase,
    outcome: Option<Outcome>,
    /// Only a final word is kept: a word of a call that goes on would stand against the later one.
    status: Option<&'a str>,
}

fn ending<'a>(params: &'a Params, event: Event, spans: &Spans) -> Ending<'a> {
    let going_on = |phase| Ending { phase, outcome: None, status: None };
    if event.is_before_end() {
        return going_on(if event == Event::PickUp { Phase::PickedUp } else { Phase::Ringing });
    }
    let over = |outcome| Ending { phase: Phase::Ended, outcome, status: params.text(Param::Status) };
    let talked = spans.talk.unwrap_or_default() > 0;
    let by_talk = if talked { Outcome::Answered } else { Outcome::NoAnswer };
    let nothing_passed = !talked && spans.total.unwrap_or_default() == 0 && spans.ring.unwrap_or_default() == 0;
    match params.text(Param::Status).map(status::read) {
        Some(Status::NotFinal) => going_on(if talked { Phase::PickedUp } else { Phase::Ringing }),
        // A polled row shows this while it still rings; only a webhook for the end is sure of it (G-04).
        Some(Status::Ended(Outcome::NoAnswer)) if nothing_passed && !event.is_after() => going_on(Phase::Ringing),
        Some(Status::Ended(outcome)) => over(Some(outcome)),
        Some(Status::Unknown) if event.is_after() || !nothing_passed => over(Some(by_talk)),
        None if spans.talk.is_some() && (event.is_after() || !nothing_passed) => over(Some(by_talk)),
        None if event.is_after() => over(None),
        Some(Status::Unknown) | None => going_on(Phase::Ringing),
    }
}

fn set_times(call: &mut Call, spans: &Spans) {
    let after = |seconds: u32| -> Option<Timestamp> {
        call.started_at?.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok()
    };
    let talked = call.outcome == Some(Outcome::Answered);
    let answered_at = if talked { spans.ring.and_then(after) } else { None };
    let total = spans.total.or_else(|| spans.ring?.checked_add(spans.talk?));
    let ended_at = if call.phase == Phase::Ended { total.and_then(after) } else { None };
    call.answered_at = answered_at;
    call.ended_at = ended_at;
    call.talk_seconds = spans.talk.unwrap_or_default();
    call.ring_seconds = spans.ring.unwrap_or_default();
}

/// Rows of missed calls carry a link to a recording that was never made (payload 21): `has_recording` decides.
fn set_recording(call: &mut Call, params: &Params) {
    let made = params.flag(Param::HasRecording);
    let links = || params.all(Param::Recording).chain(params.all(Param::CallId)).find_map(link::read);
    call.recording = if made == Some(false) { None } else { links().map(Private::new) };
    call.recording_expected = made == Some(true) || call.recording.is_some();
}

fn set_sides(call: &mut Call, sides: Sides, params: &Params) {
    let agent = agent(sides.agent, params);
    if !agent.is_empty() {
        let answered = call.outcome == Some(Outcome::Answered) || call.phase == Phase::PickedUp;
        call.legs.push(Leg {
            agent,
            answered,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            talk_seconds: if answered { call.talk_seconds } else { 0 },
            // Also the call's own: another leg may turn out to be the main one.
            recording: if answered { call.recording.clone() } else { None },
            // A report of a pick-up is older than one of the end: its agent stands before who took over (RC-14).
            started_at: call.started_at.filter(|_| call.phase == Phase::PickedUp),
        });
    }
    call.source = sides.source;
    call.client = Client { phone: sides.client, ..Client::default() };
    call.line = sides.line;
    call.line_sip = sides.line_sip;
}

/// Everything the row says of the agent; -1 and 0 are the platform's words for nobody.
fn agent(end: Option<End>, params: &Params) -> AgentRef {
    let private = |param| params.text(param).map(|text| Private::new(link::unescape(text)));
    let employee_id = params.all(Param::EmployeeId).find(|id| !matches!(*id, "-1" | "0")).map(str::to_owned);
    let mut agent = AgentRef {
        employee_id,
        email: private(Param::EmployeeEmail),
        extension: params.owned(Param::Extension),
        name: private(Param::EmployeeName),
        ..AgentRef::default()
    };
    match end {
        Some(End::Sip(login)) => agent.sip = Some(login),
        Some(End::Number(number)) => agent.number = Some(number),
        Some(End::Extension(extension)) => agent.extension = agent.extension.or(Some(extension)),
        Some(End::Withheld(_)) | None => {}
    }
    agent
}

fn utm(params: &Params) -> Utm {
    Utm {
        source: params.owned(Param::UtmSource),
        medium: params.owned(Param::UtmMedium),
        campaign: params.owned(Param::UtmCampaign),
        content: params.owned(Param::UtmContent),
        term: params.owned(Param::UtmTerm),
    }
}
