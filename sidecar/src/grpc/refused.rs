//! What the sidecar refuses, as the status a caller gets.

use tieline_crm::Trouble;
use tieline_proto::v1::ErrorReason;
use tonic::Status;

use super::{
    convert::{PushRefused, Violation},
    errors::Refusal,
};
use crate::{
    config::Fault,
    projects::ChangeRefused,
    sidecar::{MessengerCause, Refused},
    store::StoreError,
};

/// Longest text of one fault of a project, and of all together.
const DESCRIPTION_CHARS_MAX: usize = 600;
const VIOLATIONS_BYTES_MAX: usize = 4_500;

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
            Refused::UnreadableProject(_) => ErrorReason::ProjectUnreadable,
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

impl From<ChangeRefused> for Refusal {
    fn from(refused: ChangeRefused) -> Self {
        let text = refused.to_string();
        match refused {
            ChangeRefused::InFile => Self::new(ErrorReason::ProjectInFile, text),
            ChangeRefused::NoKey => Self::new(ErrorReason::NoSecretsKey, text),
            ChangeRefused::CallsWait(_) => Self::new(ErrorReason::CallsUnderWay, text),
            ChangeRefused::Another(revision) => {
                let metadata = vec![("revision", revision.to_string())];
                Self { metadata, ..Self::new(ErrorReason::RevisionChanged, text) }
            }
            ChangeRefused::Wrong { text, needless } => {
                let faults = text.iter().map(fault_of_text);
                let needless = needless.iter().map(|name| Violation {
                    field: format!("secrets[{name}]"),
                    description: "is a secret the text does not refer to; leave it out, or correct its name".to_owned(),
                });
                Self::invalid(bounded(faults.chain(needless)))
            }
            ChangeRefused::Store(error) => error.into(),
        }
    }
}

/// As many violations as surely fit into the header they travel in: some clients read no more than 8 KiB of it, and
/// base64 makes three bytes four.
fn bounded(violations: impl Iterator<Item = Violation>) -> Vec<Violation> {
    let (mut told, mut left_out, mut bytes) = (Vec::new(), 0_usize, 0);
    for mut violation in violations {
        if let Some((at, _)) = violation.description.char_indices().nth(DESCRIPTION_CHARS_MAX) {
            violation.description.truncate(at);
            violation.description.push('…');
        }
        bytes += violation.field.len() + violation.description.len();
        if told.is_empty() || bytes <= VIOLATIONS_BYTES_MAX {
            told.push(violation);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let description = format!("has {left_out} more faults; correct these to see them");
        told.push(Violation { field: "text".to_owned(), description });
    }
    told
}

/// A fault of a project's text, at its key, with its line.
fn fault_of_text(fault: &Fault) -> Violation {
    let dot = if fault.key.is_empty() { "" } else { "." };
    let line = fault.line.map_or_else(String::new, |line| format!("(line {line}) "));
    Violation { field: format!("text{dot}{}", fault.key), description: format!("{line}{}", fault.text) }
}

impl From<ChangeRefused> for Status {
    fn from(refused: ChangeRefused) -> Self {
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
