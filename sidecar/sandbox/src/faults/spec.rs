//! How a fault is described: in JSON over HTTP, or built in code.

use serde::{Deserialize, Serialize};

use super::{BadFault, FaultName};
use crate::{kind::CrmKind, simulator::Class};

/// A request held longer than this would outlive any sensible client.
const LONGEST_DELAY_MS: u64 = 60_000;

/// More than anybody's limit.
const MOST_OTHERS: f64 = 1_000.0;

/// An index that lags longer than this is not a lag.
const LONGEST_LAG_MS: u64 = 86_400_000;

/// What a fault does and when. Conditions left out do not restrict it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Which fault.
    pub name: FaultName,
    /// It hits this many requests and then no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// It spares the first so many requests it is aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<u32>,
    /// It hits each n-th request it is aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_nth: Option<u32>,
    /// It hits with this probability, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// It starts this many seconds after being switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u64>,
    /// It lasts this many seconds from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
    /// The class of requests it is aimed at; each fault has its own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// Only requests whose `METHOD /path` contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Milliseconds, for faults that delay something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Requests of others a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// How an outage looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<OutageMode>,
    /// The module or entity meant by `missing_required_field`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The field meant by `missing_required_field`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Classes of requests a fault is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// Every request.
    Any,
    /// Every request but those for tokens.
    Api,
    /// Requests that change nothing.
    Reads,
    /// Requests that may change records.
    Writes,
    /// Requests for tokens.
    Auth,
}

impl On {
    pub(crate) fn covers(self, class: Class) -> bool {
        match self {
            Self::Any => true,
            Self::Api => class != Class::Auth,
            Self::Reads => class == Class::Read,
            Self::Writes => class == Class::Write,
            Self::Auth => class == Class::Auth,
        }
    }
}

/// How a CRM that is out of service looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageMode {
    /// It answers 503.
    Status,
    /// The connection is cut.
    Cut,
}

impl FaultSpec {
    /// The named fault without any condition: it hits until it is switched off.
    #[must_use]
    pub fn new(name: FaultName) -> Self {
        Self {
            name,
            times: None,
            skip: None,
            every_nth: None,
            probability: None,
            after_seconds: None,
            for_seconds: None,
            on: None,
            path: None,
            ms: None,
            per_second: None,
            mode: None,
            module: None,
            field: None,
        }
    }

    /// Hits the first so many requests only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Sets the milliseconds of a delaying fault.
    #[must_use]
    pub fn ms(mut self, ms: u64) -> Self {
        self.ms = Some(ms);
        self
    }

    /// Restricts it to requests whose `METHOD /path` contains a text.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// Sets how many requests others send in a second.
    #[must_use]
    pub fn per_second(mut self, requests: f64) -> Self {
        self.per_second = Some(requests);
        self
    }

    /// Milliseconds when none are given: a pause that a client notices, an index that is late.
    pub(crate) fn delay_ms(&self) -> u64 {
        self.ms.unwrap_or(match self.name {
            FaultName::SearchLag => 5_000,
            FaultName::Slow => 1_000,
            _ => 0,
        })
    }

    pub(super) fn check(&self, kind: CrmKind) -> Result<(), BadFault> {
        let bad = |text: &str| Err(BadFault(format!("{}: {text}", self.name.as_str())));
        if !self.name.crms().contains(&kind) {
            return bad(&format!("{kind} has no such fault"));
        }
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return bad("probability is between 0 and 1");
        }
        if self.every_nth == Some(0) {
            return bad("every_nth starts at 1");
        }
        let longest = if self.name == FaultName::SearchLag { LONGEST_LAG_MS } else { LONGEST_DELAY_MS };
        if self.ms.is_some_and(|ms| ms > longest) {
            return bad(&format!("ms is at most {longest}"));
        }
        if self.per_second.is_some_and(|rate| !(0.0..=MOST_OTHERS).contains(&rate)) {
            return bad(&format!("per_second is between 0 and {MOST_OTHERS}"));
        }
        if self.name == FaultName::MissingRequiredField && (self.field.is_none() || self.module.is_none()) {
            return bad("needs module and field");
        }
        Ok(())
    }
}
