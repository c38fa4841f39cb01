//! Reading settings one by one and collecting what is wrong with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::RangeInclusive,
};

use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::{jiff::tz::TimeZone, step::Place};

use crate::dialect::{Connect, Fault};

use super::{ContactPath, Credentials, DATA, ID};

/// Where the API is (sendpulse.md 3.1).
const DEFAULT_URL: &str = "https://api.sendpulse.com";

/// Reads settings and collects faults.
pub(super) struct Reader<'a> {
    connect: &'a Connect,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A reader that has already reported keys that do not exist.
    pub(super) fn new(connect: &'a Connect, known: &[&str]) -> Self {
        let mut reader = Self { connect, faults: Vec::new() };
        for key in connect.settings.keys().filter(|key| !known.contains(&key.as_str())) {
            reader.fault(key, format!("there is no such setting; the settings are {}", known.join(", ")));
        }
        reader
    }

    /// The settings, or everything that is wrong with them.
    pub(super) fn finish<T>(self, settings: T) -> Result<T, Vec<Fault>> {
        if self.faults.is_empty() { Ok(settings) } else { Err(self.faults) }
    }

    fn fault(&mut self, key: &str, text: impl Into<String>) {
        self.faults.push(Fault::setting(key, text));
    }

    /// A value; a blank one counts as not given.
    fn text(&self, key: &str) -> Option<&'a str> {
        self.connect.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn secret(&mut self, key: &str) -> Option<SecretString> {
        let value = self.connect.secrets.get(key)?.expose_secret().trim();
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.faults.push(Fault::secret(key, "it holds blanks or characters no key has; copy it again"));
        }
        Some(value).filter(|value| !value.is_empty()).map(SecretString::from)
    }

    /// The API's address, with or without the path that is added to it.
    pub(super) fn base(&mut self) -> String {
        checked_url(self.text("url").unwrap_or(DEFAULT_URL)).unwrap_or_else(|text| {
            self.fault("url", text);
            String::new()
        })
    }

    /// Exactly one of a static key and an application's id and secret.
    pub(super) fn credentials(&mut self) -> Credentials {
        let key = self.secret("api_key");
        let id = self
            .text("client_id")
            .map(str::to_owned)
            .or_else(|| self.secret("client_id").map(|id| id.expose_secret().to_owned()));
        let secret = self.secret("client_secret");
        match (key, id, secret) {
            (Some(key), None, None) => return Credentials::Key(key),
            (None, Some(id), Some(secret)) => return Credentials::App { id, secret },
            (Some(_), _, _) => self
                .faults
                .push(Fault::secret("api_key", "give either api_key or client_id with client_secret, not both")),
            (None, Some(_), None) => {
                self.faults.push(Fault::secret("client_secret", "give the secret that belongs to client_id"))
            }
            (None, None, Some(_)) => self.fault("client_id", "give the id that belongs to client_secret"),
            (None, None, None) => {
                self.faults.push(Fault::secret(
                    "api_key",
                    "give api_key, or client_id and client_secret (account settings, API)",
                ));
            }
        }
        Credentials::Key(SecretString::from(""))
    }

    /// The user who stands in where nobody owns something.
    pub(super) fn responsible(&mut self) -> String {
        if self.text("responsible_id").is_none() {
            self.fault("responsible_id", "give the id of the user who gets what has no other owner");
        }
        self.id("responsible_id").unwrap_or_default()
    }

    /// Ids are whole numbers (sendpulse.md 3.2, 3.4).
    pub(super) fn id(&mut self, key: &str) -> Option<String> {
        let value = self.text(key)?;
        if value.len() > 18 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            self.fault(key, "an id of the CRM is a whole number");
        }
        Some(value.to_owned())
    }

    /// Where deals are made: both ids or none; both where deals are to be made.
    pub(super) fn place(&mut self, is_needed: bool) -> Option<Place> {
        let (pipeline, step) = (self.id("pipeline_id"), self.id("step_id"));
        match (pipeline, step) {
            (Some(pipeline), Some(stage)) => return Some(Place { pipeline: Some(pipeline), stage }),
            (None, None) if !is_needed => {}
            (pipeline, _) => {
                let missing = if pipeline.is_none() { "pipeline_id" } else { "step_id" };
                self.fault(missing, "a deal needs pipeline_id and step_id");
            }
        }
        None
    }

    /// Only the step by step path takes a number of ours.
    pub(super) fn external_id(&mut self, path: ContactPath) -> bool {
        let wanted = self.choice("external_id", ("false", false), &[("true", true)]);
        if wanted && path != ContactPath::Steps {
            self.fault("external_id", "only contact_path = steps takes it");
        }
        wanted
    }

    /// `utm_source = UTM source; chat = Messenger`: data by name, field by name (SP-12).
    pub(super) fn contact_fields(&mut self) -> BTreeMap<&'static str, String> {
        let mut chosen = BTreeMap::new();
        let mut fields = BTreeSet::new();
        for pair in self.text("contact_fields").unwrap_or_default().split(';').filter(|pair| !pair.trim().is_empty()) {
            let (name, field) = pair.split_once('=').map_or((pair.trim(), ""), |(a, b)| (a.trim(), b.trim()));
            let Some(name) = DATA.iter().copied().find(|known| *known == name && !field.is_empty()) else {
                let names = DATA.join(", ");
                self.fault("contact_fields", format!("write name = field; name = field, with the names {names}"));
                continue;
            };
            if !fields.insert(field) || chosen.insert(name, field.to_owned()).is_some() {
                self.fault("contact_fields", format!("{name} and its field may stand here once only"));
            }
        }
        chosen
    }

    /// The zone of times without one.
    pub(super) fn zone(&mut self) -> Option<TimeZone> {
        let name = self.text("zone").filter(|name| *name != "project")?;
        let zone = TimeZone::get(name).ok();
        if zone.is_none() {
            self.fault("zone", "write project, or a name such as Europe/Kyiv");
        }
        zone
    }

    /// A link with a place for the id.
    pub(super) fn template(&mut self, key: &str) -> Option<String> {
        let value = self.text(key)?;
        let is_link = value.starts_with("https://") || value.starts_with("http://");
        if !is_link || !value.contains(ID) || value.contains(char::is_whitespace) {
            self.fault(key, format!("write a link with {ID} where the id belongs"));
        }
        Some(value.to_owned())
    }

    /// One of several words, or the default word's value. Blanks around commas do not matter.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, default: (&str, T), others: &[(&str, T)]) -> T {
        let Some(value) = self.text(key).map(|value| value.replace(' ', "")) else {
            return default.1;
        };
        let mut all = std::iter::once(&default).chain(others);
        if let Some((_, chosen)) = all.find(|(word, _)| *word == value) {
            return *chosen;
        }
        let words: Vec<&str> = std::iter::once(default.0).chain(others.iter().map(|(word, _)| *word)).collect();
        self.fault(key, format!("write one of: {}", words.join(" | ")));
        default.1
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(value) = self.text(key) else {
            return default;
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.fault(key, format!("write a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }
}

/// The address without what is added to it. Plain `http` sends the key readable, so it is taken only for a sandbox:
/// this machine, an address given as numbers, or a name without dots such as containers have.
fn checked_url(text: &str) -> Result<String, &'static str> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix("/crm/v1").unwrap_or(rest);
    let host = host_of(rest.split('/').next().unwrap_or_default());
    if host.is_empty() || rest.contains(['?', '#', '@', ' ', '\\']) {
        return Err("give the API's address, such as https://api.sendpulse.com");
    }
    let is_near = host == "localhost" || host.parse::<IpAddr>().is_ok() || !host.contains('.');
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok(format!("https://{rest}")),
        "http" if is_near => Ok(format!("http://{rest}")),
        "http" => Err("the API is reached by https only"),
        _ => Err("the address begins with https://"),
    }
}

/// The host without port and brackets.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}
