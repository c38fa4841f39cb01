//! Parameters of a webhook: names and texts with placeholders. SMART CRM's own names are not published
//! (dataverse.md 7), so they are configured.

use std::collections::BTreeMap;

use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::{CallId, UserId},
    jiff::Timestamp,
    note::NotePart,
    phone::{Phone, PhoneKey},
    redact::Private,
    step::{Announcement, CallEntry},
};

/// What can stand between braces.
pub(super) const PLACEHOLDERS: &[&str] = &[
    "event",
    "call_id",
    "direction",
    "source",
    "client",
    "client_digits",
    "line",
    "agent",
    "agent_code",
    "started_at",
    "started_unix",
    "status",
    "talk_seconds",
    "ring_seconds",
    "recording",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "google_client_id",
];

/// The parameters of a project that names none.
pub(super) const DEFAULT: &str = "event={event}&call_id={call_id}&direction={direction}&client={client}&line={line}\
     &agent={agent}&agent_code={agent_code}&started_at={started_at}&status={status}&talk_seconds={talk_seconds}\
     &ring_seconds={ring_seconds}&recording={recording}";

/// Names and texts of parameters, in the order they were written in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    parameters: Vec<(String, Vec<Piece>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(&'static str),
}

/// What placeholders stand for; what is not known is empty.
pub(super) type Values = BTreeMap<&'static str, String>;

impl Template {
    /// Reads `name=text` pairs.
    ///
    /// # Errors
    /// What is wrong with the first of them that is.
    pub(super) fn read<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, String> {
        let mut parameters: Vec<(String, Vec<Piece>)> = Vec::new();
        for (name, text) in pairs {
            let name = name.trim();
            if name.is_empty() || parameters.iter().any(|(own, _)| own == name) {
                return Err(format!("every parameter has one name of its own; look at \"{name}\""));
            }
            parameters.push((name.to_owned(), pieces(text.trim())?));
        }
        Ok(Self { parameters })
    }

    /// The parameters of one event.
    pub(super) fn fill(&self, values: &Values) -> Vec<(&str, String)> {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(name) => values.get(name).cloned().unwrap_or_default(),
        };
        self.parameters.iter().map(|(name, pieces)| (name.as_str(), pieces.iter().map(text).collect())).collect()
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            return Err("a brace is opened and not closed".to_owned());
        };
        let Some(known) = PLACEHOLDERS.iter().find(|known| **known == name.trim()) else {
            return Err(format!("there is no {{{name}}}; there are {}", PLACEHOLDERS.join(", ")));
        };
        pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
        pieces.push(Piece::Value(known));
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
    Ok(pieces)
}

/// What is known of a ringing call.
pub(super) fn of_ringing(event: &'static str, ringing: &Announcement) -> Values {
    let mut values = Values::from([("event", event.to_owned()), ("source", "call".to_owned())]);
    about(&mut values, &ringing.call, ringing.direction, ringing.started_at);
    numbers(&mut values, ringing.client.as_ref(), ringing.client_text.as_ref(), ringing.line.as_ref());
    agent(&mut values, ringing.agent.as_ref(), ringing.agent_code.as_deref());
    values
}

/// What is known of a call that is over.
pub(super) fn of_call(event: &'static str, entry: &CallEntry) -> Values {
    let source = if entry.source == Source::Callback { "callback" } else { "call" };
    let mut values = Values::from([("event", event.to_owned()), ("source", source.to_owned())]);
    about(&mut values, &entry.call, entry.direction, entry.started_at);
    numbers(&mut values, entry.client.as_ref(), entry.client_text.as_ref(), entry.line.as_ref());
    agent(&mut values, entry.agent.as_ref(), entry.agent_code.as_deref());
    values.insert("status", status(entry.outcome).to_owned());
    values.insert("talk_seconds", entry.talk_seconds.to_string());
    values.insert("ring_seconds", entry.ring_seconds.to_string());
    values.extend(entry.recording.as_ref().map(|link| ("recording", Private::expose(link).to_owned())));
    for part in &entry.parts {
        let known = |mark: &String| PLACEHOLDERS.iter().find(|known| *known == mark && known.starts_with("utm_"));
        match part {
            NotePart::Mark(name, value) => values.extend(known(name).map(|name| (*name, value.clone()))),
            NotePart::GoogleClientId(id) => drop(values.insert("google_client_id", id.clone())),
            _ => {}
        }
    }
    values
}

fn about(values: &mut Values, call: &CallId, direction: Direction, started_at: Option<Timestamp>) {
    let outgoing = direction == Direction::Outgoing;
    values.insert("call_id", call.as_str().to_owned());
    values.insert("direction", if outgoing { "outgoing" } else { "incoming" }.to_owned());
    values.extend(started_at.map(|at| ("started_at", super::values::seconds(at))));
    values.extend(started_at.map(|at| ("started_unix", at.as_second().to_string())));
}

fn numbers(values: &mut Values, key: Option<&PhoneKey>, text: Option<&Phone>, line: Option<&Phone>) {
    let client = super::values::number(key, text).unwrap_or_default();
    values.insert("client", client.to_owned());
    values.insert("client_digits", client.chars().filter(char::is_ascii_digit).collect());
    values.extend(line.map(|line| ("line", line.raw().to_owned())));
}

fn agent(values: &mut Values, user: Option<&UserId>, code: Option<&str>) {
    values.extend(user.map(|user| ("agent", user.as_str().to_owned())));
    values.extend(code.map(|code| ("agent_code", code.to_owned())));
}

/// One word for each way a call can end.
fn status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::NoAnswer => "no_answer",
        Outcome::NoForward => "no_forward",
        Outcome::WrongExtension => "wrong_extension",
        Outcome::Declined => "declined",
        Outcome::ClientNoAnswer => "client_no_answer",
        Outcome::Busy => "busy",
        Outcome::Failed => "failed",
        Outcome::Forbidden => "forbidden",
        Outcome::Voicemail => "voicemail",
    }
}
