//! Access tokens at rest: sealed with a key made from the connection's own credentials, so that the store's file
//! alone opens nothing.

use ring::digest;
use secrecy::{ExposeSecret as _, SecretString};

/// Seals and opens one connection's tokens.
pub(super) struct Seal(crate::seal::Seal);

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
        crate::seal::Seal::new(context.finish().as_ref()).map(Self)
    }

    /// Seals a text; `None` when the machine gives no randomness.
    #[must_use]
    pub(super) fn seal(&self, text: &SecretString) -> Option<Vec<u8>> {
        self.0.seal(text.expose_secret().as_bytes(), &[])
    }

    /// Opens what was sealed; `None` when it was sealed with other credentials or changed.
    #[must_use]
    pub(super) fn open(&self, sealed: &[u8]) -> Option<SecretString> {
        let text = self.0.open(sealed, &[])?;
        String::from_utf8(text.expose_secret().to_vec()).ok().map(SecretString::from)
    }
}
