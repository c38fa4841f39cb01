//! What may be switched: behaviours the reference leaves open.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::simulator::{BadInput, merged};

/// Requests per second and account (remonline.md 2.1).
const RATE: usize = 3;
/// More than any account was ever allowed.
const HIGHEST_RATE: usize = 1_000;

/// The three shapes of the API that live side by side (remonline.md 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Generation {
    /// `/clients/`, `/order/` with a token of ten minutes.
    A,
    /// `/contacts/people`, `/orders` with the key as bearer.
    B,
    /// The same below `/v2` with other envelopes.
    C,
}

/// The switches with their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The generations that answer; the paths of the others are 404.
    pub(super) generations: BTreeSet<Generation>,
    /// Whether the paths of generation A take the key as bearer too [?].
    pub(super) bearer_on_old_paths: bool,
    /// How phone filters compare [?].
    pub(super) phone_match: PhoneMatch,
    /// Whether the lists of contacts know `phones`; without it the filter has no effect [?].
    pub(super) people_phone_search: bool,
    /// How `message` tells which fields are wrong.
    pub(super) validation: Validation,
    /// Whether a field's fault is a text or a list of texts.
    pub(super) field_errors: FieldErrors,
    /// How a dead token is answered: 403 with code 101, or 401 with code 401.
    pub(super) bad_token: BadToken,
    /// Which writes of B and C are answered without a body [?].
    pub(super) empty_writes: EmptyWrites,
    /// Whether A answers a creation with `data` as an object or as a list of one.
    pub(super) created_data: CreatedData,
    /// Whether B and C answer a creation with an object or with the bare id.
    pub(super) created_body: CreatedBody,
    /// Whose envelope the lists of B have: `a` or `c` [?].
    pub(super) b_envelope: Generation,
    /// The shape of a lead in `GET /lead/` [?].
    pub(super) lead_shape: LeadShape,
    /// Whether the statuses of leads tell their group [?].
    pub(super) lead_status_groups: bool,
    /// Under which name an order's type is told: `name` or `title`.
    pub(super) order_type_field: OrderTypeField,
    /// What the owner calls the first closed status of orders and of leads.
    pub(super) closed_status_name: String,
    /// `ignore` or `reject` fields the entity does not have [?].
    pub(super) unknown_fields: Unknown,
    /// `ignore` or `reject` filters the list does not have [?].
    pub(super) unknown_filters: Unknown,
    /// Whether requests over the rate are refused.
    pub(super) limits: bool,
    /// Requests per second; older documents say 8.
    pub(super) rate: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PhoneMatch {
    /// The text as stored.
    Exact,
    /// The digits are equal.
    Digits,
    /// The last nine digits are equal, so that the national number finds the full one.
    #[serde(alias = "national")]
    Suffix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Validation {
    /// `message: {validation: {field: …}}`
    Object,
    /// `message: "field: …"`
    Text,
    /// `validation: {field: …}` beside a textual `message`.
    TopLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FieldErrors {
    Text,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BadToken {
    Forbidden,
    Unauthorized,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EmptyWrites {
    /// Every write is answered with JSON.
    Never,
    /// Changes, comments, statuses and merges are 204; creations tell the id.
    Updates,
    /// Creations are 201 without a body as well.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CreatedData {
    Object,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CreatedBody {
    Object,
    Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LeadShape {
    /// `status` and `client` are objects, as orders have them.
    Nested,
    /// `status_id` and `client_id`.
    Flat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderTypeField {
    Name,
    Title,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unknown {
    Ignore,
    Reject,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            generations: BTreeSet::from([Generation::A, Generation::B, Generation::C]),
            bearer_on_old_paths: true,
            phone_match: PhoneMatch::Digits,
            people_phone_search: true,
            validation: Validation::Object,
            field_errors: FieldErrors::Text,
            bad_token: BadToken::Forbidden,
            empty_writes: EmptyWrites::Updates,
            created_data: CreatedData::Object,
            created_body: CreatedBody::Object,
            b_envelope: Generation::A,
            lead_shape: LeadShape::Nested,
            lead_status_groups: true,
            order_type_field: OrderTypeField::Name,
            closed_status_name: "Закрито".to_owned(),
            unknown_fields: Unknown::Ignore,
            unknown_filters: Unknown::Reject,
            limits: true,
            rate: RATE,
        }
    }
}

impl Settings {
    /// These settings with the named ones changed.
    pub(super) fn with(&self, changes: &Value) -> Result<Self, BadInput> {
        let next: Self = merged(self, changes)?;
        let bad = |text: &str| Err(BadInput(text.to_owned()));
        if next.generations.is_empty() {
            return bad("at least one generation has to answer");
        }
        if next.b_envelope == Generation::B {
            return bad("b_envelope is a or c");
        }
        if next.rate == 0 || next.rate > HIGHEST_RATE {
            return Err(BadInput(format!("rate is 1 to {HIGHEST_RATE}")));
        }
        if next.closed_status_name.trim().is_empty() {
            return bad("a status has a name");
        }
        Ok(next)
    }

    /// Whether any generation that takes the key as bearer answers.
    pub(super) fn takes_bearer(&self) -> bool {
        self.generations.contains(&Generation::B) || self.generations.contains(&Generation::C)
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
