//! What may be switched: behaviours the reference leaves open, and the account's plan.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::simulator::BadInput;

/// Requests per second of all products of one account (sendpulse.md 3.1). The figures per
/// minute and per day lie above what this allows.
pub(super) const SHARED_RATE: u32 = 10;

/// The switches with their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// How searches compare numbers [?]; the API does not normalise, so as stored.
    pub(super) phone_match: PhoneMatch,
    /// What a condition `phones in [...]` does [?].
    pub(super) phones_in: PhonesIn,
    /// `ignore` or `reject` fields a method does not have [?].
    pub(super) unknown_fields: UnknownFields,
    /// Whether contacts are refused without `responsibleId` [?].
    pub(super) responsible_required: bool,
    /// What a contact's attribute named by an unknown name does [?].
    pub(super) unknown_attribute_name: UnknownAttribute,
    /// Whether number attributes take numbers only.
    pub(super) strict_attribute_types: bool,
    /// Whether a batch of attributes with a wrong value stores none of them [?].
    pub(super) batch_atomic: bool,
    /// In which replies contacts and deals carry their comments [?].
    pub(super) comments_shown: CommentsShown,
    /// The envelope of `GET /contacts/{id}/deals` [?].
    pub(super) contact_deals_envelope: Envelope,
    /// The envelope of `POST /tasks/list` [?].
    pub(super) task_list_envelope: Envelope,
    /// Users, boards and pipelines as objects by id, as the published description draws them.
    pub(super) lists_as_objects: bool,
    /// Whether a task is refused without a board and a step [?].
    pub(super) task_needs_board: bool,
    /// Whether `deals/get-list` shows deals of status 0 without being asked for them [?].
    pub(super) deleted_deals_listed: bool,
    /// The shape of a 422 [?].
    pub(super) validation_body: ValidationBody,
    /// The CRM plan; below Basic the API answers 403.
    pub(super) plan: Plan,
    /// What the account's other products take of the ten requests per second.
    pub(super) other_products_per_second: u32,
    /// Whether rates are enforced.
    pub(super) limits: bool,
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
pub(super) enum PhonesIn {
    Match,
    Nothing,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownFields {
    Ignore,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownAttribute {
    Create,
    Ignore,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CommentsShown {
    Everywhere,
    /// In reads of one contact, not in lists.
    Single,
    Never,
}

/// How a list is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Envelope {
    /// `{"data":[…]}`
    Plain,
    /// `{"data":{"list":[…],"total":n}}`
    List,
    /// `{"data":[…],"meta":{"total":n}}`
    Meta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ValidationBody {
    /// `{"message":…,"error_code":422}`
    Flat,
    /// `{"data":{"code":422,"message":…}}`
    Data,
    /// `{"message":…,"errors":{"field":[…]}}`
    Errors,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Plan {
    Free,
    Basic,
    Pro,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            phone_match: PhoneMatch::Exact,
            phones_in: PhonesIn::Match,
            unknown_fields: UnknownFields::Ignore,
            responsible_required: true,
            unknown_attribute_name: UnknownAttribute::Create,
            strict_attribute_types: true,
            batch_atomic: true,
            comments_shown: CommentsShown::Everywhere,
            contact_deals_envelope: Envelope::Plain,
            task_list_envelope: Envelope::List,
            lists_as_objects: false,
            task_needs_board: true,
            deleted_deals_listed: false,
            validation_body: ValidationBody::Flat,
            plan: Plan::Basic,
            other_products_per_second: 0,
            limits: true,
        }
    }
}

impl Settings {
    /// These settings with the named ones changed.
    pub(super) fn with(&self, changes: &Value) -> Result<Self, BadInput> {
        let next: Self = crate::simulator::merged(self, changes)?;
        if next.other_products_per_second > SHARED_RATE {
            return Err(BadInput(format!("other_products_per_second is at most {SHARED_RATE}")));
        }
        Ok(next)
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
