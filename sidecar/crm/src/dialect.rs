//! What every CRM's dialect does.

use std::{collections::BTreeMap, time::Duration};

use secrecy::SecretString;
use tieline_engine::{
    facts::Found,
    ids::{RecordId, UserId},
    jiff::{Timestamp, tz::TimeZone},
    lookup::LookUp,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::{Step, StepKey, StepResult},
};

pub use crate::quota::{Budget, Counts, Left, Limit, Meter, Quota, Share};
use crate::{
    transport::{BoxFuture, Response, Transport},
    trouble::Trouble,
};

/// One CRM connection's dialect: values to requests, responses to facts.
pub trait Dialect: Send + Sync {
    /// What this CRM can do.
    fn abilities(&self) -> &Abilities;

    /// Every address requests go to, as `https://host`; what stands behind the host does not matter. A request to
    /// another host is refused before it is sent, whatever a CRM's answer says.
    fn hosts(&self) -> Vec<String>;

    /// How much the CRM allows the account, by its own page or by the settings.
    fn quota(&self) -> Quota;

    /// What an answer tells of the quota: whether it is a refusal for a limit, and what the headers say is left. It
    /// sees refusals where the dialect's answers become [`Trouble::RateLimited`], token requests left aside.
    fn meter(&self, response: &Response) -> Meter {
        Meter::by_status(response)
    }

    /// The scenario of a project that configures none.
    fn default_scenario(&self) -> Scenario;

    /// Gets an access token; `None` where the credentials themselves are sent (API keys).
    fn grant<'a>(&'a self, net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>>;

    /// Looks a client and marks up.
    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>>;

    /// How many of the leading steps the next write request carries; at least one, at most all.
    fn bundle(&self, steps: &[Step]) -> usize;

    /// Sends exactly one write request for exactly the steps of one [`Dialect::bundle`], whose [`Ref::Made`]
    /// references point inside the bundle only. A step without a result was not done.
    /// A reading request may go before it where the CRM needs one (a value to be appended to).
    ///
    /// [`Ref::Made`]: tieline_engine::step::Ref::Made
    fn perform<'a>(&'a self, session: &'a Session<'a>, steps: &'a [Step]) -> BoxFuture<'a, Result<Answer, Trouble>>;

    /// The users of the CRM, for binding agents.
    fn users<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmUser>, Trouble>>;

    /// The writable fields of contact, lead and deal, for checking mappings.
    fn fields<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmField>, Trouble>>;

    /// Reads what look-ups depend on (which stages count as closed, which optional fields exist) and returns a
    /// dialect that knows it; repeated every few hours.
    fn learn<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Box<dyn Dialect>, Trouble>>;

    /// A link for a person to a record.
    fn link(&self, kind: Kind, id: &RecordId) -> Option<String>;

    /// A link for a person to the form of a new deal with a contact, where the CRM has one.
    fn new_deal_link(&self, contact: &RecordId) -> Option<String> {
        let _no_such_form = contact;
        None
    }

    /// What an administrator should know before the first call: what the credentials may do, which plan the account
    /// has, which statuses count as closed. Reads only.
    fn inspect<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>>;

    /// Puts the exchange into the CRM's telephony settings, so that its users can click to call.
    fn register<'a>(
        &'a self,
        session: &'a Session<'a>,
        exchange: &'a Exchange,
    ) -> BoxFuture<'a, Result<Registered, Trouble>> {
        let _nothing_to_register = (session, exchange);
        Box::pin(async { Ok(Registered::NotNeeded) })
    }
}

/// One thing looked at in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in two or three words: `right to create deals`.
    pub about: String,
    /// Whether calls can be delivered with it as it is.
    pub holds: bool,
    /// What was found and, where it does not hold, what to do; at most [`FINDING_MAX`] characters. No secrets, no personal
    /// data but what an account's own lists are called.
    pub text: String,
}

/// Longest text of a finding, in characters: an account may have any number of statuses to choose from.
pub const FINDING_MAX: usize = 1_000;

impl Finding {
    /// One, with its text cut where it is too long.
    #[must_use]
    pub fn new(about: &str, holds: bool, text: &str) -> Self {
        let mut cut: String = text.chars().take(FINDING_MAX).collect();
        if cut.len() < text.len() {
            cut.pop();
            cut.push('…');
        }
        Self { about: about.to_owned(), holds, text: cut }
    }
}

/// The exchange as a CRM's telephony settings know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Where the CRM sends a user's wish to call.
    pub make_call_url: String,
    /// Extensions by CRM user.
    pub extensions: BTreeMap<UserId, String>,
}

/// What registering did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// The CRM knows the exchange now.
    Done,
    /// The CRM has no such settings, or needs none.
    NotNeeded,
}

/// What each request needs besides its content.
pub struct Session<'a> {
    /// The way to the network.
    pub net: &'a dyn Transport,
    /// The access token, when the CRM gives one.
    pub token: Option<&'a Grant>,
    /// Now.
    pub now: Timestamp,
    /// The project's time zone, for CRMs whose times have none.
    pub zone: &'a TimeZone,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The token.
    pub token: SecretString,
    /// How long it lives.
    pub lives: Duration,
    /// The API host the CRM names with it, where it does.
    pub api_base: Option<String>,
}

/// What one write request brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Results by step; a step not mentioned was not done.
    pub results: BTreeMap<StepKey, StepResult>,
}

/// What a connection is made of, as configured: values by key, secrets apart.
#[derive(Debug, Default)]
pub struct Connect {
    /// Plain settings.
    pub settings: BTreeMap<String, String>,
    /// Secrets.
    pub secrets: BTreeMap<String, SecretString>,
    /// How much of the account's limits may be used.
    pub share: Share,
}

/// A fault in a connection's settings or secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which key.
    pub key: String,
    /// Whether the key is one of [`Connect::secrets`]; else it is one of [`Connect::settings`].
    pub of_secret: bool,
    /// What is wrong and what to do. Never the value.
    pub text: String,
}

impl Fault {
    /// A fault of a plain setting.
    pub fn setting(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), of_secret: false, text: text.into() }
    }

    /// A fault of a secret.
    pub fn secret(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), of_secret: true, text: text.into() }
    }
}
