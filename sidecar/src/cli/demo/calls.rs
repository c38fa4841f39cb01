//! Calls and dialogues over gRPC, and what became of them.

use std::time::{Duration, SystemTime};

use tieline_engine::{
    jiff::{Timestamp, civil::Date},
    reason::ReasonCode,
};
use tieline_proto::v1::{
    AgentRef, Call, CallDirection, CallPhase, CallReport, CallState, EntityKind, GetCallRequest, Leg, MessengerChannel,
    PushMessengerLeadRequest, Receipt, StepAction, SyncCallRequest,
};
use tokio::time::{Instant, sleep};

use super::{
    exchange::RING_SECONDS,
    house::House,
    refused,
    story::{CallScene, Dialogue, NOW, Outcome, Project, Way},
};
use crate::cli::Failure;

/// How often a call is looked at until it is settled.
const LOOK_EVERY: Duration = Duration::from_millis(30);
/// A call that is not settled by then is stuck.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// A time of a day in the projects' zone, or this very moment.
pub(super) fn moment(day: Date, at: &str) -> Result<Timestamp, Failure> {
    if at == NOW {
        return Ok(Timestamp::now());
    }
    let (hour, minute) = at.split_once(':').unwrap_or((at, "0"));
    let civil = day.at(hour.parse().map_err(Failure::of)?, minute.parse().map_err(Failure::of)?, 0, 0);
    Ok(civil.in_tz("Europe/Kyiv").map_err(Failure::of)?.timestamp())
}

/// A scene as the contract has it, ended. Several agents talked one after the other, an even share each.
pub(super) fn of(day: Date, call: &CallScene) -> Result<Call, Failure> {
    let begun = moment(day, call.at)?;
    let after = |seconds: u32| {
        let seconds = begun.as_second() + i64::from(seconds);
        Some(prost_types::Timestamp { seconds, nanos: begun.subsec_nanosecond() })
    };
    let (word, talk) = match call.outcome {
        Outcome::Talk(seconds) => ("ANSWERED", seconds),
        Outcome::Missed(word, seconds) => (word, seconds),
    };
    let share = talk / u32::try_from(call.agents.len().max(1)).unwrap_or(1);
    let leg = |(agent, at): (&&str, u32)| Leg {
        agent: Some(agent_of(call.project, agent)),
        started_at: after(at * share),
        answered_at: after(RING_SECONDS + at * share).filter(|_| talk > 0),
        ended_at: after(RING_SECONDS + (at + 1) * share),
        talk_seconds: Some(share),
        ..Leg::default()
    };
    let direction = match call.way {
        Way::In | Way::Callback => CallDirection::Incoming,
        Way::Out => CallDirection::Outgoing,
        Way::Internal => CallDirection::Internal,
    };
    Ok(Call {
        project: call.project.id().to_owned(),
        call_id: call.id.to_owned(),
        phase: CallPhase::Ended.into(),
        direction: direction.into(),
        client_number: call.client.to_owned(),
        project_number: call.line.to_owned(),
        started_at: after(0),
        ended_at: after(RING_SECONDS + talk),
        talk_seconds: Some(talk),
        waiting_seconds: Some(RING_SECONDS),
        disposition: word.to_owned(),
        legs: call.agents.iter().zip(0..).map(leg).collect(),
        params: call.more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Call::default()
    })
}

/// The news that a recording can be fetched.
pub(super) fn recording(project: Project, id: &str) -> Call {
    Call {
        project: project.id().to_owned(),
        call_id: id.to_owned(),
        phase: CallPhase::RecordingReady.into(),
        recording_urls: vec![format!("https://pbx.example/recordings/{id}.mp3")],
        ..Call::default()
    }
}

/// `SyncCall`
pub(super) async fn sync(house: &House, call: Call) -> Result<Receipt, Failure> {
    let request = SyncCallRequest { call: Some(call), wait_ms: None };
    let answer = house.sync.clone().sync_call(request).await.map_err(|status| refused(&status))?;
    Ok(answer.into_inner().receipt())
}

