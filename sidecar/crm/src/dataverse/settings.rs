//! The settings of a native connection: what may be written, what is assumed, and every fault at once.

use std::time::Duration;

use secrecy::SecretString;

use crate::dialect::{Budget, Connect, Counts, Fault, Quota};

use super::{guid::Guid, reader::Reader};

/// Every plain setting there is.
const KEYS: &[&str] = &[
    "mode",
    "url",
    "web_url",
    "login_url",
    "tenant",
    "client_id",
    "phone_fields",
    "chat_field",
    "phone_number",
    "missed_status",
    "owner",
    "call_owner",
    "unknown_party",
    "recording_field",
    "mark_field",
    "extension_field",
    "subject_incoming",
    "subject_outgoing",
    "create_by",
    "appid",
    "appname",
    "search_lag_seconds",
    "concurrency",
    "per_second",
    "requests_per_day",
];

/// Where tokens come from (dataverse.md 3).
const LOGIN_URL: &str = "https://login.microsoftonline.com";
/// The contact's columns that are searched; new contacts have their number in the first (dataverse.md 4.1, 4.2).
const PHONE_FIELDS: &str = "telephone1,mobilephone";
/// Concurrent requests that trip the limit (dataverse.md 5); the default leaves most of them to others.
const CONCURRENCY_MAX: u32 = 52;
const CONCURRENCY: u32 = 10;
/// 6000 requests in 300 seconds (dataverse.md 5).
const PER_SECOND: u32 = 20;
/// Requests and seconds of execution that count together over five minutes, per user and web server (dataverse.md 5).
const WINDOW: Duration = Duration::from_secs(300);
const WINDOW_REQUESTS: u64 = 6_000;
const WINDOW_SECONDS: u64 = 1_200;
/// The names of the two budgets.
pub(super) const REQUESTS: &str = "requests";
pub(super) const EXECUTION: &str = "execution_seconds";
/// Web API reads are database reads; this covers a write still under way when its answer was lost.
const LAG_SECONDS: u32 = 5;

/// A connection's settings, checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The environment's address without a slash at its end; `/api/data/v9.2` is added to it.
    pub(super) base: String,
    /// The address people open in a browser.
    pub(super) web: String,
    /// Where tokens come from.
    pub(super) login: String,
    /// The directory, by id or domain.
    pub(super) tenant: String,
    /// The registered application.
    pub(super) client_id: String,
    /// Its secret.
    pub(super) client_secret: SecretString,
    /// Columns of a contact that are searched for a number; the first takes the number of a new one.
    pub(super) phone_fields: Vec<String>,
    /// Column of a contact that holds a messenger dialogue (G13).
    pub(super) chat_field: Option<String>,
    /// What stands in the call's Phone Number (SM-03).
    pub(super) number: Number,
    /// How a call nobody answered is finished.
    pub(super) missed: Missed,
    /// Whose new contacts are.
    pub(super) owner: Owner,
    /// Calls belong to their agent; else to the application user.
    pub(super) agent_owns_calls: bool,
    /// Parties that are no rows are written by name (dataverse.md 2, `unresolvedpartyname`).
    pub(super) names_unknown: bool,
    /// Column of a call that takes the recording's link.
    pub(super) recording_field: Option<String>,
    /// Column of a call that takes the mark.
    pub(super) mark_field: Option<String>,
    /// Column of a user that holds the extension: there is no such column in the stock table.
    pub(super) extension_field: Option<String>,
    /// Words before the number in a call's subject.
    pub(super) subject_incoming: String,
    /// The same for outgoing calls.
    pub(super) subject_outgoing: String,
    /// How rows are made.
    pub(super) create: Create,
    /// The app in which links open.
    pub(super) app: Option<App>,
    /// Seconds for which a search may not show what was just written.
    pub(super) lag_seconds: u32,
    pub(super) quota: Quota,
}

/// Which number a call shows (SM-03, G5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// The one that was dialled: the project's line on an incoming call.
    Dialled,
    /// The client's, as Dataverse users expect it.
    Client,
}

/// Whose new contacts are (SM-07).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The application user's, whose we are: nothing is said.
    Application,
    /// Whom the scenario names.
    Scenario,
    /// One user's, whoever called.
    User(Guid),
}

/// How a call nobody answered is finished; seed 002 does not say (dataverse.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// As any other call.
    Completed,
    /// Canceled.
    Canceled,
    /// It stays open, as something to do.
    Open,
}

/// How rows are made (dataverse.md 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Create {
    /// `PATCH` to the row's address with `If-None-Match: *`.
    Patch,
    /// `POST` with the id among the values.
    Post,
}

