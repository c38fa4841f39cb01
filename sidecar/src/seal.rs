//! Sealing at rest: ChaCha20-Poly1305 with a chance nonce. What is sealed is bound to what it belongs to, so that it
//! opens nowhere else.
//!
//! | what is sealed | with which key |
//! | --- | --- |
//! | access tokens | one made from the connection's credentials (`driver/seal.rs`) |
//! | secrets of stored projects | `store.secrets_key` of the configuration ([`Keys`]) |

use std::fmt;

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::SecretSlice;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;

/// Seals and opens with one key.
pub(crate) struct Seal {
    key: LessSafeKey,
}

impl Seal {
    /// A seal with a key; `None` when it has another length than [`KEY_LEN`].
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).ok()?;
        Some(Self { key: LessSafeKey::new(key) })
    }

    /// Seals bytes for what they belong to; `None` when the machine gives no randomness.
    pub(crate) fn seal(&self, plain: &[u8], belongs_to: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut body = plain.to_vec();
        let (nonce_used, belongs_to) = (Nonce::assume_unique_for_key(nonce), Aad::from(belongs_to));
        self.key.seal_in_place_append_tag(nonce_used, belongs_to, &mut body).ok()?;
        Some(nonce.iter().copied().chain(body).collect())
    }

    /// Opens what was sealed; `None` when it was sealed with another key or for something else, or was changed.
    pub(crate) fn open(&self, sealed: &[u8], belongs_to: &[u8]) -> Option<SecretSlice<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, Aad::from(belongs_to), &mut body).ok()?.len();
        body.truncate(length);
        Some(SecretSlice::from(body))
    }
}

/// The administrator's keys: the first one seals, and all of them open, so that a key can be replaced step by step.
pub struct Keys {
    seals: Vec<Seal>,
}

/// What was opened.
pub(crate) struct Opened {
    /// What was sealed.
    pub(crate) plain: SecretSlice<u8>,
    /// By a key that no longer seals: it is to be sealed anew before that key is taken away.
    pub(crate) by_older: bool,
}

impl Keys {
    /// The key that seals, with those that still open.
    #[must_use]
    pub fn new(key: &[u8; KEY_LEN], before: &[[u8; KEY_LEN]]) -> Self {
        let keys = std::iter::once(key).chain(before);
        Self { seals: keys.filter_map(|key| Seal::new(key)).collect() }
    }

    /// As [`Seal::seal`], with the first key.
    pub(crate) fn seal(&self, plain: &[u8], belongs_to: &[u8]) -> Option<Vec<u8>> {
        self.seals.first()?.seal(plain, belongs_to)
    }

    /// As [`Seal::open`], with whichever key fits.
    pub(crate) fn open(&self, sealed: &[u8], belongs_to: &[u8]) -> Option<Opened> {
        let mut opened = self.seals.iter().enumerate();
        opened.find_map(|(nr, seal)| Some(Opened { plain: seal.open(sealed, belongs_to)?, by_older: nr > 0 }))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("count", &self.seals.len()).finish_non_exhaustive()
    }
}

/// A key from its text: 64 hexadecimal digits.
#[must_use]
pub fn key_of(text: &str) -> Option<[u8; KEY_LEN]> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 2 * KEY_LEN { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const OLD: [u8; KEY_LEN] = [1; KEY_LEN];
    const NEW: [u8; KEY_LEN] = [2; KEY_LEN];

    #[test]
    fn what_is_sealed_opens_with_its_key_for_what_it_belongs_to_and_not_when_changed() {
        let keys = Keys::new(&NEW, &[]);
        let sealed = keys.seal(b"secret", b"shop").unwrap();
        assert_eq!(keys.open(&sealed, b"shop").unwrap().plain.expose_secret(), b"secret");
        assert!(keys.open(&sealed, b"workshop").is_none());
        assert!(Keys::new(&OLD, &[]).open(&sealed, b"shop").is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(&changed, b"shop").is_none(), "byte {at}");
        }
        assert!(keys.open(b"short", b"shop").is_none());
        assert_ne!(keys.seal(b"secret", b"shop").unwrap(), sealed, "equal secrets cannot be told by their looks");
    }

    #[test]
    fn older_keys_open_and_say_so_but_seal_no_more() {
        let (old, both) = (Keys::new(&OLD, &[]), Keys::new(&NEW, &[OLD]));
        assert!(both.open(&old.seal(b"s", b"").unwrap(), b"").unwrap().by_older);
        let sealed = both.seal(b"s", b"").unwrap();
        assert!(!both.open(&sealed, b"").unwrap().by_older);
        assert!(old.open(&sealed, b"").is_none());
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        assert_eq!(key_of(&"0aF1".repeat(16)).unwrap()[..2], [0x0a, 0xf1]);
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(key_of(text), None, "{text}");
        }
    }

    #[test]
    fn keys_show_nothing() {
        assert_eq!(format!("{:?}", Keys::new(&NEW, &[OLD])), "Keys { count: 2, .. }");
    }
}
