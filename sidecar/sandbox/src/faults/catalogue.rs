//! Every fault there is, with its meaning.

use serde::{Deserialize, Serialize};

use super::On;
use crate::kind::CrmKind;

/// A fault a simulated CRM can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultName {
    /// New records stay out of searches for `ms`.
    SearchLag,
    /// Requests are refused as too many.
    RateLimit,
    /// The access token is dead; a fresh one works.
    TokenExpired,
    /// The refresh token or API key is withdrawn.
    TokenRevoked,
    /// The token server refuses for too many refreshes.
    TokenThrottled,
    /// The CRM is out of service.
    Outage,
    /// Every answer takes `ms`.
    Slow,
    /// Carried out, then the connection is cut.
    LostReply,
    /// The connection is cut before anything is done.
    LostRequest,
    /// Part of a batch is refused.
    PartialFailure,
    /// A proxy's HTML page instead of JSON.
    HtmlErrorPage,
    /// The account or client is not known here.
    UnknownAccount,
    /// An administrator made one more field mandatory.
    MissingRequiredField,
    /// The CRM fails inside.
    InternalError,
    /// The user may not do this.
    PermissionDenied,
    /// The token lacks the scope.
    ScopeMissing,
    /// The telephony module is off.
    TelephonyDisabled,
    /// Others use a part of the account's limits.
    OtherUsers,
}

/// One line of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct FaultEntry {
    /// The name to switch it on by.
    pub name: FaultName,
    /// What it does.
    pub meaning: &'static str,
    /// The requests it is aimed at unless `on` says otherwise.
    pub on: On,
    /// The CRMs that have it.
    pub crms: Vec<&'static str>,
}

/// Every fault with its meaning.
#[must_use]
pub fn catalogue() -> Vec<FaultEntry> {
    ALL.iter()
        .map(|name| FaultEntry {
            name: *name,
            meaning: name.meaning(),
            on: name.default_on(),
            crms: name.crms().iter().map(|kind| kind.name()).collect(),
        })
        .collect()
}

const ALL: [FaultName; 18] = [
    FaultName::SearchLag,
    FaultName::RateLimit,
    FaultName::TokenExpired,
    FaultName::TokenRevoked,
    FaultName::TokenThrottled,
    FaultName::Outage,
    FaultName::Slow,
    FaultName::LostReply,
    FaultName::LostRequest,
    FaultName::PartialFailure,
    FaultName::HtmlErrorPage,
    FaultName::UnknownAccount,
    FaultName::MissingRequiredField,
    FaultName::InternalError,
    FaultName::PermissionDenied,
    FaultName::ScopeMissing,
    FaultName::TelephonyDisabled,
    FaultName::OtherUsers,
];

