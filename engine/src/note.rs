//! A call in words: first as data, then as text in the project's time zone.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Direction, Outcome, Source},
    redact::Private,
};

/// One line of the text about a call. Empty ones are never made (RO-15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotePart {
    /// Date and time of the call's start.
    StartedAt(Timestamp),
    /// What kind of call.
    Type(Direction, Source),
    /// How it ended.
    Status(Outcome),
    /// Seconds of talk.
    Talk(u32),
    /// The agent nobody knows, as SIP login, number or name (G-08).
    UnmappedAgent(String),
    /// Link to a recording; the main one first.
    Recording(Private),
    /// An advertising mark by its usual name.
    Mark(String, String),
    /// The Google client id.
    GoogleClientId(String),
    /// The messenger's channel.
    Channel(String),
}

/// The parts of a call's text, in reading order: date-time, type, status, recordings, marks (RO-15).
#[must_use]
pub fn parts(call: &Call, unmapped_agent: Option<String>) -> Vec<NotePart> {
    let mut parts = Vec::new();
    parts.extend(call.started_at.map(NotePart::StartedAt));
    parts.push(NotePart::Type(call.seen_as(), call.source));
    parts.extend(call.client.chat.as_ref().map(|chat| NotePart::Channel(chat.channel.clone())));
    parts.extend(call.outcome.map(NotePart::Status));
    if call.is_answered() && call.talk_seconds > 0 {
        parts.push(NotePart::Talk(call.talk_seconds));
    }
    parts.extend(unmapped_agent.map(NotePart::UnmappedAgent));
    parts.extend(recordings(call).into_iter().map(NotePart::Recording));
    let marks = call.utm.pairs().into_iter().filter_map(|(name, value)| Some((name, value?)));
    parts.extend(
        marks
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| NotePart::Mark(name.to_owned(), value.to_owned())),
    );
    parts.extend(call.client.google_client_id.clone().map(NotePart::GoogleClientId));
    parts
}

/// Every recording of a call, the main one first, none twice (RC-14).
#[must_use]
pub fn recordings(call: &Call) -> Vec<Private> {
    let of_legs = call.talks().into_iter().filter_map(|leg| leg.recording);
    let all = call.main_recording().into_iter().chain(of_legs).chain(call.recording.clone());
    let mut seen = Vec::new();
    for link in all.filter(|link| !link.is_blank()) {
        if !seen.contains(&link) {
            seen.push(link);
        }
    }
    seen
}

/// The text, one part a line, times in the project's zone.
#[must_use]
pub fn render(parts: &[NotePart], zone: &TimeZone) -> String {
    parts.iter().map(|part| line(part, zone)).collect::<Vec<_>>().join("\n")
}

fn line(part: &NotePart, zone: &TimeZone) -> String {
    match part {
        NotePart::StartedAt(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        NotePart::Type(direction, source) => format!("Type: {}", kind_of_call(*direction, *source)),
        NotePart::Status(outcome) => format!("Status: {}", status_text(*outcome)),
        NotePart::Talk(seconds) => format!("Talk: {}:{:02}", seconds / 60, seconds % 60),
        NotePart::UnmappedAgent(who) => format!("Not in the list of agents: {who}. Check the settings."),
        NotePart::Recording(link) => format!("Recording: {}", link.expose()),
        NotePart::Mark(name, value) => format!("{name}: {value}"),
        NotePart::GoogleClientId(id) => format!("Google client id: {id}"),
        NotePart::Channel(channel) => format!("Messenger: {channel}"),
    }
}

/// A call's kind in words.
#[must_use]
pub fn kind_of_call(direction: Direction, source: Source) -> &'static str {
    match (source, direction) {
        (Source::Messenger, _) => "messenger request",
        (Source::Callback, _) => "callback",
        (Source::Call, Direction::Incoming) => "incoming call",
        (Source::Call, Direction::Outgoing) => "outgoing call",
        (Source::Call, Direction::Internal) => "internal call",
    }
}

/// An outcome in words.
#[must_use]
pub fn status_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::NoAnswer => "no answer",
        Outcome::NoForward => "not forwarded",
        Outcome::WrongExtension => "wrong extension",
        Outcome::Declined => "declined",
        Outcome::ClientNoAnswer => "client did not answer",
        Outcome::Busy => "busy",
        Outcome::Failed => "failed",
        Outcome::Forbidden => "forbidden destination",
        Outcome::Voicemail => "voicemail",
    }
}
