//! One table from what goes wrong to the status a caller gets (error_reason.proto): code and actor follow from the
//! reason, details say which fields are wrong and when a repeat may succeed.

use std::{collections::HashMap, time::Duration};

use tieline_crm::Trouble;
use tieline_proto::{ERROR_DOMAIN, v1::ErrorReason};
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

use super::convert::{PushRefused, Violation};
use crate::{store::StoreError, troubles};

/// Most field violations in one answer: details travel in a header, which has bounds of its own.
const VIOLATIONS_MAX: usize = 50;
/// When a caller repeats what a full or broken store refused.
const STORE_RETRY: Duration = Duration::from_secs(5);
/// When a caller repeats what a stopping sidecar refused: by then another one listens.
const STOPPING_RETRY: Duration = Duration::from_secs(1);
/// When a caller repeats what a CRM refused, where the CRM does not say.
const CRM_RETRY: Duration = Duration::from_secs(30);

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// From the closed list; code and actor follow from it.
    pub reason: ErrorReason,
    /// One sentence for people, without personal data.
    pub text: String,
    /// Fields that are wrong.
    pub violations: Vec<Violation>,
    /// Metadata besides the actor.
    pub metadata: Vec<(&'static str, String)>,
    /// When the same request may succeed.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal with the retry delay that belongs to its reason.
    #[must_use]
    pub fn new(reason: ErrorReason, text: impl Into<String>) -> Self {
        let (violations, metadata) = (Vec::new(), Vec::new());
        Self { reason, text: text.into(), violations, metadata, retry_after: retry_after(reason) }
    }

    /// Fields of the request are wrong.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let first = violations.first().map(|first| format!("{} {}", first.field, first.description));
        let first = first.unwrap_or_else(|| "a field is wrong".to_owned());
        let text = match violations.len() {
            0 | 1 => first,
            several => format!("{first}; {} more are wrong", several - 1),
        };
        Self { violations, ..Self::new(ErrorReason::InvalidField, text) }
    }

    /// There is no such project.
    #[must_use]
    pub fn unknown_project() -> Self {
        Self::new(ErrorReason::UnknownProject, "there is no project of this name")
    }

    /// No call of that id was accepted.
    #[must_use]
    pub fn unknown_call() -> Self {
        Self::new(ErrorReason::UnknownCall, "no call of this id is known in the project")
    }

    /// Messengers cannot be used (Z-27); the cause is one of the contract's words.
    #[must_use]
    pub fn messenger_unavailable(cause: &'static str) -> Self {
        let text = match cause {
            "no_sip_account" => "no SIP account is used in the telephone platform's app",
            "no_bot" => "the project has no bot in this messenger",
            _ => "the project's connection is not active",
        };
        let refusal = Self::new(ErrorReason::MessengerUnavailable, text);
        Self { metadata: vec![("cause", cause.to_owned())], ..refusal }
    }

    /// Trouble with the CRM.
    #[must_use]
    pub fn trouble(trouble: &Trouble) -> Self {
        let reason = ErrorReason::from_reason(troubles::reason(trouble)).unwrap_or(ErrorReason::Internal);
        let refusal = Self::new(reason, trouble.to_string());
        match trouble {
            Trouble::RateLimited { retry_after: Some(after) } => Self { retry_after: Some(*after), ..refusal },
            _ => refusal,
        }
    }
}

/// When the same request may succeed by itself; `None` when repeating it is useless.
fn retry_after(reason: ErrorReason) -> Option<Duration> {
    match reason {
        ErrorReason::QueueFull | ErrorReason::StoreUnavailable | ErrorReason::ProjectUnreadable => Some(STORE_RETRY),
        ErrorReason::ShuttingDown | ErrorReason::DeadlineExceeded => Some(STOPPING_RETRY),
        ErrorReason::CrmUnavailable | ErrorReason::CrmQuotaExhausted => Some(CRM_RETRY),
        _ => None,
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let reason = match &error {
            StoreError::Full => ErrorReason::QueueFull,
            StoreError::Away(_) | StoreError::Taken => ErrorReason::StoreUnavailable,
            StoreError::Broken(_) | StoreError::Unreadable(_) => {
                // It names files of this machine: that is for its log.
                tracing::error!(%error, "the store did not do it");
                let text =
                    "the store is not available, nothing was stored; the sidecar's log names the file and the cause";
                return Self::new(ErrorReason::StoreUnavailable, text);
            }
            StoreError::Closed => ErrorReason::ShuttingDown,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<PushRefused> for Refusal {
    fn from(refused: PushRefused) -> Self {
        match refused {
            PushRefused::Invalid(violations) => Self::invalid(violations),
            PushRefused::DialogueNotTaken => {
                Self::new(ErrorReason::DialogueNotTaken, "nobody has taken the dialogue; send it with taken_by")
            }
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let actor = ("actor".to_owned(), refusal.reason.actor().word());
        let more = refusal.metadata.into_iter().map(|(name, value)| (name.to_owned(), value));
        let metadata: HashMap<String, String> = more.chain([actor]).collect();
        let mut details = ErrorDetails::with_error_info(refusal.reason.reason(), ERROR_DOMAIN, metadata);
        for violation in refusal.violations.into_iter().take(VIOLATIONS_MAX) {
            details.add_bad_request_violation(violation.field, violation.description);
        }
        if let Some(after) = refusal.retry_after {
            details.set_retry_info(Some(after));
        }
        Self::with_error_details(refusal.reason.code(), refusal.text, details)
    }
}
