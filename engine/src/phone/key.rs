//! Canonical keys: what two spellings are compared by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// E.164 allows at most 15 digits (ITU-T E.164, 6.1); the shortest numbers with their country
/// code have four.
const KEY_DIGITS: std::ops::RangeInclusive<usize> = 4..=15;

/// The canonical key of a client's number: E.164 with a plus. Two spellings are the same client
/// exactly when their keys are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneKey(String);

/// The text does not have the shape of a stored key. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a phone key is a plus and 4 to 15 digits")]
pub struct MalformedKey;

impl PhoneKey {
    /// A key from storage: checks the shape (a plus, 4 to 15 digits, no leading zero), not that
    /// the number is in use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_digits(text.strip_prefix('+')?.as_bytes())
    }

    /// The key with its plus: `+380671234567`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the plus.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or_default()
    }

    /// The key of full international digits.
    pub(super) fn of_digits(digits: &[u8]) -> Option<Self> {
        let fits = KEY_DIGITS.contains(&digits.len())
            && digits.first() != Some(&b'0')
            && digits.iter().all(u8::is_ascii_digit);
        if !fits {
            return None;
        }
        let mut text = String::with_capacity(digits.len() + 1);
        text.push('+');
        text.push_str(str::from_utf8(digits).ok()?);
        Some(Self(text))
    }
}

impl TryFrom<String> for PhoneKey {
    type Error = MalformedKey;

    fn try_from(text: String) -> Result<Self, MalformedKey> {
        Self::parse(&text).ok_or(MalformedKey)
    }
}

impl From<PhoneKey> for String {
    fn from(key: PhoneKey) -> Self {
        key.0
    }
}

impl fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneKey({})", redacted(&self.0))
    }
}

impl fmt::Display for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

/// Digits that no numbering plan accepts, with the plus when one was written. Compared whole, as
/// text; never by suffix, and never with a [`PhoneKey`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextKey(String);

impl TextKey {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The digits as they were written, punctuation removed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextKey({})", redacted(&self.0))
    }
}

impl fmt::Display for TextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

/// A number as some source spelt it. Kept beside the key, because the key is derived anew when
/// the metadata changes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Keeps a spelling as it is.
    pub fn new(raw: impl Into<String>) -> Self {
        Self(raw.into())
    }

    /// The spelling, unredacted.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", redacted(&self.0))
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

/// The last two digits of a number that has more than four, nothing of anything else.
pub(super) fn redacted(text: &str) -> String {
    let mut last = ['•'; 2];
    let mut digits = 0_usize;
    for digit in text.chars().filter(char::is_ascii_digit) {
        last = [last[1], digit];
        digits += 1;
    }
    if digits > 4 { format!("••••{}{}", last[0], last[1]) } else { "••••".to_owned() }
}
