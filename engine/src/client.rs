//! Who the client is: one key that every spelling of a number leads to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    call::{Call, Chat, Direction, Source},
    phone::{self, NumberPlan, Phone, PhoneKey, Reading, Verdict},
    policy::Policy,
    reason::{Reason, ReasonCode},
};

/// What makes two calls one client's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKey {
    /// A number with a canonical form.
    Phone(PhoneKey),
    /// Digits without one: matched exactly as text, never by suffix.
    Text(Phone),
    /// A messenger dialogue without a number (G13).
    Chat(Chat),
    /// A Google client id, when a messenger request has nothing else (G13).
    Visit(String),
}

impl ClientKey {
    /// The name of the client's lane: calls with equal names are delivered one after the other.
    #[must_use]
    pub fn lane(&self) -> String {
        match self {
            Self::Phone(key) => key.as_str().to_owned(),
            Self::Text(digits) => format!("text:{}", digits.raw()),
            Self::Chat(chat) => format!("chat:{}", chat.joined()),
            Self::Visit(id) => format!("visit:{id}"),
        }
    }

    /// The canonical number, when there is one.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneKey> {
        match self {
            Self::Phone(key) => Some(key),
            Self::Text(_) | Self::Chat(_) | Self::Visit(_) => None,
        }
    }

    /// The digits, when the number has no canonical form.
    #[must_use]
    pub fn text(&self) -> Option<&Phone> {
        match self {
            Self::Text(digits) => Some(digits),
            Self::Phone(_) | Self::Chat(_) | Self::Visit(_) => None,
        }
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(key) => write!(f, "{key:?}"),
            Self::Text(digits) => write!(f, "{digits:?}"),
            Self::Chat(chat) => write!(f, "Chat({})", chat.channel),
            Self::Visit(_) => f.write_str("Visit(…)"),
        }
    }
}

impl Chat {
    /// The dialogue as one text: `channel:id`.
    #[must_use]
    pub fn joined(&self) -> String {
        format!("{}:{}", self.channel, self.id)
    }
}

/// The client of a call, or why there is none to write about.
///
/// # Errors
/// The reason for which the call is skipped: internal, stop-listed, an agent's own number, no number.
pub fn identify(call: &Call, policy: &Policy) -> Result<ClientKey, Reason> {
    if call.direction == Direction::Internal {
        return Err(Reason::new(ReasonCode::InternalCall));
    }
    if let Some(entry) = policy.stop_list.stops(call, &policy.plan) {
        return Err(Reason::new(ReasonCode::StopListed).with("entry", entry));
    }
    if let Some(phone) = &call.client.phone {
        let reading = phone::read(phone.raw(), &policy.plan);
        let is_line = policy.stop_list.is_own_line(phone, &policy.plan);
        if is_line || policy.agents.owns(phone, reading.key(), &policy.plan) {
            return Err(Reason::new(ReasonCode::ClientIsAgent));
        }
        match of_reading(phone, reading) {
            Ok(key) => return Ok(key),
            Err(reason) if call.source != Source::Messenger => return Err(reason),
            Err(_) => {}
        }
    }
    without_number(call).ok_or_else(|| Reason::new(ReasonCode::NoNumber))
}

/// The key of a number.
///
/// # Errors
/// The number is withheld, an internal extension, or none at all.
pub fn of_number(phone: &Phone, plan: &NumberPlan) -> Result<ClientKey, Reason> {
    of_reading(phone, phone::read(phone.raw(), plan))
}

fn of_reading(phone: &Phone, reading: Reading) -> Result<ClientKey, Reason> {
    match reading.verdict {
        Verdict::Key(key) => Ok(ClientKey::Phone(key)),
        Verdict::Several(keys) => {
            keys.into_iter().next().map(ClientKey::Phone).ok_or_else(|| Reason::new(ReasonCode::NoNumber))
        }
        Verdict::Text(text) => Ok(ClientKey::Text(Phone::new(text.as_str()))),
        Verdict::Ambiguous(_) => Ok(ClientKey::Text(Phone::new(digits(phone.raw())))),
        Verdict::Internal(_) => Err(Reason::new(ReasonCode::InternalCall)),
        Verdict::Withheld => Err(Reason::new(ReasonCode::NumberWithheld)),
        Verdict::NotANumber => Err(Reason::new(ReasonCode::NoNumber)),
    }
}

fn without_number(call: &Call) -> Option<ClientKey> {
    if call.source != Source::Messenger {
        return None;
    }
    let visit = || call.client.google_client_id.clone().filter(|id| !id.trim().is_empty());
    call.client.chat.clone().map(ClientKey::Chat).or_else(|| visit().map(ClientKey::Visit))
}

/// The decimal digits of a text; the text itself when it is written in other digits, so that two clients never
/// share the empty text.
fn digits(raw: &str) -> String {
    let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { raw.trim().to_owned() } else { digits }
}
