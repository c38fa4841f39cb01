//! A connection's settings: read once, every fault told at once.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::step::Place;

use crate::dialect::{Budget, Connect, Counts, Fault, Quota};

/// Every plain setting there is, for telling a misspelt one.
const KEYS: [&str; 22] = [
    "accounts_url",
    "api_url",
    "chat_field",
    "client_id",
    "closing_days",
    "composite_reads",
    "composite_references",
    "composite_writes",
    "credits_per_day",
    "data_center",
    "deal_lookup",
    "default_pipeline",
    "default_stage",
    "edition",
    "mark_prefix",
    "new_deal_url",
    "per_second",
    "phone_key_field",
    "unanswered_outbound",
    "unanswered_result",
    "web_url",
    "workflows",
];

/// Data centres: name, accounts host, API host, web host (zoho.md 2 and 6).
const DATA_CENTERS: [(&str, &str, &str, &str); 8] = [
    ("us", "accounts.zoho.com", "www.zohoapis.com", "crm.zoho.com"),
    ("eu", "accounts.zoho.eu", "www.zohoapis.eu", "crm.zoho.eu"),
    ("in", "accounts.zoho.in", "www.zohoapis.in", "crm.zoho.in"),
    ("au", "accounts.zoho.com.au", "www.zohoapis.com.au", "crm.zoho.com.au"),
    ("cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn", "crm.zoho.com.cn"),
    ("jp", "accounts.zoho.jp", "www.zohoapis.jp", "crm.zoho.jp"),
    ("ca", "accounts.zohocloud.ca", "www.zohoapis.ca", "crm.zohocloud.ca"),
    ("sa", "accounts.zoho.sa", "www.zohoapis.sa", "crm.zoho.sa"),
];

/// Parallel requests per edition (zoho.md 3).
const EDITIONS: [(&str, u32); 6] =
    [("free", 5), ("standard", 10), ("professional", 15), ("enterprise", 20), ("one", 20), ("ultimate", 25)];

/// Credits of 24 hours: the edition's, without those that come with each user (zoho.md 3).
const CREDITS: u32 = 50_000;
const CREDITS_FREE: u32 = 5_000;

/// The place of the contact's id in an address.
pub(super) const CONTACT: &str = "{contact}";

/// The budget of a day's credits.
pub(super) const CREDITS_BUDGET: &str = "credits";

/// Units of concurrency a composite request takes (zoho.md 0.5).
pub(super) const COMPOSITE_WEIGHT: u32 = 5;

/// How open deals of a caller are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DealLookup {
    /// In one query, through the deal's contact.
    Join,
    /// In a second query, by the ids of the contacts found.
    ByContact,
}

/// What becomes of an outgoing call nobody answered: Zoho refuses an outgoing call of no length (zoho.md 0.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// Written with a length of one second and the result in words.
    OneSecond,
    /// Not written.
    Skip,
}

/// A connection's settings.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) accounts_url: String,
    /// The API host, when set; else the one named with the token, else the data centre's.
    pub(super) api_url: Option<String>,
    pub(super) api_of_center: String,
    pub(super) web_url: String,
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) refresh_token: SecretString,
    /// Which edition's limits are kept to.
    pub(super) edition: &'static str,
    pub(super) quota: Quota,
    pub(super) composite_reads: bool,
    pub(super) composite_writes: bool,
    pub(super) composite_references: bool,
    pub(super) deal_lookup: DealLookup,
    pub(super) phone_key_field: String,
    pub(super) chat_field: String,
    pub(super) mark_prefix: String,
    /// Address of the form of a new deal, with a place for the contact's id.
    pub(super) new_deal_url: Option<String>,
    pub(super) default_place: Option<Place>,
    pub(super) closing_days: u32,
    pub(super) unanswered: Unanswered,
    pub(super) unanswered_result: Option<String>,
    pub(super) run_workflows: bool,
}

impl Settings {
    /// Every address requests may go to: the accounts host, and the API hosts of the connection and of Zoho's own
    /// list with those of sandboxes and developers' editions (zoho.md 2), one of which is named with each token.
    pub(super) fn hosts(&self) -> Vec<String> {
        let own = [Some(&self.accounts_url), self.api_url.as_ref()];
        let listed = DATA_CENTERS.iter().flat_map(|(_, _, api, _)| {
            let center = api.strip_prefix("www.").unwrap_or(api);
            ["www", "sandbox", "developer"].map(|kind| format!("https://{kind}.{center}"))
        });
        own.into_iter().flatten().cloned().chain(listed).collect()
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// Every fault at once.
    pub(super) fn read(connect: &Connect) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { settings: &connect.settings, faults: Vec::new() };
        reader.known_keys_only();
        let center = reader.center();
        let edition = reader.word("edition", "standard", &EDITIONS.map(|edition| edition.0));
        let quota = reader.quota(edition);
        let fits = connect.share.of(quota.concurrency) >= COMPOSITE_WEIGHT;
        let settings = Self {
            accounts_url: reader.url("accounts_url").unwrap_or_else(|| format!("https://{}", center.0)),
            api_url: reader.url("api_url"),
            api_of_center: format!("https://{}", center.1),
            web_url: reader.url("web_url").unwrap_or_else(|| format!("https://{}", center.2)),
            client_id: reader.required("client_id"),
            client_secret: reader.secret(connect, "client_secret"),
            refresh_token: reader.secret(connect, "refresh_token"),
            edition,
            quota,
            composite_reads: reader.composite("composite_reads", fits),
            composite_writes: reader.composite("composite_writes", fits),
            composite_references: reader.flag("composite_references", true),
            deal_lookup: reader.deal_lookup(),
            phone_key_field: reader.name("phone_key_field", "Phone_Key"),
            chat_field: reader.name("chat_field", "Messenger_Chat"),
            mark_prefix: reader.name("mark_prefix", "rs_"),
            new_deal_url: reader.template("new_deal_url"),
            default_place: reader.place(),
            closing_days: reader.number("closing_days", 30, 0..=3650),
            unanswered: reader.unanswered(),
            unanswered_result: reader.text("unanswered_result").map(str::to_owned),
            run_workflows: reader.word("workflows", "run", &["run", "skip"]) == "run",
        };
        if reader.faults.is_empty() { Ok(settings) } else { Err(reader.faults) }
    }
}

