//! A run of ASCII digits on the stack: what is left of a spelling once the text is gone.

/// Longest run kept. E.164 allows 15 digits; an international prefix, a trunk and a country code
/// written twice fit beside them.
pub(super) const MAX_DIGITS: usize = 26;

/// Up to [`MAX_DIGITS`] ASCII digits, copied freely, never allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    bytes: [u8; MAX_DIGITS],
    len: u8,
}

impl Digits {
    /// No digits.
    pub(super) const EMPTY: Self = Self { bytes: [b'0'; MAX_DIGITS], len: 0 };

    /// Appends one digit; `false` when it is full.
    pub(super) fn push(&mut self, digit: u8) -> bool {
        match self.bytes.get_mut(usize::from(self.len)) {
            Some(slot) => {
                *slot = digit;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The digits of the parts, one after the other; `None` when they do not fit.
    pub(super) fn concat(parts: &[&[u8]]) -> Option<Self> {
        let mut all = Self::EMPTY;
        for digit in parts.iter().flat_map(|part| part.iter()) {
            if !all.push(*digit) {
                return None;
            }
        }
        Some(all)
    }

    /// The digits as ASCII bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// How many digits there are.
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The digits after `prefix`, when they begin with it.
    pub(super) fn after(&self, prefix: &[u8]) -> Option<&[u8]> {
        self.as_bytes().strip_prefix(prefix)
    }

    /// Whether every digit is a zero (and there is at least one).
    pub(super) fn all_zero(&self) -> bool {
        self.len > 0 && self.as_bytes().iter().all(|digit| *digit == b'0')
    }

    /// The digits as owned text.
    pub(super) fn to_text(self) -> String {
        self.as_bytes().iter().map(|digit| char::from(*digit)).collect()
    }
}
