//! Whether a request comes from the project's telephone platform. The platform signs nothing (telephony/events.md
//! 2.1): a secret in the address, HTTP Basic or an `Auth-Key` header are what it can send.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{access::secret::same, project::IntakeConfig};

/// The platform's own name for a key in a header (telephony/events.md 2.5).
const KEY_HEADER: &str = "auth-key";

/// Marks a request to a project without secrets of its own, where the sidecar asks for tokens and none that fits came
/// with it. It is answered as one with a wrong secret is: whoever tries names learns nothing.
#[derive(Clone, Copy, Debug)]
pub struct TurnedAway;

/// What a request brings.
pub(super) struct Presented<'a> {
    /// The part of the path.
    pub(super) secret: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    /// Whether a token was needed and missing.
    pub(super) turned_away: bool,
}

impl Presented<'_> {
    /// Whether everything the project asks for is there and right. The secret may come in the path or in the header.
    pub(super) fn opens(&self, intake: &IntakeConfig) -> bool {
        let secret = intake.path_secret.as_ref().is_none_or(|secret| self.has_secret(secret));
        let basic = intake.basic.as_ref().is_none_or(|(user, password)| self.has_basic(user, password));
        secret & basic & !self.turned_away
    }

    fn has_secret(&self, secret: &SecretString) -> bool {
        let in_header = self.headers.get(KEY_HEADER).map(|value| value.as_bytes());
        let given = self.secret.map(str::as_bytes).or(in_header).unwrap_or_default();
        same(given, secret.expose_secret().as_bytes())
    }

    fn has_basic(&self, user: &str, password: &SecretString) -> bool {
        let expected = format!("{user}:{}", password.expose_secret());
        same(&self.basic().unwrap_or_default(), expected.as_bytes())
    }

    /// `user:password` of the header.
    fn basic(&self) -> Option<Vec<u8>> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        scheme.eq_ignore_ascii_case("basic").then_some(decoded)
    }
}
