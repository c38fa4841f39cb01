//! A project as configured and checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use secrecy::SecretString;
use tieline_crm::{Connect, CrmKind};
use tieline_engine::{dialing::DialPolicy, ids::ProjectId, policy::Policy, retry::RetryPolicy};

use crate::{access::Token, dialing::platform::CallbackApi, driver::quota::Courtesy, smart_phone::SmartPhoneConfig};

/// A project as configured and checked.
#[derive(Debug)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// How its calls are handled. Abilities, scenario and default place come from the CRM's dialect where the
    /// configuration is silent; agents are bound to CRM users when the connection starts.
    pub policy: Arc<Policy>,
    /// Its CRM.
    pub connection: ConnectionConfig,
    /// How its telephone side reports.
    pub intake: IntakeConfig,
    /// What its messengers need (Z-27).
    pub messenger: MessengerConfig,
    /// How callers are routed.
    pub route: RouteConfig,
    /// The telephone platform's app that is told of clients, where it is used (X17).
    pub smart_phone: Option<SmartPhoneConfig>,
    /// How its people click to call; `None`: they cannot.
    pub click_to_call: Option<ClickToCall>,
    /// Tokens that reach this project only.
    pub tokens: Vec<Arc<Token>>,
}

/// A project's CRM.
#[derive(Debug)]
pub struct ConnectionConfig {
    /// Name of the connection, unique in the project.
    pub id: String,
    /// Which CRM.
    pub crm: CrmKind,
    /// Its settings and secrets.
    pub connect: Connect,
    /// Active when it is seen for the first time.
    pub starts_active: bool,
    /// Keep calls for resending while it is off, when it is seen for the first time (Z-18).
    pub keep_data: bool,
    /// Waits between attempts.
    pub retry: RetryPolicy,
    /// How much of the account's quota it takes.
    pub courtesy: Courtesy,
}

/// How a project's telephone side reports.
#[derive(Debug, Default)]
pub struct IntakeConfig {
    /// Part of the webhook's path that must match.
    pub path_secret: Option<SecretString>,
    /// HTTP Basic user and password.
    pub basic: Option<(String, SecretString)>,
    /// Customer-named parameters: their name, and the platform's name for the same thing.
    pub names: BTreeMap<String, String>,
}

impl IntakeConfig {
    /// Whether a secret of the project's own is asked for.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.path_secret.is_some() || self.basic.is_some()
    }
}

/// What messenger requests need before they are taken (Z-27).
#[derive(Clone, Debug, Default)]
pub struct MessengerConfig {
    /// A SIP account is used in the telephone platform's app.
    pub sip_account: bool,
    /// Channels with a bot.
    pub bots: BTreeSet<String>,
}

/// How a project's people click to call.
#[derive(Debug)]
pub struct ClickToCall {
    /// Signs links and opens the address for clicks.
    pub secret: SecretString,
    /// Who is rung, and in which order.
    pub policy: DialPolicy,
    /// Longest life of a signed link.
    pub link_bound: Duration,
    /// The telephone platform's callback API; `None`: the exchange that watches makes the calls.
    pub callback: Option<CallbackApi>,
}

/// How callers are routed.
#[derive(Clone, Copy, Debug)]
pub struct RouteConfig {
    /// Longest time for an answer when the caller sets no deadline.
    pub bound: Duration,
    /// How long a known caller's records are kept.
    pub keep_found: Duration,
    /// How long it is kept that nobody was found.
    pub keep_nobody: Duration,
}

impl Default for RouteConfig {
    /// Two seconds: a caller hears a ring of one second and a pause of four; half of that is not noticed.
    fn default() -> Self {
        Self { bound: Duration::from_secs(2), keep_found: Duration::from_mins(10), keep_nobody: Duration::from_mins(1) }
    }
}
