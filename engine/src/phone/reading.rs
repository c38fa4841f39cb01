//! What a spelling was read as, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::{PhoneKey, TextKey, redacted};

/// What one field turned out to hold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A number that exists in its country's plan, read in the one possible way.
    Key(PhoneKey),
    /// Several different numbers fit the spelling; none may be chosen by guessing. Sorted.
    Ambiguous(Vec<PhoneKey>),
    /// Digits no plan accepts: compared whole, as text.
    Text(TextKey),
    /// An extension inside the PBX, such as 101.
    Internal(String),
    /// The caller hid the number, or the network did not know it; also an empty field.
    Withheld,
    /// Two or more different numbers in one field, in the order they were written.
    Several(Vec<PhoneKey>),
    /// Not a phone number at all.
    NotANumber,
}

/// The outcome of [`read`](super::read).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Reading {
    /// What the field holds.
    pub verdict: Verdict,
    /// The extension written behind the number, digits only.
    pub extension: Option<String>,
    reason: ReadingReason,
}

/// Why a spelling was read the way it was. The text is stable: it is stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingReason {
    /// Written with its country code and a plus.
    ValidInternational,
    /// Written as people of a region of the plan write their numbers.
    ValidNational,
    /// Behind the trunk 8 of before 2009 (Ukraine).
    #[serde(rename = "legacy_trunk_8")]
    LegacyTrunk8,
    /// Behind an international dialling prefix such as 00 or 011.
    IddPrefix,
    /// Behind 810, the international prefix of the Soviet plan.
    #[serde(rename = "legacy_810")]
    Legacy810,
    /// International digits whose plus was left out.
    MissingPlus,
    /// A trunk zero that does not belong there was left out: `+48 (0) 512…`, `+380 (0) 67…`.
    TrunkZeroDropped,
    /// Fits several numbers.
    Ambiguous,
    /// Fits no number; its digits are kept as text.
    NotValidKeptAsText,
    /// The caller hid the number, or nobody knew it.
    Withheld,
    /// Short enough to be an extension of the PBX.
    Internal,
    /// The field holds several different numbers.
    SeveralNumbers,
    /// There are no digits in it.
    NoDigits,
    /// Letters stand among the digits; they are never turned into digits.
    LettersAmongDigits,
    /// Longer than any phone field: not looked at.
    TooLong,
}

impl Reading {
    pub(super) fn new(verdict: Verdict, reason: ReadingReason) -> Self {
        Self { verdict, extension: None, reason }
    }

    pub(super) fn with_extension(self, extension: Option<String>) -> Self {
        Self { extension, ..self }
    }

    /// The key, when the field holds exactly one certain number.
    #[must_use]
    pub fn key(&self) -> Option<&PhoneKey> {
        match &self.verdict {
            Verdict::Key(key) => Some(key),
            _ => None,
        }
    }

    /// Why it was read this way.
    #[must_use]
    pub fn reason(&self) -> ReadingReason {
        self.reason
    }
}

impl ReadingReason {
    /// The stable text of the reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ValidInternational => "valid_international",
            Self::ValidNational => "valid_national",
            Self::LegacyTrunk8 => "legacy_trunk_8",
            Self::IddPrefix => "idd_prefix",
            Self::Legacy810 => "legacy_810",
            Self::MissingPlus => "missing_plus",
            Self::TrunkZeroDropped => "trunk_zero_dropped",
            Self::Ambiguous => "ambiguous",
            Self::NotValidKeptAsText => "not_valid_kept_as_text",
            Self::Withheld => "withheld",
            Self::Internal => "internal",
            Self::SeveralNumbers => "several_numbers",
            Self::NoDigits => "no_digits",
            Self::LettersAmongDigits => "letters_among_digits",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for ReadingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "Key({key})"),
            Self::Ambiguous(keys) => f.debug_tuple("Ambiguous").field(keys).finish(),
            Self::Text(text) => write!(f, "Text({text})"),
            Self::Internal(extension) => write!(f, "Internal({})", redacted(extension)),
            Self::Withheld => f.write_str("Withheld"),
            Self::Several(keys) => f.debug_tuple("Several").field(keys).finish(),
            Self::NotANumber => f.write_str("NotANumber"),
        }
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("verdict", &self.verdict)
            .field("extension", &self.extension.as_deref().map(redacted))
            .field("reason", &self.reason)
            .finish()
    }
}