/// The model-driven app links open in: by id or by unique name, never both (dataverse.md 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum App {
    Id(String),
    Name(String),
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// Every fault at once.
    pub(super) fn read(connect: &Connect) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(connect);
        reader.known_keys_only(KEYS, None);
        let base = origin(&reader.url("url", None));
        let subject = |reader: &Reader<'_>, key, default: &str| reader.text(key).unwrap_or(default).to_owned();
        let settings = Self {
            web: if reader.text("web_url").is_some() { reader.url("web_url", None) } else { base.clone() },
            base,
            login: reader.url("login_url", Some(LOGIN_URL)),
            tenant: tenant(&mut reader),
            client_id: reader.required("client_id", "give the application (client) id of the app registration"),
            client_secret: client_secret(&mut reader),
            phone_fields: phone_fields(&mut reader),
            chat_field: reader.column("chat_field"),
            number: number(&mut reader),
            missed: missed(&mut reader),
            owner: owner(&mut reader),
            agent_owns_calls: reader.choice("call_owner", [("agent", true), ("application", false)]).unwrap_or(true),
            names_unknown: reader.choice("unknown_party", [("name", true), ("none", false)]).unwrap_or(true),
            recording_field: reader.column("recording_field"),
            mark_field: reader.column("mark_field"),
            extension_field: reader.column("extension_field"),
            subject_incoming: subject(&reader, "subject_incoming", "Incoming call"),
            subject_outgoing: subject(&reader, "subject_outgoing", "Outgoing call"),
            create: create(&mut reader),
            app: app(&mut reader),
            lag_seconds: reader.number("search_lag_seconds", LAG_SECONDS, 0..=600),
            quota: quota(&mut reader),
        };
        if reader.faults.is_empty() { Ok(settings) } else { Err(reader.faults) }
    }
}

/// The address as it may be copied from a browser or from the API's own page.
fn origin(url: &str) -> String {
    url.split_once("/api/data").map_or(url, |(before, _)| before).to_owned()
}

fn tenant(reader: &mut Reader<'_>) -> String {
    let tenant = reader.required("tenant", "give the directory (tenant) id of the app registration");
    if !tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        reader.fault("tenant", "is an id such as 00000000-0000-0000-0000-000000000000, or the directory's domain");
    }
    tenant
}

fn client_secret(reader: &mut Reader<'_>) -> SecretString {
    reader.secret("client_secret").unwrap_or_else(|| {
        let text = "is missing among the secrets; make one in the app registration";
        reader.faults.push(Fault::secret("client_secret", text));
        SecretString::from("")
    })
}

fn phone_fields(reader: &mut Reader<'_>) -> Vec<String> {
    let names = reader.text("phone_fields").unwrap_or(PHONE_FIELDS);
    let names: Vec<String> =
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.is_empty() || names.len() > 6 || !names.iter().all(|name| super::reader::is_column(name)) {
        reader.fault("phone_fields", "give one to six columns of the contact, separated by commas");
    }
    names
}

fn number(reader: &mut Reader<'_>) -> Number {
    let words = [("dialled", Number::Dialled), ("dialed", Number::Dialled), ("client", Number::Client)];
    reader.choice("phone_number", words).unwrap_or(Number::Dialled)
}

fn missed(reader: &mut Reader<'_>) -> Missed {
    let words = [("completed", Missed::Completed), ("canceled", Missed::Canceled), ("open", Missed::Open)];
    reader.choice("missed_status", words).unwrap_or(Missed::Completed)
}

fn owner(reader: &mut Reader<'_>) -> Owner {
    match reader.text("owner") {
        None | Some("application") => Owner::Application,
        Some("scenario") => Owner::Scenario,
        Some(id) => Guid::parse(id).map_or_else(
            || {
                reader.fault("owner", "write application, scenario or the id of a systemuser");
                Owner::Application
            },
            Owner::User,
        ),
    }
}

fn create(reader: &mut Reader<'_>) -> Create {
    reader.choice("create_by", [("patch", Create::Patch), ("post", Create::Post)]).unwrap_or(Create::Patch)
}

fn app(reader: &mut Reader<'_>) -> Option<App> {
    let (id, name) = (reader.text("appid"), reader.text("appname"));
    if id.is_some() && name.is_some() {
        reader.fault("appname", "give appid or appname, not both");
    }
    id.map(|id| App::Id(id.to_owned())).or_else(|| name.map(|name| App::Name(name.to_owned())))
}

fn quota(reader: &mut Reader<'_>) -> Quota {
    let per_second = reader.number("per_second", PER_SECOND, 1..=PER_SECOND);
    let concurrency = reader.number("concurrency", CONCURRENCY, 1..=CONCURRENCY_MAX - 1);
    let window = |name, units, counts| Budget { name, window: WINDOW, units, counts };
    let mut budgets =
        vec![window(REQUESTS, WINDOW_REQUESTS, Counts::Requests), window(EXECUTION, WINDOW_SECONDS, Counts::Seconds)];
    let day = reader.number("requests_per_day", 0, 0..=100_000_000);
    budgets.extend((day > 0).then(|| Budget::per_day("daily", day, Counts::Cost)));
    Quota { per_second, telephony_per_second: per_second, concurrency, budgets }
}
