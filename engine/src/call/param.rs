//! A call's parameters by name, for rules and mappings.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Deserialize, Serialize};

use super::{Call, Source};
use crate::redact::Private;

/// Free parameters by name. Their values may be about people, so `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FreeParams(BTreeMap<String, String>);

impl fmt::Debug for FreeParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Deref for FreeParams {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for FreeParams {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl From<BTreeMap<String, String>> for FreeParams {
    fn from(params: BTreeMap<String, String>) -> Self {
        Self(params)
    }
}

/// Which calls a parameter's name is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Messenger,
    Call,
}

impl Scope {
    /// The scope a name begins with, and the name behind it.
    pub(crate) fn of(name: &str) -> (Option<Self>, &str) {
        match name.split_once('.') {
            Some(("messenger", name)) => (Some(Self::Messenger), name),
            Some(("call", name)) => (Some(Self::Call), name),
            _ => (None, name),
        }
    }
}

impl Call {
    /// A parameter by the name rules and mappings use; the platform's own names are accepted
    /// (telephony/events.md 2.2), then the free parameters. `messenger.` before a name asks a messenger request only,
    /// `call.` everything else (Z-36).
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        let (only, name) = Scope::of(name);
        if only.is_some_and(|scope| (scope == Scope::Messenger) != (self.source == Source::Messenger)) {
            return None;
        }
        let known = match name {
            "pool_name" | "pool" => self.pool.clone(),
            "scheme_name" | "scheme" => self.scheme.clone(),
            "department" => self.department.clone(),
            "dst" | "project_number" => self.line.as_ref().map(|line| line.raw().to_owned()),
            "line_sip" => self.line_sip.clone(),
            "disposition" | "status" => self.status.clone(),
            "client_id" | "google_client_id" => self.client.google_client_id.clone(),
            "call_id" | "uniqueid" => Some(self.id.as_str().to_owned()),
            "phone" | "client_phone" => self.client.phone.as_ref().map(|phone| phone.raw().to_owned()),
            "client_name" => self.client.name.as_ref().map(|name| name.expose().to_owned()),
            "employee_fio" | "agent_name" => {
                self.main_leg().and_then(|leg| leg.agent.name).map(|name| Private::expose(&name).to_owned())
            }
            "connected_with" | "agent_sip" => self.main_leg().and_then(|leg| leg.agent.sip),
            "channel" => self.client.chat.as_ref().map(|chat| chat.channel.clone()),
            "recording" => self.main_recording().map(|link| link.expose().to_owned()),
            "billsec" | "talk_seconds" => Some(self.talk_seconds.to_string()),
            _ => {
                self.utm.pairs().iter().find(|(mark, _)| *mark == name).and_then(|(_, value)| value.map(str::to_owned))
            }
        };
        known.or_else(|| self.params.get(name).cloned()).filter(|value| !value.trim().is_empty())
    }
}
