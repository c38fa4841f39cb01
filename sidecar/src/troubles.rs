//! One table from a CRM's trouble to what delivery does about it and to the stable reason kept with the call.

use tieline_crm::trouble::Trouble;

/// What delivery does about trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Repeat later; nothing was done.
    Repeat,
    /// Repeat later, after looking: it may have been done.
    LookThenRepeat,
    /// Suspend the connection; nothing was done.
    Suspend,
    /// Show the call to a person; nothing was done.
    Fail,
}

/// The CRM refused the data of a call; the reason kept with calls that failed by a refused step.
pub const REJECTED: &str = "CRM_REJECTED_DATA";

/// What delivery does about a trouble.
#[must_use]
pub fn remedy(trouble: &Trouble) -> Remedy {
    match trouble {
        Trouble::RateLimited { .. } | Trouble::Unavailable(_) | Trouble::TokenExpired => Remedy::Repeat,
        Trouble::Uncertain(_) => Remedy::LookThenRepeat,
        Trouble::CredentialsDead(_) | Trouble::NotAllowed(_) => Remedy::Suspend,
        Trouble::Malformed(_) => Remedy::Fail,
    }
}

/// The stable reason of a trouble: the contract's error reason of the same name.
#[must_use]
pub fn reason(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::RateLimited { .. } => "CRM_QUOTA_EXHAUSTED",
        Trouble::Unavailable(_) | Trouble::TokenExpired => "CRM_UNAVAILABLE",
        Trouble::Uncertain(_) => "CRM_ANSWER_UNREADABLE",
        Trouble::CredentialsDead(_) => "CRM_CREDENTIALS_REJECTED",
        Trouble::NotAllowed(_) => "CRM_RIGHT_MISSING",
        Trouble::Malformed(_) => REJECTED,
    }
}
