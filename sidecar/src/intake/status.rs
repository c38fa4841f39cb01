//! Status words of the platform (telephony/events.md 2.3).

use tieline_engine::call::Outcome;

/// What a status word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The call is over, and how.
    Ended(Outcome),
    /// It goes on (G-04).
    NotFinal,
    /// A word nobody knows.
    Unknown,
}

/// The words, in capitals and with single blanks. PROPER and REPEATED are the platform's advertising view of an
/// answered call; VOICEMAIL is missed even when it has seconds of talk (G-05).
const WORDS: &[(&str, Status)] = &[
    ("ANSWERED", Status::Ended(Outcome::Answered)),
    ("PROPER", Status::Ended(Outcome::Answered)),
    ("REPEATED", Status::Ended(Outcome::Answered)),
    ("NO ANSWER", Status::Ended(Outcome::NoAnswer)),
    ("BUSY", Status::Ended(Outcome::Busy)),
    ("FAILED", Status::Ended(Outcome::Failed)),
    ("NO FORWARD", Status::Ended(Outcome::NoForward)),
    ("VOICEMAIL", Status::Ended(Outcome::Voicemail)),
    ("WRONG EXTENSION", Status::Ended(Outcome::WrongExtension)),
    ("NO EXTENSION", Status::Ended(Outcome::WrongExtension)),
    ("CLIENT NO ANSWER", Status::Ended(Outcome::ClientNoAnswer)),
    ("FAILED FORBIDDEN DESTINATION", Status::Ended(Outcome::Forbidden)),
    ("DECLINE", Status::Ended(Outcome::Declined)),
    ("DECLINED", Status::Ended(Outcome::Declined)),
    ("IN PROGRESS", Status::NotFinal),
    ("CALLING", Status::NotFinal),
];

/// What a status word says; case, `_`, `-` and `+` do not matter.
#[must_use]
pub fn read(word: &str) -> Status {
    let spaced = word.replace(['_', '-', '+'], " ").to_ascii_uppercase();
    let plain = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    WORDS.iter().find(|(known, _)| *known == plain).map_or(Status::Unknown, |(_, status)| *status)
}
