//! The settings of a connection: what may be written, what is assumed, and every fault at once.

mod reader;

use std::collections::BTreeMap;

use secrecy::SecretString;
use tieline_engine::{jiff::tz::TimeZone, step::Place};

use crate::dialect::{Connect, Fault};

use reader::Reader;

/// What stands in a link's template for the id.
pub(super) const ID: &str = "{id}";

/// Every plain setting there is; anything else is a typing error and reported.
const KNOWN: &[&str] = &[
    "url",
    "client_id",
    "responsible_id",
    "create",
    "pipeline_id",
    "step_id",
    "contact_path",
    "external_id",
    "contact_fields",
    "phone_search",
    "task_done_step",
    "zone",
    "contact_link",
    "deal_link",
    "new_deal_link",
    "search_lag_seconds",
    "requests_per_day",
];

/// Requests of a day that every plan has (sendpulse.md 3.1).
const REQUESTS_PER_DAY: u32 = 500_000;

/// What of a call and a visit may go into contact fields of the project's choice (SP-12). `chat` and `mark` are how
/// a contact without a number is found again.
pub(super) const DATA: &[&str] =
    &["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", GOOGLE_CLIENT_ID, CHAT, MARK];
pub(super) const GOOGLE_CLIENT_ID: &str = "google_client_id";
pub(super) const CHAT: &str = "chat";
pub(super) const MARK: &str = "mark";

/// A connection's settings, checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The API's address without a slash at its end; `/crm/v1` and `/oauth/access_token` are added to it.
    pub(super) base: String,
    /// What requests are signed with.
    pub(super) credentials: Credentials,
    /// The user who gets what has no other owner: the CRM makes nothing without one (sendpulse.md 3.2).
    pub(super) responsible: String,
    /// Whether a call from a new client makes a deal beside the contact.
    pub(super) makes_deals: bool,
    /// Pipeline and step of deals no rule places.
    pub(super) place: Option<Place>,
    /// By which requests contacts are made.
    pub(super) contact_path: ContactPath,
    /// Contacts made step by step carry a number of ours (the vendor advises against it, sendpulse.md 3.2).
    pub(super) external_id: bool,
    /// Which of [`DATA`] goes into which contact field, by the field's name.
    pub(super) contact_fields: BTreeMap<&'static str, String>,
    /// How a number is searched.
    pub(super) phone_search: PhoneSearch,
    /// The step of the task board on which tasks are done; without it they are not closed.
    pub(super) task_done_step: Option<String>,
    /// The zone of times without one; `None` is the project's.
    pub(super) zone: Option<TimeZone>,
    /// Links for people.
    pub(super) links: Links,
    /// Seconds for which the search may not show what was just written; no source states it.
    pub(super) search_lag_seconds: u32,
    /// Requests of 24 hours by the account's plan.
    pub(super) requests_per_day: u32,
}

/// What requests are signed with (sendpulse.md 3.1).
#[derive(Clone, Debug)]
pub(super) enum Credentials {
    /// A key without expiry, sent as it is.
    Key(SecretString),
    /// An application's id and secret, good for tokens of an hour.
    App { id: String, secret: SecretString },
}

/// By which requests contacts are made (sendpulse.md 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactPath {
    /// One request with number and fields; the vendor calls it deprecated.
    OneRequest,
    /// Name and owner, then the number, then the fields.
    Steps,
}

/// How a number is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhoneSearch {
    /// Every written form in one request.
    In,
    /// One request for each written form.
    Phone,
}

/// Templates of links; no source tells the web interface's addresses.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) contact: Option<String>,
    pub(super) deal: Option<String>,
    pub(super) new_deal: Option<String>,
}

impl Settings {
    /// Reads the settings.
    pub(super) fn parse(connect: &Connect) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(connect, KNOWN);
        let makes_deals = reader.choice("create", ("contact", false), &[("contact,deal", true)]);
        let paths = ("one_request", ContactPath::OneRequest);
        let contact_path = reader.choice("contact_path", paths, &[("steps", ContactPath::Steps)]);
        let settings = Self {
            base: reader.base(),
            credentials: reader.credentials(),
            responsible: reader.responsible(),
            makes_deals,
            place: reader.place(makes_deals),
            contact_path,
            external_id: reader.external_id(contact_path),
            contact_fields: reader.contact_fields(),
            phone_search: reader.choice("phone_search", ("in", PhoneSearch::In), &[("phone", PhoneSearch::Phone)]),
            task_done_step: reader.id("task_done_step"),
            zone: reader.zone(),
            links: Links {
                contact: reader.template("contact_link"),
                deal: reader.template("deal_link"),
                new_deal: reader.template("new_deal_link"),
            },
            search_lag_seconds: reader.number("search_lag_seconds", 30, 0..=600),
            requests_per_day: reader.number("requests_per_day", REQUESTS_PER_DAY, 1_000..=100_000_000),
        };
        reader.finish(settings)
    }
}
