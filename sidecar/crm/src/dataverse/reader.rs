//! Reading settings one by one, collecting what is wrong with them.

use std::{collections::BTreeMap, net::IpAddr, ops::RangeInclusive};

use secrecy::{ExposeSecret as _, SecretString};

use crate::dialect::{Connect, Fault};

/// Reads settings and keeps every fault.
pub(super) struct Reader<'a> {
    pub(super) settings: &'a BTreeMap<String, String>,
    secrets: &'a BTreeMap<String, SecretString>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(connect: &'a Connect) -> Self {
        Self { settings: &connect.settings, secrets: &connect.secrets, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, key: &str, text: impl Into<String>) {
        self.faults.push(Fault::setting(key, text));
    }

    /// A key that is not known is a typing error, which must not pass for a default.
    pub(super) fn known_keys_only(&mut self, keys: &[&str], prefix: Option<&str>) {
        let is_known = |key: &str| keys.contains(&key) || prefix.is_some_and(|prefix| key.starts_with(prefix));
        let unknown: Vec<String> = self.settings.keys().filter(|key| !is_known(key)).cloned().collect();
        for key in unknown {
            self.fault(&key, format!("there is no such setting; the settings are {}", keys.join(", ")));
        }
    }

    /// A setting that says something.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&mut self, key: &str, what: &str) -> String {
        let value = self.text(key).map(str::to_owned);
        if value.is_none() {
            self.fault(key, what);
        }
        value.unwrap_or_default()
    }

    /// A secret that says something and can travel in a header or a form.
    pub(super) fn secret(&mut self, key: &str) -> Option<SecretString> {
        let value = self.secrets.get(key).map(|secret| secret.expose_secret().trim())?;
        if !value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            self.faults.push(Fault::secret(key, "the secret holds characters no secret has; copy it again"));
        }
        Some(value).filter(|value| !value.is_empty()).map(SecretString::from)
    }

    /// One of several words, or the first word's value.
    pub(super) fn choice<T: Copy, const N: usize>(&mut self, key: &str, words: [(&str, T); N]) -> Option<T> {
        let value = self.text(key);
        let Some(value) = value else { return words.first().map(|(_, first)| *first) };
        let chosen = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)).map(|(_, chosen)| *chosen);
        if chosen.is_none() {
            self.fault(key, format!("write one of {}", words.map(|(word, _)| word).join(", ")));
        }
        chosen
    }

    pub(super) fn number(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(value) = self.text(key) else { return default };
        match value.parse().ok().filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                self.fault(key, format!("write a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// The logical name of a column: small letters, digits and underscores.
    pub(super) fn column(&mut self, key: &str) -> Option<String> {
        let name = self.text(key)?.to_owned();
        if !is_column(&name) {
            self.fault(key, "is not a column's logical name; it has small letters, digits and underscores only");
        }
        Some(name)
    }

    /// An address; `https` where it names no scheme.
    pub(super) fn url(&mut self, key: &str, default: Option<&str>) -> String {
        let Some(text) = self.text(key).or(default) else {
            self.fault(key, "is missing; write it as https://host");
            return String::new();
        };
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        match check_url(&url) {
            Ok(url) => url,
            Err(text) => {
                self.fault(key, text);
                String::new()
            }
        }
    }
}

/// Whether a text may stand in a request where a column's name does.
pub(super) fn is_column(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The address without a slash at its end. Plain `http` sends secrets readable, so it is taken only for a sandbox:
/// this machine, an address given as numbers, or a name without dots such as containers have.
fn check_url(url: &str) -> Result<String, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let rest = rest.trim_end_matches('/');
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() || authority.contains('@') || rest.contains(['#', ' ', '\\']) {
        return Err("is not an address; write it as https://host");
    }
    let is_near = host == "localhost" || host.parse::<IpAddr>().is_ok() || !host.contains('.');
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok(format!("https://{rest}")),
        "http" if is_near => Ok(format!("http://{rest}")),
        "http" => Err("is reached by https only"),
        _ => Err("begins with https://"),
    }
}
