//! What may be switched: behaviours the reference leaves open, and an org's own customisation.

use serde::{Deserialize, Serialize};

use super::schema::Set;
use crate::simulator::BadInput;

/// The switches with their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Whether service protection refuses.
    pub(super) limits: bool,
    /// Which of the three codes the fault `rate_limit` answers with.
    pub(super) rate_limit_code: LimitCode,
    /// A body names a column the table does not have [?].
    pub(super) unknown_columns: Policy,
    /// A create sends a status reason that does not belong to the open state [?].
    pub(super) create_statuscode: Policy,
    /// Completed and cancelled calls take no change but their state (dataverse.md 2).
    pub(super) read_only_completed: bool,
    /// Inactive contacts take no change but their state (dataverse.md 2).
    pub(super) read_only_inactive: bool,
    /// Whether a closed call takes a note [?].
    pub(super) notes_on_completed: bool,
    /// The server adds the parties Regarding and Owner by itself [I].
    pub(super) server_parties: bool,
    /// `$n` is also understood inside a nested party [I].
    pub(super) nested_references: bool,
    /// The error of a change set stands inside a `changesetresponse` part.
    pub(super) changeset_error_wrapped: bool,
    /// The status of a failed batch [?].
    pub(super) batch_failure_status: BatchStatus,
    /// Which line ends a batch may have.
    pub(super) batch_line_ends: LineEnds,
    /// What `contains` and `endswith` do (dataverse.md 4.1).
    pub(super) leading_wildcards: Wildcards,
    /// The code beside "Does Not Exist" [?].
    pub(super) not_found_code: String,
    /// Status of a duplicate rule's hit: the pages say 412 and 500 (dataverse.md 4.6).
    pub(super) duplicate_status: u16,
    /// Columns with a duplicate rule, as `contacts.emailaddress1`.
    pub(super) duplicate_rules: Vec<String>,
    /// The scope of a token request has to name this org.
    pub(super) check_scope: bool,
    /// The application user of the registered app.
    pub(super) app_user: AppUser,
    /// Whether it may act for others.
    pub(super) act_on_behalf: bool,
    /// Text columns an administrator added, as `contacts.new_phonekey`.
    pub(super) custom_columns: Vec<String>,
    /// Columns that are alternate keys, written alike.
    pub(super) alternate_keys: Vec<String>,
    /// An event of the telephony provider that comes again changes nothing.
    pub(super) provider_dedupes: bool,
    /// The parameters that may hold an event's call id, the first present one counts [?].
    pub(super) provider_call_id: Vec<String>,
    /// What the static parameter `token` of the provider's URLs has to be; empty: not asked [?].
    pub(super) provider_token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Policy {
    Ignore,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LimitCode {
    Requests,
    Time,
    Concurrency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BatchStatus {
    Always400,
    OfThePart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LineEnds {
    Crlf,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wildcards {
    Allow,
    Timeout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AppUser {
    Present,
    Missing,
    Disabled,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: true,
            rate_limit_code: LimitCode::Requests,
            unknown_columns: Policy::Reject,
            create_statuscode: Policy::Reject,
            read_only_completed: true,
            read_only_inactive: true,
            notes_on_completed: true,
            server_parties: true,
            nested_references: false,
            changeset_error_wrapped: true,
            batch_failure_status: BatchStatus::Always400,
            batch_line_ends: LineEnds::Crlf,
            leading_wildcards: Wildcards::Allow,
            not_found_code: String::new(),
            duplicate_status: 412,
            duplicate_rules: vec!["contacts.emailaddress1".to_owned()],
            check_scope: false,
            app_user: AppUser::Present,
            act_on_behalf: true,
            custom_columns: Vec::new(),
            alternate_keys: Vec::new(),
            provider_dedupes: true,
            provider_call_id: ["call_id", "callId", "uniqueid", "id"].map(str::to_owned).to_vec(),
            provider_token: String::new(),
        }
    }
}

impl Settings {
    /// Refuses columns of tables that are not there and keys over columns that are not there.
    pub(super) fn checked(self) -> Result<Self, BadInput> {
        let bad = |entry: &str| BadInput(format!("{entry:?} is no column, as contacts.telephone1 is"));
        for entry in &self.custom_columns {
            let (_, column) = split(entry).ok_or_else(|| bad(entry))?;
            if column.is_empty() || !column.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
                return Err(bad(entry));
            }
        }
        for entry in self.alternate_keys.iter().chain(&self.duplicate_rules) {
            let known = split(entry).is_some_and(|(set, column)| set.column(column).is_some());
            if !known && !self.custom_columns.contains(entry) {
                return Err(bad(entry));
            }
        }
        if !(400..600).contains(&self.duplicate_status) {
            return Err(BadInput("duplicate_status is an HTTP status of a refusal".to_owned()));
        }
        Ok(self)
    }

    /// The custom columns of a table.
    pub(super) fn custom(&self, set: Set) -> impl Iterator<Item = &str> {
        of(&self.custom_columns, set)
    }

    /// The columns of a table that are alternate keys.
    pub(super) fn keys(&self, set: Set) -> impl Iterator<Item = &str> {
        of(&self.alternate_keys, set)
    }

    /// The columns of a table with a duplicate rule.
    pub(super) fn rules(&self, set: Set) -> impl Iterator<Item = &str> {
        of(&self.duplicate_rules, set)
    }
}

fn of(entries: &[String], set: Set) -> impl Iterator<Item = &str> {
    entries.iter().filter_map(|entry| split(entry)).filter(move |(owner, _)| *owner == set).map(|(_, column)| column)
}

fn split(entry: &str) -> Option<(Set, &str)> {
    let (set, column) = entry.split_once('.')?;
    Some((Set::parse(set)?, column))
}
