//! What the sidecar refuses, as the status a caller gets.

use tieline_crm::Trouble;
use tieline_proto::v1::ErrorReason;
use tonic::Status;

use super::{
    convert::{PushRefused, Violation},
    errors::Refusal,
};
use crate::{
    sidecar::{MessengerCause, Refused},
    store::StoreError,
};

/// A refusal for a reason of the contract.
pub(super) fn refuse(reason: ErrorReason, text: &str) -> Status {
    Refusal::new(reason, text).into()
}

/// Fields of the request are wrong: all of them are told.
pub(super) fn invalid(violations: Vec<Violation>) -> Status {
    Refusal::invalid(violations).into()
}

/// The CRM did not do it.
pub(super) fn trouble(trouble: &Trouble) -> Status {
    Refusal::trouble(trouble).into()
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let reason = match &refused {
            Refused::UnknownProject(_) => return Self::unknown_project(),
            Refused::UnknownCall(_) => return Self::unknown_call(),
            Refused::MessengerUnavailable(cause) => return Self::messenger_unavailable(word(*cause)),
            Refused::Store(error) => return error.clone().into(),
            Refused::UnknownConnection(_) => ErrorReason::UnknownConnection,
            Refused::UnknownResend => ErrorReason::UnknownResend,
            Refused::AnotherConnection(_) => ErrorReason::AnotherConnectionActive,
            Refused::OptionNeedsInactive => ErrorReason::OptionNeedsInactive,
            Refused::NobodysNumber => ErrorReason::InvalidField,
            Refused::CallsUnderWay(_) => ErrorReason::CallsUnderWay,
            Refused::ConnectionInactive => ErrorReason::ConnectionInactive,
        };
        Self::new(reason, refused.to_string())
    }
}

/// The contract's word for what messengers lack (error_reason.proto).
fn word(cause: MessengerCause) -> &'static str {
    match cause {
        MessengerCause::ConnectionInactive => "connection_inactive",
        MessengerCause::NoSipAccount => "no_sip_account",
        MessengerCause::NoBot => "no_bot",
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        Refusal::from(refused).into()
    }
}

impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<PushRefused> for Status {
    fn from(refused: PushRefused) -> Self {
        Refusal::from(refused).into()
    }
}
