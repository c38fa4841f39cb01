//! The named faults: what the simulated CRM is told for each, run by run.

use serde_json::{Value, json};
use tieline_sandbox::FaultSpec;

use super::profile::Profile;

/// A column of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    LostReply,
    LostRequest,
    SearchLag,
    RateLimit,
    TokenExpired,
    TokenRevoked,
    Outage,
    Slow,
    HtmlErrorPage,
    InternalError,
    PartialFailure,
}

impl Fault {
    pub(super) const ALL: [Self; 12] = [
        Self::None,
        Self::LostReply,
        Self::LostRequest,
        Self::SearchLag,
        Self::RateLimit,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::Outage,
        Self::Slow,
        Self::HtmlErrorPage,
        Self::InternalError,
        Self::PartialFailure,
    ];

    /// The sandbox's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LostReply => "lost_reply",
            Self::LostRequest => "lost_request",
            Self::SearchLag => "search_lag",
            Self::RateLimit => "rate_limit",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::Outage => "outage",
            Self::Slow => "slow",
            Self::HtmlErrorPage => "html_error_page",
            Self::InternalError => "internal_error",
            Self::PartialFailure => "partial_failure",
        }
    }

    /// Every way the fault is played: each of the first requests struck in turn, several in a row, for a while.
    pub(super) fn runs(self, profile: &dyn Profile) -> Vec<Vec<FaultSpec>> {
        let name = self.name();
        let one_by_one = |count: u32| (0..count).map(|skip| json!({"name": name, "times": 1, "skip": skip})).collect();
        let mut runs: Vec<Value> = match self {
            Self::None => return vec![Vec::new()],
            Self::LostReply => one_by_one(6),
            Self::PartialFailure => {
                let path = profile.batch();
                (0..2).map(|skip| json!({"name": name, "times": 1, "skip": skip, "path": path})).collect()
            }
            Self::LostRequest | Self::InternalError | Self::HtmlErrorPage => one_by_one(3),
            Self::TokenExpired => one_by_one(2),
            Self::SearchLag => vec![json!({"name": name, "ms": profile.lag_ms()})],
            Self::RateLimit => vec![json!({"name": name, "times": 5})],
            Self::TokenRevoked => vec![json!({"name": name, "for_seconds": 120})],
            Self::Outage => {
                vec![json!({"name": name, "for_seconds": 90}), json!({"name": name, "mode": "cut", "for_seconds": 90})]
            }
            Self::Slow => vec![json!({"name": name, "ms": 12_000, "for_seconds": 300})],
        };
        if matches!(self, Self::LostReply | Self::LostRequest | Self::InternalError | Self::HtmlErrorPage) {
            runs.push(json!({"name": name, "times": 3}));
        }
        runs.into_iter().map(|run| vec![serde_json::from_value(run).unwrap()]).collect()
    }
}
