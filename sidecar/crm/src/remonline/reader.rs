//! Reading settings one by one, collecting what is wrong with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::RangeInclusive,
};

use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::record::Kind;

use crate::dialect::Fault;

/// Reads a connection's settings.
pub(super) struct Reader<'a> {
    settings: &'a BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A reader; keys nobody knows are faults from the start.
    pub(super) fn new(settings: &'a BTreeMap<String, String>, known: &[&str]) -> Self {
        let mut reader = Self { settings, faults: Vec::new() };
        for key in settings.keys().filter(|key| !known.contains(&key.as_str())) {
            reader.fault(key, format!("there is no such setting; the settings are {}", known.join(", ")));
        }
        reader
    }

    /// The settings, or all faults.
    pub(super) fn finish<T>(self, settings: T) -> Result<T, Vec<Fault>> {
        if self.faults.is_empty() { Ok(settings) } else { Err(self.faults) }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, key: &str, text: impl Into<String>) {
        self.faults.push(Fault::setting(key, text));
    }

    /// Notes that a value is missing, unless something is said of the key already.
    pub(super) fn missing(&mut self, key: &str, text: &str) {
        if self.faults.iter().all(|fault| fault.key != key) {
            self.fault(key, text);
        }
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The API key.
    pub(super) fn secret(&mut self, secret: Option<&SecretString>) -> SecretString {
        let key = secret.map_or("", |secret| secret.expose_secret().trim());
        if key.is_empty() {
            self.faults
                .push(Fault::secret("api_key", "give the API key of an employee with full access (Settings, API)"));
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.faults
                .push(Fault::secret("api_key", "the API key holds blanks or characters no key has; copy it again"));
        }
        SecretString::from(key)
    }

    /// The API's address, `https` unless it says otherwise.
    pub(super) fn url(&mut self, usual: &str) -> String {
        let text = self.text("url").unwrap_or(usual);
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        check_address(&url).unwrap_or_else(|text| {
            self.fault("url", text);
            String::new()
        })
    }

    /// One of several words, or the default word's value.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, default: (&str, T), others: &[(&str, T)]) -> T {
        let Some(value) = self.text(key) else { return default.1 };
        let all = || std::iter::once(&default).chain(others);
        if let Some((_, chosen)) = all().find(|(word, _)| *word == value) {
            return *chosen;
        }
        let mut words: Vec<&str> = all().map(|(word, _)| *word).collect();
        words.sort_unstable();
        words.dedup();
        self.fault(key, format!("write one of {}", words.join(", ")));
        default.1
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        let word = if default { "true" } else { "false" };
        self.choice(key, (word, default), &[("true", true), ("false", false)])
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(value) = self.text(key) else { return default };
        value.parse().ok().filter(|number| range.contains(number)).unwrap_or_else(|| {
            self.fault(key, format!("write a whole number from {} to {}", range.start(), range.end()));
            default
        })
    }

    /// An id of the CRM's.
    pub(super) fn id(&mut self, key: &str) -> Option<u64> {
        let value = self.text(key)?;
        let id = value.parse().ok();
        if id.is_none() {
            self.fault(key, "write the id, a whole number; not the name");
        }
        id
    }

    /// The words of a list.
    pub(super) fn words(&self, key: &str) -> Vec<String> {
        let parts = self.text(key).unwrap_or_default().split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A list of ids or group numbers.
    pub(super) fn numbers(&mut self, key: &str) -> BTreeSet<String> {
        let words = self.words(key);
        if words.iter().any(|word| word.parse::<u64>().is_err()) {
            self.fault(key, "write whole numbers with commas between; names may change at any time");
        }
        words.into_iter().collect()
    }

    /// A list of custom fields, each with its entity: `client:12, order:f7`.
    pub(super) fn fields(&mut self, key: &str) -> BTreeSet<(Kind, String)> {
        let mut fields = BTreeSet::new();
        for word in self.words(key) {
            match field(&word) {
                Some(field) => {
                    fields.insert(field);
                }
                None => self.fault(key, "write entity and id of each field: client:12, lead:3, order:7"),
            }
        }
        fields
    }

    /// A web address with a place for an id.
    pub(super) fn template(&mut self, key: &str) -> Option<String> {
        let value = self.text(key)?;
        let is_address = value.starts_with("https://") || value.starts_with("http://");
        if !is_address || !value.contains("{id}") {
            self.fault(key, "write a web address with {id} in the place of the record's id");
        }
        Some(value.to_owned())
    }
}

fn field(word: &str) -> Option<(Kind, String)> {
    let (entity, id) = word.split_once(':')?;
    let kind = match entity.trim() {
        "client" => Kind::Contact,
        "lead" => Kind::Lead,
        "order" => Kind::Deal,
        _ => return None,
    };
    let id = id.trim();
    let id = id.strip_prefix('f').unwrap_or(id);
    id.parse::<u64>().ok().map(|id| (kind, id.to_string()))
}

/// The address without a slash and without the generation, which is a setting of its own. Plain `http` sends the key
/// readable, so it is taken only for a sandbox: this machine, an address given as numbers, or a name without dots
/// such as containers have.
fn check_address(url: &str) -> Result<String, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix("/v2").unwrap_or(rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() || rest.contains(['?', '#', '@', ' ', '\\']) {
        return Err("give the API's address, such as https://api.roapp.io");
    }
    let is_near = host == "localhost" || host.parse::<IpAddr>().is_ok() || !host.contains('.');
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok(format!("https://{rest}")),
        "http" if is_near => Ok(format!("http://{rest}")),
        "http" => Err("the API is reached by https only"),
        _ => Err("the address begins with https://"),
    }
}
