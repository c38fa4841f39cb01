//! Access tokens at rest: sealed with a key made from the connection's own credentials, so that the store's file
//! alone opens nothing.

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest,
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretString};

/// Seals and opens with one key.
pub(super) struct Seal {
    key: LessSafeKey,
}

impl Seal {
    /// A seal made from secrets. Secrets that change make what was sealed unreadable, which is wanted: a token of
    /// the old credentials is of no use.
    #[must_use]
    pub(super) fn new<'a>(secrets: impl Iterator<Item = &'a SecretString>) -> Option<Self> {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"tieline access token v1");
        for secret in secrets {
            let text = secret.expose_secret().as_bytes();
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text);
        }
        let key = UnboundKey::new(&CHACHA20_POLY1305, context.finish().as_ref()).ok()?;
        Some(Self { key: LessSafeKey::new(key) })
    }

    /// Seals a text; `None` when the machine gives no randomness.
    #[must_use]
    pub(super) fn seal(&self, text: &SecretString) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut body = text.expose_secret().as_bytes().to_vec();
        self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body).ok()?;
        Some(nonce.iter().copied().chain(body).collect())
    }

    /// Opens what was sealed; `None` when it was sealed with other credentials or changed.
    #[must_use]
    pub(super) fn open(&self, sealed: &[u8]) -> Option<SecretString> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let text = self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut body).ok()?;
        String::from_utf8(text.to_vec()).ok().map(SecretString::from)
    }
}
