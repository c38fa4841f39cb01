//! Comparing secrets. Both sides are hashed first, so that neither the length of a secret nor how far a guess was right
//! shows in the time; the hashes are compared in constant time besides.

use std::fmt;

use ring::digest::{self, SHA256, SHA256_OUTPUT_LEN};
use subtle::ConstantTimeEq as _;

/// The SHA-256 of a secret: kept in place of secrets that are only ever compared. Its order is for look-ups among many,
/// whose time tells of a hash and nothing of the secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; SHA256_OUTPUT_LEN]);

impl Fingerprint {
    /// Of a secret.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest::digest(&SHA256, secret).as_ref());
        Self(bytes)
    }

    /// Whether it is of the same secret.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

/// Whether what is shown is the secret. An empty secret opens nothing.
#[must_use]
pub fn same(shown: &[u8], secret: &[u8]) -> bool {
    !secret.is_empty() & Fingerprint::of(shown).is(&Fingerprint::of(secret))
}

/// What stands behind `Bearer` in an `authorization` header (RFC 6750); `None` for another scheme.
#[must_use]
pub fn bearer(header: &[u8]) -> Option<&[u8]> {
    let at = header.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = header.split_at_checked(at)?;
    scheme.eq_ignore_ascii_case(b"bearer").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_the_secret() {
        assert!(same(b"secret", b"secret"));
        for shown in [&b""[..], b"secre", b"secret ", b"Secret", b"secretsecret"] {
            assert!(!same(shown, b"secret"));
        }
        assert!(!same(b"", b""), "an empty secret opens nothing");
    }

    #[test]
    fn a_bearer_token_is_read_from_its_header() {
        for header in ["Bearer abc", "bearer  abc ", "BEARER abc"] {
            assert_eq!(bearer(header.as_bytes()), Some(&b"abc"[..]), "{header}");
        }
        for header in ["", "abc", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(header.as_bytes()), None, "{header}");
        }
    }
}
