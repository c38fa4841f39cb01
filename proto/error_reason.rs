//! What the contract says about each [`ErrorReason`], for programs: the same as the comments of
//! `error_reason.proto`, and a test holds them together.

use tonic::Code;

use crate::v1::{Actor, ErrorReason};

/// `domain` of every `google.rpc.ErrorInfo` that Tieline sends.
pub const ERROR_DOMAIN: &str = "tieline";

const REASON_PREFIX: &str = "ERROR_REASON_";
const ACTOR_PREFIX: &str = "ACTOR_";

impl ErrorReason {
    /// `reason` of the `google.rpc.ErrorInfo`, as in `"UNKNOWN_PROJECT"`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix(REASON_PREFIX).unwrap_or(name)
    }

    /// The reason that an `ErrorInfo` names; `None` for one that is newer than this contract.
    #[must_use]
    pub fn from_reason(reason: &str) -> Option<Self> {
        Self::from_str_name(&format!("{REASON_PREFIX}{reason}"))
    }

    /// The gRPC status a request refused for this reason carries.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Unspecified => Code::Unknown,
            Self::InvalidField => Code::InvalidArgument,
            Self::UnknownProject | Self::UnknownCall | Self::UnknownConnection | Self::UnknownResend => Code::NotFound,
            Self::ConnectionInactive
            | Self::ConnectionSuspended
            | Self::AnotherConnectionActive
            | Self::OptionNeedsInactive
            | Self::CallsUnderWay
            | Self::DialogueNotTaken
            | Self::MessengerUnavailable
            | Self::CallNotFailed
            | Self::CrmCredentialsRejected
            | Self::CrmRightMissing
            | Self::CrmRejectedData => Code::FailedPrecondition,
            Self::QueueFull => Code::ResourceExhausted,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::StoreUnavailable | Self::ShuttingDown | Self::CrmUnavailable | Self::CrmQuotaExhausted => {
                Code::Unavailable
            }
            Self::CrmAnswerUnreadable | Self::Internal => Code::Internal,
            Self::TokenMissing | Self::TokenUnknown => Code::Unauthenticated,
            Self::ProjectNotAllowed | Self::RoleNotAllowed => Code::PermissionDenied,
        }
    }

    /// Who has to act before the same request can succeed.
    #[must_use]
    pub const fn actor(self) -> Actor {
        match self {
            Self::InvalidField
            | Self::UnknownProject
            | Self::UnknownCall
            | Self::UnknownConnection
            | Self::UnknownResend
            | Self::DialogueNotTaken
            | Self::CallNotFailed
            | Self::CallsUnderWay
            | Self::ShuttingDown
            | Self::DeadlineExceeded
            | Self::TokenMissing
            | Self::TokenUnknown => Actor::Caller,
            Self::ConnectionInactive
            | Self::ConnectionSuspended
            | Self::AnotherConnectionActive
            | Self::OptionNeedsInactive
            | Self::MessengerUnavailable
            | Self::QueueFull
            | Self::StoreUnavailable
            | Self::CrmCredentialsRejected
            | Self::CrmRightMissing
            | Self::CrmRejectedData
            | Self::ProjectNotAllowed
            | Self::RoleNotAllowed => Actor::Administrator,
            Self::CrmUnavailable | Self::CrmQuotaExhausted => Actor::Crm,
            Self::Unspecified | Self::CrmAnswerUnreadable | Self::Internal => Actor::Tieline,
        }
    }
}

impl Actor {
    /// The word for it in the metadata of an `ErrorInfo`, as in `"administrator"`.
    #[must_use]
    pub fn word(self) -> String {
        let name = self.as_str_name();
        name.strip_prefix(ACTOR_PREFIX).unwrap_or(name).to_ascii_lowercase()
    }
}
