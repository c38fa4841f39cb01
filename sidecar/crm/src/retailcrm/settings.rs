//! The settings of a connection: what may be written, what is assumed, and every fault at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::RangeInclusive,
};

use secrecy::{ExposeSecret as _, SecretString};

use crate::dialect::{Connect, Fault};

/// The secret's key.
const API_KEY: &str = "api_key";

/// Every plain setting there is; anything else is a typing error and reported.
const KNOWN: &[&str] = &[
    "url",
    "site",
    "create",
    "call_log",
    "default_status",
    "order_method",
    "order_method_messenger",
    "closed_groups",
    "task_without_order",
    "done_tasks",
    "phone_form",
    "chat_field",
    "search_forms",
    "search_lag_seconds",
    "module_code",
    "module_name",
    "module_logo",
    "module_client_id",
    "new_deal_url",
];

/// How the module is shown in the CRM's list.
const MODULE_NAME: &str = "Tieline";
/// The place of the customer's id in an address.
pub(super) const CONTACT: &str = "{contact}";

/// A connection's settings, checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The account's address without a slash at its end; `/api/v5` is added to it.
    pub(super) base: String,
    /// Sent as `X-API-KEY`.
    pub(super) api_key: SecretString,
    /// The shop's code, for keys that see several shops (retailcrm.md 1.1).
    pub(super) site: Option<String>,
    /// What a call from a new client makes (RC-18).
    pub(super) create: Makes,
    /// Whether calls go into the CRM's call list; where not, tasks show them.
    pub(super) uploads_calls: bool,
    /// Status of orders no rule places; `None` leaves it to the CRM (RC-04).
    pub(super) default_status: Option<String>,
    /// Method of orders made for a call.
    pub(super) order_method: Option<String>,
    /// Method of orders made for a messenger request.
    pub(super) order_method_messenger: Option<String>,
    /// Groups whose statuses count as closed (G6).
    pub(super) closed_groups: BTreeSet<String>,
    /// A task may hang on the customer when there is no order; RC-12 says it may not.
    pub(super) task_on_customer: bool,
    /// Sends `complete` with tasks that document a talk.
    pub(super) completes_tasks: bool,
    /// How numbers are written into the CRM, and searched first.
    pub(super) phone_form: PhoneForm,
    /// Code of the customer's custom field that holds the messenger dialogue (G13).
    pub(super) chat_field: Option<String>,
    /// Written forms of one number that are searched before a client counts as new.
    pub(super) search_forms: usize,
    /// Seconds for which the search may not show what was just written; no source states it.
    pub(super) search_lag_seconds: u32,
    /// Code of the telephony module that is registered for clicking to call.
    pub(super) module_code: Option<String>,
    pub(super) module_name: String,
    pub(super) module_logo: Option<String>,
    /// What the CRM sends with each wish to call; without it the module's code.
    pub(super) module_client_id: Option<String>,
    /// Address of the form of a new order, with a place for the customer's id.
    pub(super) new_deal_url: Option<String>,
}

/// What a call from a new client makes (RC-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Makes {
    Customer,
    Order,
    Both,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhoneForm {
    /// `380671234567`
    Digits,
    /// `+380671234567`
    Plus,
}

impl Settings {
    /// Reads the settings.
    pub(super) fn parse(connect: &Connect) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { settings: &connect.settings, faults: Vec::new() };
        reader.unknown_keys();
        let settings = Self {
            base: reader.url(),
            api_key: reader.api_key(connect.secrets.get(API_KEY)),
            site: reader.code("site", None),
            create: reader.choice(
                "create",
                ("both", Makes::Both),
                &[("customer", Makes::Customer), ("order", Makes::Order)],
            ),
            uploads_calls: reader.choice("call_log", ("upload", true), &[("off", false)]),
            default_status: reader.code("default_status", None),
            order_method: reader.code("order_method", Some("phone")),
            order_method_messenger: reader.code("order_method_messenger", None),
            closed_groups: reader.codes("closed_groups", "complete,cancel"),
            task_on_customer: reader.choice("task_without_order", ("skip", false), &[("customer", true)]),
            completes_tasks: reader.choice("done_tasks", ("text", false), &[("complete", true)]),
            phone_form: reader.choice("phone_form", ("digits", PhoneForm::Digits), &[("plus", PhoneForm::Plus)]),
            chat_field: reader.code("chat_field", None),
            search_forms: reader.number("search_forms", 2, 1..=3) as usize,
            search_lag_seconds: reader.number("search_lag_seconds", 30, 0..=600),
            module_code: reader.code("module_code", None),
            module_name: reader.text("module_name").unwrap_or(MODULE_NAME).to_owned(),
            module_logo: reader.logo(),
            module_client_id: reader.code("module_client_id", None),
            new_deal_url: reader.template("new_deal_url"),
        };
        if reader.faults.is_empty() { Ok(settings) } else { Err(reader.faults) }
    }
}