/// Parallel requests of an edition.
pub(super) fn parallel(edition: &str) -> Option<u32> {
    EDITIONS.iter().find(|own| own.0 == edition).map(|own| own.1)
}

struct Reader<'a> {
    settings: &'a BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, key: &str, text: impl Into<String>) {
        self.faults.push(Fault::setting(key, text));
    }

    fn known_keys_only(&mut self) {
        let known = BTreeSet::from(KEYS);
        for key in self.settings.keys().filter(|key| !known.contains(key.as_str())) {
            let text = format!("there is no such setting; there are: {}", KEYS.join(", "));
            self.faults.push(Fault::setting(key, text));
        }
    }

    /// A setting that says something.
    fn text(&self, key: &str) -> Option<&'a str> {
        self.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn required(&mut self, key: &str) -> String {
        let value = self.text(key).map(str::to_owned);
        if value.is_none() {
            self.fault(key, "is missing; copy it from the client in Zoho's API console");
        }
        value.unwrap_or_default()
    }

    fn secret(&mut self, connect: &Connect, key: &str) -> SecretString {
        let value = connect.secrets.get(key).map(|secret| secret.expose_secret().trim().to_owned());
        let value = value.filter(|secret| !secret.is_empty());
        if value.is_none() {
            self.faults.push(Fault::secret(key, "is missing among the secrets; copy it from Zoho's API console"));
        }
        SecretString::from(value.unwrap_or_default())
    }

    fn url(&mut self, key: &str) -> Option<String> {
        let url = self.text(key)?.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(char::is_whitespace)) {
            self.fault(key, "is not an address; write it as https://host, without a path");
        }
        Some(url.to_owned())
    }

    /// An address with a place for the contact's id.
    fn template(&mut self, key: &str) -> Option<String> {
        let template = self.text(key)?;
        let is_address = ["https://", "http://", "/"].iter().any(|start| template.starts_with(start));
        if !is_address || !template.contains(CONTACT) {
            self.fault(key, "is not an address or a path of Zoho's pages that holds {contact}, the contact's id");
        }
        Some(template.to_owned())
    }

    fn word(&mut self, key: &str, default: &'static str, choice: &[&'static str]) -> &'static str {
        let Some(value) = self.text(key) else { return default };
        if let Some(word) = choice.iter().find(|word| word.eq_ignore_ascii_case(value)) {
            return word;
        }
        self.fault(key, format!("is none of: {}", choice.join(", ")));
        default
    }

    fn flag(&mut self, key: &str, default: bool) -> bool {
        self.word(key, if default { "true" } else { "false" }, &["true", "false"]) == "true"
    }

    fn number(&mut self, key: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> u32 {
        let Some(value) = self.text(key) else { return default };
        match value.parse().ok().filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                self.fault(key, format!("is not a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// A name Zoho gives fields: letters, digits and underscores.
    fn name(&mut self, key: &str, default: &str) -> String {
        let name = self.text(key).unwrap_or(default);
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.fault(key, "is not a field's API name; copy it from Zoho's API names page");
        }
        name.to_owned()
    }

    fn center(&mut self) -> (&'static str, &'static str, &'static str) {
        let names = DATA_CENTERS.map(|center| center.0);
        let name = self.word("data_center", "us", &names);
        let center = DATA_CENTERS.iter().find(|center| center.0 == name);
        center.map_or(("", "", ""), |center| (center.1, center.2, center.3))
    }

    fn quota(&mut self, edition: &str) -> Quota {
        let per_second = self.number("per_second", 10, 1..=1000);
        let credits = if edition == "free" { CREDITS_FREE } else { CREDITS };
        let credits = self.number("credits_per_day", credits, 100..=100_000_000);
        let day = Budget::per_day(CREDITS_BUDGET, credits, Counts::Cost);
        let concurrency = parallel(edition).unwrap_or(1);
        Quota { per_second, telephony_per_second: per_second, concurrency, budgets: vec![day] }
    }

    /// Composites are used where the connection's share of the concurrency limit can hold one.
    fn composite(&mut self, key: &str, fits: bool) -> bool {
        let wanted = self.flag(key, fits);
        if wanted && !fits {
            self.fault(
                key,
                format!(
                    "needs {COMPOSITE_WEIGHT} units of concurrency; edition and quota.share leave less: \
                     raise one of them or set this to false"
                ),
            );
        }
        wanted
    }

    fn deal_lookup(&mut self) -> DealLookup {
        match self.word("deal_lookup", "join", &["join", "by_contact"]) {
            "by_contact" => DealLookup::ByContact,
            _ => DealLookup::Join,
        }
    }

    fn unanswered(&mut self) -> Unanswered {
        match self.word("unanswered_outbound", "one_second", &["one_second", "skip"]) {
            "skip" => Unanswered::Skip,
            _ => Unanswered::OneSecond,
        }
    }

    fn place(&mut self) -> Option<Place> {
        let pipeline = self.text("default_pipeline").map(str::to_owned);
        let stage = self.text("default_stage").map(str::to_owned);
        if pipeline.is_some() && stage.is_none() {
            self.fault("default_stage", "is missing: a pipeline alone does not place a deal");
        }
        stage.map(|stage| Place { pipeline, stage })
    }
}