/// `PushMessengerLead`; answers the id to ask with.
pub(super) async fn push(house: &House, day: Date, dialogue: &Dialogue) -> Result<String, Failure> {
    let channel = match dialogue.project {
        Project::Studio => MessengerChannel::Telegram,
        Project::Shop => MessengerChannel::Viber,
        Project::Repair | Project::School | Project::Clinic => MessengerChannel::Facebook,
    };
    let request = PushMessengerLeadRequest {
        project: dialogue.project.id().to_owned(),
        dialogue_id: dialogue.id.to_owned(),
        channel: channel.into(),
        chat_id: dialogue.chat.to_owned(),
        chat_name: dialogue.name.to_owned(),
        phone: dialogue.phone.to_owned(),
        taken_by: Some(agent_of(dialogue.project, dialogue.agent)),
        sent_at: Some(SystemTime::from(moment(day, dialogue.at)?).into()),
        ..PushMessengerLeadRequest::default()
    };
    let answer = house.sync.clone().push_messenger_lead(request).await.map_err(|status| refused(&status))?;
    Ok(answer.into_inner().call_id)
}

/// `GetCall`
pub(super) async fn get(house: &House, project: Project, id: &str) -> Result<CallReport, Failure> {
    let request = GetCallRequest { project: project.id().to_owned(), call_id: id.to_owned() };
    let answer = house.sync.clone().get_call(request).await.map_err(|status| refused(&status))?;
    Ok(answer.into_inner().report.unwrap_or_default())
}

/// What became of a call, once it is neither waiting nor kept.
pub(super) async fn settled(house: &House, project: Project, id: &str) -> Result<CallReport, Failure> {
    seen(house, project, id, |report| !matches!(report.state(), CallState::Waiting | CallState::Held)).await
}

/// A call, once something was written for it.
pub(super) async fn begun(house: &House, project: Project, id: &str) -> Result<CallReport, Failure> {
    seen(house, project, id, |report| !report.written.is_empty()).await
}

/// A call, once nothing but its recording is waited for.
pub(super) async fn unrecorded(house: &House, project: Project, id: &str) -> Result<CallReport, Failure> {
    let awaited = ReasonCode::RecordingAwaited.as_str();
    seen(house, project, id, |report| reason(report) == awaited).await
}

/// A call as soon as it is as wanted, or as it stands when that takes too long.
async fn seen(
    house: &House,
    project: Project,
    id: &str,
    wanted: impl Fn(&CallReport) -> bool,
) -> Result<CallReport, Failure> {
    let begun = Instant::now();
    loop {
        let report = get(house, project, id).await?;
        if wanted(&report) || begun.elapsed() > SETTLED_WITHIN {
            return Ok(report);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// What became of a call, in a few words.
pub(super) fn told(report: &CallReport) -> String {
    let reason = reason(report);
    match report.state() {
        CallState::Written => format!("written: {}", written(report)),
        CallState::Skipped => format!("skipped: {}", reason),
        CallState::Held => format!("kept: {}", reason),
        CallState::Waiting => format!("waiting: {}", reason),
        CallState::Failed | CallState::Unspecified => format!("failed: {}", reason),
    }
}

/// The code of why it is so.
pub(super) fn reason(report: &CallReport) -> &str {
    report.state_reason.as_ref().map_or("", |reason| reason.code.as_str())
}

/// What was made and changed, each kind once, people before what hangs on them.
pub(super) fn written(report: &CallReport) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut steps: Vec<_> = report.written.iter().filter_map(|step| Some((step.record.as_ref()?, step))).collect();
    steps.sort_by_key(|(record, step)| (record.kind, step.action));
    for (record, step) in steps {
        let verb = if step.action() == StepAction::Create { "new" } else { "changed" };
        let word = format!("{verb} {}", kind(record.kind()));
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

/// What a record is, in words.
pub(super) fn kind(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Contact => "contact",
        EntityKind::Lead => "lead",
        EntityKind::Deal => "deal",
        EntityKind::Task => "task",
        EntityKind::CallRecord => "call record",
        EntityKind::Note => "note",
        EntityKind::Unspecified => "record",
    }
}

fn agent_of(project: Project, agent: &str) -> AgentRef {
    AgentRef { sip_login: format!("{}_{agent}", project.id()), ..AgentRef::default() }
}