/// Reads settings one by one and collects what is wrong with them.
struct Reader<'a> {
    settings: &'a BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, key: &str, text: impl Into<String>) {
        self.faults.push(Fault::setting(key, text));
    }

    fn unknown_keys(&mut self) {
        let unknown: Vec<String> = self.settings.keys().filter(|key| !KNOWN.contains(&key.as_str())).cloned().collect();
        for key in unknown {
            self.fault(&key, format!("there is no such setting; the settings are {}", KNOWN.join(", ")));
        }
    }

    fn api_key(&mut self, secret: Option<&SecretString>) -> SecretString {
        let key = secret.map_or("", |secret| secret.expose_secret().trim());
        if key.is_empty() {
            self.faults.push(Fault::secret(
                API_KEY,
                "give the API key of the account (Settings, Integration, API access keys)",
            ));
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.faults
                .push(Fault::secret(API_KEY, "the API key holds blanks or characters no key has; copy it again"));
        }
        SecretString::from(key)
    }

    /// The account's address: `https` unless it says otherwise.
    fn url(&mut self) -> String {
        let text = self.settings.get("url").map_or("", |url| url.trim());
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        match check_url(&url) {
            Ok(base) => base,
            Err(text) => {
                self.fault("url", text);
                String::new()
            }
        }
    }

    /// A code of the CRM's; present and blank means that none is sent.
    fn code(&mut self, key: &str, default: Option<&str>) -> Option<String> {
        let value = self.settings.get(key).map(|value| value.trim()).or(default).filter(|value| !value.is_empty())?;
        if !is_code(value) {
            self.fault(key, "a code of the CRM has letters, digits, dashes and underscores only; not its shown name");
        }
        Some(value.to_owned())
    }

    /// A setting that says something.
    fn text(&self, key: &str) -> Option<&'a str> {
        self.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn logo(&mut self) -> Option<String> {
        let key = "module_logo";
        let logo = self.text(key)?;
        if !(logo.starts_with("https://") && logo.ends_with(".svg")) {
            self.fault(key, "the CRM takes an https address of an SVG picture only");
        }
        Some(logo.to_owned())
    }

    /// An address with a place for the customer's id.
    fn template(&mut self, key: &str) -> Option<String> {
        let template = self.text(key)?;
        let is_address = ["https://", "http://", "/"].iter().any(|start| template.starts_with(start));
        if !is_address || !template.contains(CONTACT) {
            self.fault(key, "give an address or a path of the account that holds {contact}, the customer's id");
        }
        Some(template.to_owned())
    }

    fn codes(&mut self, key: &str, default: &str) -> BTreeSet<String> {
        let list = self.settings.get(key).map_or(default, String::as_str);
        let codes: BTreeSet<String> =
            list.split(',').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect();
        if codes.is_empty() || !codes.iter().all(|code| is_code(code)) {
            self.fault(key, "give codes of status groups, separated by commas");
        }
        codes
    }

    /// One of several words, or the default word's value.
    fn choice<T: Copy>(&mut self, key: &str, default: (&str, T), others: &[(&str, T)]) -> T {
        let Some(value) = self.settings.get(key).map(|value| value.trim()) else {
            return default.1;
        };
        let mut all = std::iter::once(&default).chain(others);
        if let Some((_, chosen)) = all.find(|(word, _)| *word == value) {
            return *chosen;
        }
        let words: Vec<&str> = std::iter::once(default.0).chain(others.iter().map(|(word, _)| *word)).collect();
        self.fault(key, format!("write one of {}", words.join(", ")));
        default.1
    }

    fn number(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(value) = self.settings.get(key) else {
            return default;
        };
        match value.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.fault(key, format!("write a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The address without what is added to it. Plain `http` sends the key readable, so it is taken only for a sandbox:
/// this machine, an address given as numbers, or a name without dots such as containers have.
fn check_url(url: &str) -> Result<String, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix("/api/v5").unwrap_or(rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = host_of(authority);
    if host.is_empty() || rest.contains(['?', '#', '@', ' ', '\\']) {
        return Err("give the account's address, such as https://example.retailcrm.pro");
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
