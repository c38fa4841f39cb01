//! What may be switched: behaviours the reference leaves open, and quotas.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::Edition;
use crate::simulator::BadInput;

/// The switches with their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// `ignore` or `reject` field names the module does not have [?].
    pub(super) unknown_fields: UnknownFields,
    /// Whether `Phone_Key` is unique on Contacts and Leads.
    pub(super) unique_phone_key: bool,
    /// Whether a Lead whose unique value a Contact holds is refused too.
    pub(super) cross_check: bool,
    /// Whether picklists take only their own values.
    pub(super) strict_picklists: bool,
    /// Which names of a stage are accepted on write [?].
    pub(super) stage_names: StageNames,
    /// How `search?phone=` compares [?].
    pub(super) search_phone_match: PhoneMatch,
    /// Whether COQL takes `like` on phone fields [?].
    pub(super) coql_like_on_phone: bool,
    /// Whether composite references work inside bodies [?].
    pub(super) composite_body_references: bool,
    /// Status of an answer whose records all failed: 400, or 202 as older versions.
    pub(super) all_failed_status: u16,
    /// Whether quotas are enforced.
    pub(super) limits: bool,
    /// free, standard, professional, enterprise or ultimate.
    pub(super) edition: String,
    /// Instead of the edition's credits per day.
    pub(super) daily_credits: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownFields {
    Ignore,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StageNames {
    Actual,
    Display,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PhoneMatch {
    /// The text as stored.
    Exact,
    /// The digits are equal.
    Digits,
    /// One ends with the other's digits.
    Suffix,
    /// The stored digits contain those asked for.
    Contains,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unknown_fields: UnknownFields::Ignore,
            unique_phone_key: true,
            cross_check: false,
            strict_picklists: true,
            stage_names: StageNames::Both,
            search_phone_match: PhoneMatch::Digits,
            coql_like_on_phone: true,
            composite_body_references: true,
            all_failed_status: 400,
            limits: true,
            edition: Edition::Enterprise.name().to_owned(),
            daily_credits: None,
        }
    }
}

impl Settings {
    pub(super) fn edition(&self) -> Edition {
        Edition::parse(&self.edition).unwrap_or(Edition::Enterprise)
    }

    /// These settings with the named ones changed.
    pub(super) fn with(&self, changes: &Value) -> Result<Self, BadInput> {
        let next: Self = crate::simulator::merged(self, changes)?;
        if Edition::parse(&next.edition).is_none() {
            return Err(BadInput(format!("no edition is called {:?}", next.edition)));
        }
        if ![400, 202].contains(&next.all_failed_status) {
            return Err(BadInput("all_failed_status is 400 or 202".to_owned()));
        }
        Ok(next)
    }
}
