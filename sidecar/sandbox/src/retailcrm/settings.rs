//! What may be switched: behaviours the reference leaves open.

use serde::{Deserialize, Serialize};

/// The switches with their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// How `filter[name]`, `filter[customer]` and `telephony/manager` compare numbers [?].
    pub(super) phone_match: PhoneMatch,
    /// `ignore` or `reject` fields the entity does not have [?].
    pub(super) unknown_fields: UnknownFields,
    /// Whether requests over the rate are refused.
    pub(super) limits: bool,
    /// `access_full`, or `access_selective`: then writes need `site`.
    pub(super) site_access: SiteAccess,
    /// Whether an order without a customer is given the one with its phone [?].
    pub(super) order_finds_customer: bool,
    /// Status of "Telephony not enabled" [?].
    pub(super) telephony_disabled_status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PhoneMatch {
    /// The text as stored.
    Exact,
    /// The digits are equal.
    Digits,
    /// The last nine digits are equal.
    Suffix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownFields {
    Ignore,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SiteAccess {
    AccessFull,
    AccessSelective,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            phone_match: PhoneMatch::Digits,
            unknown_fields: UnknownFields::Ignore,
            limits: true,
            site_access: SiteAccess::AccessFull,
            order_finds_customer: false,
            telephony_disabled_status: 200,
        }
    }
}

impl PhoneMatch {
    /// Whether a stored number is the one asked for.
    pub(super) fn same(self, stored: &str, asked: &str) -> bool {
        use crate::audit::{digits, tail};
        match self {
            Self::Exact => stored == asked,
            Self::Digits => !digits(asked).is_empty() && digits(stored) == digits(asked),
            Self::Suffix => tail(asked).is_some() && tail(stored) == tail(asked),
        }
    }
}
