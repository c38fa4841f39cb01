//! A messenger request (push_messenger_lead.proto).

use std::time::Duration;

use tieline_engine::{
    call::{Call, Chat, Direction, Leg, Phase, Source},
    ids::{CallId, ProjectId},
    jiff::Timestamp,
    redact::Private,
};
use tieline_proto::v1;

use super::{
    call::{self, ID_MAX, NAME_MAX, PROJECT_MAX},
    check::{Check, Violation},
    words,
};

/// Longest message.
const MESSAGE_MAX: usize = 4096;
/// Longest name in a chat.
const CHAT_NAME_MAX: usize = 256;

/// Why a messenger request is refused before anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushRefused {
    /// Fields are wrong.
    Invalid(Vec<Violation>),
    /// Everything is right, but nobody took the dialogue (Z-29).
    DialogueNotTaken,
}

/// The id a dialogue has among the project's calls: a prefix of its own keeps it apart from the exchange's ids.
#[must_use]
pub fn messenger_id(channel: &str, dialogue: &str) -> CallId {
    CallId::new(format!("messenger:{channel}:{dialogue}"))
}

/// A `PushMessengerLeadRequest` as a call, and how long the answer is to be held back. `received_at` stands in for
/// the moment the button was pressed, where it is not said.
///
/// # Errors
/// Everything that is wrong, or that nobody took the dialogue.
pub fn push_messenger_lead(
    request: &v1::PushMessengerLeadRequest,
    received_at: Timestamp,
) -> Result<(Call, Option<Duration>), PushRefused> {
    let mut check = Check::default();
    let channel = words::channel(check.one_of("channel", request.channel));
    if channel.is_none() && v1::MessengerChannel::try_from(request.channel).is_ok() {
        check.wrong("channel", "is required");
    }
    let channel = channel.unwrap_or_default();
    let project = ProjectId::new(check.required("project", &request.project, PROJECT_MAX));
    let dialogue = check.id("dialogue_id", &request.dialogue_id, ID_MAX);
    let mut call = Call::new(project, messenger_id(channel, &dialogue), Direction::Incoming);
    call.source = Source::Messenger;
    call.phase = Phase::Ended;
    let id = check.required("chat_id", &request.chat_id, NAME_MAX);
    call.client.chat = Some(Chat { channel: channel.to_owned(), id });
    call.client.name = check.text("chat_name", &request.chat_name, CHAT_NAME_MAX).map(Private::new);
    call.client.phone = call::number(&mut check, "phone", &request.phone);
    call.client.google_client_id = check.text("google_client_id", &request.google_client_id, NAME_MAX);
    call.started_at = check.moment("sent_at", request.sent_at.as_ref()).or(Some(received_at));
    call.utm = call::utm(&mut check, request.marks.as_ref());
    let message = check.text("message", &request.message, MESSAGE_MAX);
    call.params.extend(message.map(|message| ("message".to_owned(), message)));
    for (name, value) in check.params("params", &request.params) {
        call.params.entry(name).or_insert(value);
    }
    let taken_by = request.taken_by.as_ref().map(|of| check.within("taken_by", |check| call::agent(check, of)));
    let wait = check.wait(request.wait_ms);
    let (mut call, wait) = check.done((call, wait)).map_err(PushRefused::Invalid)?;
    let agent = taken_by.filter(|agent| !agent.is_empty()).ok_or(PushRefused::DialogueNotTaken)?;
    call.legs.push(Leg { agent, answered: true, ..Leg::default() });
    Ok((call, wait))
}