impl FaultName {
    /// The name as written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SearchLag => "search_lag",
            Self::RateLimit => "rate_limit",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TokenThrottled => "token_throttled",
            Self::Outage => "outage",
            Self::Slow => "slow",
            Self::LostReply => "lost_reply",
            Self::LostRequest => "lost_request",
            Self::PartialFailure => "partial_failure",
            Self::HtmlErrorPage => "html_error_page",
            Self::UnknownAccount => "unknown_account",
            Self::MissingRequiredField => "missing_required_field",
            Self::InternalError => "internal_error",
            Self::PermissionDenied => "permission_denied",
            Self::ScopeMissing => "scope_missing",
            Self::TelephonyDisabled => "telephony_disabled",
            Self::OtherUsers => "other_users",
        }
    }

    /// Reads a name as [`FaultName::as_str`] writes it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        ALL.into_iter().find(|fault| fault.as_str() == name)
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::SearchLag => {
                "records created less than `ms` ago are missing from searches and filtered lists (Zoho COQL, reads by id, RetailCRM orders/statuses and RemOnline lists asked for `ids` see them)"
            }
            Self::RateLimit => {
                "refused as too many: Zoho 429 TOO_MANY_REQUESTS, RetailCRM 503 \"Rate limit exceeded\", SendPulse 429 error_code 2020202020, RemOnline 429, Dataverse 429 with Retry-After (`ms` or 5 s)"
            }
            Self::TokenExpired => {
                "all access tokens die and the request is answered 401 INVALID_TOKEN (SendPulse 401 \"Unauthorized!\"; its static key goes on working); refreshing helps; RemOnline: the tokens of generation A die (403 code 101, or 401), the bearer key goes on working; Dataverse: 401 without a body"
            }
            Self::TokenRevoked => {
                "Zoho: the token server answers 200 {\"error\":\"invalid_code\"} and the API 401 INVALID_TOKEN; RetailCRM: 403 Wrong \"apiKey\" value.; SendPulse: invalid_client from the token server, API 401 for tokens and the static key; RemOnline: /token/new 401 code 111, tokens as dead, bearer 401; Dataverse: token server 401 invalid_client 7000222, API 401"
            }
            Self::TokenThrottled => "the token server answers 400 Access Denied",
            Self::Outage => "out of service: 503, or with \"mode\":\"cut\" the connection is cut",
            Self::Slow => "the answer takes `ms`",
            Self::LostReply => "the request is carried out, then the connection is cut",
            Self::LostRequest => "the connection is cut before the request is carried out",
            Self::PartialFailure => {
                "the second half of a batch (the last sub-request of a composite) is refused: Zoho 207, RetailCRM 460, SendPulse (attributes/batch) 422; Dataverse: the last operation of a $batch, its change set undone"
            }
            Self::HtmlErrorPage => "a proxy's 502 page in HTML",
            Self::UnknownAccount => {
                "Zoho: 200 {\"error\":\"invalid_client\"} from the token server; RetailCRM: 404 HTML page \"Account does not exist.\"; SendPulse: 401 invalid_client, API 401; RemOnline: as token_revoked; Dataverse: token server 400 700016, API 403 0x80072560"
            }
            Self::MissingRequiredField => "the `field` of `module` has become mandatory",
            Self::InternalError => "500, nothing carried out",
            Self::PermissionDenied => {
                "403: Zoho NO_PERMISSION, RetailCRM \"Access denied.\", SendPulse \"Access denied\", RemOnline code 403, Dataverse 0x80040220"
            }
            Self::ScopeMissing => "401 OAUTH_SCOPE_MISMATCH",
            Self::TelephonyDisabled => "telephony methods answer success:false \"Telephony not enabled\"",
            Self::OtherUsers => {
                "others of the account send `per_second` (5) requests a second, which count against its limits: rate, requests at once (as long as an answer takes), credits; they stop where a limit refuses them"
            }
        }
    }

    pub(crate) fn default_on(self) -> On {
        match self {
            Self::Outage
            | Self::Slow
            | Self::TokenRevoked
            | Self::UnknownAccount
            | Self::HtmlErrorPage
            | Self::OtherUsers => On::Any,
            Self::LostReply | Self::LostRequest | Self::PartialFailure | Self::MissingRequiredField => On::Writes,
            Self::SearchLag => On::Reads,
            Self::TokenThrottled => On::Auth,
            _ => On::Api,
        }
    }

    pub(crate) fn crms(self) -> &'static [CrmKind] {
        match self {
            Self::TokenExpired => &[CrmKind::Zoho, CrmKind::SendPulse, CrmKind::RemOnline, CrmKind::Dataverse],
            Self::TokenThrottled | Self::ScopeMissing => &[CrmKind::Zoho],
            Self::TelephonyDisabled => &[CrmKind::RetailCrm],
            // RemOnline takes no batches.
            Self::PartialFailure => &[CrmKind::Zoho, CrmKind::RetailCrm, CrmKind::SendPulse, CrmKind::Dataverse],
            _ => CrmKind::all(),
        }
    }
}
