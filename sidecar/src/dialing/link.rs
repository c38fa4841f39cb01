//! Signed addresses: a page that holds one lets its reader call one number through one project until a moment, and
//! nothing else.
//!
//! The signature is the lower-case hexadecimal HMAC-SHA256, under the project's secret, of five lines joined by line
//! feeds: `tieline dial v1`, the project, the phone as it stands in the address, the agent (empty for none), the
//! expiry in seconds since 1970.

use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::jiff::Timestamp;

/// What a link allows.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// The project.
    pub project: &'a str,
    /// Whom to call, as written in the address.
    pub phone: &'a str,
    /// Who is to talk; empty for whom the project's settings choose.
    pub agent: &'a str,
    /// Until when.
    pub expires: Timestamp,
}

impl Link<'_> {
    /// The signature of this link.
    #[must_use]
    pub fn signature(&self, secret: &SecretString) -> String {
        hex(hmac::sign(&key(secret), self.text().as_bytes()).as_ref())
    }

    /// Whether a signature is this link's; the time it takes tells nothing of the right one.
    #[must_use]
    pub fn is_signed(&self, secret: &SecretString, signature: &str) -> bool {
        // A line feed inside a value could make two links of one text.
        let is_plain = |text: &str| !text.contains(char::is_control);
        let plain = is_plain(self.project) && is_plain(self.phone) && is_plain(self.agent);
        plain && unhex(signature).is_some_and(|tag| hmac::verify(&key(secret), self.text().as_bytes(), &tag).is_ok())
    }

    /// The address behind the sidecar's public one.
    #[must_use]
    pub fn address(&self, public_url: &str, secret: &SecretString) -> String {
        let expires = self.expires.as_second().to_string();
        let signature = self.signature(secret);
        let mut query = vec![("phone", self.phone)];
        if !self.agent.is_empty() {
            query.push(("agent", self.agent));
        }
        query.extend([("expires", expires.as_str()), ("signature", signature.as_str())]);
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        format!("{public_url}/dial/{}/call?{query}", self.project)
    }

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let expires = self.expires.as_second();
        format!("tieline dial v1\n{}\n{}\n{}\n{expires}", self.project, self.phone, self.agent)
    }
}

/// The address a CRM is given for its users' clicks. Its last part but one is made from the project's secret, so that
/// the CRM does not hold the secret itself.
#[must_use]
pub fn click_address(public_url: &str, project: &str, secret: &SecretString) -> String {
    let tag = hmac::sign(&key(secret), click_text(project).as_bytes());
    format!("{public_url}/dial/{project}/{}/click", hex(tag.as_ref()))
}

/// Whether the secret part of a click's address is the right one; the time it takes tells nothing of it.
#[must_use]
pub fn opens_clicks(project: &str, secret: &SecretString, given: &str) -> bool {
    unhex(given).is_some_and(|tag| hmac::verify(&key(secret), click_text(project).as_bytes(), &tag).is_ok())
}

fn click_text(project: &str) -> String {
    format!("tieline click v1\n{project}")
}

fn key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    bytes.into_iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretString {
        SecretString::from("a secret of some length".to_owned())
    }

    fn link<'a>(phone: &'a str, agent: &'a str, expires: i64) -> Link<'a> {
        let expires = Timestamp::from_second(expires).unwrap_or_default();
        Link { project: "shop", phone, agent, expires }
    }

    /// Made by `printf 'tieline dial v1\nshop\n380671234567\nolena\n1700000000' |
    /// openssl dgst -sha256 -hmac 'a secret of some length'`.
    const SIGNED: &str = "642a370adbc1d98f1c5b449cf5167b5402d511ea055c6efd1a264b12b016d09c";

    #[test]
    fn a_signature_is_what_any_other_program_makes_of_the_text() {
        assert_eq!(link("380671234567", "olena", 1_700_000_000).signature(&secret()), SIGNED);
    }

    #[test]
    fn every_part_of_a_link_is_signed() {
        let good = link("380671234567", "olena", 1_700_000_000);
        assert!(good.is_signed(&secret(), SIGNED) && good.is_signed(&secret(), &SIGNED.to_uppercase()));
        let changed = [
            link("380671234568", "olena", 1_700_000_000),
            link("380671234567", "", 1_700_000_000),
            link("380671234567", "olena", 1_700_000_001),
            link("380671234567\nolena", "", 1_700_000_000),
            Link { project: "other", ..good },
        ];
        for link in changed {
            assert!(!link.is_signed(&secret(), SIGNED), "{}", link.text());
        }
        let cut = SIGNED.split_at(2).1;
        for wrong in ["", "0", cut, "zz", &"0".repeat(64)] {
            assert!(!good.is_signed(&secret(), wrong));
        }
        assert!(!good.is_signed(&SecretString::from("another".to_owned()), SIGNED));
    }

    #[test]
    fn a_line_feed_inside_a_value_never_passes_even_when_it_was_signed() {
        let sly = link("380671234567\nolena\n1700000000", "", 1);
        assert!(!sly.is_signed(&secret(), &sly.signature(&secret())));
    }

    #[test]
    fn the_click_address_of_one_project_does_not_open_another() {
        let address = click_address("https://t.example", "shop", &secret());
        let part = address.split('/').nth(5).unwrap_or_default();
        assert!(opens_clicks("shop", &secret(), part));
        assert!(!opens_clicks("other", &secret(), part) && !opens_clicks("shop", &secret(), ""));
        assert!(!address.contains("some length"));
    }
}
