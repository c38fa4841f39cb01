//! What a field names: one end of a call.

use tieline_engine::{
    phone::{self, Phone, Verdict},
    policy::Policy,
};

use super::link;

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A telephone number.
    Number(Phone),
    /// A short number inside the PBX.
    Extension(String),
    /// A SIP login.
    Sip(String),
    /// A caller who hid the number.
    Withheld(Phone),
}

impl End {
    /// The number, when it is one.
    pub(super) fn number(&self) -> Option<&Phone> {
        match self {
            Self::Number(number) => Some(number),
            Self::Extension(_) | Self::Sip(_) | Self::Withheld(_) => None,
        }
    }

    /// The SIP login, when it is one.
    pub(super) fn sip(&self) -> Option<&str> {
        match self {
            Self::Sip(login) => Some(login),
            Self::Number(_) | Self::Extension(_) | Self::Withheld(_) => None,
        }
    }

    /// A place inside the PBX by its very form.
    pub(super) fn is_inside(&self) -> bool {
        matches!(self, Self::Extension(_) | Self::Sip(_))
    }
}

/// Reads `number`, `login`, `"Name" <number or login>` or `sip:login@host`, with HTML escapes undone.
pub(super) fn read(text: &str, policy: &Policy) -> Option<End> {
    let text = link::unescape(text);
    let address = address(&text);
    if address.is_empty() {
        return None;
    }
    if is_known_sip(address, policy) {
        return Some(End::Sip(address.to_owned()));
    }
    match phone::read(address, &policy.plan).verdict {
        Verdict::Withheld => Some(End::Withheld(Phone::new(address))),
        _ if is_login(address) => Some(End::Sip(address.to_owned())),
        Verdict::Key(_) | Verdict::Ambiguous(_) | Verdict::Text(_) | Verdict::Several(_) => {
            Some(End::Number(Phone::new(address)))
        }
        Verdict::Internal(extension) => Some(End::Extension(extension)),
        Verdict::NotANumber => None,
    }
}

/// Whether both are one number.
pub(super) fn same(left: &Phone, right: &Phone, policy: &Policy) -> bool {
    digits(left) == digits(right) || phone::same_client(left.raw(), right.raw(), &policy.plan)
}

fn digits(number: &Phone) -> String {
    number.raw().chars().filter(char::is_ascii_digit).collect()
}

/// What stands between the angles, without scheme, host and parameters of a URI.
fn address(text: &str) -> &str {
    let inner = text.rsplit_once('<').map_or(text, |(_, inner)| inner.split('>').next().unwrap_or(inner));
    let inner = inner.trim().trim_matches('"').trim();
    let scheme = inner
        .split_once(':')
        .filter(|(scheme, _)| ["sip", "sips", "tel"].iter().any(|known| known.eq_ignore_ascii_case(scheme)));
    let inner = scheme.map_or(inner, |(_, rest)| rest.split(';').next().unwrap_or(rest));
    inner.split('@').next().unwrap_or(inner).trim()
}

fn is_known_sip(text: &str, policy: &Policy) -> bool {
    let agents = policy.agents.list().iter().flat_map(|agent| &agent.sips);
    let lines = policy.stop_list.lines.iter().filter_map(|line| line.sip.as_ref());
    agents.chain(lines).any(|login| login.eq_ignore_ascii_case(text))
}

/// A login starts with the project's name (telephony/events.md 2.5, SIP): it has a letter and no blank.
fn is_login(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    text.chars().all(is_part) && text.chars().any(|c| c.is_ascii_alphabetic())
}
